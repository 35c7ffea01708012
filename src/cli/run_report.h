/* Runs as commands show them. */
#ifndef FERLAB_CLI_RUN_REPORT_H
#define FERLAB_CLI_RUN_REPORT_H

#include "ferlab/store/runs.h"

#include <jansson.h>

/* A run with its epochs. New reference. */
json_t *run_json(struct workspace *ws, const struct run *r, const struct run_epoch *epochs, size_t count);

/* A run in a list: `epochs` is how many are done. New reference. */
json_t *run_json_short(struct workspace *ws, const struct run *r);

#endif
