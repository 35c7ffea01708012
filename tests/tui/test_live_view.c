/* The live view on a terminal: a film with faces, which are kept as samples. */
#include "workbench_fixture.h"

#include "film.h"

#include <sqlite3.h>

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
    start_live(&f, 2000);
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
    type_keys(f.screen, "3");
    expect_text(f.screen, "kept as sample 302, surprise");
    expect_text(f.screen, "2 kept: filter source:live");
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
    start_live(&f, 2000);
    expect_text(f.screen, "frames/s");
    change_workspace(&f,
                     "CREATE TRIGGER full BEFORE INSERT ON sample BEGIN SELECT RAISE(ABORT, 'full'); END");
    type_keys(f.screen, " ");
    expect_text(f.screen, "full");
    change_workspace(&f, "DROP TRIGGER full");
    type_keys(f.screen, " ");
    expect_text(f.screen, "kept as sample 301, without a label");
    expect_text(f.screen, "1 kept: filter source:live");
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_faces_are_kept_with_a_label_or_without),
        cmocka_unit_test(test_what_could_not_be_written_is_not_counted),
        cmocka_unit_test(test_a_film_ends_and_a_missing_one_is_a_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
