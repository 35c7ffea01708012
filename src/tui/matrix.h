/* The confusion matrix behind the screen: which faces count, what is in a cell, and the filter that picks a
 * cell's faces. Rows are labels in force, columns predictions of the model shown. */
#ifndef FERLAB_TUI_MATRIX_H
#define FERLAB_TUI_MATRIX_H

#include "app.h"

enum matrix_scope {
    MATRIX_VALID,  /* the validation split: the protocol of the paper */
    MATRIX_FILTER, /* what the present filter picks */
};

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
    enum matrix_scope scope;
    struct filter *filter; /* of MATRIX_FILTER */
    char base[512];        /* its text */

    struct confusion counts;
    struct metrics metrics;
    int64_t faces;     /* in scope with an emotion as label */
    int64_t in_sample; /* of those that count, how many the model was trained on */

    int64_t baseline; /* the model before, when `before` holds its matrix; else 0 */
    char baseline_name[64];
    int8_t *baseline_prediction;
    size_t baseline_rows;
    struct confusion before;
    struct metrics metrics_before;
};

/* Takes the app's present filter as the one of MATRIX_FILTER; keeps the old one when it cannot be parsed. */
void matrix_take_filter(struct matrix *m, const struct app *app);
/* Counts anew. */
void matrix_count(struct matrix *m, const struct app *app);
/* Loads the model before, for differences; false with a sentence when there is none. */
bool matrix_load_baseline(struct matrix *m, struct app *app, struct err *e);
void matrix_drop_baseline(struct matrix *m);
void matrix_free(struct matrix *m);

int64_t matrix_cell_count(const struct confusion *c, struct matrix_cell cell);

/* "label sadness, predicted neutral". */
void matrix_cell_title(struct matrix_cell cell, char *out, size_t size);

/* The filter that picks exactly the cell's faces, most suspicious first; false when it does not fit. */
bool matrix_cell_filter(const struct matrix *m, struct matrix_cell cell, char *out, size_t size);

/* The first faces of the cell in that order; returns how many, at most max. */
size_t matrix_cell_rows(const struct matrix *m, const struct columns *c, struct matrix_cell cell,
                        uint32_t *rows, size_t max);

#endif
