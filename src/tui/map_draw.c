/* The map on the screen: points as pixels, or as the digits of their classes where there are none, the cursor
 * and the box over them, and beside them the face that the cursor is nearest to. */
#include "map.h"

#include "caption.h"

#include "ferlab/base/str.h"
#include "ferlab/face/image.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SLOT_MAP = 1, SLOT_FACE = 2, PANEL = 27, PANEL_FROM = 72 /* columns of the screen */ };

static const double reach_cells = 4; /* how far from the cursor the nearest point may lie */

/* --- layout --- */

/* The largest face that the panel holds above its eight lines of text. */
static int face_side(const struct map_layout *l, bool sixel)
{
    static const int pixels[] = {192, 144, 96, 48, 0}, blocks[] = {24, 16, 12, 0};
    const int *side = sixel ? pixels : blocks;
    while (*side > 0 && (*side > (PANEL - 3) * l->unit_x || *side > (l->rows - 8) * l->unit_y))
        side++;
    return *side;
}

void map_lay_out(const struct app *app, struct map_view *v)
{
    struct map_layout l = {.top = 2, .left = 1, .unit_x = 1, .unit_y = 2};
    bool sixel = app->caps.graphics == GRAPHICS_SIXEL, panel = draw_columns() >= PANEL_FROM;
    if (sixel) {
        l.unit_x = app->caps.cell_width;
        l.unit_y = app->caps.cell_height;
    }
    l.rows = draw_last() - l.top;
    l.columns = draw_columns() - 2 - (panel ? PANEL : 0);
    l.panel = panel ? l.left + l.columns + 2 : 0;
    l.side = panel && app->caps.graphics != GRAPHICS_NONE ? face_side(&l, sixel) : 0;
    if (memcmp(&l, &v->layout, sizeof l) == 0)
        return;
    v->layout = l;
    v->stale = true;
    v->face_row = -1;
    if (v->window.fitted) {
        v->window.row = l.rows / 2;
        v->window.column = l.columns / 2;
    }
    v->window.row = v->window.row < l.rows ? v->window.row : l.rows - 1;
    v->window.column = v->window.column < l.columns ? v->window.column : l.columns - 1;
}

void map_pixel(const struct map_view *v, const float place[PCA_AXES], double *x, double *y)
{
    const struct map_layout *l = &v->layout;
    *x = ((double)place[0] - v->window.x) / v->window.scale + 0.5 * l->columns * l->unit_x;
    *y = (v->window.y - (double)place[1]) / v->window.scale + 0.5 * l->rows * l->unit_y;
}

void map_place(const struct map_view *v, int row, int column, double *x, double *y)
{
    const struct map_layout *l = &v->layout;
    *x = v->window.x + (column + 0.5 - 0.5 * l->columns) * l->unit_x * v->window.scale;
    *y = v->window.y - (row + 0.5 - 0.5 * l->rows) * l->unit_y * v->window.scale;
}

void map_fit(const struct app *app, struct map_view *v)
{
    const struct map_layout *l = &v->layout;
    double low[PCA_AXES] = {INFINITY, INFINITY}, high[PCA_AXES] = {-INFINITY, -INFINITY};
    v->visible = 0;
    for (size_t i = 0; i < app->row_count; i++) {
        const float *place = v->places[app->rows[i]];
        if (isnan(place[0]))
            continue;
        v->visible++;
        for (int a = 0; a < PCA_AXES; a++) {
            low[a] = fmin(low[a], (double)place[a]);
            high[a] = fmax(high[a], (double)place[a]);
        }
    }
    if (v->visible == 0 || !v->window.fitted)
        return;
    double across = (high[0] - low[0]) / (l->columns * l->unit_x),
           up = (high[1] - low[1]) / (l->rows * l->unit_y);
    v->window.x = 0.5 * (low[0] + high[0]);
    v->window.y = 0.5 * (low[1] + high[1]);
    v->window.scale = 1.06 * fmax(across, up);
    if (!(v->window.scale > 0))
        v->window.scale = 1; /* one point, or all on one */
}

/* --- points --- */

int64_t map_find_under(const struct app *app, const struct map_view *v)
{
    const struct map_layout *l = &v->layout;
    double x = (v->window.column + 0.5) * l->unit_x, y = (v->window.row + 0.5) * l->unit_y;
    double best = reach_cells * l->unit_y * reach_cells * l->unit_y;
    int64_t found = -1;
    for (size_t i = 0; v->state == MAP_READY && i < app->row_count; i++) {
        double px, py;
        map_pixel(v, v->places[app->rows[i]], &px, &py);
        double away = (px - x) * (px - x) + (py - y) * (py - y);
        if (away < best) { /* not of NaN */
            best = away;
            found = app->rows[i];
        }
    }
    return found;
}

