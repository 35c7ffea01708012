/* Trainings in folds: what they make, and that stopped or killed at whatever moment and resumed they make the
 * same. */
#include "trainer_process.h"

#include "ferlab/store/models.h"

#include <math.h>

enum { FOLDS = 3, EPOCHS = 2 };

static struct recipe fold_recipe(const char *name)
{
    struct recipe r = recipe_folds;
    strcpy(r.arch, "4,P,8,P,8");
    strcpy(r.name, name);
    r.folds = FOLDS;
    r.epochs = EPOCHS;
    r.batch = 32;
    r.threads = 1;
    return r;
}

/* Dropout and drawn targets, so that their random numbers must come back too. */
static pid_t spawn_training(const struct place *p, const char *name)
{
    return spawn(p, (const char *const[]){"--folds", "3", "--arch", "8,P,8,D20,P,8", "--rule", "probability",
                                          "--epochs", "2", "--batch", "16", "--mixup", "0.4", "--threads",
                                          "2", "--name", name, NULL});
}

/* ---- what it makes ---- */

static void test_every_face_is_predicted_out_of_sample(void **state)
{
    struct place *p = *state;
    struct arena arena = {0};
    struct recipe r = fold_recipe("three");
    struct run run = find_run(p->ws, train(p, &r), &arena);
    struct columns *c = load(p, run.model);
    assert_int_equal(run.state, RUN_DONE);
    assert_int_equal(run.folds, FOLDS);
    assert_int_equal(run.epochs_done, FOLDS * EPOCHS);
    assert_int_equal(c->model_folds, FOLDS);
    for (size_t i = 0; i < c->count; i++) {
        bool emotion = c->label[i] >= 0 && c->label[i] < EMOTION_COUNT;
        assert_false(isnan(c->probabilities[i][0]));
        assert_false(c->in_sample[i]);
        assert_int_equal(isnan(c->suspect[i]), !emotion); /* on the train split too */
    }
    assert_int_equal(files_in_run(p, "three"), 1); /* its log */
    columns_free(c);
    arena_free(&arena);
}

static void test_the_set_is_a_model_of_the_lists(void **state)
{
    struct place *p = *state;
    struct arena arena = {0};
    struct err e = {0};
    struct model m;
    struct recipe r = fold_recipe("");
    train(p, &r);
    assert_true(model_by_name(p->ws, "folds-1", &arena, &m, &e));
    assert_int_equal(m.folds, FOLDS);
    assert_int_equal(m.predictions, FACES);
    assert_true(m.current);
    assert_true(m.valid_accuracy >= 0 && m.valid_accuracy <= 1);
    r.use = false;
    train(p, &r);
    assert_int_equal(model_current(p->ws), m.id);
    arena_free(&arena);
}

/* The accuracy of a fold is of faces that nothing was chosen by; epochs before its last have none. */
static void test_a_fold_is_judged_once(void **state)
{
    struct place *p = *state;
    struct arena arena = {0};
    struct err e = {0};
    struct run_epoch *epochs;
    size_t count;
    struct recipe r = fold_recipe("three");
    int64_t run = train(p, &r);
    assert_true(run_epochs(p->ws, run, &arena, &epochs, &count, &e));
    assert_int_equal(count, FOLDS * EPOCHS);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(epochs[i].epoch, i + 1);
        assert_int_equal(isnan(epochs[i].valid_accuracy), (i + 1) % EPOCHS != 0);
    }
    arena_free(&arena);
}

static void test_what_needs_a_file_says_that_there_is_none(void **state)
{
    struct place *p = *state;
    struct recipe r = fold_recipe("three");
    char onnx[PATH_MAX];
    struct output o;
    train(p, &r);
    snprintf(onnx, sizeof onnx, "%.4000s/x.onnx", p->dir);
    run_ferlab(&o, "-w", p->path, "model", "export", "three", onnx, NULL);
    assert_int_equal(o.status, 1);
    assert_non_null(strstr(o.err, "three: it has no file"));
    output_free(&o);
    assert_int_not_equal(access(onnx, F_OK), 0);
    run_ferlab(&o, "-w", p->path, "train", "--from", "three", NULL);
    assert_int_equal(o.status, 1);
    assert_non_null(strstr(o.err, "three: it has no file"));
    output_free(&o);
    run_ferlab(&o, "-w", p->path, "model", "use", "three", NULL);
    assert_int_equal(o.status, 0);
    output_free(&o);
    json_t *j = run_ferlab_json("-w", p->path, "eval", "--split", "train", "--json", NULL);
    assert_int_equal(json_integer_value(json_object_get(j, "in_sample")), 0);
    assert_int_equal(json_integer_value(json_object_get(j, "folds")), FOLDS);
    json_decref(j);
    run_ferlab(&o, "-w", p->path, "model", "remove", "three", "--yes", NULL);
    assert_int_equal(o.status, 0);
    output_free(&o);
    assert_int_equal(model_current(p->ws), 0);
}

