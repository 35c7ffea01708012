/* Charts: curves and bars as pixels. A chart is a canvas with a fixed range in x and y; what stands
 * beside it (ticks, legend) is the terminal's own text. */
#ifndef FERLAB_TUI_CHART_H
#define FERLAB_TUI_CHART_H

#include "ferlab/term/canvas.h"

#include <stdbool.h>
#include <stddef.h>

struct chart {
    struct canvas canvas;
    double x_min, x_max, y_min, y_max;
    uint8_t strong; /* the colour of the curve that matters most, for chart_text */
};

enum chart_marks {
    CHART_LINE,
    CHART_DOTS /* a dot at every point, so that two curves differ by more than colour */
};

/* An empty chart of width x height pixels over the range set in *c, with grid lines at both ends and the
 * middle of y. */
bool chart_begin(struct chart *c, int width, int height);
/* A curve through count points; NaN breaks it. */
void chart_curve(struct chart *c, const double *x, const double *y, size_t count, uint8_t color,
                 enum chart_marks marks);
/* A bar over [x_low, x_high] from y_low up to y_high, a little short of its neighbour where there is room. */
void chart_bar(struct chart *c, double x_low, double x_high, double y_low, double y_high, uint8_t color);
/* A ring around one point, with a line down to the x axis. */
void chart_mark(struct chart *c, double x, double y, uint8_t color);

/* The chart as text where no pixels can be had: the row's cells, for a canvas of one pixel a cell across and
 * two down. Half blocks where the curve has the strong colour, dots for the others. out holds 3 bytes a
 * cell and a NUL. */
void chart_text(const struct chart *c, int row, char *out);

#endif
