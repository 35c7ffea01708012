/* The app: one workspace on one screen. Holds the columns, the current filter and its rows, the stack of
 * views; owns the loop (one thread, one poll over terminal, signals and a timer). Views read this and call
 * the functions below; only the app talks to the workspace. */
#ifndef FERLAB_TUI_APP_H
#define FERLAB_TUI_APP_H

#include "view.h"

#include "ferlab/base/arena.h"
#include "ferlab/eval/metrics.h"
#include "ferlab/store/columns.h"
#include "ferlab/store/embeddings.h"
#include "ferlab/store/filter.h"
#include "ferlab/store/models.h"
#include "ferlab/store/reviews.h"
#include "ferlab/store/runs.h"
#include "ferlab/term/images.h"

#include <limits.h>
#include <stddef.h>
#include <stdint.h>

struct loop;
struct face_cache;

/* The event a review wrote, the first one where it wrote several; of an undo or redo the review it is about.
 */
struct written {
    enum event_kind kind;  /* EVENT_UNDO and EVENT_REDO included */
    int64_t event, sample; /* event 0: nothing was written */
};

struct app {
    struct workspace *workspace;
    bool read_only;  /* browsing works, reviews do not */
    bool unlocked;   /* the test split may be reviewed */
    int64_t version; /* of the workspace, as last looked at */
    struct loop *loop;
    struct face_cache *faces;
    struct columns *columns;
    struct caps caps;
    struct images *images;
    char live_source[PATH_MAX]; /* what the live view watches: a device, a film, a folder; "": the first
                                   camera */
    struct why *why;            /* what lies over large faces, see why.h; NULL until it is asked for */

    /* the filter and what it picks; rows keep their places while reviews change labels under them, until it
     * is applied again: by the reviewer, or when the model or the rule is another */
    char filter_text[512];
    struct filter *filter;
    uint32_t *rows;
    size_t row_count;
    bool aside;           /* the filter is being set for samples that open over the view on top */
    size_t outdated;      /* of these rows: they pass no more since labels changed under them */
    size_t cursor;        /* index into rows; 0 when there are none */
    int64_t range_anchor; /* index into rows where `v` was pressed, or -1 */

    /* refreshed together when the workspace's version changes */
    struct arena shared_arena;
    struct model *models;
    size_t model_count;
    struct run *runs;
    size_t run_count;

    int64_t predicting;        /* the model for which a process computes what it lacks; 0: none */
    char predicting_line[128]; /* what that process said last: "1024 of 32137 faces …"; "" nothing yet */

    struct embeddings *embeddings; /* of the model shown, once something asked what is similar; else NULL */
    int64_t embedding_failed; /* the model of which that could not be done, until it is asked for again */
    int64_t embedding;        /* the model of which a process computes embeddings; 0: none */
    char embedding_line[128]; /* as predicting_line */

    bool exporting;            /* a process writes what a filter picked */
    const char *export_word;   /* "export" or "report": what it was told */
    int export_log;            /* what it prints, as a descriptor */
    char export_out[PATH_MAX]; /* where it writes */
    char export_line[128];     /* what it said last: "1024 of 32137 faces …"; "" nothing yet */

    struct metrics filter_metrics; /* of the rows, under the protocol shown */
    struct confusion filter_confusion;
    double valid_accuracy; /* of the model on split valid, labels in force; NaN where it cannot be had */
    bool counts_filter, counts_crowd; /* what views that count were last told to: see scope.h */
    bool counts_valid;                /* so told under the present filter */
    int64_t training;   /* the newest run that ran while this was open: its end shows its effect; 0: none */
    int64_t newest_run; /* known here; one beyond it has run since, however shortly */
    double comparison_due; /* clock_seconds when that one was seen to have ended; 0: none has, or was shown */
    double last_key_at;    /* clock_seconds of the latest key, click or turn of the wheel */
    double opened_itself_at; /* clock_seconds when a view last opened by itself; 0: never */
    bool model_chosen; /* by --model or by the reviewer here: does not follow the workspace's current model */

    struct view stack[16];
    int depth;
    bool quit, legend, smooth;
    int face_scale;         /* grid face side in pixels, times 24; 0: as fits the screen */
    struct written written; /* by the latest review */
    int last_key;           /* that led to the present action */
    bool redraw;            /* a frame is due */

    char message[512]; /* one line, until the next key; "" none */
    bool message_is_bad;
    struct ask *ask; /* the prompt being answered, or NULL */
    struct ask_memory *ask_memory;
};

/* --- for views --- */

/* Reviews. Each appends one action to the log, refreshes columns everywhere and moves the cursor on where the
 * action says so. They act on the range if one is selected (asking above 20 samples), else on the cursor's
 * sample. */
enum outcome app_review(struct app *app, enum action action);

/* The same for one row, the cursor staying where it is: a label, accept, flag, note or tag. Whether anything
 * was written: app->written. */
