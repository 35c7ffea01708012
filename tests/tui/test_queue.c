/* The review queue on a real pty: one key decides and goes on, back, undo, putting back, blind, the frozen
 * test split, and going on where it was left. */
#include "workbench_fixture.h"

static const char filter[] = "split:train pred!=label";

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    fixture_make(f, true);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    fixture_remove(*state);
    free(*state);
    return 0;
}

static struct screen *open_queue(struct fixture *f, const char *text)
{
    struct screen *s = fixture_start(f, &full_screen, text);
    type_keys(s, "r");
    expect_text(s, "left ");
    return s;
}

/* "fer0000123.png" of the title line. */
static void shown_name(struct screen *s, char out[64])
{
    assert_int_equal(sscanf(screen_row(s, 1), " %63s", out), 1);
}

static void expect_name(struct screen *s, const char *name)
{
    char shown[64];
    shown_name(s, shown);
    assert_string_equal(shown, name);
}

static void test_a_key_decides_and_the_next_face_comes(void **state)
{
    struct fixture *f = *state;
    struct screen *s = open_queue(f, filter);
    char first[64], second[64];
    expect_text(s, "1 of ");
    expect_text(s, "decided 0   skipped 0");
    shown_name(s, first);
    type_keys(s, "7");
    expect_text(s, "decided 1   skipped 0");
    expect_text(s, "2 of ");
    shown_name(s, second);
    assert_string_not_equal(first, second);
    expect_events(f, 1, "relabel", "fear");
    type_keys(s, " ");
    expect_text(s, "decided 2   skipped 0");
    expect_events(f, 2, "accept", NULL);
    type_keys(s, "s");
    expect_text(s, "decided 2   skipped 1");
    expect_text(s, "a minute");
    expect_events(f, 2, "accept", NULL); /* skipping is no event */
    type_keys(s, "hhh");
    expect_text(s, "decided   1 of ");
    expect_name(s, first);
    type_keys(s, "5"); /* another mind: the place keeps its turn, and what waits comes next */
    expect_text(s, "decided 2   skipped 1");
    expect_text(s, "4 of ");
    expect_events(f, 3, "relabel", "anger");
}

static void test_undo_returns_to_its_face_and_redo_goes_on(void **state)
{
    struct fixture *f = *state;
    struct screen *s = open_queue(f, filter);
    char first[64], third[64];
    shown_name(s, first);
    type_keys(s, "73");
    expect_text(s, "decided 2 ");
    shown_name(s, third);
    type_keys(s, "u");
    expect_text(s, "decided 1 ");
    expect_text(s, "2 of ");
    type_keys(s, "u");
    expect_text(s, "decided 0 ");
    expect_name(s, first);
    type_keys(s, "UU");
    expect_text(s, "decided 2 ");
    expect_name(s, third);
}

static void test_the_queue_goes_on_after_a_restart(void **state)
{
    struct fixture *f = *state;
    struct screen *s = open_queue(f, filter);
    char name[64], third[64];
    type_keys(s, "7s");
    expect_text(s, "decided 1   skipped 1");
    shown_name(s, name);
    type_keys(s, "q");
    expect_text(s, "row 1 of");
    type_keys(s, "r");
    expect_text(s, "where you left it: 2 done");
    expect_name(s, name);
    s = open_queue(f, filter); /* another process */
    expect_text(s, "where you left it: 2 done");
    expect_text(s, "decided 1   skipped 1");
    expect_text(s, "3 of ");
    expect_name(s, name);
    type_keys(s, "u");
    expect_text(s, "decided 0   skipped 1");
    expect_text(s, "1 of ");
    type_keys(s, "7");
    expect_text(s, "decided 1 ");
    shown_name(s, third);
    assert_string_equal(third, name);
    open_queue(f, "split:valid"); /* another filter is another queue */
    expect_text(f->screen, "decided 0   skipped 0");
}

static void test_an_undo_in_the_shell_brings_its_face_back(void **state)
{
    struct fixture *f = *state;
    struct screen *s = open_queue(f, filter);
    type_keys(s, "7");
    expect_text(s, "decided 1 ");
    json_decref(run_ferlab_json("undo", "-w", f->workspace, "--json", NULL));
    expect_text(s, "decided 0 ");
}

