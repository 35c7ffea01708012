/* The lines of the training view about one run: how far it has come, and what it has reached. */
#ifndef FERLAB_TUI_TRAINING_PROGRESS_H
#define FERLAB_TUI_TRAINING_PROGRESS_H

#include "app.h"

/* On two rows: a bar while it runs, else how it ended; and its numbers. latest: its newest epoch, NULL before
 * the first ended. */
void training_progress_draw(const struct run *run, const struct run_epoch *latest, int row);

/* On two rows, of a run in folds: how each that is done predicts the faces that were kept out of it. */
void training_folds_draw(const struct run *run, const struct run_epoch *epochs, size_t count, int row);

#endif
