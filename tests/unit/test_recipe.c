/* Recipes and training targets, without a workspace. */
#include "support.h"

#include "ferlab/train/recipe.h"
#include "ferlab/train/trainer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* recipe.py's formula, worked out by hand: lr min(1, f/.08) (1 + cos(pi max(0, (f - .08)/.92))) / 2. */
static void test_rate_rises_then_falls_like_a_cosine(void **state)
{
    (void)state;
    struct recipe r = recipe_default;
    r.learning_rate = 0.1;
    r.warmup = 0.08;
    const struct {
        int64_t step;
        double rate;
    } expected[] = {{0, 0}, {40, 0.05}, {80, 0.1}, {310, 0.0853553391}, {540, 0.05}, {1000, 0}};
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
        assert_float_equal(recipe_learning_rate(&r, expected[i].step, 1000), expected[i].rate, 1e-9);
}

static void test_no_warm_up_begins_at_the_full_rate(void **state)
{
    (void)state;
    struct recipe r = recipe_default;
    r.warmup = 0;
    assert_float_equal(recipe_learning_rate(&r, 0, 100), r.learning_rate, 1e-12);
    assert_float_equal(recipe_learning_rate(&r, 100, 100), 0, 1e-12);
}

static void test_defaults_pass_their_own_check(void **state)
{
    (void)state;
    struct err e = {0};
    assert_true(recipe_check(&recipe_default, &e));
    assert_true(recipe_check(&recipe_fine_tune, &e));
    assert_true(recipe_fine_tune.epochs < recipe_default.epochs);
    assert_true(recipe_fine_tune.learning_rate < recipe_default.learning_rate);
}

static void expect_refused(struct recipe r, const char *word)
{
    struct err e = {0};
    assert_false(recipe_check(&r, &e));
    assert_int_equal(e.code, ERR_USAGE);
    assert_non_null(strstr(e.text, word));
}

static void test_senseless_numbers_are_refused(void **state)
{
    (void)state;
    struct recipe r = recipe_default;
    r.epochs = -3;
    expect_refused(r, "epochs");
    r = recipe_default;
    r.batch = 0;
    expect_refused(r, "batch");
    r = recipe_default;
    r.learning_rate = NAN;
    expect_refused(r, "rate");
    r = recipe_default;
    r.augmentation.shift = 2;
    expect_refused(r, "shift");
    r = recipe_default;
    strcpy(r.name, "../x");
    expect_refused(r, "name");
    r = recipe_default;
    strcpy(r.name, "a\033]0;b");
    expect_refused(r, "\\x1b");
}

static void expect_fitted(struct recipe r, int64_t faces, int batch, int epochs)
{
    recipe_fit_folds(&r, faces, false, false);
    assert_int_equal(r.batch, batch);
    assert_int_equal(r.epochs, epochs);
}

/* Of 24,000 faces, five models learn from 19,200 each: 150 steps of 128 an epoch. */
static void test_folds_of_many_faces_are_as_they_are(void **state)
{
    (void)state;
    assert_int_equal(recipe_fold_steps(&recipe_folds, 24000), 5 * 150);
    expect_fitted(recipe_folds, 24000, 128, 5);
}

static void test_folds_of_few_faces_take_more_steps(void **state)
{
    (void)state;
    struct recipe r = recipe_folds;
    expect_fitted(r, 15000, 64, 5); /* 12,000 each: 94 steps an epoch, of 64 188 */
    expect_fitted(r, 5000, 32, 5);  /* 4,000 each: 32, 63, 125 */
    r.folds = 3;
    expect_fitted(r, 1800, 32, 14); /* 1,200 each: 38 of 32 an epoch */
    r.limit = 600;                  /* of each fold's: 19 an epoch */
    expect_fitted(r, 1800, 32, 27);
    r.share = 0.5;
    expect_fitted(r, 1800, 32, RECIPE_FOLD_EPOCHS);
    expect_fitted(r, 3, 32, RECIPE_FOLD_EPOCHS);
    expect_fitted(r, 0, 32, RECIPE_FOLD_EPOCHS);
}

