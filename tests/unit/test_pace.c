/* The pace of work: time between steps, pauses left out. */
#include "support.h"

#include "ferlab/eval/pace.h"

#include <math.h>

static void test_pauses_are_no_work(void **state)
{
    (void)state;
    struct pace p = {0};
    assert_true(isnan(pace_per_hour(&p)));
    assert_false(pace_step(&p, 1000)); /* how long the first took is not known */
    assert_true(isnan(pace_per_hour(&p)));
    assert_true(pace_step(&p, 1005));
    assert_true(pace_step(&p, 1005 + PACE_PAUSE));
    assert_false(pace_step(&p, 5000)); /* after lunch */
    assert_true(pace_step(&p, 5010));
    assert_int_equal(p.steps, 3);
    assert_float_equal(p.seconds, 5 + PACE_PAUSE + 10, 1e-9);
    assert_float_equal(pace_per_hour(&p), 3600.0 * 3 / (15 + PACE_PAUSE), 1e-9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_pauses_are_no_work)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
