/* The map on a real pty: points as pixels in the colours of their labels, the face under the cursor, a box
 * that opens its faces, and what is said where there is no map. */
#include "workbench_fixture.h"

#include "ferlab/store/embeddings.h"

#include <sys/file.h>
#include <sys/stat.h>

static struct fixture f;

/* Samples on an ellipse in a plane of their own, in the order of their ids: sample 75 at one end of its long
 * axis, 225 at the other. */
static void add_embeddings(void)
{
    enum { VALUES = 3 };
    struct workspace *ws;
    struct err e;
    float vectors[FIXTURE_FACES][VALUES];
    int64_t ids[FIXTURE_FACES];
    if (!workspace_open(&ws, f.workspace, WORKSPACE_WRITE, &e))
        fail_msg("%s", e.text);
    for (int i = 0; i < FIXTURE_FACES; i++) {
        double angle = 6.2831853 * (i + 1) / FIXTURE_FACES;
        vectors[i][0] = (float)(0.2 * cos(angle));
        vectors[i][1] = (float)(0.4 * sin(angle));
        vectors[i][2] = 1;
        ids[i] = i + 1;
    }
    if (!embeddings_write(ws, model_current(ws), ids, vectors[0], VALUES, FIXTURE_FACES, &e))
        fail_msg("%s", e.text);
    workspace_close(ws);
}

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

static struct screen *open_map(const struct screen_options *o, const char *filter)
{
    add_embeddings();
    struct screen *s = fixture_start(&f, o, filter);
    type_keys(s, "y");
    expect_text(s, "principal components of what");
    screen_settle(s, 100);
    return s;
}

/* Pixels of the screen in that colour, give or take what sixel's percents lose. */
static int count_pixels(struct screen *s, int colour)
{
    int width, height, count = 0;
    const uint8_t *rgb = screen_pixels(s, &width, &height);
    for (int i = 0; i < width * height; i++) {
        bool same = true;
        for (int k = 0; k < 3; k++)
            same &= abs(rgb[i * 3 + k] - palette_rgb[colour][k]) <= 2;
        count += same;
    }
    return count;
}

static void test_points_have_the_colours_of_labels_then_of_errors(void **state)
{
    (void)state;
    struct screen *s = open_map(&full_screen, "");
    expect_text(s, "300 faces");
    expect_text(s, "coloured by label");
    for (int k = 0; k < EMOTION_COUNT - 1; k++)
        assert_true(count_pixels(s, PALETTE_EMOTION + k) > 50);
    type_keys(s, "C");
    expect_text(s, "coloured by prediction");
    type_keys(s, "C");
    expect_text(s, "coloured by error");
    assert_true(count_pixels(s, PALETTE_BAD) > 200);
    type_keys(s, ":filter pred=label\r");
    expect_no_text(s, "300 faces");
    screen_settle(s, 100);
    type_keys(s, "C");
    expect_text(s, "coloured by label");
}

/* Right of the middle of the ellipse, 471 pixels away, is an end of its long axis: the map is 999 wide. */
static void test_the_face_nearest_to_the_cursor_is_shown_and_opens(void **state)
{
    (void)state;
    struct screen *s = open_map(&full_screen, "");
    for (int i = 0; i < 52; i++)
        screen_keys(s, "l");
    screen_settle(s, 200);
    expect_text(s, "id ");
    bool at_an_end = false;
    char text[16];
    for (int id = 70; id <= 80; id++) {
        snprintf(text, sizeof text, "id %d ", id);
        at_an_end |= screen_has(s, text);
        snprintf(text, sizeof text, "id %d ", id + 150);
        at_an_end |= screen_has(s, text);
    }
    if (!at_an_end)
        screen_dump(s);
    assert_true(at_an_end);
    type_keys(s, "\r");
    expect_text(s, "votes of ten");
    type_keys(s, "q");
    expect_text(s, "coloured by label");
}

/* A box from the middle to the lower right, and its faces. */
static void open_box(struct screen *s)
{
    type_keys(s, "v");
    for (int i = 0; i < 54; i++)
        screen_keys(s, "l");
    for (int i = 0; i < 18; i++)
        screen_keys(s, "j");
    screen_settle(s, 200);
    type_keys(s, "\r");
}

