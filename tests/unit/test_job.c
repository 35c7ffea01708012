/* Trainings as processes of their own. The program that jobs start is the one that runs: here this test,
 * which passes the words on to ferlab. */
#include "support.h"

#include "ferlab/store/runs.h"
#include "ferlab/train/job.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct place {
    char dir[PATH_MAX], path[PATH_MAX];
    struct workspace *ws;
};

static int set_up(void **state)
{
    struct place *p = calloc(1, sizeof *p);
    struct err e = {0};
    temp_dir_make(p->dir);
    make_workspace(p->dir, 120, p->path);
    if (!workspace_open(&p->ws, p->path, WORKSPACE_WRITE, &e))
        fail_msg("%s", e.text);
    *state = p;
    return 0;
}

static int tear_down(void **state)
{
    struct place *p = *state;
    workspace_close(p->ws);
    temp_dir_remove(p->dir);
    free(p);
    return 0;
}

static void nap(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
}

/* The only run once it has done `epochs` epochs or ended. */
static struct run wait_for_run(const struct place *p, int64_t epochs, struct arena *arena)
{
    struct err e = {0};
    for (int i = 0; i < 4000; i++, nap()) {
        struct run *runs;
        size_t count;
        if (runs_list(p->ws, arena, &runs, &count, &e) && count == 1 &&
            (runs[0].epochs_done >= epochs || runs[0].state != RUN_RUNNING))
            return runs[0];
    }
    fail_msg("the training did not come that far in 80 seconds");
    return (struct run){0};
}

static void wait_until_gone(pid_t pid)
{
    for (int i = 0; i < 4000 && kill(pid, 0) == 0; i++)
        nap();
    assert_int_not_equal(kill(pid, 0), 0);
}

static struct recipe recipe(int epochs)
{
    struct recipe r = recipe_default;
    strcpy(r.arch, "4");
    r.epochs = epochs;
    r.batch = 32;
    r.threads = 1;
    r.learning_rate = 0.0125;
    r.augmentation.rotation_deg = 12.5f;
    r.augmentation.flip = false;
    r.rule = RULE_PROBABILITY;
    r.labels = LABELS_CROWD;
    r.seed = 9007199254740991;
    r.limit = 64;
    return r;
}

static void test_job_trains_by_the_recipe(void **state)
{
    struct place *p = *state;
    struct arena arena = {0};
    struct err e = {0};
    struct recipe wanted = recipe(2);
    strcpy(wanted.name, "job");
    pid_t pid;
    char log[PATH_MAX];
    if (!job_start_training(p->path, &wanted, &pid, log, &e))
        fail_msg("%s", e.text);
    assert_int_equal(access(log, R_OK), 0);
    struct run run = wait_for_run(p, 3, &arena);
    assert_int_equal(run.state, RUN_DONE);
    assert_int_equal(run.pid, pid);
    assert_string_equal(run.model_name, "job");
    wait_until_gone(pid); /* nobody's zombie */

    char *text = recipe_json(&wanted);
    json_t *asked = json_loads(text, 0, NULL), *used = json_loads(run.recipe, 0, NULL);
    const char *key;
    json_t *value;
    json_object_foreach(asked, key, value)
    {
        if (!json_equal(value, json_object_get(used, key)))
            fail_msg("'%s' was lost on the way", key);
    }
    json_decref(asked);
    json_decref(used);
    free(text);
    arena_free(&arena);
}

/* The words of a process, with a space between them. */
static void command_line(pid_t pid, char out[2048])
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/cmdline", (int)pid);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    size_t length = fread(out, 1, 2047, file);
    fclose(file);
    for (size_t i = 0; i < length; i++)
        if (out[i] == '\0')
            out[i] = ' ';
    out[length] = '\0';
}

static void test_numbers_are_passed_on_as_short_as_they_are(void **state)
{
    struct place *p = *state;
    struct arena arena = {0};
    struct err e = {0};
    struct recipe r = recipe(9999);
    r.batch = 32;
    r.learning_rate = 0.1;
    r.weight_decay = 1.0 / 3;
    r.augmentation.zoom = 0.12f;
    r.augmentation.shift = 1.0f / 3;
    r.seed = 1000000;
    pid_t pid;
    char log[PATH_MAX], words[2048];
    assert_true(job_start_training(p->path, &r, &pid, log, &e));
    wait_for_run(p, 1, &arena);
    command_line(pid, words);
    kill(pid, SIGTERM);
    static const char *const wanted[] = {" --batch 32 ",     " --lr 0.1 ",
                                         " --zoom 0.12 ",    " --weight-decay 0.3333333333333333 ",
                                         " --seed 1000000 ", " --shift 0.33333334 "};
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        if (strstr(words, wanted[i]) == NULL)
            fail_msg("'%s' is not in '%s'", wanted[i], words);
    wait_until_gone(pid);
    arena_free(&arena);
}

