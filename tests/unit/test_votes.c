/* Votes: the rules against goldens and the published counts of FER+, entropy and divergence against hand
 * sums. */
#include "ferlab/face/votes.h"
#include "support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const enum rule golden_rules[] = {RULE_MAJORITY, RULE_DISTRIBUTION, RULE_MULTI_TARGET};

static bool read_golden_row(FILE *in, struct votes *v, float expected[3][EMOTION_COUNT])
{
    for (int c = 0; c < CLASS_COUNT; c++) {
        if (fscanf(in, "%hhu", &v->count[c]) != 1)
            return false;
    }
    for (int i = 0; i < 3 * EMOTION_COUNT; i++) {
        if (fscanf(in, "%f", &expected[i / EMOTION_COUNT][i % EMOTION_COUNT]) != 1)
            return false;
    }
    return true;
}

static void check_target(const struct votes *v, enum rule rule, const float *expected)
{
    float target[EMOTION_COUNT], sum = 0;
    bool usable = votes_target(v, rule, target);
    for (int c = 0; c < EMOTION_COUNT; c++) {
        assert_float_equal(target[c], expected[c], 1e-6);
        sum += expected[c];
    }
    assert_int_equal(usable, sum > 0.5F);
    assert_int_equal(votes_label(v, rule) == CLASS_NONE, !usable);
}

static void test_rules_agree_with_goldens(void **state)
{
    (void)state;
    FILE *in = fopen(FERLAB_GOLDEN "/votes.txt", "r");
    assert_non_null(in);
    struct votes v;
    float expected[3][EMOTION_COUNT];
    int rows = 0;
    while (read_golden_row(in, &v, expected)) {
        for (int r = 0; r < 3; r++)
            check_target(&v, golden_rules[r], expected[r]);
        check_target(&v, RULE_PROBABILITY, expected[1]);
        rows++;
    }
    fclose(in);
    assert_true(rows > 400);
}

/* Counts what the rules leave of a split; the layout is Microsoft's label.csv. */
static void count_real(const char *folder, const char *split, int per_class[EMOTION_COUNT], int *majority,
                       int *distribution)
{
    char path[PATH_MAX], line[256];
    snprintf(path, sizeof path, "%s/data/FER2013%s/label.csv", folder, split);
    FILE *in = fopen(path, "r");
    assert_non_null(in);
    while (fgets(line, sizeof line, in)) {
        struct votes v;
        char *at = strstr(line, ")\",");
        assert_non_null(at);
        at += 2;
        for (int c = 0; c < CLASS_COUNT; c++)
            v.count[c] = (uint8_t)strtol(at + 1, &at, 10);
        int label = votes_label(&v, RULE_MAJORITY);
        *majority += label != CLASS_NONE;
        *distribution += votes_label(&v, RULE_DISTRIBUTION) != CLASS_NONE;
        if (label != CLASS_NONE)
            per_class[label]++;
    }
    fclose(in);
}

static void test_rules_give_the_published_counts_on_real_votes(void **state)
{
    (void)state;
    static const int valid_classes[EMOTION_COUNT] = {1180, 862, 411, 348, 289, 25, 60, 16};
    const char *folder = real_ferplus();
    if (!folder) {
        print_message("real FER+ is not here: skipped\n");
        skip();
    }
    int train[EMOTION_COUNT] = {0}, valid[EMOTION_COUNT] = {0};
    int majority = 0, distribution = 0, valid_majority = 0, valid_distribution = 0;
    count_real(folder, "Train", train, &majority, &distribution);
    count_real(folder, "Valid", valid, &valid_majority, &valid_distribution);
    assert_int_equal(majority, 25045);
    assert_int_equal(distribution, 27947);
    assert_int_equal(valid_majority, 3191);
    assert_memory_equal(valid, valid_classes, sizeof valid);
}

static void test_label_takes_the_lowest_of_a_tie(void **state)
{
    (void)state;
    struct votes v = {.count = {[CLASS_SURPRISE] = 5, [CLASS_FEAR] = 5}};
    assert_int_equal(votes_label(&v, RULE_DISTRIBUTION), CLASS_SURPRISE);
    assert_int_equal(votes_label(&v, RULE_MAJORITY), CLASS_NONE);
}

