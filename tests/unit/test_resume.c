/* Interrupted trainings: stopped or killed at whatever moment and resumed, they end with the bits and the
 * history of one that ran through. */
#include "trainer_process.h"

#include "ferlab/base/digest.h"
#include "ferlab/base/interrupt.h"
#include "ferlab/nn/onnx.h"
#include "ferlab/nn/safetensors.h"
#include "ferlab/store/models.h"

#include <math.h>
#include <sys/stat.h>

enum { EPOCHS = 6 };

/* Dropout and drawn targets, so that their random numbers must come back too. */
static pid_t spawn_training(const struct place *p, const char *name)
{
    return spawn(p, (const char *const[]){"--arch",    "8,P,8,D20,P,8",
                                          "--rule",    "probability",
                                          "--epochs",  "6",
                                          "--batch",   "16",
                                          "--threads", "2",
                                          "--ema",     "0.9",
                                          "--mixup",   "0.4",
                                          "--erase",   "0.3",
                                          "--balance", "0.3",
                                          "--share",   "0.8",
                                          "--name",    name,
                                          NULL});
}

/* Both as processes: on a busy machine two threads train faster there than in this one. */
static int train_whole(struct place *p)
{
    return train_through(p, "whole", spawn_training);
}

static void resume(struct place *p, const char *run)
{
    assert_int_equal(wait_status(spawn(p, (const char *const[]){"--resume", run, NULL})), 0);
}

/* Until the run has done that many epochs, or ended. */
static void wait_for_epoch(struct place *p, const char *name, int64_t epochs)
{
    for (int i = 0; i < 8000; i++, nap_ms(5)) {
        struct arena arena = {0};
        struct run run;
        bool there =
            seek_run(p, name, &arena, &run) && (run.epochs_done >= epochs || run.state != RUN_RUNNING);
        arena_free(&arena);
        if (there)
            return;
    }
    fail_msg("run %s did not come to epoch %d", name, (int)epochs);
}

/* The run again, once it is that process's. */
static pid_t start_resume(struct place *p, const char *name, rlim_t file_bytes)
{
    pid_t pid = spawn_limited(p, (const char *const[]){"--resume", name, NULL}, file_bytes);
    for (int i = 0; i < 8000; i++, nap_ms(5)) {
        struct arena arena = {0};
        bool started = run_of(p, name, &arena).pid == pid;
        arena_free(&arena);
        if (started)
            return pid;
    }
    fail_msg("run %s is not resumed", name);
    return 0;
}

/* A run that was stopped with at least one epoch done, and more to do. */
static void make_stopped(struct place *p, const char *name)
{
    struct arena arena = {0};
    const char *const words[] = {"--arch",    "8,P,8", "--epochs", "9999", "--batch", "16",
                                 "--threads", "1",     "--name",   name,   NULL};
    pid_t pid = spawn(p, words);
    wait_for_epoch(p, name, 1);
    kill(pid, SIGTERM);
    assert_int_equal(wait_status(pid), 0);
    assert_int_equal(run_of(p, name, &arena).state, RUN_STOPPED);
    arena_free(&arena);
}

static void checkpoint_of(struct place *p, const char *name, char out[PATH_MAX])
{
    run_file(p, name, "checkpoint.safetensors", out);
}

static char *log_of(struct place *p, const char *name)
{
    char path[PATH_MAX];
    size_t size;
    run_file(p, name, "log.txt", path);
    return file_read(path, 1 << 20, &size, NULL);
}

static void expect_in_log(struct place *p, const char *name, const char *text)
{
    char *log = log_of(p, name);
    assert_non_null(log);
    if (strstr(log, text) == NULL)
        fail_msg("the log lacks '%s':\n%s", text, log);
    free(log);
}

static void expect_refused(struct place *p, const char *run, const char *sentence)
{
    struct err e = {0};
    int64_t id;
    assert_false(train_resume(p->ws, run, 0, true, &id, &e));
    assert_int_equal(id, 0);
    if (strstr(e.text, sentence) == NULL)
        fail_msg("'%s' does not say '%s'", e.text, sentence);
}