static void test_job_is_stopped_from_another_process(void **state)
{
    struct place *p = *state;
    struct arena arena = {0};
    struct err e = {0};
    struct recipe long_one = recipe(9999);
    pid_t pid;
    char log[PATH_MAX], id[16];
    assert_true(job_start_training(p->path, &long_one, &pid, log, &e));
    struct run run = wait_for_run(p, 1, &arena);
    snprintf(id, sizeof id, "%d", (int)run.id);
    json_decref(run_ferlab_json("-w", p->path, "runs", "stop", id, "--json", NULL));
    wait_until_gone(pid);
    run = wait_for_run(p, 9999, &arena);
    assert_int_equal(run.state, RUN_STOPPED);
    assert_int_not_equal(run.model, 0);
    arena_free(&arena);
}

static void test_failed_start_is_in_the_launch_log(void **state)
{
    struct place *p = *state;
    struct err e = {0};
    struct recipe wrong = recipe(1);
    strcpy(wrong.arch, "8,Q");
    pid_t pid;
    char log[PATH_MAX], next[PATH_MAX], text[1024] = "";
    assert_true(job_start_training(p->path, &wrong, &pid, log, &e));
    wait_until_gone(pid);
    FILE *file = fopen(log, "r");
    assert_non_null(file);
    assert_non_null(fgets(text, sizeof text, file));
    fclose(file);
    assert_non_null(strstr(text, "ferlab: "));
    assert_non_null(strstr(text, "Q"));
    /* The next start sweeps what the dead left. */
    struct recipe right = recipe(1);
    assert_true(job_start_training(p->path, &right, &pid, next, &e));
    assert_int_not_equal(access(log, F_OK), 0);
    wait_until_gone(pid);
}

static void test_senseless_recipe_starts_nothing(void **state)
{
    struct place *p = *state;
    struct err e = {0};
    struct recipe wrong = recipe(0);
    pid_t pid;
    char log[PATH_MAX];
    assert_false(job_start_training(p->path, &wrong, &pid, log, &e));
    assert_int_equal(e.code, ERR_USAGE);
}

static void test_stopping_what_is_not_there_is_a_sentence(void **state)
{
    struct place *p = *state;
    struct err e = {0};
    assert_false(job_stop_run(p->ws, 12, &e));
    assert_non_null(strstr(e.text, "no run 12"));
}

/* What the export printed last, once it has ended. */
static void export_to(const struct place *p, const char *out, char line[PATH_MAX + 128])
{
    const struct job_export x = {.format = "ferplus",
                                 .out = out,
                                 .where = "split:valid sort:-id",
                                 .model = "",
                                 .rule = "distribution",
                                 .reviewed = true};
    struct err e = {0};
    int log;
    if (!job_start_export(p->path, &x, &log, &e))
        fail_msg("%s", e.text);
    for (int i = 0; i < 4000 && job_exports(log, line, PATH_MAX + 128); i++)
        nap();
    assert_false(job_exports(log, line, PATH_MAX + 128));
    close(log);
}

static void test_export_job_says_how_it_ended(void **state)
{
    struct place *p = *state;
    char out[PATH_MAX + 32], line[PATH_MAX + 128], reviews[PATH_MAX + 64];
    snprintf(out, sizeof out, "%s/out", p->dir);
    export_to(p, out, line);
    assert_non_null(strstr(line, "samples written as ferplus"));
    snprintf(reviews, sizeof reviews, "%s/reviews.csv", out);
    assert_int_equal(access(reviews, R_OK), 0);
    export_to(p, out, line);
    assert_memory_equal(line, "ferlab: ", 8);
    assert_non_null(strstr(line, "is there already"));
}

int main(int argc, char **argv)
{
    if (argc > 3) {
        execv(FERLAB_PROGRAM, argv);
        return 127;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_job_trains_by_the_recipe, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_numbers_are_passed_on_as_short_as_they_are, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_job_is_stopped_from_another_process, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_failed_start_is_in_the_launch_log, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_senseless_recipe_starts_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_export_job_says_how_it_ended, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_stopping_what_is_not_there_is_a_sentence, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
