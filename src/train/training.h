/* One training as it stands in memory: shared by the loop (trainer.c), its preparation, afresh (prepare.c) or
 * from a checkpoint (resume.c), and what is kept of it, on the way (checkpoint.c) and in the end (keep.c). A
 * training in folds (fold_training.c) is several, one after the other, with one run and one log. */
#ifndef FERLAB_TRAIN_TRAINING_H
#define FERLAB_TRAIN_TRAINING_H

#include "dataset.h"
#include "fold_faces.h"
#include "learning.h"
#include "log.h"
#include "predictor.h"

#include "ferlab/train/trainer.h"

/* Sums over an epoch so far. */
struct tally {
    double loss, seconds; /* seconds: until the training was stopped, 0 where it never was */
    size_t right, seen;
};

struct training {
    struct workspace *ws;
    struct recipe recipe; /* name, architecture and threads settled */
    char parent[64];      /* the model it started from, or "" */
    char label_revision[13];
    int64_t run, model; /* model: the one kept, once it is */
    struct columns *columns;
    struct fold_faces *folds; /* NULL: one model of all */
    int fold;                 /* whose model this is, from 1; 0 where there are none */
    struct training_set train;
    struct validation_set valid;

    struct classifier *learner, *average, *best; /* average: NULL where the recipe has none; best: of
                                                    best_epoch */
    struct classifier *origin, *blend;           /* what it began with, and that mixed with what was
                                                    learnt; NULL where the recipe keeps nothing of it */
    struct learning *learning;                   /* of the learner */
    struct sgd sgd;
    struct predictor *judge; /* over what is judged */
    uint32_t *order;         /* of the training faces, this epoch */
    struct batch batch;
    float *probabilities; /* of the batch, in training mode */
    float (*valid_probabilities)[EMOTION_COUNT], (*best_probabilities)[EMOTION_COUNT];

    size_t epoch_faces; /* that take part in an epoch */
    int64_t steps;      /* in an epoch */
    struct run_epoch *epochs;
    size_t epochs_done, epochs_written; /* written: in the workspace */
    int64_t step;                       /* done in the epoch under way, which `tally` is of */
    struct tally tally;
    int64_t best_epoch;   /* 0: none yet */
    double best_accuracy; /* NaN without validation faces */
    double temperature;   /* that the best weights' logits were divided by */
    double step_seconds, evaluation_seconds,
        reported; /* smoothed; of the last evaluation; when progress was written */
    struct train_log log;
};

/* Everything before the first step: data, what learns, buffers. The name of a new run must be free, and is
 * made where there is none. training_free whatever it returns. */
bool training_prepare(struct training *t, struct workspace *ws, const struct recipe *recipe, bool new_run,
                      struct err *e);
void training_free(struct training *t);
/* What a model is made with, and the model; the rest stays for the next. */
void training_free_model(struct training *t);

/* The best weights, and the average, origin and blend that the recipe asks for, as the learner's are. */
bool training_copy_learner(struct training *t, struct err *e);

/* The part of it that needs only the learner and how many faces there are. */
bool training_make_buffers(struct training *t, struct err *e);
/* What follows from the faces themselves, once they are there: how many make an epoch, in how many steps, and
 * what the emotions weigh. */
void training_plan(struct training *t);

/* What the steps came to, and what is judged and kept. */
static inline struct classifier *training_learnt(const struct training *t)
{
    return t->average != NULL ? t->average : t->learner;
}
static inline struct classifier *training_judged(const struct training *t)
{
    return t->blend != NULL ? t->blend : training_learnt(t);
}

/* How a training or a fold of one comes to an end. */
enum ending { ENDING_GOES_ON, ENDING_STOPPED, ENDING_DIVERGED, ENDING_ERROR };

/* The epochs that are left, with a checkpoint after each; goes on where all are done. */
enum ending training_epochs(struct training *t, struct err *e);
/* Epochs that a busy workspace did not take are written with the next one. */
bool training_write_epochs(struct training *t, struct err *e);

/* The first fold, after what training_prepare does of any training; the folds that are left, and the end of
 * the run. */
bool training_prepare_folds(struct training *t, struct err *e);
bool training_all_folds(struct training *t, struct err *e);
/* Fresh weights and the faces of the first fold that is not done; the last where all are. */
bool training_make_fold(struct training *t, struct err *e);
bool training_save_folds(struct training *t, struct err *e);

/* The run's row and its log. */
bool training_start(struct training *t, bool quiet, struct err *e);

/* Both for a run that was interrupted, as it stood at its checkpoint; from the first epoch where it came to
 * none. threads 0: as many as before. t->run stays 0 until the run is this process's. */
bool training_resume(struct training *t, struct workspace *ws, const char *run, int threads, bool quiet,
                     struct err *e);

/* What the run's row says of itself; `record` is training_record's, malloc'ed. */
char *training_record(const struct training *t);
struct run_new training_row(const struct training *t, const char *record);

/* An hour of training is worth waiting for another writer. */
bool training_begin_patiently(struct training *t, struct err *e);
/* The model has its run's name, unless another model took it in the meantime. */
bool training_name_model(struct training *t, struct err *e);

/* Keeps the best weights as a model with predictions for every sample, and ends the run in that state. */
bool training_keep(struct training *t, enum run_state state, const char *failure, struct err *e);

#endif
