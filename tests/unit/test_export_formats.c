/* Exports for other people's programs, read back without the code that wrote them: each sample, face and
 * review is where these programs look for it, and whatever goes wrong leaves nothing. */
#include "store_fixture.h"

#include "ferlab/base/interrupt.h"
#include "ferlab/base/path.h"
#include "ferlab/exchange/export.h"
#include "ferlab/face/image.h"
#include "ferlab/store/columns.h"
#include "ferlab/store/filter.h"
#include "ferlab/store/models.h"
#include "ferlab/store/reviews.h"

#include <dirent.h>
#include <math.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    SAMPLES = 20,
    TRAIN_ID = 1,
    VALID_ID = 9,
    TEST_ID = 10,
    LOST_ID = SAMPLES + 1, /* without a split */
};

static struct fixture f;
static char out[PATH_MAX + 16];

/* The workspace: predictions of the validation split and one face of the training split only, as after an
 * import of half a model; three reviewed samples; a name that two splits share. */

static void predict(int64_t model, int64_t id, bool in_sample)
{
    float p[EMOTION_COUNT] = {[CLASS_SADNESS] = 0.75f, [CLASS_FEAR] = 0.25f};
    MUST(&f, predictions_write(f.ws, model, &id, p, &in_sample, 1, &f.e));
}

static void review(int64_t sample, enum event_kind kind, const char *value)
{
    struct event *events;
    struct review r = {.sample = sample, .kind = kind, .value = value};
    MUST(&f, reviews_append(f.ws, &r, 1, &f.arena, &events, &f.e));
}

static void add_face(const char *name, enum split split)
{
    uint8_t pixels[FACE_PIXELS];
    fixture_pixels(77, pixels);
    struct sample s = {.split = split, .name = name, .box = {0, 0, 48, 48}, .pixels = pixels};
    s.votes.count[CLASS_ANGER] = 10;
    struct sample_writer *w;
    MUST(&f, workspace_begin(f.ws, &f.e));
    MUST(&f, w = sample_writer_new(f.ws, &f.e));
    if (sample_add(w, &s, &f.e) != SAMPLE_NEW)
        fail_msg("%s", f.e.text);
    sample_writer_free(w);
    MUST(&f, workspace_commit(f.ws, &f.e));
}

static int setup(void **state)
{
    (void)state;
    int64_t model;
    const struct model_new m = {
        .name = "small", .onnx = "none", .size = 4, .arch = "8", .parameters = 1, .input_size = 48};
    fixture_open(&f, SAMPLES);
    snprintf(out, sizeof out, "%s/out", f.dir);
    add_face("face00000.png", SPLIT_NONE); /* as sample 1 of train is called */
    MUST(&f, model_add(f.ws, &m, &model, &f.e));
    predict(model, TRAIN_ID, true);
    predict(model, VALID_ID, false);
    predict(model, VALID_ID + 10, false);
    review(TRAIN_ID, EVENT_ACCEPT, "neutral");
    review(VALID_ID, EVENT_RELABEL, "fear");
    review(VALID_ID, EVENT_NOTE, "wide \"eyes\"");
    review(VALID_ID, EVENT_TAG, "blur");
    review(VALID_ID, EVENT_TAG, "dark");
    fixture_unlock(&f);
    review(TEST_ID, EVENT_VOTES, "0,0,0,0,0,0,9,1,0,0");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fixture_close(&f);
    return 0;
}

/* Exporting */

static bool export_to(const char *format, const char *where, rlim_t file_bytes, int64_t *written)
{
    struct columns *c;
    struct filter *filter;
    struct rlimit before;
    MUST(&f, columns_load(&c, f.ws, RULE_MAJORITY, 0, &f.e));
    MUST(&f, filter_parse(where, &filter, &f.e));
    uint32_t *rows = calloc(c->count + 1, sizeof *rows);
    assert_non_null(rows);
    struct export_request request = {.workspace = f.ws,
                                     .columns = c,
                                     .rows = rows,
                                     .row_count = filter_apply(filter, c, rows),
                                     .labels = LABELS_REVIEWED,
                                     .out = out,
                                     .quiet = true};
    getrlimit(RLIMIT_FSIZE, &before);
    if (file_bytes > 0)
        setrlimit(RLIMIT_FSIZE, &(struct rlimit){file_bytes, before.rlim_max});
    bool fine = export_format_find(format)->write(&request, written, &f.e);
    setrlimit(RLIMIT_FSIZE, &before);
    free(rows);
    filter_free(filter);
    columns_free(c);
    return fine;
}

