/* The grid on a real pty: the faces it draws are the samples' pixels, moving sends none of them, and its
 * captions, pages, ranges and sizes. */
#include "workbench_fixture.h"

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

/* At 140x42 with cells of 9x19 faces are 96 pixels in tiles of 14x7 cells, the first at cell (3, 1), one
 * pixel in. Their last row of pixels gives way to the caption. */
enum { SIDE = 96, SHOWN = 95, ACROSS = 10, DOWN = 5 };

static int tile_x(int tile)
{
    return 9 * (1 + tile % ACROSS * 14) + 1;
}

static int tile_y(int tile)
{
    return 19 * (3 + tile / ACROSS * 7);
}

static void expect_face(int tile, int64_t id)
{
    uint8_t face[FACE_PIXELS];
    fixture_pixels(&f, id, face);
    int off =
        pixels_off(f.screen, face,
                   (struct shown_face){.x = tile_x(tile), .y = tile_y(tile), .side = SIDE, .rows = SHOWN});
    if (off != 0)
        fail_msg("tile %d does not show sample %lld: %d pixels differ", tile, (long long)id, off);
}

static void test_tiles_show_the_samples_pixels(void **state)
{
    (void)state;
    fixture_start(&f, &full_screen, "");
    for (int tile = 0; tile < ACROSS * DOWN; tile += 7)
        expect_face(tile, tile + 1);
    expect_face(ACROSS * DOWN - 1, ACROSS * DOWN);
}

static void test_moving_the_selection_sends_no_pixels(void **state)
{
    (void)state;
    struct screen *s = fixture_start(&f, &full_screen, "");
    int images = screen_images(s);
    size_t bytes = screen_bytes(s);
    type_keys(s, "l");
    type_keys(s, "j");
    type_keys(s, "j");
    type_keys(s, "h");
    type_keys(s, "k");
    assert_int_equal(screen_images(s), images);
    assert_in_range(screen_bytes(s) - bytes, 1, 20000);
    for (int tile = 0; tile < ACROSS * DOWN; tile++)
        expect_face(tile, tile + 1); /* and erases none */
    expect_text(s, "row 2 of 30");
}

static void test_pages_and_rows_scroll(void **state)
{
    (void)state;
    struct screen *s = fixture_start(&f, &full_screen, "");
    type_keys(s, "\033[6~");
    expect_text(s, "row 6 of 30");
    expect_face(0, 51);
    expect_face(12, 63);
    type_keys(s, "jjjjj"); /* one row beyond the screen */
    expect_text(s, "row 11 of 30");
    expect_face(0, 61);
    type_keys(s, "G");
    expect_text(s, "row 30 of 30");
    expect_face(ACROSS * DOWN - 1, 300);
    type_keys(s, "g");
    expect_text(s, "row 1 of 30");
    expect_face(0, 1);
}

static void test_captions_say_label_prediction_and_verdict(void **state)
{
    (void)state;
    struct screen *s = fixture_start(&f, &full_screen, "pred!=label");
    bool wrong = false, right = false;
    for (int row = 0; row < 40; row++)
        wrong |=
            strstr(screen_row(s, row), "\u2192") != NULL && strstr(screen_row(s, row), "\u2717.86") != NULL;
    assert_true(wrong);
    type_keys(s, ":filter pred=label\r");
    expect_text(s, "sample");
    for (int row = 0; row < 40; row++)
        right |= strstr(screen_row(s, row), "\u2713.86") != NULL;
    assert_true(right);
}

static void test_captions_of_a_small_screen_have_the_confidence(void **state)
{
    (void)state;
    const struct screen_options small = {
        .columns = 80, .rows = 24, .cell_width = 9, .cell_height = 19, .sixel = true};
    struct screen *s = fixture_start(&f, &small, "pred!=label");
    expect_text(s, "neu\u2192hap.86 ");
    s = fixture_start(&f, &small, "pred=label");
    expect_text(s, "neu\u2713.86 "); /* what is right is said once */
}

