/* Two models beside each other: the labels that each learnt from, rebuilt from the log, and `runs diff`, with
 * `list --beside`, on a workspace whose flips are known. */
#include "ferlab/store/beside.h"
#include "ferlab/store/label_history.h"
#include "ferlab/store/models.h"
#include "ferlab/store/runs.h"
#include "store_fixture.h"

enum { FACES = 80, RELABELLED = 3 };

struct pair {
    struct fixture f;
    int64_t run[2], model[2];
};

static int label_of(uint32_t index)
{
    return (int)(index % 8);
}

static void predict(struct fixture *f, int64_t model, const int8_t prediction[FACES])
{
    int64_t ids[FACES];
    float p[FACES][EMOTION_COUNT];
    bool in_sample[FACES];
    for (int i = 0; i < FACES; i++) {
        ids[i] = i + 1;
        in_sample[i] = i % 10 < 8;
        for (int k = 0; k < EMOTION_COUNT; k++)
            p[i][k] = k == prediction[i] ? 0.65F : 0.05F;
    }
    MUST(f, predictions_write(f->ws, model, ids, &p[0][0], in_sample, FACES, &f->e));
}

static void train(struct pair *p, int which, const char *name, const int8_t prediction[FACES])
{
    struct fixture *f = &p->f;
    struct columns *c;
    char revision[13];
    MUST(f, columns_load(&c, f->ws, RULE_MAJORITY, -1, &f->e));
    columns_label_revision(c, LABELS_REVIEWED, revision);
    columns_free(c);
    struct run_new run = {
        .name = name, .recipe = "{}", .label_revision = revision, .parent = "", .epochs_planned = 1};
    MUST(f, run_start(f->ws, &run, &p->run[which], &f->e));
    struct model_new model = {.name = name, .onnx = name, .size = strlen(name), .run = p->run[which]};
    MUST(f, model_add(f->ws, &model, &p->model[which], &f->e));
    MUST(f, run_finish(f->ws, p->run[which], RUN_DONE, p->model[which], NULL, &f->e));
    predict(f, p->model[which], prediction);
}

static void relabel(struct fixture *f, int64_t sample, const char *class)
{
    struct review review = {.sample = sample, .kind = EVENT_RELABEL, .value = class};
    struct event *events;
    MUST(f, reviews_append(f->ws, &review, 1, &f->arena, &events, &f->e));
}

/* "first" is right but for valid faces 9 (of neutral), 19, 29; "second", which learnt after three relabels of
 * train faces, mends 9, is wrong about 19 otherwise, and about 39. */
static void pair_open(struct pair *p)
{
    int8_t first[FACES], second[FACES];
    fixture_open(&p->f, FACES);
    for (uint32_t i = 0; i < FACES; i++)
        first[i] = second[i] = (int8_t)label_of(i);
    first[8] = CLASS_FEAR;
    first[18] = second[28] = first[28] = CLASS_CONTEMPT;
    second[18] = second[38] = CLASS_SADNESS;
    train(p, 0, "first", first);
    for (int i = 0; i < RELABELLED; i++)
        relabel(&p->f, 1 + i, "contempt");
    train(p, 1, "second", second);
    relabel(&p->f, 6, "contempt");
    MUST(&p->f, model_use(p->f.ws, p->model[1], &p->f.e));
}

static void check_learnt(struct pair *p, int which, int relabelled)
{
    struct fixture *f = &p->f;
    struct columns *c;
    int8_t label[FACES];
    bool known = false;
    MUST(f, columns_load(&c, f->ws, RULE_MAJORITY, -1, &f->e));
    MUST(f, labels_of_run(c, f->ws, p->run[which], label, &known, &f->e));
    assert_true(known);
    for (int i = 0; i < FACES; i++)
        assert_int_equal(label[i], i < relabelled ? CLASS_CONTEMPT : c->crowd[i]);
    columns_free(c);
}

/* All of it happens within a second or two, as stamps count them: the revision tells which reviews came
 * first. */
static void test_labels_a_run_began_with_are_rebuilt(void **state)
{
    (void)state;
    struct pair p;
    pair_open(&p);
    check_learnt(&p, 0, 0);
    check_learnt(&p, 1, RELABELLED);
    fixture_close(&p.f);
}

