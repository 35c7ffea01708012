/* Export: what was imported comes back, what was reviewed shows, and OUT is whole or not there. */
#include "support.h"

#include "ferlab/base/path.h"
#include "ferlab/exchange/export.h"
#include "ferlab/exchange/import.h"
#include "ferlab/face/image.h"
#include "ferlab/store/duplicates.h"
#include "ferlab/store/filter.h"
#include "ferlab/store/reviews.h"

#include <dirent.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[PATH_MAX], workspace[PATH_MAX + 16], out[PATH_MAX + 16];

static const char train_csv[] = "b.png,\"(0, 0, 48, 48)\",4,0,0,1,3,2,0,0,0,0\n"
                                "\"comma, name.png\",\"(1, 2, 40, 48)\",0,10,0,0,0,0,0,0,0,0\n"
                                "a.png,\"(0, 0, 48, 48)\",0,0,0,8,2,0,0,0,0,0\n";
static const char valid_csv[] = "a.png,\"(0, 0, 48, 48)\",9,0,0,0,0,0,0,0,0,0\n";

static void write_face(const char *name, int seed)
{
    uint8_t pixels[FACE_PIXELS], *png;
    size_t size;
    for (int i = 0; i < FACE_PIXELS; i++)
        pixels[i] = (uint8_t)(i * 5 + seed * 37);
    assert_true(image_png_bytes(pixels, FACE_SIZE, FACE_SIZE, &png, &size, NULL));
    write_file(dir, name, png, size);
    free(png);
}

static void import_source(const char *path)
{
    const char *const paths[] = {path};
    struct import_request request = {.workspace = workspace, .paths = paths, .path_count = 1, .quiet = true};
    struct import_result result;
    struct err e;
    if (!import_run(&request, &result, &e))
        fail_msg("%s", e.text);
    import_result_free(&result);
}

static int setup(void **state)
{
    (void)state;
    char source[PATH_MAX + 16];
    temp_dir_make(dir);
    snprintf(workspace, sizeof workspace, "%s/w.ferlab", dir);
    snprintf(out, sizeof out, "%s/out", dir);
    snprintf(source, sizeof source, "%s/in", dir);
    write_file(dir, "in/FER2013Train/label.csv", train_csv, strlen(train_csv));
    write_file(dir, "in/FER2013Valid/label.csv", valid_csv, strlen(valid_csv));
    write_face("in/FER2013Train/b.png", 1);
    write_face("in/FER2013Train/comma, name.png", 2);
    write_face("in/FER2013Train/a.png", 3);
    write_face("in/FER2013Valid/a.png", 4);
    import_source(source);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    temp_dir_remove(dir);
    return 0;
}

/* Exports what the filter picks; *e where it fails. */
static bool export_to(const char *path, const char *format, const char *where, enum label_source labels,
                      int64_t *written, struct err *e)
{
    struct workspace *ws;
    struct columns *c;
    struct filter *filter;
    assert_true(workspace_open(&ws, workspace, WORKSPACE_READ, e));
    assert_true(columns_load(&c, ws, RULE_MAJORITY, -1, e));
    assert_true(filter_parse(where, &filter, e));
    uint32_t *rows = calloc(c->count + 1, sizeof *rows);
    assert_non_null(rows);
    struct export_request request = {.workspace = ws,
                                     .columns = c,
                                     .rows = rows,
                                     .row_count = filter_apply(filter, c, rows),
                                     .labels = labels,
                                     .out = path,
                                     .quiet = true};
    bool fine = export_format_find(format)->write(&request, written, e);
    free(rows);
    filter_free(filter);
    columns_free(c);
    workspace_close(ws);
    return fine;
}

static void export_fine(const char *format, const char *where, enum label_source labels, int64_t expected)
{
    struct err e = {0};
    int64_t written = -1;
    if (!export_to(out, format, where, labels, &written, &e))
        fail_msg("%s", e.text);
    assert_int_equal(written, expected);
}

static char *read_below(const char *folder, const char *name)
{
    char path[PATH_MAX];
    size_t size;
    struct err e;
    assert_true(path_join(path, folder, name, &e));
    char *text = file_read(path, 1 << 28, &size, &e);
    if (!text)
        fail_msg("%s", e.text);
    return text;
}

static void expect_file(const char *name, const char *expected)
{
    char *text = read_below(out, name);
    assert_string_equal(text, expected);
    free(text);
}

static void review(int64_t sample, enum event_kind kind, const char *value)
{
    struct workspace *ws;
    struct event *events;
    struct arena arena = {0};
    struct err e;
    struct review r = {.sample = sample, .kind = kind, .value = value};
    assert_true(workspace_open(&ws, workspace, WORKSPACE_WRITE, &e));
    if (!reviews_append(ws, &r, 1, &arena, &events, &e))
        fail_msg("%s", e.text);
    arena_free(&arena);
    workspace_close(ws);
}

