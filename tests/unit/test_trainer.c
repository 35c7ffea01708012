/* The trainer on a small synthetic workspace: what it learns, marks and records. */
#include "training_fixture.h"

#include "ferlab/nn/onnx.h"
#include "ferlab/store/models.h"
#include "ferlab/store/reviews.h"
#include "ferlab/train/inference.h"

#include <math.h>

static struct network *network_of(struct place *p, int64_t model)
{
    struct err e = {0};
    void *bytes;
    size_t size;
    if (!model_onnx(p->ws, model, &bytes, &size, &e))
        fail_msg("%s", e.text);
    struct network *net = onnx_read(bytes, size, "model", &e);
    if (net == NULL)
        fail_msg("%s", e.text);
    free(bytes);
    return net;
}

static bool same_bits(struct network *a, struct network *b)
{
    assert_int_equal(network_parameter_count(a), network_parameter_count(b));
    for (size_t i = 0; i < network_parameter_count(a); i++) {
        struct parameter *x = network_parameter(a, i), *y = network_parameter(b, i);
        assert_int_equal(x->count, y->count);
        if (memcmp(x->value, y->value, x->count * sizeof *x->value) != 0)
            return false;
    }
    return true;
}

/* Whether the models of two runs have the same weights. */
static bool same_models(struct place *p, int64_t run, int64_t other)
{
    struct arena arena = {0};
    struct network *a = network_of(p, find_run(p->ws, run, &arena).model),
                   *b = network_of(p, find_run(p->ws, other, &arena).model);
    bool same = same_bits(a, b);
    network_free(a);
    network_free(b);
    arena_free(&arena);
    return same;
}

static void test_training_lowers_the_loss_and_records_it(void **state)
{
    struct place *p = *state;
    struct arena arena = {0};
    struct err e = {0};
    struct recipe r = small_recipe("first");
    r.epochs = 5;
    int64_t id = train(p, &r);
    struct run run = find_run(p->ws, id, &arena);
    struct run_epoch *epochs;
    size_t count;
    assert_true(run_epochs(p->ws, id, &arena, &epochs, &count, &e));
    assert_int_equal(count, 5);
    assert_true(epochs[4].loss < epochs[0].loss);
    double best = 0;
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(epochs[i].epoch, (int64_t)i + 1);
        assert_true(epochs[i].train_accuracy >= 0 && epochs[i].train_accuracy <= 1);
        best = fmax(best, epochs[i].valid_accuracy);
    }
    assert_int_equal(run.state, RUN_DONE);
    assert_int_equal(run.epochs_done, 5);
    assert_float_equal(run.best_valid_accuracy, best, 1e-12);
    assert_string_equal(run.model_name, "first");
    assert_int_equal(model_current(p->ws), run.model);
    arena_free(&arena);
}

/* The stored accuracy is what the stored predictions come to under the majority rule. */
static void test_valid_accuracy_is_that_of_the_kept_predictions(void **state)
{
    struct place *p = *state;
    struct arena arena = {0};
    struct recipe r = small_recipe("first");
    struct run run = find_run(p->ws, train(p, &r), &arena);
    struct columns *c = load(p, run.model);
    size_t right = 0, all = 0;
    for (size_t i = 0; i < c->count; i++) {
        if (c->split[i] != SPLIT_VALID || c->label[i] < 0 || c->label[i] >= EMOTION_COUNT)
            continue;
        all++;
        right += c->prediction[i] == c->label[i];
    }
    assert_true(all > 0);
    assert_float_equal(run.best_valid_accuracy, (double)right / (double)all, 1e-12);
    columns_free(c);
    arena_free(&arena);
}

static void test_same_seed_and_threads_give_the_same_bits(void **state)
{
    struct place *p = *state;
    struct recipe a = small_recipe("a"), b = small_recipe("b"), other = small_recipe("c");
    other.seed = 2;
    a.threads = b.threads = other.threads = 2;
    int64_t first = train(p, &a);
    assert_true(same_models(p, first, train(p, &b)));
    assert_false(same_models(p, first, train(p, &other)));
}

/* The drawn emotions of the probability rule and the limit are seeded like the rest. */
static void test_drawn_targets_and_limits_repeat_too(void **state)
{
    struct place *p = *state;
    struct recipe a = small_recipe("a"), b = small_recipe("b");
    a.rule = b.rule = RULE_PROBABILITY;
    a.limit = b.limit = 100;
    assert_true(same_models(p, train(p, &a), train(p, &b)));
}

