/* Where the face lies that a window shows in part: what the verifying network says beside whether there is
 * one. Its classes are "other" and one for each of 5 sizes x 3 x 3 places of a face in the window, after the
 * calibration networks of Li et al. 2015; a face between two places is shared out among both, so that the
 * mean over the classes is where it is. */
#ifndef FERLAB_DETECT_OFFSET_H
#define FERLAB_DETECT_OFFSET_H

#include "ferlab/detect/box.h"

enum {
    OFFSET_SIZES = 5,
    OFFSET_PLACES = 3,
    OFFSET_OTHER = 0, /* the class of windows without a face */
    OFFSET_CLASSES = 1 + OFFSET_SIZES * OFFSET_PLACES * OFFSET_PLACES
};

/* From a window to the face, both squares. */
struct offset {
    double right, down; /* between their middles, in sides of the window */
    double growth;      /* the natural logarithm of the face's side over the window's */
};

struct offset offset_between(const struct box *window, const struct box *face);

/* Whether the classes reach as far. */
bool offset_in_reach(const struct offset *o);
/* The probabilities that a network should say of a window with a face there; beyond the reach that of its
 * border. */
void offset_classes(const struct offset *o, float classes[OFFSET_CLASSES]);
/* What a network says: the probability of a face, and where it is most likely. */
double offset_read(const float classes[OFFSET_CLASSES], struct offset *o);

/* The face of a window. */
struct box offset_apply(const struct box *window, const struct offset *o);

#endif
