/* The demo, on a set small enough for a test: it trains, reports what it measured, and opens again as it was
 * left. */
#include "ferlab/base/path.h"
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char dir[PATH_MAX], demo[PATH_MAX];

static const char settings[] =
    "[faces]\ncount = 300\nseed = 5\nplanted = 0.1\n"
    "[training]\nname = demo\narch = 8,P,8,P,16\nepochs = 2\nbatch = 32\nlr = 0.05\n"
    "seed = 1\nrotation = 5\nzoom = 0.05\nshift = 0.03\n";

static int begin(void **state)
{
    (void)state;
    struct err e;
    temp_dir_make(dir);
    write_file(dir, "data/demo.ini", settings, strlen(settings));
    setenv("FERLAB_DATA", dir, 1);
    return path_join(demo, dir, "demo", &e) ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    temp_dir_remove(dir);
    return 0;
}

static int64_t whole(json_t *d, const char *key)
{
    json_t *value = json_object_get(d, key);
    if (!json_is_integer(value))
        fail_msg("%s is no integer", key);
    return json_integer_value(value);
}

static void test_report_adds_up(void **state)
{
    (void)state;
    json_t *d = run_ferlab_json("demo", "--dir", demo, "--json", NULL);
    int64_t sum = 0, right = 0;
    for (size_t i = 0; i < 8; i++) {
        json_t *row = json_array_get(json_object_get(d, "confusion"), i);
        for (size_t k = 0; k < 8; k++)
            sum += json_integer_value(json_array_get(row, k));
        right += json_integer_value(json_array_get(row, i));
    }
    assert_int_equal(sum, whole(d, "count"));
    assert_float_equal(json_number_value(json_object_get(d, "accuracy")), (double)right / (double)sum, 1e-9);
    assert_int_equal(whole(d, "planted"), 3);
    assert_true(whole(d, "planted_in_top_k") <= whole(d, "planted_in_top_2k"));
    assert_true(whole(d, "planted_in_top_2k") <= 3);
    json_t *suspects = json_object_get(d, "suspects");
    assert_int_equal(json_array_size(suspects), 10);
    for (size_t i = 1; i < 10; i++) {
        double before = json_number_value(json_object_get(json_array_get(suspects, i - 1), "suspect"));
        assert_true(before >= json_number_value(json_object_get(json_array_get(suspects, i), "suspect")));
    }
    json_decref(d);
}

static void test_second_time_makes_nothing_and_says_the_same(void **state)
{
    (void)state;
    json_t *d = run_ferlab_json("demo", "--dir", demo, "--json", NULL);
    json_t *seconds = json_object_get(d, "seconds");
    assert_true(json_is_null(json_object_get(seconds, "synth")));
    assert_true(json_is_null(json_object_get(seconds, "import")));
    assert_true(json_is_null(json_object_get(seconds, "training")));
    json_t *again = run_ferlab_json("demo", "--dir", demo, "--json", NULL);
    assert_true(json_equal(d, again));
    json_decref(d);
    json_decref(again);
}

static void test_text_names_everything_promised(void **state)
{
    (void)state;
    struct output o;
    run_ferlab(&o, "demo", "--dir", demo, NULL);
    assert_int_equal(o.status, 0);
    static const char *const promised[] = {"validation accuracy", "happiness", "contempt", "most suspicious",
                                           "planted errors among the top suspects"};
    for (size_t i = 0; i < sizeof promised / sizeof *promised; i++) {
        if (!strstr(o.out, promised[i]))
            fail_msg("\"%s\" is missing in:\n%s", promised[i], o.out);
    }
    output_free(&o);
}

static void test_fresh_keeps_what_is_not_its_own(void **state)
{
    (void)state;
    char path[PATH_MAX];
    struct output o;
    struct err e;
    write_file(demo, "faces/data/notes.txt", "mine", 4);
    run_ferlab(&o, "demo", "--dir", demo, "--fresh", NULL);
    assert_int_equal(o.status, 1);
    assert_non_null(strstr(o.err, "not empty"));
    output_free(&o);
    assert_true(path_join(path, demo, "faces/data/notes.txt", &e));
    assert_true(path_is_file(path));
    assert_int_equal(remove(path), 0);
    run_ferlab(&o, "demo", "--dir", demo, "--fresh", "--quiet", NULL);
    assert_int_equal(o.status, 0);
    output_free(&o);
}

static void test_another_workspace_is_refused(void **state)
{
    (void)state;
    struct output o;
    run_ferlab(&o, "-w", "mine.ferlab", "demo", "--dir", demo, NULL);
    assert_int_equal(o.status, 2);
    assert_non_null(strstr(o.err, "leave out -w"));
    output_free(&o);
}

static void test_wrong_settings_are_told_with_their_line(void **state)
{
    (void)state;
    static const char wrong[] = "[faces]\ncount = many\n";
    struct output o;
    write_file(dir, "data/demo.ini", wrong, strlen(wrong));
    run_ferlab(&o, "demo", "--dir", demo, NULL);
    assert_int_equal(o.status, 1);
    assert_non_null(strstr(o.err, "demo.ini:2: count cannot be 'many'"));
    output_free(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_report_adds_up),
        cmocka_unit_test(test_second_time_makes_nothing_and_says_the_same),
        cmocka_unit_test(test_text_names_everything_promised),
        cmocka_unit_test(test_fresh_keeps_what_is_not_its_own),
        cmocka_unit_test(test_another_workspace_is_refused),
        cmocka_unit_test(test_wrong_settings_are_told_with_their_line),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
