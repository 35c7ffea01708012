/* ferlab runs diff: two models, or the models of two runs, or two label sets, side by side. */
#ifndef FERLAB_CLI_RUNS_DIFF_H
#define FERLAB_CLI_RUNS_DIFF_H

#include "command.h"

struct runs_diff {
    const char *before, *after;                /* MODEL[@LABELS] */
    const char *split, *where, *rule, *labels; /* as said; NULL where not */
};

int runs_diff(struct cli *cli, const struct runs_diff *d); /* the exit status */

#endif
