/* The map: faces as points in a plane, near each other where the model sees them alike. The plane is that of
 * their first two principal components, found slice by slice between keys. */
#include "map.h"
#include "parts.h"

#include "ferlab/store/selection.h"

#include "ferlab/store/places.h"
#include "ferlab/train/job.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ADD_ROWS = 1024, PLACE_ROWS = 4096 }; /* a slice: a few milliseconds */

static const double zoom_step = 1.5;

static void map_ready(struct app *app, struct map_view *v)
{
    v->state = MAP_READY;
    v->stale = true;
    map_fit(app, v);
    app->redraw = true;
}

/* Those that the workspace keeps, where every face that has an embedding has one. */
static bool load_places(struct app *app, const struct map_view *v, const struct embeddings *m)
{
    size_t found;
    struct err e;
    if (places_load(app->workspace, app->columns, v->places, &found, &e))
        return found > 0 && found >= m->known;
    app_complain(app, "%s", e.text);
    return false;
}

/* Begins anew: other vectors, or another number of them. */
static void restart(struct app *app, struct map_view *v)
{
    pca_free(&v->pca);
    free(v->places);
    v->places = NULL;
    v->state = MAP_WAITING;
    v->done = 0;
    v->under = v->face_row = -1;
    v->window.fitted = true;
    v->window.anchor_row = -1;
    v->model = app->columns->model;
    const struct embeddings *m = alike_need(app);
    if (m == NULL)
        return;
    v->places = malloc((m->count + 1) * sizeof *v->places);
    v->refined = v->places != NULL && load_places(app, v, m);
    if (v->refined) {
        map_ready(app, v);
        return;
    }
    if (v->places == NULL || !pca_start(&v->pca, m->width)) {
        app_complain(app, "out of memory");
        return;
    }
    v->state = MAP_ADDING;
}

static bool map_open(struct app *app, void **state)
{
    struct map_view *v = calloc(1, sizeof *v);
    if (v == NULL) {
        app_complain(app, "out of memory");
        return false;
    }
    *state = v;
    restart(app, v);
    return true;
}

static void map_close(struct app *app, void *state)
{
    struct map_view *v = state;
    (void)app;
    pca_free(&v->pca);
    free(v->places);
    canvas_free(&v->canvas);
    canvas_free(&v->face);
    free(v);
}

/* How far the process is that refines, whoever started it; its end brings other places. */
static void map_tick(struct app *app, void *state)
{
    static const char label[] = "map: ";
    struct map_view *v = state;
    char line[sizeof v->refining_line];
    bool before = v->refining;
    if (app->columns->model == 0)
        return;
    v->refining = job_maps(workspace_path(app->workspace), app->columns->model_name, line, sizeof line);
    const char *now = strncmp(line, label, strlen(label)) == 0 ? line + strlen(label) : "";
    app->redraw |= v->refining != before || (v->refining && strcmp(now, v->refining_line) != 0);
    snprintf(v->refining_line, sizeof v->refining_line, "%s", now);
    if (!before || v->refining)
        return;
    restart(app, v);
    if (!v->refined)
        app_complain(app, "the map was not refined: %s", line[0] != '\0' ? line : "its process was ended");
}

static size_t slice(const struct map_view *v, const struct embeddings *m, size_t most)
{
    return m->count - v->done < most ? m->count - v->done : most;
}

static bool map_work(struct app *app, void *state)
{
    struct map_view *v = state;
    const struct embeddings *m =
        v->state == MAP_WAITING || v->state == MAP_READY ? NULL : app_embeddings(app);
    if (m == NULL || m->model != v->model)
        return false;
    size_t n = slice(v, m, v->state == MAP_ADDING ? ADD_ROWS : PLACE_ROWS);
    const uint16_t *vectors = m->vectors + v->done * m->width;
    if (v->state == MAP_ADDING)
        pca_add(&v->pca, vectors, n);
    else
        pca_project(&v->pca, vectors, n, v->places + v->done);
    v->done += n;
    if (v->done < m->count)
        return true;
    v->done = 0;
    if (v->state == MAP_ADDING) {
        pca_find_axes(&v->pca);
        v->state = MAP_PLACING;
    } else {
        map_ready(app, v);
    }
    return v->state != MAP_READY;
}

