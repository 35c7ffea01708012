/* Expressions of the synthetic faces, in units after the action units of Ekman & Friesen's Facial Action
 * Coding System. Private to this folder. */
#ifndef FERLAB_FACE_EXPRESSION_H
#define FERLAB_FACE_EXPRESSION_H

#include "ferlab/base/rng.h"
#include "ferlab/face/emotion.h"

/* About 0 at rest, 1 in full; some go both ways. */
enum unit {
    UNIT_INNER_BROW, /* raised */
    UNIT_OUTER_BROW, /* raised */
    UNIT_KNIT,       /* brows lowered and drawn together */
    UNIT_LID,        /* upper lids raised; negative: drooping */
    UNIT_SQUINT,     /* lower lids tightened */
    UNIT_GAZE,       /* looking down; negative: up */
    UNIT_CHEEK,      /* raised, with folds from nose to mouth */
    UNIT_NOSE,       /* wrinkled */
    UNIT_LIP,        /* upper lip raised */
    UNIT_SMILE,      /* corners of the mouth up; negative: down */
    UNIT_SKEW,       /* one corner only, up */
    UNIT_STRETCH,    /* mouth wider; negative: narrower */
    UNIT_OPEN,       /* jaw dropped */
    UNIT_TEETH,      /* shown in an open mouth */
    UNIT_PRESS,      /* lips pressed thin */
    UNIT_COUNT
};

struct expression {
    float unit[UNIT_COUNT];
    float blend;     /* how much of `other` is in it, below one half */
    int other;       /* another emotion */
    float intensity; /* about 1 */
};

/* The emotion as one person at one moment would show it. */
void expression_draw(int emotion, struct rng *r, struct expression *out);

/* How ten people read it: votes for a face that shows `emotion` with this blend and intensity. */
void expression_voters(int emotion, const struct expression *x, double shares[CLASS_COUNT]);

#endif
