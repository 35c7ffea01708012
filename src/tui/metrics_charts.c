/* The charts of the metrics view: how often each confidence is right (the reliability diagram of Guo et al.
 * 2017), and how many faces have it. */
#include "align.h"
#include "chart_screen.h"
#include "metrics.h"
#include "number.h"

#include "ferlab/base/str.h"

enum {
    SLOT_RELIABILITY = 4,
    SLOT_CONFIDENCE = 5,
    TICKS = 3, /* columns left of the reliability diagram */
    GAP = 2,
    LEAST_ROWS = 3,
    WIDE = 40, /* columns of a chart from which its headings are in full */
};

struct panel {
    int row, column, rows, columns;
};

static double edge(int bin)
{
    return (double)bin / CALIBRATION_BINS;
}

static void draw_x_axis(struct panel p)
{
    int row = p.row + p.rows;
    draw_text(row, p.column, 1, STYLE_DIM, "0");
    align_centre(row, p.column, p.columns, STYLE_DIM, "confidence");
    align_right(row, p.column, p.columns, STYLE_DIM, "1");
}

static void draw_reliability(struct app *app, struct metrics_view *v, struct panel p)
{
    const struct calibration *c = &v->evaluation.calibration;
    struct chart *chart = &v->reliability;
    chart->x_min = chart->y_min = 0;
    chart->x_max = chart->y_max = 1;
    chart->strong = PALETTE_ACCENT;
    if (!chart_begin_cells(chart, app, p.rows, p.columns))
        return;
    for (int b = 0; b < CALIBRATION_BINS; b++) {
        if (c->count[b] > 0)
            chart_bar(chart, edge(b), edge(b + 1), 0, (double)c->right[b] / (double)c->count[b],
                      PALETTE_ACCENT);
    }
    chart_curve(chart, (double[]){0, 1}, (double[]){0, 1}, 2, PALETTE_TEXT, CHART_LINE);
    chart_show(app, chart, SLOT_RELIABILITY, p.row, p.column, p.rows, p.columns);
    int at = p.column + draw_text(p.row - 1, p.column, 0, STYLE_ACCENT, "■ accuracy");
    if (p.columns >= WIDE)
        draw_text(p.row - 1, at, 0, STYLE_DIM, "  ╱ what confidence promises");
    draw_text(p.row, p.column - TICKS, TICKS - 1, STYLE_DIM, " 1");
    draw_text(p.row + p.rows - 1, p.column - TICKS, TICKS - 1, STYLE_DIM, " 0");
    draw_x_axis(p);
}

static int64_t most_of(const struct calibration *c)
{
    int64_t most = 0;
    for (int b = 0; b < CALIBRATION_BINS; b++)
        most = c->count[b] > most ? c->count[b] : most;
    return most;
}

static void draw_confidence(struct app *app, struct metrics_view *v, struct panel p)
{
    const struct calibration *c = &v->evaluation.calibration;
    struct chart *chart = &v->confidence;
    char most[NUMBER_TEXT];
    chart->x_min = chart->y_min = 0;
    chart->x_max = 1;
    chart->y_max = (double)most_of(c);
    chart->strong = PALETTE_GOOD;
    if (!chart_begin_cells(chart, app, p.rows, p.columns))
        return;
    for (int b = 0; b < CALIBRATION_BINS; b++) {
        double right = (double)c->right[b], all = (double)c->count[b];
        chart_bar(chart, edge(b), edge(b + 1), 0, right, PALETTE_GOOD);
        chart_bar(chart, edge(b), edge(b + 1), right, all, PALETTE_BAD);
    }
    chart_show(app, chart, SLOT_CONFIDENCE, p.row, p.column, p.rows, p.columns);
    int at = p.column;
    at += draw_text(p.row - 1, at, 0, STYLE_GOOD, "■ right ");
    at += draw_text(p.row - 1, at, 0, STYLE_BAD, "■ wrong");
    if (p.columns >= WIDE)
        draw_text(p.row - 1, at, 0, STYLE_DIM, "   %s face%s at most", draw_count(most, most_of(c)),
                  str_plural(most_of(c)));
    draw_x_axis(p);
}

/* No higher than wide. */
static int chart_rows(const struct app *app, int columns, int room)
{
    bool sixel = app->caps.graphics == GRAPHICS_SIXEL;
    int square = sixel ? columns * app->caps.cell_width / app->caps.cell_height : columns / 2;
    return room < square ? room : square;
}

/* Bars of the same width each, where a pixel is a cell. */
static int chart_columns(const struct app *app, int room)
{
    bool whole = app->caps.graphics == GRAPHICS_SIXEL || room < CALIBRATION_BINS;
    return whole ? room : room / CALIBRATION_BINS * CALIBRATION_BINS;
}

void metrics_draw_charts(struct app *app, struct metrics_view *v, const struct metrics_layout *l)
{
    int columns = chart_columns(app, (l->right_width - TICKS - GAP) / 2);
    int rows = chart_rows(app, columns, l->last - l->charts - 1);
    if (rows < LEAST_ROWS || columns < CALIBRATION_BINS)
        return;
    struct panel left = {l->charts + 1, l->right + TICKS, rows, columns};
    struct panel right = {left.row, left.column + columns + GAP, rows, columns};
    draw_reliability(app, v, left);
    draw_confidence(app, v, right);
}