static void map_changed(struct app *app, void *state, unsigned changes)
{
    struct map_view *v = state;
    if (changes & CHANGE_MODEL) {
        restart(app, v);
        return;
    }
    v->stale = true;
    if ((changes & (CHANGE_ROWS | CHANGE_SIZE)) && v->state == MAP_READY)
        map_fit(app, v);
}

static void map_lay_out_and_draw(struct app *app, void *state)
{
    struct map_view *v = state;
    map_lay_out(app, v);
    if (v->state == MAP_READY && v->stale)
        map_fit(app, v);
    v->under = map_find_under(app, v);
    map_draw(app, v);
}

/* --- acting --- */

/* The cursor by that many cells; at an edge the window moves instead, by a third of itself, and the cursor
 * with what it stood on. A box stays within the window. */
static void move(struct map_view *v, int down, int right)
{
    const struct map_layout *l = &v->layout;
    struct map_window *w = &v->window;
    int row = w->row + down, column = w->column + right;
    if (w->anchor_row < 0 && (row < 0 || row >= l->rows || column < 0 || column >= l->columns)) {
        int by_rows = row < 0 ? -l->rows / 3 : row >= l->rows ? l->rows / 3 : 0;
        int by_columns = column < 0 ? -l->columns / 3 : column >= l->columns ? l->columns / 3 : 0;
        w->y -= by_rows * l->unit_y * w->scale;
        w->x += by_columns * l->unit_x * w->scale;
        row -= by_rows;
        column -= by_columns;
        w->fitted = false;
        v->stale = true;
    }
    w->row = row < 0 ? 0 : row >= l->rows ? l->rows - 1 : row;
    w->column = column < 0 ? 0 : column >= l->columns ? l->columns - 1 : column;
}

/* What lies under the cursor stays there. */
static void zoom(struct map_view *v, double factor)
{
    struct map_window *w = &v->window;
    double x, y, after_x, after_y;
    map_place(v, w->row, w->column, &x, &y);
    w->scale /= factor;
    map_place(v, w->row, w->column, &after_x, &after_y);
    w->x += x - after_x;
    w->y += y - after_y;
    w->fitted = false;
    w->anchor_row = -1;
    v->stale = true;
}

static void fit_again(struct app *app, struct map_view *v)
{
    v->window.fitted = true;
    v->window.anchor_row = -1;
    v->window.row = v->layout.rows / 2;
    v->window.column = v->layout.columns / 2;
    map_fit(app, v);
    v->stale = true;
}

/* Where another window refines it, that is watched. */
static void refine(struct app *app, struct map_view *v)
{
    struct err e;
    if (app->read_only)
        app_complain(app, "%s may only be read; copy it to where you may write, and refine there",
                     workspace_path(app->workspace));
    else if (v->refining)
        app_message(app, "the map is being refined already");
    else if (!job_start_map(workspace_path(app->workspace), app->columns->model_name, &e) &&
             e.code != ERR_BUSY)
        app_complain(app, "%s", e.text);
    else
        v->refining = true;
}

static int by_row(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    return (left > right) - (left < right);
}

/* The faces of the box as a selection, opened in a grid. */
static void open_box(struct app *app, struct map_view *v)
{
    size_t count = 0;
    struct err e;
    uint32_t *rows = malloc((app->row_count + 1) * sizeof *rows);
    for (size_t i = 0; rows != NULL && i < app->row_count; i++)
        if (map_in_box(v, v->places[app->rows[i]]))
            rows[count++] = app->rows[i];
    if (rows == NULL)
        app_complain(app, "out of memory");
    else if (count == 0)
        app_message(app, "no face lies in this box");
    else {
        qsort(rows, count, sizeof *rows, by_row);
        v->window.anchor_row = -1;
        if (!selection_set(app->columns, app->workspace, !app->read_only, rows, count, &e))
            app_complain(app, "%s", e.text);
        else
            app_open_samples(app, "in:map");
    }
    free(rows);
}

