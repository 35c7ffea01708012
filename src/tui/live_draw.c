/* The live view's picture with its boxes, and the bars beside it. */
#include "live.h"

#include "caption.h"

enum { PANEL = 38, NAME = 12, SHARE = 5, MOST_WIDTH = 640, MOST_HEIGHT = 480 };

/* Where the picture lies: cells, and pixels of its canvas. */
struct place {
    int rows, columns, width, height, unit_x, unit_y;
};

static struct place place_of(const struct app *app, const struct live *l)
{
    struct place p = {.unit_x = app->caps.cell_width, .unit_y = app->caps.cell_height};
    if (app->caps.graphics != GRAPHICS_SIXEL) {
        p.unit_x = 1;
        p.unit_y = 2;
    }
    int most_columns = draw_columns() - PANEL - 2, most_rows = draw_last() - 1;
    double across = (double)(most_columns * p.unit_x) / l->width,
           down = (double)(most_rows * p.unit_y) / l->height;
    double scale = across < down ? across : down;
    if (scale * l->width > MOST_WIDTH)
        scale = (double)MOST_WIDTH / l->width;
    if (scale * l->height > MOST_HEIGHT)
        scale = (double)MOST_HEIGHT / l->height;
    for (int i = l->zoom; i < 0; i++)
        scale /= 2;
    p.width = (int)(scale * l->width);
    p.height = (int)(scale * l->height);
    p.width = p.width < 1 ? 1 : p.width;
    p.height = p.height < 1 ? 1 : p.height;
    p.columns = (p.width + p.unit_x - 1) / p.unit_x;
    p.rows = (p.height + p.unit_y - 1) / p.unit_y;
    return p;
}

static int best_of(const struct live_face *f)
{
    return emotion_most_probable(f->shown);
}

static void draw_box(struct canvas *c, const struct box *b, double scale, int thick, uint8_t color)
{
    int x = (int)(b->x * scale), y = (int)(b->y * scale), width = (int)(b->width * scale),
        height = (int)(b->height * scale);
    canvas_fill(c, x, y, width, thick, color);
    canvas_fill(c, x, y + height - thick, width, thick, color);
    canvas_fill(c, x, y, thick, height, color);
    canvas_fill(c, x + width - thick, y, thick, height, color);
}

static void draw_picture(struct app *app, struct live *l, const struct place *p)
{
    double scale = (double)p->width / l->width;
    if (!canvas_resize(&l->canvas, p->columns * p->unit_x, p->rows * p->unit_y))
        return;
    canvas_fill(&l->canvas, 0, 0, l->canvas.width, l->canvas.height, PALETTE_BACKGROUND);
    canvas_gray(&l->canvas, 0, 0, p->width, p->height, l->gray, l->width, l->height, app->smooth);
    for (int i = 0; i < l->count; i++)
        draw_box(&l->canvas, &l->faces[i].box, scale, i == l->selected && l->count > 1 ? 4 : 2,
                 (uint8_t)(PALETTE_EMOTION + best_of(&l->faces[i])));
    images_place(app->images, 0, 2, 1, p->rows, p->columns, &l->canvas);
    for (int i = 0; i < l->count; i++) { /* over each box, or in it at the upper edge */
        const struct box *b = &l->faces[i].box;
        int row = 2 + (int)(b->y * scale) / p->unit_y - 1, column = 1 + (int)(b->x * scale) / p->unit_x;
        int best = best_of(&l->faces[i]), room = 1 + p->columns - column;
        if (room > 0)
            draw_text(row < 2 ? 2 : row, column, room, STYLE_EMOTION + (enum style)best, "%s",
                      class_title(best));
    }
}

static void draw_bars(const struct live_face *f, int column)
{
    char share[8];
    int width = draw_columns() - column - NAME - SHARE - 1;
    for (int k = 0; k < EMOTION_COUNT; k++) {
        int row = 4 + k;
        bool best = k == best_of(f);
        draw_text(row, column, NAME, best ? STYLE_BOLD : STYLE_NORMAL, "%c %s", class_key(k), class_title(k));
        draw_bar(row, column + NAME, width, (double)f->shown[k], STYLE_EMOTION + (enum style)k);
        draw_text(row, draw_columns() - SHARE - 1, SHARE, best ? STYLE_BOLD : STYLE_DIM, "%4s",
                  caption_share(share, (double)f->shown[k]));
    }
}

static void draw_panel(const struct app *app, const struct live *l, int column)
{
    int row = 4 + EMOTION_COUNT + 1;
    if (l->count == 0)
        draw_text(2, column, 0, STYLE_DIM, "no face is found");
    else if (l->count == 1)
        draw_text(2, column, 0, STYLE_BOLD, "one face");
    else
        draw_text(2, column, 0, STYLE_BOLD, "face %d of %d", l->selected + 1, l->count);
    if (l->count > 0)
        draw_bars(&l->faces[l->selected], column);
    draw_text(row++, column, 0, STYLE_DIM, "model %s", app->columns->model_name);
    if (l->rate > 0)
        draw_text(row++, column, 0, STYLE_DIM, "%.0f frames/s, %.0f ms for each", l->rate, l->spent * 1000);
    if (l->kept > 0)
        draw_text(row++, column, 0, STYLE_ACCENT, "%lld kept: filter source:live*", (long long)l->kept);
    if (l->paused || l->ended)
        draw_text(row + 1, column, 0, STYLE_ACCENT,
                  l->ended ? "the film has ended; P plays it again" : "paused");
}

void live_draw(struct app *app, struct live *l)
{
    if (l->gray == NULL) {
        draw_text(2, 1, 0, STYLE_DIM, "waiting for a picture …");
    } else {
        struct place p = place_of(app, l);
        draw_picture(app, l, &p);
        draw_panel(app, l, p.columns + 3);
    }
    draw_status("%s   nothing is stored unless you keep it",
                l->file[0] != '\0' ? l->file : camera_name(l->camera));
}
