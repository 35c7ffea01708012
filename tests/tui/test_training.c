/* The training view on a terminal: a training started from the form is seen running and seen done, can be
 * stopped, and what it changed is shown; trainings started elsewhere appear by themselves. */
#include "screen.h"
#include "support.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PATIENCE_MS = 60000 }; /* a busy machine with sanitizers; waiting ends as soon as the text is there */

static char dir[PATH_MAX], workspace[PATH_MAX];

static int setup(void **state)
{
    (void)state;
    temp_dir_make(dir);
    make_workspace(dir, 400, workspace);
    return 0;
}

/* A trainer outlives the workbench, so a test that failed half-way may leave one. */
static void kill_trainers(void)
{
    json_t *runs = run_ferlab_json("runs", "-w", workspace, "--json", NULL), *run;
    size_t i;
    json_array_foreach(runs, i, run)
    {
        if (strcmp(json_string_value(json_object_get(run, "state")), "running") == 0)
            kill((pid_t)json_integer_value(json_object_get(run, "pid")), SIGKILL);
    }
    json_decref(runs);
}

static int teardown(void **state)
{
    (void)state;
    kill_trainers();
    temp_dir_remove(dir);
    return 0;
}

static void expect_text(struct screen *s, const char *text)
{
    if (!screen_wait_text(s, text, PATIENCE_MS)) {
        screen_dump(s);
        fail_msg("the screen lacks '%s'", text);
    }
}

static struct screen *start(int columns, int rows, bool sixel)
{
    struct screen_options o = {
        .columns = columns, .rows = rows, .cell_width = 9, .cell_height = 19, .sixel = sixel};
    struct screen *s = screen_start(&o, (const char *[]){"-w", workspace, NULL});
    expect_text(s, "? help");
    screen_settle(s, 100);
    screen_keys(s, "t");
    expect_text(s, "start training");
    return s;
}

/* Puts values into fields: the form is walked from its first field downwards. */
enum {
    FIELD_NAME = 0,
    FIELD_FROM = 1,
    FIELD_ARCH = 2,
    FIELD_EPOCHS = 3,
    FIELD_LIMIT = 6,
    FIELD_KEEP = 11,
    FIELD_USE = 16,
    FIELD_FOLDS = 21
};

static void select_field(struct screen *s, int field)
{
    screen_keys(s, "g");
    for (int i = 0; i < field; i++)
        screen_keys(s, "j");
    screen_settle(s, 80);
}

static void fill_in(struct screen *s, int field, const char *value)
{
    select_field(s, field);
    screen_keys(s, "\r");
    screen_settle(s, 80);
    screen_keys(s, "\x15");
    screen_keys(s, value);
    screen_keys(s, "\r");
    screen_settle(s, 80);
}

static json_t *last_run(void)
{
    json_t *runs = run_ferlab_json("runs", "-w", workspace, "--json", NULL);
    json_t *last = json_incref(json_array_get(runs, json_array_size(runs) - 1));
    json_decref(runs);
    return last;
}

/* Waits until the newest run is the named one and has finished an epoch; returns its process. */
static pid_t wait_for_epoch(const char *name)
{
    for (int waited = 0; waited < PATIENCE_MS; waited += 100) {
        json_t *run = last_run();
        bool there = strcmp(json_string_value(json_object_get(run, "name")), name) == 0 &&
                     json_integer_value(json_object_get(run, "epochs")) > 0;
        pid_t pid = (pid_t)json_integer_value(json_object_get(run, "pid"));
        json_decref(run);
        if (there)
            return pid;
        usleep(100000);
    }
    fail_msg("run '%s' finished no epoch", name);
    return 0;
}

static void expect_run(const char *name, const char *run_state)
{
    json_t *run = last_run();
    assert_string_equal(json_string_value(json_object_get(run, "name")), name);
    assert_string_equal(json_string_value(json_object_get(run, "state")), run_state);
    json_decref(run);
}

/* How many samples a model has predictions for, -1 where there is no such model, and whether it is the one in
 * use. */
static int predictions_of(const char *name, bool *current)
{
    json_t *models = run_ferlab_json("models", "-w", workspace, "--json", NULL), *model;
    size_t i;
    int predictions = -1;
    *current = false;
    json_array_foreach(models, i, model)
    {
        if (strcmp(json_string_value(json_object_get(model, "name")), name) != 0)
            continue;
        predictions = (int)json_integer_value(json_object_get(model, "predictions"));
        *current = json_is_true(json_object_get(model, "current"));
    }
    json_decref(models);
    return predictions;
}