static void test_labels_of_a_log_that_was_another_are_not_claimed(void **state)
{
    (void)state;
    struct pair p;
    struct columns *c;
    int8_t label[FACES];
    bool known = true;
    pair_open(&p);
    plain_sql_works(p.f.path, "UPDATE run SET label_revision = 'ffffffffffff' WHERE name = 'second'");
    MUST(&p.f, columns_load(&c, p.f.ws, RULE_MAJORITY, -1, &p.f.e));
    MUST(&p.f, labels_of_run(c, p.f.ws, p.run[1], label, &known, &p.f.e));
    assert_false(known);
    REFUSED(&p.f, labels_of_run(c, p.f.ws, 99, label, &known, &p.f.e), "there is no run 99");
    columns_free(c);
    fixture_close(&p.f);
}

static void test_a_second_model_stays_beside_when_samples_come(void **state)
{
    (void)state;
    struct pair p;
    struct columns *c;
    bool changed;
    pair_open(&p);
    MUST(&p.f, columns_load(&c, p.f.ws, RULE_MAJORITY, 0, &p.f.e));
    MUST(&p.f, columns_use_beside(c, p.f.ws, p.model[0], &p.f.e));
    assert_string_equal(c->beside->name, "first");
    assert_int_equal(c->beside->prediction[8], CLASS_FEAR);
    assert_true(c->beside->in_sample[0]);
    assert_int_equal(c->beside->former[0], c->crowd[0]);
    fixture_add(&p.f, p.f.ws, FACES, 10);
    MUST(&p.f, columns_refresh(c, p.f.ws, &changed, &p.f.e));
    assert_int_equal(c->count, FACES + 10);
    assert_int_equal(c->beside->prediction[8], CLASS_FEAR);
    assert_int_equal(c->beside->prediction[FACES], CLASS_NONE);
    REFUSED(&p.f, columns_use_beside(c, p.f.ws, 99, &p.f.e), "there is no model 99");
    assert_null(c->beside);
    columns_free(c);
    fixture_close(&p.f);
}

static json_int_t integer(const json_t *j, const char *key)
{
    const json_t *value = json_object_get(j, key);
    if (!json_is_integer(value))
        fail_msg("no whole number '%s'", key);
    return json_integer_value(value);
}

static void check_flips(const json_t *flips, int fixed, int broken, int changed, int wrong, int right)
{
    assert_int_equal(integer(flips, "fixed"), fixed);
    assert_int_equal(integer(flips, "broken"), broken);
    assert_int_equal(integer(flips, "changed"), changed);
    assert_int_equal(integer(flips, "wrong"), wrong);
    assert_int_equal(integer(flips, "right"), right);
}

static void test_runs_diff_tells_what_changed(void **state)
{
    (void)state;
    struct pair p;
    pair_open(&p);
    json_t *j = run_ferlab_json("-w", p.f.path, "runs", "diff", "1", "second", "--json", NULL);
    assert_string_equal(json_string_value(json_object_get(j, "split")), "valid");
    assert_int_equal(integer(j, "count"), 8);
    assert_int_equal(integer(j, "learnt_labels_differ"), RELABELLED);
    assert_int_equal(integer(j, "labels_differ"), 0);
    check_flips(json_object_get(j, "flips"), 1, 1, 1, 1, 4);
    assert_float_equal(json_number_value(json_object_get(json_object_get(j, "difference"), "accuracy")), 0,
                       1e-9);
    assert_float_equal(json_number_value(json_object_get(json_object_get(j, "mcnemar"), "p")), 1, 1e-9);
    const json_t *before = json_object_get(j, "before"),
                 *neutral = json_array_get(json_object_get(j, "per_class"), 0);
    assert_string_equal(json_string_value(json_object_get(before, "model")), "first");
    assert_int_equal(integer(before, "run"), 1);
    assert_int_equal(integer(before, "in_sample"), 0);
    assert_float_equal(json_number_value(json_object_get(before, "accuracy")), 5.0 / 8, 1e-9);
    check_flips(json_object_get(neutral, "flips"), 1, 0, 0, 0, 1);
    assert_float_equal(json_number_value(json_object_get(neutral, "recall")), 0.5, 1e-9);
    const json_t *row = json_array_get(json_object_get(j, "difference_matrix"), 0);
    assert_int_equal(json_integer_value(json_array_get(row, CLASS_NEUTRAL)), 1);
    assert_int_equal(json_integer_value(json_array_get(row, CLASS_FEAR)), -1);
    assert_int_equal(json_array_size(json_object_get(json_object_get(j, "ci95"), "accuracy")), 2);
    json_decref(j);
    fixture_close(&p.f);
}

