/* What the grid shows: faces with frames and captions, the legend, a line on the face under the cursor. */
#include "caption.h"
#include "grid.h"

#include "ferlab/base/str.h"
#include "ferlab/face/image.h"

#include <stdio.h>
#include <string.h>

enum { SLOT_FACES = 1 };

static void paint_face(struct grid *g, const struct grid_layout *l, size_t i, const uint8_t *pixels)
{
    int row, column;
    grid_tile_place(l, i, &row, &column);
    int box_x = (column - l->left) * l->unit_x, box_y = (row - l->top - 1) * l->unit_y;
    int slack = l->rows * l->unit_y - l->side;
    int x = box_x + (l->columns * l->unit_x - l->side) / 2, y = box_y + (slack > 0 ? slack / 2 : 0);
    if (l->side < FACE_SIZE) {
        uint8_t small[FACE_PIXELS];
        image_resize(pixels, FACE_SIZE, FACE_SIZE, small, l->side, l->side);
        canvas_gray(&g->canvas, x, y, l->side, l->side, small, l->side, l->side, false);
    } else {
        canvas_gray(&g->canvas, x, y, l->side, l->side, pixels, FACE_SIZE, FACE_SIZE,
                    l->smooth || l->side % FACE_SIZE != 0);
    }
    /* what hangs over the last row of cells would cover the caption */
    int bottom = box_y + l->rows * l->unit_y;
    if (y + l->side > bottom)
        canvas_fill(&g->canvas, x, bottom, l->side, y + l->side - bottom, PALETTE_BACKGROUND);
}

/* Paints the faces of the screen unless the canvas shows them already. */
static void paint(struct app *app, struct grid *g, const uint32_t *rows, size_t count)
{
    const struct grid_layout *l = &g->layout;
    // NOLINTNEXTLINE(bugprone-suspicious-memory-comparison): differing padding only paints once more
    if (!g->stale && memcmp(l, &g->drawn, sizeof *l) == 0 && count == g->shown_count &&
        memcmp(rows, g->shown, count * sizeof *rows) == 0)
        return;
    int columns = (l->across - 1) * l->step_x + l->columns, lines = (l->down - 1) * l->step_y + l->rows;
    if (!canvas_resize(&g->canvas, columns * l->unit_x, lines * l->unit_y))
        return;
    canvas_fill(&g->canvas, 0, 0, g->canvas.width, g->canvas.height, PALETTE_BACKGROUND);
    app_pixels_prepare(app, rows, count);
    for (size_t i = 0; i < count; i++)
        paint_face(g, l, i, app_pixels(app, rows[i]));
    memcpy(g->shown, rows, count * sizeof *rows);
    g->shown_count = count;
    g->drawn = *l;
    g->stale = false;
}

static bool in_range(const struct app *app, size_t place)
{
    if (app->range_anchor < 0)
        return false;
    size_t anchor = (size_t)app->range_anchor;
    return anchor < app->cursor ? place >= anchor && place <= app->cursor
                                : place >= app->cursor && place <= anchor;
}

static void draw_tile(const struct app *app, const struct grid_layout *l, size_t i, size_t place)
{
    int row, column;
    grid_tile_place(l, i, &row, &column);
    bool here = place == app->cursor, ranged = in_range(app, place);
    if (here || ranged)
        draw_frame(row - 1, column - 1, l->rows + 2, l->columns + 2, STYLE_ACCENT, here);
    int slack = l->step_x - l->columns, width = l->columns + (slack < 3 ? slack : 3);
    int start = column - (width - l->columns) / 2;
    if (start < 0)
        start = 0;
    enum style style = here ? STYLE_SELECTED : ranged ? STYLE_ACCENT : STYLE_NORMAL;
    if (style != STYLE_NORMAL)
        draw_fill(row + l->rows, column - 1, 1, l->columns + 2, style);
    caption_draw(app, app->rows[place], row + l->rows, start, width, style);
}

static void draw_line_of_text(const struct app *app, size_t place, int line)
{
    const struct columns *c = app->columns;
    size_t row = app->rows[place];
    char votes[128], id[32];
    bool here = place == app->cursor;
    enum style style = here ? STYLE_SELECTED : in_range(app, place) ? STYLE_ACCENT : STYLE_NORMAL;
    draw_fill(line, 0, 1, draw_columns(), style);
    draw_text(line, 1, 8, style, "%7s", draw_count(id, c->id[row]));
    draw_text(line, 10, 18, style, "%s", c->name[row]);
    draw_text(line, 29, 6, style, "%s", split_name((enum split)c->split[row]));
    caption_draw(app, row, line, 36, 16, style);
    draw_text(line, 54, 0, style, "%s", caption_votes(votes, sizeof votes, &c->votes[row], false));
}

/* Digits with their emotions, once for the whole screen. */
static void draw_legend(int line)
{
    bool wide = draw_columns() >= 132;
    int column = 1;
    for (int k = 0; k < CLASS_COUNT; k++) {
        column += draw_text(line, column, 0, STYLE_BOLD, "%c ", class_key(k));
        column += draw_text(line, column, 0, STYLE_EMOTION + (enum style)k, "%s",
                            wide ? class_title(k) : class_short(k));
        column += wide ? 2 : 1;
    }
    const char *signs = "⚑ flagged  ✎ reviewed  ≈ near-duplicates";
    int start = draw_columns() - str_columns(signs) - 1;
    if (start > column + 1)
        draw_text(line, start, 0, STYLE_DIM, "%s", signs);
}