bool map_in_box(const struct map_view *v, const float place[PCA_AXES])
{
    const struct map_layout *l = &v->layout;
    const struct map_window *w = &v->window;
    double x, y;
    map_pixel(v, place, &x, &y);
    int row = (int)floor(y / l->unit_y), column = (int)floor(x / l->unit_x);
    return !isnan(x) && row >= (w->row < w->anchor_row ? w->row : w->anchor_row) &&
           row <= (w->row > w->anchor_row ? w->row : w->anchor_row) &&
           column >= (w->column < w->anchor_column ? w->column : w->anchor_column) &&
           column <= (w->column > w->anchor_column ? w->column : w->anchor_column);
}

static bool is_wrong(const struct columns *c, size_t row)
{
    return class_is_emotion(c->label[row]) && c->prediction[row] != CLASS_NONE &&
           c->label[row] != c->prediction[row];
}

static int class_of(const struct columns *c, const struct map_view *v, size_t row)
{
    return v->colour == MAP_PREDICTION ? c->prediction[row] : c->label[row];
}

static uint8_t colour_of(const struct columns *c, const struct map_view *v, size_t row)
{
    int class = class_of(c, v, row);
    if (v->colour == MAP_ERROR)
        return is_wrong(c, row) ? PALETTE_BAD : PALETTE_GRID;
    return class_is_emotion(class) ? (uint8_t)(PALETTE_EMOTION + class) : PALETTE_DIM;
}

/* Of a point, in canvas pixels: fewer may be larger. */
static int point_size(const struct app *app, const struct map_view *v)
{
    if (app->caps.graphics != GRAPHICS_SIXEL)
        return 1;
    return v->visible > 10000 ? 2 : v->visible > 2000 ? 3 : 5;
}

/* Errors over what is right. */
static void paint_points(const struct app *app, struct map_view *v, bool wrong)
{
    const struct columns *c = app->columns;
    int size = point_size(app, v);
    for (size_t i = 0; i < app->row_count; i++) {
        size_t row = app->rows[i];
        double x, y;
        if (v->colour == MAP_ERROR && is_wrong(c, row) != wrong)
            continue;
        map_pixel(v, v->places[row], &x, &y);
        if (x >= 0 && y >= 0 && x < v->canvas.width && y < v->canvas.height)
            canvas_fill(&v->canvas, (int)x - size / 2, (int)y - size / 2, size, size, colour_of(c, v, row));
    }
}

static void paint(const struct app *app, struct map_view *v)
{
    const struct map_layout *l = &v->layout;
    if (!v->stale || !canvas_resize(&v->canvas, l->columns * l->unit_x, l->rows * l->unit_y))
        return;
    canvas_fill(&v->canvas, 0, 0, v->canvas.width, v->canvas.height, PALETTE_BACKGROUND);
    paint_points(app, v, false);
    if (v->colour == MAP_ERROR)
        paint_points(app, v, true);
    v->stale = false;
}

/* Without pixels: the digit of the class, an x where the model errs. */
static void draw_digits(const struct app *app, const struct map_view *v)
{
    const struct columns *c = app->columns;
    const struct map_layout *l = &v->layout;
    for (size_t i = 0; i < app->row_count; i++) {
        size_t row = app->rows[i];
        double x, y;
        map_pixel(v, v->places[row], &x, &y);
        if (!(x >= 0 && y >= 0 && x < l->columns * l->unit_x && y < l->rows * l->unit_y))
            continue;
        int class = class_of(c, v, row);
        bool wrong = is_wrong(c, row), errors = v->colour == MAP_ERROR;
        draw_text(l->top + (int)y / l->unit_y, l->left + (int)x / l->unit_x, 1,
                  errors                ? wrong ? STYLE_BAD : STYLE_DIM
                  : class != CLASS_NONE ? STYLE_EMOTION + (enum style) class
                                        : STYLE_DIM,
                  "%c",
                  errors                ? wrong ? 'x' : '.'
                  : class != CLASS_NONE ? class_key(class)
                                        : '.');
    }
}

/* --- what stands around them --- */

static void draw_head(const struct app *app, const struct map_view *v)
{
    static const char *const colours[] = {"label", "prediction", "error"};
    char count[32], all[32];
    int column = 1;
    column += draw_text(1, column, 0, STYLE_BOLD, "%s", draw_count(count, (int64_t)v->visible));
    if (v->visible < app->row_count) /* the model has not looked at the others yet */
        column += draw_text(1, column, 0, STYLE_NORMAL, " of %s", draw_count(all, (int64_t)app->row_count));
    column += draw_text(1, column, 0, STYLE_BOLD, app->row_count == 1 ? " face" : " faces");
    column += draw_text(1, column, 0, STYLE_DIM, " coloured by ");
    column += draw_text(1, column, 0, STYLE_BOLD, "%s", colours[v->colour]);
    draw_text(1, column, 0, STYLE_DIM, "   by %s of what %s sees",
              v->refined ? "neighbourhoods" : "principal components", app->columns->model_name);
}

static void draw_legend(const struct map_view *v)
{
    int line = draw_last(), column = 1;
    if (v->colour == MAP_ERROR) {
        column += draw_text(line, column, 0, STYLE_BAD, "x ✗ prediction differs from label");
        draw_text(line, column, 0, STYLE_DIM, "   gray: it does not, or there is nothing to compare");
        return;
    }
    for (int k = 0; k < EMOTION_COUNT; k++)
        column += 2 + draw_text(line, column, 0, STYLE_EMOTION + (enum style)k, "%c %s", class_key(k),
                                draw_columns() >= 110 ? class_title(k) : class_short(k));
    draw_text(line, column, 0, STYLE_DIM, "gray: none");
}

