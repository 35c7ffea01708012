/* Runs: from start to end, and what is said of a trainer that died. */
#include "ferlab/store/models.h"
#include "ferlab/store/runs.h"
#include "store_fixture.h"

#include <math.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static int64_t start(struct fixture *f, struct workspace *ws, const char *name)
{
    int64_t id = 0;
    struct run_new r = {.name = name,
                        .recipe = "{\"epochs\": 3}",
                        .label_revision = "0123456789ab",
                        .parent = "base",
                        .seed = 7,
                        .threads = 2,
                        .epochs_planned = 3};

    MUST(f, run_start(ws, &r, &id, &f->e));
    return id;
}

static struct run only_run(struct fixture *f, struct workspace *ws)
{
    struct run *runs;
    size_t count;

    MUST(f, runs_list(ws, &f->arena, &runs, &count, &f->e));
    assert_int_equal(count, 1);
    return runs[0];
}

static void test_a_run_is_seen_from_start_to_end(void **state)
{
    struct fixture f;
    struct run_epoch *epochs;
    size_t count;
    static const double accuracy[] = {0.7, 0.9, 0.8};

    (void)state;
    fixture_open(&f, 1);
    int64_t id = start(&f, f.ws, "first"), model;
    struct run r = only_run(&f, f.ws);

    assert_int_equal(r.state, RUN_RUNNING);
    assert_string_equal(run_state_name(r.state), "running");
    assert_int_equal(r.pid, getpid());
    assert_string_equal(r.name, "first");
    assert_string_equal(r.recipe, "{\"epochs\": 3}");
    assert_string_equal(r.label_revision, "0123456789ab");
    assert_string_equal(r.parent, "base");
    assert_string_equal(r.finished, "");
    assert_int_equal(r.seed, 7);
    assert_int_equal(r.epochs_planned, 3);
    assert_true(isnan(r.best_valid_accuracy));
    assert_int_equal(r.model, 0);

    MUST(&f, run_progress(f.ws, id, 2, 30, 100, 158.5, 61, 0.75, &f.e));
    for (int i = 0; i < 3; i++)
        MUST(&f, run_add_epoch(f.ws, id,
                               &(struct run_epoch){.epoch = i + 1,
                                                   .loss = 1.0 / (i + 1),
                                                   .train_accuracy = i ? 0.5 : NAN,
                                                   .valid_accuracy = accuracy[i],
                                                   .seconds = 12.5},
                               &f.e));
    r = only_run(&f, f.ws);
    assert_int_equal(r.epoch, 2);
    assert_int_equal(r.step, 30);
    assert_int_equal(r.steps, 100);
    assert_float_equal(r.images_per_second, 158.5, 0);
    assert_float_equal(r.loss, 0.75, 0);
    assert_int_equal(r.epochs_done, 3);
    assert_float_equal(r.best_valid_accuracy, 0.9, 0);
    assert_int_equal(r.best_epoch, 2);

    MUST(&f, model_add(f.ws, &(struct model_new){.name = "net", .onnx = "x", .size = 1}, &model, &f.e));
    MUST(&f, run_finish(f.ws, id, RUN_DONE, model, NULL, &f.e));
    r = only_run(&f, f.ws);
    assert_int_equal(r.state, RUN_DONE);
    assert_int_equal(r.model, model);
    assert_string_equal(r.model_name, "net");
    assert_string_not_equal(r.finished, "");
    MUST(&f, run_epochs(f.ws, id, &f.arena, &epochs, &count, &f.e));
    assert_int_equal(count, 3);
    assert_true(isnan(epochs[0].train_accuracy));
    assert_float_equal(epochs[2].loss, 1.0 / 3, 0);
    assert_int_equal(epochs[2].epoch, 3);
    MUST(&f, model_remove(f.ws, model, &f.e));
    assert_int_equal(only_run(&f, f.ws).model, 0);
    MUST(&f, run_epochs(f.ws, 99, &f.arena, &epochs, &count, &f.e));
    assert_int_equal(count, 0);
    fixture_close(&f);
}

