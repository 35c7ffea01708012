/* Drawing the confusion matrix: heat behind the numbers, scores at the sides, the first faces of the selected
 * cell below. */
#include "align.h"
#include "confusion.h"
#include "number.h"

#include "ferlab/base/str.h"
#include "ferlab/store/beside.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { STRIP_SLOT = 1, BLOCK_ROWS_MAX = 16 };

static int clamp(int x, int low, int high)
{
    return x < low ? low : x > high ? high : x;
}

struct confusion_layout confusion_layout_now(const struct app *app)
{
    struct confusion_layout l = {.columns = draw_columns(), .names = 1, .cells = 1 + NAME_WIDTH, .head = 1};
    int rows = draw_rows(), air = rows >= 28 ? 1 : 0;
    int rest = l.columns - l.cells - TOTAL_WIDTH - RECALL_WIDTH - F1_WIDTH;
    l.cell_width = clamp(rest / EMOTION_COUNT, 4, 18);
    /* a face of half blocks is as many pixels high as two times its rows: all that can be spared are for it
     */
    l.cell_height = sample_row_is_blocks(app) ? 1 : clamp((rows - 16) / EMOTION_COUNT, 1, 4);
    l.long_names = l.cell_width >= 11;
    l.side = l.cells + EMOTION_COUNT * l.cell_width;
    l.header = l.head + 1 + air;
    l.body = l.header + 1;
    l.sums = l.body + EMOTION_COUNT * l.cell_height;
    l.scores = l.sums + 1;
    l.summary = l.scores + 2;
    l.line = l.summary + 2;
    l.strip = l.line + 1;
    l.strip_rows = clamp(draw_last() + 1 - l.strip, 0, sample_row_is_blocks(app) ? BLOCK_ROWS_MAX : 10);
    l.names_only = app->caps.graphics == GRAPHICS_NONE ||
                   (sample_row_is_blocks(app) && l.strip_rows < SAMPLE_ROW_LEAST_BLOCKS);
    return l;
}

int confusion_strip_fits(const struct app *app)
{
    struct confusion_layout l = confusion_layout_now(app);
    if (l.names_only) /* one a row */
        return clamp(l.strip_rows, 0, SAMPLE_ROW_MOST);
    return sample_row_fits(app, l.strip_rows);
}

static void draw_head(const struct app *app, const struct confusion_view *v, const struct confusion_layout *l)
{
    const struct scope *s = &v->matrix.scope;
    int at = 1 + scope_draw_faces(s, l->head, 1, draw_columns() - SCOPE_REST, v->matrix.metrics.count);
    if (v->percent)
        at += draw_text(l->head, at, 0, STYLE_ACCENT, " · %% of %s", matrix_whole_name(v->whole));
    if (v->difference)
        at += draw_text(l->head, at, 0, STYLE_ACCENT, " · difference to %s", app->columns->beside->name);
    scope_draw_protocol(s, app, l->head, at);
}

static double cell_share(const struct confusion_view *v, int label, int prediction)
{
    return matrix_share(&v->matrix.counts, &v->matrix.metrics, v->whole, label, prediction);
}

/* What heat shows: the share, so that rare emotions are seen beside frequent ones; of errors alone, what the
 * numbers show. */
static double cell_heat(const struct confusion_view *v, int label, int prediction)
{
    if (v->errors_only && label == prediction)
        return 0;
    if (v->errors_only && !v->percent)
        return (double)v->matrix.counts.cell[label][prediction];
    double share = cell_share(v, label, prediction);
    return isnan(share) ? 0 : share;
}

static void cell_texts(const struct confusion_view *v, int label, int prediction, char number[NUMBER_TEXT],
                       char other[NUMBER_TEXT])
{
    const struct confusion *c = &v->matrix.counts, *b = &v->matrix.before;
    int64_t count = c->cell[label][prediction];
    double share = cell_share(v, label, prediction);
    char count_text[NUMBER_TEXT], share_text[NUMBER_TEXT];
    if (v->difference) {
        number_signed(count_text, count - b->cell[label][prediction]);
        number_points(share_text,
                      share - matrix_share(b, &v->matrix.metrics_before, v->whole, label, prediction));
    } else {
        draw_count(count_text, count);
        snprintf(share_text, sizeof share_text, "%.1f", 100 * share);
    }
    bool nothing = count == 0 && (!v->difference || b->cell[label][prediction] == 0);
    strcpy(number, nothing ? "·" : v->percent ? share_text : count_text);
    strcpy(other, nothing ? "" : v->percent ? count_text : share_text);
}

static enum style difference_style(const struct confusion_view *v, int label, int prediction)
{
    int64_t more = v->matrix.counts.cell[label][prediction] - v->matrix.before.cell[label][prediction];
    if (more == 0)
        return STYLE_DIM;
    return (more > 0) == (label == prediction) ? STYLE_GOOD : STYLE_BAD;
}

