/* Neighbours against numpy: tests/golden/make_neighbours_golden.py. */
#include "ferlab/base/half.h"
#include "ferlab/eval/neighbours.h"
#include "support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { MOST = 4096, FOUND = 12 };

static uint16_t vectors[MOST];
static size_t count, width;

static FILE *read_vectors(void)
{
    FILE *in = fopen(FERLAB_GOLDEN "/neighbours.txt", "r");
    unsigned half;
    assert_non_null(in);
    assert_int_equal(fscanf(in, " vectors %zu %zu", &count, &width), 2);
    assert_true(count * width <= MOST);
    for (size_t i = 0; i < count * width; i++) {
        assert_int_equal(fscanf(in, "%x", &half), 1);
        vectors[i] = (uint16_t)half;
    }
    return in;
}

static void test_the_nearest_and_their_cosines_agree_with_goldens(void **state)
{
    (void)state;
    FILE *in = read_vectors();
    size_t query, row;
    double cosine;
    int cases = 0;
    for (; fscanf(in, " query %zu", &query) == 1; cases++) {
        struct neighbour near[FOUND];
        assert_int_equal(neighbours_of(vectors, count, width, query, FOUND, near), FOUND);
        for (int i = 0; i < FOUND; i++) {
            assert_int_equal(fscanf(in, "%zu", &row), 1);
            assert_int_equal(near[i].row, row);
        }
        for (int i = 0; i < FOUND; i++) {
            assert_int_equal(fscanf(in, "%lf", &cosine), 1);
            assert_float_equal(near[i].similarity, cosine, 1e-6);
        }
    }
    fclose(in);
    assert_int_equal(cases, 4);
}

static void test_all_known_rows_are_found_and_no_more(void **state)
{
    (void)state;
    fclose(read_vectors());
    struct neighbour near[200];
    assert_int_equal(neighbours_of(vectors, count, width, 5, 200, near), count - 2);
    for (size_t i = 0; i < count - 2; i++)
        assert_true(near[i].row != 20 && near[i].row != 60);
}

static void test_a_row_without_a_vector_has_no_neighbours(void **state)
{
    (void)state;
    fclose(read_vectors());
    struct neighbour near[FOUND];
    assert_int_equal(neighbours_of(vectors, count, width, 20, FOUND, near), 0);
    assert_int_equal(neighbours_of(vectors, count, width, count, FOUND, near), 0);
}

/* Every half that is finite, by the definition of binary16. */
static void test_halves_read_as_the_standard_has_them(void **state)
{
    (void)state;
    for (unsigned h = 0; h < 0x7c00; h++) {
        int exponent = (int)(h >> 10), mantissa = (int)(h & 0x3ff);
        double value = exponent == 0 ? ldexp(mantissa, -24) : ldexp(1024 + mantissa, exponent - 25);
        assert_float_equal(half_to_float((uint16_t)h), value, 0);
        assert_float_equal(half_to_float((uint16_t)(h | 0x8000)), -value, 0);
    }
}

static void test_floats_become_the_nearest_half(void **state)
{
    (void)state;
    for (unsigned h = 0; h < 0x3c00; h++) { /* up to 1 */
        float here = half_to_float((uint16_t)h), next = half_to_float((uint16_t)(h + 1));
        float middle = 0.5f * (here + next), little = (next - here) / 1024;
        assert_int_equal(half_of_float(here), h);
        assert_int_equal(half_of_float(middle - little), h);
        assert_int_equal(half_of_float(middle + little), h + 1);
        assert_int_equal(half_of_float(middle), h + (h & 1));
        assert_int_equal(half_of_float(-here), h | 0x8000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_nearest_and_their_cosines_agree_with_goldens),
        cmocka_unit_test(test_all_known_rows_are_found_and_no_more),
        cmocka_unit_test(test_a_row_without_a_vector_has_no_neighbours),
        cmocka_unit_test(test_halves_read_as_the_standard_has_them),
        cmocka_unit_test(test_floats_become_the_nearest_half),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