static void test_every_rule_trains(void **state)
{
    struct place *p = *state;
    for (enum rule rule = 0; rule < RULE_COUNT; rule++) {
        struct recipe r = small_recipe(rule_name(rule));
        r.rule = rule;
        r.epochs = 1;
        struct arena arena = {0};
        struct run run = find_run(p->ws, train(p, &r), &arena);
        assert_int_equal(run.state, RUN_DONE);
        assert_true(isfinite(run.loss));
        arena_free(&arena);
    }
}

static void test_in_sample_marks_are_the_training_faces(void **state)
{
    struct place *p = *state;
    struct arena arena = {0};
    struct recipe r = small_recipe("some");
    r.limit = 50;
    struct run run = find_run(p->ws, train(p, &r), &arena);
    struct columns *c = load(p, run.model);
    size_t marked = 0;
    for (size_t i = 0; i < c->count; i++) {
        float sum = 0;
        for (int k = 0; k < EMOTION_COUNT; k++)
            sum += c->probabilities[i][k];
        assert_float_equal(sum, 1, 1e-5);
        marked += c->in_sample[i];
        assert_true(!c->in_sample[i] || c->split[i] == SPLIT_TRAIN);
    }
    assert_int_equal(marked, 50);
    columns_free(c);
    arena_free(&arena);
}

static size_t count_marked(struct place *p, int64_t run)
{
    struct arena arena = {0};
    struct columns *c = load(p, find_run(p->ws, run, &arena).model);
    size_t marked = 0;
    for (size_t i = 0; i < c->count; i++)
        marked += c->in_sample[i];
    columns_free(c);
    arena_free(&arena);
    return marked;
}

static void test_a_further_training_has_seen_what_its_model_had(void **state)
{
    struct place *p = *state;
    struct recipe first = small_recipe("first"), tuned = small_recipe("tuned");
    first.limit = 50;
    tuned.limit = 5;
    assert_int_equal(count_marked(p, train(p, &first)), 50);
    strcpy(tuned.from, "first");
    size_t marked = count_marked(p, train(p, &tuned));
    assert_in_range(marked, 50, 55);
}

static void test_a_limit_takes_reviewed_faces_first(void **state)
{
    struct place *p = *state;
    struct arena arena = {0};
    struct err e = {0};
    enum { REVIEWED = 7, LIMIT = 9 };
    struct columns *c = load(p, -1);
    int64_t ids[REVIEWED];
    size_t count = 0;
    for (size_t i = 0; i < c->count && count < REVIEWED; i++) {
        if (c->split[i] != SPLIT_TRAIN)
            continue;
        struct review review = {.sample = ids[count++] = c->id[i], .kind = EVENT_RELABEL, .value = "anger"};
        struct event *events;
        assert_true(reviews_append(p->ws, &review, 1, &arena, &events, &e));
    }
    columns_free(c);
    struct recipe r = small_recipe("few");
    r.limit = LIMIT;
    r.epochs = 1;
    int64_t run = train(p, &r);
    assert_int_equal(count_marked(p, run), LIMIT);
    c = load(p, find_run(p->ws, run, &arena).model);
    for (size_t i = 0; i < c->count; i++)
        for (size_t k = 0; k < REVIEWED; k++)
            if (c->id[i] == ids[k])
                assert_true(c->in_sample[i]);
    columns_free(c);
    arena_free(&arena);
}

static void test_reviews_change_the_targets_and_the_revision(void **state)
{
    struct place *p = *state;
    struct arena arena = {0};
    struct err e = {0};
    struct columns *c = load(p, -1);
    char before[13], after[13];
    columns_label_revision(c, LABELS_REVIEWED, before);
    size_t row = 0;
    while (row < c->count && !(c->split[row] == SPLIT_TRAIN && c->label[row] == CLASS_HAPPINESS))
        row++;
    assert_true(row < c->count);
    struct review review = {.sample = c->id[row], .kind = EVENT_RELABEL, .value = "fear"};
    struct event *events;
    assert_true(reviews_append(p->ws, &review, 1, &arena, &events, &e));
    bool changed;
    assert_true(columns_refresh(c, p->ws, &changed, &e));
    uint32_t *rows;
    float *targets;
    size_t count, at = 0;
    assert_true(
        train_targets(c, 1U << SPLIT_TRAIN, RULE_DISTRIBUTION, LABELS_REVIEWED, &rows, &targets, &count, &e));
    while (at < count && rows[at] != row)
        at++;
    assert_true(at < count);
    for (int k = 0; k < EMOTION_COUNT; k++)
        assert_float_equal(targets[at * EMOTION_COUNT + (size_t)k], k == CLASS_FEAR, 0);
    columns_label_revision(c, LABELS_REVIEWED, after);
    assert_string_not_equal(before, after);
    struct recipe r = small_recipe("reviewed");
    r.epochs = 1;
    assert_string_equal(find_run(p->ws, train(p, &r), &arena).label_revision, after);
    free(rows);
    free(targets);
    columns_free(c);
    arena_free(&arena);
}