/* The app's cursor to the face under that of the map; false where there is none. */
static bool take_cursor(struct app *app, const struct map_view *v)
{
    int64_t place = v->under >= 0 ? rows_find(app, (size_t)v->under) : -1;
    if (place < 0) {
        app_message(app, "no face lies near the cursor");
        return false;
    }
    app_move_to(app, (size_t)place);
    return true;
}

static enum outcome act_when_ready(struct app *app, struct map_view *v, enum action action)
{
    struct map_window *w = &v->window;
    switch (action) {
    case ACTION_LEFT:
        move(v, 0, -1);
        break;
    case ACTION_RIGHT:
        move(v, 0, 1);
        break;
    case ACTION_UP:
        move(v, -1, 0);
        break;
    case ACTION_DOWN:
        move(v, 1, 0);
        break;
    case ACTION_PAGE_UP:
        move(v, -v->layout.rows / 2, 0);
        break;
    case ACTION_PAGE_DOWN:
        move(v, v->layout.rows / 2, 0);
        break;
    case ACTION_FIRST:
        fit_again(app, v);
        break;
    case ACTION_LARGER:
        zoom(v, zoom_step);
        break;
    case ACTION_SMALLER:
        zoom(v, 1 / zoom_step);
        break;
    case ACTION_RANGE:
        w->anchor_row = w->anchor_row < 0 ? w->row : -1;
        w->anchor_column = w->column;
        break;
    case ACTION_REFINE:
        refine(app, v);
        break;
    case ACTION_COLOUR:
        v->colour = (v->colour + 1) % MAP_COLOURS;
        v->stale = true;
        break;
    case ACTION_SMOOTH:
        v->face_row = -1;
        return OUTCOME_IGNORED; /* the app turns it round */
    case ACTION_OPEN:
        if (w->anchor_row >= 0)
            open_box(app, v);
        else if (take_cursor(app, v))
            app_push(app, &view_face);
        break;
    case ACTION_SIMILAR:
        return take_cursor(app, v) ? OUTCOME_IGNORED : OUTCOME_REDRAW;
    case ACTION_COPIES:
        return take_cursor(app, v) ? alike_open_copies(app) : OUTCOME_REDRAW;
    case ACTION_BACK:
        if (w->anchor_row < 0 || app->last_key == 'q')
            return OUTCOME_IGNORED;
        w->anchor_row = -1;
        break;
    default:
        return OUTCOME_IGNORED;
    }
    return OUTCOME_REDRAW;
}

static enum outcome map_act(struct app *app, void *state, enum action action)
{
    struct map_view *v = state;
    return v->state == MAP_READY ? act_when_ready(app, v, action) : OUTCOME_IGNORED;
}

static enum outcome map_mouse(struct app *app, void *state, int row, int column, bool doubled)
{
    struct map_view *v = state;
    const struct map_layout *l = &v->layout;
    if (v->state != MAP_READY || row < l->top || row >= l->top + l->rows || column < l->left ||
        column >= l->left + l->columns)
        return OUTCOME_DONE;
    v->window.row = row - l->top;
    v->window.column = column - l->left;
    v->under = map_find_under(app, v);
    if (doubled && v->window.anchor_row < 0 && v->under >= 0 && take_cursor(app, v))
        app_push(app, &view_face);
    return OUTCOME_REDRAW;
}

static const char *map_keys(struct app *app, void *state)
{
    const struct map_view *v = state;
    (void)app;
    return v->window.anchor_row >= 0
               ? "hjkl other corner  ⏎ open the faces of the box  Esc leave the box  ? help"
               : "hjkl move  +- zoom  g all  v box  ⏎ open  S similar  C colour  R refine  / filter  q back  "
                 "? help";
}

const struct view_ops view_map = {
    .name = "map",
    .group = "map",
    .open = map_open,
    .close = map_close,
    .draw = map_lay_out_and_draw,
    .act = map_act,
    .mouse = map_mouse,
    .changed = map_changed,
    .keys = map_keys,
    .tick = map_tick,
    .work = map_work,
};
