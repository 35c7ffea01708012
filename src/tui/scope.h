/* The scope of a view that counts: which faces, and against whose labels. The confusion matrix and the
 * metrics have it in common, with the words on the screen that say it. */
#ifndef FERLAB_TUI_SCOPE_H
#define FERLAB_TUI_SCOPE_H

#include "app.h"

enum scope_faces {
    SCOPE_VALID,  /* the validation split: the protocol of the paper */
    SCOPE_FILTER, /* what the present filter picks */
};

struct scope {
    enum scope_faces faces;
    enum label_source labels;
    struct filter *filter; /* of SCOPE_FILTER */
    char base[512];        /* its text */
};

/* The validation split where there is one and the labels as reviewed, or what a view was told since. With
 * `named`, the present filter instead where it names samples (filter_names_samples). */
void scope_start(struct scope *s, const struct app *app, bool named);
/* Whether `named` would choose the present filter. */
bool scope_is_named(const struct app *app);
void scope_free(struct scope *s);

/* Takes the app's present filter as the one of SCOPE_FILTER; keeps the old one when it cannot be parsed. */
void scope_take_filter(struct scope *s, const struct app *app);
void scope_switch_faces(struct scope *s, struct app *app);
void scope_switch_labels(struct scope *s, struct app *app);

bool scope_holds(const struct scope *s, const struct columns *c, size_t row); /* whatever its label */
const int8_t *scope_labels(const struct scope *s, const struct columns *c); /* class or CLASS_NONE of rows */

/* Whether the faces are picked by what was predicted of them. */
bool scope_asks_predictions(const struct scope *s);

/* Terms of a filter for the faces in scope, without an order, a blank behind them unless there are none. */
void scope_terms(const struct scope *s, char *out, size_t size);

/* "validation split · 3,191 faces" and its columns; in a narrow room "valid · 3,191 faces", "filter · 412
 * faces": the top line has the filter. */
enum { SCOPE_REST = 42 }; /* columns of the labels and of one thing more behind the faces */
int scope_draw_faces(const struct scope *s, int row, int column, int room, int64_t count);
/* " · labels reviewed, majority · model ferplus": as much of it as is whole on the screen. The top line says
 * model and rule too. */
void scope_draw_protocol(const struct scope *s, const struct app *app, int row, int column);

/* In place of numbers that there are none of: why, and what to do. `labelled`: faces in scope whose label is
 * an emotion. From `row` on, three rows of text with blank ones between. */
void scope_draw_missing(const struct scope *s, const struct app *app, int row, int64_t labelled);

#endif