static void test_fine_tuning_starts_from_the_model(void **state)
{
    struct place *p = *state;
    struct recipe first = small_recipe("first"), tuned = small_recipe("tuned");
    int64_t parent = train(p, &first);
    strcpy(tuned.from, "first");
    strcpy(tuned.arch, "default");
    tuned.epochs = 1;
    tuned.learning_rate = 0;
    int64_t child = train(p, &tuned);
    struct arena arena = {0};
    struct run run = find_run(p->ws, child, &arena);
    assert_string_equal(run.parent, "first");
    struct network *a = network_of(p, find_run(p->ws, parent, &arena).model), *b = network_of(p, run.model);
    assert_string_equal(network_arch(b), "4,P,8,P,8");
    for (size_t i = 0; i < network_parameter_count(a); i++) {
        struct parameter *x = network_parameter(a, i), *y = network_parameter(b, i);
        if (x->gradient != NULL) /* learnt; running statistics move at any rate */
            assert_memory_equal(x->value, y->value, x->count * sizeof *x->value);
    }
    network_free(a);
    network_free(b);
    arena_free(&arena);
}

/* Three trainings of the same steps: what is kept of the first begins it, nothing, and half. */
static void test_fine_tuning_keeps_a_part_of_the_model_it_began_with(void **state)
{
    struct place *p = *state;
    struct arena arena = {0};
    struct network *net[3];
    struct recipe first = small_recipe("first"), tuned = small_recipe("");
    net[0] = network_of(p, find_run(p->ws, train(p, &first), &arena).model);
    strcpy(tuned.from, "first");
    tuned.epochs = 1;
    for (int i = 1; i < 3; i++) {
        snprintf(tuned.name, sizeof tuned.name, "tuned-%d", i);
        tuned.keep = i == 1 ? 0 : 0.5;
        net[i] = network_of(p, find_run(p->ws, train(p, &tuned), &arena).model);
    }
    size_t moved = 0;
    for (size_t i = 0; i < network_parameter_count(net[0]); i++) {
        struct parameter *from = network_parameter(net[0], i), *learnt = network_parameter(net[1], i),
                         *half = network_parameter(net[2], i);
        for (size_t k = 0; k < from->count; k++) {
            moved += from->value[k] != learnt->value[k];
            assert_float_equal(half->value[k], 0.5f * from->value[k] + 0.5f * learnt->value[k], 1e-6);
        }
    }
    assert_true(moved > 100);
    for (int i = 0; i < 3; i++)
        network_free(net[i]);
    arena_free(&arena);
}

/* Imports the model `from` as `name`, with the note that its logits were divided by 0.5. */
static void import_calibrated(struct place *p, int64_t from, const char *name)
{
    struct err e = {0};
    char path[PATH_MAX];
    void *plain, *bytes;
    size_t size;
    const struct onnx_note note = {"temperature", "0.5"};
    assert_true(model_onnx(p->ws, from, &plain, &size, &e));
    assert_true(onnx_notes_set(plain, size, &note, 1, &bytes, &size, &e));
    write_file(p->dir, "calibrated.onnx", bytes, size);
    free(plain);
    free(bytes);
    snprintf(path, sizeof path, "%.4000s/calibrated.onnx", p->dir);
    if (!model_import(p->ws, path, name, true, NULL, &from, NULL, &e))
        fail_msg("%s", e.text);
}

static void test_fine_tuning_begins_before_calibration(void **state)
{
    struct place *p = *state;
    struct arena arena = {0};
    struct recipe first = small_recipe("first"), tuned = small_recipe("tuned");
    int64_t parent = find_run(p->ws, train(p, &first), &arena).model;
    import_calibrated(p, parent, "calibrated");
    strcpy(tuned.from, "calibrated");
    tuned.epochs = 1;
    tuned.learning_rate = 0;
    struct network *a = network_of(p, parent),
                   *b = network_of(p, find_run(p->ws, train(p, &tuned), &arena).model);
    size_t count = network_parameter_count(a);
    struct parameter *weights = network_parameter(a, count - 2), *halved = network_parameter(b, count - 2);
    for (size_t i = 0; i < weights->count; i++)
        assert_true(halved->value[i] == weights->value[i] / 2);
    network_free(a);
    network_free(b);
    arena_free(&arena);
}

