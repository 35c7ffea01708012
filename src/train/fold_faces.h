/* The faces of a training in folds, as they were when it began: which fold keeps each out, what it is to be,
 * and what the models that did not see it said it is. Beside the workspace, in
 * FILE.runs/ID/folds.safetensors, while the training is not done, so that it goes on as if it had never been
 * interrupted. */
#ifndef FERLAB_TRAIN_FOLD_FACES_H
#define FERLAB_TRAIN_FOLD_FACES_H

#include "dataset.h"

enum { NO_FOLD = UINT8_MAX };

/* Folds are counted from 1 but in `fold`, which counts from 0. */
struct fold_faces {
    int folds, done; /* done: folds whose faces are predicted */
    size_t count;
    int64_t *ids;      /* of all samples, ascending */
    uint8_t *fold;     /* of the train and valid splits, labelled or not, and of those that a reviewer
                          labelled of no split; NO_FOLD of the others */
    uint8_t *learnt;   /* 1: has a target, and is learnt from by the models of other folds */
    uint8_t *reviewed; /* 1: as training_set has it */
    int8_t *labels;    /* under the majority rule, or CLASS_NONE */
    float *targets;    /* EMOTION_COUNT each */
    /* By the fold's model; of samples without a fold, which none of the models saw, the mean of all models:
     * of those done so far its part. */
    float (*probabilities)[EMOTION_COUNT];
};

/* Deals the faces by the recipe's folds and seed, near-duplicates into one fold. `c` is under the majority
 * rule.
 */
bool fold_faces_load(struct fold_faces *f, struct workspace *ws, const struct columns *c,
                     const struct recipe *recipe, struct err *e);
bool fold_faces_make(struct fold_faces *f, size_t count, struct err *e); /* all but the numbers in them */
void fold_faces_free(struct fold_faces *f);

size_t fold_faces_learnt(const struct fold_faces *f);

/* What the fold's model learns from: the faces of other folds, at most recipe->limit of them. */
bool fold_faces_training_set(const struct fold_faces *f, int fold, struct workspace *ws,
                             const struct recipe *recipe, struct training_set *out, struct err *e);

/* What it predicts, ascending: its own faces, and those without a fold. ids has room for all. */
size_t fold_faces_asked(const struct fold_faces *f, int fold, int64_t *ids);
/* Takes its predictions, in that order; that fold is done. */
void fold_faces_take(struct fold_faces *f, int fold, float (*probabilities)[EMOTION_COUNT]);

/* The share of a fold's faces with an emotion for a label that are predicted as that; fold 0: of all folds.
 * NaN of none. */
double fold_faces_accuracy(const struct fold_faces *f, int fold);

bool fold_faces_path(struct workspace *ws, int64_t run, char out[PATH_MAX], struct err *e);
/* Temporary file, fsync, rename. */
bool fold_faces_write(const struct fold_faces *f, const struct recipe *recipe, const char *path,
                      struct err *e);
bool fold_faces_read(struct fold_faces *f, struct recipe *recipe, const char *path, struct err *e);

#endif