bool app_review_row(struct app *app, enum action action, uint32_t row);
bool app_review_votes(struct app *app, uint32_t row, const struct votes *votes);
bool app_undo(struct app *app, bool redo);

/* Opens the frozen test split for review, which is recorded, and closes it. */
bool app_unlock(struct app *app);
bool app_lock(struct app *app);

/* The sample under the cursor, as a row of columns; -1 when the filter picks nothing. */
int64_t app_row(const struct app *app);
void app_move_to(struct app *app, size_t cursor); /* clamps */

/* Sets and applies a filter; on a mistake shows it, with its place, and keeps the old one. Opening is done by
 * the caller. */
bool app_set_filter(struct app *app, const char *text);

/* Opens a grid over the present view on what a filter picks ("these 61 samples"). Going back restores the
 * filter and the cursor of before. False, with a complaint, where the filter is wrong. */
bool app_open_samples(struct app *app, const char *filter);

/* Opens a view on top. One that is open already, other than a grid, is gone back to. */
void app_push(struct app *app, const struct view_ops *ops);
void app_pop(struct app *app);

/* Does an action: the view on top first, then what no view claims (leaving, filtering, commands, opening
 * views, undo). */
enum outcome app_act(struct app *app, enum action action);

/* A model that lacks predictions is used once a process of its own has computed them. */
bool app_use_model(struct app *app, int64_t model);
bool app_predict(struct app *app, int64_t model); /* starts that process */
/* Whether the workspace has samples but no model: app_predict then brings in the one that ships. */
bool app_offers_shipped(const struct app *app);
/* The embeddings of the model shown, loaded when first asked for; NULL where there are none yet. */
const struct embeddings *app_embeddings(struct app *app);
int64_t app_unpredicted(const struct app *app, int64_t model); /* how many samples the model has not seen */
void app_use_rule(struct app *app, enum rule rule);

/* In the bottom line beside the keys, or in the line above where it is long, until the next key. Control
 * characters are escaped. app_complain is for what went wrong: always in the line above. */
void app_message(struct app *app, const char *format, ...) __attribute__((format(printf, 2, 3)));
void app_complain(struct app *app, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Asks for a line of text at the bottom (with history per prompt), or yes or no (then it says "not
 * done"). Runs the event loop meanwhile. */
bool app_ask_line(struct app *app, const char *prompt, const char *initial, char *out, size_t size);
bool app_ask_yes(struct app *app, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Pixels of a row's face through a small cache (least recently used goes); never NULL (gray where reading
 * failed). */
const uint8_t *app_pixels(struct app *app, size_t row);
/* The same for many rows in one sweep: afterwards app_pixels is quick for each. */
void app_pixels_prepare(struct app *app, const uint32_t *rows, size_t count);

/* --- drawing (in draw.c): curses behind words --- */

enum style {
    STYLE_NORMAL,
    STYLE_DIM,
    STYLE_BOLD,
    STYLE_BAR,        /* top and bottom lines */
    STYLE_BAR_STRONG, /* what matters in them */
    STYLE_ACCENT,
    STYLE_GOOD,
    STYLE_BAD,
    STYLE_SELECTED,
    STYLE_EMOTION,                   /* + 0..7: Okabe-Ito; + 8, 9: gray */
    STYLE_HEAT = STYLE_EMOTION + 10, /* + 0..15: cividis backgrounds with a readable foreground */
    STYLE_COUNT = STYLE_HEAT + 16
};

/* A view draws between the top line (row 0) and draw_last(): under that lie its status line (draw_status,
 * where messages appear too) and the bottom line. */
int draw_rows(void); /* of the screen */
int draw_columns(void);
int draw_last(void); /* the last row a view may use: draw_rows() - 3 */
/* A sentence up to the last "; " before which all of it fits. */
void draw_clauses(int row, int column, enum style style, const char *sentence);
void draw_status(const char *format, ...) __attribute__((format(printf, 1, 2)));
char *draw_count(char out[32], int64_t n); /* 32,137; returns out */
/* Text at a place, clipped to `width` columns (0: to the right edge) and escaped; returns the columns used.
 */
int draw_text(int row, int column, int width, enum style style, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
void draw_fill(int row, int column, int rows, int columns, enum style style);
/* A frame; `heavy` for what is selected. Only the frame is drawn. */
void draw_frame(int row, int column, int rows, int columns, enum style style, bool heavy);
/* A column of no-break spaces: blank to see, but text to curses and to the image layer. Beside images it
 * keeps curses from clearing a line over them, or its cursor from crossing them, when other text in their
 * rows comes and goes. */
void draw_guard(int row, int column, int rows);
/* The heat of a value beside the largest one; its square root, so that small ones are seen beside it. */
enum style draw_heat(double value, double most);
/* A horizontal bar of share (0..1) of `columns`, in eighths of a cell. */
void draw_bar(int row, int column, int columns, double share, enum style style);

#endif
