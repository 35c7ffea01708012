/* The curves of trainings. */
#include "curves.h"

#include "align.h"
#include "chart_screen.h"
#include "compare.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { SLOT_LOSS = 2, SLOT_ACCURACY = 3, TICKS = 7 /* columns for the numbers left of a chart */ };

enum measure { MEASURE_LOSS, MEASURE_TRAIN, MEASURE_VALID };

static bool curve_load(struct curves *c, struct app *app, const struct run *run, struct err *e)
{
    struct curve *curve = &c->runs[c->count];
    *curve = (struct curve){.run = run->id, .planned = run->epochs_planned, .best_epoch = run->best_epoch};
    if (!run_epochs(app->workspace, run->id, &c->arena, &curve->epochs, &curve->count, e))
        return false;
    c->count++;
    return true;
}

bool curves_load(struct curves *c, struct app *app, int64_t run, struct err *e)
{
    arena_free(&c->arena);
    c->count = 0;
    const struct run *front = compare_run(app, run);
    if (front == NULL)
        return true;
    if (!curve_load(c, app, front, e))
        return false;
    for (size_t i = app->run_count; i-- > 0 && c->count < CURVES_RUNS;) {
        if (app->runs[i].id < run && app->runs[i].epochs_done > 0 && !curve_load(c, app, &app->runs[i], e))
            return false;
    }
    return true;
}

void curves_free(struct curves *c)
{
    arena_free(&c->arena);
    canvas_free(&c->loss.canvas);
    canvas_free(&c->accuracy.canvas);
}

const struct run_epoch *curves_latest(const struct curves *c)
{
    return c->count > 0 && c->runs[0].count > 0 ? &c->runs[0].epochs[c->runs[0].count - 1] : NULL;
}

static double measure_of(const struct run_epoch *epoch, enum measure measure)
{
    return measure == MEASURE_LOSS    ? epoch->loss
           : measure == MEASURE_TRAIN ? epoch->train_accuracy
                                      : epoch->valid_accuracy;
}

/* --- ranges --- */

/* The range of one run's values, widened to whole steps. */
static void range_of(const struct curve *curve, const enum measure *measures, int count, double step,
                     double *low, double *high)
{
    *low = INFINITY;
    *high = -INFINITY;
    for (size_t i = 0; i < curve->count; i++) {
        for (int m = 0; m < count; m++) {
            double value = measure_of(&curve->epochs[i], measures[m]);
            *low = fmin(*low, value);
            *high = fmax(*high, value);
        }
    }
    if (!(*low <= *high)) {
        *low = 0;
        *high = 1;
        return;
    }
    *low = floor(*low / step) * step;
    *high = ceil(*high / step) * step;
    if (*high - *low < step)
        *high = *low + step;
}

static void curves_set_up(struct curves *c)
{
    static const enum measure loss[] = {MEASURE_LOSS}, accuracy[] = {MEASURE_TRAIN, MEASURE_VALID};
    /* before its first epoch has ended, the run before sets the scale */
    const struct curve *scale = &c->runs[c->count > 1 && c->runs[0].count == 0 ? 1 : 0];
    double epochs = (double)(c->runs[0].planned > 1 ? c->runs[0].planned : 1);
    c->loss.x_min = c->accuracy.x_min = 1;
    c->loss.x_max = c->accuracy.x_max = epochs;
    range_of(scale, loss, 1, 0.1, &c->loss.y_min, &c->loss.y_max);
    range_of(scale, accuracy, 2, 0.05, &c->accuracy.y_min, &c->accuracy.y_max);
    c->accuracy.y_max = fmin(c->accuracy.y_max, 1);
    c->loss.strong = PALETTE_TEXT;
    c->accuracy.strong = PALETTE_ACCENT;
}

/* --- drawing --- */