static void test_current_model_stays_where_asked(void **state)
{
    struct place *p = *state;
    struct arena arena = {0};
    struct recipe first = small_recipe("first"), second = small_recipe("second");
    first.epochs = second.epochs = 1;
    first.use = second.use = false;
    struct run run = find_run(p->ws, train(p, &first), &arena);
    assert_int_equal(model_current(p->ws), run.model); /* the first is, whatever was asked */
    train(p, &second);
    assert_int_equal(model_current(p->ws), run.model);
    arena_free(&arena);
}

static void test_taken_name_is_refused(void **state)
{
    struct place *p = *state;
    struct recipe r = small_recipe("twice");
    r.epochs = 1;
    train(p, &r);
    struct err e = {0};
    int64_t run;
    assert_false(train_run(p->ws, &r, true, &run, &e));
    assert_int_equal(run, 0);
    assert_non_null(strstr(e.text, "twice"));
}

static void test_names_are_made_from_the_architecture(void **state)
{
    struct place *p = *state;
    struct arena arena = {0};
    struct recipe r = small_recipe("");
    r.epochs = 1;
    assert_string_equal(find_run(p->ws, train(p, &r), &arena).name, "net-1");
    assert_string_equal(find_run(p->ws, train(p, &r), &arena).name, "net-2");
    arena_free(&arena);
}

/* facts of the FER+ labels: 27,947 faces under distribution, 25,045 under majority; 3,191 of valid. */
static void test_real_targets_are_as_many_as_published(void **state)
{
    (void)state;
    const char *real = real_ferplus();
    if (real == NULL) {
        print_message("the real FER+ faces are not here; not counted\n");
        skip();
    }
    struct place p = {0};
    temp_dir_make(p.dir);
    snprintf(p.path, sizeof p.path, "%.4000s/real.ferlab", p.dir);
    json_decref(run_ferlab_json("-w", p.path, "import", real, "--json", NULL));
    p.ws = open_workspace(p.path);
    struct columns *c = load(&p, -1);
    const struct {
        enum split split;
        enum rule rule;
        size_t count;
    } expected[] = {
        {SPLIT_TRAIN, RULE_DISTRIBUTION, 27947},
        {SPLIT_TRAIN, RULE_MAJORITY, 25045},
        {SPLIT_VALID, RULE_MAJORITY, 3191},
    };
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        uint32_t *rows;
        float *targets;
        size_t count;
        struct err e = {0};
        assert_true(train_targets(c, 1U << expected[i].split, expected[i].rule, LABELS_REVIEWED, &rows,
                                  &targets, &count, &e));
        assert_int_equal(count, expected[i].count);
        free(rows);
        free(targets);
    }
    columns_free(c);
    workspace_close(p.ws);
    temp_dir_remove(p.dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_WORKSPACE(test_training_lowers_the_loss_and_records_it),
        WITH_WORKSPACE(test_valid_accuracy_is_that_of_the_kept_predictions),
        WITH_WORKSPACE(test_same_seed_and_threads_give_the_same_bits),
        WITH_WORKSPACE(test_drawn_targets_and_limits_repeat_too),
        WITH_WORKSPACE(test_every_rule_trains),
        WITH_WORKSPACE(test_in_sample_marks_are_the_training_faces),
        WITH_WORKSPACE(test_a_further_training_has_seen_what_its_model_had),
        WITH_WORKSPACE(test_a_limit_takes_reviewed_faces_first),
        WITH_WORKSPACE(test_reviews_change_the_targets_and_the_revision),
        WITH_WORKSPACE(test_fine_tuning_starts_from_the_model),
        WITH_WORKSPACE(test_fine_tuning_keeps_a_part_of_the_model_it_began_with),
        WITH_WORKSPACE(test_fine_tuning_begins_before_calibration),
        WITH_WORKSPACE(test_current_model_stays_where_asked),
        WITH_WORKSPACE(test_taken_name_is_refused),
        WITH_WORKSPACE(test_names_are_made_from_the_architecture),
        cmocka_unit_test(test_real_targets_are_as_many_as_published),
    };
    return cmocka_run_group_tests(tests, make_origin, remove_origin);
}
