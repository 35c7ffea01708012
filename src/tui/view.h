/* Views: what the workbench shows. A view is a table of functions over its own state; views lie on a stack,
 * the top one is drawn and gets the keys. */
#ifndef FERLAB_TUI_VIEW_H
#define FERLAB_TUI_VIEW_H

#include "action.h"

#include <stdbool.h>
#include <stddef.h>

struct app;

/* What a handler says must happen next. */
enum outcome {
    OUTCOME_IGNORED, /* not for this view: the app tries its own actions */
    OUTCOME_DONE,    /* handled, nothing to draw */
    OUTCOME_REDRAW,  /* handled, draw a frame */
};

/* What changed under a view. */
enum change {
    CHANGE_LABELS = 1, /* reviews: labels, flags, notes, tags */
    CHANGE_MODEL = 2,  /* another model or its predictions */
    CHANGE_ROWS = 4,   /* the filter's result: app->rows */
    CHANGE_RUNS = 8,   /* progress of a run, or a run more or less */
    CHANGE_SIZE = 16,  /* the screen */
};

struct view {
    const struct view_ops *ops;
    void *state;
    char *former_filter; /* to go back to when this view closes (app_open_samples), else NULL */
    size_t former_cursor;
};

struct view_ops {
    const char *name;  /* "grid", as in :grid and the top line */
    const char *group; /* of the actions whose keys come before others here; NULL: none */
    bool (*open)(struct app *app, void **state); /* false: app_message was called */
    void (*close)(struct app *app, void *state);
    void (*draw)(struct app *app, void *state); /* everything between top and bottom line */
    enum outcome (*act)(struct app *app, void *state, enum action action);
    enum outcome (*mouse)(struct app *app, void *state, int row, int column, bool doubled); /* may be NULL */
    void (*changed)(struct app *app, void *state, unsigned changes); /* may be NULL; a redraw follows */
    const char *(*keys)(struct app *app, void *state);               /* the bottom line */
    enum outcome (*key)(struct app *app, void *state, int key);      /* raw keys first (forms); may be NULL */
    void (*tick)(struct app *app, void *state); /* a few times a second, on top; may be NULL */
    /* On top, after a frame and while no key waits: a slice, of a few milliseconds, of what takes longer than
     * a frame; whether there is more. May be NULL. */
    bool (*work)(struct app *app, void *state);
};

enum { KEY_WIDE = 0x200000 };

extern const struct view_ops view_grid, view_face, view_queue, view_confusion, view_metrics, view_compare,
    view_training, view_models, view_map, view_live, view_help;

#endif