static void undo(void)
{
    struct workspace *ws;
    struct event *events;
    size_t count;
    struct arena arena = {0};
    struct err e;
    assert_true(workspace_open(&ws, workspace, WORKSPACE_WRITE, &e));
    assert_true(reviews_undo(ws, &arena, &events, &count, &e));
    assert_int_equal(count, 1);
    arena_free(&arena);
    workspace_close(ws);
}

static size_t entries_of(const char *path)
{
    size_t count = 0;
    DIR *d = opendir(path);
    assert_non_null(d);
    for (struct dirent *entry; (entry = readdir(d));)
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(d);
    return count;
}

/* ferplus */

static void test_labels_come_back_byte_for_byte(void **state)
{
    (void)state;
    export_fine("ferplus", "", LABELS_CROWD, 4);
    expect_file("FER2013Train/label.csv", train_csv);
    expect_file("FER2013Valid/label.csv", valid_csv);
    assert_int_equal(entries_of(out), 2);
}

static void test_pixels_come_back(void **state)
{
    (void)state;
    export_fine("ferplus", "", LABELS_CROWD, 4);
    static const char *const names[] = {"FER2013Train/b.png", "FER2013Train/comma, name.png",
                                        "FER2013Train/a.png", "FER2013Valid/a.png"};
    for (size_t i = 0; i < 4; i++) {
        char from[2 * PATH_MAX], to[2 * PATH_MAX];
        struct gray before, after;
        struct err e;
        snprintf(from, sizeof from, "%s/in/%s", dir, names[i]);
        snprintf(to, sizeof to, "%s/%s", out, names[i]);
        assert_true(image_load(from, &before, &e));
        if (!image_load(to, &after, &e))
            fail_msg("%s", e.text);
        assert_int_equal(after.width, FACE_SIZE);
        assert_int_equal(after.height, FACE_SIZE);
        assert_memory_equal(before.pixels, after.pixels, FACE_PIXELS);
        image_free(&before);
        image_free(&after);
    }
}

static void test_relabel_changes_its_row_alone(void **state)
{
    (void)state;
    setenv("FERLAB_REVIEWER", "ana", 1);
    review(1, EVENT_RELABEL, "fear");
    review(1, EVENT_NOTE, "wide eyes, \"open\" mouth");
    export_fine("ferplus", "", LABELS_REVIEWED, 4);
    char expected[sizeof train_csv + 8];
    snprintf(expected, sizeof expected, "b.png,\"(0, 0, 48, 48)\",0,0,0,0,0,0,10,0,0,0\n%s",
             strchr(train_csv, '\n') + 1);
    expect_file("FER2013Train/label.csv", expected);
    expect_file("FER2013Valid/label.csv", valid_csv);

    char *reviews = read_below(out, "reviews.csv");
    static const char head[] =
        "name,split,old label,new label,reviewer,time,kind,note\nb.png,train,none,fear,ana,2";
    static const char tail[] = "Z,relabel,\"wide eyes, \"\"open\"\" mouth\"\n";
    assert_memory_equal(reviews, head, strlen(head));
    assert_string_equal(reviews + strlen(reviews) - strlen(tail), tail);
    free(reviews);
    unsetenv("FERLAB_REVIEWER");
}

static void test_crowd_export_ignores_reviews(void **state)
{
    (void)state;
    review(1, EVENT_RELABEL, "fear");
    export_fine("ferplus", "", LABELS_CROWD, 4);
    expect_file("FER2013Train/label.csv", train_csv);
    assert_int_equal(entries_of(out), 2);
}

static void test_accepted_and_undone_rows_keep_their_votes(void **state)
{
    (void)state;
    review(2, EVENT_ACCEPT, "happiness");
    review(1, EVENT_RELABEL, "fear");
    undo();
    export_fine("ferplus", "", LABELS_REVIEWED, 4);
    expect_file("FER2013Train/label.csv", train_csv);
    char *reviews = read_below(out, "reviews.csv");
    assert_non_null(strstr(reviews, "\"comma, name.png\",train,happiness,happiness,"));
    assert_null(strstr(reviews, "b.png"));
    free(reviews);
}

static void test_edited_counts_are_exported(void **state)
{
    (void)state;
    review(4, EVENT_VOTES, "1,2,0,0,0,7,0,0,0,0");
    export_fine("ferplus", "split:valid", LABELS_REVIEWED, 1);
    expect_file("FER2013Valid/label.csv", "a.png,\"(0, 0, 48, 48)\",1,2,0,0,0,7,0,0,0,0\n");
    assert_int_equal(entries_of(out), 2); /* the folder and reviews.csv */
}

