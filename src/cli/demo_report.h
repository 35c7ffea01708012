/* What the demo says where there is no terminal: how good the model is, what it finds suspicious, and how
 * many of the planted errors are among that. */
#ifndef FERLAB_CLI_DEMO_REPORT_H
#define FERLAB_CLI_DEMO_REPORT_H

#include "ferlab/store/columns.h"

struct demo_seconds { /* negative: was there already */
    double synth, import, training;
};

/* Measures the current model on the validation split; `truth` is the path of the set's truth.csv. JSON or
 * text on stdout. */
bool demo_report(struct workspace *ws, const char *truth, const struct demo_seconds *seconds, bool json,
                 struct err *e);

#endif