/* The weights of the model that a run kept, in order; malloc'ed. */
static float *weights_of(struct place *p, const char *run, size_t *count)
{
    struct arena arena = {0};
    struct err e = {0};
    void *bytes;
    size_t size;
    struct run r = run_of(p, run, &arena);
    assert_string_equal(r.model_name, run);
    if (!model_onnx(p->ws, r.model, &bytes, &size, &e))
        fail_msg("%s", e.text);
    struct network *net = onnx_read(bytes, size, run, &e);
    assert_non_null(net);
    float *weights = NULL;
    *count = 0;
    for (size_t i = 0; i < network_parameter_count(net); i++) {
        const struct parameter *w = network_parameter(net, i);
        weights = realloc(weights, (*count + w->count) * sizeof *weights);
        memcpy(weights + *count, w->value, w->count * sizeof *weights);
        *count += w->count;
    }
    network_free(net);
    free(bytes);
    arena_free(&arena);
    return weights;
}

/* Same weights, same history, same predictions. */
static void expect_same(struct place *p, const char *whole, const char *broken)
{
    struct arena arena = {0};
    struct err e = {0};
    size_t m, n;
    float *x = weights_of(p, whole, &m), *y = weights_of(p, broken, &n);
    assert_int_equal(m, n);
    assert_memory_equal(x, y, m * sizeof *x);
    free(x);
    free(y);
    struct run a = run_of(p, whole, &arena), b = run_of(p, broken, &arena);
    struct run_epoch *s, *t;
    assert_int_equal(a.state, RUN_DONE);
    assert_int_equal(b.state, RUN_DONE);
    assert_int_equal(a.best_epoch, b.best_epoch);
    assert_true(run_epochs(p->ws, a.id, &arena, &s, &m, &e));
    assert_true(run_epochs(p->ws, b.id, &arena, &t, &n, &e));
    assert_int_equal(m, n);
    for (size_t i = 0; i < m; i++) {
        assert_int_equal(s[i].epoch, t[i].epoch);
        assert_memory_equal(&s[i].loss, &t[i].loss, sizeof s->loss);
        assert_memory_equal(&s[i].train_accuracy, &t[i].train_accuracy, sizeof s->train_accuracy);
        assert_memory_equal(&s[i].valid_accuracy, &t[i].valid_accuracy, sizeof s->valid_accuracy);
    }
    struct columns *c = load(p, a.model), *d = load(p, b.model);
    for (size_t i = 0; i < c->count; i++) { /* a late signal leaves some predictions for later */
        if (isnan(d->probabilities[i][0]))
            continue;
        assert_memory_equal(c->probabilities[i], d->probabilities[i], sizeof *c->probabilities);
        assert_int_equal(c->in_sample[i], d->in_sample[i]);
    }
    columns_free(c);
    columns_free(d);
    arena_free(&arena);
}

/* Without validation faces the last epoch is the one that is kept: every step counts. */
static void forget_validation_labels(struct place *p)
{
    struct arena arena = {0};
    struct err e = {0};
    struct columns *c = load(p, -1);
    struct review *reviews = calloc(c->count, sizeof *reviews);
    struct event *events;
    size_t n = 0;
    for (size_t i = 0; i < c->count; i++)
        if (c->split[i] == SPLIT_VALID)
            reviews[n++] = (struct review){.sample = c->id[i], .kind = EVENT_RELABEL, .value = "unknown"};
    assert_true(reviews_append(p->ws, reviews, n, &arena, &events, &e));
    free(reviews);
    columns_free(c);
    arena_free(&arena);
}

/* ---- exactness ---- */

static void test_killed_at_any_moment_it_ends_the_same(void **state)
{
    struct place *p = *state;
    int whole_ms = train_whole(p);
    assert_true(interrupt_until_done(p, "broken", SIGKILL, 1, whole_ms, spawn_training) > 1);
    expect_same(p, "whole", "broken");
    assert_int_equal(files_in_run(p, "broken"), 1); /* its log */
}

static void test_stopped_at_any_moment_it_ends_the_same(void **state)
{
    struct place *p = *state;
    int whole_ms = train_whole(p);
    assert_true(interrupt_until_done(p, "broken", SIGTERM, 2, whole_ms, spawn_training) > 1);
    expect_same(p, "whole", "broken");
    assert_int_equal(files_in_run(p, "broken"), 1);
}

