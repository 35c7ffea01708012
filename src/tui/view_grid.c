/* The grid: as many faces as fit, each with its caption. All faces of the screen are one image; frames and
 * captions are text in its gaps, so moving the selection sends no pixels. */
#include "caption.h"

#include "ferlab/base/str.h"
#include "ferlab/face/image.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SLOT_FACES = 1, GAP = 2 /* columns for the frames of a tile */, MOST_TILES = 1024 };

/* Sides of a face: pixels of a sixel image, and half blocks (one column, or half a row) where there are no
 * pixels. */
static const struct size {
    int pixels, blocks;
} sizes[] = {{48, 12}, {72, 16}, {96, 24}, {120, 32}, {144, 48}, {192, 48}, {240, 48}, {288, 48}, {432, 48}};
enum { SIZES = sizeof sizes / sizeof *sizes };

struct layout {
    int side;           /* of a face, in canvas pixels */
    int unit_x, unit_y; /* canvas pixels of a cell */
    int columns, rows;  /* of a face, in cells */
    int across, down;   /* tiles */
    int step_x, step_y; /* from tile to tile, in cells */
    int left, top;      /* of the first tile */
    bool smooth;
};

struct grid {
    struct layout layout;
    size_t top_row; /* the first row of tiles on the screen */
    struct canvas canvas;
    struct layout drawn; /* what the canvas shows */
    uint32_t shown[MOST_TILES];
    size_t shown_count;
    bool stale; /* rows may mean other faces than when the canvas was drawn */
};

/* --- layout --- */

static bool has_pixels(const struct app *app)
{
    return app->caps.graphics == GRAPHICS_SIXEL;
}

static int legend_rows(const struct app *app)
{
    return app->legend ? 1 : 0;
}

/* A face may lose two rows of pixels at its lower edge if that saves a row of cells. */
static int cells_high(int side, int unit)
{
    return side % unit <= 2 && side > unit ? side / unit : (side + unit - 1) / unit;
}

static struct layout layout_at(const struct app *app, int size)
{
    struct layout l = {.left = 0, .top = 1, .smooth = app->smooth};
    int height = draw_last() - legend_rows(app), width = draw_columns();
    if (app->caps.graphics == GRAPHICS_NONE) {
        l.across = l.step_y = 1;
        l.down = height;
        l.step_x = width;
        return l;
    }
    l.side = has_pixels(app) ? sizes[size].pixels : sizes[size].blocks;
    l.unit_x = has_pixels(app) ? app->caps.cell_width : 1;
    l.unit_y = has_pixels(app) ? app->caps.cell_height : 2;
    l.columns = (l.side + l.unit_x - 1) / l.unit_x;
    l.rows = cells_high(l.side, l.unit_y);
    l.across = width / (l.columns + GAP);
    l.down = height / (l.rows + 2);
    if (l.across < 1 || l.down < 1)
        return l;
    l.step_x = width / l.across < l.columns + 6 ? width / l.across : l.columns + 6;
    l.step_y = l.rows + 2;
    l.top += (height - l.down * l.step_y) / 2;
    l.left = (width - l.across * l.step_x + (l.step_x - l.columns)) / 2;
    return l;
}

/* The largest faces of which a good number fits; what counts as good shrinks with the screen. */
static int fitting_size(const struct app *app)
{
    int best = 0;
    for (int i = 0; i < SIZES && sizes[i].pixels <= 144; i++) {
        struct layout l = layout_at(app, i);
        int wanted = has_pixels(app) ? 40 : 10;
        bool enough = l.across * l.down >= wanted ||
                      (sizes[i].pixels <= 72 && l.across >= 6 && l.down >= 3) ||
                      (!has_pixels(app) && sizes[i].blocks <= 16);
        if (enough)
            best = i;
    }
    return best;
}

static int present_size(const struct app *app)
{
    for (int i = 0; app->face_scale > 0 && i < SIZES; i++)
        if (sizes[i].pixels >= app->face_scale * 24)
            return i;
    return fitting_size(app);
}

