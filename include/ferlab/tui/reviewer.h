/* A reviewer in numbers: how fast, and how far in agreement with the crowd, with a model and with themselves.
 * For the end of a queue and for `ferlab stats`. */
#ifndef FERLAB_TUI_REVIEWER_H
#define FERLAB_TUI_REVIEWER_H

#include "ferlab/eval/pace.h"
#include "ferlab/eval/raters.h"
#include "ferlab/store/columns.h"
#include "ferlab/store/decisions.h"

struct reviewer {
    int64_t decisions; /* that stand */
    int64_t faces;     /* they are on; of each, the latest counts in what follows */
    int64_t changed;   /* to another class than the crowd's, which may have voted and given none */
    int64_t unvoted;   /* of faces that no crowd has seen */
    char first[CLOCK_STAMP], last[CLOCK_STAMP];
    struct pace pace; /* of actions: one key, or one command for many samples, is one */
    struct ratings crowd;
    struct ratings model;                    /* where it was not trained on the face */
    struct ratings blind_crowd, blind_model; /* of decisions made blind */
    struct ratings self;                     /* the decision before and the one after a face was put back */
};

/* Crowd and model are those of the columns. queue 0: all that the reviewer decided. */
bool reviewer_measure(struct workspace *ws, const struct columns *c, const char *name, int64_t queue,
                      struct reviewer *out, struct err *e);

struct colleague {
    const char *name;
    struct ratings
        ratings; /* the reviewer's against this one's latest standing decisions on the same faces */
};
/* Everybody else who has decided anything, by name; in the arena. rows: those faces only; NULL: all. */
bool reviewer_colleagues(struct workspace *ws, const struct columns *c, const char *name,
                         const uint32_t *rows, size_t row_count, struct arena *arena, struct colleague **out,
                         size_t *count, struct err *e);

#endif
