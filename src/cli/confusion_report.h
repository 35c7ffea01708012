/* The confusion matrix with what follows from it for each class: rows are labels, columns predictions. */
#ifndef FERLAB_CLI_CONFUSION_REPORT_H
#define FERLAB_CLI_CONFUSION_REPORT_H

#include "ferlab/base/json.h"
#include "ferlab/eval/metrics.h"

void confusion_print(const struct confusion *c, const struct metrics *m); /* on standard output */
json_t *confusion_json(const struct confusion *c);

#endif
