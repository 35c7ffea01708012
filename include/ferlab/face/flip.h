/* Flips: what became of a prediction between two models, or of its being right. Fixed words. */
#ifndef FERLAB_FACE_FLIP_H
#define FERLAB_FACE_FLIP_H

#include "ferlab/face/emotion.h"

enum flip {
    FLIP_NONE = -1, /* where a label or a prediction is no emotion */
    FLIP_FIXED,     /* wrong, then right */
    FLIP_BROKEN,    /* right, then wrong */
    FLIP_CHANGED,   /* wrong both times, each time otherwise */
    FLIP_WRONG,     /* wrong both times in the same way */
    FLIP_RIGHT,     /* right both times */
    FLIP_COUNT
};

const char *flip_name(enum flip f); /* fixed broken changed wrong right */
bool flip_parse(const char *word, enum flip *f);

/* Of a prediction before against the label before, and one after against the label after. */
enum flip flip_of(int label_before, int before, int label_after, int after);

#endif