static void test_what_was_said_is_not_fitted(void **state)
{
    (void)state;
    struct recipe r = recipe_folds;
    recipe_fit_folds(&r, 1800, true, true);
    assert_int_equal(r.batch, 128);
    assert_int_equal(r.epochs, 5);
    recipe_fit_folds(&r, 1800, false, true);
    assert_int_equal(r.batch, 32);
    assert_int_equal(r.epochs, 5);
    r.batch = 100; /* 1,440 faces each: 15 steps an epoch */
    recipe_fit_folds(&r, 1800, true, false);
    assert_int_equal(r.batch, 100);
    assert_int_equal(r.epochs, 34);
    expect_fitted(recipe_default, 1800, recipe_default.batch, recipe_default.epochs);
}

static void test_record_holds_the_recipe(void **state)
{
    (void)state;
    struct recipe r = recipe_default;
    r.rule = RULE_MULTI_TARGET;
    r.labels = LABELS_CROWD;
    r.seed = 77;
    r.augmentation.flip = false;
    char *text = recipe_json(&r);
    json_t *j = json_loads(text, 0, NULL);
    assert_non_null(j);
    assert_string_equal(json_string_value(json_object_get(j, "rule")), "multi-target");
    assert_string_equal(json_string_value(json_object_get(j, "labels")), "crowd");
    assert_int_equal(json_integer_value(json_object_get(j, "seed")), 77);
    assert_int_equal(json_integer_value(json_object_get(j, "epochs")), r.epochs);
    assert_float_equal(json_real_value(json_object_get(j, "learning_rate")), 0.1, 1e-9);
    assert_true(json_is_false(json_object_get(json_object_get(j, "augmentation"), "flip")));
    json_decref(j);
    free(text);
}

/* What is read back trains the same: numbers of more digits than people give, too, after one round. */
static void test_record_is_read_back_as_it_is(void **state)
{
    (void)state;
    struct recipe r = recipe_fine_tune, back, again;
    struct err e = {0};
    strcpy(r.arch, "8,P,8");
    strcpy(r.name, "a-name");
    strcpy(r.from, "some/\"model\".onnx");
    r.rule = RULE_PROBABILITY;
    r.labels = LABELS_CROWD;
    r.augmentation.flip = r.use = false;
    r.augmentation.zoom = 1.0f / 3;
    r.seed = RECIPE_SEED_MAX;
    r.epochs = 7;
    r.limit = RECIPE_LIMIT_MAX;
    char *text = recipe_json(&r);
    assert_true(recipe_parse(text, &back, &e));
    assert_string_equal(back.arch, r.arch);
    assert_string_equal(back.name, r.name);
    assert_string_equal(back.from, r.from);
    assert_int_equal(back.epochs, 7);
    assert_int_equal(back.batch, r.batch);
    assert_int_equal(back.seed, r.seed);
    assert_int_equal(back.limit, r.limit);
    assert_int_equal(back.rule, r.rule);
    assert_int_equal(back.labels, r.labels);
    assert_memory_equal(&back.learning_rate, &r.learning_rate, sizeof r.learning_rate);
    assert_memory_equal(&back.weight_decay, &r.weight_decay, sizeof r.weight_decay);
    assert_memory_equal(&back.augmentation.zoom, &r.augmentation.zoom, sizeof r.augmentation.zoom);
    assert_memory_equal(&back.augmentation.shift, &r.augmentation.shift, sizeof r.augmentation.shift);
    assert_false(back.augmentation.flip);
    assert_false(back.use);
    free(text);
    r.learning_rate = 0.012345678901234567;
    text = recipe_json(&r);
    assert_true(recipe_parse(text, &back, &e));
    free(text);
    text = recipe_json(&back);
    assert_true(recipe_parse(text, &again, &e));
    assert_memory_equal(&back.learning_rate, &again.learning_rate, sizeof r.learning_rate);
    free(text);
}

