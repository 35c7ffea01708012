/* The pace of work that is interrupted: steps over the time between them, pauses left out. */
#ifndef FERLAB_EVAL_PACE_H
#define FERLAB_EVAL_PACE_H

#include <stdbool.h>
#include <stdint.h>

enum { PACE_PAUSE = 120 }; /* seconds: a longer gap between two steps is a pause, and no work */

struct pace { /* zeroed at first */
    bool begun;
    double latest;  /* time of the latest step, in seconds */
    double seconds; /* of work */
    int64_t steps;  /* that ended in them: the first one after a pause has taken no known time */
};

/* A step was finished at that time; times ascend. Whether its time is known. */
bool pace_step(struct pace *p, double time);

double pace_per_hour(const struct pace *p); /* NaN before two steps */

#endif
