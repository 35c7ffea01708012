/* Places for tensors that live at different times. */
#include "support.h"

#include "../../src/nn/layout.h"

enum { MOST = 64 };

static void expect_apart(const struct tensor *t, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (size_t k = i + 1; k < count; k++) {
            bool meet = t[i].first <= t[k].last && t[k].first <= t[i].last;
            bool overlap = *t[i].at < *t[k].at + t[k].size && *t[k].at < *t[i].at + t[i].size;
            if (meet && overlap)
                fail_msg("[%zu, %zu] at %zu and [%zu, %zu] at %zu overlap", t[i].first, t[i].last, *t[i].at,
                         t[k].first, t[k].last, *t[k].at);
        }
}

static void test_tensors_that_never_meet_share_their_place(void **state)
{
    (void)state;
    size_t at[3];
    struct tensor t[] = {{10, 0, 1, &at[0]}, {7, 2, 3, &at[1]}, {9, 4, 9, &at[2]}};
    assert_int_equal(layout_tensors(t, 3), 10);
}

static void test_tensors_that_meet_lie_apart(void **state)
{
    (void)state;
    size_t at[3];
    struct tensor t[] = {{10, 0, 2, &at[0]}, {7, 2, 3, &at[1]}, {9, 1, 9, &at[2]}};
    assert_int_equal(layout_tensors(t, 3), 26);
    expect_apart(t, 3);
}

/* A step of ten equal layers: ten outputs at the turning point, and going back needs two more places only
 * until the first outputs are dead. */
static void test_gradients_take_the_place_of_outputs_that_are_done_with(void **state)
{
    (void)state;
    enum { N = 10 };
    size_t at[MOST], count = 0;
    struct tensor t[MOST];
    for (size_t i = 0; i < N; i++) {
        t[count] = (struct tensor){100, i, 2 * N - i, &at[count]};
        count++;
        t[count] = (struct tensor){100, 2 * N - i - 1, 2 * N - i, &at[count]};
        count++;
    }
    size_t need = layout_tensors(t, count);
    expect_apart(t, count);
    assert_in_range(need, 100 * N, 100 * (N + 2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tensors_that_never_meet_share_their_place),
        cmocka_unit_test(test_tensors_that_meet_lie_apart),
        cmocka_unit_test(test_gradients_take_the_place_of_outputs_that_are_done_with),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