static void draw_cell(const struct confusion_view *v, const struct confusion_layout *l, int label,
                      int prediction, double most)
{
    char number[NUMBER_TEXT], other[NUMBER_TEXT], selected[NUMBER_TEXT + 2];
    int row = l->body + label * l->cell_height, column = l->cells + prediction * l->cell_width;
    bool here = v->cell.label == label && v->cell.prediction == prediction;
    cell_texts(v, label, prediction, number, other);
    enum style style = v->difference ? difference_style(v, label, prediction)
                                     : draw_heat(cell_heat(v, label, prediction), most);
    if (style == STYLE_NORMAL && (strcmp(number, "·") == 0 || v->errors_only))
        style = STYLE_DIM;
    if (here)
        style = STYLE_SELECTED;
    if (here || style >= STYLE_HEAT)
        draw_fill(row, column, l->cell_height, l->cell_width, style);
    snprintf(selected, sizeof selected, "[%.30s]", number);
    int middle = row + (l->cell_height - 1) / 2;
    if (here && l->cell_width >= str_columns(selected))
        align_right(middle, column, l->cell_width, style, selected);
    else
        align_right(middle, column, l->cell_width - 1, style, number);
    if (l->cell_height > 1)
        align_right(middle + 1, column, l->cell_width - 1, style, other);
}

static double heat_most(const struct confusion_view *v)
{
    double most = 0;
    for (int label = 0; label < EMOTION_COUNT; label++) {
        for (int prediction = 0; prediction < EMOTION_COUNT; prediction++)
            most = fmax(most, cell_heat(v, label, prediction));
    }
    return most;
}

/* A number beside or below the matrix, marked when it is the selected cell. */
static void draw_margin(const struct confusion_view *v, int row, int column, int width,
                        struct matrix_cell cell, const char *text)
{
    bool here = v->cell.label == cell.label && v->cell.prediction == cell.prediction;
    char selected[NUMBER_TEXT + 2];
    snprintf(selected, sizeof selected, "[%.30s]", text);
    if (here && str_columns(selected) <= width)
        align_right(row, column, width, STYLE_SELECTED, selected);
    else
        align_right(row, column, width - 1, here ? STYLE_SELECTED : STYLE_NORMAL, text);
}

static void draw_headers(const struct confusion_view *v, const struct confusion_layout *l)
{
    draw_text(l->header, l->names, NAME_WIDTH, STYLE_DIM, "predicted→");
    for (int k = 0; k < EMOTION_COUNT; k++) {
        bool here = v->cell.prediction == k;
        char name[32];
        snprintf(name, sizeof name, here ? "▾%s" : "%s", l->long_names ? class_name(k) : class_short(k));
        align_right(l->header, l->cells + k * l->cell_width, l->cell_width - 1,
                    (enum style)(STYLE_EMOTION + k), name);
        int row = l->body + k * l->cell_height + (l->cell_height - 1) / 2;
        draw_text(row, 0, 1, STYLE_BOLD, v->cell.label == k ? "▸" : " ");
        draw_text(row, l->names, NAME_WIDTH, (enum style)(STYLE_EMOTION + k), "%s", class_name(k));
    }
    align_right(l->header, l->side, TOTAL_WIDTH - 1, STYLE_DIM, "total");
    align_right(l->header, l->side + TOTAL_WIDTH, RECALL_WIDTH - 1, STYLE_DIM, "recall");
    align_right(l->header, l->side + TOTAL_WIDTH + RECALL_WIDTH, F1_WIDTH - 1, STYLE_DIM, "F1");
    draw_text(l->sums, l->names, NAME_WIDTH, STYLE_DIM, "total");
    draw_text(l->scores, l->names, NAME_WIDTH, STYLE_DIM, "precision");
}

static const char *score_text(const struct confusion_view *v, char out[NUMBER_TEXT], double now,
                              double before)
{
    return v->difference ? number_points(out, now - before) : number_percent(out, now);
}

static const char *total_text(const struct confusion_view *v, char out[NUMBER_TEXT], int64_t now,
                              int64_t before)
{
    return v->difference ? number_signed(out, now - before) : draw_count(out, now);
}

static void draw_margins(const struct confusion_view *v, const struct confusion_layout *l)
{
    const struct metrics *m = &v->matrix.metrics, *b = &v->matrix.metrics_before;
    int recall = l->side + TOTAL_WIDTH, f1 = recall + RECALL_WIDTH;
    char text[NUMBER_TEXT];
    for (int k = 0; k < EMOTION_COUNT; k++) {
        const struct class_score *s = &m->per_class[k], *old = &b->per_class[k];
        int row = l->body + k * l->cell_height + (l->cell_height - 1) / 2;
        int column = l->cells + k * l->cell_width;
        draw_margin(v, row, l->side, TOTAL_WIDTH, (struct matrix_cell){k, MATRIX_ANY},
                    total_text(v, text, s->support, old->support));
        draw_margin(v, row, recall, RECALL_WIDTH, (struct matrix_cell){k, MATRIX_WRONG},
                    score_text(v, text, s->recall, old->recall));
        align_right(row, f1, F1_WIDTH - 1, STYLE_NORMAL,
                    v->difference ? number_points(text, s->f1 - old->f1) : number_fraction(text, s->f1));
        draw_margin(v, l->sums, column, l->cell_width, (struct matrix_cell){MATRIX_ANY, k},
                    total_text(v, text, s->predicted, old->predicted));
        if (v->difference || l->cell_width >= 7)
            score_text(v, text, s->precision, old->precision);
        else /* no room for the sign; the row's name says what it is */
            snprintf(text, sizeof text, isnan(s->precision) ? "–" : "%.1f", 100 * s->precision);
        draw_margin(v, l->scores, column, l->cell_width, (struct matrix_cell){MATRIX_WRONG, k}, text);
    }
    draw_margin(v, l->sums, l->side, TOTAL_WIDTH, (struct matrix_cell){MATRIX_ANY, MATRIX_ANY},
                total_text(v, text, m->count, b->count));
    draw_margin(v, l->sums, recall, RECALL_WIDTH, (struct matrix_cell){MATRIX_ANY, MATRIX_WRONG},
                score_text(v, text, m->accuracy, b->accuracy));
    align_right(l->sums, f1, F1_WIDTH - 1, STYLE_NORMAL,
                v->difference ? number_points(text, m->macro_f1 - b->macro_f1)
                              : number_fraction(text, m->macro_f1));
}

