/* The trainer: runs a recipe over a workspace in this process. Writes its progress to the workspace as it
 * goes, so any other process can watch; SIGINT, SIGTERM stop it with the best model so far kept. */
#ifndef FERLAB_TRAIN_TRAINER_H
#define FERLAB_TRAIN_TRAINER_H

#include "ferlab/store/runs.h"
#include "ferlab/train/recipe.h"

/* Trains. *run is the run's id as soon as it exists (0 when it failed before). True when the run ended done
 * or stopped with a model: predictions for every sample are then stored, marked in-sample or not; a second
 * interrupt leaves those that are missing to predictions_complete. False with a sentence where the run
 * failed, or was stopped before its first epoch ended; a failed run keeps the best model it had and names it.
 */
bool train_run(struct workspace *ws, const struct recipe *recipe, bool quiet, int64_t *run, struct err *e);

/* Goes on with a run (its id or name) that was stopped or has failed, from its checkpoint, on the labels and
 * with the recipe it began with: with as many threads as before (threads 0) its bits become those of a
 * training that was never interrupted. A run that came to no checkpoint and no epoch begins again, on the
 * labels as they stand. The model that an earlier ending kept gives way to the new one. Else as train_run;
 * *run is 0 where the run is refused: not there, running, done, its checkpoint gone or damaged. */
bool train_resume(struct workspace *ws, const char *word, int threads, bool quiet, int64_t *run,
                  struct err *e);

/* Whether a run was interrupted and can go on: it is stopped or failed, and has a checkpoint or came to no
 * epoch. */
bool train_can_resume(struct workspace *ws, const struct run *run);

/* Training targets of the rows of `splits` (a bit each, 1 << SPLIT_TRAIN) under a recipe, for tests and dry
 * runs: rows with a target, ascending. Of split none, faces that no split claims, only those that a reviewer
 * labelled. targets: EMOTION_COUNT per row. Reviewed labels give one-hot (an accept that agrees with the
 * crowd keeps the crowd's distribution), unknown and not-a-face leave the sample out. Both arrays are
 * malloc'ed. */
bool train_targets(const struct columns *c, unsigned splits, enum rule rule, enum label_source labels,
                   uint32_t **rows, float **targets, size_t *count, struct err *e);

/* How many faces of train, valid and none have such a target: those that a training in folds learns from. */
int64_t train_faces_with_target(const struct columns *c, enum rule rule, enum label_source labels);

#endif
