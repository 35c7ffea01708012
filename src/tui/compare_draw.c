/* Drawing the comparison: the sentence, scores before and after with the interval of their change, and a
 * table of what moved: the matrix after minus the one before, recall, flips. */
#include "align.h"
#include "compare_view.h"
#include "number.h"

#include "ferlab/base/str.h"
#include "ferlab/store/beside.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
    NAMES = 1,
    NAME_WIDTH = 10,
    SHORT_NAME_WIDTH = 4,
    NARROW = 90,
    P_WIDTH = 9,
    AIRY_ROWS = 30,
    FACES_SLOT = 1,
    FACES_ROWS_MOST = 12
};

static const struct {
    const char *title;
    int width;
} columns_beside[] = {{"recall", 7}, {"fixed", 6}, {"broken", 7}, {"changed", 8}, {"labels", 7}};

/* The scores in the order of their weight: where the screen is low, the last ones are left out. */
static const enum score shown_scores[SCORE_COUNT] = {SCORE_ACCURACY,    SCORE_MACRO_F1, SCORE_CROSS_ENTROPY,
                                                     SCORE_KL_VOTES,    SCORE_BRIER,    SCORE_ECE,
                                                     SCORE_WEIGHTED_F1, SCORE_TOP2,     SCORE_JS_VOTES};

static int clamp(int x, int low, int high)
{
    return x < low ? low : x > high ? high : x;
}

struct compare_layout compare_layout_now(const struct app *app)
{
    enum { BESIDE = 7 + 6 + 7 + 8 + 7 };
    int gap = draw_rows() >= AIRY_ROWS ? 1 : 0, columns = draw_columns();
    struct compare_layout l = {.head = 1, .sentence = 2, .short_names = columns < NARROW};
    l.cells = NAMES + (l.short_names ? SHORT_NAME_WIDTH : NAME_WIDTH);
    l.scores = l.sentence + 2 + gap;
    l.score_count = clamp(draw_last() - l.scores - (1 + COMPARE_ROWS + 1) - 2 * gap, 0, SCORE_COUNT);
    l.table = l.scores + 1 + l.score_count + gap;
    l.line = l.table + 1 + COMPARE_ROWS + gap;
    l.faces = l.line + 1;
    l.faces_rows = clamp(draw_last() + 1 - l.faces, 0, FACES_ROWS_MOST);
    if (!sample_row_draws(app, l.faces_rows))
        l.faces_rows = 0;
    l.has_p = columns >= l.cells + EMOTION_COUNT * 5 + BESIDE + P_WIDTH;
    l.cell_width = clamp((columns - l.cells - BESIDE - (l.has_p ? P_WIDTH : 0)) / EMOTION_COUNT, 3, 9);
    l.after[0] = l.cells + EMOTION_COUNT * l.cell_width;
    for (size_t i = 0; i < sizeof columns_beside / sizeof *columns_beside; i++)
        l.after[i + 1] = l.after[i] + columns_beside[i].width;
    return l;
}

/* "A beside B" in so many columns: a name that is cut has half of them or what the other leaves. */
static int draw_names(const struct app *app, int row, int room)
{
    const char *after = app->columns->model_name, *before = app->columns->beside->name;
    static const char between[] = " beside ";
    int free = room - (int)(sizeof between - 1), left = free - str_columns(before);
    int at = 1 + draw_text(row, 1, left > free / 2 ? left : free / 2, STYLE_BOLD, "%s", after);
    at += draw_text(row, at, 0, STYLE_BOLD, "%s", between);
    return at + draw_text(row, at, 1 + room - at, STYLE_BOLD, "%s", before) - 1;
}

/* Names are cut before what they are compared on. */
static void draw_head(const struct app *app, const struct compare_view *v, const struct compare_layout *l)
{
    enum { FACES_ROOM = 24, NAMES_LEAST = 26 };
    const struct comparison *c = &v->what.comparison;
    int64_t seen = c->before.in_sample > c->after.in_sample ? c->before.in_sample : c->after.in_sample;
    char count[NUMBER_TEXT], in_sample[NUMBER_TEXT + 24] = "";
    if (seen > 0)
        snprintf(in_sample, sizeof in_sample, " · ! %s in-sample", draw_count(count, seen));
    int room = draw_columns() - str_columns(in_sample), names = room - FACES_ROOM - SCOPE_REST / 2;
    int at = 1 + (v->of_labels ? draw_text(l->head, 1, 0, STYLE_BOLD, "reviewed beside crowd's labels")
                               : draw_names(app, l->head, names > NAMES_LEAST ? names : NAMES_LEAST));
    at += draw_text(l->head, at, 0, STYLE_NORMAL, " · ");
    at += scope_draw_faces(&v->scope, l->head, at, room - at - SCOPE_REST / 2, c->count);
    at += draw_text(l->head, at, 0, STYLE_BAD, "%s", in_sample);
    scope_draw_protocol(&v->scope, app, l->head, at);
}

