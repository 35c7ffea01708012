/* The confusion matrix behind the screen: what is in a cell, as a number or a share, and the filter that
 * picks a cell's faces. Rows are labels, columns predictions of the model shown. */
#ifndef FERLAB_TUI_MATRIX_H
#define FERLAB_TUI_MATRIX_H

#include "scope.h"

/* What a cell's share is a share of. */
enum matrix_whole { MATRIX_ROW, MATRIX_COLUMN, MATRIX_ALL, MATRIX_WHOLES };

/* A cell: a label and a prediction, each an emotion, or one of these. */
enum {
    MATRIX_ANY = EMOTION_COUNT, /* whatever emotion: the totals */
    MATRIX_WRONG,               /* whatever emotion, where prediction and label differ */
    MATRIX_SIDE
};
struct matrix_cell {
    int label, prediction; /* 0..MATRIX_SIDE-1 */
};

struct matrix {
    struct scope scope;

    struct confusion counts;
    struct metrics metrics;
    int64_t faces;     /* in scope with an emotion as label */
    int64_t in_sample; /* of those that count, how many the model was trained on */

    struct confusion before; /* of the model beside the one in use; empty where there is none */
    struct metrics metrics_before;
};

/* Counts anew. */
void matrix_count(struct matrix *m, const struct app *app);
void matrix_free(struct matrix *m);

int64_t matrix_cell_count(const struct confusion *c, struct matrix_cell cell);

/* A cell's share of its row, its column or all; NaN where that is empty. */
double matrix_share(const struct confusion *c, const struct metrics *m, enum matrix_whole whole, int label,
                    int prediction);
const char *matrix_whole_name(enum matrix_whole whole); /* "the row" */

/* "label sadness, predicted neutral". */
void matrix_cell_title(const struct matrix *m, struct matrix_cell cell, char *out, size_t size);

/* The filter that picks exactly the cell's faces, most suspicious first; false when it does not fit. */
bool matrix_cell_filter(const struct matrix *m, struct matrix_cell cell, char *out, size_t size);

/* The first faces of the cell in that order; returns how many, at most max. */
size_t matrix_cell_rows(const struct matrix *m, const struct columns *c, struct matrix_cell cell,
                        uint32_t *rows, size_t max);

#endif
