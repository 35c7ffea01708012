/* Calibration against numpy, scikit-learn and SciPy: tests/golden/make_calibration_goldens.py. */
#include "ferlab/eval/calibration.h"
#include "support.h"

#include <math.h>
#include <stdio.h>

enum { MOST = 1000, CASES = 4 };

static float probabilities[MOST][EMOTION_COUNT];
static int8_t labels[MOST];

static double number(FILE *in)
{
    double x = 0;
    assert_int_equal(fscanf(in, "%lf", &x), 1);
    return x;
}

static void test_error_likelihood_and_temperature_agree_with_goldens(void **state)
{
    (void)state;
    FILE *in = fopen(FERLAB_GOLDEN "/calibration.txt", "r");
    assert_non_null(in);
    size_t count;
    int cases = 0;
    for (; fscanf(in, " case %zu", &count) == 1; cases++) {
        struct calibration c = {0};
        assert_true(count <= MOST);
        for (size_t i = 0; i < count; i++) {
            labels[i] = (int8_t)number(in);
            for (int k = 0; k < EMOTION_COUNT; k++)
                probabilities[i][k] = (float)number(in);
            calibration_add(&c, labels[i], probabilities[i]);
        }
        assert_float_equal(calibration_error(&c), number(in), 1e-6);
        assert_float_equal(calibration_cross_entropy(&c), number(in), 1e-6);
        assert_float_equal(calibration_temperature(probabilities, labels, count), number(in), 1e-3);
    }
    fclose(in);
    assert_int_equal(cases, CASES);
}

static void test_no_face_says_nothing(void **state)
{
    (void)state;
    struct calibration c = {0};
    const float p[EMOTION_COUNT] = {1};
    calibration_add(&c, CLASS_UNKNOWN, p);
    calibration_add(&c, CLASS_NONE, p);
    assert_true(isnan(calibration_error(&c)));
    assert_true(isnan(calibration_cross_entropy(&c)));
    labels[0] = CLASS_NONE;
    assert_float_equal(calibration_temperature(probabilities, labels, 1), 1, 0);
    assert_float_equal(calibration_temperature(probabilities, labels, 0), 1, 0);
}

/* A label that the model holds impossible costs ln 1e7, not infinity. */
static void test_impossible_labels_have_a_finite_cost(void **state)
{
    (void)state;
    struct calibration c = {0};
    const float p[EMOTION_COUNT] = {1};
    calibration_add(&c, 1, p);
    assert_float_equal(calibration_cross_entropy(&c), log(1e7), 1e-9);
    assert_float_equal(calibration_error(&c), 1, 1e-9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_error_likelihood_and_temperature_agree_with_goldens),
        cmocka_unit_test(test_no_face_says_nothing),
        cmocka_unit_test(test_impossible_labels_have_a_finite_cost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
