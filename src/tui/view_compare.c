/* The compare view: the model in use beside another. What changed, in a sentence, in scores and in a table
 * whose cells open their faces. Opens by itself when a training that was seen running has ended. */
#include "compare_view.h"

#include "ferlab/store/beside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SLICE_FACES = 1 << 17 }; /* drawn at a time, on both sides, by one thread: some 2 ms */

static int clamp(int x, int low, int high)
{
    return x < low ? low : x > high ? high : x;
}

/* --- life --- */

static bool compare_open(struct app *app, void **state)
{
    if (app->columns->beside == NULL && !compare_with_former(app))
        return false;
    struct compare_view *v = calloc(1, sizeof *v);
    if (v == NULL) {
        app_complain(app, "out of memory");
        return false;
    }
    scope_start(&v->scope, app, false);
    v->outdated = true;
    v->row = COMPARE_ALL;
    v->column = COMPARE_FIXED;
    *state = v;
    return true;
}

static void compare_close(struct app *app, void *state)
{
    (void)app;
    struct compare_view *v = state;
    scope_free(&v->scope);
    bootstrap_free(v->bootstrap);
    canvas_free(&v->first.canvas);
    free(v);
}

static size_t take_rows(const struct scope *s, const struct columns *c, uint32_t *rows)
{
    size_t count = 0;
    for (size_t row = 0; row < c->count; row++) {
        if (scope_holds(s, c, row))
            rows[count++] = (uint32_t)row;
    }
    return count;
}

/* By the label in force, and in all; of the crowd's labels only where there is a crowd. */
static void count_labels(const struct columns *c, const int8_t *former, int64_t labels[COMPARE_ROWS])
{
    memset(labels, 0, COMPARE_ROWS * sizeof *labels);
    for (size_t row = 0; row < c->count; row++) {
        if (c->label[row] == former[row] || (former == c->crowd && !columns_voted(c, row)))
            continue;
        labels[COMPARE_ALL]++;
        if (class_is_emotion(c->label[row]))
            labels[c->label[row]]++;
    }
}

static bool count_learnt(struct app *app, struct compare_view *v, struct err *e)
{
    const struct columns *c = app->columns;
    struct beside *now;
    if (!beside_load(&now, c, app->workspace, c->model, e))
        return false;
    v->what.labels = compare_labels(c, c->beside, now);
    beside_free(now);
    return true;
}

static bool measure(struct app *app, struct compare_view *v, uint32_t *rows, struct err *e)
{
    const struct columns *c = app->columns;
    const int8_t *label = scope_labels(&v->scope, c);
    size_t count = take_rows(&v->scope, c, rows);
    v->of_labels = c->beside->model == c->model;
    struct evaluation_faces before =
        compare_faces(c, c->beside, v->of_labels ? c->crowd : label, rows, count);
    struct evaluation_faces after = compare_faces(c, NULL, v->of_labels ? c->label : label, rows, count);
    comparison_of(&before, &after, &v->what.comparison);
    snprintf(v->what.before_name, sizeof v->what.before_name, "%s",
             v->of_labels ? "the crowd's" : c->beside->name);
    count_labels(c, v->of_labels ? c->crowd : c->beside->former, v->labels);
    if (v->of_labels)
        v->what.labels = v->labels[COMPARE_ALL];
    else if (!count_learnt(app, v, e))
        return false;
    return v->what.comparison.count == 0 || bootstrap_new_paired(&v->bootstrap, &before, &after, e);
}

/* The faces of the selected cell: how many, and the first of them. */
static void compare_pick(struct app *app, struct compare_view *v)
{
    const struct columns *c = app->columns;
    size_t fits = (size_t)sample_row_fits(app, compare_layout_now(app).faces_rows);
    uint32_t *rows = malloc((c->count + 1) * sizeof *rows);
    char text[sizeof v->opened];
    struct filter *filter = NULL;
    v->faces = 0;
    v->first.count = 0;
    if (rows != NULL && compare_cell_filter(v, text, sizeof text) && filter_parse(text, &filter, NULL)) {
        size_t count = filter_apply(filter, c, rows);
        v->faces = (int64_t)count;
        v->first.count = count < fits ? count : fits;
        memcpy(v->first.rows, rows, v->first.count * sizeof *rows);
        app_pixels_prepare(app, rows, v->first.count);
    }
    filter_free(filter);
    free(rows);
}

static void compare_measure(struct app *app, struct compare_view *v)
{
    uint32_t *rows = malloc((app->columns->count + 1) * sizeof *rows);
    struct err e;
    bootstrap_free(v->bootstrap);
    v->bootstrap = NULL;
    v->outdated = v->has_intervals = false;
    v->what = (struct retraining){.labels = -1};
    if (rows == NULL)
        app_complain(app, "out of memory");
    else if (!measure(app, v, rows, &e))
        app_complain(app, "%s", e.text);
    free(rows);
    compare_pick(app, v);
}