static void test_relabel_keeps_the_number_of_votes(void **state)
{
    (void)state;
    review(4, EVENT_RELABEL, "nf");
    export_fine("ferplus", "split:valid", LABELS_REVIEWED, 1);
    expect_file("FER2013Valid/label.csv", "a.png,\"(0, 0, 48, 48)\",0,0,0,0,0,0,0,0,0,9\n");
}

static void test_export_imports_again(void **state)
{
    (void)state;
    export_fine("ferplus", "", LABELS_CROWD, 4);
    snprintf(workspace, sizeof workspace, "%s/again.ferlab", dir);
    import_source(out);
    snprintf(out, sizeof out, "%s/out2", dir);
    export_fine("ferplus", "", LABELS_CROWD, 4);
    expect_file("FER2013Train/label.csv", train_csv);
}

static void test_real_data_round_trip(void **state)
{
    (void)state;
    const char *real = real_ferplus();
    if (!real) {
        print_message("the real FER+ folders are not beside the project: skipped\n");
        skip();
        return;
    }
    snprintf(workspace, sizeof workspace, "%s/real.ferlab", dir);
    char folder[PATH_MAX];
    snprintf(folder, sizeof folder, "%s/data/FER2013Valid", real);
    import_source(folder);
    export_fine("ferplus", "", LABELS_CROWD, 3579);
    char *before = read_below(folder, "label.csv");
    expect_file("FER2013Valid/label.csv", before);
    free(before);
}

/* OUT */

static void test_existing_out_is_never_touched(void **state)
{
    (void)state;
    write_file(dir, "out", "mine", 4);
    for (const struct export_format *f = export_formats; f->name; f++) {
        struct err e;
        int64_t written;
        assert_false(export_to(out, f->name, "", LABELS_CROWD, &written, &e));
        assert_non_null(strstr(e.text, "is there already"));
    }
    char *text = read_below(dir, "out");
    assert_string_equal(text, "mine");
    free(text);
    assert_int_equal(entries_of(dir), 3); /* in, w.ferlab, out: no left-overs */
}

static void test_missing_parent_is_a_sentence(void **state)
{
    (void)state;
    char path[PATH_MAX + 32];
    snprintf(path, sizeof path, "%s/no/where", dir);
    for (const struct export_format *f = export_formats; f->name; f++) {
        struct err e;
        int64_t written;
        assert_false(export_to(path, f->name, "", LABELS_CROWD, &written, &e));
        assert_non_null(strstr(e.text, "cannot be created"));
    }
}

static void test_folder_to_standard_output_is_refused(void **state)
{
    (void)state;
    static const char *const formats[] = {"ferplus", "imagefolder", "labelstudio", "fiftyone"};
    for (size_t i = 0; i < 4; i++) {
        struct err e;
        int64_t written;
        assert_false(export_to("-", formats[i], "", LABELS_CROWD, &written, &e));
        assert_int_equal(e.code, ERR_USAGE);
    }
}

static int drop_trigger(void *db, int count, char **values, char **names)
{
    char text[256];
    (void)count;
    (void)names;
    snprintf(text, sizeof text, "DROP TRIGGER %s", values[0]);
    return sqlite3_exec(db, text, NULL, NULL, NULL);
}

/* A hostile workspace: names were checked when they came in, but the file is only a file. */
static void test_stored_name_cannot_leave_the_folder(void **state)
{
    (void)state;
    sqlite3 *db;
    assert_int_equal(sqlite3_open(workspace, &db), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(db, "SELECT name FROM sqlite_master WHERE type = 'trigger'", drop_trigger, db, NULL),
        SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(db, "UPDATE sample SET name = '../../escaped.png' WHERE id = 1", NULL, NULL, NULL),
        SQLITE_OK);
    sqlite3_close(db);
    struct err e;
    int64_t written;
    assert_false(export_to(out, "ferplus", "", LABELS_CROWD, &written, &e));
    assert_non_null(strstr(e.text, "other folders"));
    assert_int_equal(access(out, F_OK), -1);
    assert_int_equal(entries_of(dir), 2);
}

/* Lines */

