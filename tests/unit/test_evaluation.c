/* Evaluation, agreement and bootstrap intervals against scikit-learn, SciPy, statsmodels and numpy:
 * tests/golden/make_evaluation_goldens.py. */
#include "ferlab/eval/bootstrap.h"
#include "support.h"

#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 200, CASES = 5 };

static int8_t labels[MOST], crowd[MOST], predictions[MOST];
static float probabilities[MOST][EMOTION_COUNT];
static bool in_sample[MOST];
static struct votes votes[MOST];
static uint32_t rows[MOST];
static FILE *golden;

static double number(void)
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

static struct evaluation_faces faces_of(size_t count)
{
    return (struct evaluation_faces){labels,    crowd, predictions, probabilities,
                                     in_sample, votes, rows,        count};
}

static struct evaluation_faces read_faces(size_t count)
{
    assert_true(count <= MOST);
    for (size_t i = 0; i < count; i++) {
        rows[i] = (uint32_t)i;
        labels[i] = (int8_t)number();
        crowd[i] = (int8_t)number();
        bool predicted = number() != 0;
        for (int c = 0; c < CLASS_COUNT; c++)
            votes[i].count[c] = (uint8_t)number();
        for (int k = 0; k < EMOTION_COUNT; k++)
            probabilities[i][k] = (float)number();
        predictions[i] = (int8_t)(predicted ? emotion_most_probable(probabilities[i]) : CLASS_NONE);
        for (int k = 0; !predicted && k < EMOTION_COUNT; k++)
            probabilities[i][k] = NAN;
    }
    return faces_of(count);
}

static void check_scores(const struct evaluation *v)
{
    assert_int_equal(v->metrics.count, number());
    assert_int_equal(v->labelled, number());
    assert_int_equal(v->voted, number());
    for (int s = 0; s < SCORE_COUNT; s++)
        assert_same(v->score[s], number());
}

static void check_crowd(const struct evaluation *v)
{
    for (int b = 0; b < AGREEMENT_BANDS; b++) {
        assert_int_equal(v->band[b].count, number());
        assert_int_equal(v->band[b].right, number());
    }
    assert_same(evaluation_crowd_share(v), number());
    assert_int_equal(v->shares, number());
    assert_same(ceiling_accuracy(&v->ceiling), number());
    assert_int_equal(v->ceiling.faces, number());
    const struct agreement *both[] = {&v->crowd, &v->crowd_emotions};
    for (int i = 0; i < 2; i++) {
        assert_same(agreement_alpha(both[i]), number());
        assert_same(agreement_kappa(both[i]), number());
        assert_int_equal(both[i]->faces, number());
    }
}

/* In uneven steps, as a screen would. */
static struct bootstrap *draw(const struct evaluation_faces *f)
{
    struct bootstrap *b;
    struct err e;
    double low, high;
    assert_true(bootstrap_new(&b, f, &e));
    bootstrap_interval(b, SCORE_ACCURACY, &low, &high);
    assert_true(isnan(low) && isnan(high));
    for (int draws = 1; bootstrap_run(b, draws); draws += 7)
        ;
    assert_false(bootstrap_run(b, 1));
    return b;
}

static void check_intervals(const struct evaluation_faces *f)
{
    struct bootstrap *b = draw(f);
    for (int s = 0; s < SCORE_COUNT; s++) {
        double low, high;
        bootstrap_interval(b, (enum score)s, &low, &high);
        assert_same(low, number());
        assert_same(high, number());
    }
    bootstrap_free(b);
}

static void test_scores_agreement_and_intervals_agree_with_goldens(void **state)
{
    (void)state;
    golden = fopen(FERLAB_GOLDEN "/evaluation.txt", "r");
    assert_non_null(golden);
    size_t count;
    int cases = 0;
    for (; fscanf(golden, " case %zu", &count) == 1; cases++) {
        struct evaluation_faces f = read_faces(count);
        struct evaluation v;
        evaluation_of(&f, &v);
        check_scores(&v);
        check_crowd(&v);
        check_intervals(&f);
    }
    fclose(golden);
    assert_int_equal(cases, CASES);
}

static void make_faces(size_t count)
{
    for (size_t i = 0; i < count; i++) {
        rows[i] = (uint32_t)i;
        labels[i] = crowd[i] = predictions[i] = (int8_t)(i % EMOTION_COUNT);
        votes[i] = (struct votes){0};
        votes[i].count[labels[i]] = 10;
        for (int k = 0; k < EMOTION_COUNT; k++)
            probabilities[i][k] = k == labels[i] ? 1 : 0;
    }
}