static void test_a_decided_face_can_come_once_more(void **state)
{
    struct fixture *f = *state;
    struct screen *s = open_queue(f, "split:train pred!=label sort:id");
    char first[64];
    shown_name(s, first);
    type_keys(s, "a");
    expect_text(s, "a has a decided face come once more, at the end: first decide one");
    type_keys(s, "7a");
    expect_text(s, ", decided last, comes once more, at the end");
    type_keys(s, "a");
    expect_text(s, "does not come once more");
    type_keys(s, "ha"); /* of the decided face itself */
    expect_text(s, "comes once more, at the end");
    type_keys(s, "Gh");
    expect_text(s, "once more   ");
    expect_name(s, first);
    s = open_queue(f, "split:train pred!=label sort:id");
    type_keys(s, "Gh");
    expect_text(s, "once more   ");
    type_keys(s, "7");
    expect_text(s, "decided 2 ");
    expect_events(f, 2, "relabel", "fear");
}

static void test_the_end_says_what_was_done(void **state)
{
    struct fixture *f = *state;
    struct screen *s = open_queue(f, "id:1 or id:2 or id:3");
    type_keys(s, "7s7");
    expect_text(s, "the queue is done");
    expect_text(s, "decided                   2");
    expect_text(s, "skipped                   1");
    type_keys(s, "a");
    expect_text(s, "2 of 3");
    type_keys(s, "7");
    expect_text(s, "the queue is done");
    type_keys(s, "r");
    expect_text(s, "decided 0   skipped 0   left 3");
    type_keys(s, "G");
    expect_text(s, "the end of the queue");
    type_keys(s, "\r");
    expect_text(s, "1 of 3");
}

static void test_blind_hides_what_others_said_until_the_decision(void **state)
{
    struct fixture *f = *state;
    struct screen *s = open_queue(f, filter);
    expect_text(s, "votes of ten");
    type_keys(s, "B");
    expect_text(s, "blind: decide first");
    type_keys(s, "S");
    expect_text(s, "blind: faces alike are shown when you have decided");
    static const char *const hidden[] = {"votes of", "in sample", "entropy", "crowd,",
                                         "\u25c2",   "\u2717.86", "\u2192"};
    for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++)
        assert_false(screen_has(s, hidden[i]));
    type_keys(s, " ");
    expect_text(s, "space would accept what you do not see");
    expect_events(f, 0, NULL, NULL);
    type_keys(s, "7");
    expect_text(s, "you fear   crowd ");
    expect_text(s, "model ");
    expect_text(s, "blind: decide first"); /* the next face */
    type_keys(s, "h");
    expect_text(s, "votes of ten"); /* of what was decided, all is shown */
    s = open_queue(f, filter);
    expect_text(s, "blind: decide first"); /* blind is kept with the queue */
    type_keys(s, "B");
    expect_text(s, "votes of ten");
}

/* Blind, then otherwise with all in sight: undoing that, the blind decision counts again. */
static void test_undoing_a_change_of_mind_leaves_the_blind_decision(void **state)
{
    struct fixture *f = *state;
    struct screen *s = open_queue(f, "split:valid sort:id");
    type_keys(s, "B77");
    expect_text(s, "decided 2 ");
    type_keys(s, "h1G"); /* seen and changed */
    expect_text(s, "blind: crowd");
    expect_text(s, " of 1");
    type_keys(s, "u");
    expect_text(s, "decided 2 ");
    type_keys(s, "G");
    expect_no_text(s, " of 1");
    type_keys(s, "U");
    expect_text(s, "decided 2 ");
    type_keys(s, "G");
    expect_text(s, " of 1");
    type_keys(s, "uu"); /* both decisions of that face */
    expect_text(s, "decided 1 ");
}

static void test_the_frozen_test_split_is_left_out(void **state)
{
    struct fixture *f = *state;
    struct screen *s = fixture_start(f, &full_screen, "split:test");
    type_keys(s, "r");
    expect_text(s, "all of these are of the test split, which is frozen; :unlock opens it");
    type_keys(s, "7");
    expect_text(s, "The test split is frozen. Unlock it for review (recorded)?");
    type_keys(s, "n");
    expect_text(s, "not done");
    expect_events(f, 0, NULL, NULL);
    type_keys(s, "7y");
    expect_text(s, "\u2192 fear");
    expect_events(f, 2, "relabel", "fear");
    type_keys(s, "r");
    expect_text(s, "decided 0 ");
    type_keys(s, "q:lock\r");
    expect_text(s, "the test split is frozen again");
    type_keys(s, "u");
    expect_text(s, "which is frozen");
    type_keys(s, ":filter id<40 or split:test\rr");
    expect_text(s, "of test frozen");
}

