/* The workbench: the full-screen program over one workspace. */
#ifndef FERLAB_TUI_WORKBENCH_H
#define FERLAB_TUI_WORKBENCH_H

#include "ferlab/base/err.h"

#include <stdio.h>

struct workbench_options {
    const char *workspace; /* must exist */
    const char
        *filter; /* to open with; NULL: pred!=label sort:-suspect when there is a model, else everything */
    const char *model; /* name to use instead of the current one, or NULL */
    const char *live;  /* a camera's device, a film or a folder of pictures to watch at once, or NULL */
};

/* Runs until the reviewer leaves. Refuses, with a sentence and without touching the terminal, where there is
 * none or where it cannot address the cursor (TERM=dumb). The terminal is restored on return, on fatal
 * signals and on stop. */
bool workbench_run(const struct workbench_options *options, struct err *e);

/* The table of actions (name, default keys, help), for the man page and `ferlab --keys`. */
void workbench_print_keys(FILE *out);

#endif
