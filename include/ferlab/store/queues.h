/* Review queues: how far each reviewer has come through what a filter picks. Kept is what was done, one turn
 * a sample; what is left is what the filter picks and no turn has. So a queue goes on where it was left,
 * after a restart too, and follows what became of labels and predictions meanwhile. Reviews are not kept
 * here: a turn that decided names its event. */
#ifndef FERLAB_STORE_QUEUES_H
#define FERLAB_STORE_QUEUES_H

#include "ferlab/base/arena.h"
#include "ferlab/store/workspace.h"

#include <stddef.h>

enum turn_state {
    TURN_WAITING, /* not decided, or what decided it is undone */
    TURN_SKIPPED,
    TURN_DECIDED
};

struct turn {
    int64_t id; /* 0: not kept yet */
    int64_t sample;
    int64_t event; /* the decision, undone or not; 0: none */
    enum turn_state state;
    bool again; /* the sample was put back after an earlier turn */
    bool blind; /* decided while label, votes and prediction were hidden */

    /* not kept: the other of two decisions at this turn, 0: none. Where it is the older one it stands too;
     * the newer one was undone */
    int64_t other_event;
    bool other_blind;
};

struct queue {
    int64_t id; /* 0: none */
    bool blind;
    struct turn *turns; /* in the order they were taken; in the arena given to the reader */
    size_t count;
};

/* The newest queue of this reviewer (reviews_reviewer) on this filter, and its turns. */
bool queue_find(struct workspace *ws, const char *filter, struct arena *arena, struct queue *out,
                struct err *e);

/* A new one, which queue_find gives from now on. */
bool queue_start(struct workspace *ws, const char *filter, bool blind, int64_t *id, struct err *e);

bool queue_set_blind(struct workspace *ws, int64_t id, bool blind, struct err *e);

/* Keeps the turn: a new one (id 0) after all others, setting its id; else in its place. A decided one needs
 * an event. */
bool turn_write(struct workspace *ws, int64_t queue, struct turn *turn, struct err *e);
bool turn_remove(struct workspace *ws, int64_t id, struct err *e);

#endif
