/* The confusion matrix: labels in rows, predictions in columns, heat behind the numbers; precision, recall
 * and F1 at its sides. A cell opens its faces. What is counted (split, labels, rule, model) stands above it.
 */
#include "compare.h"
#include "confusion.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int clamp(int x, int low, int high)
{
    return x < low ? low : x > high ? high : x;
}

/* --- life --- */

static void confusion_pick(struct app *app, struct confusion_view *v)
{
    struct sample_row *s = &v->strip;
    s->count =
        matrix_cell_rows(&v->matrix, app->columns, v->cell, s->rows, (size_t)confusion_strip_fits(app));
    app_pixels_prepare(app, s->rows, s->count);
}

static void confusion_recount(struct app *app, struct confusion_view *v)
{
    matrix_count(&v->matrix, app);
    confusion_pick(app, v);
}

static bool confusion_open(struct app *app, void **state)
{
    struct confusion_view *v = calloc(1, sizeof *v);
    if (v == NULL) {
        app_complain(app, "out of memory");
        return false;
    }
    scope_start(&v->matrix.scope, app, true);
    confusion_recount(app, v);
    *state = v;
    return true;
}

static void confusion_close(struct app *app, void *state)
{
    (void)app;
    struct confusion_view *v = state;
    matrix_free(&v->matrix);
    canvas_free(&v->strip.canvas);
    free(v);
}

static void confusion_changed(struct app *app, void *state, unsigned changes)
{
    struct confusion_view *v = state;
    if ((changes & CHANGE_ROWS) && strcmp(app->filter_text, v->opened) != 0)
        scope_take_filter(&v->matrix.scope, app);
    v->difference = v->difference && app->columns->beside != NULL;
    if (changes & (CHANGE_LABELS | CHANGE_MODEL | CHANGE_ROWS))
        confusion_recount(app, v);
    else if (changes & CHANGE_SIZE)
        confusion_pick(app, v);
}

/* --- acting --- */

static void confusion_select(struct app *app, struct confusion_view *v, int label, int prediction)
{
    if (label == MATRIX_WRONG && prediction >= MATRIX_ANY) /* that corner is empty: the totals stand for it */
        label = MATRIX_ANY;
    v->cell = (struct matrix_cell){label, prediction};
    confusion_pick(app, v);
}

static enum outcome confusion_move(struct app *app, struct confusion_view *v, int down, int right)
{
    int label = clamp(v->cell.label + down, 0, MATRIX_SIDE - 1);
    int prediction = clamp(v->cell.prediction + right, 0, MATRIX_SIDE - 1);
    confusion_select(app, v, label, prediction);
    return OUTCOME_REDRAW;
}

static enum outcome confusion_open_cell(struct app *app, struct confusion_view *v)
{
    char filter[sizeof v->opened];
    if (matrix_cell_count(&v->matrix.counts, v->cell) == 0) {
        app_message(app, "no faces in this cell");
        return OUTCOME_REDRAW;
    }
    if (!matrix_cell_filter(&v->matrix, v->cell, filter, sizeof filter)) {
        app_complain(app, "the filter is too long to add the cell's terms to it; shorten it with /");
        return OUTCOME_REDRAW;
    }
    memcpy(v->opened, filter, sizeof v->opened);
    app_open_samples(app, filter);
    return OUTCOME_REDRAW;
}

static enum outcome confusion_switch(struct app *app, struct confusion_view *v,
                                     void (*part)(struct scope *, struct app *))
{
    part(&v->matrix.scope, app);
    confusion_recount(app, v);
    return OUTCOME_REDRAW;
}

/* Counts, or shares: of the row, and then each time of the next whole. */
static enum outcome confusion_show(struct confusion_view *v, bool percent)
{
    v->whole = percent && v->percent ? (v->whole + 1) % MATRIX_WHOLES : MATRIX_ROW;
    v->percent = percent;
    return OUTCOME_REDRAW;
}

static enum outcome confusion_toggle_difference(struct app *app, struct confusion_view *v)
{
    v->difference = !v->difference && compare_with_former(app);
    return OUTCOME_REDRAW;
}

static enum outcome confusion_act(struct app *app, void *state, enum action action)
{
    struct confusion_view *v = state;
    switch (action) {
    case ACTION_LEFT:
        return confusion_move(app, v, 0, -1);
    case ACTION_RIGHT:
        return confusion_move(app, v, 0, 1);
    case ACTION_UP:
        return confusion_move(app, v, -1, 0);
    case ACTION_DOWN:
        return confusion_move(app, v, 1, 0);
    case ACTION_FIRST:
        return confusion_move(app, v, -MATRIX_SIDE, -MATRIX_SIDE);
    case ACTION_LAST:
        return confusion_move(app, v, MATRIX_SIDE, MATRIX_SIDE);
    case ACTION_OPEN:
        return confusion_open_cell(app, v);
    case ACTION_SWITCH:
        return confusion_switch(app, v, scope_switch_faces);
    case ACTION_CROWD:
        return confusion_switch(app, v, scope_switch_labels);
    case ACTION_DIFFERENCE:
        return confusion_toggle_difference(app, v);
    case ACTION_COUNTS:
        return confusion_show(v, false);
    case ACTION_PERCENT:
        return confusion_show(v, true);
    case ACTION_OFF_DIAGONAL:
        v->errors_only = !v->errors_only;
        return OUTCOME_REDRAW;
    default:
        return OUTCOME_IGNORED;
    }
}

static enum outcome confusion_mouse(struct app *app, void *state, int row, int column, bool doubled)
{
    struct confusion_view *v = state;
    struct confusion_layout l = confusion_layout_now(app);
    int label = row == l.sums     ? MATRIX_ANY
                : row == l.scores ? MATRIX_WRONG
                : row >= l.body   ? (row - l.body) / l.cell_height
                                  : -1;
    int prediction = column >= l.side + TOTAL_WIDTH ? MATRIX_WRONG
                     : column >= l.side             ? MATRIX_ANY
                     : column >= l.cells            ? (column - l.names - 10) / l.cell_width
                                                    : -1;
    if (label < 0 || prediction < 0 || label >= MATRIX_SIDE || row > l.scores)
        return OUTCOME_IGNORED;
    confusion_select(app, v, label, prediction);
    return doubled ? confusion_open_cell(app, v) : OUTCOME_REDRAW;
}

static const char *confusion_keys(struct app *app, void *state)
{
    (void)app;
    struct confusion_view *v = state;
    const struct scope *s = &v->matrix.scope;
    snprintf(
        v->keys, sizeof v->keys,
        "hjkl cell  ⏎ open its faces  # counts  %% shares  o errors  D difference  Tab %s  C %s  M metrics  "
        "q back  ? help",
        s->faces == SCOPE_VALID ? "filter" : "valid", s->labels == LABELS_CROWD ? "reviewed" : "crowd");
    return v->keys;
}

const struct view_ops view_confusion = {
    .name = "confusion",
    .group = "matrix",
    .open = confusion_open,
    .close = confusion_close,
    .draw = confusion_draw,
    .act = confusion_act,
    .mouse = confusion_mouse,
    .changed = confusion_changed,
    .keys = confusion_keys,
};
