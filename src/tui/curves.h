/* The curves of trainings: loss at the left, accuracy at the right; one run in front, earlier ones faint
 * behind it. */
#ifndef FERLAB_TUI_CURVES_H
#define FERLAB_TUI_CURVES_H

#include "app.h"
#include "chart.h"

enum { CURVES_RUNS = 4 }; /* the one in front and three behind */

struct curves {
    struct arena arena; /* of the epochs */
    struct curve {
        int64_t run, planned, best_epoch;
        struct run_epoch *epochs;
        size_t count;
    } runs[CURVES_RUNS]; /* [0] is in front */
    size_t count;
    struct chart loss, accuracy;
};

/* Reads the epochs of `run` and of the runs before it. */
bool curves_load(struct curves *c, struct app *app, int64_t run, struct err *e);
void curves_free(struct curves *c);

/* A title, the charts over `rows` rows below it, and the epochs along the x axis: rows + 2 rows in all. */
void curves_draw(struct curves *c, struct app *app, int row, int rows);

/* The latest epoch of the run in front; NULL before the first ended. */
const struct run_epoch *curves_latest(const struct curves *c);

#endif