static void test_an_interrupted_run_goes_on(void **state)
{
    struct fixture f;
    struct run r;
    struct run_epoch *epochs;
    size_t count;
    static const struct run_new again = {.recipe = "{}", .label_revision = "ba9876543210", .threads = 3};

    (void)state;
    fixture_open(&f, 1);
    int64_t id = start(&f, f.ws, "cut");

    for (int i = 1; i <= 3; i++)
        MUST(&f, run_add_epoch(f.ws, id, &(struct run_epoch){.epoch = i, .valid_accuracy = 0.5}, &f.e));
    REFUSED(&f, run_resume(f.ws, id, &again, 2, &f.e), "it runs already");
    MUST(&f, run_finish(f.ws, id, RUN_FAILED, 0, "no reason", &f.e));
    plain_sql_works(f.path, "UPDATE run SET pid = 1, host = 'elsewhere', process_start = 1");
    MUST(&f, run_resume(f.ws, id, &again, 2, &f.e));
    r = only_run(&f, f.ws);
    assert_int_equal(r.id, id);
    assert_int_equal(r.state, RUN_RUNNING); /* and its process, this one, is alive */
    assert_int_equal(r.pid, getpid());
    assert_string_equal(r.name, "cut");
    assert_string_equal(r.parent, "base");
    assert_string_equal(r.finished, "");
    assert_string_equal(r.failure, "");
    assert_string_equal(r.label_revision, "ba9876543210");
    assert_int_equal(r.threads, 3);
    MUST(&f, run_epochs(f.ws, id, &f.arena, &epochs, &count, &f.e));
    assert_int_equal(count, 2);
    MUST(&f, run_finish(f.ws, id, RUN_DONE, 0, NULL, &f.e));
    REFUSED(&f, run_resume(f.ws, id, &again, 2, &f.e), "is done");
    MUST(&f, run_epochs(f.ws, id, &f.arena, &epochs, &count, &f.e));
    assert_int_equal(count, 2); /* what is refused changes nothing */
    fixture_close(&f);
}

static void test_a_run_is_found_by_id_or_name(void **state)
{
    struct fixture f;
    struct run r;

    (void)state;
    fixture_open(&f, 1);
    start(&f, f.ws, "2"); /* run 1 */
    start(&f, f.ws, "b"); /* run 2 */
    start(&f, f.ws, "77");
    MUST(&f, run_find(f.ws, "b", &f.arena, &r, &f.e));
    assert_int_equal(r.id, 2);
    MUST(&f, run_find(f.ws, "2", &f.arena, &r, &f.e));
    assert_int_equal(r.id, 2); /* ids come first */
    MUST(&f, run_find(f.ws, "77", &f.arena, &r, &f.e));
    assert_int_equal(r.id, 3);
    REFUSED(&f, run_find(f.ws, "c", &f.arena, &r, &f.e), "there is no run c");
    REFUSED(&f, run_find(f.ws, "-1", &f.arena, &r, &f.e), "there is no run -1");
    fixture_close(&f);
}

static void test_names_of_runs_are_unique(void **state)
{
    struct fixture f;
    int64_t id;

    (void)state;
    fixture_open(&f, 1);
    id = start(&f, f.ws, "a");
    REFUSED(&f, run_start(f.ws, &(struct run_new){.name = "a"}, &id, &f.e), "a run named 'a' already");
    REFUSED(&f, run_start(f.ws, &(struct run_new){.name = "a b"}, &id, &f.e), "is no name for a run");
    assert_string_equal(model_free_name(f.ws, "a", &f.arena), "a-2");
    REFUSED(&f, run_progress(f.ws, 99, 1, 1, 1, 1, 1, 1, &f.e), "there is no run 99");
    REFUSED(&f, run_finish(f.ws, 99, RUN_DONE, 0, NULL, &f.e), "there is no run 99");
    fixture_close(&f);
}

/* A process that starts a run and then ends as `end` says, while nobody has asked for its status yet. */
static pid_t trainer(struct fixture *f, bool finishes, int end)
{
    int ready[2];
    char byte;

    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();

    if (child == 0) {
        struct workspace *ws;

        if (!workspace_open(&ws, f->path, WORKSPACE_WRITE, &f->e))
            _exit(1);
        int64_t id = start(f, ws, "child");

        if (finishes && !run_finish(ws, id, RUN_STOPPED, 0, NULL, &f->e))
            _exit(2);
        if (write(ready[1], "x", 1) != 1)
            _exit(3);
        if (end)
            raise(end);
        pause();
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    close(ready[1]);
    return child;
}

static void test_a_run_whose_trainer_lives_stays_running(void **state)
{
    struct fixture f;

    (void)state;
    fixture_open(&f, 1);
    pid_t child = trainer(&f, false, 0);
    struct run r = only_run(&f, f.ws);

    assert_int_equal(r.state, RUN_RUNNING);
    assert_int_equal(r.pid, child);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    fixture_close(&f);
}

static void test_a_run_whose_trainer_died_has_failed(void **state)
{
    struct fixture f;
    struct workspace *reader;
    char expected[PATH_MAX + 128];

    (void)state;
    fixture_open(&f, 1);
    pid_t child = trainer(&f, false, SIGKILL);
    siginfo_t info;

    waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT); /* still a zombie: dead all the same */
    snprintf(
        expected, sizeof expected,
        "the trainer was killed or crashed; 'ferlab train --resume 1' goes on from its last saved epoch; its "
        "log is %s.runs/1/log.txt",
        f.path);

    /* Where nothing may be written it is shown as failed, and stays as it is in the file. */
    MUST(&f, workspace_open(&reader, f.path, WORKSPACE_READ, &f.e));
    struct run r = only_run(&f, reader);

    assert_int_equal(r.state, RUN_FAILED);
    assert_string_equal(r.failure, expected);
    workspace_close(reader);
    assert_int_equal(plain_number(f.path, "SELECT count(*) FROM run WHERE state = 'running'"), 1);

    r = only_run(&f, f.ws);
    assert_int_equal(r.state, RUN_FAILED);
    assert_string_equal(r.failure, expected);
    assert_int_equal(
        plain_number(f.path, "SELECT count(*) FROM run WHERE state = 'failed' AND finished <> ''"), 1);
    waitpid(child, NULL, 0);
    fixture_close(&f);
}