static void draw_face(struct app *app, struct map_view *v)
{
    const struct map_layout *l = &v->layout;
    int columns = (l->side + l->unit_x - 1) / l->unit_x, rows = (l->side + l->unit_y - 1) / l->unit_y;
    if (v->face_row != v->under && canvas_resize(&v->face, columns * l->unit_x, rows * l->unit_y)) {
        const uint8_t *pixels = app_pixels(app, (size_t)v->under);
        uint8_t small[FACE_PIXELS];
        int from = l->side < FACE_SIZE ? l->side : FACE_SIZE;
        if (from < FACE_SIZE) {
            image_resize(pixels, FACE_SIZE, FACE_SIZE, small, from, from);
            pixels = small;
        }
        canvas_fill(&v->face, 0, 0, v->face.width, v->face.height, PALETTE_BACKGROUND);
        canvas_gray(&v->face, 0, 0, l->side, l->side, pixels, from, from, app->smooth);
        v->face_row = v->under;
    }
    images_place(app->images, SLOT_FACE, l->top, l->panel, rows, columns, &v->face);
}

static void draw_panel(struct app *app, struct map_view *v)
{
    const struct map_layout *l = &v->layout;
    const struct columns *c = app->columns;
    char text[160];
    if (l->panel == 0 || v->under < 0)
        return;
    size_t row = (size_t)v->under;
    int line = l->top, width = draw_columns() - l->panel;
    if (l->side > 0) {
        draw_face(app, v);
        line += (l->side + l->unit_y - 1) / l->unit_y + 1;
    }
    draw_text(line++, l->panel, width, STYLE_BOLD, "%s", c->name[row]);
    draw_text(line++, l->panel, width, STYLE_DIM, "id %lld   %s", (long long)c->id[row],
              split_name((enum split)c->split[row]));
    caption_draw(app, row, line++, l->panel, 16, STYLE_NORMAL);
    if (str_columns(caption_votes(text, sizeof text, &c->votes[row], false)) > width)
        caption_votes(text, sizeof text, &c->votes[row], true);
    draw_text(line++, l->panel, width, STYLE_NORMAL, "%s", text);
    draw_text(line, l->panel, width, STYLE_NORMAL, "%s",
              caption_model(text, sizeof text, c->probabilities[row], 2, false));
}

static void draw_cursor(const struct map_view *v)
{
    const struct map_layout *l = &v->layout;
    const struct map_window *w = &v->window;
    if (w->anchor_row >= 0) {
        int top = w->row < w->anchor_row ? w->row : w->anchor_row,
            left = w->column < w->anchor_column ? w->column : w->anchor_column;
        int rows = abs(w->row - w->anchor_row) + 1, columns = abs(w->column - w->anchor_column) + 1;
        if (rows > 1 && columns > 1)
            draw_frame(l->top + top, l->left + left, rows, columns, STYLE_ACCENT, false);
    }
    draw_text(l->top + w->row, l->left + w->column, 1, STYLE_SELECTED, "+");
}

static void draw_waiting(const struct app *app, const struct map_view *v)
{
    const struct columns *c = app->columns;
    int line = draw_rows() / 2;
    if (c->model == 0)
        draw_text(line, 2, 0, STYLE_DIM,
                  "a map follows from a model, and there is none yet; p brings in the one "
                  "that ships, t trains one");
    else if (app->embedding != 0)
        draw_text(line, 2, 0, STYLE_DIM, "%s looks at all faces first   %s", c->model_name,
                  app->embedding_line);
    else if (v->state == MAP_WAITING)
        draw_text(line, 2, 0, STYLE_DIM,
                  c->model_folds > 0
                      ? "%s is of folds and places no faces; m chooses another model, q goes back"
                      : "%s has not looked at the faces; q goes back",
                  c->model_name);
    else
        draw_text(line, 2, 0, STYLE_DIM, "the map of %s is being drawn", c->model_name);
}

void map_draw(struct app *app, struct map_view *v)
{
    const struct map_layout *l = &v->layout;
    if (v->state != MAP_READY) {
        draw_waiting(app, v);
        return;
    }
    draw_head(app, v);
    if (app->caps.graphics == GRAPHICS_NONE) {
        draw_digits(app, v);
    } else {
        paint(app, v);
        images_place(app->images, SLOT_MAP, l->top, l->left, l->rows, l->columns, &v->canvas);
    }
    draw_panel(app, v);
    draw_cursor(v);
    draw_legend(v);
    if (v->refining)
        draw_status("the map is being refined   %s", v->refining_line);
    else
        draw_status(v->window.anchor_row >= 0 ? "move to the other corner; Enter opens the faces of the box"
                                              : "the face nearest to the cursor is shown; Enter opens it");
}
