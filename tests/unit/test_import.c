/* Import of Microsoft's layout: what it gives, what becomes of bad input, and that it is all or nothing. */
#include "import_case.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define GOOD_ROW "a.png,\"(0, 0, 48, 48)\",4,0,0,1,3,2,0,0,0,0\n"

/* A folder with the image a.png and this label.csv. */
static void write_set(const char *csv)
{
    write_text("FER2013Train/label.csv", csv);
    write_face("FER2013Train/a.png", 1);
}

/* A good row and a bad one: the good one stays, the bad one is told. */
static void expect_bad_row(const char *row, const char *part_of_reason)
{
    char csv[4096];
    snprintf(csv, sizeof csv, "%s%s", GOOD_ROW, row);
    write_set(csv);
    struct outcome o = import_dir();
    if (!o.fine)
        fail_msg("import failed: %s", o.e.text);
    assert_int_equal(o.result.imported, 1);
    expect_rejection(&o, "FER2013Train/label.csv", 2, part_of_reason);
    unlink(workspace);
}

/* Microsoft's layout */

static void test_folder_gives_votes_box_and_pixels(void **state)
{
    (void)state;
    write_set(GOOD_ROW);
    write_text("FER2013Valid/label.csv", "b.png,\"(1, 2, 47, 48)\",0,10,0,0,0,0,0,0,0,0\n");
    write_face("FER2013Valid/b.png", 2);
    struct outcome o = import_dir();
    expect_counts(&o, 2, 0, 0);

    struct workspace *ws;
    struct columns *c = load_columns(&ws);
    uint8_t pixels[FACE_PIXELS], expected[FACE_PIXELS];
    assert_int_equal(c->count, 2);
    assert_string_equal(c->name[0], "a.png");
    assert_int_equal(c->split[0], SPLIT_TRAIN);
    assert_int_equal(c->votes[0].count[CLASS_ANGER], 3);
    assert_int_equal(c->split[1], SPLIT_VALID);
    assert_int_equal(c->label[1], CLASS_HAPPINESS);
    assert_true(sample_pixels(ws, c->id[1], pixels, NULL));
    make_pixels(2, expected);
    assert_memory_equal(pixels, expected, FACE_PIXELS);
    assert_memory_equal(c->box[1], ((int32_t[]){1, 2, 47, 48}), sizeof *c->box);
    close_columns(c, ws);
}

static void test_folders_are_found_two_levels_below_and_directly(void **state)
{
    (void)state;
    char path[PATH_MAX + 32];
    write_text("deep/data/FER2013Train/label.csv", GOOD_ROW);
    write_face("deep/data/FER2013Train/a.png", 1);
    struct outcome o = import_dir();
    expect_counts(&o, 1, 0, 0);
    snprintf(path, sizeof path, "%s/deep/data", dir);
    o = import_as(path, NULL, false);
    expect_counts(&o, 0, 1, 0);
    snprintf(path, sizeof path, "%s/deep/data/FER2013Train", dir);
    o = import_as(path, NULL, false);
    expect_counts(&o, 0, 1, 0);
}

static void test_three_levels_below_is_too_far(void **state)
{
    (void)state;
    write_text("very/deep/data/FER2013Train/label.csv", GOOD_ROW);
    struct outcome o = import_dir();
    expect_failure(&o, "holds no FER2013Train");
}

static void test_crlf_bom_and_blank_lines_are_tolerated(void **state)
{
    (void)state;
    write_set("\xef\xbb\xbf"
              "a.png,\"(0, 0, 48, 48)\",4,0,0,1,3,2,0,0,0,0\r\n\r\n"
              "c.png,\"(0, 0, 48, 48)\",4,0,0,1,3,2,0,0,0,x\r\n");
    struct outcome o = import_dir();
    assert_int_equal(o.result.imported, 1);
    expect_rejection(&o, "FER2013Train/label.csv", 3, "nf count 'x'");
}

static void test_labels_without_a_csv_file_are_refused(void **state)
{
    (void)state;
    write_set(GOOD_ROW);
    struct outcome o = import_as(dir, "fer2013new.csv", false);
    assert_int_equal(o.e.code, ERR_USAGE);
    expect_failure(&o, "--labels goes with fer2013.csv");
}

static void test_rows_without_a_name_are_skipped(void **state)
{
    (void)state;
    write_set(GOOD_ROW ",\"(0, 0, 48, 48)\",0,0,0,0,0,0,0,0,0,10\n");
    struct outcome o = import_dir();
    expect_counts(&o, 1, 1, 0);
}