static void add_curve(struct chart *chart, const struct curve *curve, enum measure measure, uint8_t color,
                      enum chart_marks marks)
{
    double *x = curve->count > 0 ? malloc(curve->count * 2 * sizeof *x) : NULL;
    if (x == NULL)
        return;
    double *y = x + curve->count;
    for (size_t i = 0; i < curve->count; i++) {
        x[i] = (double)curve->epochs[i].epoch;
        y[i] = measure_of(&curve->epochs[i], measure);
    }
    chart_curve(chart, x, y, curve->count, color, marks);
    free(x);
}

static void mark_best(struct chart *chart, const struct curve *curve)
{
    for (size_t i = 0; i < curve->count; i++) {
        if (curve->epochs[i].epoch == curve->best_epoch)
            chart_mark(chart, (double)curve->best_epoch, curve->epochs[i].valid_accuracy, PALETTE_GOOD);
    }
}

static void draw_axes(const struct chart *chart, int row, int column, int rows, int columns, bool percent)
{
    for (int i = 0; i <= 2; i++) {
        double value = chart->y_max - (chart->y_max - chart->y_min) * i / 2;
        char tick[16];
        snprintf(tick, sizeof tick, percent ? "%.3g %%" : "%.3g", percent ? 100 * value : value);
        align_right(row + (rows - 1) * i / 2, column - TICKS, TICKS - 1, STYLE_DIM, tick);
    }
    char last[16];
    snprintf(last, sizeof last, "%.0f", chart->x_max);
    if (chart->x_max > 1) {
        draw_text(row + rows, column, 8, STYLE_DIM, "1");
        align_right(row + rows, column, columns, STYLE_DIM, last);
    }
    align_centre(row + rows, column, columns, STYLE_DIM, chart->x_max > 1 ? "epoch" : "epoch 1");
}

static void draw_titles(const struct app *app, int row, int left, int right)
{
    bool wide = right - left >= 56, text = app->caps.graphics == GRAPHICS_NONE;
    int at = left + draw_text(row, left, 0, STYLE_NORMAL, "loss");
    draw_text(row, at + 2, 0, STYLE_NORMAL, "━ training");
    at = right + 1 + draw_text(row, right, 0, STYLE_NORMAL, "accuracy");
    at += 1 + draw_text(row, at, 0, STYLE_NORMAL, "%s %s", text ? "·" : "━", wide ? "training" : "train");
    at += 1 + draw_text(row, at, 0, STYLE_ACCENT, "%s %s", text ? "━" : "●━", wide ? "validation" : "valid");
    draw_text(row, at, 0, STYLE_GOOD, "○ best");
}

void curves_draw(struct curves *c, struct app *app, int row, int rows)
{
    int panel = (draw_columns() - 2) / 2, columns = panel - TICKS - 1;
    int left = 1 + TICKS, right = 1 + panel + TICKS;
    if (rows < 2 || columns < 8 || c->count == 0)
        return;
    curves_set_up(c);
    if (!chart_begin_cells(&c->loss, app, rows, columns) ||
        !chart_begin_cells(&c->accuracy, app, rows, columns))
        return;
    for (size_t i = c->count; i-- > 1;) {
        add_curve(&c->loss, &c->runs[i], MEASURE_LOSS, PALETTE_DIM, CHART_LINE);
        add_curve(&c->accuracy, &c->runs[i], MEASURE_VALID, PALETTE_DIM, CHART_LINE);
    }
    add_curve(&c->loss, &c->runs[0], MEASURE_LOSS, PALETTE_TEXT, CHART_LINE);
    add_curve(&c->accuracy, &c->runs[0], MEASURE_TRAIN, PALETTE_TEXT, CHART_LINE);
    mark_best(&c->accuracy, &c->runs[0]);
    add_curve(&c->accuracy, &c->runs[0], MEASURE_VALID, PALETTE_ACCENT, CHART_DOTS);
    draw_titles(app, row, left, right);
    draw_axes(&c->loss, row + 1, left, rows, columns, false);
    draw_axes(&c->accuracy, row + 1, right, rows, columns, true);
    chart_show(app, &c->loss, SLOT_LOSS, row + 1, left, rows, columns);
    chart_show(app, &c->accuracy, SLOT_ACCURACY, row + 1, right, rows, columns);
}
