/* The models view on a terminal: it lists models and runs, switches the model in use and removes models. */
#include "screen.h"
#include "support.h"

#include "ferlab/store/models.h"
#include "ferlab/store/runs.h"

#include <stdio.h>
#include <string.h>
#include <sys/file.h>

static char dir[PATH_MAX], workspace[PATH_MAX];

static void train(const char *name, const char *seed)
{
    json_decref(run_ferlab_json("train", "-w", workspace, "--arch", "8,P,8", "--epochs", "1", "--seed", seed,
                                "--name", name, "--json", "--quiet", NULL));
}

static int setup(void **state)
{
    (void)state;
    temp_dir_make(dir);
    make_workspace(dir, 300, workspace);
    train("older", "1");
    train("newer", "2");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    temp_dir_remove(dir);
    return 0;
}

static void expect_text(struct screen *s, const char *text)
{
    if (!screen_wait_text(s, text, 10000)) {
        screen_dump(s);
        fail_msg("the screen lacks '%s'", text);
    }
}

static struct screen *start(int columns, int rows)
{
    struct screen_options o = {
        .columns = columns, .rows = rows, .cell_width = 9, .cell_height = 19, .sixel = true};
    struct screen *s = screen_start(&o, (const char *[]){"-w", workspace, NULL});
    expect_text(s, "? help");
    screen_settle(s, 100);
    screen_keys(s, "m");
    expect_text(s, "parameters");
    return s;
}

/* The current model's name, and whether a model of that name exists. */
static bool look_up(const char *wanted, char current[64])
{
    json_t *models = run_ferlab_json("models", "-w", workspace, "--json", NULL), *model;
    size_t i;
    bool found = false;
    current[0] = '\0';
    json_array_foreach(models, i, model)
    {
        const char *name = json_string_value(json_object_get(model, "name"));
        found |= strcmp(name, wanted) == 0;
        if (json_is_true(json_object_get(model, "current")))
            snprintf(current, 64, "%s", name);
    }
    json_decref(models);
    return found;
}

static void test_lists_models_and_runs(void **state)
{
    (void)state;
    struct screen *s = start(140, 42);
    expect_text(s, "● newer");
    expect_text(s, "  older");
    expect_text(s, "8,P,8");
    expect_text(s, "in use");
    expect_text(s, "read as 48x48 gray, standard; probabilities of the eight emotions");
    expect_text(s, "macro F1");
    expect_text(s, "best valid");
    expect_text(s, "done");
    screen_end(s);
}

static void test_enter_switches_the_model_in_use(void **state)
{
    (void)state;
    char current[64];
    struct screen *s = start(140, 42);
    screen_keys(s, "j\r");
    expect_text(s, "● older");
    look_up("older", current);
    assert_string_equal(current, "older");
    screen_keys(s, "q");
    expect_text(s, "model older"); /* the top line of the grid */
    screen_keys(s, "m");
    expect_text(s, "● older");
    screen_keys(s, "g\r");
    expect_text(s, "● newer");
    screen_end(s);
}

/* "N of 300    model NAME", with the faces that a fresh look under this filter and rule picks. */
static size_t expect_picked(struct screen *s, const char *name, const char *filter, const char *rule)
{
    char text[128];
    json_t *rows =
        run_ferlab_json("list", filter, "-w", workspace, "--model", name, "--rule", rule, "--json", NULL);
    size_t count = json_array_size(rows);
    json_decref(rows);
    snprintf(text, sizeof text, "%zu of 300    model %s", count, name);
    expect_text(s, text);
    return count;
}