static void test_every_step_counts_where_the_last_epoch_is_kept(void **state)
{
    struct place *p = *state;
    forget_validation_labels(p);
    int whole_ms = train_whole(p);
    interrupt_until_done(p, "stopped", SIGTERM, 3, whole_ms, spawn_training);
    interrupt_until_done(p, "killed", SIGKILL, 4, whole_ms, spawn_training);
    expect_same(p, "whole", "stopped");
    expect_same(p, "whole", "killed");
}

static pid_t spawn_tuning(const struct place *p, const char *name)
{
    return spawn(p, (const char *const[]){"--from", "parent", "--epochs", "6", "--batch", "16", "--threads",
                                          "2", "--lr", "0.05", "--keep", "0.4", "--name", name, NULL});
}

static void test_the_part_of_the_parent_comes_back_too(void **state)
{
    struct place *p = *state;
    train_through(p, "parent", spawn_training);
    int whole_ms = train_through(p, "whole", spawn_tuning);
    interrupt_until_done(p, "broken", SIGKILL, 5, whole_ms, spawn_tuning);
    expect_same(p, "whole", "broken");
}

static void test_a_stop_within_an_epoch_is_gone_on_from(void **state)
{
    struct place *p = *state;
    struct arena arena = {0};
    train_whole(p);
    pid_t pid = spawn_training(p, "broken");
    struct run run = {0};
    for (int i = 0; i < 4000 && !(seek_run(p, "broken", &arena, &run) && run.step > 0); i++)
        nap_ms(1);
    kill(pid, SIGTERM);
    wait_status(pid);
    run = run_of(p, "broken", &arena);
    if (run.state != RUN_DONE) {
        expect_in_log(p, "broken", "'ferlab train --resume 2' goes on from here");
        char path[PATH_MAX];
        checkpoint_of(p, "broken", path);
        assert_int_equal(access(path, R_OK), 0);
        resume(p, "2");
    }
    expect_same(p, "whole", "broken");
    arena_free(&arena);
}

static void test_the_model_of_a_stop_gives_way_to_the_last(void **state)
{
    struct place *p = *state;
    struct arena arena = {0};
    struct err e = {0};
    struct model *models;
    size_t count;
    make_stopped(p, "cut");
    struct run before = run_of(p, "cut", &arena);
    assert_int_equal(model_current(p->ws), before.model);
    pid_t pid = start_resume(p, "cut", 0);
    wait_for_epoch(p, "cut", before.epochs_done + 1);
    kill(pid, SIGTERM);
    assert_int_equal(wait_status(pid), 0);
    struct run after = run_of(p, "cut", &arena);
    assert_int_equal(after.id, before.id);
    assert_true(after.epochs_done > before.epochs_done);
    assert_true(models_list(p->ws, &arena, &models, &count, &e));
    assert_int_equal(count, 1);
    assert_string_equal(models[0].name, "cut");
    assert_int_equal(model_current(p->ws), after.model);
    arena_free(&arena);
}

static void test_labels_of_when_it_began_are_kept(void **state)
{
    struct place *p = *state;
    struct arena arena = {0};
    train_whole(p);
    pid_t pid = spawn_training(p, "broken");
    wait_for_epoch(p, "broken", 1);
    kill(pid, SIGKILL);
    wait_status(pid);
    struct run before = run_of(p, "broken", &arena);
    if (before.state == RUN_FAILED) {
        relabel_all(p, "fear");
        resume(p, "broken");
        expect_in_log(p, "broken", "labels were changed since it began");
    }
    assert_string_equal(run_of(p, "broken", &arena).label_revision, before.label_revision);
    expect_same(p, "whole", "broken");
    arena_free(&arena);
}

/* ---- what cannot be resumed, or not as it was ---- */