static void test_csv_has_a_row_a_sample(void **state)
{
    (void)state;
    review(2, EVENT_FLAG, NULL);
    review(2, EVENT_NOTE, "two\nlines");
    review(2, EVENT_TAG, "blur");
    review(2, EVENT_TAG, "dark");
    export_fine("csv", "split:train sort:name", LABELS_CROWD, 3);
    char *text = read_below(dir, "out");
    static const char expected[] =
        "\n3,a.png,train,0,0,0,8,2,0,0,0,0,0,sadness,sadness,no,no,,,,,,,,,,,,,,,,0.500402,,,,,,,,[],,,,,no\n"
        "1,b.png,train,4,0,0,1,3,2,0,0,0,0,none,none,no,no,,,,,,,,,,,,,,,,1.27985,,,,,,,,[],,,,,no\n"
        "2,\"comma, name.png\",train,0,10,0,0,0,0,0,0,0,0,happiness,happiness,no,yes,,,,,,,,,,,,,,"
        "\"two\nlines\",blur dark,0,,,,,,,,\"[{\"\"id\"\":1,";
    assert_memory_equal(text, "id,name,split,votes_neutral,", 28);
    assert_memory_equal(strchr(text, '\n'), expected, strlen(expected));
    free(text);
}

static void test_jsonl_has_an_object_a_line(void **state)
{
    (void)state;
    review(4, EVENT_RELABEL, "fear");
    export_fine("jsonl", "split:valid", LABELS_CROWD, 1);
    char *text = read_below(dir, "out");
    assert_int_equal(strcspn(text, "\n"), strlen(text) - 1);
    json_error_t error;
    json_t *d = json_loads(text, 0, &error);
    if (!d)
        fail_msg("%s", error.text);
    assert_string_equal(json_string_value(json_object_get(d, "label")), "fear");
    assert_string_equal(json_string_value(json_object_get(d, "crowd")), "neutral");
    assert_true(json_is_null(json_object_get(d, "probabilities")));
    json_t *scores = json_object_get(d, "scores");
    assert_true(json_is_null(json_object_get(scores, "suspect")));
    assert_true(json_real_value(json_object_get(scores, "entropy")) == 0.0);
    json_t *event = json_array_get(json_object_get(d, "reviews"), 0);
    assert_string_equal(json_string_value(json_object_get(event, "kind")), "relabel");
    json_decref(d);
    free(text);
}

/* Samples 1 and 3 of train, and 4 of valid, as one photograph. */
static void group_copies(void)
{
    struct workspace *ws;
    struct err e;
    const int64_t ids[] = {1, 2, 3, 4};
    const uint32_t group[] = {0, 1, 0, 0};
    assert_true(workspace_open(&ws, workspace, WORKSPACE_WRITE, &e));
    assert_true(duplicates_write(ws, ids, group, 4, &e));
    workspace_close(ws);
}

static void test_lines_name_the_group_of_near_duplicates(void **state)
{
    (void)state;
    group_copies();
    export_fine("csv", "sort:-id", LABELS_CROWD, 4);
    char *text = read_below(dir, "out"), *line = strchr(text, '\n');
    static const char *const ends[] = {",[],1,,,,no", ",[],1,,,,no", ",[],,,,,no",
                                       ",[],1,,,,no"}; /* of 4, 3, 2, 1 */
    assert_true(strstr(text, ",near_duplicate_group,source,box,flaws,contested\n") < line);
    for (int i = 0; i < 4; i++) {
        char *end = strchr(line + 1, '\n');
        assert_memory_equal(end - strlen(ends[i]), ends[i], strlen(ends[i]));
        line = end;
    }
    free(text);
    assert_int_equal(unlink(out), 0);
    export_fine("jsonl", "id:2 or id:4", LABELS_CROWD, 2);
    text = read_below(dir, "out");
    assert_non_null(strstr(text, "\"id\":2"));
    assert_non_null(strstr(text, "\"near_duplicates\":[],\"near_duplicate_group\":null,"));
    assert_non_null(strstr(text, "\"near_duplicates\":[1,3],\"near_duplicate_group\":1,"));
    free(text);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_labels_come_back_byte_for_byte),
        TEST(test_pixels_come_back),
        TEST(test_relabel_changes_its_row_alone),
        TEST(test_crowd_export_ignores_reviews),
        TEST(test_accepted_and_undone_rows_keep_their_votes),
        TEST(test_edited_counts_are_exported),
        TEST(test_relabel_keeps_the_number_of_votes),
        TEST(test_export_imports_again),
        TEST(test_real_data_round_trip),
        TEST(test_existing_out_is_never_touched),
        TEST(test_missing_parent_is_a_sentence),
        TEST(test_folder_to_standard_output_is_refused),
        TEST(test_stored_name_cannot_leave_the_folder),
        TEST(test_csv_has_a_row_a_sample),
        TEST(test_jsonl_has_an_object_a_line),
        TEST(test_lines_name_the_group_of_near_duplicates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
