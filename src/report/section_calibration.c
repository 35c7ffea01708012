/* How far confidence can be believed, and how accuracy follows the crowd's agreement. */
#include "parts.h"
#include "plot.h"

#include <math.h>
#include <stdio.h>

static double edge(int bin)
{
    return (double)bin / CALIBRATION_BINS;
}

static void put_reliability(struct report *r)
{
    const struct calibration *c = &r->evaluation->calibration;
    static const struct plot_axis x = {"confidence", 5, 0, true}, y = {"accuracy", 5, 0, true};
    struct plot p = {.x_max = 1, .y_max = 1};
    open_figure(r, "plot");
    plot_open(&p, &r->html,
              "Reliability diagram: accuracy against confidence; the numbers are in the table below");
    plot_axes(&p, &x, &y);
    for (int b = 0; b < CALIBRATION_BINS; b++)
        if (c->count[b] > 0)
            plot_bar(&p, edge(b), edge(b + 1), 0, ratio((double)c->right[b], c->count[b]), "area");
    plot_curve(&p, (double[]){0, 1}, (double[]){0, 1}, 2, "ideal");
    for (int b = 0; b < CALIBRATION_BINS; b++)
        if (c->count[b] > 0)
            plot_dot(&p, ratio(c->confidence[b], c->count[b]), ratio((double)c->right[b], c->count[b]), 3,
                     "dot");
    plot_close(&p);
    close_figure(r, "Reliability. Bars: accuracy of the faces in each bin of confidence; dots at their mean "
                    "confidence. On "
                    "the dashed line confidence is true.");
}

static void put_histogram(struct report *r)
{
    const struct calibration *c = &r->evaluation->calibration;
    static const struct plot_axis x = {"confidence", 5, 0, true};
    struct plot_axis y = {.name = "faces"};
    int64_t most = 0;
    for (int b = 0; b < CALIBRATION_BINS; b++)
        most = c->count[b] > most ? c->count[b] : most;
    struct plot p = {.x_max = 1, .y_max = (double)most};
    plot_fit(&y, &p.y_min, &p.y_max, 1);
    open_figure(r, "plot");
    plot_open(&p, &r->html, "Histogram of confidence, right and wrong; the numbers are in the table below");
    plot_axes(&p, &x, &y);
    for (int b = 0; b < CALIBRATION_BINS; b++) {
        double right = (double)c->right[b], all = (double)c->count[b];
        if (right > 0)
            plot_bar(&p, edge(b), edge(b + 1), 0, right, "good");
        if (all > right)
            plot_bar(&p, edge(b), edge(b + 1), right, all, "bad");
    }
    plot_close(&p);
    close_figure(r, "Confidence. Filled: faces predicted rightly; outlined, on top of them: wrongly.");
}

static void put_bins(struct report *r)
{
    const struct calibration *c = &r->evaluation->calibration;
    struct html *h = &r->html;
    open_table(r, "bins", "Bins of confidence.");
    put_head(h, "confidence|faces|right|mean confidence|accuracy");
    html_open(h, "tbody");
    for (int b = 0; b < CALIBRATION_BINS; b++) {
        if (c->count[b] == 0)
            continue;
        html_begin(h, "tr", "id='bin-%d'", b);
        html_begin(h, "th", "scope='row'");
        html_text(h, "%.1f\u2009\u2013\u2009%.1f\u00a0%%", 100 * edge(b), 100 * edge(b + 1));
        html_close(h);
        cell_count(h, c->count[b]);
        cell_count(h, c->right[b]);
        cell_percent(h, ratio(c->confidence[b], c->count[b]));
        cell_percent(h, ratio((double)c->right[b], c->count[b]));
        html_close(h);
    }
    html_close(h);
    close_table(r);
}

static void band_title(int band, char out[32])
{
    int low = (int)lround(100 * agreement_band_low(band));
    if (band == 0)
        snprintf(out, 32, "under 50 %%");
    else if (band == AGREEMENT_BANDS - 1)
        snprintf(out, 32, "100\u00a0%%");
    else
        snprintf(out, 32, "%d\u2009\u2013\u2009%d\u00a0%%", low, low + 9);
}

static void put_bands(struct report *r)
{
    struct html *h = &r->html;
    open_table(r, "bands", "Accuracy by the share of the votes that the crowd\u2019s label has.");
    put_head(h, "votes for the label|faces|right|accuracy");
    html_open(h, "tbody");
    for (int b = 0; b < AGREEMENT_BANDS; b++) {
        const struct evaluation_band *band = &r->evaluation->band[b];
        double accuracy = ratio((double)band->right, band->count);
        char title[32];
        band_title(b, title);
        html_begin(h, "tr", "id='band-%d'", b);
        html_put(h, "th", "scope='row'", "%s", title);
        cell_count(h, band->count);
        cell_count(h, band->right);
        html_begin(h, "td", "class='bar'");
        put_percent(h, accuracy);
        html_begin(h, "span", "style='width:%.1f%%'", isnan(accuracy) ? 0 : 100 * accuracy);
        html_close(h);
        html_close(h);
        html_close(h);
    }
    html_close(h);
    close_table(r);
}

void section_calibration(struct report *r)
{
    html_begin(&r->html, "div", "class='pair'");
    put_reliability(r);
    put_histogram(r);
    html_close(&r->html);
    html_begin(&r->html, "div", "class='pair'");
    put_bins(r);
    put_bands(r);
    html_close(&r->html);
}