static void test_other_sizes_become_their_centred_square(void **state)
{
    (void)state;
    uint8_t wide[96 * 48], pixels[FACE_PIXELS], *png;
    size_t size;
    for (int i = 0; i < 96 * 48; i++)
        wide[i] = i % 96 < 24 || i % 96 >= 72 ? 0 : 200;
    assert_true(image_png_bytes(wide, 96, 48, &png, &size, NULL));
    write_text("FER2013Train/label.csv", GOOD_ROW);
    write_file(dir, "FER2013Train/a.png", png, size);
    free(png);
    struct outcome o = import_dir();
    expect_counts(&o, 1, 0, 0);
    struct workspace *ws;
    struct columns *c = load_columns(&ws);
    assert_true(sample_pixels(ws, c->id[0], pixels, NULL));
    assert_int_equal(pixels[0], 200);
    assert_int_equal(pixels[FACE_PIXELS - 1], 200);
    close_columns(c, ws);
}

/* Bad rows */

static void test_wrong_column_count_is_rejected(void **state)
{
    (void)state;
    expect_bad_row("b.png,\"(0, 0, 48, 48)\",4,0,0\n", "5 fields");
    expect_bad_row("b.png,\"(0, 0, 48, 48)\",4,0,0,1,3,2,0,0,0,0,7\n", "13 fields");
}