/* --- scores --- */

static const char *value_text(char out[NUMBER_TEXT], double x, bool percentage)
{
    return percentage ? number_percent(out, x) : number_fraction(out, x);
}

static const char *change_text(char out[NUMBER_TEXT], double x, bool percentage)
{
    return percentage ? number_points(out, x) : number_change(out, x);
}

static void draw_score(const struct compare_view *v, enum score s, int row)
{
    enum { TITLE = 19, VALUE = 10, INTERVAL = 20 };
    const struct comparison *c = &v->what.comparison;
    bool percentage = score_is_percentage(s), known = v->bootstrap != NULL && v->has_intervals;
    double low = NAN, high = NAN;
    char text[NUMBER_TEXT], to[NUMBER_TEXT], interval[2 * NUMBER_TEXT + 8] = "…";
    if (known) {
        bootstrap_interval(v->bootstrap, s, &low, &high);
        snprintf(interval, sizeof interval, "%s to %s", change_text(text, low, percentage),
                 change_text(to, high, percentage));
    }
    bool moved = low > 0 || high < 0; /* chance would rarely make as much of a difference */
    int at = NAMES;
    draw_text(row, at, TITLE, STYLE_NORMAL, "%s", score_title(s));
    align_right(row, at += TITLE, VALUE, STYLE_NORMAL, value_text(text, c->before.score[s], percentage));
    align_right(row, at += VALUE, VALUE, STYLE_NORMAL, value_text(text, c->after.score[s], percentage));
    align_right(row, at += VALUE, VALUE, moved ? STYLE_BOLD : STYLE_NORMAL,
                change_text(text, c->after.score[s] - c->before.score[s], percentage));
    align_right(row, at + VALUE, INTERVAL, moved ? STYLE_NORMAL : STYLE_DIM, interval);
}

static void draw_scores(const struct compare_view *v, const struct compare_layout *l)
{
    if (l->score_count == 0)
        return;
    draw_text(l->scores, NAMES, 0, STYLE_DIM, "%-19s%10s%10s%10s%20s", "score", "before", "after", "change",
              "95 % of changes");
    for (int i = 0; i < l->score_count; i++)
        draw_score(v, shown_scores[i], l->scores + 1 + i);
}

/* --- the table --- */

/* Good: more on the diagonal, fewer elsewhere. */
static enum style flip_style(int column, int64_t count)
{
    return count == 0                 ? STYLE_DIM
           : column == COMPARE_FIXED  ? STYLE_GOOD
           : column == COMPARE_BROKEN ? STYLE_BAD
                                      : STYLE_NORMAL;
}

static double recall_change(const struct comparison *c, int row)
{
    const struct metrics *was = &c->before.metrics, *is = &c->after.metrics;
    return row == COMPARE_ALL ? is->accuracy - was->accuracy
                              : is->per_class[row].recall - was->per_class[row].recall;
}

static void draw_entry(const struct compare_view *v, int row, int line, int column, int at, int width,
                       double most)
{
    int64_t change = compare_cell_change(v, row, column);
    char text[NUMBER_TEXT];
    if (column == COMPARE_RECALL)
        number_points(text, recall_change(&v->what.comparison, row));
    else if (change == 0)
        strcpy(text, "·");
    else if (column < EMOTION_COUNT)
        number_signed(text, change);
    else
        draw_count(text, change);
    bool here = v->row == row && v->column == column;
    bool heats = column < EMOTION_COUNT && row != COMPARE_ALL && change != 0;
    enum style style = here                       ? STYLE_SELECTED
                       : heats                    ? draw_heat(fabs((double)change), most)
                       : column == COMPARE_RECALL ? STYLE_NORMAL
                       : column >= COMPARE_FIXED  ? flip_style(column, change)
                       : change == 0              ? STYLE_DIM
                                                  : STYLE_NORMAL;
    if (here || heats)
        draw_fill(line, at, 1, width, style);
    align_right(line, at, width, style, text);
}