static void export_fine(const char *format, const char *where, int64_t expected)
{
    int64_t written = -1;
    if (!export_to(format, where, 0, &written))
        fail_msg("%s", f.e.text);
    assert_int_equal(written, expected);
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

static void refused(const char *format, const char *where, rlim_t file_bytes, const char *words)
{
    int64_t written = -1;
    size_t before = entries_of(f.dir);
    REFUSED(&f, export_to(format, where, file_bytes, &written), words);
    assert_int_equal(written, 0);
    assert_int_equal(access(out, F_OK), -1);
    assert_int_equal(entries_of(f.dir), before); /* no left-overs */
}

/* Reading back */

static char *read_out(const char *name, size_t *size)
{
    char path[PATH_MAX];
    assert_true(path_join(path, out, name, &f.e));
    char *bytes = file_read(path, 1 << 28, size, &f.e);
    if (!bytes)
        fail_msg("%s", f.e.text);
    return bytes;
}

static json_t *read_json(const char *name)
{
    size_t size;
    json_error_t error;
    char *text = read_out(name, &size);
    json_t *d = json_loads(text, JSON_REJECT_DUPLICATES, &error);
    if (!d)
        fail_msg("%s: %s", name, error.text);
    free(text);
    return d;
}

/* Each line is one object. */
static json_t *read_lines(const char *name)
{
    size_t size;
    json_t *rows = json_array();
    char *text = read_out(name, &size), *line = text;
    for (char *end; (end = strchr(line, '\n')); line = end + 1) {
        json_error_t error;
        *end = '\0';
        json_t *row = json_loads(line, JSON_REJECT_DUPLICATES, &error);
        if (!row)
            fail_msg("%s: %s: %s", name, line, error.text);
        json_array_append_new(rows, row);
    }
    assert_int_equal(*line, '\0');
    free(text);
    return rows;
}

static const char *text_of(const json_t *d, const char *key)
{
    const char *text = json_string_value(json_object_get(d, key));
    if (!text)
        fail_msg("no text \"%s\"", key);
    return text;
}

static void expect_words(const json_t *d, const char *key, const char *expected)
{
    char *dumped = json_dumps(json_object_get(d, key), JSON_COMPACT | JSON_ENCODE_ANY);
    assert_non_null(dumped);
    assert_string_equal(dumped, expected);
    free(dumped);
}

/* The one of them that has this id. */
static json_t *with_id(const json_t *rows, const char *key, int64_t id)
{
    size_t i;
    json_t *row;
    json_array_foreach(rows, i, row) if (json_integer_value(json_object_get(row, key)) == id) return row;
    fail_msg("no sample %d", (int)id);
    return NULL;
}

static void expect_pixels(const uint8_t *bytes, size_t size, int64_t id)
{
    uint8_t expected[FACE_PIXELS];
    struct gray image;
    MUST(&f, sample_pixels(f.ws, id, expected, &f.e));
    MUST(&f, image_decode(bytes, size, "face", &image, &f.e));
    assert_int_equal(image.width, FACE_SIZE);
    assert_int_equal(image.height, FACE_SIZE);
    assert_memory_equal(image.pixels, expected, FACE_PIXELS);
    image_free(&image);
}

static void expect_face(const char *name, int64_t id)
{
    size_t size;
    char *bytes = read_out(name, &size);
    expect_pixels((const uint8_t *)bytes, size, id);
    free(bytes);
}

/* imagefolder */

/* datasets refuses splits whose columns differ in type, and reads no type from null or an empty list. */
static void expect_same_types(const json_t *a, const json_t *b)
{
    const char *key;
    json_t *value;
    assert_int_equal(json_object_size(a), json_object_size(b));
    json_object_foreach((json_t *)a, key, value)
    {
        const json_t *other = json_object_get(b, key);
        bool alike = (json_is_boolean(value) && json_is_boolean(other)) ||
                     (other && json_typeof(value) == json_typeof(other));
        if (!alike || json_is_null(value) || (json_is_array(value) && json_array_size(value) == 0))
            fail_msg("column %s has no one type", key);
        for (size_t i = 0; i < json_array_size(value); i++)
            assert_int_equal(json_typeof(json_array_get(value, i)), json_typeof(json_array_get(other, 0)));
    }
}

static void test_imagefolder_has_a_folder_a_split_with_its_faces(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        size_t count;
    } splits[] = {{"train", 16}, {"validation", 2}, {"test", 2}, {"none", 1}};
    export_fine("imagefolder", "", SAMPLES + 1);
    assert_int_equal(entries_of(out), 5); /* README.md */
    for (size_t s = 0; s < 4; s++) {
        char path[PATH_MAX + 64];
        snprintf(path, sizeof path, "%s/metadata.jsonl", splits[s].name);
        json_t *rows = read_lines(path), *row;
        size_t i;
        assert_int_equal(json_array_size(rows), splits[s].count);
        json_array_foreach(rows, i, row)
        {
            snprintf(path, sizeof path, "%s/%s", splits[s].name, text_of(row, "file_name"));
            expect_face(path, json_integer_value(json_object_get(row, "id")));
        }
        json_decref(rows);
        snprintf(path, sizeof path, "%s/%s", out, splits[s].name);
        assert_int_equal(entries_of(path), splits[s].count + 1);
    }
}

