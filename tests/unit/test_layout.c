/* Layouts: clusters that a plane through the vectors mixes come apart, the same way every time; and the
 * measure of what is kept. */
#include "ferlab/base/half.h"
#include "ferlab/base/rng.h"
#include "ferlab/eval/layout.h"
#include "support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CLUSTERS = 6, EACH = 50, COUNT = CLUSTERS * EACH, WIDTH = 8, NEAR = 10 };

static uint16_t vectors[COUNT][WIDTH];
static struct neighbour near[COUNT][NEAR];
static float places[COUNT][2];

/* Row i of cluster i % CLUSTERS: around an axis of its own. The first places are the two axes that hold none
 * of clusters 2 to 5 apart. */
static void make(void)
{
    struct rng r;
    rng_seed(&r, 3, 0);
    for (int i = 0; i < COUNT; i++) {
        float v[WIDTH], square = 0;
        for (int k = 0; k < WIDTH; k++) {
            v[k] = (k == i % CLUSTERS ? 1 : 0) + 0.1f * rng_normal(&r);
            square += v[k] * v[k];
        }
        for (int k = 0; k < WIDTH; k++)
            vectors[i][k] = half_of_float(v[k] / sqrtf(square));
        places[i][0] = v[0];
        places[i][1] = v[1];
    }
    assert_true(neighbours_of_block(vectors[0], COUNT, WIDTH, 0, COUNT, NEAR, near[0]));
}

static void test_neighbours_of_many_rows_are_those_of_each(void **state)
{
    (void)state;
    make();
    for (size_t row = 0; row < COUNT; row += 7) {
        struct neighbour alone[NEAR + 1];
        assert_int_equal(neighbours_of(vectors[0], COUNT, WIDTH, row, NEAR + 1, alone), NEAR + 1);
        for (int j = 0; j < NEAR; j++) {
            assert_float_equal(near[row][j].similarity, alone[j + 1].similarity, 1e-5);
            assert_true(near[row][j].row != row);
        }
    }
}

static void test_rows_without_a_vector_are_nobodys_neighbours(void **state)
{
    (void)state;
    make();
    memset(vectors[5], 0, sizeof vectors[5]);
    assert_true(neighbours_of_block(vectors[0], COUNT, WIDTH, 0, COUNT, NEAR, near[0]));
    for (int row = 0; row < COUNT; row++)
        for (int j = 0; j < NEAR; j++)
            assert_int_equal(near[row][j].row == 5, row == 5);
    assert_float_equal(near[5][0].similarity, 0, 0);
}

static void lay_out(void)
{
    struct layout *l = layout_new(near[0], COUNT, NEAR, places);
    int rounds = 1;
    assert_non_null(l);
    while (layout_round(l))
        rounds++;
    assert_int_equal(rounds, LAYOUT_ROUNDS);
    layout_free(l);
}

static void test_clusters_come_apart(void **state)
{
    (void)state;
    make();
    lay_out();
    int own = 0, all = 0;
    for (int i = 0; i < COUNT; i++) { /* is the nearest point one of the same cluster? */
        int best = -1;
        float least = INFINITY;
        for (int j = 0; j < COUNT; j++) {
            float x = places[i][0] - places[j][0], y = places[i][1] - places[j][1];
            if (j != i && x * x + y * y < least) {
                least = x * x + y * y;
                best = j;
            }
        }
        own += best % CLUSTERS == i % CLUSTERS;
        all++;
    }
    assert_true(own > all * 95 / 100);
}

static void test_the_same_input_gives_the_same_places(void **state)
{
    (void)state;
    static float first[COUNT][2];
    make();
    lay_out();
    memcpy(first, places, sizeof first);
    make();
    lay_out();
    assert_memory_equal(first, places, sizeof first);
}

static void test_what_is_kept_counts_neighbours_that_stay(void **state)
{
    (void)state;
    enum { N = 5, K = 2 };
    /* On a line at 0 1 2 3 10: of each row the two nearest there, but for row 4, which names 0 and 3. */
    const float line[N][2] = {{0, 0}, {1, 0}, {2, 0}, {3, 0}, {10, 0}};
    const struct neighbour named[N][K] = {{{1, 0.9f}, {2, 0.8f}},
                                          {{0, 0.9f}, {2, 0.8f}},
                                          {{1, 0.9f}, {3, 0.8f}},
                                          {{2, 0.9f}, {1, 0.8f}},
                                          {{0, 0.9f}, {3, 0.8f}}};
    assert_float_equal(layout_kept(named[0], N, K, line, K, N), 0.9, 1e-9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_neighbours_of_many_rows_are_those_of_each),
        cmocka_unit_test(test_rows_without_a_vector_are_nobodys_neighbours),
        cmocka_unit_test(test_clusters_come_apart),
        cmocka_unit_test(test_the_same_input_gives_the_same_places),
        cmocka_unit_test(test_what_is_kept_counts_neighbours_that_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