static void grid_lay_out(const struct app *app, struct grid *g)
{
    int size = present_size(app);
    g->layout = layout_at(app, size);
    while ((g->layout.across < 1 || g->layout.down < 1) && size > 0)
        g->layout = layout_at(app, --size);
    if (g->layout.across < 1)
        g->layout.across = 1;
    if (g->layout.down < 1)
        g->layout.down = 1;
    while (g->layout.across * g->layout.down > MOST_TILES)
        g->layout.down--;
}

/* Scrolls as little as brings the cursor onto the screen. */
static void grid_follow(const struct app *app, struct grid *g)
{
    size_t across = (size_t)g->layout.across, down = (size_t)g->layout.down;
    size_t rows = (app->row_count + across - 1) / across, at = app->cursor / across;
    if (g->top_row > at)
        g->top_row = at;
    if (at >= g->top_row + down)
        g->top_row = at - down + 1;
    if (g->top_row + down > rows)
        g->top_row = rows > down ? rows - down : 0;
}

/* --- drawing --- */

static void tile_place(const struct layout *l, size_t i, int *row, int *column)
{
    *row = l->top + (int)(i / (size_t)l->across) * l->step_y + 1;
    *column = l->left + (int)(i % (size_t)l->across) * l->step_x;
}

static void paint_face(struct grid *g, const struct layout *l, size_t i, const uint8_t *pixels)
{
    int row, column;
    tile_place(l, i, &row, &column);
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
    const struct layout *l = &g->layout;
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

static void draw_tile(const struct app *app, const struct layout *l, size_t i, size_t place)
{
    int row, column;
    tile_place(l, i, &row, &column);
    bool here = place == app->cursor, ranged = in_range(app, place);
    if (here || ranged)
        draw_frame(row - 1, column - 1, l->rows + 2, l->columns + 2, STYLE_ACCENT, here);
    int slack = l->step_x - l->columns, width = l->columns + (slack < 4 ? slack : 4) - (slack > 2 ? 1 : 0);
    int start = column - (width - l->columns) / 2;
    if (start < 0)
        start = 0;
    caption_draw(app, app->rows[place], row + l->rows, start, width,
                 here     ? STYLE_SELECTED
                 : ranged ? STYLE_ACCENT
                          : STYLE_NORMAL);
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
    draw_text(line, 54, 0, style, "%s", caption_votes(votes, sizeof votes, &c->votes[row]));
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
    caption_votes(votes, sizeof votes, &c->votes[row]);
    caption_model(model, sizeof model, c->probabilities[row], draw_columns() >= 110 ? 3 : 1);
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
        snprintf(text, sizeof text, "model %s has predicted %s of %s samples: p predicts the others",
                 c->model_name, seen, all);
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

static void grid_draw(struct app *app, void *state)
{
    struct grid *g = state;
    grid_lay_out(app, g);
    grid_follow(app, g);
    const struct layout *l = &g->layout;
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

/* --- acting --- */

static void move_by(struct app *app, int64_t distance)
{
    int64_t to = (int64_t)app->cursor + distance;
    app_move_to(app, to > 0 ? (size_t)to : 0);
}

/* The column is kept where the last row is shorter. */
static void move_rows(struct app *app, const struct grid *g, int64_t rows)
{
    int64_t across = g->layout.across, column = (int64_t)app->cursor % across;
    int64_t last = app->row_count > 0 ? ((int64_t)app->row_count - 1) / across : 0;
    int64_t to = (int64_t)app->cursor / across + rows;
    to = to < 0 ? 0 : to > last ? last : to;
    app_move_to(app, (size_t)(to * across + column));
}

static void page(struct app *app, struct grid *g, int direction)
{
    int64_t top = (int64_t)g->top_row + direction * g->layout.down;
    g->top_row = top > 0 ? (size_t)top : 0;
    move_rows(app, g, direction * g->layout.down);
}

static void resize_faces(struct app *app, int step)
{
    int size = present_size(app) + step;
    if (size < 0 || size >= SIZES)
        return;
    struct layout l = layout_at(app, size);
    if (l.across >= 1 && l.down >= 1)
        app->face_scale = sizes[size].pixels / 24;
}

static enum outcome grid_act(struct app *app, void *state, enum action action)
{
    struct grid *g = state;
    if (action_reviews(action))
        return app_review(app, action);
    switch (action) {
    case ACTION_LEFT:
        move_by(app, -1);
        break;
    case ACTION_RIGHT:
        move_by(app, 1);
        break;
    case ACTION_UP:
        move_rows(app, g, -1);
        break;
    case ACTION_DOWN:
        move_rows(app, g, 1);
        break;
    case ACTION_PAGE_UP:
        page(app, g, -1);
        break;
    case ACTION_PAGE_DOWN:
        page(app, g, 1);
        break;
    case ACTION_FIRST:
        app_move_to(app, 0);
        break;
    case ACTION_LAST:
        app_move_to(app, app->row_count);
        break;
    case ACTION_OPEN:
        if (app->row_count > 0)
            app_push(app, &view_face);
        break;
    case ACTION_LARGER:
        resize_faces(app, 1);
        break;
    case ACTION_SMALLER:
        resize_faces(app, -1);
        break;
    default:
        return OUTCOME_IGNORED;
    }
    return OUTCOME_REDRAW;
}

static enum outcome grid_mouse(struct app *app, void *state, int row, int column, bool doubled)
{
    struct grid *g = state;
    const struct layout *l = &g->layout;
    int x = column - l->left + 1, y = row - l->top;
    if (app->caps.graphics == GRAPHICS_NONE)
        x = 0;
    if (x < 0 || y < 0 || x / l->step_x >= l->across || y / l->step_y >= l->down)
        return OUTCOME_DONE;
    size_t place = (g->top_row + (size_t)(y / l->step_y)) * (size_t)l->across + (size_t)(x / l->step_x);
    if (place >= app->row_count)
        return OUTCOME_DONE;
    app_move_to(app, place);
    if (doubled)
        app_push(app, &view_face);
    return OUTCOME_REDRAW;
}

static void grid_changed(struct app *app, void *state, unsigned changes)
{
    struct grid *g = state;
    (void)app;
    if (changes & CHANGE_ROWS)
        g->stale = true;
}

static const char *grid_keys(struct app *app, void *state)
{
    (void)state;
    if (app->range_anchor >= 0)
        return "1-0 label the range  space accept  f flag  n note  T tag  Esc leave the range  ? help";
    if (app->depth == 1 && app_offers_shipped(app))
        return "p predict  1-0 label  space accept  s skip  f flag  u undo  ⏎ open  / filter  v range  t "
               "train  "
               "m models  q leave  ? help";
    return app->depth > 1
               ? "1-0 label  space accept  s skip  f flag  u undo  ⏎ open  q back  v range  / filter  S "
                 "similar "
                 " "
                 "n note  T tag  U redo  +- size  ? help"
               : "1-0 label  space accept  s skip  f flag  u undo  ⏎ open  / filter  v range  r queue  "
                 "S similar  c confusion  t train  m models  q leave  ? help";
}

static bool grid_open(struct app *app, void **state)
{
    struct grid *g = calloc(1, sizeof *g);
    if (g == NULL) {
        app_complain(app, "out of memory");
        return false;
    }
    g->stale = true;
    *state = g;
    return true;
}

static void grid_close(struct app *app, void *state)
{
    struct grid *g = state;
    (void)app;
    canvas_free(&g->canvas);
    free(g);
}

const struct view_ops view_grid = {
    .name = "grid",
    .open = grid_open,
    .close = grid_close,
    .draw = grid_draw,
    .act = grid_act,
    .mouse = grid_mouse,
    .changed = grid_changed,
    .keys = grid_keys,
};
