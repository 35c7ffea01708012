/* How trainings end: stopped, killed, diverged, with nothing to learn from or to be judged by. */
#include "trainer_process.h"

#include "ferlab/base/interrupt.h"
#include "ferlab/store/models.h"

#include <math.h>

static void test_without_validation_faces_the_last_epoch_counts(void **state)
{
    struct place *p = *state;
    struct arena arena = {0};
    struct err e = {0};
    struct columns *c = load(p, -1);
    struct review *reviews = calloc(c->count, sizeof *reviews);
    size_t n = 0;
    for (size_t i = 0; i < c->count; i++)
        if (c->split[i] == SPLIT_VALID)
            reviews[n++] = (struct review){.sample = c->id[i], .kind = EVENT_RELABEL, .value = "unknown"};
    struct event *events;
    assert_true(reviews_append(p->ws, reviews, n, &arena, &events, &e));
    struct recipe r = small_recipe("blind");
    struct run run = find_run(p->ws, train(p, &r), &arena);
    assert_int_equal(run.state, RUN_DONE);
    assert_true(isnan(run.best_valid_accuracy));
    assert_int_not_equal(run.model, 0);
    free(reviews);
    columns_free(c);
    arena_free(&arena);
}

static void test_stop_before_the_first_epoch_keeps_no_model(void **state)
{
    struct place *p = *state;
    struct arena arena = {0};
    struct err e = {0};
    struct recipe r = small_recipe("early");
    interrupt_install();
    raise(SIGTERM);
    int64_t id;
    assert_false(train_run(p->ws, &r, true, &id, &e));
    interrupt_clear();
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    assert_int_equal(e.code, ERR_INTERRUPTED);
    struct run run = find_run(p->ws, id, &arena);
    assert_int_equal(run.state, RUN_STOPPED);
    assert_int_equal(run.model, 0);
    assert_int_equal(model_current(p->ws), 0);
    arena_free(&arena);
}

/* Weight decay of 1 at rate 10 multiplies every weight by -9 a step. */
static void test_divergence_fails_the_run_with_a_sentence(void **state)
{
    struct place *p = *state;
    struct arena arena = {0};
    struct err e = {0};
    struct recipe r = small_recipe("wild");
    r.learning_rate = 10;
    r.weight_decay = 1;
    r.warmup = 0;
    r.epochs = 40;
    int64_t id;
    assert_false(train_run(p->ws, &r, true, &id, &e));
    if (!strstr(e.text, "--lr"))
        fail_msg("%s", e.text);
    struct run run = find_run(p->ws, id, &arena);
    assert_int_equal(run.state, RUN_FAILED);
    assert_non_null(strstr(run.failure, "not a number"));
    if (run.epochs_done > 0)
        assert_non_null(strstr(run.failure, run.model_name));
    arena_free(&arena);
}

static void test_empty_train_split_is_a_sentence(void **state)
{
    struct place *p = *state;
    struct arena arena = {0};
    struct err e = {0};
    struct columns *c = load(p, -1);
    struct review *reviews = calloc(c->count, sizeof *reviews);
    size_t n = 0;
    for (size_t i = 0; i < c->count; i++)
        if (c->split[i] == SPLIT_TRAIN)
            reviews[n++] = (struct review){.sample = c->id[i], .kind = EVENT_RELABEL, .value = "nf"};
    struct event *events;
    assert_true(reviews_append(p->ws, reviews, n, &arena, &events, &e));
    struct recipe r = small_recipe("empty");
    int64_t id;
    assert_false(train_run(p->ws, &r, true, &id, &e));
    assert_int_equal(id, 0);
    assert_non_null(strstr(e.text, "no face of the train split"));
    free(reviews);
    columns_free(c);
    arena_free(&arena);
}

/* ---- the trainer as a process ---- */

static pid_t start_trainer(const struct place *p, const char *name)
{
    return spawn(p, (const char *const[]){"--arch", "4,P,8,P,8", "--epochs", "9999", "--batch", "32",
                                          "--threads", "1", "--name", name, NULL});
}

/* The only run, once it has finished an epoch. */
static struct run wait_for_epoch(const struct place *p, struct arena *arena)
{
    struct err e = {0};
    for (int i = 0; i < 4000; i++, nap_ms(20)) {
        struct run *runs;
        size_t count;
        if (runs_list(p->ws, arena, &runs, &count, &e) && count == 1 && runs[0].epochs_done > 0)
            return runs[0];
    }
    fail_msg("the trainer finished no epoch within 80 seconds");
    return (struct run){0};
}

static void test_a_share_of_nothing_is_a_sentence(void **state)
{
    struct place *p = *state;
    struct recipe r = small_recipe("none");
    struct err e = {0};
    int64_t run;
    r.share = 0;
    assert_false(train_run(p->ws, &r, true, &run, &e));
    assert_non_null(strstr(e.text, "a share of 0 takes none of them"));
}

static void test_sigterm_keeps_the_best_model_and_says_stopped(void **state)
{
    struct place *p = *state;
    struct arena arena = {0};
    pid_t pid = start_trainer(p, "cut");
    struct run run = wait_for_epoch(p, &arena);
    assert_int_equal(run.state, RUN_RUNNING);
    assert_int_equal(run.pid, pid);
    kill(pid, SIGTERM);
    assert_int_equal(wait_status(pid), 0);
    run = find_run(p->ws, run.id, &arena);
    assert_int_equal(run.state, RUN_STOPPED);
    assert_string_equal(run.model_name, "cut");
    struct columns *c = load(p, run.model);
    for (size_t i = 0; i < c->count; i++)
        assert_false(isnan(c->probabilities[i][0]));
    columns_free(c);
    arena_free(&arena);
}

static void test_kill9_leaves_a_failed_run_with_its_log(void **state)
{
    struct place *p = *state;
    struct arena arena = {0};
    pid_t pid = start_trainer(p, "killed");
    struct run run = wait_for_epoch(p, &arena);
    kill(pid, SIGKILL);
    assert_int_equal(wait_status(pid), 128 + SIGKILL);
    run = find_run(p->ws, run.id, &arena);
    assert_int_equal(run.state, RUN_FAILED);
    assert_non_null(strstr(run.failure, "log.txt"));
    char dir[PATH_MAX], log[PATH_MAX + 16];
    struct err e = {0};
    assert_true(run_dir(p->ws, run.id, dir, &e));
    snprintf(log, sizeof log, "%s/log.txt", dir);
    FILE *file = fopen(log, "r");
    assert_non_null(file);
    char text[4096];
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    assert_non_null(strstr(text, "epoch 1/9999  loss "));
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_WORKSPACE(test_without_validation_faces_the_last_epoch_counts),
        WITH_WORKSPACE(test_stop_before_the_first_epoch_keeps_no_model),
        WITH_WORKSPACE(test_divergence_fails_the_run_with_a_sentence),
        WITH_WORKSPACE(test_empty_train_split_is_a_sentence),
        WITH_WORKSPACE(test_a_share_of_nothing_is_a_sentence),
        WITH_WORKSPACE(test_sigterm_keeps_the_best_model_and_says_stopped),
        WITH_WORKSPACE(test_kill9_leaves_a_failed_run_with_its_log),
    };
    return cmocka_run_group_tests(tests, make_origin, remove_origin);
}