static size_t range_count(const struct app *app)
{
    size_t anchor = (size_t)app->range_anchor;
    return app->range_anchor < 0 ? 0
                                 : 1 + (anchor < app->cursor ? app->cursor - anchor : anchor - app->cursor);
}

/* "3 no longer pass (/ Enter)   range of 12   row 2 of 30" */
static void describe_place(const struct app *app, const struct grid *g, char *out, size_t size)
{
    size_t across = (size_t)g->layout.across;
    char number[32], all[32], outdated[64] = "", range[48] = "";
    if (app->outdated > 0)
        snprintf(outdated, sizeof outdated, "%s no longer pass%s%s   ",
                 draw_count(number, (int64_t)app->outdated), app->outdated == 1 ? "es" : "",
                 draw_columns() >= 110 ? " (/ Enter)" : "");
    if (app->range_anchor >= 0)
        snprintf(range, sizeof range, "range of %s   ", draw_count(number, (int64_t)range_count(app)));
    snprintf(out, size, "%s%srow %s of %s", outdated, range,
             draw_count(number, (int64_t)(app->cursor / across + 1)),
             draw_count(all, (int64_t)((app->row_count + across - 1) / across)));
}

static void draw_grid_status(const struct app *app, const struct grid *g)
{
    int64_t row = app_row(app);
    int line = draw_rows() - 2;
    if (row < 0)
        return;
    const struct columns *c = app->columns;
    char votes[160], model[160], here[128];
    describe_place(app, g, here, sizeof here);
    int right = draw_columns() - str_columns(here) - 1, column = 1;
    draw_text(line, right, 0, STYLE_DIM, "%s", here);
    column += draw_text(line, column, right - column - 2, STYLE_BOLD, "%s", c->name[row]);
    bool brief = draw_columns() < 110;
    caption_votes(votes, sizeof votes, &c->votes[row], brief);
    caption_model(model, sizeof model, c->probabilities[row], brief ? 2 : 3, brief);
    if (right - column > 6)
        column += draw_text(line, column, right - column - 2, STYLE_DIM, "  votes  ");
    if (right - column > 6)
        column += draw_text(line, column, right - column - 2, STYLE_NORMAL, "%s", votes);
    if (model[0] != '\0' && right - column > 12) {
        column += draw_text(line, column, right - column - 2, STYLE_DIM, "   model  ");
        column += draw_text(line, column, right - column - 2, STYLE_NORMAL, "%s", model);
    }
    if (c->note[row] != NULL && right - column > 12)
        draw_text(line, column, right - column - 2, STYLE_ACCENT, "   “%s”", c->note[row]);
}

static void draw_centred(int line, const char *text)
{
    int column = (draw_columns() - str_columns(text)) / 2;
    draw_text(line, column > 0 ? column : 0, 0, STYLE_DIM, "%s", text);
}

/* Why there may be nothing to show: most filters speak of predictions. */
static void draw_unpredicted(const struct app *app, int line)
{
    const struct columns *c = app->columns;
    int64_t lacking = app_unpredicted(app, c->model);
    char text[256], seen[32], all[32];
    if (lacking == 0)
        return;
    draw_count(seen, (int64_t)c->count - lacking);
    draw_count(all, (int64_t)c->count);
    if (app->predicting == c->model)
        snprintf(text, sizeof text, "model %s is predicting: %s", c->model_name,
                 app->predicting_line[0] != '\0' ? app->predicting_line : "it begins");
    else if (lacking == (int64_t)c->count)
        snprintf(text, sizeof text, "model %s has predicted nothing yet: p predicts", c->model_name);
    else
        snprintf(text, sizeof text, "model %s has predicted %s of %s sample%s: p predicts the others",
                 c->model_name, seen, all, str_plural((int64_t)c->count));
    draw_centred(line, text);
}

static void draw_nothing(const struct app *app)
{
    int line = draw_rows() / 2;
    if (app->columns->count == 0) {
        draw_centred(line, "no samples yet: 'ferlab import PATH' brings them in");
        return;
    }
    draw_unpredicted(app, line - 2);
    if (filter_similar(app->filter) != 0 && app->embedding != 0)
        draw_centred(line, "the similar faces follow when the model has looked at all");
    else
        draw_centred(line, "no sample passes this filter; / changes it");
}

void grid_draw_all(struct app *app, struct grid *g)
{
    const struct grid_layout *l = &g->layout;
    size_t first = g->top_row * (size_t)l->across, count = app->row_count - first;
    if (count > (size_t)(l->across * l->down))
        count = (size_t)(l->across * l->down);
    if (app->row_count == 0) {
        draw_nothing(app);
    } else if (app->caps.graphics == GRAPHICS_NONE) {
        for (size_t i = 0; i < count; i++)
            draw_line_of_text(app, first + i, l->top + (int)i);
    } else {
        paint(app, g, app->rows + first, count);
        images_place(app->images, SLOT_FACES, l->top + 1, l->left, (l->down - 1) * l->step_y + l->rows,
                     (l->across - 1) * l->step_x + l->columns, &g->canvas);
        for (size_t i = 0; i < count; i++)
            draw_tile(app, l, i, first + i);
    }
    if (app->legend)
        draw_legend(draw_last());
    draw_grid_status(app, g);
}
