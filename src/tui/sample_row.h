/* Faces beside each other in one row: the first of those that a selected cell holds. */
#ifndef FERLAB_TUI_SAMPLE_ROW_H
#define FERLAB_TUI_SAMPLE_ROW_H

#include "app.h"

enum {
    SAMPLE_ROW_MOST = 64,
    SAMPLE_ROW_LEAST_ROWS = 2,
    SAMPLE_ROW_LEAST_BLOCKS = 9 /* below that nobody sees a face in half blocks */
};

struct sample_row {
    uint32_t rows[SAMPLE_ROW_MOST]; /* of columns */
    size_t count;
    struct canvas canvas;
};

/* Whether the terminal draws in half blocks, and whether it can draw a face that is so many rows high. */
bool sample_row_is_blocks(const struct app *app);
bool sample_row_draws(const struct app *app, int screen_rows);
/* How many such faces fit beside each other. */
int sample_row_fits(const struct app *app, int screen_rows);

void sample_row_draw(struct app *app, struct sample_row *s, int slot, int row, int screen_rows);

#endif