static void test_another_model_or_rule_applies_the_filter_again(void **state)
{
    (void)state;
    json_decref(run_ferlab_json("model", "-w", workspace, "use", "newer", "--json", NULL));
    struct screen *s = start(140, 42);
    screen_keys(s, "q");
    size_t newer = expect_picked(s, "newer", "pred!=label", "majority");
    screen_keys(s, "mj\r");
    expect_text(s, "● older");
    screen_keys(s, "q");
    size_t older = expect_picked(s, "older", "pred!=label", "majority");
    assert_int_not_equal(older, newer);
    screen_keys(s, ":model newer\r");
    expect_picked(s, "newer", "pred!=label", "majority");
    json_decref(run_ferlab_json("model", "-w", workspace, "use", "older", "--json", NULL));
    expect_picked(s, "older", "pred!=label", "majority"); /* as after a training elsewhere */
    screen_keys(s, ":filter label:none\r");
    size_t without = expect_picked(s, "older", "label:none", "majority");
    screen_keys(s, ":rule probability\r");
    assert_int_not_equal(expect_picked(s, "older", "label:none", "probability"), without);
    screen_keys(s, ":model newer\r");
    expect_text(s, "model newer");
    screen_end(s);
}

static void test_remove_asks_and_spares_the_model_in_use(void **state)
{
    (void)state;
    char current[64];
    train("extra", "3");
    json_decref(run_ferlab_json("model", "-w", workspace, "use", "newer", "--json", NULL));
    struct screen *s = start(140, 42);
    expect_text(s, "● newer");
    screen_keys(s, "jd"); /* newest first: extra, then newer */
    expect_text(s, "use another model");
    screen_keys(s, "kd");
    expect_text(s, "Remove model extra");
    screen_keys(s, "n");
    screen_settle(s, 150);
    assert_true(look_up("extra", current));
    screen_keys(s, "d");
    expect_text(s, "Remove model extra");
    screen_keys(s, "y");
    expect_text(s, "extra was removed");
    assert_false(look_up("extra", current));
    assert_string_equal(current, "newer");
    screen_end(s);
}

/* A model brought in from elsewhere, in use: it has predicted nothing. */
static void import_model(const char *name)
{
    char path[PATH_MAX + 64];
    snprintf(path, sizeof path, "%s/%.40s.onnx", dir, name);
    json_decref(run_ferlab_json("model", "-w", workspace, "export", "older", path, "--json", NULL));
    json_decref(run_ferlab_json("model", "-w", workspace, "import", path, "--json", NULL));
    struct workspace *ws;
    struct arena arena = {0};
    struct model m;
    struct err e;
    assert_true(workspace_open(&ws, workspace, WORKSPACE_WRITE, &e));
    assert_true(model_by_name(ws, name, &arena, &m, &e));
    assert_true(model_use(ws, m.id, &e));
    arena_free(&arena);
    workspace_close(ws);
}

static void test_p_predicts_what_the_model_lacks(void **state)
{
    (void)state;
    import_model("bare");
    struct screen *s = start(140, 42);
    expect_text(s, "300 unpredicted");
    expect_text(s, "⏎ or p computes the 300 predictions it lacks");
    screen_keys(s, "q");
    expect_text(s, "0 of 300    model bare");
    expect_text(s, "model bare has predicted nothing yet: p predicts");
    screen_keys(s, "p");
    expect_text(s, "bare has seen all samples");
    expect_picked(s, "bare", "pred!=label", "majority"); /* by itself */
    screen_keys(s, "p");
    expect_text(s, "bare has seen all samples");
    screen_end(s);
}

