/* Drawing the metrics: tables of scores, of the crowd, of its bands of agreement and of classes. */
#include "align.h"
#include "metrics.h"
#include "number.h"

#include "ferlab/base/str.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
    SCORES_ROWS = SCORE_COUNT,
    CROWD_ROWS = 4,
    CLASS_ROWS = EMOTION_COUNT,
    TITLE_WIDTH = 18,
    VALUE_WIDTH = 8,
    NEXT_WIDTH = 12, /* of intervals and of numbers of faces */
    BAR_LEAST = 6,
    BAR_MOST = 48, /* longer ones are no clearer */
};

static int clamp(int x, int low, int high)
{
    return x < low ? low : x > high ? high : x;
}

struct metrics_layout metrics_layout_now(void)
{
    enum { MARGIN = 1, BETWEEN = 2, LEFT_LEAST = TITLE_WIDTH + VALUE_WIDTH + NEXT_WIDTH + 1, LEFT_MOST = 60 };
    int columns = draw_columns();
    struct metrics_layout l = {.left = MARGIN, .head = 1, .last = draw_last()};
    l.left_width = clamp(columns * 2 / 5, LEFT_LEAST, LEFT_MOST);
    l.right = l.left + l.left_width + BETWEEN;
    l.right_width = columns - l.right - MARGIN;
    int headed = SCORES_ROWS + 1 + AGREEMENT_BANDS + 1, room = l.last - l.head; /* rows */
    l.brief = room < headed + CROWD_ROWS + 1 + 3;
    int crowd = l.brief ? 2 : CROWD_ROWS + 1;
    int gap = clamp((room - headed - crowd) / 3, 0, 2);
    l.scores = l.classes = l.head + 1 + gap;
    l.crowd = l.scores + SCORES_ROWS + 1 + gap;
    l.bands = l.crowd + crowd + gap;
    l.charts = l.classes + CLASS_ROWS + 1 + gap;
    return l;
}

static bool fits(const struct metrics_layout *l, int row, int rows)
{
    return row + rows - 1 <= l->last;
}

static void draw_head(const struct app *app, const struct metrics_view *v, const struct metrics_layout *l)
{
    const struct evaluation *e = &v->evaluation;
    char text[NUMBER_TEXT];
    int at = l->left +
             scope_draw_faces(&v->scope, l->head, l->left, draw_columns() - SCOPE_REST, e->metrics.count);
    if (e->in_sample > 0)
        at += draw_text(l->head, at, 0, STYLE_BAD, " · ! %s in-sample", draw_count(text, e->in_sample));
    scope_draw_protocol(&v->scope, app, l->head, at);
}

/* --- at the left --- */

static const char *score_text(char out[NUMBER_TEXT], double x, bool percentage)
{
    return percentage ? number_percent(out, x) : number_fraction(out, x);
}

/* "86.7–88.9" or ".684–.774". */
static void interval_text(char out[NUMBER_TEXT], double low, double high, bool percentage)
{
    char from[NUMBER_TEXT], to[NUMBER_TEXT];
    if (isnan(low))
        out[0] = '\0';
    else if (percentage)
        snprintf(out, NUMBER_TEXT, "%.1f–%.1f", 100 * low, 100 * high);
    else
        snprintf(out, NUMBER_TEXT, "%.12s–%.12s", number_fraction(from, low), number_fraction(to, high));
}

static void draw_interval(const struct metrics_view *v, enum score s, int row, int column)
{
    char text[NUMBER_TEXT];
    double low, high;
    if (v->bootstrap == NULL)
        return;
    if (!v->has_intervals) {
        align_right(row, column, NEXT_WIDTH, STYLE_DIM, "…");
        return;
    }
    bootstrap_interval(v->bootstrap, s, &low, &high);
    interval_text(text, low, high, score_is_percentage(s));
    align_right(row, column, NEXT_WIDTH, STYLE_NORMAL, text);
}

static void draw_scores(const struct metrics_view *v, const struct metrics_layout *l)
{
    int value = l->left + TITLE_WIDTH, next = value + VALUE_WIDTH;
    draw_text(l->scores, l->left, TITLE_WIDTH, STYLE_DIM, "model");
    align_right(l->scores, l->left, TITLE_WIDTH + VALUE_WIDTH + NEXT_WIDTH, STYLE_DIM, "95 % interval");
    for (int i = 0; i < SCORE_COUNT; i++) {
        enum score s = (enum score)i;
        char text[NUMBER_TEXT];
        int row = l->scores + 1 + i;
        draw_text(row, l->left, TITLE_WIDTH, STYLE_NORMAL, "%s", score_title(s));
        align_right(row, value, VALUE_WIDTH, STYLE_BOLD,
                    score_text(text, v->evaluation.score[s], score_is_percentage(s)));
        draw_interval(v, s, row, next);
    }
}

