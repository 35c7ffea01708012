/* The model that ships, as the first of a workspace: one command from imported faces to predictions. */
#include "support.h"

#include "ferlab/train/shipped.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FACES = 40 };

static char dir[PATH_MAX], ws[PATH_MAX];

static int set_up(void **state)
{
    (void)state;
    temp_dir_make(dir);
    make_workspace(dir, FACES, ws);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    unsetenv("FERLAB_DATA");
    temp_dir_remove(dir);
    return 0;
}

static void expect_saying(const char *word, const char *name, int status)
{
    struct output o;
    run_ferlab(&o, "-w", ws, "model", "use", name, NULL);
    if (o.status != status || (strstr(o.out, word) == NULL && strstr(o.err, word) == NULL))
        fail_msg("status %d, said: %s%s", o.status, o.out, o.err);
    output_free(&o);
}

/* The only model of the lists, the current one, has predicted everything. */
static void expect_one_model(void)
{
    json_t *models = run_ferlab_json("-w", ws, "models", "--json", NULL), *m = json_array_get(models, 0);
    assert_int_equal(json_array_size(models), 1);
    assert_string_equal(json_string_value(json_object_get(m, "name")), SHIPPED_NAME);
    assert_true(json_is_true(json_object_get(m, "current")));
    assert_int_equal(json_integer_value(json_object_get(m, "predictions")), FACES);
    json_decref(models);
}

static void test_one_command_imports_uses_and_predicts(void **state)
{
    (void)state;
    json_t *said = run_ferlab_json("-w", ws, "model", "use", SHIPPED_NAME, "--json", NULL);
    assert_int_equal(json_array_size(said), 1);
    json_decref(said);
    expect_one_model();
    expect_saying("the current model is now ferplus", SHIPPED_NAME, 0);
    expect_one_model();
}

static void test_train_split_counts_as_seen(void **state)
{
    (void)state;
    expect_saying("the current model is now ferplus", SHIPPED_NAME, 0);
    json_t *seen = run_ferlab_json("-w", ws, "list", "in:train", "--json", NULL),
           *train = run_ferlab_json("-w", ws, "list", "split:train", "--json", NULL);
    assert_int_equal(json_array_size(seen), json_array_size(train));
    json_decref(seen);
    json_decref(train);
}

/* Asked for by its path before, it is in the workspace already, though in no list. */
static void test_what_was_remembered_by_its_path_becomes_the_model(void **state)
{
    (void)state;
    char path[PATH_MAX];
    assert_true(shipped_find(path, NULL));
    json_decref(run_ferlab_json("-w", ws, "eval", "--split", "train", "--model", path, "--json", NULL));
    json_t *models = run_ferlab_json("-w", ws, "models", "--json", NULL);
    assert_int_equal(json_array_size(models), 0);
    json_decref(models);
    expect_saying("the current model is now ferplus", SHIPPED_NAME, 0);
    expect_one_model();
}

static void test_the_same_file_under_another_name_is_not_brought_in_twice(void **state)
{
    (void)state;
    char path[PATH_MAX];
    assert_true(shipped_find(path, NULL));
    json_decref(run_ferlab_json("-w", ws, "model", "import", path, "--name", "mine", "--json", NULL));
    expect_saying("the current model is now mine", SHIPPED_NAME, 0);
    json_t *models = run_ferlab_json("-w", ws, "models", "--json", NULL);
    assert_int_equal(json_array_size(models), 1);
    json_decref(models);
}

static void test_another_model_of_its_name_is_the_one_meant(void **state)
{
    (void)state;
    json_decref(run_ferlab_json("-w", ws, "train", "--arch", "4", "--epochs", "1", "--limit", "16", "--name",
                                SHIPPED_NAME, "--json", NULL));
    json_t *said = run_ferlab_json("-w", ws, "model", "use", SHIPPED_NAME, "--json", NULL);
    assert_string_equal(json_string_value(json_object_get(json_array_get(said, 0), "arch")), "4");
    json_decref(said);
    expect_one_model();
}