static void test_entropy_of_known_shares(void **state)
{
    (void)state;
    struct votes sure = {.count = {10}}, half = {.count = {5, 5}}, none = {0};
    struct votes all = {.count = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1}};
    assert_float_equal(votes_entropy(&sure), 0, 1e-12);
    assert_float_equal(votes_entropy(&half), log(2), 1e-12);
    assert_float_equal(votes_entropy(&all), log(10), 1e-12);
    assert_true(isnan(votes_entropy(&none)));
}

static void test_divergence_is_zero_alike_and_one_apart(void **state)
{
    (void)state;
    struct votes v = {.count = {6, 2, [CLASS_UNKNOWN] = 2}};
    const float alike[EMOTION_COUNT] = {0.75F, 0.25F}, apart[EMOTION_COUNT] = {[CLASS_FEAR] = 1};
    assert_float_equal(votes_divergence(&v, alike), 0, 1e-9);
    assert_float_equal(votes_divergence(&v, apart), 1, 1e-9);
    /* by hand: v = (1, 0), p = (1/2, 1/2), m = (3/4, 1/4) */
    struct votes one = {.count = {10}};
    const float even[EMOTION_COUNT] = {0.5F, 0.5F};
    double expected = (0.5 * log(4.0 / 3) + 0.25 * log(2.0 / 3) + 0.25 * log(2)) / log(2);
    assert_float_equal(votes_divergence(&one, even), expected, 1e-9);
}

static void test_scores_are_nan_without_their_inputs(void **state)
{
    (void)state;
    struct votes faceless = {.count = {[CLASS_NF] = 10}}, face = {.count = {10}};
    const float p[EMOTION_COUNT] = {1}, missing[EMOTION_COUNT] = {NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN};
    assert_true(isnan(votes_divergence(&faceless, p)));
    assert_true(isnan(votes_divergence(&face, missing)));
}

static void test_words_parse_back(void **state)
{
    (void)state;
    int class;
    enum split split;
    enum rule rule;
    for (int c = 0; c < CLASS_COUNT; c++) {
        assert_true(class_parse(class_name(c), &class));
        assert_int_equal(class, c);
    }
    for (int s = 0; s < SPLIT_COUNT; s++) {
        assert_true(split_parse(split_name(s), &split));
        assert_int_equal(split, s);
    }
    for (int r = 0; r < RULE_COUNT; r++) {
        assert_true(rule_parse(rule_name(r), &rule));
        assert_int_equal(rule, r);
    }
    static const struct {
        const char *word;
        int class;
    } words[] = {{"happy", CLASS_HAPPINESS}, {"surprised", CLASS_SURPRISE},    {"Sad", CLASS_SADNESS},
                 {"angry", CLASS_ANGER},     {"disgusted", CLASS_DISGUST},     {"fearful", CLASS_FEAR},
                 {"afraid", CLASS_FEAR},     {"contemptuous", CLASS_CONTEMPT}, {"not a face", CLASS_NF}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        assert_true(class_parse(words[i].word, &class));
        assert_int_equal(class, words[i].class);
    }
    for (int c = 0; c < CLASS_COUNT; c++) {
        assert_true(class_parse(class_short(c), &class));
        assert_int_equal(class, c);
    }
    assert_false(class_parse("none", &class));
    assert_true(class_parse("Happiness", &class));
    assert_int_equal(class, CLASS_HAPPINESS);
    assert_false(split_parse("", &split));
    assert_string_equal(class_title(CLASS_NF), "not a face");
    assert_string_equal(class_name(CLASS_NONE), "none");
    assert_string_equal(class_short(CLASS_NONE), "–");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules_agree_with_goldens),
        cmocka_unit_test(test_rules_give_the_published_counts_on_real_votes),
        cmocka_unit_test(test_label_takes_the_lowest_of_a_tie),
        cmocka_unit_test(test_entropy_of_known_shares),
        cmocka_unit_test(test_divergence_is_zero_alike_and_one_apart),
        cmocka_unit_test(test_scores_are_nan_without_their_inputs),
        cmocka_unit_test(test_words_parse_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
