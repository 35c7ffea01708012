/* What the parts of the metrics view share: its state and where things lie on the screen. */
#ifndef FERLAB_TUI_METRICS_H
#define FERLAB_TUI_METRICS_H

#include "chart.h"
#include "scope.h"

#include "ferlab/eval/bootstrap.h"

struct metrics_view {
    struct scope scope;
    bool outdated; /* the numbers below are; worked out anew when they are to be drawn */
    struct evaluation evaluation;
    struct bootstrap *bootstrap; /* NULL where there was no memory for it: then no intervals */
    bool has_intervals;          /* all draws are done */
    struct chart reliability, confidence;
    char keys[96];
};

/* Where things lie, from the size of the screen alone: scores, crowd and bands at the left, classes and
 * charts at the right. Each is the row of a heading, and not to be drawn where it ends below `last`. */
struct metrics_layout {
    int left, left_width, right, right_width, last;
    int head, scores, crowd, bands, classes, charts;
    bool brief; /* the crowd in two rows, without its numbers of faces */
};
struct metrics_layout metrics_layout_now(void);

/* Accuracy and number of faces by confidence, from the row of their headings down. */
void metrics_draw_charts(struct app *app, struct metrics_view *v, const struct metrics_layout *l);

void metrics_draw(struct app *app, void *state);

#endif
