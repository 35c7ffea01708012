/* Plots as inline SVG. */
#include "plot.h"

#include <math.h>
#include <stdio.h>

enum { WIDTH = 360, HEIGHT = 250, LEFT = 56, RIGHT = 20, TOP = 10, BOTTOM = 40 };

static double place_x(const struct plot *p, double x)
{
    return LEFT + (WIDTH - LEFT - RIGHT) * (x - p->x_min) / (p->x_max - p->x_min);
}

static double place_y(const struct plot *p, double y)
{
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (y - p->y_min) / (p->y_max - p->y_min);
}

void plot_open(struct plot *p, struct html *h, const char *description)
{
    p->html = h;
    html_begin(h, "svg", "viewBox='0 0 %d %d' role='img' aria-label='%s'", WIDTH, HEIGHT, description);
}

void plot_close(struct plot *p)
{
    html_close(p->html);
}

static void put_label(struct plot *p, double x, double y, const char *anchor, const char *text)
{
    html_begin(p->html, "text", "x='%.1f' y='%.1f' text-anchor='%s'", x, y, anchor);
    html_text(p->html, "%s", text);
    html_close(p->html);
}

static void put_line(struct plot *p, double x1, double y1, double x2, double y2, const char *class)
{
    html_void(p->html, "line", "x1='%.1f' y1='%.1f' x2='%.1f' y2='%.1f' class='%s'", x1, y1, x2, y2, class);
}

/* Large counts as 1,200 would crowd the margin: 1.2k. */
static void tick_text(char out[32], const struct plot_axis *axis, double value)
{
    if (axis->percent)
        snprintf(out, 32, "%.*f %%", axis->decimals, 100 * value);
    else if (value >= 1000)
        snprintf(out, 32, "%.3gk", value / 1000);
    else
        snprintf(out, 32, "%.*f", axis->decimals, value);
}

void plot_axes(struct plot *p, const struct plot_axis *x, const struct plot_axis *y)
{
    char text[32];
    double bottom = HEIGHT - BOTTOM;
    for (int i = 0; i <= y->steps; i++) {
        double value = p->y_min + (p->y_max - p->y_min) * i / y->steps, at = place_y(p, value);
        put_line(p, LEFT, at, WIDTH - RIGHT, at, i == 0 ? "axis" : "grid");
        tick_text(text, y, value);
        put_label(p, LEFT - 6, at + 4, "end", text);
    }
    for (int i = 0; i <= x->steps; i++) {
        double value = p->x_min + (p->x_max - p->x_min) * i / x->steps, at = place_x(p, value);
        put_line(p, at, bottom, at, bottom + 4, "axis");
        tick_text(text, x, value);
        put_label(p, at, bottom + 17, "middle", text);
    }
    put_label(p, (double)(LEFT + WIDTH - RIGHT) / 2, HEIGHT - 6, "middle", x->name);
    html_begin(p->html, "text", "transform='translate(10 %.1f) rotate(-90)' text-anchor='middle'",
               (TOP + bottom) / 2);
    html_text(p->html, "%s", y->name);
    html_close(p->html);
}

void plot_bar(struct plot *p, double left, double right, double low, double high, const char *class)
{
    double x = place_x(p, left) + 0.5, top = place_y(p, high);
    html_void(p->html, "rect", "x='%.1f' y='%.1f' width='%.1f' height='%.1f' class='%s'", x, top,
              fmax(place_x(p, right) - x - 0.5, 0.5), place_y(p, low) - top, class);
}

void plot_dot(struct plot *p, double x, double y, double radius, const char *class)
{
    html_void(p->html, "circle", "cx='%.1f' cy='%.1f' r='%.1f' class='%s'", place_x(p, x), place_y(p, y),
              radius, class);
}

void plot_curve(struct plot *p, const double *x, const double *y, size_t count, const char *class)
{
    bool any = false;
    str_append(p->html->page, "\n<path d='");
    for (size_t i = 0; i < count; i++) {
        if (isnan(y[i]))
            continue;
        str_appendf(p->html->page, "%c%.1f %.1f", any ? 'L' : 'M', place_x(p, x[i]), place_y(p, y[i]));
        any = true;
    }
    str_appendf(p->html->page, "' class='%s'/>", class);
}

/* 1, 2 or 5 times a power of ten, the smallest that is `value` or more. */
static double round_up(double value)
{
    static const double factors[] = {1, 2, 5};
    double power = pow(10, floor(log10(value)));
    for (size_t i = 0; i < sizeof factors / sizeof *factors; i++)
        if (value <= factors[i] * power * (1 + 1e-9))
            return factors[i] * power;
    return 10 * power;
}

void plot_fit(struct plot_axis *axis, double *low, double *high, double least)
{
    enum { STEPS = 6 };
    if (!(*low <= *high))
        *low = *high = 0;
    double step = round_up(fmax((*high - *low) / STEPS, least)), unit = axis->percent ? 100 * step : step;
    *low = floor(*low / step + 1e-9) * step;
    *high = fmax(ceil(*high / step - 1e-9) * step, *low + step);
    axis->steps = (int)lround((*high - *low) / step);
    axis->decimals = unit >= 1 ? 0 : (int)ceil(-log10(unit) - 1e-9);
}
