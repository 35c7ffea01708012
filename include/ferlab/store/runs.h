/* Runs: trainings, with their recipe, seed, label revision, epochs and resulting model. The trainer process
 * writes here as it goes; everybody else watches. */
#ifndef FERLAB_STORE_RUNS_H
#define FERLAB_STORE_RUNS_H

#include "ferlab/base/arena.h"
#include "ferlab/store/workspace.h"

#include <limits.h>
#include <stddef.h>

enum run_state { RUN_RUNNING, RUN_DONE, RUN_STOPPED, RUN_FAILED };

struct run {
    int64_t id, model; /* model 0 until it has one */
    const char *name, *recipe /* JSON */, *label_revision, *started, *finished, *failure, *model_name,
        *parent;
    enum run_state state;
    int64_t pid, seed, threads, epochs_planned, epochs_done;
    int64_t folds; /* 0: one model; else so many, one after the other, whose epochs are counted on */
    /* where it is now */
    int64_t epoch, step, steps; /* step of `steps` in this epoch, epochs counted from 1 */
    double images_per_second, seconds_left, loss;
    double best_valid_accuracy; /* NaN before the first epoch ended; of folds: of the predictions they made */
    int64_t best_epoch;
};

/* Epochs of each fold; which fold an epoch is of, and the how manyth of that fold it is, both from 1. Without
 * folds there is one. */
static inline int64_t run_epochs_of_fold(const struct run *r)
{
    int64_t folds = r->folds > 0 ? r->folds : 1;
    return r->epochs_planned > folds ? r->epochs_planned / folds : 1;
}
static inline int64_t run_fold(const struct run *r, int64_t epoch)
{
    return r->folds > 0 ? (epoch - 1) / run_epochs_of_fold(r) + 1 : 1;
}
static inline int64_t run_fold_epoch(const struct run *r, int64_t epoch)
{
    return r->folds > 0 ? (epoch - 1) % run_epochs_of_fold(r) + 1 : epoch;
}

struct run_epoch {
    int64_t epoch; /* from 1 */
    double loss, train_accuracy, seconds;
    double valid_accuracy; /* of folds: of a fold's last epoch, on the faces kept out of it */
};

struct run_new {
    const char *name; /* unique among runs; see model_free_name */
    const char *recipe, *label_revision, *parent;
    int64_t seed, threads, epochs_planned, folds;
};

const char *run_state_name(enum run_state s);

bool run_start(struct workspace *ws, const struct run_new *r, int64_t *id,
               struct err *e); /* pid: this process */
/* A run that was stopped or has failed runs again, in this process: its first `epochs_kept` epochs stand, the
 * others are forgotten. Name, parent and seed stay; recipe, label revision and threads become those of `r`.
 * Fails where it runs or is done, also when another process was faster. */
bool run_resume(struct workspace *ws, int64_t run, const struct run_new *r, int64_t epochs_kept,
                struct err *e);
bool run_progress(struct workspace *ws, int64_t run, int64_t epoch, int64_t step, int64_t steps,
                  double images_per_second, double seconds_left, double loss, struct err *e);
bool run_add_epoch(struct workspace *ws, int64_t run, const struct run_epoch *epoch, struct err *e);
bool run_finish(struct workspace *ws, int64_t run, enum run_state state, int64_t model, const char *failure,
                struct err *e);

/* All runs, oldest first. Runs whose process is gone while they say running are marked failed first (when the
 * workspace may be written; else only what is returned says so), with "the trainer died; its log is LOG". */
bool runs_list(struct workspace *ws, struct arena *arena, struct run **out, size_t *count, struct err *e);
bool run_epochs(struct workspace *ws, int64_t run, struct arena *arena, struct run_epoch **out, size_t *count,
                struct err *e);

/* The run that `word` means: an id, else a name. A sentence where there is none. */
bool run_find(struct workspace *ws, const char *word, struct arena *arena, struct run *out, struct err *e);

/* FILE.runs/ID, created: for checkpoints and log.txt. */
bool run_dir(struct workspace *ws, int64_t run, char out[PATH_MAX], struct err *e);

#endif
