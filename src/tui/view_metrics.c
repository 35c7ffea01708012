/* The metrics: scores of the model shown with their intervals, calibration, accuracy by agreement of the
 * crowd, and the crowd's agreement with itself. What is counted (faces, labels, rule, model) stands above
 * them.
 */
#include "metrics.h"

#include <stdio.h>
#include <stdlib.h>

enum { SLICE_FACES = 1 << 18 }; /* drawn at a time, by one thread: some 2 ms */

static bool metrics_open(struct app *app, void **state)
{
    struct metrics_view *v = calloc(1, sizeof *v);
    if (v == NULL) {
        app_complain(app, "out of memory");
        return false;
    }
    scope_start(&v->scope, app, true);
    v->outdated = true;
    *state = v;
    return true;
}

static void metrics_close(struct app *app, void *state)
{
    (void)app;
    struct metrics_view *v = state;
    scope_free(&v->scope);
    bootstrap_free(v->bootstrap);
    canvas_free(&v->reliability.canvas);
    canvas_free(&v->confidence.canvas);
    free(v);
}

static void metrics_changed(struct app *app, void *state, unsigned changes)
{
    struct metrics_view *v = state;
    if (changes & CHANGE_ROWS)
        scope_take_filter(&v->scope, app);
    v->outdated |= (changes & (CHANGE_LABELS | CHANGE_MODEL | CHANGE_ROWS)) != 0;
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

static void metrics_measure(struct app *app, struct metrics_view *v)
{
    const struct columns *c = app->columns;
    uint32_t *rows = malloc((c->count > 0 ? c->count : 1) * sizeof *rows);
    struct err e;
    bootstrap_free(v->bootstrap);
    v->bootstrap = NULL;
    v->outdated = v->has_intervals = false;
    v->evaluation = (struct evaluation){0};
    if (rows == NULL) {
        app_complain(app, "out of memory");
        return;
    }
    const struct evaluation_faces faces = {
        .label = scope_labels(&v->scope, c),
        .crowd = c->crowd,
        .prediction = c->prediction,
        .probabilities = c->probabilities,
        .in_sample = c->in_sample,
        .votes = c->votes,
        .rows = rows,
        .count = take_rows(&v->scope, c, rows),
    };
    evaluation_of(&faces, &v->evaluation);
    if (v->evaluation.metrics.count > 0 && !bootstrap_new(&v->bootstrap, &faces, &e))
        app_complain(app, "%s", e.text);
    free(rows);
}

static void metrics_measure_and_draw(struct app *app, void *state)
{
    struct metrics_view *v = state;
    if (v->outdated)
        metrics_measure(app, v);
    metrics_draw(app, v);
}

static bool metrics_work(struct app *app, void *state)
{
    struct metrics_view *v = state;
    if (v->bootstrap == NULL || v->has_intervals)
        return false;
    if (bootstrap_run(v->bootstrap, 1 + (int)(SLICE_FACES / v->evaluation.metrics.count)))
        return true;
    v->has_intervals = true;
    app->redraw = true;
    return false;
}

static enum outcome metrics_switch(struct app *app, struct metrics_view *v,
                                   void (*part)(struct scope *, struct app *))
{
    part(&v->scope, app);
    v->outdated = true;
    return OUTCOME_REDRAW;
}

static enum outcome metrics_act(struct app *app, void *state, enum action action)
{
    switch (action) {
    case ACTION_SWITCH:
        return metrics_switch(app, state, scope_switch_faces);
    case ACTION_CROWD:
        return metrics_switch(app, state, scope_switch_labels);
    case ACTION_UP:
    case ACTION_DOWN:
    case ACTION_PAGE_UP:
    case ACTION_PAGE_DOWN:
        return OUTCOME_DONE; /* all of it is on the screen */
    default:
        return OUTCOME_IGNORED;
    }
}

static const char *metrics_keys(struct app *app, void *state)
{
    (void)app;
    struct metrics_view *v = state;
    snprintf(v->keys, sizeof v->keys,
             "Tab %s  C %s labels  c confusion matrix  / filter  m models  q back  ? help",
             v->scope.faces == SCOPE_VALID ? "filter" : "validation split",
             v->scope.labels == LABELS_CROWD ? "reviewed" : "crowd's");
    return v->keys;
}

const struct view_ops view_metrics = {
    .name = "metrics",
    .group = "matrix",
    .open = metrics_open,
    .close = metrics_close,
    .draw = metrics_measure_and_draw,
    .act = metrics_act,
    .changed = metrics_changed,
    .keys = metrics_keys,
    .work = metrics_work,
};
