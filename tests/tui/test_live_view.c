/* The live view on a terminal: a film with faces, which are kept as samples. */
#include "workbench_fixture.h"

#include "film.h"

#include "ferlab/face/image.h"

#include <sqlite3.h>
#include <sys/stat.h>

static void start_live(struct fixture *f, int frames)
{
    struct output o;
    char film[PATH_MAX];
    fixture_make(f, false);
    write_film(f->dir, 1, frames, film);
    run_ferlab(&o, "-w", f->workspace, "model", "use", "ferplus", "--quiet", NULL); /* the one that ships */
    assert_int_equal(o.status, 0);
    output_free(&o);
    f->screen =
        screen_start(&full_screen, (const char *[]){"-w", f->workspace, "live", "--frames", film, NULL});
    expect_text(f->screen, "film.y4m");
}

static json_t *kept(const struct fixture *f)
{
    return run_ferlab_json("list", "source:live", "-w", f->workspace, "--json", NULL);
}

static void test_faces_are_kept_with_a_label_or_without(void **state)
{
    (void)state;
    struct fixture f;
    start_live(&f, 400);
    expect_text(f.screen, "nothing is stored unless you keep it");
    expect_text(f.screen, "frames/s");
    expect_text(f.screen, " ms for each");
    expect_text(f.screen, "  +- size  ");
    type_keys(f.screen, "P");
    expect_text(f.screen, "paused");
    json_t *none = kept(&f);
    assert_int_equal(json_array_size(none), 0);
    json_decref(none);
    type_keys(f.screen, " ");
    expect_text(f.screen, "kept as sample 301, without a label");
    type_keys(f.screen, "\t3");
    expect_text(f.screen, "kept as sample 302, surprise");
    expect_text(f.screen, "2 kept: filter source:live*");
    type_keys(f.screen, "q");
    expect_text(f.screen, "302 of 302");
    json_t *samples = kept(&f);
    assert_int_equal(json_array_size(samples), 2);
    json_t *second = json_array_get(samples, 1);
    assert_string_equal(json_string_value(json_object_get(second, "split")), "none");
    assert_string_equal(json_string_value(json_object_get(second, "label")), "surprise");
    assert_true(json_is_null(json_object_get(second, "entropy")));
    json_decref(samples);
    fixture_remove(&f);
}

static void test_a_face_of_one_picture_is_kept_once(void **state)
{
    (void)state;
    struct fixture f;
    start_live(&f, 400);
    expect_text(f.screen, "frames/s");
    type_keys(f.screen, "P");
    expect_text(f.screen, "paused");
    type_keys(f.screen, " ");
    expect_text(f.screen, "kept as sample 301, without a label");
    type_keys(f.screen, " ");
    expect_text(f.screen, "already kept as sample 301");
    type_keys(f.screen, "3");
    expect_text(f.screen, "already kept as sample 301, now surprise");
    expect_text(f.screen, "1 kept: filter source:live*");
    json_t *samples = kept(&f);
    assert_int_equal(json_array_size(samples), 1);
    assert_string_equal(json_string_value(json_object_get(json_array_get(samples, 0), "label")), "surprise");
    json_decref(samples);
    fixture_remove(&f);
}

static void change_workspace(const struct fixture *f, const char *sql)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(f->workspace, &db), SQLITE_OK);
    sqlite3_busy_timeout(db, 5000);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static void test_what_could_not_be_written_is_not_counted(void **state)
{
    (void)state;
    struct fixture f;
    start_live(&f, 400);
    expect_text(f.screen, "frames/s");
    change_workspace(&f,
                     "CREATE TRIGGER full BEFORE INSERT ON sample BEGIN SELECT RAISE(ABORT, 'full'); END");
    type_keys(f.screen, " ");
    expect_text(f.screen, "full");
    change_workspace(&f, "DROP TRIGGER full");
    type_keys(f.screen, " ");
    expect_text(f.screen, "kept as sample 301, without a label");
    expect_text(f.screen, "1 kept: filter source:live*");
    fixture_remove(&f);
}

static void test_a_film_ends_and_a_missing_one_is_a_sentence(void **state)
{
    (void)state;
    struct fixture f;
    start_live(&f, 3);
    expect_text(f.screen, "the film has ended");
    type_keys(f.screen, "q:live /nowhere.y4m\r");
    expect_text(f.screen, "/nowhere.y4m: cannot open");
    type_keys(f.screen, ":live /dev/ferlab-has-none\r");
    expect_text(f.screen, "/dev/ferlab-has-none: there is no camera");
    fixture_remove(&f);
}

/* DIR/album with the scene as 1.png and 2.png. */
static void make_album(const struct fixture *f, char album[PATH_MAX])
{
    static struct scene scene;
    struct err e = {0};
    char path[PATH_MAX + 16];
    scene_draw(1, &scene);
    snprintf(album, PATH_MAX, "%.4000s/album", f->dir);
    assert_int_equal(mkdir(album, 0777), 0);
    for (int i = 1; i <= 2; i++) {
        snprintf(path, sizeof path, "%s/%d.png", album, i);
        assert_true(image_png_write(path, scene.pixels, SCENE_WIDTH, SCENE_HEIGHT, &e));
    }
}

static void test_pictures_are_looked_at_one_by_one_and_named_by_what_is_kept(void **state)
{
    (void)state;
    struct fixture f;
    char album[PATH_MAX], command[PATH_MAX + 16], expected[PATH_MAX + 16];
    start_live(&f, 3);
    make_album(&f, album);
    snprintf(command, sizeof command, "q:live %s\r", album);
    type_keys(f.screen, command);
    expect_text(f.screen, "the film has ended; P plays it again");
    type_keys(f.screen, "l");
    expect_text(f.screen, "album/1.png");
    expect_text(f.screen, "paused");
    type_keys(f.screen, " ");
    expect_text(f.screen, "kept as sample 301");
    type_keys(f.screen, "l");
    expect_text(f.screen, "album/2.png");
    type_keys(f.screen, "q");
    json_t *samples = run_ferlab_json("list", "source:live:*", "-w", f.workspace, "--json", NULL);
    assert_int_equal(json_array_size(samples), 1);
    json_decref(samples);
    json_t *sample = run_ferlab_json("show", "301", "-w", f.workspace, "--json", NULL);
    snprintf(expected, sizeof expected, "live:%s/1.png", album);
    assert_string_equal(json_string_value(json_object_get(sample, "source")), expected);
    json_decref(sample);
    fixture_remove(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_faces_are_kept_with_a_label_or_without),
        cmocka_unit_test(test_a_face_of_one_picture_is_kept_once),
        cmocka_unit_test(test_what_could_not_be_written_is_not_counted),
        cmocka_unit_test(test_pictures_are_looked_at_one_by_one_and_named_by_what_is_kept),
        cmocka_unit_test(test_a_film_ends_and_a_missing_one_is_a_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