static void test_json_tells_the_folds(void **state)
{
    struct place *p = *state;
    json_t *j = run_ferlab_json("-w", p->path, "train", "--folds", "2", "--arch", "4", "--epochs", "2",
                                "--limit", "40", "--json", NULL),
           *folds = json_object_get(j, "folds"), *epochs = json_object_get(j, "epochs");
    assert_string_equal(json_string_value(json_object_get(j, "model")), "folds-1");
    assert_int_equal(json_array_size(folds), 2);
    assert_int_equal(json_array_size(epochs), 4);
    for (size_t i = 0; i < 2; i++) {
        json_t *fold = json_array_get(folds, i);
        assert_int_equal(json_integer_value(json_object_get(fold, "fold")), i + 1);
        assert_int_equal(json_integer_value(json_object_get(fold, "epochs")), 2);
        assert_true(json_is_real(json_object_get(fold, "accuracy")));
    }
    for (size_t i = 0; i < 4; i++) {
        json_t *epoch = json_array_get(epochs, i);
        assert_int_equal(json_integer_value(json_object_get(epoch, "fold")), i / 2 + 1);
        assert_int_equal(json_integer_value(json_object_get(epoch, "epoch")), i % 2 + 1);
    }
    assert_true(json_is_number(json_object_get(j, "best_valid_accuracy")));
    json_decref(j);
}

static void refused(const struct recipe *r, const char *sentence)
{
    struct err e = {0};
    assert_false(recipe_check(r, &e));
    if (strstr(e.text, sentence) == NULL)
        fail_msg("'%s' does not say '%s'", e.text, sentence);
}

static void test_folds_that_make_no_sense_are_refused(void **state)
{
    (void)state;
    struct recipe r = fold_recipe("x");
    r.folds = 1;
    refused(&r, "one fold keeps nothing out");
    r.folds = 21;
    refused(&r, "a folds of 21 makes no sense");
    r.folds = 2;
    strcpy(r.from, "other");
    refused(&r, "leave out --from or --folds");
}

/* ---- interruptions ---- */

static void expect_same(struct place *p, const char *whole, const char *broken)
{
    struct arena arena = {0};
    struct err e = {0};
    struct run a = run_of(p, whole, &arena), b = run_of(p, broken, &arena);
    struct run_epoch *s, *t;
    size_t m, n;
    assert_int_equal(a.state, RUN_DONE);
    assert_int_equal(b.state, RUN_DONE);
    assert_true(run_epochs(p->ws, a.id, &arena, &s, &m, &e));
    assert_true(run_epochs(p->ws, b.id, &arena, &t, &n, &e));
    assert_int_equal(m, n);
    for (size_t i = 0; i < m; i++) {
        assert_int_equal(s[i].epoch, t[i].epoch);
        assert_memory_equal(&s[i].loss, &t[i].loss, sizeof s->loss);
        assert_memory_equal(&s[i].train_accuracy, &t[i].train_accuracy, sizeof s->train_accuracy);
        assert_memory_equal(&s[i].valid_accuracy, &t[i].valid_accuracy, sizeof s->valid_accuracy);
    }
    struct columns *c = load(p, a.model), *d = load(p, b.model);
    assert_memory_equal(c->probabilities, d->probabilities, c->count * sizeof *c->probabilities);
    columns_free(c);
    columns_free(d);
    arena_free(&arena);
}