static void test_records_that_are_no_recipe_are_refused(void **state)
{
    (void)state;
    struct recipe r = recipe_default, back;
    struct err e = {0};
    assert_false(recipe_parse("{}", &back, &e));
    assert_non_null(strstr(e.text, "start a new training"));
    assert_false(recipe_parse("nonsense", &back, &e));
    r.batch = 0;
    char *text = recipe_json(&r);
    assert_false(recipe_parse(text, &back, &e));
    assert_non_null(strstr(e.text, "batch"));
    free(text);
}

/* Records of before there were such settings mean that there are none. */
static void test_old_records_lack_what_came_later(void **state)
{
    (void)state;
    struct err e = {0};
    struct recipe r = recipe_default, back;
    r.ema = 0.99;
    r.calibrate = true;
    char *text = recipe_json(&r);
    json_t *record = json_loads(text, 0, NULL);
    free(text);
    for (size_t i = 0; i < RECIPE_NUMBERS; i++)
        if (!isnan(recipe_numbers[i].missing))
            json_object_del(recipe_numbers[i].of_augmentation ? json_object_get(record, "augmentation")
                                                              : record,
                            recipe_numbers[i].key);
    json_object_del(record, "calibrate");
    text = json_dumps(record, 0);
    json_decref(record);
    assert_true(recipe_parse(text, &back, &e));
    free(text);
    assert_true(back.ema == 0 && back.mixup == 0 && back.balance == 0 && back.augmentation.erase == 0);
    assert_true(back.review_weight == 1 && back.share == 1 && back.keep == 0 && !back.calibrate);
}

/* min(D, (1 + n) / (10 + n)) */
static void test_average_forgets_the_first_weights_soon(void **state)
{
    (void)state;
    struct recipe r = recipe_default;
    r.ema = 0.99;
    assert_float_equal(recipe_ema(&r, 0), 0.1, 1e-12);
    assert_float_equal(recipe_ema(&r, 90), 0.91, 1e-12);
    assert_float_equal(recipe_ema(&r, 100000), 0.99, 1e-12);
}

/* Five faces of train and one of valid, under the majority rule. */
enum { ROWS = 6 };

static struct votes votes[ROWS] = {
    {.count = {8, 2}},             /* neutral .8, happiness .2 */
    {.count = {8, 2}},             /* accepted as neutral */
    {.count = {8, 2}},             /* relabelled to happiness */
    {.count = {8, 2}},             /* relabelled to unknown */
    {.count = {[2] = 5, [6] = 5}}, /* nobody's majority; votes edited to surprise 6, fear 4 */
    {.count = {8, 2}},
};
static struct votes edit = {.count = {[2] = 6, [6] = 4}};

static void make_columns(struct columns *c)
{
    static int64_t id[ROWS] = {1, 2, 3, 4, 5, 6};
    static uint8_t split[ROWS] = {SPLIT_TRAIN, SPLIT_TRAIN, SPLIT_TRAIN,
                                  SPLIT_TRAIN, SPLIT_TRAIN, SPLIT_VALID};
    static int8_t crowd[ROWS] = {0, 0, 0, 0, CLASS_NONE, 0};
    static int8_t label[ROWS] = {0, 0, 1, CLASS_UNKNOWN, 2, 0};
    static bool reviewed[ROWS] = {false, true, true, true, true, false};
    static struct votes *edited[ROWS] = {[4] = &edit};
    *c = (struct columns){
        .count = ROWS,
        .rule = RULE_MAJORITY,
        .id = id,
        .split = split,
        .votes = votes,
        .crowd = crowd,
        .label = label,
        .reviewed = reviewed,
        .edited = edited,
    };
}