static void test_only_the_faces_picked_count(void **state)
{
    (void)state;
    make_faces(MOST);
    labels[1] = CLASS_NF;
    predictions[2] = CLASS_NONE;
    in_sample[1] = in_sample[3] = in_sample[4] = true;
    for (int i = 0; i < 4; i++)
        rows[i] = (uint32_t)i;
    struct evaluation_faces f = faces_of(4);
    struct evaluation v;
    evaluation_of(&f, &v);
    assert_int_equal(v.metrics.count, 2);
    assert_int_equal(v.labelled, 3);
    assert_int_equal(v.in_sample, 1);
    assert_int_equal(v.crowd.faces, 4);
    assert_int_equal(v.band[AGREEMENT_BANDS - 1].count, 2);
    memset(in_sample, 0, sizeof in_sample);
}

static void test_a_perfect_model_has_nothing_to_lose(void **state)
{
    (void)state;
    make_faces(MOST);
    struct evaluation_faces f = faces_of(MOST);
    struct evaluation v;
    evaluation_of(&f, &v);
    for (int s = 0; s < SCORE_COUNT; s++)
        assert_float_equal(v.score[s], s <= SCORE_TOP2 ? 1 : 0, 0);
    assert_float_equal(agreement_alpha(&v.crowd), 1, 0);
    assert_float_equal(agreement_kappa(&v.crowd), 1, 0);
    assert_float_equal(ceiling_accuracy(&v.ceiling), 1, 0);
    assert_float_equal(evaluation_crowd_share(&v), 1, 0);
}

static void test_of_equal_probabilities_two_are_the_largest(void **state)
{
    (void)state;
    make_faces(3);
    for (size_t i = 0; i < 3; i++) {
        for (int k = 0; k < EMOTION_COUNT; k++)
            probabilities[i][k] = 1.0F / EMOTION_COUNT;
        predictions[i] = 0;
    }
    struct evaluation_faces f = faces_of(3);
    struct evaluation v;
    evaluation_of(&f, &v);
    assert_float_equal(v.score[SCORE_TOP2], 2.0 / 3, 1e-12);
}

static void test_one_column_alone_says_nothing_of_agreement(void **state)
{
    (void)state;
    struct agreement a = {0};
    const struct votes single = {{1}}, same = {{0, 10}};
    agreement_add(&a, &single, CLASS_COUNT);
    assert_int_equal(a.faces, 0);
    assert_true(isnan(agreement_alpha(&a)) && isnan(agreement_kappa(&a)));
    agreement_add(&a, &same, CLASS_COUNT);
    assert_int_equal(a.faces, 1);
    assert_true(isnan(agreement_alpha(&a)) && isnan(agreement_kappa(&a)));
}

static void test_bands_meet_at_whole_tenths(void **state)
{
    (void)state;
    const struct {
        struct votes votes;
        int band;
    } cases[] = {
        {{{4, 3, 3}}, 0}, {{{5, 5}}, 1}, {{{6, 0, 0, 0, 0, 0, 0, 0, 4}}, 2},
        {{{9, 1}}, 5},    {{{10}}, 6},   {{{2, 1}}, 2},
        {{{3}}, 6},       {{{0}}, -1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(agreement_band(&cases[i].votes, CLASS_NEUTRAL), cases[i].band);
    assert_int_equal(agreement_band(&cases[0].votes, CLASS_NONE), -1);
    assert_float_equal(agreement_band_low(1), 0.5, 0);
    assert_float_equal(agreement_band_low(AGREEMENT_BANDS - 1), 1, 0);
}

static void test_intervals_do_not_depend_on_threads(void **state)
{
    (void)state;
    make_faces(MOST);
    for (size_t i = 0; i < MOST; i += 3)
        labels[i] = (int8_t)((labels[i] + 1) % EMOTION_COUNT);
    struct evaluation_faces f = faces_of(MOST);
    double low[2], high[2];
    int threads = omp_get_max_threads();
    for (int i = 0; i < 2; i++) {
        omp_set_num_threads(i == 0 ? 1 : 3);
        struct bootstrap *b = draw(&f);
        bootstrap_interval(b, SCORE_MACRO_F1, &low[i], &high[i]);
        bootstrap_free(b);
    }
    omp_set_num_threads(threads);
    assert_true(low[0] == low[1] && high[0] == high[1] && low[0] < high[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scores_agreement_and_intervals_agree_with_goldens),
        cmocka_unit_test(test_only_the_faces_picked_count),
        cmocka_unit_test(test_a_perfect_model_has_nothing_to_lose),
        cmocka_unit_test(test_of_equal_probabilities_two_are_the_largest),
        cmocka_unit_test(test_one_column_alone_says_nothing_of_agreement),
        cmocka_unit_test(test_bands_meet_at_whole_tenths),
        cmocka_unit_test(test_intervals_do_not_depend_on_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
