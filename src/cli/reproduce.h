/* The shell commands that lead to an evaluation again. */
#ifndef FERLAB_CLI_REPRODUCE_H
#define FERLAB_CLI_REPRODUCE_H

#include "protocol.h"

#include "ferlab/base/str.h"
#include "ferlab/store/runs.h"

#include <limits.h>

/* One a line: the trainings of the model and of those it started from, oldest first, then eval and report.
 * What was not trained in this workspace is named in a comment, with its digest. */
bool reproduce_commands(const struct judged *j, const struct protocol *p, struct str *out, struct err *e);

/* The command of one training, a comment where its recipe cannot be read. parent: gets the model that it
 * started from, "" for none. */
bool reproduce_training(struct workspace *ws, const struct run *run, struct str *out, char parent[PATH_MAX],
                        struct err *e);

#endif