static bool has_color(struct screen *s, int r, int g, int b)
{
    int width, height;
    const uint8_t *pixels = screen_pixels(s, &width, &height);
    for (int i = 0; i < width * height; i++) {
        const uint8_t *p = pixels + 3 * i;
        if (abs(p[0] - r) < 6 && abs(p[1] - g) < 6 && abs(p[2] - b) < 6)
            return true;
    }
    return false;
}

static void test_form_trains_a_model(void **state)
{
    (void)state;
    bool current;
    struct screen *s = start(140, 42, true);
    fill_in(s, FIELD_NAME, "tiny");
    fill_in(s, FIELD_ARCH, "8,P,8");
    fill_in(s, FIELD_EPOCHS, "3");
    expect_text(s, "8,P,8");
    screen_keys(s, "S");
    expect_text(s, "✓ done");
    expect_text(s, "epoch 3 of 3");
    expect_text(s, "model tiny"); /* the top line: the new model is in use at once */
    screen_settle(s, 200);
    expect_run("tiny", "done");
    assert_int_equal(predictions_of("tiny", &current), 400);
    assert_true(current);
    assert_true(has_color(s, 64, 200, 208)); /* the validation curve is drawn */
    screen_keys(s, "c");
    expect_text(s, "precision");
    screen_end(s);
}

static void test_fine_tuning_tells_what_it_changed(void **state)
{
    (void)state;
    struct screen *s = start(140, 42, true);
    expect_text(s, "from      tiny"); /* the current model */
    screen_keys(s, "gjj\r");
    expect_text(s, "tiny decides the architecture");
    sleep(1); /* reviews and runs are stamped in seconds: these labels came after tiny's start */
    json_t *list = run_ferlab_json("list", "-w", workspace, "split:train label:happiness", "--limit", "3",
                                   "--json", NULL);
    json_t *sample;
    size_t i;
    json_array_foreach(list, i, sample)
    {
        char id[16];
        snprintf(id, sizeof id, "%d", (int)json_integer_value(json_object_get(sample, "id")));
        json_decref(run_ferlab_json("label", "-w", workspace, id, "fear", "--json", NULL));
    }
    json_decref(list);
    expect_text(s, "reviewed (3 changed)");
    fill_in(s, FIELD_NAME, "tuned");
    fill_in(s, FIELD_EPOCHS, "1");
    screen_keys(s, "S"); /* less than five seconds before its end: nothing opens, a line says what would */
    expect_text(s, "tuned is trained; b shows what it changed");
    screen_keys(s, "b");
    expect_text(s, "95 % of changes");
    expect_text(s, "tuned beside tiny");
    expect_text(s, "3 reviewed labels →");
    expect_text(s, "still wrong otherwise, since tiny");
    expect_text(s, "McNemar p");
    screen_keys(s, "q");
    expect_text(s, "start training");
    expect_text(s, "3 reviewed labels →"); /* as the training view has it */
    screen_keys(s, "\t\r");                /* the newest run: its matrix, where the difference can be seen */
    expect_text(s, "precision");
    screen_keys(s, "D");
    expect_text(s, "difference to tiny");
    screen_end(s);
}

static void test_the_comparison_opens_where_keys_rest_and_takes_none_at_first(void **state)
{
    (void)state;
    struct screen *s = start(140, 42, true);
    screen_settle(s, 200);
    sleep(6);
    json_decref(run_ferlab_json("train", "-w", workspace, "--from", "tuned", "--epochs", "1", "--name",
                                "idle", "--json", "--quiet", NULL));
    expect_text(s, "idle beside tuned"); /* by itself */
    screen_keys(s, "q");
    expect_text(s, "this opened by itself just now");
    expect_text(s, "idle beside tuned");
    sleep(3);
    screen_keys(s, "q");
    expect_text(s, "start training");
    screen_end(s);
    json_decref(run_ferlab_json("model", "use", "tuned", "-w", workspace, "--json", NULL));
    json_decref(run_ferlab_json("model", "remove", "idle", "--yes", "-w", workspace, "--json", NULL));
}

static void test_stop_keeps_the_best_model(void **state)
{
    (void)state;
    bool current;
    struct screen *s = start(140, 42, true);
    fill_in(s, FIELD_NAME, "halted");
    fill_in(s, FIELD_EPOCHS, "5000");
    screen_keys(s, "S");
    wait_for_epoch("halted");
    expect_text(s, "img/s");
    screen_keys(s, "x");
    expect_text(s, "Stop run");
    screen_keys(s, "y");
    expect_text(s, "its best model kept");
    expect_run("halted", "stopped");
    expect_text(s, "model halted"); /* once its predictions are there, it is in use */
    expect_text(s, "since tuned");
    assert_int_equal(predictions_of("halted", &current), 400);
    assert_true(current);
    screen_end(s);
}