static void test_imagefolder_columns_have_one_type_in_every_split(void **state)
{
    (void)state;
    static const char *const files[] = {"train/metadata.jsonl", "validation/metadata.jsonl",
                                        "test/metadata.jsonl", "none/metadata.jsonl"};
    export_fine("imagefolder", "", SAMPLES + 1);
    json_t *first = read_lines(files[0]);
    for (size_t s = 0; s < 4; s++) {
        json_t *rows = read_lines(files[s]), *row;
        size_t i;
        json_array_foreach(rows, i, row) expect_same_types(row, json_array_get(first, 0));
        json_decref(rows);
    }
    json_decref(first);
}

static void test_imagefolder_keeps_votes_labels_and_reviews_apart(void **state)
{
    (void)state;
    export_fine("imagefolder", "split:valid", 2);
    json_t *rows = read_lines("validation/metadata.jsonl"), *row = with_id(rows, "id", VALID_ID);
    expect_words(row, "votes", "[9,0,0,1,0,0,0,0,0,0]");
    expect_words(row, "crowd", "\"neutral\"");
    expect_words(row, "label", "\"fear\"");
    expect_words(row, "reviewed", "true");
    expect_words(row, "prediction", "\"sadness\"");
    expect_words(row, "probabilities", "[0.0,0.0,0.0,0.75,0.0,0.0,0.25,0.0]");
    expect_words(row, "tags", "\"blur dark\"");
    expect_words(row, "note", "\"wide \\\"eyes\\\"\"");
    json_t *reviews = json_loads(text_of(row, "reviews"), 0, NULL);
    assert_int_equal(json_array_size(reviews), 4);
    expect_words(json_array_get(reviews, 0), "value", "\"fear\"");
    expect_words(json_array_get(reviews, 0), "reviewer", "\"ana\"");
    json_decref(reviews);
    json_decref(rows);
}

static void test_imagefolder_tells_the_library_its_splits(void **state)
{
    (void)state;
    size_t size;
    export_fine("imagefolder", "not split:test", SAMPLES - 1);
    char *text = read_out("README.md", &size);
    static const char head[] = "---\nconfigs:\n- config_name: default\n  data_files:\n"
                               "  - split: train\n    path: train/**\n"
                               "  - split: validation\n    path: validation/**\n"
                               "  - split: none\n    path: none/**\n---\n";
    assert_memory_equal(text, head, strlen(head));
    free(text);
}

/* labelstudio */

static size_t base64_decode(const char *text, uint8_t *bytes)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t count = 0;
    uint32_t bits = 0;
    int have = 0;
    for (; *text && *text != '='; text++) {
        const char *digit = strchr(digits, *text);
        assert_non_null(digit);
        bits = bits << 6 | (uint32_t)(digit - digits);
        if ((have += 6) >= 8)
            bytes[count++] = (uint8_t)(bits >> (have -= 8));
    }
    return count;
}

static void expect_uri(const char *uri, int64_t id)
{
    static const char head[] = "data:image/png;base64,";
    static uint8_t bytes[8192];
    assert_memory_equal(uri, head, strlen(head));
    assert_true(strlen(uri) < sizeof bytes);
    assert_int_equal((strlen(uri) - strlen(head)) % 4, 0);
    expect_pixels(bytes, base64_decode(uri + strlen(head), bytes), id);
}