static void draw_crowd_number(const struct metrics_layout *l, int row, const char *title, const char *value,
                              int64_t faces)
{
    char count[NUMBER_TEXT];
    int at = l->left + TITLE_WIDTH;
    draw_text(row, l->left, TITLE_WIDTH, STYLE_NORMAL, "%s", title);
    align_right(row, at, VALUE_WIDTH, STYLE_BOLD, value);
    align_right(row, at + VALUE_WIDTH, NEXT_WIDTH, STYLE_NORMAL, draw_count(count, faces));
}

static void draw_crowd(const struct evaluation *e, const struct metrics_layout *l)
{
    char text[NUMBER_TEXT];
    int row = l->crowd;
    draw_text(row, l->left, TITLE_WIDTH, STYLE_DIM, "crowd");
    align_right(row, l->left + TITLE_WIDTH + VALUE_WIDTH, NEXT_WIDTH, STYLE_DIM, "faces");
    draw_crowd_number(l, ++row, "human ceiling", number_percent(text, ceiling_accuracy(&e->ceiling)),
                      e->ceiling.faces);
    draw_crowd_number(l, ++row, "share of label", number_percent(text, evaluation_crowd_share(e)), e->shares);
    draw_crowd_number(l, ++row, "Krippendorff alpha", number_fraction(text, agreement_alpha(&e->crowd)),
                      e->crowd.faces);
    draw_crowd_number(l, ++row, "Fleiss kappa", number_fraction(text, agreement_kappa(&e->crowd)),
                      e->crowd.faces);
}

static void draw_crowd_briefly(const struct evaluation *e, const struct metrics_layout *l)
{
    char one[NUMBER_TEXT], other[NUMBER_TEXT];
    draw_text(l->crowd, l->left, l->left_width, STYLE_NORMAL, "crowd  ceiling %s   share %s",
              number_percent(one, ceiling_accuracy(&e->ceiling)),
              number_percent(other, evaluation_crowd_share(e)));
    draw_text(l->crowd + 1, l->left, l->left_width, STYLE_NORMAL, "       alpha %s      kappa %s",
              number_fraction(one, agreement_alpha(&e->crowd)),
              number_fraction(other, agreement_kappa(&e->crowd)));
}

static void band_title(int band, char out[NUMBER_TEXT])
{
    int low = (int)lround(100 * agreement_band_low(band));
    if (band == 0)
        snprintf(out, NUMBER_TEXT, "under 50 %%");
    else if (band == AGREEMENT_BANDS - 1)
        snprintf(out, NUMBER_TEXT, "100 %%");
    else
        snprintf(out, NUMBER_TEXT, "%d–%d %%", low, low + 9);
}

static void draw_bands(const struct evaluation *e, const struct metrics_layout *l)
{
    enum { BAND_TITLE = 15, BAND_FACES = 7, BAND_ACCURACY = 9 };
    int faces = l->left + BAND_TITLE, accuracy = faces + BAND_FACES, bar = accuracy + BAND_ACCURACY + 1;
    draw_text(l->bands, l->left, BAND_TITLE, STYLE_DIM, "votes for label");
    align_right(l->bands, faces, BAND_FACES, STYLE_DIM, "faces");
    align_right(l->bands, accuracy, BAND_ACCURACY, STYLE_DIM, "accuracy");
    for (int b = 0; b < AGREEMENT_BANDS; b++) {
        const struct evaluation_band *band = &e->band[b];
        int row = l->bands + 1 + b;
        char text[NUMBER_TEXT];
        double share = band->count > 0 ? (double)band->right / (double)band->count : NAN;
        band_title(b, text);
        draw_text(row, l->left, BAND_TITLE, STYLE_NORMAL, "%s", text);
        align_right(row, faces, BAND_FACES, STYLE_NORMAL, draw_count(text, band->count));
        align_right(row, accuracy, BAND_ACCURACY, STYLE_BOLD, number_percent(text, share));
        draw_bar(row, bar, l->left + l->left_width - bar, share, STYLE_ACCENT);
    }
}

/* --- at the right --- */

/* What ends beyond the screen is left out. */
static void draw_class_cell(int row, int end, enum style style, const char *text)
{
    if (end <= draw_columns())
        align_right(row, 0, end, style, text);
}

