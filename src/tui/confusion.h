/* What the confusion view's two halves share: its state and where things lie on the screen. */
#ifndef FERLAB_TUI_CONFUSION_H
#define FERLAB_TUI_CONFUSION_H

#include "matrix.h"
#include "sample_row.h"

struct confusion_view {
    struct matrix matrix;
    struct matrix_cell cell;
    bool percent, errors_only, difference;
    enum matrix_whole whole; /* of shares; of the row while counts are shown */
    char keys[160];
    char opened[512]; /* the filter this view set last; while it is in force, the matrix stays as it was */

    struct sample_row strip;
};

/* Where things lie, from the size of the screen alone. */
struct confusion_layout {
    int columns, names, cells, cell_width, cell_height, side; /* first columns of names, matrix, totals */
    int head, header, body, sums, scores, summary, line, strip, strip_rows;
    bool long_names, names_only; /* names_only: the faces as a list of names, no pictures */
};

enum { NAME_WIDTH = 10, TOTAL_WIDTH = 7, RECALL_WIDTH = 8, F1_WIDTH = 6 };

struct confusion_layout confusion_layout_now(const struct app *app);

/* How many faces fit beside each other under the matrix. */
int confusion_strip_fits(const struct app *app);

void confusion_draw(struct app *app, void *state);

#endif