/* What the choice of an annotation or prediction says, after a look at its form. */
static const char *chosen(const json_t *task, const char *whose)
{
    const json_t *list = json_object_get(task, whose);
    assert_int_equal(json_array_size(list), 1);
    const json_t *results = json_object_get(json_array_get(list, 0), "result");
    assert_int_equal(json_array_size(results), 1);
    const json_t *result = json_array_get(results, 0);
    assert_string_equal(text_of(result, "type"), "choices");
    assert_string_equal(text_of(result, "from_name"), "emotion");
    assert_string_equal(text_of(result, "to_name"), "image");
    const json_t *choices = json_object_get(json_object_get(result, "value"), "choices");
    assert_int_equal(json_array_size(choices), 1);
    return json_string_value(json_array_get(choices, 0));
}

static json_t *task_with_id(const json_t *tasks, int64_t id)
{
    size_t i;
    json_t *task;
    json_array_foreach(
        tasks, i, task) if (json_integer_value(json_object_get(json_object_get(task, "data"), "ferlab_id")) ==
                            id) return task;
    fail_msg("no task %d", (int)id);
    return NULL;
}

static void test_labelstudio_has_a_task_a_sample_with_its_face(void **state)
{
    (void)state;
    export_fine("labelstudio", "sort:-id", SAMPLES + 1);
    json_t *tasks = read_json("tasks.json"), *task;
    size_t i;
    assert_int_equal(json_array_size(tasks), SAMPLES + 1);
    json_array_foreach(tasks, i, task)
    {
        const json_t *data = json_object_get(task, "data");
        int64_t id = json_integer_value(json_object_get(data, "ferlab_id"));
        assert_int_equal(id, SAMPLES + 1 - (int)i); /* the order wanted */
        expect_uri(text_of(data, "image"), id);
    }
    json_decref(tasks);
    assert_int_equal(entries_of(out), 2);
}

static void test_labelstudio_tells_votes_reviews_and_predictions_apart(void **state)
{
    (void)state;
    export_fine("labelstudio", "", SAMPLES + 1);
    json_t *tasks = read_json("tasks.json"), *task = task_with_id(tasks, VALID_ID);
    const json_t *data = json_object_get(task, "data"),
                 *prediction = json_array_get(json_object_get(task, "predictions"), 0);
    expect_words(data, "votes",
                 "{\"neutral\":9,\"happiness\":0,\"surprise\":0,\"sadness\":1,\"anger\":0,\"disgust\":0,"
                 "\"fear\":0,\"contempt\":0,\"unknown\":0,\"nf\":0}");
    expect_words(data, "crowd", "\"neutral\"");
    assert_string_equal(chosen(task, "annotations"), "fear");
    assert_string_equal(chosen(task, "predictions"), "sadness");
    expect_words(prediction, "model_version", "\"small\"");
    expect_words(prediction, "score", "0.75");
    assert_string_equal(chosen(task_with_id(tasks, TRAIN_ID), "annotations"), "neutral"); /* accepted */
    assert_string_equal(chosen(task_with_id(tasks, TEST_ID), "annotations"), "fear");     /* votes edited */
    json_t *untouched = task_with_id(tasks, 2);
    assert_int_equal(json_array_size(json_object_get(untouched, "annotations")), 0);
    assert_int_equal(json_array_size(json_object_get(untouched, "predictions")), 0);
    json_decref(tasks);
}

static void test_labelstudio_interface_offers_every_class(void **state)
{
    (void)state;
    size_t size;
    export_fine("labelstudio", "", SAMPLES + 1);
    char *xml = read_out("config.xml", &size), wanted[64];
    assert_non_null(strstr(xml, "<Image name=\"image\" value=\"$image\""));
    assert_non_null(strstr(xml, "<Choices name=\"emotion\" toName=\"image\" choice=\"single\""));
    for (int k = 0; k < CLASS_COUNT; k++) {
        snprintf(wanted, sizeof wanted, "<Choice value=\"%s\" hotkey=\"%d\"/>", class_name(k), (k + 1) % 10);
        assert_non_null(strstr(xml, wanted));
    }
    free(xml);
}

/* fiftyone */

static void test_fiftyone_has_a_sample_a_face_below_data(void **state)
{
    (void)state;
    export_fine("fiftyone", "", SAMPLES + 1);
    json_t *d = read_json("samples.json"), *samples = json_object_get(d, "samples"), *sample;
    size_t i;
    assert_int_equal(json_array_size(samples), SAMPLES + 1);
    json_array_foreach(samples, i, sample)
    {
        assert_memory_equal(text_of(sample, "filepath"), "data/", 5);
        assert_null(json_object_get(sample, "id")); /* FiftyOne's own */
        expect_face(text_of(sample, "filepath"), json_integer_value(json_object_get(sample, "ferlab_id")));
    }
    assert_string_equal(text_of(with_id(samples, "ferlab_id", LOST_ID), "filepath"),
                        "data/none/face00000.png");
    json_decref(d);
    assert_int_equal(entries_of(out), 3);
}

