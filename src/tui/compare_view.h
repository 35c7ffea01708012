/* What the compare view's two halves share: its state and where things lie on the screen. */
#ifndef FERLAB_TUI_COMPARE_VIEW_H
#define FERLAB_TUI_COMPARE_VIEW_H

#include "compare.h"
#include "sample_row.h"
#include "scope.h"

#include "ferlab/eval/bootstrap.h"

/* The table: a row for each label and one for all; a column for each prediction, then these. */
enum { COMPARE_ALL = EMOTION_COUNT, COMPARE_ROWS };
enum compare_column {
    COMPARE_RECALL = EMOTION_COUNT,
    COMPARE_FIXED,
    COMPARE_BROKEN,
    COMPARE_CHANGED,
    COMPARE_LABELS, /* whose label is not the one that the model beside learnt from; of all splits */
    COMPARE_COLUMNS
};

struct compare_view {
    struct scope scope;
    bool of_labels;         /* one model against two label sets: it stands beside itself */
    bool outdated;          /* what follows is; worked out anew when it is to be drawn */
    struct retraining what; /* of the faces in scope */
    int64_t labels[COMPARE_ROWS];
    struct bootstrap *bootstrap; /* of the differences; NULL where there was no memory for it */
    bool has_intervals;          /* all draws are done */
    int row, column;             /* selected in the table */
    int64_t faces;               /* that the selected cell picks */
    struct sample_row first;     /* the first of them */
    char keys[128];
    char opened[512]; /* the filter this view set last; while it is in force, the scope stays as it was */
};

struct compare_layout {
    int head, sentence, scores, score_count, table, line; /* rows; scores and table: of their headings */
    int faces, faces_rows;                                /* below; 0 rows: there is no room for them */
    int cells, cell_width;                                /* columns of the matrix */
    int after[COMPARE_COLUMNS - EMOTION_COUNT + 1];       /* where the columns beside it begin, and end */
    bool short_names;                                     /* of the rows, for cells wide enough for numbers */
    bool has_p;                                           /* room for each label's p at the right end */
};
struct compare_layout compare_layout_now(const struct app *app);

/* What a cell shows, but for recall; and the filter that picks the faces of the selected one, false where
 * that is too long. */
int64_t compare_cell_change(const struct compare_view *v, int row, int column);
bool compare_cell_filter(const struct compare_view *v, char *out, size_t size);

void compare_draw(struct app *app, struct compare_view *v);

#endif