static void test_flags_and_reviews_are_marked_in_place(void **state)
{
    (void)state;
    struct screen *s = fixture_start(&f, &full_screen, "");
    type_keys(s, "f");
    expect_text(s, "flagged");
    type_keys(s, "4");
    type_keys(s, "h");
    expect_text(s, "\u2691\u270e");
    type_keys(s, "uu");
    expect_events(&f, 4, "undo", NULL);
}

static void test_a_range_is_relabelled_at_once(void **state)
{
    (void)state;
    struct screen *s = fixture_start(&f, &full_screen, "");
    type_keys(s, "vlll5");
    expect_text(s, "4 samples \u2192 anger");
    json_t *log = fixture_log(&f);
    size_t events = json_array_size(log);
    assert_in_range(events, 4, 8);
    for (size_t i = events - 4; i < events; i++)
        assert_string_equal(json_string_value(json_object_get(json_array_get(log, i), "kind")), "relabel");
    json_decref(log);
    type_keys(s, "u");
    expect_text(s, "undone: relabel anger of 4 samples");
}

static void test_a_range_is_counted_and_noted_at_once(void **state)
{
    (void)state;
    struct screen *s = fixture_start(&f, &full_screen, "");
    type_keys(s, "gvll");
    expect_text(s, "range of 3   row 1 of 30");
    type_keys(s, "ndim light\r");
    expect_text(s, "3 samples noted");
    expect_text(s, "\342\200\234dim light");
    expect_no_text(s, "range of");
    json_t *noted = run_ferlab_json("list", "note:yes", "-w", f.workspace, "--json", NULL);
    assert_int_equal(json_array_size(noted), 3);
    json_decref(noted);
    type_keys(s, "u");
    expect_text(s, "undone: note of 3 samples");
}

static void test_undo_says_what_and_of_which_face(void **state)
{
    (void)state;
    struct screen *s = fixture_start(&f, &full_screen, "");
    type_keys(s, "gTblurry\r");
    expect_text(s, "tagged blurry");
    type_keys(s, "t"); /* where the face is not in sight */
    expect_text(s, "start training");
    type_keys(s, "u");
    expect_text(s, "undone: tag blurry of syn0000000.png");
    type_keys(s, "U");
    expect_text(s, "redone: tag blurry of syn0000000.png");
    type_keys(s, "uqf");
    expect_text(s, "syn0000000.png: flagged");
    type_keys(s, "u");
    expect_text(s, "undone: flag of syn0000000.png");
    type_keys(s, "4u");
    expect_text(s, "undone: syn0000000.png: sadness \u2192 neutral");
}

static void test_faces_that_no_longer_pass_are_counted(void **state)
{
    (void)state;
    struct screen *s = fixture_start(&f, &full_screen, "label:happiness");
    type_keys(s, "77");
    expect_text(s, "2 no longer pass (/ Enter)");
    type_keys(s, "/\r");
    expect_no_text(s, "no longer pass");
    type_keys(s, "uu");
}

static void test_more_than_twenty_samples_ask_first(void **state)
{
    (void)state;
    struct screen *s = fixture_start(&f, &full_screen, "");
    json_t *before = fixture_log(&f);
    type_keys(s, "gvjj5");
    expect_text(s, "Label as anger: 21 samples?");
    type_keys(s, "n");
    json_t *after = fixture_log(&f);
    assert_int_equal(json_array_size(after), json_array_size(before));
    json_decref(after);
    type_keys(s, "5y");
    expect_text(s, "21 samples \u2192 anger");
    after = fixture_log(&f);
    assert_int_equal(json_array_size(after), json_array_size(before) + 21);
    json_decref(after);
    json_decref(before);
    type_keys(s, "u");
}

static void test_any_key_but_y_and_pasted_text_are_no(void **state)
{
    (void)state;
    struct screen *s = fixture_start(&f, &full_screen, "");
    json_t *before = fixture_log(&f);
    static const char *const answers[] = {"x", "\r", " ", "\033"};
    type_keys(s, "gvjj");
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        type_keys(s, "5");
        expect_text(s, "Label as anger: 21 samples?");
        type_keys(s, answers[i]);
        expect_text(s, "not done");
    }
    type_keys(s, "5");
    expect_text(s, "Label as anger: 21 samples?");
    type_keys(s, "\033[200~y\033[201~");
    expect_text(s, "not done");
    type_keys(s, "5");
    expect_text(s, "Label as anger: 21 samples?");
    type_keys(s, "\033[200~by y\r\033[201~");
    expect_text(s, "nothing was done with the pasted text");
    json_t *after = fixture_log(&f);
    assert_int_equal(json_array_size(after), json_array_size(before));
    json_decref(after);
    json_decref(before);
}

