/* The face view on a real pty: the large face, votes and model beside each other, the history, labelling and
 * moving on, and going back to the same sample. */
#include "workbench_fixture.h"

#include "ferlab/store/duplicates.h"

static struct fixture f;

static int setup(void **state)
{
    (void)state;
    fixture_make(&f, true);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fixture_remove(&f);
    return 0;
}

static struct screen *open_face(const struct screen_options *o, const char *filter)
{
    struct screen *s = fixture_start(&f, o, filter);
    type_keys(s, "\r");
    expect_text(s, "votes of ten");
    return s;
}

static void test_the_face_is_shown_nine_times_enlarged(void **state)
{
    (void)state;
    open_face(&full_screen, "");
    uint8_t face[FACE_PIXELS];
    fixture_pixels(&f, 1, face);
    struct shown_face at = {.x = 9, .y = 2 * 19, .side = 9 * FACE_SIZE, .rows = 9 * FACE_SIZE};
    assert_int_equal(pixels_off(f.screen, face, at), 0);
    type_keys(f.screen, "i");
    at.smooth = true;
    assert_int_equal(pixels_off(f.screen, face, at), 0);
}

static void test_votes_model_and_scores_are_said(void **state)
{
    (void)state;
    struct screen *s = open_face(&full_screen, "split:valid");
    static const char *const words[] = {
        "1 neutral",    "8 contempt",    "9 unknown", "0 not a face", "model fixture",   "(out of sample)",
        "vote entropy", "JS divergence", "suspect",   "split valid",  "crowd, majority", "why model 0."};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        expect_text(s, words[i]);
    type_keys(s, "q:filter split:train\r\r");
    expect_text(s, "(in sample)");
}

static void test_a_label_moves_on_and_stands_in_the_history(void **state)
{
    (void)state;
    struct screen *s = open_face(&full_screen, "");
    type_keys(s, "7");
    expect_text(s, "\u2192 fear");
    expect_text(s, "2 of 300");
    type_keys(s, "k");
    expect_text(s, "1 of 300");
    expect_text(s, "relabel fear");
    expect_text(s, "reviewed by ");
    expect_events(&f, 1, "relabel", "fear");
    type_keys(s, "u");
    expect_text(s, "undone: ");
    expect_text(s, "relabel fear  (undone)");
    type_keys(s, "U");
    expect_text(s, "redone: ");
    expect_text(s, "reviewed by ");
    expect_events(&f, 3, "redo", NULL);
    type_keys(s, "u");
}

static void test_notes_and_tags_are_written(void **state)
{
    (void)state;
    struct screen *s = open_face(&full_screen, "id:9");
    type_keys(s, "nlooks b\303\266se\r");
    expect_text(s, "note looks b\u00f6se");
    type_keys(s, "Thard\r");
    expect_text(s, "tags hard");
    type_keys(s, "Thard\r");
    expect_text(s, "no longer tagged hard");
    type_keys(s, "n\177\r"); /* the old text stands selected: one backspace clears it */
    expect_text(s, "note removed");
}

static void test_a_tag_of_two_words_becomes_one(void **state)
{
    (void)state;
    struct screen *s = open_face(&full_screen, "id:9");
    type_keys(s, "Ttwo words");
    expect_text(s, "a tag is one word: Enter tags with two-words");
    type_keys(s, "\r");
    expect_text(s, "tagged two-words");
    type_keys(s, "Tb\303\266se");
    expect_text(s, "^ a tag has up to 64 letters a-z");
    type_keys(s, "\r"); /* the prompt stays until it is mended, or given up */
    expect_text(s, "a tag has up to 64 letters a-z");
    type_keys(s, "\033");
    expect_text(s, "tags two-words");
    type_keys(s, "/\025tag:\"two words\"");
    expect_text(s, "a tag is one word; did you mean tag:two-words?");
    type_keys(s, "\033Ttwo words\r");
    expect_text(s, "no longer tagged two-words");
}

/* Samples 5, 7 and 9 are one photograph. */
static void add_copies(const char *path)
{
    struct workspace *ws;
    struct err e;
    int64_t ids[FIXTURE_FACES];
    uint32_t group[FIXTURE_FACES];
    for (uint32_t i = 0; i < FIXTURE_FACES; i++) {
        ids[i] = i + 1;
        group[i] = i;
    }
    group[6] = group[8] = 4;
    if (!workspace_open(&ws, path, WORKSPACE_WRITE, &e) ||
        !duplicates_write(ws, ids, group, FIXTURE_FACES, &e))
        fail_msg("%s", e.text);
    workspace_close(ws);
}

static void test_near_duplicates_are_a_key_away(void **state)
{
    (void)state;
    const struct screen_options small = {
        .columns = 80, .rows = 24, .cell_width = 9, .cell_height = 19, .sixel = true};
    struct screen *s = open_face(&small, "id:3 or id:5");
    type_keys(s, "d");
    expect_text(s, "no near-duplicates known; p or a training in folds looks for them");
    add_copies(f.workspace);
    type_keys(s, "j");
    expect_text(s, "near-duplicate labelled");
    type_keys(s, "d");
    expect_text(s, "dup:5");
    expect_text(s, "row 1 of");
    expect_text(s, " 3  fixture"); /* so many pass */
    type_keys(s, "d");
    expect_text(s, "these are its near-duplicates");
    type_keys(s, "\033"); /* back to the face */
    expect_text(s, "2 of 2");
    type_keys(s, "kd");
    expect_text(s, "has no near-duplicates");
    type_keys(s, "/\025dup:yes\r");
    expect_text(s, "1 of 3");
    type_keys(s, "d");
    expect_text(s, "dup:5");
    type_keys(s, "q/\025id:3 or id:5\r");
    expect_text(s, "of 2");
    type_keys(s, "qr"); /* from the queue, and back to its place */
    expect_text(s, "decided 0");
    type_keys(s, "ld");
    expect_text(s, "dup:5");
    expect_text(s, "row 1 of");
    type_keys(s, "q");
    expect_text(s, "decided 0");
    expect_text(s, "2 of 2");
}