static void test_a_run_that_ended_is_left_alone(void **state)
{
    struct fixture f;

    (void)state;
    fixture_open(&f, 1);
    pid_t child = trainer(&f, true, SIGKILL);

    waitpid(child, NULL, 0);
    assert_int_equal(only_run(&f, f.ws).state, RUN_STOPPED);
    fixture_close(&f);
}

static void test_a_process_number_given_to_another_is_not_the_trainer(void **state)
{
    struct fixture f;

    (void)state;
    fixture_open(&f, 1);
    start(&f, f.ws, "a");
    plain_sql_works(f.path, "UPDATE run SET process_start = process_start - 1");
    assert_int_equal(only_run(&f, f.ws).state, RUN_FAILED);
    fixture_close(&f);
}

static void test_a_run_on_another_host_is_taken_at_its_word(void **state)
{
    struct fixture f;

    (void)state;
    fixture_open(&f, 1);
    start(&f, f.ws, "a");
    plain_sql_works(f.path, "UPDATE run SET host = 'elsewhere', pid = 999999999");
    assert_int_equal(only_run(&f, f.ws).state, RUN_RUNNING);
    fixture_close(&f);
}

static void test_a_run_has_a_folder(void **state)
{
    struct fixture f;
    char dir[PATH_MAX], expected[PATH_MAX + 16];

    (void)state;
    fixture_open(&f, 1);
    int64_t id = start(&f, f.ws, "a");

    MUST(&f, run_dir(f.ws, id, dir, &f.e));
    snprintf(expected, sizeof expected, "%s.runs/1", f.path);
    assert_string_equal(dir, expected);
    assert_int_equal(access(dir, W_OK), 0);
    fixture_close(&f);
}

/* The largest of what the folds reached would flatter. */
static void test_a_run_of_folds_is_judged_by_its_predictions(void **state)
{
    struct fixture f;
    int64_t id = 0, model;
    const struct run_new r = {.name = "five", .epochs_planned = 15, .folds = 5};
    const struct run_epoch last = {.epoch = 3, .valid_accuracy = 0.9};
    const struct model_new m = {.name = "five", .folds = 5, .valid_accuracy = 0.8};

    (void)state;
    fixture_open(&f, 1);
    MUST(&f, run_start(f.ws, &r, &id, &f.e));
    MUST(&f, run_add_epoch(f.ws, id, &last, &f.e));
    struct run run = only_run(&f, f.ws);
    assert_int_equal(run.folds, 5);
    assert_true(isnan(run.best_valid_accuracy));
    assert_int_equal(run.best_epoch, 0);
    assert_int_equal(run_fold(&run, 3), 1);
    assert_int_equal(run_fold_epoch(&run, 3), 3);
    assert_int_equal(run_fold(&run, 4), 2);
    assert_int_equal(run_fold_epoch(&run, 4), 1);
    MUST(&f, model_add(f.ws, &m, &model, &f.e));
    MUST(&f, run_finish(f.ws, id, RUN_DONE, model, NULL, &f.e));
    assert_float_equal(only_run(&f, f.ws).best_valid_accuracy, 0.8, 1e-9);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_run_is_seen_from_start_to_end),
        cmocka_unit_test(test_an_interrupted_run_goes_on),
        cmocka_unit_test(test_a_run_is_found_by_id_or_name),
        cmocka_unit_test(test_names_of_runs_are_unique),
        cmocka_unit_test(test_a_run_whose_trainer_lives_stays_running),
        cmocka_unit_test(test_a_run_whose_trainer_died_has_failed),
        cmocka_unit_test(test_a_run_that_ended_is_left_alone),
        cmocka_unit_test(test_a_process_number_given_to_another_is_not_the_trainer),
        cmocka_unit_test(test_a_run_on_another_host_is_taken_at_its_word),
        cmocka_unit_test(test_a_run_has_a_folder),
        cmocka_unit_test(test_a_run_of_folds_is_judged_by_its_predictions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
