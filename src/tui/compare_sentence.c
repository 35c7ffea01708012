/* What changed, in a sentence of two lines. */
#include "compare.h"
#include "number.h"

#include "ferlab/base/str.h"

#include <stdio.h>

/* "✓ 37 fixed"; returns the columns used. */
static int draw_number(int row, int column, enum style style, const char *before, int64_t n,
                       const char *after)
{
    char text[NUMBER_TEXT];
    return draw_text(row, column, 0, style, "%s%s%s", before, draw_count(text, n), after);
}

static int draw_move(int row, int column, double before, double after)
{
    char from[NUMBER_TEXT], to[NUMBER_TEXT];
    return draw_text(row, column, 0, STYLE_NORMAL, " %s → %s", number_percent(from, before),
                     number_percent(to, after));
}

/* What closes a line, where there is room for all of it. */
static void draw_end(int row, int column, const char *text)
{
    if (column + str_columns(text) <= draw_columns())
        draw_text(row, column, 0, STYLE_DIM, "%s", text);
}

static void draw_flips(const struct retraining *r, int row)
{
    const struct comparison *c = &r->comparison;
    bool wide = draw_columns() >= 110;
    char since[96];
    int at = 1;
    if (r->labels >= 0)
        at += draw_number(row, at, STYLE_NORMAL, "", r->labels,
                          wide ? (r->labels == 1 ? " reviewed label → " : " reviewed labels → ")
                               : (r->labels == 1 ? " label → " : " labels → "));
    at += draw_number(row, at, STYLE_GOOD, "✓ ", comparison_flips(c, FLIP_FIXED), " fixed");
    at += draw_text(row, at, 0, STYLE_NORMAL, ", ");
    at += draw_number(row, at, STYLE_BAD, "✗ ", comparison_flips(c, FLIP_BROKEN), " broken");
    at += draw_number(row, at, STYLE_NORMAL, ", ", comparison_flips(c, FLIP_CHANGED),
                      wide ? " still wrong otherwise" : " wrong otherwise");
    snprintf(since, sizeof since, ", since %s", r->before_name);
    draw_end(row, at, since);
}

static void draw_scores(const struct retraining *r, int row)
{
    const struct comparison *c = &r->comparison;
    int moved = comparison_moved(c), at = 1;
    struct mcnemar m = comparison_mcnemar(c);
    char text[NUMBER_TEXT], test[NUMBER_TEXT + 16];
    at += draw_text(row, at, 0, STYLE_NORMAL, "accuracy");
    at += draw_move(row, at, c->before.metrics.accuracy, c->after.metrics.accuracy);
    if (moved != CLASS_NONE) {
        at += draw_text(row, at, 0, STYLE_NORMAL, "   ");
        at += draw_text(row, at, 0, (enum style)(STYLE_EMOTION + moved), "%s", class_name(moved));
        at += draw_text(row, at, 0, STYLE_NORMAL, " recall");
        at += draw_move(row, at, c->before.metrics.per_class[moved].recall,
                        c->after.metrics.per_class[moved].recall);
    }
    snprintf(test, sizeof test, "   McNemar p %s", number_p(text, m.p));
    draw_end(row, at, test);
}

void compare_draw_sentence(const struct retraining *r, int row)
{
    if (r->comparison.count == 0) {
        draw_text(row, 1, 0, STYLE_DIM, "no face of these has a label and was predicted by %s too",
                  r->before_name);
        return;
    }
    draw_flips(r, row);
    draw_scores(r, row + 1);
}
