/* An evaluation as text and as JSON: eval's. */
#ifndef FERLAB_CLI_EVALUATION_REPORT_H
#define FERLAB_CLI_EVALUATION_REPORT_H

#include "ferlab/base/json.h"
#include "ferlab/eval/bootstrap.h"

void evaluation_print(const struct evaluation *v, const struct bootstrap *b); /* on standard output */
void evaluation_json(json_t *into, const struct evaluation *v, const struct bootstrap *b);

#endif
