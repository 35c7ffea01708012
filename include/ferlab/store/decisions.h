/* Decisions: the standing relabels, accepts and edited votes of a reviewer, with what their turns in a queue
 * say of them. What statistics of reviewers are made of. */
#ifndef FERLAB_STORE_DECISIONS_H
#define FERLAB_STORE_DECISIONS_H

#include "ferlab/base/arena.h"
#include "ferlab/base/clock.h"
#include "ferlab/store/workspace.h"

#include <stddef.h>

struct decision {
    int64_t event, batch, sample;
    char time[CLOCK_STAMP];
    int label;  /* class; of edited votes their majority, else CLASS_NONE */
    int before; /* of a sample that was put back: what was decided at its turn before; else CLASS_NONE */
    bool blind; /* decided while label, votes and prediction were hidden */
};

/* Oldest first; in the arena. queue 0: all that the reviewer decided, in queues or elsewhere. */
bool decisions_list(struct workspace *ws, const char *reviewer, int64_t queue, struct arena *arena,
                    struct decision **out, size_t *count, struct err *e);

/* Who has decided anything that stands, by name. */
bool decisions_reviewers(struct workspace *ws, struct arena *arena, const char ***out, size_t *count,
                         struct err *e);

#endif