static void test_a_decision_leaves_the_next_face_s_votes_in_sight(void **state)
{
    (void)state;
    struct screen *s = fixture_start(&f, &full_screen, "");
    type_keys(s, "gl4h");
    char next[512];
    snprintf(next, sizeof next, "%s", screen_row(s, 40));
    assert_non_null(strstr(next, "votes"));
    assert_non_null(strstr(next, "model"));
    type_keys(s, "h4"); /* from the first one on to this */
    expect_text(s, "sadness");
    assert_string_equal(screen_row(s, 40), next);
    assert_non_null(strstr(screen_row(s, 41), "sadness"));
    assert_non_null(strstr(screen_row(s, 41), "? help"));
    type_keys(s, "uu");
}

static void test_ctrl_c_says_how_to_leave(void **state)
{
    (void)state;
    struct screen *s = fixture_start(&f, &full_screen, "");
    type_keys(s, "\003");
    expect_text(s, "q leaves");
    type_keys(s, "l");
    expect_no_text(s, "q leaves");
}

static void test_faces_grow_and_shrink(void **state)
{
    (void)state;
    struct screen *s = fixture_start(&f, &full_screen, "");
    int images = screen_images(s);
    type_keys(s, "++");
    assert_true(screen_images(s) > images);
    expect_text(s, "row 1 of 43"); /* 144 pixels: 7 across */
    type_keys(s, "--");
    expect_text(s, "row 1 of 30");
    expect_face(0, 1);
}

static void test_a_click_selects_and_a_double_click_opens(void **state)
{
    (void)state;
    struct screen *s = fixture_start(&f, &full_screen, "");
    type_keys(s, "\033[<0;20;6M\033[<0;20;6m"); /* the second tile */
    type_keys(s, "\033[<65;20;6M");             /* one notch of the wheel: a row */
    expect_text(s, "row 2 of 30");
    type_keys(s, "\033[<0;20;6M\033[<0;20;6m\033[<0;20;6M\033[<0;20;6m");
    expect_text(s, "votes of ten");
    expect_text(s, "id 2 ");
}

static void test_without_a_model_only_labels_are_shown(void **state)
{
    (void)state;
    struct fixture bare;
    fixture_make(&bare, false);
    struct screen *s = fixture_start(&bare, &full_screen, "");
    expect_text(s, "model none");
    expect_no_text(s, "\u2192");
    type_keys(s, "\r");
    expect_text(s, "no model");
    fixture_remove(&bare);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tiles_show_the_samples_pixels),
        cmocka_unit_test(test_moving_the_selection_sends_no_pixels),
        cmocka_unit_test(test_pages_and_rows_scroll),
        cmocka_unit_test(test_captions_say_label_prediction_and_verdict),
        cmocka_unit_test(test_captions_of_a_small_screen_have_the_confidence),
        cmocka_unit_test(test_flags_and_reviews_are_marked_in_place),
        cmocka_unit_test(test_a_range_is_relabelled_at_once),
        cmocka_unit_test(test_a_range_is_counted_and_noted_at_once),
        cmocka_unit_test(test_undo_says_what_and_of_which_face),
        cmocka_unit_test(test_faces_that_no_longer_pass_are_counted),
        cmocka_unit_test(test_more_than_twenty_samples_ask_first),
        cmocka_unit_test(test_any_key_but_y_and_pasted_text_are_no),
        cmocka_unit_test(test_a_decision_leaves_the_next_face_s_votes_in_sight),
        cmocka_unit_test(test_ctrl_c_says_how_to_leave),
        cmocka_unit_test(test_faces_grow_and_shrink),
        cmocka_unit_test(test_a_click_selects_and_a_double_click_opens),
        cmocka_unit_test(test_without_a_model_only_labels_are_shown),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
