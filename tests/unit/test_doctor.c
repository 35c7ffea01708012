/* ferlab doctor: reports everything, fails only for what is broken. */
#include "support.h"

#include "screen.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char dir[PATH_MAX];

static int set_up(void **state)
{
    (void)state;
    temp_dir_make(dir);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    temp_dir_remove(dir);
    return 0;
}

static const char *in_dir(const char *name)
{
    static char path[PATH_MAX + 64];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    return path;
}

static const char *text_of(const json_t *document, const char *part, const char *key)
{
    const char *text = json_string_value(json_object_get(json_object_get(document, part), key));
    assert_non_null(text);
    return text;
}

static void test_nothing_there_yet_is_no_failure(void **state)
{
    (void)state;
    setenv("FERLAB_REVIEWER", "ana", 1);
    json_t *d = run_ferlab_json("doctor", "--json", "-w", in_dir("none.ferlab"), NULL);
    assert_true(json_is_false(json_object_get(json_object_get(d, "terminal"), "is_terminal")));
    assert_true(json_is_false(json_object_get(json_object_get(d, "workspace"), "exists")));
    assert_non_null(strstr(json_string_value(json_object_get(d, "blas")), "OpenBLAS"));
    assert_string_equal(text_of(d, "places", "reviewer"), "ana");
    assert_string_equal(text_of(d, "places", "program"), FERLAB_PROGRAM);
    assert_true(json_integer_value(json_object_get(json_object_get(d, "processor"), "cores")) >= 1);
    json_decref(d);
    unsetenv("FERLAB_REVIEWER");
}

static void test_a_sound_workspace_is_counted(void **state)
{
    (void)state;
    char path[PATH_MAX];
    make_workspace(dir, 60, path);
    json_t *d = run_ferlab_json("doctor", "--json", "-w", path, NULL), *ws = json_object_get(d, "workspace");
    assert_true(json_is_true(json_object_get(ws, "sound")));
    assert_int_equal(json_integer_value(json_object_get(ws, "samples")), 60);
    assert_int_equal(json_integer_value(json_object_get(ws, "reviews")), 0);
    json_decref(d);
}

static void test_a_broken_workspace_fails_with_its_complaint(void **state)
{
    (void)state;
    write_file(dir, "broken.ferlab", "no database", 11);
    struct output o;
    run_ferlab(&o, "doctor", "--json", "-w", in_dir("broken.ferlab"), NULL);
    assert_int_equal(o.status, 1);
    assert_non_null(strstr(o.err, "broken.ferlab"));
    json_t *d = json_loads(o.out, 0, NULL);
    assert_non_null(d);
    assert_true(json_is_false(json_object_get(json_object_get(d, "workspace"), "sound")));
    assert_true(strlen(text_of(d, "workspace", "complaint")) > 0);
    json_decref(d);
    output_free(&o);
}

static void test_operands_are_refused(void **state)
{
    (void)state;
    struct output o;
    run_ferlab(&o, "doctor", "house", NULL);
    assert_int_equal(o.status, 2);
    assert_non_null(strstr(o.err, "house"));
    output_free(&o);
}

static void test_the_terminal_is_described(void **state)
{
    (void)state;
    struct screen_options o = {.columns = 100, .rows = 40, .cell_width = 9, .cell_height = 19, .sixel = true};
    struct screen *s = screen_start(&o, (const char *const[]){"doctor", "-w", in_dir("none.ferlab"), NULL});
    assert_int_equal(screen_wait_exit(s, 10000), 0);
    assert_true(screen_has(s, "XTerm(379)"));
    assert_true(screen_has(s, "sixel"));
    assert_true(screen_has(s, "9 x 19 pixels"));
    assert_true(screen_has(s, "up to 1000 x 1000 pixels"));
    screen_end(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_nothing_there_yet_is_no_failure, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_sound_workspace_is_counted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_broken_workspace_fails_with_its_complaint, set_up, tear_down),
        cmocka_unit_test(test_operands_are_refused),
        cmocka_unit_test_setup_teardown(test_the_terminal_is_described, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