static void expect_targets(enum split split, enum label_source labels, size_t count, const uint32_t *rows,
                           const float (*targets)[EMOTION_COUNT])
{
    struct columns c;
    struct err e = {0};
    uint32_t *found;
    float *wanted;
    size_t n;
    make_columns(&c);
    assert_true(train_targets(&c, 1U << split, RULE_DISTRIBUTION, labels, &found, &wanted, &n, &e));
    assert_int_equal(n, count);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(found[i], rows[i]);
        for (int k = 0; k < EMOTION_COUNT; k++)
            assert_float_equal(wanted[i * EMOTION_COUNT + (size_t)k], targets[i][k], 1e-6);
    }
    free(found);
    free(wanted);
}

static void test_reviews_decide_targets(void **state)
{
    (void)state;
    const uint32_t rows[] = {0, 1, 2, 4};
    const float targets[][EMOTION_COUNT] = {{1}, {1}, {0, 1}, {[2] = 0.6f, [6] = 0.4f}};
    struct votes plain = votes[0];
    float crowd[EMOTION_COUNT];
    assert_true(votes_target(&plain, RULE_DISTRIBUTION, crowd));
    float expected[4][EMOTION_COUNT];
    memcpy(expected, targets, sizeof expected);
    memcpy(expected[0], crowd, sizeof crowd); /* not reviewed: as the crowd */
    memcpy(expected[1], crowd, sizeof crowd); /* accepted: as the crowd */
    expect_targets(SPLIT_TRAIN, LABELS_REVIEWED, 4, rows, (const float(*)[EMOTION_COUNT])expected);
}

static void test_crowd_targets_ignore_reviews(void **state)
{
    (void)state;
    const uint32_t rows[] = {0, 1, 2, 3, 4};
    float expected[5][EMOTION_COUNT] = {0};
    for (int i = 0; i < 5; i++)
        assert_true(votes_target(&votes[i], RULE_DISTRIBUTION, expected[i]));
    expect_targets(SPLIT_TRAIN, LABELS_CROWD, 5, rows, (const float(*)[EMOTION_COUNT])expected);
}

static void test_each_split_has_its_own_targets(void **state)
{
    (void)state;
    const uint32_t rows[] = {5};
    float expected[1][EMOTION_COUNT] = {0};
    assert_true(votes_target(&votes[5], RULE_DISTRIBUTION, expected[0]));
    expect_targets(SPLIT_VALID, LABELS_REVIEWED, 1, rows, (const float(*)[EMOTION_COUNT])expected);
    expect_targets(SPLIT_TEST, LABELS_REVIEWED, 0, NULL, NULL);
}

static void test_faces_with_a_target_are_counted(void **state)
{
    (void)state;
    struct columns c;
    make_columns(&c);
    assert_int_equal(train_faces_with_target(&c, RULE_DISTRIBUTION, LABELS_REVIEWED), 5);
    assert_int_equal(train_faces_with_target(&c, RULE_DISTRIBUTION, LABELS_CROWD), 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rate_rises_then_falls_like_a_cosine),
        cmocka_unit_test(test_no_warm_up_begins_at_the_full_rate),
        cmocka_unit_test(test_defaults_pass_their_own_check),
        cmocka_unit_test(test_senseless_numbers_are_refused),
        cmocka_unit_test(test_folds_of_many_faces_are_as_they_are),
        cmocka_unit_test(test_folds_of_few_faces_take_more_steps),
        cmocka_unit_test(test_what_was_said_is_not_fitted),
        cmocka_unit_test(test_record_holds_the_recipe),
        cmocka_unit_test(test_record_is_read_back_as_it_is),
        cmocka_unit_test(test_old_records_lack_what_came_later),
        cmocka_unit_test(test_average_forgets_the_first_weights_soon),
        cmocka_unit_test(test_records_that_are_no_recipe_are_refused),
        cmocka_unit_test(test_reviews_decide_targets),
        cmocka_unit_test(test_crowd_targets_ignore_reviews),
        cmocka_unit_test(test_each_split_has_its_own_targets),
        cmocka_unit_test(test_faces_with_a_target_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