static void test_runs_that_cannot_go_on_are_refused(void **state)
{
    struct place *p = *state;
    struct arena arena = {0};
    struct recipe r = small_recipe("done");
    train(p, &r);
    expect_refused(p, "done", "run 1: it is done");
    struct output o;
    run_ferlab(&o, "-w", p->path, "train", "--resume", "done", NULL); /* for people, there is nothing to do */
    assert_int_equal(o.status, 0);
    assert_non_null(strstr(o.err, "run 1 done is done"));
    output_free(&o);
    expect_refused(p, "99", "there is no run 99");
    make_stopped(p, "cut");
    pid_t pid = start_resume(p, "cut", 0);
    expect_refused(p, "cut", "it is running, as process");
    kill(pid, SIGKILL);
    wait_status(pid);
    arena_free(&arena);
}

static void test_a_missing_checkpoint_is_a_sentence(void **state)
{
    struct place *p = *state;
    struct arena arena = {0};
    char path[PATH_MAX];
    make_stopped(p, "cut");
    struct run run = run_of(p, "cut", &arena);
    assert_true(train_can_resume(p->ws, &run));
    checkpoint_of(p, "cut", path);
    assert_int_equal(unlink(path), 0);
    assert_false(train_can_resume(p->ws, &run));
    expect_refused(p, "cut",
                   "the checkpoint of run 1 is gone; start a new training, from its model with "
                   "--from cut");
    assert_int_equal(run_of(p, "cut", &arena).state, RUN_STOPPED);
    arena_free(&arena);
}

/* Replaces a piece of text of the checkpoint's header by another of the same length. */
static void forge(const char *path, const char *from, const char *to)
{
    size_t size;
    char *bytes = file_read(path, 1 << 24, &size, NULL);
    assert_non_null(bytes);
    char *at = memmem(bytes, size, from, strlen(from));
    assert_non_null(at);
    memcpy(at, to, strlen(to));
    struct err e = {0};
    assert_true(file_write(path, bytes, size, &e));
    free(bytes);
}

static void test_damaged_and_foreign_checkpoints_are_sentences(void **state)
{
    struct place *p = *state;
    struct err e = {0};
    char path[PATH_MAX];
    size_t size;
    make_stopped(p, "cut");
    checkpoint_of(p, "cut", path);
    char *good = file_read(path, 1 << 24, &size, &e);
    assert_non_null(good);

    assert_true(file_write(path, good, size / 2, &e));
    expect_refused(p, "cut", "the checkpoint is damaged");
    good[size - 1] ^= 1;
    assert_true(file_write(path, good, size, &e));
    expect_refused(p, "cut", "its digest does not match");
    good[size - 1] ^= 1;
    assert_true(file_write(path, good, size, &e));
    forge(path, "\"version\":\"2\"", "\"version\":\"7\"");
    expect_refused(p, "cut", "has version 7, this ferlab reads 2");
    forge(path, "ferlab checkpoint", "farlib checkpoint");
    expect_refused(p, "cut", "is no checkpoint of ferlab");
    assert_true(file_write(path, "", 0, &e));
    expect_refused(p, "cut", "the checkpoint is damaged");
    assert_true(file_write(path, good, size, &e));
    pid_t pid = start_resume(p, "cut", 0);
    kill(pid, SIGKILL);
    wait_status(pid);
    free(good);
}

static void test_other_thread_counts_go_on_and_say_so(void **state)
{
    struct place *p = *state;
    struct arena arena = {0};
    pid_t pid = spawn_training(p, "broken");
    wait_for_epoch(p, "broken", 1);
    kill(pid, SIGKILL);
    wait_status(pid);
    if (run_of(p, "broken", &arena).state == RUN_FAILED) {
        struct err e = {0};
        int64_t id;
        assert_true(train_resume(p->ws, "broken", 1, true, &id, &e));
        expect_in_log(p, "broken", "with 1 thread, before with 2: the weights will differ");
        assert_int_equal(run_of(p, "broken", &arena).threads, 1);
    }
    assert_int_equal(run_of(p, "broken", &arena).state, RUN_DONE);
    arena_free(&arena);
}

static void test_resume_takes_no_recipe(void **state)
{
    struct place *p = *state;
    struct output o;
    run_ferlab(&o, "-w", p->path, "train", "--resume", "1", "--lr", "0.1", NULL);
    assert_int_equal(o.status, 2);
    assert_non_null(strstr(o.err, "leave out --lr"));
    output_free(&o);
}

