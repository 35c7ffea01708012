/* An evaluation as text and as JSON: eval's. */
#ifndef FERLAB_CLI_EVALUATION_REPORT_H
#define FERLAB_CLI_EVALUATION_REPORT_H

#include "ferlab/base/json.h"
#include "ferlab/eval/bootstrap.h"

void evaluation_print(const struct evaluation *v, const struct bootstrap *b); /* on standard output */
json_t *evaluation_intervals_json(const struct bootstrap *b);
json_t *evaluation_classes_json(const struct metrics *m);
void evaluation_json(json_t *into, const struct evaluation *v, const struct bootstrap *b);

#endif