static void test_a_box_opens_its_faces_and_exports_know_them(void **state)
{
    (void)state;
    struct screen *s = open_map(&full_screen, "");
    type_keys(s, "v");
    expect_text(s, "move to the other corner");
    type_keys(s, "\033"); /* leaves the box, not the map */
    expect_no_text(s, "move to the other corner");
    open_box(s);
    expect_text(s, "in:map");
    expect_text(s, "row 1 of");
    json_t *list = run_ferlab_json("list", "-w", f.workspace, "in:map", "--json", NULL);
    size_t count = json_array_size(list);
    char text[64];
    assert_true(count > 30 && count < 150); /* a quarter of the ellipse, or less */
    snprintf(text, sizeof text, "%zu of 300", count);
    expect_text(s, text);
    json_decref(list);
    /* what counts speaks of them at once; Tab goes back to the validation split, until the filter is another
     */
    snprintf(text, sizeof text, "filter in:map · ");
    type_keys(s, "c");
    expect_text(s, text);
    expect_text(s, "precision");
    type_keys(s, "qM");
    expect_text(s, text);
    type_keys(s, "\t");
    expect_text(s, "validation split");
    type_keys(s, "qc");
    expect_text(s, "validation split");
    type_keys(s, "qq");
    expect_text(s, "300 faces");
    type_keys(s, "cy"); /* the matrix of everything lies below the next box */
    expect_text(s, "coloured by label");
}

static void test_a_box_over_an_open_matrix_has_its_own(void **state)
{
    (void)state;
    struct screen *s = open_map(&full_screen, "");
    type_keys(s, "qc");
    expect_text(s, "validation split");
    type_keys(s, "y");
    expect_text(s, "coloured by label");
    open_box(s);
    expect_text(s, "row 1 of");
    type_keys(s, "c");
    expect_text(s, "filter in:map · ");
    type_keys(s, "q");
    expect_text(s, "row 1 of");
    type_keys(s, "qq");
    expect_text(s, "validation split");
}

static void test_zoom_keeps_what_is_under_the_cursor(void **state)
{
    (void)state;
    struct screen *s = open_map(&full_screen, "");
    int before = count_pixels(s, PALETTE_EMOTION);
    type_keys(s, "+++");
    assert_true(count_pixels(s, PALETTE_EMOTION) < before); /* the middle is empty */
    type_keys(s, "g");
    assert_int_equal(count_pixels(s, PALETTE_EMOTION), before);
}

static void test_it_works_at_80_by_24_and_without_pixels(void **state)
{
    (void)state;
    const struct screen_options small = {.columns = 80, .rows = 24, .mute = true, .term = "xterm"};
    struct screen *s = open_map(&small, "label:happiness");
    expect_text(s, "coloured by label");
    expect_text(s, "2 hap");
    type_keys(s, "v");
    expect_text(s, "move to the other corner");
}

/* Nothing is missing of the embeddings, so the process does not ask the fixture's model, which is none. */
static void test_refining_is_a_process_whose_result_is_kept(void **state)
{
    (void)state;
    struct screen *s = open_map(&full_screen, "");
    type_keys(s, "R");
    expect_text(s, "by neighbourhoods of what fixture sees");
    expect_text(s, "300 faces");
    s = fixture_start(&f, &full_screen, "");
    type_keys(s, "y");
    expect_text(s, "by neighbourhoods of what fixture sees");
}

static void test_without_embeddings_it_says_what_it_waits_for(void **state)
{
    (void)state;
    struct screen *s = fixture_start(&f, &full_screen, "");
    type_keys(s, "y");
    expect_text(s, "has not looked at the faces"); /* the fixture's model is no ONNX file */
    type_keys(s, "q");
    expect_text(s, "row 1 of");
}

/* A log that is locked as by the process that writes it. */
static FILE *lock_log(const char *word)
{
    char path[PATH_MAX + 64];
    snprintf(path, sizeof path, "%s.runs", f.workspace);
    mkdir(path, 0777);
    snprintf(path, sizeof path, "%s.runs/%s-fixture.log", f.workspace, word);
    FILE *log = fopen(path, "w");
    assert_non_null(log);
    assert_int_equal(flock(fileno(log), LOCK_EX), 0);
    return log;
}

/* Another window's process is waited for like one's own. */
static void test_what_another_window_computes_is_watched(void **state)
{
    (void)state;
    FILE *log = lock_log("embed");
    struct screen *s = fixture_start(&f, &full_screen, "");
    type_keys(s, "y");
    fputs("embed: 100 of 300 faces\n", log);
    fflush(log);
    expect_text(s, "100 of 300 faces");
    assert_false(screen_has(s, "computed already"));
    fclose(log);
    log = lock_log("map");
    s = open_map(&full_screen, "");
    fputs("map: round 7\n", log);
    fflush(log);
    type_keys(s, "R");
    expect_text(s, "the map is being refined");
    expect_text(s, "round 7");
    fclose(log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_points_have_the_colours_of_labels_then_of_errors, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_the_face_nearest_to_the_cursor_is_shown_and_opens, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_a_box_opens_its_faces_and_exports_know_them, setup, teardown),
        cmocka_unit_test_setup_teardown(test_zoom_keeps_what_is_under_the_cursor, setup, teardown),
        cmocka_unit_test_setup_teardown(test_it_works_at_80_by_24_and_without_pixels, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_box_over_an_open_matrix_has_its_own, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refining_is_a_process_whose_result_is_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(test_without_embeddings_it_says_what_it_waits_for, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_another_window_computes_is_watched, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