static void test_edited_votes_decide_and_blind_ones_begin_from_nothing(void **state)
{
    struct fixture *f = *state;
    struct screen *s = open_queue(f, filter);
    type_keys(s, "Be");
    expect_text(s, "edit the votes: 0"); /* what others gave stays hidden */
    type_keys(s, "6jjjjjj4\r");
    expect_text(s, "decided 1 ");
    expect_text(s, "you neutral   crowd ");
    expect_text(s, "2 of ");
    expect_events(f, 1, "votes", "6,0,0,0,0,0,4,0,0,0");
}

static void test_the_end_tells_agreement_and_so_does_stats(void **state)
{
    struct fixture *f = *state;
    struct screen *s = open_queue(f, "split:valid sort:id");
    type_keys(s, " aB"); /* accepted, put back; the others blind */
    type_keys(s, "77G");
    expect_text(s, "the end of the queue");
    expect_text(s, "with the crowd");
    expect_text(s, "with the model");
    expect_text(s, "blind: crowd");
    assert_false(screen_has(s, "with yourself"));
    type_keys(s, "h");
    expect_text(s, "once more   ");
    type_keys(s, "7G");
    expect_text(s, "with yourself");
    json_t *all = run_ferlab_json("stats", "-w", f->workspace, "--json", NULL), *one = json_array_get(all, 0);
    json_t *self = json_object_get(one, "self");
    assert_int_equal(json_integer_value(json_object_get(self, "faces")), 1);
    json_decref(all);
}

static void test_the_end_compares_with_the_other_reviewers(void **state)
{
    struct fixture *f = *state;
    setenv("FERLAB_REVIEWER", "ben", 1);
    json_decref(run_ferlab_json("label", "--where", "split:valid", "fear", "--yes", "-w", f->workspace,
                                "--json", NULL));
    unsetenv("FERLAB_REVIEWER");
    struct screen *s = open_queue(f, "split:valid sort:id");
    type_keys(s, "712G");
    expect_no_text(s, "nan");
    expect_text(s, "with ben             33.3 %  kappa 0.00   of 3");
    type_keys(s, "u");
    expect_text(s, "decided 2 ");
    type_keys(s, "G");
    expect_text(s, "with ben             50.0 %  kappa 0.00   of 2");
}

static void test_it_fits_80x24(void **state)
{
    struct fixture *f = *state;
    const struct screen_options small = {
        .columns = 80, .rows = 24, .cell_width = 9, .cell_height = 19, .sixel = true};
    struct screen *s = fixture_start(f, &small, filter);
    type_keys(s, "r");
    expect_text(s, "0 not a face");
    expect_text(s, "decided 0   skipped 0   left ");
    expect_text(s, "1-0 decide");
    expect_text(s, "? help");
    for (int row = 19; row <= 20; row++) /* what is said of the next faces, small, with the confidence */
        if (strstr(screen_row(s, row), "\u2192") != NULL)
            assert_non_null(strstr(screen_row(s, row), ".86"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define QUEUE_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        QUEUE_TEST(test_a_key_decides_and_the_next_face_comes),
        QUEUE_TEST(test_undo_returns_to_its_face_and_redo_goes_on),
        QUEUE_TEST(test_the_queue_goes_on_after_a_restart),
        QUEUE_TEST(test_an_undo_in_the_shell_brings_its_face_back),
        QUEUE_TEST(test_a_decided_face_can_come_once_more),
        QUEUE_TEST(test_the_end_says_what_was_done),
        QUEUE_TEST(test_blind_hides_what_others_said_until_the_decision),
        QUEUE_TEST(test_undoing_a_change_of_mind_leaves_the_blind_decision),
        QUEUE_TEST(test_the_frozen_test_split_is_left_out),
        QUEUE_TEST(test_edited_votes_decide_and_blind_ones_begin_from_nothing),
        QUEUE_TEST(test_the_end_tells_agreement_and_so_does_stats),
        QUEUE_TEST(test_the_end_compares_with_the_other_reviewers),
        QUEUE_TEST(test_it_fits_80x24),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
