/* Jobs: this program started as a process of its own, which outlives the one that started it. */
#ifndef FERLAB_TRAIN_JOB_H
#define FERLAB_TRAIN_JOB_H

#include "ferlab/train/recipe.h"

#include <sys/types.h>

/* Starts `ferlab -w WORKSPACE train …` with this recipe, in a session of its own, without terminal; what it
 * prints goes to WORKSPACE.runs/launch-PID.log until its run has a log. *log gets that path. */
bool job_start_training(const char *workspace, const struct recipe *recipe, pid_t *pid, char log[PATH_MAX],
                        struct err *e);

/* Starts `ferlab -w WORKSPACE model use MODEL` likewise: it computes the predictions that the model lacks,
 * and makes it the current one. */
bool job_start_predictions(const char *workspace, const char *model, pid_t *pid, char log[PATH_MAX],
                           struct err *e);

/* Asks the run's process to stop (SIGTERM) with its best model kept; true when the signal was sent. */
bool job_stop_run(struct workspace *ws, int64_t run, struct err *e);

#endif
