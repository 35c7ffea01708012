/* The face panel: one sample, large, with the votes of ten people and the model's probabilities as parallel
 * bars on one scale, what follows from them, and what reviewers did. For the views that show one face at a
 * time. */
#ifndef FERLAB_TUI_FACE_PANEL_H
#define FERLAB_TUI_FACE_PANEL_H

#include "strip.h"
#include "votes_editor.h"
#include "why.h"

struct face_layout {
    int scale;                                    /* of the face */
    int unit_x, unit_y;                           /* canvas pixels of a cell */
    int face_columns, face_rows;                  /* cells */
    int panel;                                    /* first column of what is said of it */
    int names;                                    /* first column of the class names */
    int votes, model;                             /* first columns of the bars */
    int bar_width;                                /* of both: they share one scale, 0 to 1 */
    int bars;                                     /* row of the bars' heads */
    int history_row, history_column, history_end; /* history_end: the last row */
};

struct face_panel {
    struct face_layout layout;
    struct votes_editor editor; /* while it is open, it stands in place of the bars */
    struct canvas canvas;
    int64_t drawn_row; /* -1: the canvas shows nothing of use */
    bool drawn_smooth;
    struct overlay drawn_over;
    struct face_layout drawn_layout;

    /* what reviewers did to the sample, read again when the sample or the log changes */
    struct arena arena;
    struct event *events;
    bool *standing;
    size_t event_count;
    int64_t events_of, events_until;
};

void face_panel_init(struct face_panel *p);
void face_panel_free(struct face_panel *p);

/* Lays out the panel from row 2 of the screen and the strip at the bottom. `history`: rows kept free for the
 * history, and a gap, between them; it has more where the strip leaves room. */
void face_panel_lay_out(const struct app *app, struct face_panel *p, int history, struct strip_layout *strip);
/* Whether there is any of that row. */
bool face_panel_has_history(struct app *app, struct face_panel *p, size_t row);

/* `hidden`: nothing that tells what others or the model said of it: no label, votes, prediction, scores,
 * tags, note, history. */
void face_panel_draw(struct app *app, struct face_panel *p, int slot, size_t row, bool hidden);

/* The line above: the sample's name, id and split, and at its right end where in what order it stands. */
void face_panel_title(const struct app *app, size_t row, const char *right);

#endif
