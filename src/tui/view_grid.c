/* The grid: as many faces as fit, each with its caption. All faces of the screen are one image; frames and
 * captions are text in its gaps, so moving the selection sends no pixels. */
#include "grid.h"
#include "parts.h"

#include <stdlib.h>

static void grid_draw(struct app *app, void *state)
{
    struct grid *g = state;
    grid_lay_out(app, g);
    grid_draw_all(app, g);
}

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
        grid_resize(app, 1);
        break;
    case ACTION_SMALLER:
        grid_resize(app, -1);
        break;
    case ACTION_COPIES:
        return alike_open_copies(app);
    default:
        return OUTCOME_IGNORED;
    }
    return OUTCOME_REDRAW;
}

static enum outcome grid_mouse(struct app *app, void *state, int row, int column, bool doubled)
{
    struct grid *g = state;
    const struct grid_layout *l = &g->layout;
    int64_t tile = grid_tile_at(app, l, row, column);
    if (tile < 0)
        return OUTCOME_DONE;
    size_t place = g->top_row * (size_t)l->across + (size_t)tile;
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
               ? "1-0 label  space accept  s skip  f flag  u undo  ⏎ open  q back  v range  / filter  "
                 "S similar  d near-duplicates  n note  T tag  U redo  +- size  ? help"
               : "1-0 label  space accept  s skip  f flag  u undo  ⏎ open  / filter  v range  r queue  "
                 "S similar  d near-duplicates  c confusion  t train  m models  q leave  ? help";
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
    .group = "review",
    .open = grid_open,
    .close = grid_close,
    .draw = grid_draw,
    .act = grid_act,
    .mouse = grid_mouse,
    .changed = grid_changed,
    .keys = grid_keys,
};
