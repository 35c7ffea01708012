/* Comparisons against statsmodels, scikit-learn and numpy: tests/golden/make_comparison_goldens.py. */
#include "ferlab/eval/bootstrap.h"
#include "ferlab/eval/comparison.h"
#include "support.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { MOST = 200, CASES = 3, TESTS = 10 };

struct side {
    int8_t label[MOST], prediction[MOST];
    float probabilities[MOST][EMOTION_COUNT];
    bool in_sample[MOST];
};

static struct side before, after;
static struct votes votes[MOST];
static uint32_t rows[MOST];
static FILE *golden;

static double number(void)
{
    char word[32];
    assert_int_equal(fscanf(golden, "%31s", word), 1);
    return strtod(word, NULL);
}

static void assert_same(double ours, double theirs)
{
    if (isnan(theirs))
        assert_true(isnan(ours));
    else
        assert_float_equal(ours, theirs, 1e-6);
}

static struct evaluation_faces faces_of(struct side *s, size_t count)
{
    return (struct evaluation_faces){s->label,     s->label, s->prediction, s->probabilities,
                                     s->in_sample, votes,    rows,          count};
}

static void read_probabilities(struct side *s, size_t i)
{
    for (int k = 0; k < EMOTION_COUNT; k++)
        s->probabilities[i][k] = (float)number();
    s->prediction[i] = (int8_t)emotion_most_probable(s->probabilities[i]);
}

static void check_side(const struct comparison_side *s)
{
    static const enum score scores[] = {SCORE_ACCURACY, SCORE_MACRO_F1, SCORE_CROSS_ENTROPY, SCORE_BRIER};
    for (size_t i = 0; i < sizeof scores / sizeof *scores; i++)
        assert_same(s->score[scores[i]], number());
}

static void check_matrix(const struct comparison *c)
{
    for (int label = 0; label < EMOTION_COUNT; label++) {
        for (int k = 0; k < EMOTION_COUNT; k++)
            assert_int_equal(c->after.confusion.cell[label][k] - c->before.confusion.cell[label][k],
                             (int)number());
    }
}

static void check_intervals(const struct evaluation_faces *first, const struct evaluation_faces *second)
{
    static const enum score scores[] = {SCORE_ACCURACY, SCORE_MACRO_F1, SCORE_CROSS_ENTROPY, SCORE_BRIER};
    struct bootstrap *b;
    struct err e;
    assert_true(bootstrap_new_paired(&b, first, second, &e));
    assert_false(bootstrap_run(b, BOOTSTRAP_DRAWS));
    for (size_t i = 0; i < sizeof scores / sizeof *scores; i++) {
        double low, high;
        bootstrap_interval(b, scores[i], &low, &high);
        assert_same(low, number());
        assert_same(high, number());
    }
    bootstrap_free(b);
}

static void check_case(size_t count)
{
    struct comparison c;
    assert_true(count <= MOST);
    for (size_t i = 0; i < count; i++) {
        rows[i] = (uint32_t)i;
        before.label[i] = (int8_t)number();
        after.label[i] = (int8_t)number();
        read_probabilities(&before, i);
        read_probabilities(&after, i);
    }
    struct evaluation_faces first = faces_of(&before, count), second = faces_of(&after, count);
    comparison_of(&first, &second, &c);
    assert_int_equal(c.count, number());
    assert_int_equal(c.relabelled, number());
    check_side(&c.before);
    check_side(&c.after);
    for (int k = 0; k < EMOTION_COUNT; k++) {
        for (int f = 0; f < FLIP_COUNT; f++)
            assert_int_equal(c.flips[k][f], number());
    }
    check_matrix(&c);
    check_intervals(&first, &second);
}

static void test_differences_flips_and_p_agree_with_goldens(void **state)
{
    (void)state;
    char word[16];
    int cases = 0, tests = 0;
    golden = fopen(FERLAB_GOLDEN "/comparison.txt", "r");
    assert_non_null(golden);
    while (fscanf(golden, "%15s", word) == 1) {
        if (strcmp(word, "case") == 0) {
            check_case((size_t)number());
            cases++;
            continue;
        }
        assert_string_equal(word, "mcnemar");
        int64_t fixed = (int64_t)number(), broken = (int64_t)number();
        struct mcnemar m = mcnemar_of(fixed, broken);
        assert_int_equal(m.exact, number());
        assert_same(m.statistic, number());
        assert_same(m.p, number());
        tests++;
    }
    fclose(golden);
    assert_int_equal(cases, CASES);
    assert_int_equal(tests, TESTS);
}

/* Label, prediction before, prediction after. */
static void set_face(size_t i, int label, int was, int is)
{
    rows[i] = (uint32_t)i;
    before.label[i] = after.label[i] = (int8_t)label;
    before.prediction[i] = (int8_t)was;
    after.prediction[i] = (int8_t)is;
    before.in_sample[i] = after.in_sample[i] = false;
    for (int k = 0; k < EMOTION_COUNT; k++) {
        before.probabilities[i][k] = k == was ? 1 : 0;
        after.probabilities[i][k] = k == is ? 1 : 0;
    }
}

static void test_faces_without_either_prediction_do_not_count(void **state)
{
    (void)state;
    struct comparison c;
    set_face(0, CLASS_FEAR, CLASS_SADNESS, CLASS_FEAR);
    set_face(1, CLASS_FEAR, CLASS_NONE, CLASS_FEAR);
    set_face(2, CLASS_FEAR, CLASS_FEAR, CLASS_NONE);
    set_face(3, CLASS_UNKNOWN, CLASS_FEAR, CLASS_FEAR);
    after.in_sample[0] = after.in_sample[1] = true;
    struct evaluation_faces first = faces_of(&before, 4), second = faces_of(&after, 4);
    comparison_of(&first, &second, &c);
    assert_int_equal(c.count, 1);
    assert_int_equal(c.flips[CLASS_FEAR][FLIP_FIXED], 1);
    assert_int_equal(c.before.in_sample, 0);
    assert_int_equal(c.after.in_sample, 1);
    assert_int_equal(comparison_moved(&c), CLASS_FEAR);
}

static void test_nothing_moves_between_a_model_and_itself(void **state)
{
    (void)state;
    struct comparison c;
    for (size_t i = 0; i < 16; i++)
        set_face(i, (int)(i % EMOTION_COUNT), (int)(i % 3), (int)(i % 3));
    struct evaluation_faces first = faces_of(&before, 16), second = faces_of(&after, 16);
    comparison_of(&first, &second, &c);
    assert_int_equal(comparison_moved(&c), CLASS_NONE);
    assert_int_equal(comparison_flips(&c, FLIP_RIGHT) + comparison_flips(&c, FLIP_WRONG), 16);
    assert_float_equal(comparison_mcnemar(&c).p, 1, 0);
}

static void test_a_comparison_of_no_face_has_no_scores(void **state)
{
    (void)state;
    struct comparison c;
    struct evaluation_faces none = faces_of(&before, 0);
    comparison_of(&none, &none, &c);
    assert_int_equal(c.count, 0);
    assert_true(isnan(c.after.score[SCORE_ACCURACY]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_differences_flips_and_p_agree_with_goldens),
        cmocka_unit_test(test_faces_without_either_prediction_do_not_count),
        cmocka_unit_test(test_nothing_moves_between_a_model_and_itself),
        cmocka_unit_test(test_a_comparison_of_no_face_has_no_scores),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
