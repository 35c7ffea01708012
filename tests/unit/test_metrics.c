/* Metrics against scikit-learn and SciPy. */
#include "ferlab/eval/metrics.h"
#include "support.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { MOST = 1000 };

static FILE *golden;

static double number(void)
{
    double x = 0;
    assert_int_equal(fscanf(golden, "%lf", &x), 1);
    return x;
}

/* scikit-learn gives 0 where the denominator is 0; ours is NaN there. */
static void assert_score(double ours, int64_t denominator, double theirs)
{
    if (denominator == 0)
        assert_true(isnan(ours) && theirs == 0);
    else
        assert_float_equal(ours, theirs, 1e-7);
}

static void check_case(size_t count)
{
    static int8_t label[MOST], prediction[MOST];
    struct confusion c = {0};
    struct metrics m;
    assert_true(count <= MOST);
    for (size_t i = 0; i < count; i++)
        label[i] = (int8_t)number();
    for (size_t i = 0; i < count; i++)
        prediction[i] = (int8_t)number();
    confusion_count(&c, label, prediction, count);
    metrics_of(&c, &m);
    assert_int_equal(m.count, count);
    assert_float_equal(m.accuracy, number(), 1e-7);
    assert_float_equal(m.macro_f1, number(), 1e-7);
    assert_float_equal(m.weighted_f1, number(), 1e-7);
    for (int k = 0; k < EMOTION_COUNT * EMOTION_COUNT; k++)
        assert_int_equal(c.cell[k / EMOTION_COUNT][k % EMOTION_COUNT], (int64_t)number());
    for (int k = 0; k < EMOTION_COUNT; k++) {
        const struct class_score *s = &m.per_class[k];
        assert_score(s->precision, s->predicted, number());
        assert_score(s->recall, s->support, number());
        assert_score(s->f1, s->predicted + s->support, number());
    }
}

static void test_scores_agree_with_goldens(void **state)
{
    (void)state;
    char word[16];
    int cases = 0, intervals = 0;
    golden = fopen(FERLAB_GOLDEN "/metrics.txt", "r");
    assert_non_null(golden);
    while (fscanf(golden, "%15s", word) == 1) {
        if (strcmp(word, "case") == 0) {
            check_case((size_t)number());
            cases++;
        } else {
            double low, high;
            int64_t right = (int64_t)number(), count = (int64_t)number();
            metrics_wilson(right, count, &low, &high);
            assert_float_equal(low, number(), 1e-7);
            assert_float_equal(high, number(), 1e-7);
            intervals++;
        }
    }
    fclose(golden);
    assert_int_equal(cases, 5);
    assert_int_equal(intervals, 6);
}

static void test_nothing_counted_has_no_accuracy(void **state)
{
    (void)state;
    struct confusion c = {0};
    struct metrics m;
    double low, high;
    metrics_of(&c, &m);
    assert_int_equal(m.count, 0);
    assert_true(isnan(m.accuracy) && isnan(m.macro_f1) && isnan(m.weighted_f1) && isnan(m.per_class[0].f1));
    metrics_wilson(0, 0, &low, &high);
    assert_true(low == 0 && high == 1);
}

static void test_what_is_no_emotion_does_not_count(void **state)
{
    (void)state;
    const int8_t label[] = {0, CLASS_NONE, CLASS_UNKNOWN, CLASS_NF, 3},
                 prediction[] = {0, 0, 1, 2, CLASS_NONE};
    struct confusion c = {0};
    struct metrics m;
    confusion_count(&c, label, prediction, 5);
    metrics_of(&c, &m);
    assert_int_equal(m.count, 1);
    assert_float_equal(m.accuracy, 1, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scores_agree_with_goldens),
        cmocka_unit_test(test_nothing_counted_has_no_accuracy),
        cmocka_unit_test(test_what_is_no_emotion_does_not_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
