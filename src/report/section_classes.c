/* Emotion by emotion: precision and recall, and what is taken for what. */
#include "parts.h"

static void put_classes(struct report *r)
{
    struct html *h = &r->html;
    open_table(r, "dense classes", "Scores by emotion.");
    put_head(h, "emotion|faces|predicted|right|precision|recall|F1");
    html_open(h, "tbody");
    for (int k = 0; k < EMOTION_COUNT; k++) {
        const struct class_score *s = &r->evaluation->metrics.per_class[k];
        html_begin(h, "tr", "id='class-%s'", class_name(k));
        put_class_head(h, k);
        cell_count(h, s->support);
        cell_count(h, s->predicted);
        cell_count(h, s->right);
        cell_percent(h, s->precision);
        cell_percent(h, s->recall);
        cell_fraction(h, s->f1);
        html_close(h);
    }
    html_close(h);
    close_table(r);
}

/* One of the sixteen steps of the style's cividis; nothing of no face. */
static void put_cell(struct html *h, int64_t count, int64_t of, bool diagonal)
{
    enum { STEPS = 16 };
    double share = ratio((double)count, of);
    if (count == 0) {
        html_begin(h, "td", "class='zero'");
        put_count(h, 0);
        html_close(h);
        return;
    }
    int step = (int)(share * STEPS);
    html_begin(h, "td", "class='h%d%s'", step < STEPS ? step : STEPS - 1, diagonal ? " right" : "");
    put_count(h, count);
    html_put(h, "span", "", "%.*f\u00a0%%", share < 0.0995 ? 1 : 0, 100 * share);
    html_close(h);
}

static void put_row(struct report *r, int label)
{
    const struct class_score *s = &r->evaluation->metrics.per_class[label];
    struct html *h = &r->html;
    html_begin(h, "tr", "id='row-%s'", class_name(label));
    put_class_head(h, label);
    for (int k = 0; k < EMOTION_COUNT; k++)
        put_cell(h, r->evaluation->confusion.cell[label][k], s->support, k == label);
    cell_count(h, s->support);
    html_close(h);
}

static void put_confusion(struct report *r)
{
    struct html *h = &r->html;
    open_table(
        r, "dense confusion",
        "Confusion matrix: faces, and their share of the row. Rows are labels, columns predictions; a frame "
        "marks what is right.");
    html_open(h, "thead");
    html_open(h, "tr");
    html_put(h, "th", "scope='col'", "label \u2193 predicted \u2192");
    for (int k = 0; k < EMOTION_COUNT; k++) {
        html_begin(h, "th", "scope='col' class='n'");
        put_swatch(h, k);
        put_class_name(h, k);
        html_close(h);
    }
    html_put(h, "th", "scope='col' class='n'", "faces");
    html_close(h);
    html_close(h);
    html_open(h, "tbody");
    for (int label = 0; label < EMOTION_COUNT; label++)
        put_row(r, label);
    html_begin(h, "tr", "class='sum'");
    html_put(h, "th", "scope='row'", "predicted");
    for (int k = 0; k < EMOTION_COUNT; k++)
        cell_count(h, r->evaluation->metrics.per_class[k].predicted);
    cell_count(h, r->evaluation->metrics.count);
    html_close(h);
    html_close(h);
    close_table(r);
}

void section_classes(struct report *r)
{
    put_classes(r);
    put_confusion(r);
}
