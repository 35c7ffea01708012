/* Labels as they stood: what a training learnt from, rebuilt from the log of reviews. A label is never
 * stored, so an earlier set of them is the log up to that time, read again. */
#ifndef FERLAB_STORE_LABEL_HISTORY_H
#define FERLAB_STORE_LABEL_HISTORY_H

#include "ferlab/store/columns.h"

/* The labels that a run began with, one per row of columns and under their rule: the crowd's where it was
 * trained on these, else those in force when it started. *known: they have the run's label revision, to the
 * letter; false where the log was copied without its past, or samples came in since: then these are the
 * labels as of the run's start. run 0: nothing was trained here; the crowd's, and known. */
bool labels_of_run(const struct columns *c, struct workspace *ws, int64_t run, int8_t *label, bool *known,
                   struct err *e);

#endif