static void draw_summary(const struct confusion_view *v, const struct confusion_layout *l)
{
    const struct metrics *m = &v->matrix.metrics;
    char text[NUMBER_TEXT], total[NUMBER_TEXT];
    double low, high;
    metrics_wilson(metrics_right(m), m->count, &low, &high);
    int at = l->names;
    at += draw_text(l->summary, at, 0, STYLE_BOLD, "accuracy %s", number_percent(text, m->accuracy));
    at += draw_text(l->summary, at, 0, STYLE_DIM, " [%.1f, %.1f]   ", 100 * low, 100 * high);
    at += draw_text(l->summary, at, 0, STYLE_BOLD, "macro F1 %s   ", number_fraction(text, m->macro_f1));
    if (v->matrix.in_sample > 0)
        draw_text(l->summary, at, 0, STYLE_BAD,
                  l->columns >= 110 ? "! in-sample: %s of %s face%s trained on, numbers flatter"
                                    : "! in-sample: %s of %s face%s",
                  draw_count(text, v->matrix.in_sample), draw_count(total, m->count), str_plural(m->count));
    else if (m->count < v->matrix.faces)
        draw_text(l->summary, at, 0, STYLE_DIM, "%s face%s without a prediction",
                  draw_count(text, v->matrix.faces - m->count), str_plural(v->matrix.faces - m->count));
    else if (!v->difference && l->columns >= 100)
        draw_text(l->summary, at, 0, STYLE_DIM, "heat: %s%s%s", v->errors_only ? "errors, " : "",
                  v->errors_only && !v->percent ? "count" : "share of ",
                  v->errors_only && !v->percent ? "" : matrix_whole_name(v->whole));
}

static void draw_strip_names(const struct app *app, const struct confusion_view *v,
                             const struct confusion_layout *l)
{
    const struct columns *c = app->columns;
    const int8_t *label = scope_labels(&v->matrix.scope, c);
    for (size_t i = 0; i < v->strip.count; i++) {
        uint32_t row = v->strip.rows[i];
        draw_text(l->strip + (int)i, 2, l->columns - 3, STYLE_NORMAL, "%s  label %s  predicted %s  %.2f",
                  c->name[row], class_name(label[row]), class_name(c->prediction[row]),
                  (double)c->confidence[row]);
    }
}

static void draw_cell_line(const struct confusion_view *v, const struct confusion_layout *l)
{
    char title[96], count[NUMBER_TEXT], before[NUMBER_TEXT];
    int64_t faces = matrix_cell_count(&v->matrix.counts, v->cell);
    matrix_cell_title(&v->matrix, v->cell, title, sizeof title);
    int at = 1 + draw_text(l->line, 1, 0, STYLE_ACCENT, "─ %s: %s face%s", title, draw_count(count, faces),
                           str_plural(faces));
    if (v->difference)
        at += draw_text(l->line, at, 0, STYLE_NORMAL, ", before %s",
                        draw_count(before, matrix_cell_count(&v->matrix.before, v->cell)));
    draw_text(l->line, at, 0, STYLE_DIM, faces > 0 ? " ─ ⏎ open them" : " ─");
}

void confusion_draw(struct app *app, void *state)
{
    struct confusion_view *v = state;
    struct confusion_layout l = confusion_layout_now(app);
    draw_head(app, v, &l);
    if (v->matrix.metrics.count == 0) {
        scope_draw_missing(&v->matrix.scope, app, 3, v->matrix.faces);
        return;
    }
    double most = heat_most(v);
    draw_headers(v, &l);
    for (int label = 0; label < EMOTION_COUNT; label++) {
        for (int prediction = 0; prediction < EMOTION_COUNT; prediction++)
            draw_cell(v, &l, label, prediction, most);
    }
    draw_margins(v, &l);
    draw_summary(v, &l);
    draw_cell_line(v, &l);
    if (l.names_only)
        draw_strip_names(app, v, &l);
    else if (v->strip.count > 0)
        sample_row_draw(app, &v->strip, STRIP_SLOT, l.strip, l.strip_rows);
}
