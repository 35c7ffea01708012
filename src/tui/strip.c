/* Laying out and painting the strip. */
#include "strip.h"

#include "align.h"
#include "caption.h"

#include "ferlab/face/image.h"

#include <string.h>

enum { LEFT = 1, GAP = 2, LEAST_STEP = 11, MOST_DOWN = 4 };

static int cells(int pixels, int unit)
{
    return (pixels + unit - 1) / unit;
}

struct strip_layout strip_lay_out(const struct app *app, int first_row, int last_row)
{
    static const int pixels[] = {96, 72, 48}, blocks[] = {24, 16, 12};
    struct strip_layout l = {0};
    bool sixel = app->caps.graphics == GRAPHICS_SIXEL;
    if (app->caps.graphics == GRAPHICS_NONE)
        return l;
    l.unit_x = sixel ? app->caps.cell_width : 1;
    l.unit_y = sixel ? app->caps.cell_height : 2;
    for (int i = 0; i < 3 && l.down == 0; i++) {
        l.side = sixel ? pixels[i] : blocks[i];
        l.rows = cells(l.side - (sixel ? 2 : 0), l.unit_y); /* two rows of pixels may be cut */
        l.down = (last_row - first_row + 1) / (l.rows + 1);
    }
    l.columns = cells(l.side, l.unit_x);
    l.step = l.columns + GAP > LEAST_STEP ? l.columns + GAP : LEAST_STEP;
    l.across = (draw_columns() - LEFT) / l.step;
    l.down = l.down < MOST_DOWN ? l.down : MOST_DOWN;
    if (l.across < 1)
        l.down = 0;
    while (l.down > 0 && l.across * l.down > STRIP_MOST)
        l.across--;
    l.top = last_row - l.down * (l.rows + 1) + 1;
    return l;
}

static size_t first_place(const struct strip_faces *faces, const struct strip_layout *l)
{
    size_t page = (size_t)l->across * (size_t)l->down;
    return faces->at != SIZE_MAX ? faces->at / page * page : 0;
}

static void paint_face(struct strip *s, int i, const uint8_t *pixels)
{
    const struct strip_layout *l = &s->layout;
    uint8_t small[FACE_PIXELS];
    int from = FACE_SIZE;
    if (l->side < FACE_SIZE) {
        image_resize(pixels, FACE_SIZE, FACE_SIZE, small, l->side, l->side);
        pixels = small;
        from = l->side;
    }
    int x = i % l->across * l->step * l->unit_x, y = i / l->across * (l->rows + 1) * l->unit_y;
    canvas_gray(&s->canvas, x, y, l->side, l->side, pixels, from, from, l->side % from != 0);
    canvas_fill(&s->canvas, x, y + l->rows * l->unit_y, l->side, l->unit_y, PALETTE_BACKGROUND);
}

static void paint(struct app *app, struct strip *s, const uint32_t *rows, int count)
{
    const struct strip_layout *l = &s->layout;
    if (count == s->shown_count && memcmp(&s->drawn, l, sizeof *l) == 0 &&
        memcmp(rows, s->shown, (size_t)count * sizeof *rows) == 0)
        return;
    int lines = l->down * (l->rows + 1) - 1;
    if (!canvas_resize(&s->canvas, l->across * l->step * l->unit_x, lines * l->unit_y))
        return;
    canvas_fill(&s->canvas, 0, 0, s->canvas.width, s->canvas.height, PALETTE_BACKGROUND);
    app_pixels_prepare(app, rows, (size_t)count);
    for (int i = 0; i < count; i++)
        paint_face(s, i, app_pixels(app, rows[i]));
    memcpy(s->shown, rows, (size_t)count * sizeof *rows);
    s->shown_count = count;
    s->drawn = *l;
}

void strip_draw(struct app *app, struct strip *s, int slot, const struct strip_faces *faces)
{
    const struct strip_layout *l = &s->layout;
    size_t first = first_place(faces, l), page = (size_t)l->across * (size_t)l->down;
    int count = (int)(faces->count - first < page ? faces->count - first : page);
    paint(app, s, faces->rows + first, count);
    images_place(app->images, slot, l->top, LEFT, l->down * (l->rows + 1) - 1, l->across * l->step,
                 &s->canvas);
    for (int i = 0; i < count; i++) {
        size_t place = first + (size_t)i;
        int line = l->top + i / l->across * (l->rows + 1) + l->rows, column = LEFT + i % l->across * l->step;
        int width = l->columns > LEAST_STEP - 1 ? l->columns : LEAST_STEP - 1;
        enum style style = place == faces->at ? STYLE_SELECTED : STYLE_NORMAL;
        if (style != STYLE_NORMAL)
            draw_fill(line, column, 1, width, style);
        if (faces->hides != NULL && faces->hides(faces->of, place))
            align_centre(line, column, width, style, "?");
        else
            caption_draw(app, faces->rows[place], line, column, width + 1, style);
    }
}

int64_t strip_at(const struct strip *s, const struct strip_faces *faces, int row, int column)
{
    const struct strip_layout *l = &s->layout;
    if (l->down == 0 || row < l->top || column < LEFT)
        return -1;
    int line = (row - l->top) / (l->rows + 1), at = (column - LEFT) / l->step;
    if (line >= l->down || at >= l->across)
        return -1;
    size_t place = first_place(faces, l) + (size_t)(line * l->across + at);
    return place < faces->count ? (int64_t)place : -1;
}