static void test_fiftyone_labels_are_classifications(void **state)
{
    (void)state;
    export_fine("fiftyone", "", SAMPLES + 1);
    json_t *d = read_json("samples.json"), *samples = json_object_get(d, "samples");
    json_t *sample = with_id(samples, "ferlab_id", VALID_ID);
    expect_words(sample, "tags", "[\"validation\",\"blur\",\"dark\"]");
    expect_words(sample, "votes", "[9,0,0,1,0,0,0,0,0,0]");
    expect_words(sample, "crowd", "{\"_cls\":\"Classification\",\"label\":\"neutral\"}");
    expect_words(sample, "ground_truth", "{\"_cls\":\"Classification\",\"label\":\"fear\"}");
    expect_words(sample, "predictions",
                 "{\"_cls\":\"Classification\",\"label\":\"sadness\",\"confidence\":0.75}");
    expect_words(sample, "in_sample", "false");
    expect_words(sample, "reviewed", "true");
    assert_int_equal(json_array_size(json_object_get(sample, "reviews")), 4);
    expect_words(with_id(samples, "ferlab_id", TEST_ID), "edited_votes", "[0,0,0,0,0,0,9,1,0,0]");
    expect_words(with_id(samples, "ferlab_id", 2), "predictions", "null");
    json_decref(d);
}

static void test_fiftyone_metadata_names_no_version_of_a_database(void **state)
{
    (void)state;
    export_fine("fiftyone", "", SAMPLES + 1);
    json_t *d = read_json("metadata.json"), *info = json_object_get(d, "info");
    assert_string_equal(text_of(d, "media_type"), "image");
    assert_null(json_object_get(d, "version"));
    assert_int_equal(json_array_size(json_object_get(info, "classes")), CLASS_COUNT);
    expect_words(info, "model", "\"small\"");
    json_decref(d);
}

/* Nothing, or all of it */

static void test_an_empty_export_is_one(void **state)
{
    (void)state;
    static const struct {
        const char *format, *file, *key;
    } cases[] = {{"labelstudio", "tasks.json", NULL}, {"fiftyone", "samples.json", "samples"}};
    for (size_t i = 0; i < 2; i++) {
        export_fine(cases[i].format, "id:999", 0);
        json_t *d = read_json(cases[i].file), *list = cases[i].key ? json_object_get(d, cases[i].key) : d;
        assert_true(json_is_array(list));
        assert_int_equal(json_array_size(list), 0);
        json_decref(d);
        temp_dir_remove(out);
    }
    export_fine("imagefolder", "id:999", 0);
    assert_int_equal(entries_of(out), 1);
}

static void test_a_failed_write_leaves_nothing(void **state)
{
    (void)state;
    signal(SIGXFSZ, SIG_IGN);
    for (const struct export_format *format = export_formats; format->name; format++) {
        refused(format->name, "", 100, "cannot be written");
        assert_memory_equal(f.e.text, out, strlen(out)); /* whatever file of it was being written */
    }
}

static void test_an_interrupted_export_leaves_nothing(void **state)
{
    (void)state;
    interrupt_install();
    raise(SIGINT);
    for (const struct export_format *format = export_formats; format->name; format++)
        refused(format->name, "", 0, "export stopped; nothing was written");
    interrupt_clear();
}

/* A hostile workspace: names were checked when they came in, but the file is only a file. */

static int drop_trigger(void *db, int count, char **values, char **names)
{
    char text[256];
    (void)count;
    (void)names;
    snprintf(text, sizeof text, "DROP TRIGGER %s", values[0]);
    return sqlite3_exec(db, text, NULL, NULL, NULL);
}

static void rename_sample(int64_t id, const char *name)
{
    sqlite3 *db;
    sqlite3_stmt *s;
    assert_int_equal(sqlite3_open(f.path, &db), SQLITE_OK);
    sqlite3_exec(db, "SELECT name FROM sqlite_master WHERE type = 'trigger'", drop_trigger, db, NULL);
    sqlite3_exec(db, "PRAGMA ignore_check_constraints = ON", NULL, NULL, NULL);
    assert_int_equal(sqlite3_prepare_v2(db, "UPDATE sample SET name = ?1 WHERE id = ?2", -1, &s, NULL),
                     SQLITE_OK);
    sqlite3_bind_text(s, 1, name, -1, SQLITE_STATIC);
    sqlite3_bind_int64(s, 2, id);
    assert_int_equal(sqlite3_step(s), SQLITE_DONE);
    sqlite3_finalize(s);
    sqlite3_close(db);
}

