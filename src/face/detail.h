/* The detail of a face: what of its pixels tells it from others, and how alike two such details are. */
#ifndef FERLAB_FACE_DETAIL_H
#define FERLAB_FACE_DETAIL_H

#include "ferlab/face/image.h"

enum {
    DETAIL_SIDE = FACE_SIZE / 2,
    DETAIL_VALUES = DETAIL_SIDE * DETAIL_SIDE, /* of mean 0 and about one length */
};

/* The face at half its size less the mean around each pixel. False where it has next to none. */
bool detail_make(const uint8_t *pixels, int8_t detail[DETAIL_VALUES]);

void detail_mirror(const int8_t *detail, int8_t out[DETAIL_VALUES]);

/* Normalised correlation of a with b over what they have in common when b is moved by the best move near
 * (dx, dy), uphill from there; of an unpromising start just that. */
float detail_likeness(const int8_t *a, const int8_t *b, int dx, int dy);

#endif
