/* Principal components against numpy: tests/golden/make_pca_golden.py. */
#include "ferlab/eval/pca.h"
#include "support.h"

#include <math.h>
#include <stdio.h>

enum { MOST = 2048 };

static void test_places_agree_with_goldens(void **state)
{
    (void)state;
    static uint16_t vectors[MOST];
    static float places[MOST][PCA_AXES];
    FILE *in = fopen(FERLAB_GOLDEN "/pca.txt", "r");
    size_t count, width;
    unsigned half;
    double want;
    assert_non_null(in);
    assert_int_equal(fscanf(in, " vectors %zu %zu", &count, &width), 2);
    assert_true(count * width <= MOST);
    for (size_t i = 0; i < count * width; i++) {
        assert_int_equal(fscanf(in, "%x", &half), 1);
        vectors[i] = (uint16_t)half;
    }
    struct pca p;
    assert_true(pca_start(&p, width));
    pca_add(&p, vectors, 50); /* in pieces, as a screen does */
    pca_add(&p, vectors + 50 * width, count - 50);
    pca_find_axes(&p);
    pca_project(&p, vectors, count, places);
    for (size_t i = 0; i < count; i++)
        for (int a = 0; a < PCA_AXES; a++) {
            assert_int_equal(fscanf(in, "%lf", &want), 1);
            if (isnan(want))
                assert_true(isnan(places[i][a]));
            else
                assert_float_equal(places[i][a], want, 2e-5);
        }
    pca_free(&p);
    fclose(in);
}

static void test_vectors_that_are_all_alike_lie_on_one_point(void **state)
{
    (void)state;
    const uint16_t vectors[3][2] = {{0x3c00, 0}, {0x3c00, 0}, {0x3c00, 0}};
    float places[3][PCA_AXES];
    struct pca p;
    assert_true(pca_start(&p, 2));
    pca_add(&p, vectors[0], 3);
    pca_find_axes(&p);
    pca_project(&p, vectors[0], 3, places);
    for (int i = 0; i < 3; i++)
        for (int a = 0; a < PCA_AXES; a++)
            assert_float_equal(places[i][a], 0, 1e-6);
    pca_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_places_agree_with_goldens),
        cmocka_unit_test(test_vectors_that_are_all_alike_lie_on_one_point),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
