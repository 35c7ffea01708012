/* The selection: what was picked on the map is known to every other connection, until something else is. */
#include "store_fixture.h"

#include "ferlab/store/selection.h"

enum { SAMPLES = 40 };

static void expect_selected(struct fixture *f, const int64_t *ids, size_t count)
{
    struct columns *c;
    size_t found = 0;
    MUST(f, columns_load(&c, f->ws, RULE_MAJORITY, -1, &f->e));
    for (size_t row = 0; row < c->count; row++) {
        if (!c->selected[row])
            continue;
        assert_true(found < count);
        assert_int_equal(c->id[row], ids[found++]);
    }
    assert_int_equal(found, count);
    columns_free(c);
}

static void test_a_selection_is_kept_and_the_next_takes_its_place(void **state)
{
    (void)state;
    struct fixture f;
    struct columns *c;
    const uint32_t rows[] = {0, 4, 5, 6, 20, 38, 39}, others[] = {7};
    const int64_t ids[] = {1, 5, 6, 7, 21, 39, 40}, other_ids[] = {8};
    fixture_open(&f, SAMPLES);
    expect_selected(&f, NULL, 0);
    MUST(&f, columns_load(&c, f.ws, RULE_MAJORITY, -1, &f.e));
    MUST(&f, selection_set(c, f.ws, true, rows, 7, &f.e));
    expect_selected(&f, ids, 7);
    MUST(&f, selection_set(c, f.ws, true, others, 1, &f.e));
    assert_true(c->selected[7]);
    assert_false(c->selected[0]);
    expect_selected(&f, other_ids, 1);
    MUST(&f, selection_set(c, f.ws, false, rows, 7, &f.e));
    assert_true(c->selected[0]);
    expect_selected(&f, other_ids, 1); /* not kept */
    columns_free(c);
    fixture_close(&f);
}

static void test_what_other_hands_wrote_does_no_harm(void **state)
{
    (void)state;
    struct fixture f;
    const int64_t ids[] = {3, 38, 39, 40};
    fixture_open(&f, SAMPLES);
    MUST(&f, workspace_set_setting(f.ws, "selected_on_map", "x,-,3,9-7,38-999999999999,99", &f.e));
    expect_selected(&f, ids, 4);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_selection_is_kept_and_the_next_takes_its_place),
        cmocka_unit_test(test_what_other_hands_wrote_does_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