/* As one that an older release shipped and a workspace kept. */
static void test_a_model_that_shipped_before_is_told_of_the_one_that_ships_now(void **state)
{
    (void)state;
    char path[PATH_MAX];
    struct output o;
    snprintf(path, sizeof path, "%.4000s/older.onnx", dir);
    json_decref(run_ferlab_json("-w", ws, "train", "--arch", "4", "--epochs", "1", "--limit", "16", "--name",
                                "older", "--json", NULL));
    json_decref(run_ferlab_json("-w", ws, "model", "export", "older", path, "--json", NULL));
    json_decref(run_ferlab_json("-w", ws, "model", "remove", "older", "--yes", "--json", NULL));
    json_decref(run_ferlab_json("-w", ws, "model", "import", path, "--name", SHIPPED_NAME, "--json", NULL));
    run_ferlab(&o, "-w", ws, "models", NULL);
    assert_int_equal(o.status, 0);
    assert_non_null(strstr(o.err, "another ferplus ships with this ferlab"));
    output_free(&o);
    json_decref(run_ferlab_json("-w", ws, "model", "remove", SHIPPED_NAME, "--yes", "--json", NULL));
    json_decref(run_ferlab_json("-w", ws, "model", "use", SHIPPED_NAME, "--json", NULL));
    run_ferlab(&o, "-w", ws, "models", NULL);
    assert_string_equal(o.err, "");
    output_free(&o);
}

static void test_unknown_names_are_still_refused(void **state)
{
    (void)state;
    expect_saying("there is no model named 'ferplus-2'", "ferplus-2", 1);
}

static void test_where_none_ships_commands_say_how_to_import_one(void **state)
{
    (void)state;
    struct output o;
    char path[PATH_MAX], none[PATH_MAX];
    snprintf(none, sizeof none, "%.4000s/none.ferlab", dir);
    setenv("FERLAB_DATA", dir, 1);
    assert_false(shipped_find(path, NULL));
    assert_true(isnan(shipped_accuracy()));
    expect_saying("the model that ships is not there", SHIPPED_NAME, 1);
    run_ferlab(&o, "-w", none, "predict", ws, NULL);
    assert_int_equal(o.status, 1);
    assert_non_null(strstr(o.err, "the model that ships is not there"));
    output_free(&o);
    run_ferlab(&o, "-w", ws, "eval", NULL);
    assert_int_equal(o.status, 1);
    assert_non_null(strstr(o.err, "bring one in with 'ferlab model import FILE'"));
    output_free(&o);
}

static void test_a_damaged_file_is_refused_with_a_sentence(void **state)
{
    (void)state;
    setenv("FERLAB_DATA", dir, 1);
    write_file(dir, "models/ferplus.onnx", "no model", 8);
    expect_saying("models/ferplus.onnx: ", SHIPPED_NAME, 1);
    json_t *models = run_ferlab_json("-w", ws, "models", "--json", NULL);
    assert_int_equal(json_array_size(models), 0);
    json_decref(models);
}

static void test_its_accuracy_is_noted_in_its_file(void **state)
{
    (void)state;
    assert_true(shipped_accuracy() > 0.8 && shipped_accuracy() < 1.0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_one_command_imports_uses_and_predicts),
        TEST(test_train_split_counts_as_seen),
        TEST(test_what_was_remembered_by_its_path_becomes_the_model),
        TEST(test_the_same_file_under_another_name_is_not_brought_in_twice),
        TEST(test_another_model_of_its_name_is_the_one_meant),
        TEST(test_a_model_that_shipped_before_is_told_of_the_one_that_ships_now),
        TEST(test_unknown_names_are_still_refused),
        TEST(test_where_none_ships_commands_say_how_to_import_one),
        TEST(test_a_damaged_file_is_refused_with_a_sentence),
        TEST(test_its_accuracy_is_noted_in_its_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