static void test_reviewers_that_disagree_are_shown(void **state)
{
    (void)state;
    const struct screen_options small = {
        .columns = 80, .rows = 24, .cell_width = 9, .cell_height = 19, .sixel = true};
    setenv("FERLAB_REVIEWER", "ana", 1);
    json_decref(run_ferlab_json("label", "-w", f.workspace, "12", "sadness", "--json", NULL));
    setenv("FERLAB_REVIEWER", "ben", 1);
    json_decref(run_ferlab_json("label", "-w", f.workspace, "12", "fear", "--json", NULL));
    unsetenv("FERLAB_REVIEWER");
    struct screen *s = open_face(&small, "contested:yes");
    expect_text(s, "1 of 1");
    expect_text(s, "reviewers ana: sadness, ben: fear; the latest counts");
    expect_text(s, "label fear");
    expect_text(s, "why ");
    type_keys(s, "q");
    expect_text(s, "\u270e?");
}

static void test_votes_are_edited_in_place(void **state)
{
    (void)state;
    struct screen *s = open_face(&full_screen, "id:12");
    type_keys(s, "e");
    expect_text(s, "edit the votes: 10");
    for (int k = 0; k < 10; k++)
        type_keys(s, "0j"); /* all to nothing, and round to the first */
    expect_text(s, "edit the votes: 0");
    type_keys(s, "\r");
    expect_text(s, "no votes at all");
    type_keys(s, "jj12llh"); /* surprise: 12, then one more twice and one less */
    expect_text(s, "edit the votes: 13");
    expect_text(s, "label then surprise");
    type_keys(s, "k1\033"); /* given up */
    expect_text(s, "the votes stay as they were");
    expect_text(s, "votes of ten");
    type_keys(s, "e");
    for (int k = 0; k < 10; k++)
        type_keys(s, "0j");
    type_keys(s, "jj7jjj3\r");
    expect_text(s, "\u2192 surprise");
    expect_text(s, "history");
    expect_text(s, "votes 0,0,7,0,0,3,0,0,0,0");
    json_t *log = fixture_log(&f);
    const json_t *last = json_array_get(log, json_array_size(log) - 1);
    assert_string_equal(json_string_value(json_object_get(last, "kind")), "votes");
    assert_string_equal(json_string_value(json_object_get(last, "value")), "0,0,7,0,0,3,0,0,0,0");
    json_decref(log);
}

static void test_going_back_keeps_the_sample(void **state)
{
    (void)state;
    struct screen *s = open_face(&full_screen, "");
    for (int i = 0; i < 12; i++)
        screen_keys(s, "j");
    expect_text(s, "13 of 300");
    type_keys(s, "\033");
    expect_text(s, "row 2 of 30");
    type_keys(s, "\r");
    expect_text(s, "13 of 300");
}

static void test_the_queue_orders_by_suspicion(void **state)
{
    (void)state;
    struct screen *s = fixture_start(&f, &full_screen, "pred!=label sort:id");
    type_keys(s, "r");
    expect_text(s, "left ");
    expect_text(s, "votes of ten");
}

static void test_everything_fits_80x24(void **state)
{
    (void)state;
    const struct screen_options small = {
        .columns = 80, .rows = 24, .cell_width = 9, .cell_height = 19, .sixel = true};
    struct screen *s = open_face(&small, "split:valid");
    expect_text(s, "0 not a face");
    expect_text(s, "suspect 0");
    expect_text(s, "out of sample");
    expect_text(s, "? help");
    assert_non_null(strstr(screen_row(s, 21), "\u2192")); /* the next faces, until there is a history */
    type_keys(s, "f");
    expect_text(s, "history");
    assert_null(strstr(screen_row(s, 21), "\u2192"));
}

static void test_a_history_that_is_cut_says_so(void **state)
{
    (void)state;
    const struct screen_options small = {
        .columns = 80, .rows = 24, .cell_width = 9, .cell_height = 19, .sixel = true};
    struct screen *s = open_face(&small, "id:11");
    for (int i = 0; i < 6; i++)
        type_keys(s, "f");
    expect_text(s, "history");
    int shown = 0;
    for (int row = 0; row < 22; row++)
        shown += strstr(screen_row(s, row), "flag") != NULL && strstr(screen_row(s, row), ":") != NULL;
    char more[32];
    snprintf(more, sizeof more, "\u2026 %d more", 6 - shown);
    assert_in_range(shown, 1, 5);
    expect_text(s, more);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_face_is_shown_nine_times_enlarged),
        cmocka_unit_test(test_votes_model_and_scores_are_said),
        cmocka_unit_test(test_a_label_moves_on_and_stands_in_the_history),
        cmocka_unit_test(test_notes_and_tags_are_written),
        cmocka_unit_test(test_a_tag_of_two_words_becomes_one),
        cmocka_unit_test(test_near_duplicates_are_a_key_away),
        cmocka_unit_test(test_reviewers_that_disagree_are_shown),
        cmocka_unit_test(test_votes_are_edited_in_place),
        cmocka_unit_test(test_going_back_keeps_the_sample),
        cmocka_unit_test(test_the_queue_orders_by_suspicion),
        cmocka_unit_test(test_everything_fits_80x24),
        cmocka_unit_test(test_a_history_that_is_cut_says_so),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