static void test_training_in_a_shell_shows_up(void **state)
{
    (void)state;
    struct screen *s = start(140, 42, true);
    json_t *run = run_ferlab_json("train", "-w", workspace, "--arch", "8,P,8", "--epochs", "2", "--name",
                                  "by-shell", "--no-use", "--json", "--quiet", NULL);
    json_decref(run);
    expect_text(s, "by-shell");
    expect_text(s, "epoch 2 of 2");
    screen_end(s);
}

static void test_a_training_that_cannot_start_says_why(void **state)
{
    (void)state;
    struct screen *s = start(140, 42, true);
    fill_in(s, FIELD_FROM, "./no-such-model");
    screen_keys(s, "S");
    expect_text(s, "did not start");
    expect_text(s, "no-such-model");
    screen_end(s);
}

static void test_a_killed_trainer_is_shown_as_failed(void **state)
{
    (void)state;
    struct screen *s = start(140, 42, true);
    fill_in(s, FIELD_NAME, "killed");
    fill_in(s, FIELD_EPOCHS, "5000");
    screen_keys(s, "S");
    kill(wait_for_epoch("killed"), SIGKILL);
    expect_text(s, "✗ failed");
    expect_text(s, "goes on from its last saved epoch");
    screen_end(s);
}

/* The run of the test before: killed after its first epoch. */
static void test_a_killed_training_goes_on(void **state)
{
    (void)state;
    struct screen *s = start(140, 42, true);
    screen_keys(s, "\tR");
    expect_text(s, "goes on");
    wait_for_epoch("killed");
    expect_text(s, "img/s");
    screen_keys(s, "x");
    expect_text(s, "Stop run");
    screen_keys(s, "y");
    expect_text(s, "its best model kept");
    expect_run("killed", "stopped");
    expect_text(s, "model killed"); /* once its predictions are there: nothing of it comes later */
    screen_end(s);
}

static void test_small_screen_has_form_curves_and_runs(void **state)
{
    (void)state;
    static const char *const words[] = {"epochs", "batch",    "rate", "rule",       "rotation",
                                        "flip",   "accuracy", "loss", "best valid", "start training"};
    struct screen *s = start(80, 24, true);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        expect_text(s, words[i]);
    assert_true(screen_images(s) > 0);
    screen_end(s);
    s = start(80, 24, false); /* half blocks: the curve is text */
    expect_text(s, "best valid");
    expect_text(s, "▀");
    screen_end(s);
}

static void test_no_word_is_cut(void **state)
{
    (void)state;
    const int widths[] = {80, 100, 110, 140};
    for (size_t i = 0; i < sizeof widths / sizeof *widths; i++) {
        struct screen *s = start(widths[i], 30, true);
        expect_text(s, "reviewed (");
        expect_text(s, "wrong otherwise");
        for (int row = 10; row < 30; row++)
            assert_null(strstr(screen_row(s, row), "\u2026"));
        for (int field = 0; field < 22; field++) { /* each with its sentence */
            for (int row = 1; row <= 9; row++)
                assert_null(strstr(screen_row(s, row), "\u2026"));
            screen_keys(s, "k");
            screen_settle(s, 40);
        }
        screen_end(s);
    }
}

static void test_wrong_numbers_are_refused(void **state)
{
    (void)state;
    struct screen *s = start(80, 24, true);
    fill_in(s, FIELD_EPOCHS, "1o");
    expect_text(s, "is not a number from 1 to 10000");
    expect_text(s, "epochs 1o"); /* what was typed stays, to be mended */
    screen_keys(s, "\1772\r");
    expect_text(s, "[12]");
    screen_keys(s, " ");
    expect_text(s, "Enter edits");
    fill_in(s, FIELD_NAME, "two words");
    expect_text(s, "'two words' is no name for a model");
    screen_keys(s, "\025tiny\r");
    expect_text(s, "there is a run or a model called 'tiny' already");
    screen_keys(s, "\033");
    select_field(s, FIELD_FROM);
    for (int i = 0; i < 20 && !screen_has(s, "[fresh weights]"); i++) {
        screen_keys(s, " ");
        screen_settle(s, 100);
    }
    select_field(s, FIELD_KEEP);
    screen_keys(s, "\r");
    expect_text(s, "fresh weights have nothing to keep");
    fill_in(s, FIELD_ARCH, "8,Q");
    expect_text(s, "item 2 'Q': no such layer");
    screen_keys(s, "\0258,P\r");
    expect_text(s, "[8,P]");
    fill_in(s, FIELD_FROM, "no-such-model");
    expect_text(s, "no model is called 'no-such-model'");
    screen_keys(s, "\033");
    fill_in(s, FIELD_LIMIT, "-3");
    expect_text(s, "or all");
    screen_keys(s, "\025all\r");
    expect_text(s, "[all]");
    screen_end(s);
}

