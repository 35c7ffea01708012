/* Charts: curves and bars as pixels. */
#include "chart.h"

#include <math.h>
#include <string.h>

enum { POINTS = 256 }; /* converted to pixels at a time */

/* Small canvases are half blocks, where every pixel is as thick as a line of text. */
static bool chart_is_coarse(const struct chart *c)
{
    return c->canvas.height < 48;
}

static double chart_margin(const struct chart *c)
{
    return chart_is_coarse(c) ? 0 : 5;
}

static float chart_x(const struct chart *c, double x)
{
    double margin = chart_margin(c), span = c->canvas.width - 1 - 2 * margin;
    double share = c->x_max > c->x_min ? (x - c->x_min) / (c->x_max - c->x_min) : 0.5;
    return (float)(margin + span * share);
}

static float chart_y(const struct chart *c, double y)
{
    double margin = chart_margin(c), span = c->canvas.height - 1 - 2 * margin;
    double share = c->y_max > c->y_min ? (y - c->y_min) / (c->y_max - c->y_min) : 0.5;
    return (float)(margin + span * (1 - share));
}

bool chart_begin(struct chart *c, int width, int height)
{
    if (!canvas_resize(&c->canvas, width, height))
        return false;
    canvas_fill(&c->canvas, 0, 0, width, height, PALETTE_BACKGROUND);
    if (chart_is_coarse(c))
        return true;
    for (int i = 0; i <= 4; i++) {
        double y = c->y_min + (c->y_max - c->y_min) * i / 4;
        canvas_fill(&c->canvas, 0, (int)lroundf(chart_y(c, y)), width, 1, PALETTE_GRID);
    }
    return true;
}

/* One pixel wide, for coarse canvases, where one and a half are often two. */
static void draw_thin(struct canvas *c, const float *x, const float *y, size_t count, uint8_t color)
{
    for (size_t i = 0; i + 1 < count; i++) {
        float dx = x[i + 1] - x[i], dy = y[i + 1] - y[i], span = fmaxf(fabsf(dx), fabsf(dy));
        if (!(span < 1e5F)) /* NaN too */
            continue;
        for (int step = 0; (float)step <= span; step++) {
            float along = span > 0 ? (float)step / span : 0;
            canvas_fill(c, (int)lroundf(x[i] + along * dx), (int)lroundf(y[i] + along * dy), 1, 1, color);
        }
    }
}

void chart_curve(struct chart *c, const double *x, const double *y, size_t count, uint8_t color,
                 enum chart_marks marks)
{
    float px[POINTS], py[POINTS];
    for (size_t start = 0; start < count;
         start += POINTS - 1) { /* pieces share an end, so that the line goes on */
        size_t n = count - start < POINTS ? count - start : POINTS;
        for (size_t i = 0; i < n; i++) {
            px[i] = chart_x(c, x[start + i]);
            py[i] = isnan(y[start + i]) ? NAN : chart_y(c, y[start + i]);
        }
        (chart_is_coarse(c) ? draw_thin : canvas_line)(&c->canvas, px, py, n, color);
        for (size_t i = 0; i < n; i++) {
            if (!isnan(py[i]) && (marks == CHART_DOTS || count == 1))
                canvas_disc(&c->canvas, px[i], py[i], chart_is_coarse(c) ? 0.5F : 2.5F, color);
        }
    }
}

/* The edge between pixels at that share of the way, so that bars side by side are equally wide. */
static int edge(int size, double margin, double share)
{
    return (int)lround(margin + (size - 2 * margin) * share);
}

void chart_bar(struct chart *c, double x_low, double x_high, double y_low, double y_high, uint8_t color)
{
    enum { GAP_FROM = 4 }; /* narrower bars touch */
    double margin = chart_margin(c), across = c->x_max - c->x_min, up = c->y_max - c->y_min;
    if (!(across > 0 && up > 0))
        return;
    int left = edge(c->canvas.width, margin, (x_low - c->x_min) / across);
    int right = edge(c->canvas.width, margin, (x_high - c->x_min) / across);
    int bottom = edge(c->canvas.height, margin, 1 - (y_low - c->y_min) / up);
    int top = edge(c->canvas.height, margin, 1 - (y_high - c->y_min) / up);
    if (y_high > y_low && top == bottom)
        top--; /* little is not nothing */
    canvas_fill(&c->canvas, left, top, right - left - (right - left >= GAP_FROM), bottom - top, color);
}

void chart_mark(struct chart *c, double x, double y, uint8_t color)
{
    if (isnan(y))
        return;
    float px = chart_x(c, x), py = chart_y(c, y);
    if (chart_is_coarse(c)) {
        canvas_disc(&c->canvas, px, py, 1, color);
        return;
    }
    int top = (int)lroundf(py);
    for (int at = top; at < c->canvas.height; at += 4)
        canvas_fill(&c->canvas, (int)lroundf(px), at, 1, 2, color);
    canvas_disc(&c->canvas, px, py, 5.5F, color);
    canvas_disc(&c->canvas, px, py, 3.5F, PALETTE_BACKGROUND);
}

/* 0: nothing, 1: a curve, 2: the strong curve. */
static int drawn_at(const struct chart *c, int x, int y)
{
    if (y >= c->canvas.height)
        return 0;
    uint8_t color = c->canvas.pixels[(size_t)y * (size_t)c->canvas.width + (size_t)x];
    return color == c->strong ? 2 : color != PALETTE_BACKGROUND && color != PALETTE_GRID ? 1 : 0;
}

void chart_text(const struct chart *c, int row, char *out)
{
    static const char *const blocks[] = {" ", "\u2580", "\u2584", "\u2588"}; /* none, upper, lower, full */
    *out = '\0';
    for (int x = 0; x < c->canvas.width; x++) {
        int upper = drawn_at(c, x, 2 * row), lower = drawn_at(c, x, 2 * row + 1);
        int which = (upper == 2 ? 1 : 0) + (lower == 2 ? 2 : 0);
        const char *cell = which == 0 && (upper || lower) ? "\u00b7" : blocks[which];
        size_t length = strlen(cell);
        memcpy(out, cell, length + 1);
        out += length;
    }
}
