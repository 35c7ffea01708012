/* ferlab import --detect: the faces of photographs become samples without votes. */
#include "scenes.h"
#include "support.h"

#include "ferlab/base/path.h"

#include "ferlab/face/flaws.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char dir[PATH_MAX], workspace[PATH_MAX + 16], photos[PATH_MAX + 16];

static int setup(void **state)
{
    (void)state;
    char made[PATH_MAX];
    temp_dir_make(made);
    assert_non_null(realpath(made, dir));
    snprintf(workspace, sizeof workspace, "%s/w.ferlab", dir);
    snprintf(photos, sizeof photos, "%s/photos", dir);
    assert_int_equal(mkdir(photos, 0777), 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    temp_dir_remove(dir);
    return 0;
}

/* ---- material ---- */

static void write_picture(const char *name, const uint8_t *pixels, int width, int height)
{
    uint8_t *png;
    size_t size;
    assert_true(image_png_bytes(pixels, width, height, &png, &size, NULL));
    write_file(dir, name, png, size);
    free(png);
}

static void write_scene(const char *name, int index)
{
    static struct scene scene;
    scene_draw(index, &scene);
    write_picture(name, scene.pixels, SCENE_WIDTH, SCENE_HEIGHT);
}

static void write_empty(const char *name)
{
    static uint8_t gray[200 * 200];
    memset(gray, 128, sizeof gray);
    write_picture(name, gray, 200, 200);
}

/* ---- importing and what came of it ---- */

static json_t *import_with(const char *path, const char *option, const char *value, const char *more)
{
    return run_ferlab_json("-w", workspace, "import", "--json", "--quiet", path, option, value, more, NULL);
}

static json_t *import_photos(void)
{
    return import_with(photos, "--detect", NULL, NULL);
}

static int number(const json_t *d, const char *key)
{
    return (int)json_integer_value(json_object_get(d, key));
}

static const char *text(const json_t *d, const char *key)
{
    return json_string_value(json_object_get(d, key));
}

static void expect_counts(json_t *d, int imported, int skipped, int rejected)
{
    if (number(d, "imported") != imported || number(d, "skipped") != skipped ||
        number(d, "rejected") != rejected)
        fail_msg("%s", json_dumps(d, 0));
    json_decref(d);
}

static json_t *list(const char *filter)
{
    return run_ferlab_json("-w", workspace, "list", filter, "--json", NULL);
}

static int listed(const char *filter)
{
    json_t *all = list(filter);
    int count = (int)json_array_size(all);
    json_decref(all);
    return count;
}

static void expect_failure(int status, const char *sentence, const char *first, const char *second,
                           const char *third)
{
    struct output o;
    run_ferlab(&o, "-w", workspace, "import", photos, first, second, third, NULL);
    assert_int_equal(o.status, status);
    if (strstr(o.err, sentence) == NULL)
        fail_msg("'%s' does not say '%s'", o.err, sentence);
    assert_int_equal(access(workspace, F_OK), -1);
    output_free(&o);
}

/* ---- tests ---- */

static int from_left(const void *a, const void *b)
{
    const json_t *left = *(json_t *const *)a, *right = *(json_t *const *)b;
    return (int)(json_integer_value(json_array_get(json_object_get(left, "box"), 0)) -
                 json_integer_value(json_array_get(json_object_get(right, "box"), 0)));
}

/* What predict finds is imported, numbered from left to right. */
static void test_the_faces_of_a_photograph_become_samples(void **state)
{
    (void)state;
    char source[PATH_MAX + 64];
    write_scene("photos/summer/group.png", 2);
    snprintf(source, sizeof source, "%s/summer/group.png", photos);
    json_t *predicted = run_ferlab_json("predict", source, "--json", NULL);
    const json_t *faces = json_object_get(json_array_get(predicted, 0), "faces");
    const json_t *expected[SCENE_MOST_FACES] = {0};
    size_t count = json_array_size(faces);
    assert_in_range(count, 2, SCENE_MOST_FACES);
    for (size_t i = 0; i < count; i++)
        expected[i] = json_array_get(faces, i);
    qsort(expected, count, sizeof *expected, from_left);

    expect_counts(import_photos(), (int)count, 0, 0);
    for (size_t i = 0; i < count; i++) {
        char id[32], name[64];
        snprintf(id, sizeof id, "%zu", i + 1);
        snprintf(name, sizeof name, "summer_group.png#%zu", i + 1);
        json_t *s = run_ferlab_json("-w", workspace, "show", id, "--json", NULL);
        const json_t *from = json_object_get(expected[i], "box"), *box = json_object_get(s, "box");
        assert_string_equal(text(s, "name"), name);
        assert_string_equal(text(s, "source"), source);
        assert_string_equal(text(s, "split"), "none");
        assert_string_equal(text(s, "crowd"), "none");
        for (size_t c = 0; c < 10; c++)
            assert_int_equal(json_integer_value(json_array_get(json_object_get(s, "votes"), c)), 0);
        assert_true(json_equal(box, from));
        json_decref(s);
    }
    json_decref(predicted);
}

static void test_ferplus_folders_tell_the_pictures_of_faces(void **state)
{
    (void)state;
    char out[PATH_MAX + 32], path[PATH_MAX + 64], line[PATH_MAX + 128];
    struct err e = {0};
    size_t size;
    write_scene("photos/group.png", 2);
    json_decref(import_photos());
    snprintf(out, sizeof out, "%s/exported", dir);
    json_decref(run_ferlab_json("-w", workspace, "export", "--format", "ferplus", out, "--json", NULL));
    snprintf(path, sizeof path, "%s/sources.csv", out);
    char *csv = file_read(path, SIZE_MAX, &size, &e);
    assert_non_null(csv);
    assert_int_equal(strncmp(csv, "name,split,source,x0,y0,x1,y1\n", 30), 0);
    json_t *s = run_ferlab_json("-w", workspace, "show", "1", "--json", NULL);
    const json_t *box = json_object_get(s, "box");
    int b[4];
    for (size_t i = 0; i < 4; i++)
        b[i] = (int)json_integer_value(json_array_get(box, i));
    snprintf(line, sizeof line, "group.png#1.png,none,%s/group.png,%d,%d,%d,%d\n", photos, b[0], b[1],
             b[0] + b[2], b[1] + b[3]);
    if (strstr(csv, line) == NULL)
        fail_msg("'%s' does not have '%s'", csv, line);
    json_decref(s);
    free(csv);
    snprintf(path, sizeof path, "%s/FER2013None/group.png#1.png", out);
    assert_int_equal(access(path, R_OK), 0);
    snprintf(path, sizeof path, "%s/FER2013None/label.csv", out);
    csv = file_read(path, SIZE_MAX, &size, &e);
    assert_non_null(csv);
    assert_int_equal(strncmp(csv, "group.png#1.png,\"(0, 0, 48, 48)\",0,0", 36), 0);
    free(csv);
}

static void test_a_second_import_finds_nothing_new(void **state)
{
    (void)state;
    write_scene("photos/a.png", 0);
    write_scene("photos/b/c.png", 1);
    write_empty("photos/empty.png");
    json_t *d = import_photos();
    int faces = number(d, "imported");
    assert_true(faces >= 2);
    assert_int_equal(number(d, "photographs"), 3);
    assert_int_equal(number(d, "faceless"), 1);
    assert_int_equal(number(d, "known"), 0);
    json_decref(d);
    d = import_photos();
    assert_int_equal(number(d, "known"), 2);
    assert_int_equal(number(d, "faceless"), 1); /* it is looked at again: there is nothing to know it by */
    expect_counts(d, 0, faces, 0);
    char below[PATH_MAX + 32];
    snprintf(below, sizeof below, "%s/b", photos); /* nor otherwise, by another way or with another eye */
    expect_counts(import_with(below, "--no-detect", NULL, NULL), 0, listed("source:*/c.png"), 0);
    assert_int_equal(listed(""), faces);
    write_scene("photos/d.png", 3); /* and what is new is found */
    assert_true(number(d = import_photos(), "imported") >= 1);
    json_decref(d);
}

static void test_a_photograph_is_taken_once_however_often_it_is_named(void **state)
{
    (void)state;
    char file[PATH_MAX + 32];
    write_scene("photos/b/a.png", 0);
    snprintf(file, sizeof file, "%s/b/a.png", photos);
    json_t *d = import_with(photos, "--detect", file, photos);
    assert_int_equal(number(d, "photographs"), 1);
    json_decref(d);
    assert_int_equal(listed("name:b_a.png#*"), listed(""));
    assert_true(listed("") >= 1);
}

static void test_one_photograph_and_sample_are_counted_as_one(void **state)
{
    (void)state;
    struct output o;
    char out[PATH_MAX + 32];
    write_scene("photos/a.png", 0);
    run_ferlab(&o, "-w", workspace, "import", "--no-detect", photos, NULL);
    assert_non_null(strstr(o.out, "1 photograph, 0 without a face"));
    output_free(&o);
    snprintf(out, sizeof out, "%s/one.csv", dir);
    run_ferlab(&o, "-w", workspace, "export", "--format", "csv", out, NULL);
    assert_non_null(strstr(o.out, "1 sample written as csv"));
    output_free(&o);
}

static void test_two_photographs_of_one_name_stay_apart(void **state)
{
    (void)state;
    char one[PATH_MAX + 32], other[PATH_MAX + 32], moved[PATH_MAX + 32];
    write_scene("photos/one/a.png", 0);
    write_scene("photos/other/a.png", 3);
    snprintf(one, sizeof one, "%s/one", photos);
    snprintf(other, sizeof other, "%s/other", photos);
    snprintf(moved, sizeof moved, "%s/moved", photos);
    json_decref(import_with(one, "--detect", other, NULL));
    assert_true(listed("name:a.png#1") == 1 && listed("name:a.png~2#1") == 1);
    assert_int_equal(listed("source:*/one/a.png"), listed("name:a.png#*"));
    int faces = listed("source:*/one/a.png");
    assert_int_equal(rename(one, moved), 0); /* the same faces in another place are no others */
    expect_counts(import_with(moved, "--detect", NULL, NULL), 0, faces, 0);
}

static void test_what_is_no_photograph_is_rejected_and_the_rest_taken(void **state)
{
    (void)state;
    struct output o;
    write_scene("photos/a.png", 0);
    write_file(dir, "photos/b.jpg", "no picture", 10);
    write_file(dir, "photos/c/IMG_1.HEIC", "ftypheic", 8);
    write_file(dir, "photos/d\033[31m.png", "x", 1);
    write_file(dir, "photos/e.pgm",
               "P5\n9 7\n255\n012345678012345678012345678012345678012345678012345678012345678", 74);
    write_file(dir, "photos/notes.txt", "x", 1);
    write_file(dir, "photos/._a.png", "x", 1);
    json_t *d = import_photos();
    const json_t *all = json_object_get(d, "rejections");
    assert_true(number(d, "imported") >= 1);
    assert_int_equal(number(d, "rejected"), 4);
    for (size_t i = 0; i < json_array_size(all); i++) {
        const json_t *r = json_array_get(all, i);
        const char *file = text(r, "file"), *reason = text(r, "reason");
        assert_memory_equal(file, photos, strlen(photos));
        file += strlen(photos) + 1;
        const char *words = strcmp(file, "b.jpg") == 0          ? "not a readable PNG"
                            : strcmp(file, "c/IMG_1.HEIC") == 0 ? "convert it to JPEG or PNG"
                            : strcmp(file, "e.pgm") == 0        ? "9 x 7 pixels are too few for a face"
                                                                : "control characters";
        if (strstr(reason, words) == NULL || strstr(reason, photos) != NULL)
            fail_msg("%s: %s", file, reason);
    }
    json_decref(d);
    assert_int_equal(unlink(workspace), 0);
    expect_failure(1, "nothing was imported, since --strict allows no rejection and there are 4", "--detect",
                   "--strict", NULL);
    run_ferlab(&o, "-w", workspace, "import", photos, "--detect", NULL);
    assert_int_equal(o.status, 0);
    assert_non_null(strstr(o.err, "/photos/b.jpg: not a readable PNG"));
    assert_non_null(strstr(o.out, "3 photographs, 0 without a face"));
    output_free(&o);
}

static void test_a_path_too_long_for_a_name_gives_the_file_s(void **state)
{
    (void)state;
    char name[PATH_MAX], filter[PATH_MAX];
    snprintf(name, sizeof name, "photos/%0200d/%0100d.png", 7, 8);
    write_scene(name, 0);
    json_decref(import_photos());
    snprintf(filter, sizeof filter, "name:%0100d.png#*", 8);
    assert_true(listed(filter) >= 1);
    assert_int_equal(listed(filter), listed(""));
}

static void test_photographs_without_the_option_are_told_of_it(void **state)
{
    (void)state;
    struct output o;
    char file[PATH_MAX + 32];
    write_scene("photos/a.png", 0);
    snprintf(file, sizeof file, "%s/a.png", photos);
    run_ferlab(&o, "-w", workspace, "import", photos, NULL);
    assert_int_equal(o.status, 1);
    assert_non_null(strstr(o.err, "faces of photographs come in with --detect"));
    output_free(&o);
    run_ferlab(&o, "-w", workspace, "import", file, NULL);
    assert_int_equal(o.status, 2);
    assert_non_null(strstr(o.err, "a.png: the faces of a photograph come in with --detect"));
    output_free(&o);
}

static void test_strict_imports_all_where_all_is_well(void **state)
{
    (void)state;
    write_scene("photos/a.png", 0);
    write_scene("photos/b.png", 1);
    json_t *d = import_with(photos, "--detect", "--strict", NULL);
    assert_int_equal(number(d, "imported"), listed("source:*"));
    json_decref(d);
}

static void test_where_there_is_nothing_no_workspace_is_made(void **state)
{
    (void)state;
    expect_failure(1, "there is no picture in this folder or those in it", "--detect", NULL, NULL);
    write_empty("photos/a.png");
    expect_failure(1, "no face was found in this photograph; --no-detect takes", "--detect", NULL, NULL);
    write_file(dir, "photos/b.png", "x", 1);
    expect_failure(1, "no face was found, and some pictures were rejected (1)", "--detect", NULL, NULL);
    expect_failure(1, "/nowhere: cannot open", "--detect", "/nowhere", NULL);
    expect_failure(1, "nonsense: there is no such cascade", "--detect", "--cascade", "nonsense");
}

static void test_wishes_that_clash_are_usage_errors(void **state)
{
    (void)state;
    expect_failure(2, "say one of them", "--detect", "--no-detect", NULL);
    expect_failure(2, "faces of photographs have no votes", "--detect", "--labels", "a.csv");
    expect_failure(2, "--cascade goes with --detect", "--no-detect", "--cascade", "x");
    expect_failure(2, "--min-size goes with --detect", "--min-size", "20", NULL);
}

static void test_each_picture_is_a_face_without_detection(void **state)
{
    (void)state;
    static uint8_t dark[100 * 80];
    for (int i = 0; i < 100 * 80; i++)
        dark[i] = (uint8_t)(i % 7);
    write_picture("photos/happy.png", dark, 100, 80);
    write_picture("photos/sub/tiny.png", dark, 20, 20);
    expect_counts(import_with(photos, "--no-detect", NULL, NULL), 2, 0, 0);
    json_t *s = run_ferlab_json("-w", workspace, "show", "1", "--json", NULL);
    assert_string_equal(text(s, "name"), "happy.png");
    const json_t *box = json_object_get(s, "box");
    assert_int_equal(json_integer_value(json_array_get(box, 0)), 10);
    assert_int_equal(json_integer_value(json_array_get(box, 2)), 80);
    json_decref(s);
    assert_int_equal(listed("flaw:dark"), 2);
    assert_int_equal(listed("flaw:small"), 1);
    assert_int_equal(listed("name:sub_tiny.png flaw:yes"), 1);
    assert_int_equal(listed("flaw:no"), 0);
    assert_int_equal(unlink(workspace), 0);
    json_t *d = import_with(photos, "--no-detect", "--min-size", "30");
    assert_int_equal(number(d, "too_small"), 1);
    assert_int_equal(number(d, "faceless"), 1);
    expect_counts(d, 1, 0, 0);
}

static void test_links_that_lead_round_are_not_followed(void **state)
{
    (void)state;
    char link[PATH_MAX + 32];
    write_scene("photos/a.png", 0);
    snprintf(link, sizeof link, "%s/round", photos);
    assert_int_equal(symlink(photos, link), 0);
    json_t *d = import_photos();
    assert_int_equal(number(d, "photographs"), 1);
    json_decref(d);
}

/* ---- interruptions ---- */

enum { MANY = 80 };

static void write_many(void)
{
    char from[PATH_MAX + 32], to[PATH_MAX + 48];
    write_scene("photos/000.png", 1);
    snprintf(from, sizeof from, "%s/000.png", photos);
    for (int i = 1; i < MANY; i++) {
        snprintf(to, sizeof to, "%s/%03d.png", photos, i);
        assert_int_equal(link(from, to), 0);
    }
}

/* The exit status, or 128 + signal; what it said in said[]. */
static int import_until(int signal_number, int delay_ms, char *said, size_t size)
{
    int pipe_ends[2], status;
    assert_int_equal(pipe(pipe_ends), 0);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(pipe_ends[1], STDERR_FILENO);
        execl(FERLAB_PROGRAM, "ferlab", "-w", workspace, "import", "--detect", photos, "--quiet",
              (char *)NULL);
        _exit(127);
    }
    close(pipe_ends[1]);
    usleep((useconds_t)delay_ms * 1000);
    kill(pid, signal_number);
    waitpid(pid, &status, 0);
    ssize_t got = read(pipe_ends[0], said, size - 1);
    said[got > 0 ? got : 0] = '\0';
    close(pipe_ends[0]);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static void finish_import(void)
{
    json_t *d = import_photos();
    int faces = number(d, "imported") + number(d, "skipped");
    assert_int_equal(number(d, "photographs"), MANY);
    assert_int_equal(faces % MANY, 0); /* all have as many */
    assert_int_equal(listed(""), faces);
    json_decref(d);
    assert_int_equal(unlink(workspace), 0);
}

static void test_ctrl_c_keeps_what_it_says_and_the_next_import_goes_on(void **state)
{
    (void)state;
    char said[512];
    int kept;
    write_many();
    for (int delay_ms = 50; delay_ms <= 450; delay_ms += 200) {
        int status = import_until(SIGINT, delay_ms, said, sizeof said);
        if (status == 1 && sscanf(said, "ferlab: import stopped; %d face", &kept) == 1)
            assert_int_equal(listed(""), kept);
        else if (status == 1)
            assert_string_equal(said, "ferlab: import stopped; nothing was changed\n");
        if (status != 0 && strstr(said, " kept, ") == NULL)
            assert_int_equal(access(workspace, F_OK), -1);
        finish_import();
    }
}

static void test_a_kill_leaves_whole_photographs(void **state)
{
    (void)state;
    char said[512];
    write_many();
    for (int delay_ms = 100; delay_ms <= 900; delay_ms += 400) {
        import_until(SIGKILL, delay_ms, said, sizeof said);
        finish_import();
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_the_faces_of_a_photograph_become_samples),
        TEST(test_ferplus_folders_tell_the_pictures_of_faces),
        TEST(test_a_second_import_finds_nothing_new),
        TEST(test_a_photograph_is_taken_once_however_often_it_is_named),
        TEST(test_one_photograph_and_sample_are_counted_as_one),
        TEST(test_two_photographs_of_one_name_stay_apart),
        TEST(test_what_is_no_photograph_is_rejected_and_the_rest_taken),
        TEST(test_a_path_too_long_for_a_name_gives_the_file_s),
        TEST(test_photographs_without_the_option_are_told_of_it),
        TEST(test_strict_imports_all_where_all_is_well),
        TEST(test_where_there_is_nothing_no_workspace_is_made),
        TEST(test_wishes_that_clash_are_usage_errors),
        TEST(test_each_picture_is_a_face_without_detection),
        TEST(test_links_that_lead_round_are_not_followed),
        TEST(test_ctrl_c_keeps_what_it_says_and_the_next_import_goes_on),
        TEST(test_a_kill_leaves_whole_photographs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
