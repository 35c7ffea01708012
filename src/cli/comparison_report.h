/* A comparison as text and as JSON: runs diff's. */
#ifndef FERLAB_CLI_COMPARISON_REPORT_H
#define FERLAB_CLI_COMPARISON_REPORT_H

#include "ferlab/base/json.h"
#include "ferlab/eval/bootstrap.h"
#include "ferlab/eval/comparison.h"

/* b: of the differences, all draws done. */
void comparison_print(const struct comparison *c, const struct bootstrap *b); /* on standard output */
/* Keys count, difference, ci95, mcnemar, flips, per_class, difference_matrix. */
void comparison_json(json_t *into, const struct comparison *c, const struct bootstrap *b);
/* One side: its scores, per class, confusion matrix. */
void comparison_side_json(json_t *into, const struct comparison_side *side);

#endif
