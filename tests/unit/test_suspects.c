/* Scores of suspects and confident learning against numpy: tests/golden/make_suspect_goldens.py. */
#include "ferlab/eval/confident.h"
#include "ferlab/eval/suspects.h"
#include "support.h"

#include <math.h>
#include <stdio.h>

enum { MOST = 400, CASES = 3 };

static int8_t label[MOST];
static float probabilities[MOST][EMOTION_COUNT];

static double number(FILE *golden)
{
    double x = 0;

    assert_int_equal(fscanf(golden, "%lf", &x), 1);
    return x;
}

/* What is missing on one side is missing on the other. */
static void assert_same(double ours, double theirs)
{
    if (isnan(theirs))
        assert_true(isnan(ours));
    else
        assert_float_equal(ours, theirs, 1e-6);
}

static void read_face(FILE *golden, int i)
{
    const float *p = probabilities[i];

    label[i] = (int8_t)number(golden);
    for (int k = 0; k < EMOTION_COUNT; k++)
        probabilities[i][k] = (float)number(golden);
    double divergence = number(golden), disagreement = number(golden);
    assert_same(suspect_self_confidence(label[i], p), number(golden));
    assert_same(suspect_margin(label[i], p), number(golden));
    assert_same(suspect_mistakenness(label[i], p), number(golden));
    assert_same(suspect_hardness(p), number(golden));
    assert_same(suspect_score(label[i], p, divergence, disagreement), number(golden));
}

static void check_joint(FILE *golden, const struct confident_joint *joint)
{
    for (int k = 0; k < EMOTION_COUNT; k++)
        assert_int_equal(joint->labelled[k], number(golden));
    for (int k = 0; k < EMOTION_COUNT; k++)
        assert_same(joint->threshold[k], number(golden));
    for (int k = 0; k < EMOTION_COUNT * EMOTION_COUNT; k++)
        assert_int_equal(joint->count[k / EMOTION_COUNT][k % EMOTION_COUNT], number(golden));
    for (int k = 0; k < EMOTION_COUNT * EMOTION_COUNT; k++)
        assert_same(joint->calibrated[k / EMOTION_COUNT][k % EMOTION_COUNT], number(golden));
}

static void test_scores_and_confident_joint_agree_with_goldens(void **state)
{
    FILE *golden = fopen(FERLAB_GOLDEN "/suspects.txt", "r");
    int count, cases = 0;

    (void)state;
    assert_non_null(golden);
    while (fscanf(golden, " case %d", &count) == 1) {
        int8_t issue[MOST];
        int expected[MOST];
        struct confident_joint joint;
        struct err e;

        assert_in_range(count, 1, MOST);
        for (int i = 0; i < count; i++) {
            read_face(golden, i);
            expected[i] = (int)number(golden);
        }
        confident_joint(label, probabilities, (size_t)count, &joint);
        check_joint(golden, &joint);
        assert_true(confident_issues(&joint, label, probabilities, (size_t)count, issue, &e));
        for (int i = 0; i < count; i++)
            assert_int_equal(issue[i], expected[i]);
        cases++;
    }
    assert_int_equal(cases, CASES);
    fclose(golden);
}

static void test_without_label_or_prediction_there_is_no_score(void **state)
{
    const float missing[EMOTION_COUNT] = {NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN}, p[EMOTION_COUNT] = {1};

    (void)state;
    for (int none = CLASS_NONE; none <= CLASS_NF; none += none == CLASS_NONE ? 1 + EMOTION_COUNT : 1) {
        assert_true(isnan(suspect_self_confidence(none, p)));
        assert_true(isnan(suspect_margin(none, p)));
        assert_true(isnan(suspect_mistakenness(none, p)));
        assert_true(isnan(suspect_score(none, p, 0, NAN)));
    }
    assert_true(isnan(suspect_self_confidence(0, missing)));
    assert_true(isnan(suspect_margin(0, missing)));
    assert_true(isnan(suspect_mistakenness(0, missing)));
    assert_true(isnan(suspect_score(0, missing, 0, NAN)));
    assert_true(isnan(suspect_score(0, p, NAN, NAN)));
    assert_true(isnan(suspect_hardness(missing)));
    assert_float_equal(suspect_hardness(p), 0, 0);
}

static void test_every_sign_of_an_error_raises_the_suspect_score(void **state)
{
    const float sure[EMOTION_COUNT] = {0.9F, 0.1F}, torn[EMOTION_COUNT] = {0.5F, 0.5F},
                against[EMOTION_COUNT] = {0, 1};

    (void)state;
    assert_true(suspect_score(0, torn, 0.5, NAN) > suspect_score(0, sure, 0.5, NAN));
    assert_true(suspect_score(0, against, 0.5, NAN) > suspect_score(0, torn, 0.5, NAN));
    assert_true(suspect_score(0, torn, 0.6, NAN) > suspect_score(0, torn, 0.5, NAN));
    assert_true(suspect_score(0, torn, 0.5, 1) > suspect_score(0, torn, 0.5, NAN));
    assert_true(suspect_score(0, torn, 0.5, NAN) > suspect_score(0, torn, 0.5, 0));
    assert_true(suspect_score(0, against, 1, 1) <= 1 && suspect_score(0, sure, 0, 0) >= 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scores_and_confident_joint_agree_with_goldens),
        cmocka_unit_test(test_every_sign_of_an_error_raises_the_suspect_score),
        cmocka_unit_test(test_without_label_or_prediction_there_is_no_score),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