static void draw_row(const struct compare_view *v, const struct compare_layout *l, int row, double most)
{
    int line = l->table + 1 + row;
    bool all = row == COMPARE_ALL;
    char text[NUMBER_TEXT];
    draw_text(line, 0, 1, STYLE_BOLD, v->row == row ? "▸" : " ");
    draw_text(line, NAMES, NAME_WIDTH, all ? STYLE_DIM : (enum style)(STYLE_EMOTION + row), "%s",
              all              ? "all"
              : l->short_names ? class_short(row)
                               : class_name(row));
    for (int k = 0; k < EMOTION_COUNT; k++)
        draw_entry(v, row, line, k, l->cells + k * l->cell_width, l->cell_width, most);
    for (int i = COMPARE_RECALL; i < COMPARE_COLUMNS; i++) {
        int at = l->after[i - EMOTION_COUNT];
        draw_entry(v, row, line, i, at + 1, l->after[i - EMOTION_COUNT + 1] - at - 1, most);
    }
    if (!l->has_p)
        return;
    int64_t fixed = compare_cell_change(v, row, COMPARE_FIXED);
    int64_t broken = compare_cell_change(v, row, COMPARE_BROKEN);
    align_right(line, l->after[COMPARE_COLUMNS - EMOTION_COUNT], P_WIDTH, STYLE_DIM,
                fixed + broken > 0 ? number_p(text, mcnemar_of(fixed, broken).p) : "·");
}

static double heat_most(const struct compare_view *v)
{
    double most = 0;
    for (int row = 0; row < EMOTION_COUNT; row++) {
        for (int k = 0; k < EMOTION_COUNT; k++)
            most = fmax(most, fabs((double)compare_cell_change(v, row, k)));
    }
    return most;
}

static void draw_table(const struct compare_view *v, const struct compare_layout *l)
{
    double most = heat_most(v);
    draw_text(l->table, NAMES, NAME_WIDTH, STYLE_DIM, l->short_names ? "pred→" : "predicted→");
    for (int k = 0; k < EMOTION_COUNT; k++) {
        char name[16];
        snprintf(name, sizeof name, "%.*s", l->cell_width, class_short(k));
        align_right(l->table, l->cells + k * l->cell_width, l->cell_width, (enum style)(STYLE_EMOTION + k),
                    name);
    }
    for (int i = 0; i < COMPARE_COLUMNS - EMOTION_COUNT; i++)
        align_right(l->table, l->after[i], l->after[i + 1] - l->after[i], STYLE_DIM, columns_beside[i].title);
    if (l->has_p)
        align_right(l->table, l->after[COMPARE_COLUMNS - EMOTION_COUNT], P_WIDTH, STYLE_DIM, "McNemar");
    for (int row = 0; row < COMPARE_ROWS; row++)
        draw_row(v, l, row, most);
}

/* What Enter opens. */
static void draw_line(const struct app *app, const struct compare_view *v, const struct compare_layout *l)
{
    static const char *const of_labels[] = {
        "labelled otherwise by the crowd", "wrong by the crowd's label, right by the one in force",
        "right by the crowd's label, wrong by the one in force", "predicted otherwise than before",
        "label not the crowd's; of all splits"};
    static const char *const kinds[] = {"predicted otherwise than before", "wrong before, right now",
                                        "right before, wrong now", "wrong both times, each time otherwise"};
    char label[32] = "", what[96], count[NUMBER_TEXT];
    if (l->line > draw_last())
        return;
    if (v->row != COMPARE_ALL)
        snprintf(label, sizeof label, "%s, ", class_name(v->row));
    if (v->of_labels && v->column < EMOTION_COUNT)
        snprintf(what, sizeof what, "predicted %s, labelled otherwise by the crowd", class_name(v->column));
    else if (v->of_labels)
        snprintf(what, sizeof what, "%s", of_labels[v->column - COMPARE_RECALL]);
    else if (v->column < EMOTION_COUNT)
        snprintf(what, sizeof what, "predicted %s before or now, not both times", class_name(v->column));
    else if (v->column == COMPARE_LABELS)
        snprintf(what, sizeof what, "label not the one %.32s learnt from; of all splits",
                 app->columns->beside->name);
    else
        snprintf(what, sizeof what, "%s", kinds[v->column - COMPARE_RECALL]);
    int at = 1 + draw_text(l->line, 1, draw_columns() - 18, STYLE_ACCENT, "─ %s%s: %s", label, what,
                           draw_count(count, v->faces));
    draw_text(l->line, at, 0, STYLE_DIM, v->faces > 0 ? " ─ ⏎ open them" : " ─");
}

void compare_draw(struct app *app, struct compare_view *v)
{
    struct compare_layout l = compare_layout_now(app);
    draw_head(app, v, &l);
    compare_draw_sentence(&v->what, l.sentence);
    if (v->what.comparison.count == 0)
        return;
    draw_scores(v, &l);
    draw_table(v, &l);
    draw_line(app, v, &l);
    if (l.faces_rows > 0)
        sample_row_draw(app, &v->first, FACES_SLOT, l.faces, l.faces_rows);
}