/* Killed between the row of its run and its first checkpoint. */
static void test_a_run_without_checkpoint_begins_again(void **state)
{
    struct place *p = *state;
    struct arena arena = {0};
    struct err e = {0};
    struct recipe r = small_recipe("broken");
    train_whole(p);
    struct run whole = run_of(p, "whole", &arena);
    strcpy(r.arch, "8,P,8,D20,P,8");
    r.rule = RULE_PROBABILITY;
    r.epochs = EPOCHS;
    r.batch = 16;
    r.threads = 2;
    r.ema = 0.9;
    r.mixup = 0.4;
    r.augmentation.erase = 0.3f;
    r.balance = 0.3;
    r.share = 0.8;
    char *record = recipe_json(&r);
    struct run_new row = {.name = "broken",
                          .recipe = record,
                          .label_revision = whole.label_revision,
                          .parent = "",
                          .seed = 1,
                          .threads = 2,
                          .epochs_planned = EPOCHS};
    int64_t id;
    assert_true(run_start(p->ws, &row, &id, &e));
    assert_true(run_finish(p->ws, id, RUN_FAILED, 0, "killed", &e));
    struct run run = run_of(p, "broken", &arena);
    assert_true(train_can_resume(p->ws, &run));
    resume(p, "broken");
    expect_in_log(p, "broken", "it begins again");
    expect_same(p, "whole", "broken");
    free(record);
    arena_free(&arena);
}

/* What diverged would do so again, bit by bit. */
static void test_a_diverged_run_leaves_no_checkpoint(void **state)
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
    if (strstr(e.text, "not a number") == NULL)
        fail_msg("%s", e.text);
    assert_int_equal(files_in_run(p, "wild"), 1);
    arena_free(&arena);
}

/* ---- the file ---- */