/* After the trainings above, of which the newest in use is not the newest of all. */
static void test_a_training_can_leave_the_model_in_use_and_take_few_faces(void **state)
{
    (void)state;
    bool current;
    json_decref(run_ferlab_json("model", "-w", workspace, "use", "tiny", "--json", NULL));
    struct screen *s = start(140, 42, true);
    expect_text(s, "from      tiny");
    select_field(s, FIELD_FROM);
    for (int i = 0; i < 8 && !screen_has(s, "[fresh weights]"); i++) {
        screen_keys(s, " ");
        screen_settle(s, 80);
    }
    fill_in(s, FIELD_NAME, "aside");
    fill_in(s, FIELD_ARCH, "8,P,8");
    fill_in(s, FIELD_EPOCHS, "1");
    fill_in(s, FIELD_LIMIT, "50");
    select_field(s, FIELD_USE);
    screen_keys(s, " ");
    expect_text(s, "use      [no]");
    screen_keys(s, "S");
    expect_text(s, "✓ done");
    expect_text(s, "since tiny"); /* which was in use, though others were made after it */
    expect_run("aside", "done");
    assert_int_equal(predictions_of("aside", &current), 400);
    assert_false(current);
    json_t *run = last_run();
    assert_int_equal(json_integer_value(json_object_get(json_object_get(run, "recipe"), "limit")), 50);
    json_decref(run);
    expect_text(s, "model tiny");
    screen_end(s);
}

static void test_folds_are_seen_one_after_the_other(void **state)
{
    (void)state;
    bool current;
    struct screen *s = start(140, 42, true);
    select_field(s, FIELD_FOLDS);
    screen_keys(s, " ");
    expect_text(s, "folds    [5]");
    expect_text(s, "from      fresh weights");
    expect_text(s, "epochs    40"); /* 400 faces are few */
    expect_text(s, "batch     32");
    screen_keys(s, " ");
    expect_text(s, "folds    [no]");
    expect_text(s, "from      tiny"); /* as it was */
    fill_in(s, FIELD_FOLDS, "21");
    expect_text(s, "from 2 to 20, or no");
    screen_keys(s, "\0252\r");
    expect_text(s, "folds    [2]");
    select_field(s, FIELD_FROM);
    screen_keys(s, "\r");
    expect_text(s, "folds begin with fresh weights");
    fill_in(s, FIELD_NAME, "parts");
    fill_in(s, FIELD_ARCH, "8,P,8");
    fill_in(s, FIELD_EPOCHS, "2000");
    screen_keys(s, "S");
    expect_text(s, "fold 1/2  epoch ");
    wait_for_epoch("parts");
    screen_keys(s, "x");
    expect_text(s, "R goes on with it later");
    screen_keys(s, "y");
    expect_text(s, "0 of 2 folds; R goes on");
    expect_run("parts", "stopped");
    screen_end(s);
    s = start(140, 42, true);
    select_field(s, FIELD_FOLDS);
    screen_keys(s, " ");
    fill_in(s, FIELD_NAME, "pieces");
    fill_in(s, FIELD_ARCH, "8,P,8");
    fill_in(s, FIELD_EPOCHS, "1");
    screen_keys(s, "S");
    expect_text(s, "5 of 5 folds");
    expect_text(s, "right of the faces kept out:  fold 1 ");
    expect_text(s, "5/5×1");
    expect_text(s, "model pieces");
    expect_run("pieces", "done");
    assert_int_equal(predictions_of("pieces", &current), 400);
    assert_true(current);
    screen_keys(s, "m");
    expect_text(s, "pieces: what 5 models said, each of the faces that it did not see; no file");
    screen_keys(s, "p");
    expect_text(s, "pieces is what folds said");
    screen_end(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_form_trains_a_model),
        cmocka_unit_test(test_fine_tuning_tells_what_it_changed),
        cmocka_unit_test(test_the_comparison_opens_where_keys_rest_and_takes_none_at_first),
        cmocka_unit_test(test_stop_keeps_the_best_model),
        cmocka_unit_test(test_training_in_a_shell_shows_up),
        cmocka_unit_test(test_a_training_that_cannot_start_says_why),
        cmocka_unit_test(test_a_killed_trainer_is_shown_as_failed),
        cmocka_unit_test(test_a_killed_training_goes_on),
        cmocka_unit_test(test_small_screen_has_form_curves_and_runs),
        cmocka_unit_test(test_no_word_is_cut),
        cmocka_unit_test(test_wrong_numbers_are_refused),
        cmocka_unit_test(test_a_training_can_leave_the_model_in_use_and_take_few_faces),
        cmocka_unit_test(test_folds_are_seen_one_after_the_other),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
