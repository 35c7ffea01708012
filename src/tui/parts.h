/* What the files that make up the app share with each other, and views do not need. */
#ifndef FERLAB_TUI_PARTS_H
#define FERLAB_TUI_PARTS_H

#include "app.h"
#include "loop.h"

/* --- app.c --- */

/* Tells every open view what changed and asks for a frame. */
void app_changed(struct app *app, unsigned changes);

/* One event. Keys go to the prompt that is open, else to the view on top. */
void app_handle(struct app *app, const struct input *input);

/* Waits for an event, handles it and all that came meanwhile, and draws. */
void app_turn(struct app *app);

/* --- frame.c --- */

void frame_draw(struct app *app);

/* --- rows.c: the filter and what it picks --- */

bool rows_start(struct app *app, struct err *e);
void rows_apply(
    struct app *app); /* the present filter again; keeps the sample under the cursor if it is still there */
void rows_measure(struct app *app); /* accuracy and confusion matrix of the rows and of split valid */
int64_t rows_find(const struct app *app, size_t row); /* the place of a row of columns, or -1 */

/* The present filter; where it gives no order, most suspicious first. */
void rows_queue_filter(const struct app *app, char *out, size_t size);

/* --- refresh.c: what other processes do to the workspace --- */

bool refresh_lists(struct app *app, struct err *e); /* models and runs */
void refresh_look(struct app *app);                 /* has anything changed? then take it in */
void refresh_predicting(struct app *app);           /* how far the process is that predicts */
void refresh_offer(struct app *app);                /* says how to get predictions without any model */
void refresh_reviews(struct app *app);              /* take in events, those just written included */

/* --- exporting.c: exports and reports, each a process --- */

void exporting_start(struct app *app, const char *arguments); /* of `:export` */
void exporting_report(struct app *app, const char *path);     /* of `:report` */
void exporting_look(struct app *app);                         /* how far it is */

/* --- alike.c: what is similar, and the process that finds out --- */

void alike_open(struct app *app); /* a grid of the faces most alike to the one under the cursor */
/* The same of its near-duplicates; says so where there are none. */
enum outcome alike_open_copies(struct app *app);
/* app_embeddings, and a process for those that lack. */
const struct embeddings *alike_need(struct app *app);
void alike_resolve(struct app *app); /* what the filter's `similar:` speaks of */
void alike_look(struct app *app);    /* how far the process is that computes embeddings */

/* --- faces.c: pixels of samples --- */

struct face_cache *face_cache_new(size_t rows, struct err *e);
void face_cache_free(struct face_cache *cache);
bool face_cache_reset(struct face_cache *cache,
                      size_t rows); /* forget everything; there are `rows` rows now */

/* --- command.c --- */

/* Runs a `:` line; complains where it makes no sense. */
void command_run(struct app *app, const char *line);
/* Command lines that `text` may become, at most `max`, and the help of what it is already ("" when unclear).
 */
size_t command_candidates(const char *text, const char **out, size_t max);
const char *command_help(const char *name);
/* Names and help of commands that are no actions, ending with NULL. */
struct command_row {
    const char *name, *arguments, *help;
    void (*run)(struct app *app, const char *arguments);
};
extern const struct command_row command_rows[];

/* --- ask.c --- */

void ask_free(struct app *app);
void ask_draw(struct app *app); /* over the two bottom lines */
void ask_key(struct app *app, int key);
bool ask_filter(struct app *app); /* edits and applies the filter; false when given up */
void ask_command(struct app *app);

#endif
