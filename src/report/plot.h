/* Plots as inline SVG: axes, bars, curves. Looks come from classes of the page's style. */
#ifndef FERLAB_REPORT_PLOT_H
#define FERLAB_REPORT_PLOT_H

#include "html.h"

struct plot {
    struct html *html;
    double x_min, x_max, y_min, y_max; /* what the axes show */
};

/* An <svg> that is one image to a screen reader, told by `description`, which is of our own words. */
void plot_open(struct plot *p, struct html *h, const char *description);
void plot_close(struct plot *p);

/* Both axes with their names, grid lines and numbers at `x_steps` and `y_steps` equal steps. */
struct plot_axis {
    const char *name;
    int steps;
    int decimals;
    bool percent; /* numbers are shares, shown as percentages */
};
void plot_axes(struct plot *p, const struct plot_axis *x, const struct plot_axis *y);

void plot_bar(struct plot *p, double left, double right, double low, double high, const char *class);
void plot_dot(struct plot *p, double x, double y, double radius, const char *class);
/* Points with NaN for y are left out; a line goes on over them. */
void plot_curve(struct plot *p, const double *x, const double *y, size_t count, const char *class);

/* Widens *low to *high, and sets steps and decimals, so that the numbers along the axis are round: multiples
 * of 1, 2 or 5 times a power of ten, of `least` at least. */
void plot_fit(struct plot_axis *axis, double *low, double *high, double least);

#endif