static void test_predicting_shows_its_progress_and_is_started_once(void **state)
{
    (void)state;
    char log[PATH_MAX + 32];
    import_model("slow");
    struct screen *s = start(140, 42);
    expect_text(s, "● slow");
    snprintf(log, sizeof log, "%s.runs/predict-slow.log", workspace);
    FILE *process = fopen(log, "w"); /* locked as by the process that predicts */
    assert_non_null(process);
    assert_int_equal(flock(fileno(process), LOCK_EX), 0);
    expect_text(s, "predicting: it begins");
    fputs("predict: 100 of 300 faces  70/s  2s left\n", process);
    fflush(process);
    expect_text(s, "predicting: 100 of 300 faces  70/s  2s left");
    expect_text(s, "predicting 33 %");
    screen_keys(s, "\r");
    expect_text(s, "slow is predicting already: 100 of 300");
    screen_keys(s, "jp"); /* nor is another model's */
    screen_settle(s, 100);
    screen_keys(s, "q");
    expect_text(s, "model slow is predicting: 100 of 300");
    fputs("ferlab: no more memory\n", process);
    fclose(process);
    expect_text(s, "slow has not seen all samples: ferlab: no more memory; p tries again");
    screen_keys(s, "p");
    expect_text(s, "slow has seen all samples");
    screen_end(s);
}

/* A run that failed, as a trainer records it. */
static void add_failed_run(const char *name, const char *sentence)
{
    struct workspace *ws;
    struct err e;
    int64_t id;
    struct run_new run = {
        .name = name, .recipe = "{}", .label_revision = "", .parent = "", .threads = 1, .epochs_planned = 1};
    assert_true(workspace_open(&ws, workspace, WORKSPACE_WRITE, &e));
    assert_true(run_start(ws, &run, &id, &e));
    assert_true(run_finish(ws, id, RUN_FAILED, 0, sentence, &e));
    workspace_close(ws);
}

static void test_failed_run_says_why(void **state)
{
    (void)state;
    struct screen *s = start(140, 42);
    add_failed_run("doomed", "the disk is full; make room; its log is faces.ferlab.runs/9/log.txt");
    expect_text(s, "doomed"); /* while the view is open */
    screen_keys(s, "\t");
    expect_text(s, "✗ the disk is full; make room; its log is faces.ferlab.runs/9/log.txt");
    screen_end(s);
}

static void test_small_screen_shows_both_tables(void **state)
{
    (void)state;
    struct screen *s = start(80, 24);
    expect_text(s, "model");
    expect_text(s, "newer");
    expect_text(s, "best valid");
    screen_keys(s, "\t");
    expect_text(s, "training view");
    screen_end(s);
}

/* Both tables' name columns grow, and of a sentence whole clauses are left. */
static void test_small_screen_cuts_no_word(void **state)
{
    (void)state;
    add_failed_run("a-name-of-twenty-six-bytes",
                   "the disk is full; make room; its log is at a place whose path "
                   "is long, faces.ferlab.runs/9/log.txt");
    struct screen *s = start(80, 24);
    expect_text(s, "a-name-of-twenty-six-bytes failed");
    screen_keys(s, "\t");
    expect_text(s, "✗ the disk is full; make room");
    assert_false(screen_has(s, "its log"));
    assert_false(screen_has(s, "…"));
    screen_end(s);
}

/* The last test: a model more. */
static void test_a_long_name_leaves_the_filter_room(void **state)
{
    (void)state;
    train("a-name-of-forty-four-bytes-as-people-give-it", "3");
    struct screen *s = start(80, 24);
    screen_keys(s, "q/\025split:valid or split:train\r");
    expect_text(s, " split:valid or split:train  ");
    assert_non_null(strstr(screen_row(s, 0), "  a-name-of-f…  majority"));
    screen_end(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lists_models_and_runs),
        cmocka_unit_test(test_enter_switches_the_model_in_use),
        cmocka_unit_test(test_another_model_or_rule_applies_the_filter_again),
        cmocka_unit_test(test_remove_asks_and_spares_the_model_in_use),
        cmocka_unit_test(test_p_predicts_what_the_model_lacks),
        cmocka_unit_test(test_predicting_shows_its_progress_and_is_started_once),
        cmocka_unit_test(test_failed_run_says_why),
        cmocka_unit_test(test_small_screen_shows_both_tables),
        cmocka_unit_test(test_small_screen_cuts_no_word),
        cmocka_unit_test(test_a_long_name_leaves_the_filter_room),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