static void test_hostile_names_never_leave_the_folder(void **state)
{
    (void)state;
    static const char *const formats[] = {"ferplus", "imagefolder", "fiftyone"};
    static char too_long[300];
    memset(too_long, 'a', sizeof too_long - 1);
    const struct {
        const char *name, *words;
    } cases[] = {
        {"../../escaped.png", "other folders"},
        {"/tmp/escaped.png", "other folders"},
        {"..", "other folders"},
        {".", "other folders"},
        {"a\\b.png", "other folders"},
        {"", "empty"},
        {"a\n.png", "control characters"},
        {"\033[2J.png", "control characters"},
        {"\xff.png", "not UTF-8"},
        {too_long, "longer than 255 bytes"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        rename_sample(VALID_ID, cases[i].name);
        for (size_t k = 0; k < 3; k++)
            refused(formats[k], "", 0, cases[i].words);
    }
}

/* There a name is a text like another. */
static void test_labelstudio_makes_no_file_of_a_name(void **state)
{
    (void)state;
    rename_sample(VALID_ID, "../../escaped.png");
    export_fine("labelstudio", "", SAMPLES + 1);
    json_t *tasks = read_json("tasks.json");
    expect_words(json_object_get(task_with_id(tasks, VALID_ID), "data"), "name", "\"../../escaped.png\"");
    json_decref(tasks);
    assert_int_equal(entries_of(out), 2);
}

static void test_names_that_meet_in_one_file_are_refused(void **state)
{
    (void)state;
    add_face("twin", SPLIT_TEST);
    add_face("twin.png", SPLIT_TEST);
    refused("imagefolder", "", 0, "twin.png: two files of the export would have this name");
    refused("fiftyone", "", 0, "twin.png: two files");
    refused("ferplus", "", 0, "twin.png: two files");
    export_fine("imagefolder", "not name:twin", SAMPLES + 2);
}

static void test_names_of_an_export_s_own_files_are_safe(void **state)
{
    (void)state;
    add_face("metadata.jsonl", SPLIT_TEST);
    add_face("label.csv", SPLIT_TEST);
    export_fine("imagefolder", "split:test", 4);
    expect_face("test/metadata.jsonl.png", LOST_ID + 1);
}

static void test_a_face_called_as_the_labels_lies_beside_them(void **state)
{
    (void)state;
    add_face("label.csv", SPLIT_TEST);
    export_fine("ferplus", "split:test", 3);
    expect_face("FER2013Test/label.csv.png", LOST_ID + 1);
}

static void test_names_too_long_for_an_ending_are_refused(void **state)
{
    (void)state;
    char name[254];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    add_face(name, SPLIT_TEST);
    refused("imagefolder", "", 0, "with .png is longer than 255 bytes");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_imagefolder_has_a_folder_a_split_with_its_faces),
        TEST(test_imagefolder_columns_have_one_type_in_every_split),
        TEST(test_imagefolder_keeps_votes_labels_and_reviews_apart),
        TEST(test_imagefolder_tells_the_library_its_splits),
        TEST(test_labelstudio_has_a_task_a_sample_with_its_face),
        TEST(test_labelstudio_tells_votes_reviews_and_predictions_apart),
        TEST(test_labelstudio_interface_offers_every_class),
        TEST(test_fiftyone_has_a_sample_a_face_below_data),
        TEST(test_fiftyone_labels_are_classifications),
        TEST(test_fiftyone_metadata_names_no_version_of_a_database),
        TEST(test_an_empty_export_is_one),
        TEST(test_a_failed_write_leaves_nothing),
        TEST(test_an_interrupted_export_leaves_nothing),
        TEST(test_hostile_names_never_leave_the_folder),
        TEST(test_labelstudio_makes_no_file_of_a_name),
        TEST(test_names_that_meet_in_one_file_are_refused),
        TEST(test_names_of_an_export_s_own_files_are_safe),
        TEST(test_a_face_called_as_the_labels_lies_beside_them),
        TEST(test_names_too_long_for_an_ending_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
