/* Faces beside each other. */
#include "sample_row.h"

#include "ferlab/face/image.h"

bool sample_row_is_blocks(const struct app *app)
{
    return app->caps.graphics == GRAPHICS_BLOCKS_256 || app->caps.graphics == GRAPHICS_BLOCKS_TRUE;
}

bool sample_row_draws(const struct app *app, int screen_rows)
{
    return app->caps.graphics != GRAPHICS_NONE &&
           screen_rows >= (sample_row_is_blocks(app) ? SAMPLE_ROW_LEAST_BLOCKS : SAMPLE_ROW_LEAST_ROWS);
}

/* Of one face, a gap included. */
static int face_columns(const struct app *app, int screen_rows)
{
    return screen_rows * app->caps.cell_height / app->caps.cell_width + 1;
}

int sample_row_fits(const struct app *app, int screen_rows)
{
    int fits = sample_row_draws(app, screen_rows) ? (draw_columns() - 2) / face_columns(app, screen_rows) : 0;
    return fits < SAMPLE_ROW_MOST ? fits : SAMPLE_ROW_MOST;
}

void sample_row_draw(struct app *app, struct sample_row *s, int slot, int row, int screen_rows)
{
    int columns = face_columns(app, screen_rows), side = screen_rows * app->caps.cell_height;
    int step = columns * app->caps.cell_width, count = (int)s->count;
    if (count == 0 || !canvas_resize(&s->canvas, count * step, side))
        return;
    canvas_fill(&s->canvas, 0, 0, s->canvas.width, s->canvas.height, PALETTE_BACKGROUND);
    for (int i = 0; i < count; i++)
        canvas_gray(&s->canvas, i * step, 0, side, side, app_pixels(app, s->rows[i]), FACE_SIZE, FACE_SIZE,
                    app->smooth);
    images_place(app->images, slot, row, 1, screen_rows, count * columns, &s->canvas);
}
