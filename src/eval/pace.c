/* The pace of work. */
#include "ferlab/eval/pace.h"

#include <math.h>

bool pace_step(struct pace *p, double time)
{
    bool timed = p->begun && time - p->latest <= PACE_PAUSE;
    if (timed) {
        p->seconds += time - p->latest;
        p->steps++;
    }
    p->begun = true;
    p->latest = time;
    return timed;
}

double pace_per_hour(const struct pace *p)
{
    return p->steps > 0 && p->seconds > 0 ? 3600 * (double)p->steps / p->seconds : NAN;
}