static void draw_class(const struct class_score *s, int k, int row, const int ends[4], int bar, int bar_width)
{
    char text[NUMBER_TEXT];
    draw_class_cell(row, ends[0], STYLE_NORMAL, draw_count(text, s->support));
    draw_class_cell(row, ends[1], STYLE_NORMAL, number_percent(text, s->precision));
    draw_class_cell(row, ends[2], STYLE_NORMAL, number_percent(text, s->recall));
    draw_class_cell(row, ends[3], STYLE_BOLD, number_fraction(text, s->f1));
    if (bar_width >= BAR_LEAST)
        draw_bar(row, bar, bar_width, s->f1, (enum style)(STYLE_EMOTION + k));
}

static void draw_classes(const struct metrics *m, const struct metrics_layout *l)
{
    enum { CLASS_NAME = 10, COLUMNS = 4 };
    static const char *const titles[COLUMNS] = {"faces", "precision", "recall", "F1"};
    static const int narrow[COLUMNS] = {6, 8, 8, 5}, wide[COLUMNS] = {8, 11, 9, 7};
    bool is_wide = l->right_width >= 60;
    int ends[COLUMNS], at = l->right + CLASS_NAME;
    draw_text(l->classes, l->right, CLASS_NAME, STYLE_DIM, "label");
    for (int i = 0; i < COLUMNS; i++) {
        ends[i] = at += is_wide ? wide[i] : narrow[i];
        draw_class_cell(l->classes, ends[i], STYLE_DIM, i == 1 && !is_wide ? "prec." : titles[i]);
    }
    for (int k = 0; k < EMOTION_COUNT; k++) {
        int row = l->classes + 1 + k;
        draw_text(row, l->right, CLASS_NAME, (enum style)(STYLE_EMOTION + k), "%s", class_name(k));
        draw_class(&m->per_class[k], k, row, ends, at + 2,
                   clamp(l->right + l->right_width - at - 2, 0, BAR_MOST));
    }
}

/* --- the line below --- */

static void add_note(char *notes, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Where it fits the line whole. */
static void add_note(char *notes, size_t size, const char *format, ...)
{
    char note[160];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(note, sizeof note, format, arguments);
    va_end(arguments);
    size_t used = strlen(notes);
    const char *gap = used > 0 ? " · " : "";
    if (str_columns(notes) + str_columns(gap) + str_columns(note) <= draw_columns() - 2)
        snprintf(notes + used, size - used, "%s%s", gap, note);
}

/* What the tables do not say: on how many faces numbers stand, and what some of them are. */
static void draw_notes(const struct metrics_view *v, const struct metrics_layout *l)
{
    const struct evaluation *e = &v->evaluation;
    char notes[512] = "", a[NUMBER_TEXT], b[NUMBER_TEXT], c[NUMBER_TEXT];
    int64_t count = e->metrics.count;
    if (scope_asks_predictions(&v->scope))
        add_note(notes, sizeof notes, "picked by their predictions: no measure of the model");
    if (e->in_sample > 0)
        add_note(notes, sizeof notes, "in-sample flatters");
    if (count > 0 && e->labelled > count)
        add_note(notes, sizeof notes, "%s without a prediction", draw_count(a, e->labelled - count));
    if (count > 0 && e->voted < count)
        add_note(notes, sizeof notes, "KL, JS of the %s with votes", draw_count(a, e->voted));
    if (l->brief)
        add_note(notes, sizeof notes, "faces: ceiling %s, share %s, alpha %s",
                 draw_count(a, e->ceiling.faces), draw_count(b, e->shares), draw_count(c, e->crowd.faces));
    else
        add_note(notes, sizeof notes, "human ceiling: one tagger against the majority of the others");
    if (!l->brief)
        add_note(notes, sizeof notes, "share of label: of a face's votes");
    draw_status("%s", notes);
}

void metrics_draw(struct app *app, void *state)
{
    struct metrics_view *v = state;
    const struct evaluation *e = &v->evaluation;
    struct metrics_layout l = metrics_layout_now();
    draw_head(app, v, &l);
    if (e->metrics.count > 0) {
        draw_scores(v, &l);
        draw_classes(&e->metrics, &l);
        metrics_draw_charts(app, v, &l);
        if (fits(&l, l.bands, AGREEMENT_BANDS + 1))
            draw_bands(e, &l);
    } else {
        scope_draw_missing(&v->scope, app, l.scores + 1, e->labelled);
    }
    if (l.brief)
        draw_crowd_briefly(e, &l);
    else
        draw_crowd(e, &l);
    draw_notes(v, &l);
}
