/* Charts on the screen. */
#include "chart_screen.h"

#include <stdlib.h>

/* What the terminal has, or a half block where it draws blocks or nothing. */
bool chart_begin_cells(struct chart *c, const struct app *app, int rows, int columns)
{
    bool sixel = app->caps.graphics == GRAPHICS_SIXEL;
    return chart_begin(c, columns * (sixel ? app->caps.cell_width : 1),
                       rows * (sixel ? app->caps.cell_height : 2));
}

void chart_show(struct app *app, const struct chart *c, int slot, int row, int column, int rows, int columns)
{
    if (app->caps.graphics != GRAPHICS_NONE) {
        draw_guard(row, column - 1, rows); /* the ticks at the left come and go */
        draw_guard(row, column + columns, rows);
        images_place(app->images, slot, row, column, rows, columns, &c->canvas);
        return;
    }
    char *text = malloc((size_t)columns * 3 + 1);
    for (int r = 0; text != NULL && r < rows; r++) {
        chart_text(c, r, text);
        draw_text(row + r, column, columns, STYLE_NORMAL, "%s", text);
    }
    free(text);
}