static void test_one_checkpoint_is_kept_and_leftovers_go(void **state)
{
    struct place *p = *state;
    struct arena arena = {0};
    struct err e = {0};
    struct safetensors f;
    char path[PATH_MAX], half[PATH_MAX + 8];
    size_t size;
    make_stopped(p, "cut");
    assert_int_equal(files_in_run(p, "cut"), 2); /* and the log, after some epochs */
    checkpoint_of(p, "cut", path);
    snprintf(half, sizeof half, "%s.Xy12ab", path); /* as a writer leaves that is killed */
    assert_true(file_write(half, "half", 4, &e));
    char *bytes = file_read(path, 1 << 24, &size, &e);
    assert_true(safetensors_read(&f, bytes, size, "checkpoint", &arena, &e));
    static const char *const names[] = {"weights.conv1.weight",
                                        "weights.bn1.mean",
                                        "best.bn1.variance",
                                        "momentum.conv1.weight",
                                        "train.targets",
                                        "valid.labels",
                                        "epochs",
                                        "position"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (safetensors_find(&f, names[i]) == NULL)
            fail_msg("the checkpoint lacks %s", names[i]);
    assert_null(safetensors_find(&f, "momentum.bn1.mean")); /* nothing learns it */
    assert_string_equal(safetensors_note(&f, "seed"), "1");
    assert_string_equal(safetensors_note(&f, "label_revision"), run_of(p, "cut", &arena).label_revision);
    assert_int_equal(strlen(safetensors_note(&f, "training_set")), DIGEST_HEX - 1);
    assert_non_null(strstr(safetensors_note(&f, "recipe"), "\"batch\": 16"));
    free(bytes);
    int64_t done = run_of(p, "cut", &arena).epochs_done;
    pid_t pid = start_resume(p, "cut", 0);
    wait_for_epoch(p, "cut", done + 1);
    kill(pid, SIGTERM);
    wait_status(pid);
    assert_int_not_equal(access(half, F_OK), 0);
    assert_int_equal(files_in_run(p, "cut"), 2);
    arena_free(&arena);
}

/* A wide dense layer makes the checkpoint larger than anything else that is written. */
static void test_a_full_disk_costs_no_training_and_no_checkpoint(void **state)
{
    struct place *p = *state;
    struct arena arena = {0};
    struct err e = {0};
    char path[PATH_MAX];
    size_t size, after;
    const char *const words[] = {"--arch", "4,P,P,P,V,F2000", "--epochs", "9999",   "--batch",
                                 "32",     "--threads",       "1",        "--name", "wide",
                                 NULL};
    pid_t pid = spawn(p, words);
    wait_for_epoch(p, "wide", 1);
    kill(pid, SIGKILL);
    wait_status(pid);
    checkpoint_of(p, "wide", path);
    char *before = file_read(path, 1 << 28, &size, &e);
    assert_non_null(before);
    int64_t done = run_of(p, "wide", &arena).epochs_done;

    pid = start_resume(p, "wide", (rlim_t)size - 1);
    wait_for_epoch(p, "wide", done + 2); /* it goes on */
    assert_int_equal(run_of(p, "wide", &arena).state, RUN_RUNNING);
    kill(pid, SIGKILL);
    wait_status(pid);
    expect_in_log(p, "wide", "no checkpoint now, the one before stays: ");
    expect_in_log(p, "wide", "File too large");
    char *now = file_read(path, 1 << 28, &after, &e);
    assert_int_equal(after, size);
    assert_memory_equal(before, now, size);
    assert_int_equal(files_in_run(p, "wide"), 2);
    free(before);
    free(now);
    arena_free(&arena);
}

/* Killed while it predicts, when all epochs are trained; then a Ctrl-C is there before the predictions. */
static void test_an_interrupt_after_the_last_epoch_leaves_the_predictions_for_later(void **state)
{
    struct place *p = *state;
    struct arena arena = {0};
    struct err e = {0};
    int64_t id;
    pid_t pid = spawn(p, (const char *const[]){"--arch", "128,128", "--epochs", "1", "--limit", "8",
                                               "--threads", "1", "--name", "trained", NULL});
    wait_for_epoch(p, "trained", 1);
    kill(pid, SIGKILL);
    wait_status(pid);
    interrupt_install();
    raise(SIGINT);
    bool fine = train_resume(p->ws, "trained", 1, true, &id, &e);
    interrupt_clear();
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    if (!fine)
        fail_msg("%s", e.text);
    struct run run = run_of(p, "trained", &arena);
    struct columns *c = load(p, run.model);
    assert_int_equal(run.state, RUN_DONE);
    for (size_t i = 0; i < c->count; i++)
        assert_true(c->split[i] == SPLIT_VALID || isnan(c->probabilities[i][0]));
    columns_free(c);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_WORKSPACE(test_killed_at_any_moment_it_ends_the_same),
        WITH_WORKSPACE(test_stopped_at_any_moment_it_ends_the_same),
        WITH_WORKSPACE(test_every_step_counts_where_the_last_epoch_is_kept),
        WITH_WORKSPACE(test_the_part_of_the_parent_comes_back_too),
        WITH_WORKSPACE(test_a_stop_within_an_epoch_is_gone_on_from),
        WITH_WORKSPACE(test_an_interrupt_after_the_last_epoch_leaves_the_predictions_for_later),
        WITH_WORKSPACE(test_the_model_of_a_stop_gives_way_to_the_last),
        WITH_WORKSPACE(test_labels_of_when_it_began_are_kept),
        WITH_WORKSPACE(test_runs_that_cannot_go_on_are_refused),
        WITH_WORKSPACE(test_a_missing_checkpoint_is_a_sentence),
        WITH_WORKSPACE(test_damaged_and_foreign_checkpoints_are_sentences),
        WITH_WORKSPACE(test_other_thread_counts_go_on_and_say_so),
        WITH_WORKSPACE(test_resume_takes_no_recipe),
        WITH_WORKSPACE(test_a_run_without_checkpoint_begins_again),
        WITH_WORKSPACE(test_a_diverged_run_leaves_no_checkpoint),
        WITH_WORKSPACE(test_one_checkpoint_is_kept_and_leftovers_go),
        WITH_WORKSPACE(test_a_full_disk_costs_no_training_and_no_checkpoint),
    };
    return cmocka_run_group_tests(tests, make_origin, remove_origin);
}
