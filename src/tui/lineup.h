/* The line-up of a review queue: the faces of a filter, one after the other, with what was done with each.
 * First those that had their turn, then what the filter picks besides, then those that were put back. Every
 * turn is kept in the workspace at once, unless that may only be read. */
#ifndef FERLAB_TUI_LINEUP_H
#define FERLAB_TUI_LINEUP_H

#include "app.h"

#include "ferlab/eval/pace.h"
#include "ferlab/store/queues.h"

struct lineup {
    int64_t queue;    /* in the workspace; 0 until something is kept of it */
    char filter[600]; /* with its order */
    bool blind;       /* label, votes and prediction are hidden until decided */

    /* of each place: the row of columns, and the turn */
    uint32_t *rows;
    struct turn *turns;
    size_t count, capacity;
    size_t at; /* the face that is shown; count: the end is */

    size_t decided, skipped, waiting; /* places by state */
    size_t frozen;                    /* faces left out: the test split is locked */

    struct pace pace; /* of this sitting: decisions and skips */
};

/* The queue on the present filter as it was left, its order `sort:-suspect` unless the filter has one (faces
 * without a label then come least confident first); `anew` begins another. False after a complaint. */
bool lineup_open(struct app *app, struct lineup *l, bool anew);
void lineup_free(struct lineup *l);

/* Once more from the workspace: reviews by others, another model. Stays at the same face. */
bool lineup_reload(struct app *app, struct lineup *l);

/* Whether what others and the model said of that face is hidden: not once it was decided, even if that is
 * undone. */
bool lineup_hides(const struct lineup *l, size_t place);

/* The face at `at` was decided by that event, or is skipped; goes on to the next that waits, or to the end.
 */
bool lineup_decide(struct app *app, struct lineup *l, int64_t event);
bool lineup_skip(struct app *app, struct lineup *l);

/* A decision was undone or redone: goes back to its face, or on from it. A decision at the same turn that the
 * undone one had changed stands again. False where it is of another queue. */
bool lineup_undone(struct app *app, struct lineup *l, int64_t event);
bool lineup_redone(struct app *app, struct lineup *l, int64_t event);

/* Puts the face at that place, which was decided, back: it is met again at the end. Where that stands
 * already, it is taken out again. *waits: whether it stands there now. */
bool lineup_put_back(struct app *app, struct lineup *l, size_t place, bool *waits);
/* All that were skipped wait again. */
bool lineup_put_skipped_back(struct app *app, struct lineup *l);

/* The place that was decided last, or count. */
size_t lineup_latest(const struct lineup *l);

bool lineup_set_blind(struct app *app, struct lineup *l, bool blind);

void lineup_next(
    struct lineup *l); /* the next that waits, from the first again after the last; else the end */

/* Seconds that what waits will take at the pace so far; NaN before there is one. */
double lineup_seconds_left(const struct lineup *l);

#endif