static void test_killed_at_any_moment_they_end_the_same(void **state)
{
    struct place *p = *state;
    int whole_ms = train_through(p, "whole", spawn_training);
    assert_true(interrupt_until_done(p, "broken", SIGKILL, 1, whole_ms, spawn_training) > 1);
    expect_same(p, "whole", "broken");
    assert_int_equal(files_in_run(p, "broken"), 1); /* its log */
}

static void test_stopped_at_any_moment_they_end_the_same(void **state)
{
    struct place *p = *state;
    int whole_ms = train_through(p, "whole", spawn_training);
    assert_true(interrupt_until_done(p, "broken", SIGTERM, 2, whole_ms, spawn_training) > 1);
    expect_same(p, "whole", "broken");
    assert_int_equal(files_in_run(p, "broken"), 1);
}

/* Stopped once two folds or so are done, and not before; true unless it was faster. */
static bool stop_in_fold(struct place *p, const char *name, int64_t epochs, int signal_number)
{
    pid_t pid = spawn_training(p, name);
    for (int i = 0; i < 8000; i++, nap_ms(2)) {
        struct arena arena = {0};
        struct run run;
        bool there =
            seek_run(p, name, &arena, &run) && (run.epochs_done >= epochs || run.state != RUN_RUNNING);
        arena_free(&arena);
        if (there)
            break;
    }
    kill(pid, signal_number);
    return wait_status(pid) != 0;
}

static void test_later_folds_learn_from_the_labels_of_when_the_first_began(void **state)
{
    struct place *p = *state;
    assert_int_equal(wait_status(spawn_training(p, "whole")), 0);
    if (!stop_in_fold(p, "broken", EPOCHS, SIGKILL))
        skip();
    relabel_all(p, "fear");
    assert_int_equal(wait_status(spawn(p, (const char *const[]){"--resume", "broken", NULL})), 0);
    expect_same(p, "whole", "broken");
}

static void test_a_stop_leaves_no_model_and_can_be_resumed(void **state)
{
    struct place *p = *state;
    struct arena arena = {0};
    if (!stop_in_fold(p, "cut", 1, SIGTERM))
        skip();
    struct run run = run_of(p, "cut", &arena);
    assert_int_equal(run.state, RUN_STOPPED);
    assert_int_equal(run.model, 0);
    assert_true(train_can_resume(p->ws, &run));
    assert_int_equal(model_current(p->ws), 0);
    arena_free(&arena);
}

static void test_damaged_folds_are_a_sentence(void **state)
{
    struct place *p = *state;
    struct err e = {0};
    char path[PATH_MAX];
    size_t size;
    int64_t id;
    if (!stop_in_fold(p, "cut", 1, SIGTERM))
        skip();
    run_file(p, "cut", "folds.safetensors", path);
    char *bytes = file_read(path, 1 << 24, &size, &e);
    assert_non_null(bytes);
    bytes[size - 1] ^= 1;
    assert_true(file_write(path, bytes, size, &e));
    assert_false(train_resume(p->ws, "cut", 0, true, &id, &e));
    assert_int_equal(id, 0);
    assert_non_null(strstr(e.text, "its digest does not match"));
    assert_true(file_write(path, bytes, size / 2, &e));
    assert_false(train_resume(p->ws, "cut", 0, true, &id, &e));
    assert_non_null(strstr(e.text, "the file of the folds is damaged"));
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_WORKSPACE(test_every_face_is_predicted_out_of_sample),
        WITH_WORKSPACE(test_the_set_is_a_model_of_the_lists),
        WITH_WORKSPACE(test_a_fold_is_judged_once),
        WITH_WORKSPACE(test_what_needs_a_file_says_that_there_is_none),
        WITH_WORKSPACE(test_json_tells_the_folds),
        WITH_WORKSPACE(test_folds_that_make_no_sense_are_refused),
        WITH_WORKSPACE(test_killed_at_any_moment_they_end_the_same),
        WITH_WORKSPACE(test_stopped_at_any_moment_they_end_the_same),
        WITH_WORKSPACE(test_later_folds_learn_from_the_labels_of_when_the_first_began),
        WITH_WORKSPACE(test_a_stop_leaves_no_model_and_can_be_resumed),
        WITH_WORKSPACE(test_damaged_folds_are_a_sentence),
    };
    return cmocka_run_group_tests(tests, make_origin, remove_origin);
}