/* One model, two label sets: 4 of 64 train faces are labelled anew, and it says what the crowd said. */
static void test_runs_diff_compares_label_sets(void **state)
{
    (void)state;
    struct pair p;
    pair_open(&p);
    json_t *j = run_ferlab_json("-w", p.f.path, "runs", "diff", "first@crowd", "first", "--split", "train",
                                "--json", NULL);
    assert_int_equal(integer(j, "labels_differ"), 4);
    check_flips(json_object_get(j, "flips"), 0, 4, 0, 0, (int)integer(j, "count") - 4);
    json_decref(j);
    j = run_ferlab_json("-w", p.f.path, "runs", "diff", "first@second", "first", "--split", "train", "--json",
                        NULL);
    assert_int_equal(integer(j, "labels_differ"), 1);
    json_decref(j);
    fixture_close(&p.f);
}

static void expect(const struct pair *p, int status, const char *words, const char *const a[3])
{
    struct output o;
    run_ferlab(&o, "-w", p->f.path, "runs", a[0], a[1], a[2], NULL);
    if (o.status != status || strstr(status == 0 ? o.out : o.err, words) == NULL)
        fail_msg("exit %d; '%s' and '%s' lack '%s'", o.status, o.out, o.err, words);
    output_free(&o);
}

static void test_runs_diff_says_what_it_compares_and_what_it_cannot(void **state)
{
    (void)state;
    struct pair p;
    pair_open(&p);
    expect(&p, 0, "1 fixed, 1 broken, 1 still wrong otherwise", (const char *[]){"diff", "first", "second"});
    expect(&p, 0, "3 labels differ between what they learnt from",
           (const char *[]){"diff", "first", "second"});
    expect(&p, 0, "split valid, majority rule, 8 faces", (const char *[]){"diff", "first", "second"});
    expect(&p, 2, "both are first against the same labels", (const char *[]){"diff", "first", "1"});
    expect(&p, 2, "with two models or runs", (const char *[]){"diff", "first", NULL});
    expect(&p, 2, "go with 'runs diff A B'", (const char *[]){"--split", "valid", NULL});
    expect(&p, 1, "there is no model named 'nobody'", (const char *[]){"diff", "nobody", "noone"});
    expect(&p, 1, "there is no model named 'noone'", (const char *[]){"diff", "first", "noone"});
    expect(&p, 1, "there is no run nobody", (const char *[]){"diff", "first@nobody", "second"});
    expect(&p, 2, "do not read MODEL or MODEL@LABELS", (const char *[]){"diff", "@crowd", "second"});
    fixture_close(&p.f);
}

static void test_list_beside_a_second_model(void **state)
{
    (void)state;
    struct pair p;
    struct output o;
    pair_open(&p);
    json_t *j = run_ferlab_json("-w", p.f.path, "list", "--beside", "first", "split:valid flip:fixed",
                                "--json", NULL);
    assert_int_equal(json_array_size(j), 1);
    const json_t *face = json_array_get(j, 0);
    assert_int_equal(integer(face, "id"), 9);
    assert_string_equal(json_string_value(json_object_get(face, "beside")), "fear");
    assert_string_equal(json_string_value(json_object_get(face, "flip")), "fixed");
    json_decref(j);
    j = run_ferlab_json("-w", p.f.path, "list", "--beside", "first", "former!=label", "--json", NULL);
    assert_int_equal(json_array_size(j), 4);
    json_decref(j);
    j = run_ferlab_json("-w", p.f.path, "flag", "--beside", "first", "--where", "split:valid flip:fixed",
                        "--yes", "--json", NULL);
    assert_int_equal(json_array_size(j), 1);
    assert_int_equal(integer(json_array_get(j, 0), "sample"), 9);
    json_decref(j);
    run_ferlab(&o, "-w", p.f.path, "list", "flip:fixed", NULL);
    assert_int_equal(o.status, 2);
    assert_non_null(
        strstr(o.err, "filter:1: this compares with a second model, and none stands beside second"));
    output_free(&o);
    fixture_close(&p.f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_labels_a_run_began_with_are_rebuilt),
        cmocka_unit_test(test_labels_of_a_log_that_was_another_are_not_claimed),
        cmocka_unit_test(test_a_second_model_stays_beside_when_samples_come),
        cmocka_unit_test(test_runs_diff_tells_what_changed),
        cmocka_unit_test(test_runs_diff_compares_label_sets),
        cmocka_unit_test(test_runs_diff_says_what_it_compares_and_what_it_cannot),
        cmocka_unit_test(test_list_beside_a_second_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
