/* Finding near-duplicates for the workspace, when something first needs them. */
#ifndef FERLAB_TRAIN_DUPLICATES_H
#define FERLAB_TRAIN_DUPLICATES_H

#include "ferlab/store/workspace.h"

/* Sees to it that the groups of near-duplicates of all samples are stored: finds them anew where samples came
 * since. Takes some seconds for 35,000 faces, and three kilobytes a face for the time being. threads 0: all.
 */
bool duplicates_complete(struct workspace *ws, int threads, struct err *e);

#endif
