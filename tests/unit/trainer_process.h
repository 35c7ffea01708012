/* The trainer as a process, and what tests of interrupted trainings do to it. */
#ifndef FERLAB_TESTS_TRAINER_PROCESS_H
#define FERLAB_TESTS_TRAINER_PROCESS_H

#include "training_fixture.h"

#include "ferlab/base/clock.h"
#include "ferlab/base/rng.h"
#include "ferlab/store/reviews.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static inline void nap_ms(int ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000}, NULL);
}

/* `ferlab train WORDS`; files of more than file_bytes, where that is not 0, cannot be written. */
static inline pid_t spawn_limited(const struct place *p, const char *const *words, rlim_t file_bytes)
{
    pid_t pid = fork();
    assert_int_not_equal(pid, -1);
    if (pid != 0)
        return pid;
    int null = open("/dev/null", O_RDWR);
    for (int fd = 0; fd <= 2; fd++)
        dup2(null, fd);
    const char *argv[40] = {"ferlab", "-w", p->path, "train"};
    for (int n = 4; n < 39 && *words != NULL; n++)
        argv[n] = *words++;
    if (file_bytes > 0) { /* writes beyond fail, as on a full disk */
        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &(struct rlimit){file_bytes, file_bytes});
    }
    execv(FERLAB_PROGRAM, (char **)argv);
    _exit(127);
}

static inline pid_t spawn(const struct place *p, const char *const *words)
{
    return spawn_limited(p, words, 0);
}

static inline int wait_status(pid_t pid)
{
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static inline bool seek_run(struct place *p, const char *name, struct arena *arena, struct run *out)
{
    struct err e = {0};
    return run_find(p->ws, name, arena, out, &e);
}

static inline struct run run_of(struct place *p, const char *name, struct arena *arena)
{
    struct run run = {0};
    if (!seek_run(p, name, arena, &run))
        fail_msg("no run %s", name);
    return run;
}

static inline void run_file(struct place *p, const char *name, const char *file, char out[PATH_MAX])
{
    struct arena arena = {0};
    snprintf(out, PATH_MAX, "%.4000s.runs/%d/%s", p->path, (int)run_of(p, name, &arena).id, file);
    arena_free(&arena);
}

static inline int files_in_run(struct place *p, const char *name)
{
    char dir[PATH_MAX];
    int count = 0;
    run_file(p, name, ".", dir);
    DIR *d = opendir(dir);
    assert_non_null(d);
    for (struct dirent *entry; (entry = readdir(d)) != NULL;)
        count += entry->d_name[0] != '.';
    closedir(d);
    return count;
}

/* All but the frozen test split. */
static inline void relabel_all(struct place *p, const char *value)
{
    struct arena arena = {0};
    struct err e = {0};
    struct columns *c = load(p, -1);
    struct review *reviews = calloc(c->count, sizeof *reviews);
    struct event *events;
    size_t count = 0;
    for (size_t i = 0; i < c->count; i++)
        if (c->split[i] != SPLIT_TEST)
            reviews[count++] = (struct review){.sample = c->id[i], .kind = EVENT_RELABEL, .value = value};
    assert_true(reviews_append(p->ws, reviews, count, &arena, &events, &e));
    free(reviews);
    columns_free(c);
    arena_free(&arena);
}

typedef pid_t starter(const struct place *p, const char *name);

/* One that nobody interrupts; how long it took, in milliseconds. */
static inline int train_through(struct place *p, const char *name, starter *start)
{
    double began = clock_seconds();
    assert_int_equal(wait_status(start(p, name)), 0);
    return (int)((clock_seconds() - began) * 1000);
}

/* Signals at random moments until the run is done, later and later parts of the time that a whole one takes
 * here; returns how many trainers it took. */
static inline int interrupt_until_done(struct place *p, const char *name, int signal_number, unsigned seed,
                                       int whole_ms, starter *start)
{
    struct rng r;
    rng_seed(&r, seed, 0);
    pid_t pid = start(p, name);
    for (int trainers = 1; trainers < 60; trainers++) {
        nap_ms(whole_ms * (10 + (int)rng_below(&r, 30) + 2 * trainers) / 100);
        kill(pid, signal_number);
        wait_status(pid);
        struct arena arena = {0};
        struct run run = {.state = RUN_FAILED};
        bool there = seek_run(p, name, &arena, &run);
        arena_free(&arena);
        if (there && run.state == RUN_DONE)
            return trainers;
        pid = there ? spawn(p, (const char *const[]){"--resume", name, NULL}) : start(p, name);
    }
    kill(pid, SIGKILL);
    wait_status(pid);
    fail_msg("the run is never done");
    return 0;
}

#endif