static void test_wrong_counts_are_rejected(void **state)
{
    (void)state;
    static const struct {
        const char *counts, *reason;
    } cases[] = {
        {"4,0,0,1,3,2,0,0,0,256", "nf count '256'"},
        {"4,0,0,1,3,2,0,0,0,99999999999999999999", "nf count '9999"},
        {"-1,0,0,1,3,2,0,0,0,0", "neutral count '-1'"},
        {"4,0,0,1,3,2,0,0,1.5,0", "unknown count '1.5'"},
        {"four,0,0,1,3,2,0,0,0,0", "neutral count 'four'"},
        {"4,0,,1,3,2,0,0,0,0", "surprise count ''"},
        {"0,0,0,0,0,0,0,0,0,0", "no vote"},
        {"200,100,0,0,0,0,0,0,0,0", "300 votes"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char row[256];
        snprintf(row, sizeof row, "b.png,\"(0, 0, 48, 48)\",%s\n", cases[i].counts);
        expect_bad_row(row, cases[i].reason);
    }
}

static void test_names_that_climb_or_hide_are_rejected(void **state)
{
    (void)state;
    static const struct {
        const char *name, *reason;
    } cases[] = {
        {"../../../etc/passwd", "other folders"},
        {"..", "other folders"},
        {"x/a.png", "other folders"},
        {"x\\a.png", "other folders"},
        {"a\033]0;x\007.png", "control characters"},
        {"\"a\nb.png\"", "control characters"},
        {"caf\xe9.png", "not UTF-8"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char row[256];
        snprintf(row, sizeof row, "%s,\"(0, 0, 48, 48)\",4,0,0,1,3,2,0,0,0,0\n", cases[i].name);
        expect_bad_row(row, cases[i].reason);
    }
}

static void test_name_with_nul_is_rejected(void **state)
{
    (void)state;
    static const char row[] = GOOD_ROW "a\0b.png,\"(0, 0, 48, 48)\",4,0,0,1,3,2,0,0,0,0\n";
    write_face("FER2013Train/a.png", 1);
    write_file(dir, "FER2013Train/label.csv", row, sizeof row - 1);
    struct outcome o = import_dir();
    expect_rejection(&o, "FER2013Train/label.csv", 2, "control characters");
}

static void test_overlong_name_is_rejected(void **state)
{
    (void)state;
    char row[512];
    snprintf(row, sizeof row, "%0256d.png,\"(0, 0, 48, 48)\",4,0,0,1,3,2,0,0,0,0\n", 1);
    expect_bad_row(row, "longer than 255");
}

static void test_wrong_box_is_rejected(void **state)
{
    (void)state;
    expect_bad_row("b.png,\"(0, 0, 48)\",4,0,0,1,3,2,0,0,0,0\n", "no face box");
    expect_bad_row("b.png,\"(48, 0, 0, 48)\",4,0,0,1,3,2,0,0,0,0\n", "no face box");
    expect_bad_row("b.png,\"(0, 0, 99999999999, 48)\",4,0,0,1,3,2,0,0,0,0\n", "no face box");
}

static void test_file_that_ends_inside_quotes_keeps_good_rows(void **state)
{
    (void)state;
    expect_bad_row("b.png,\"(0, 0, 48, 48),4,0,0,1,3,2,0,0,0,0\n", "ends inside quotes");
}

static void test_missing_image_is_rejected(void **state)
{
    (void)state;
    expect_bad_row("b.png,\"(0, 0, 48, 48)\",4,0,0,1,3,2,0,0,0,0\n", "b.png is missing");
}

static void test_bad_images_are_rejected(void **state)
{
    (void)state;
    static const char row[] = "b.png,\"(0, 0, 48, 48)\",4,0,0,1,3,2,0,0,0,0\n";
    uint8_t pixels[FACE_PIXELS], *png;
    size_t size;
    make_pixels(3, pixels);
    assert_true(image_png_bytes(pixels, FACE_SIZE, FACE_SIZE, &png, &size, NULL));

    write_text("FER2013Train/b.png", "no image at all");
    expect_bad_row(row, "b.png");
    write_file(dir, "FER2013Train/b.png", png, size / 2);
    expect_bad_row(row, "b.png");
    write_file(dir, "FER2013Train/b.png", "", 0);
    expect_bad_row(row, "b.png");
    memcpy(png + 16, "\x7f\xff\xff\xff\x7f\xff\xff\xff", 8); /* IHDR: two thousand million a side */
    write_file(dir, "FER2013Train/b.png", png, size);
    expect_bad_row(row, "b.png");
    free(png);
}

static void test_pipe_in_place_of_an_image_does_not_block(void **state)
{
    (void)state;
    char path[PATH_MAX + 32];
    write_set(GOOD_ROW);
    snprintf(path, sizeof path, "%s/FER2013Train/b.png", dir);
    assert_int_equal(mkfifo(path, 0600), 0);
    expect_bad_row("b.png,\"(0, 0, 48, 48)\",4,0,0,1,3,2,0,0,0,0\n", "not a regular file");
}

/* All or nothing */

static void test_strict_changes_nothing_on_one_bad_row(void **state)
{
    (void)state;
    write_set(GOOD_ROW "b.png,\"(0, 0, 48, 48)\",4\n");
    struct outcome o = import_as(dir, NULL, true);
    assert_int_equal(o.result.rejection_count, 1);
    expect_failure(&o, "--strict");
}

static void test_strict_holds_for_faults_found_late(void **state)
{
    (void)state;
    write_set(GOOD_ROW "gone.png,\"(0, 0, 48, 48)\",4,0,0,1,3,2,0,0,0,0\n");
    struct outcome o = import_as(dir, NULL, true);
    expect_failure(&o, "--strict");
}

static void test_nothing_good_creates_no_workspace(void **state)
{
    (void)state;
    write_text("FER2013Train/label.csv", "fer0.png,\"(0, 0, 48, 48)\",4,0,0\n");
    struct outcome o = import_dir();
    assert_int_equal(o.result.rejected, 1);
    expect_failure(&o, "nothing was imported");
}

static void test_random_bytes_as_labels_create_no_workspace(void **state)
{
    (void)state;
    enum { SIZE = 100000 };
    char *bytes = malloc(SIZE);
    assert_non_null(bytes);
    uint32_t x = 1;
    for (int i = 0; i < SIZE; i++)
        bytes[i] = (char)((x = x * 1664525 + 1013904223) >> 24);
    write_file(dir, "FER2013Train/label.csv", bytes, SIZE);
    free(bytes);
    struct outcome o = import_dir();
    expect_failure(&o, "nothing was imported");
}

static void test_second_import_adds_nothing(void **state)
{
    (void)state;
    write_set(GOOD_ROW);
    struct outcome o = import_dir();
    expect_counts(&o, 1, 0, 0);
    o = import_dir();
    expect_counts(&o, 0, 1, 0);
}

static void test_votes_and_pixels_never_change(void **state)
{
    (void)state;
    write_set(GOOD_ROW);
    struct outcome o = import_dir();
    expect_counts(&o, 1, 0, 0);
    write_text("FER2013Train/label.csv", "a.png,\"(0, 0, 48, 48)\",0,10,0,0,0,0,0,0,0,0\n");
    o = import_dir();
    assert_false(o.fine);
    expect_rejection(&o, "FER2013Train/label.csv", 1, "other votes");
    write_set(GOOD_ROW);
    write_face("FER2013Train/a.png", 9);
    o = import_dir();
    assert_false(o.fine);
    expect_rejection(&o, "FER2013Train/label.csv", 1, "other pixels");
}

static void test_repeated_row_is_skipped_and_contradiction_rejected(void **state)
{
    (void)state;
    write_set(GOOD_ROW GOOD_ROW "a.png,\"(0, 0, 48, 48)\",0,10,0,0,0,0,0,0,0,0\n");
    struct outcome o = import_dir();
    assert_int_equal(o.result.imported, 1);
    assert_int_equal(o.result.skipped, 1);
    expect_rejection(&o, "FER2013Train/label.csv", 3, "other votes");
}

static void test_what_is_no_workspace_is_left_alone(void **state)
{
    (void)state;
    write_set(GOOD_ROW);
    write_text("w.ferlab", "a diary, not a workspace, and long enough to look like a file of some sort\n");
    struct outcome o = import_dir();
    assert_false(o.fine);
    struct stat st;
    assert_int_equal(stat(workspace, &st), 0);
    assert_int_equal(st.st_size,
                     strlen("a diary, not a workspace, and long enough to look like a file of some sort\n"));
    import_result_free(&o.result);
}

static void test_kill_during_import_leaves_no_workspace(void **state)
{
    (void)state;
    enum { ROWS = 20000 };
    char *csv = malloc(ROWS * 64), *to = csv;
    assert_non_null(csv);
    write_face("a.png", 1);
    for (int i = 0; i < ROWS; i++)
        to += sprintf(to, "%d.png,\"(0, 0, 48, 48)\",4,0,0,1,3,2,0,0,0,0\n", i);
    write_file(dir, "FER2013Train/label.csv", csv, (size_t)(to - csv));
    free(csv);
    for (int i = 0; i < ROWS; i++) {
        char from[PATH_MAX + 32], name[PATH_MAX + 32];
        snprintf(from, sizeof from, "%s/a.png", dir);
        snprintf(name, sizeof name, "%s/FER2013Train/%d.png", dir, i);
        assert_int_equal(link(from, name), 0);
    }
    for (int delay_ms = 5; delay_ms <= 85; delay_ms += 20) {
        pid_t pid = fork();
        if (pid == 0) {
            execl(FERLAB_PROGRAM, "ferlab", "-w", workspace, "import", dir, "--quiet", (char *)NULL);
            _exit(127);
        }
        usleep((useconds_t)delay_ms * 1000);
        kill(pid, SIGKILL);
        int status;
        waitpid(pid, &status, 0);
        if (WIFSIGNALED(status))
            assert_int_equal(access(workspace, F_OK), -1);
        else
            unlink(workspace);
    }
    struct outcome o = import_dir();
    expect_counts(&o, ROWS, 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_folder_gives_votes_box_and_pixels),
        TEST(test_folders_are_found_two_levels_below_and_directly),
        TEST(test_three_levels_below_is_too_far),
        TEST(test_crlf_bom_and_blank_lines_are_tolerated),
        TEST(test_labels_without_a_csv_file_are_refused),
        TEST(test_rows_without_a_name_are_skipped),
        TEST(test_other_sizes_become_their_centred_square),
        TEST(test_wrong_column_count_is_rejected),
        TEST(test_wrong_counts_are_rejected),
        TEST(test_names_that_climb_or_hide_are_rejected),
        TEST(test_name_with_nul_is_rejected),
        TEST(test_overlong_name_is_rejected),
        TEST(test_wrong_box_is_rejected),
        TEST(test_file_that_ends_inside_quotes_keeps_good_rows),
        TEST(test_missing_image_is_rejected),
        TEST(test_bad_images_are_rejected),
        TEST(test_pipe_in_place_of_an_image_does_not_block),
        TEST(test_strict_changes_nothing_on_one_bad_row),
        TEST(test_strict_holds_for_faults_found_late),
        TEST(test_nothing_good_creates_no_workspace),
        TEST(test_random_bytes_as_labels_create_no_workspace),
        TEST(test_second_import_adds_nothing),
        TEST(test_votes_and_pixels_never_change),
        TEST(test_repeated_row_is_skipped_and_contradiction_rejected),
        TEST(test_what_is_no_workspace_is_left_alone),
        TEST(test_kill_during_import_leaves_no_workspace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