static void compare_changed(struct app *app, void *state, unsigned changes)
{
    struct compare_view *v = state;
    if ((changes & CHANGE_ROWS) && strcmp(app->filter_text, v->opened) != 0)
        scope_take_filter(&v->scope, app);
    v->outdated |= (changes & (CHANGE_LABELS | CHANGE_MODEL | CHANGE_ROWS)) != 0;
    if ((changes & CHANGE_SIZE) && !v->outdated)
        compare_pick(app, v);
}

static void compare_measure_and_draw(struct app *app, void *state)
{
    struct compare_view *v = state;
    if (app->columns->beside == NULL) {
        draw_text(2, 1, 0, STYLE_DIM, "the model that stood beside %s is gone; m chooses another",
                  app->columns->model_name);
        return;
    }
    if (v->outdated)
        compare_measure(app, v);
    compare_draw(app, v);
}

static bool compare_work(struct app *app, void *state)
{
    struct compare_view *v = state;
    if (v->bootstrap == NULL || v->has_intervals)
        return false;
    if (bootstrap_run(v->bootstrap, 1 + (int)(SLICE_FACES / v->what.comparison.count)))
        return true;
    v->has_intervals = true;
    app->redraw = true;
    return false;
}

/* --- acting --- */

static enum outcome compare_open_cell(struct app *app, struct compare_view *v)
{
    char filter[sizeof v->opened];
    if (app->columns->beside == NULL)
        return OUTCOME_DONE;
    if (!compare_cell_filter(v, filter, sizeof filter)) {
        app_complain(app, "the filter is too long to add the cell's terms to it; shorten it with /");
        return OUTCOME_REDRAW;
    }
    memcpy(v->opened, filter, sizeof v->opened);
    app_open_samples(app, filter);
    return OUTCOME_REDRAW;
}

static enum outcome compare_select(struct app *app, struct compare_view *v, int row, int column)
{
    v->row = clamp(row, 0, COMPARE_ROWS - 1);
    v->column = clamp(column, 0, COMPARE_COLUMNS - 1);
    if (app->columns->beside != NULL)
        compare_pick(app, v);
    return OUTCOME_REDRAW;
}

static enum outcome compare_switch(struct app *app, struct compare_view *v,
                                   void (*part)(struct scope *, struct app *))
{
    part(&v->scope, app);
    v->outdated = true;
    return OUTCOME_REDRAW;
}

static enum outcome compare_act(struct app *app, void *state, enum action action)
{
    struct compare_view *v = state;
    switch (action) {
    case ACTION_LEFT:
        return compare_select(app, v, v->row, v->column - 1);
    case ACTION_RIGHT:
        return compare_select(app, v, v->row, v->column + 1);
    case ACTION_UP:
        return compare_select(app, v, v->row - 1, v->column);
    case ACTION_DOWN:
        return compare_select(app, v, v->row + 1, v->column);
    case ACTION_FIRST:
        return compare_select(app, v, 0, 0);
    case ACTION_LAST:
        return compare_select(app, v, COMPARE_ROWS, COMPARE_COLUMNS);
    case ACTION_OPEN:
        return compare_open_cell(app, v);
    case ACTION_SWITCH:
        return compare_switch(app, v, scope_switch_faces);
    case ACTION_CROWD:
        if (!v->of_labels)
            return compare_switch(app, v, scope_switch_labels);
        app_message(app, "both label sets are compared here");
        return OUTCOME_REDRAW;
    default:
        return OUTCOME_IGNORED;
    }
}

static enum outcome compare_mouse(struct app *app, void *state, int row, int column, bool doubled)
{
    struct compare_view *v = state;
    struct compare_layout l = compare_layout_now(app);
    int label = row - l.table - 1, at = -1;
    if (column >= l.cells && column < l.after[0])
        at = (column - l.cells) / l.cell_width;
    for (int i = 0; i < COMPARE_COLUMNS - EMOTION_COUNT; i++)
        at = column > l.after[i] && column <= l.after[i + 1] ? COMPARE_RECALL + i : at;
    if (label < 0 || label >= COMPARE_ROWS || at < 0)
        return OUTCOME_IGNORED;
    compare_select(app, v, label, at);
    return doubled ? compare_open_cell(app, v) : OUTCOME_REDRAW;
}

static const char *compare_keys(struct app *app, void *state)
{
    (void)app;
    struct compare_view *v = state;
    snprintf(v->keys, sizeof v->keys,
             "hjkl cell  ⏎ open its faces  Tab %s  C %s  c matrix  m models  q back  ? help",
             v->scope.faces == SCOPE_VALID ? "filter" : "valid",
             v->scope.labels == LABELS_CROWD ? "reviewed" : "crowd");
    return v->keys;
}

const struct view_ops view_compare = {
    .name = "compare",
    .group = "matrix",
    .open = compare_open,
    .close = compare_close,
    .draw = compare_measure_and_draw,
    .act = compare_act,
    .mouse = compare_mouse,
    .changed = compare_changed,
    .keys = compare_keys,
    .work = compare_work,
};
