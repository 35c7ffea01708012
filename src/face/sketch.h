/* Sketch: drawing in gray for the synthetic faces: filled outlines, strokes and soft blobs on a canvas that
 * is four times as fine as the face it becomes. Points are in pixels of the finished face. Private to this
 * folder. */
#ifndef FERLAB_FACE_SKETCH_H
#define FERLAB_FACE_SKETCH_H

#include "ferlab/face/image.h"

enum { SKETCH_FINE = 4, SKETCH_SIDE = FACE_SIZE * SKETCH_FINE, SKETCH_POINTS = 64 };

struct point {
    float x, y;
};

struct sketch {                               /* start from {0} */
    float gray[SKETCH_SIDE][SKETCH_SIDE];     /* 0 to 255 */
    uint16_t inked[SKETCH_SIDE][SKETCH_SIDE]; /* the last stroke that touched a pixel, */
    uint16_t strokes;                         /* so that a stroke's segments do not blend twice */
};

/* What a closed outline of at most SKETCH_POINTS points encloses (even-odd). alpha 1 covers what was there.
 */
void sketch_fill(struct sketch *s, const struct point *outline, int count, float tone, float alpha);

/* The part of an outline that lies within `radius` of `centre`: an iris between lids. */
void sketch_fill_within(struct sketch *s, const struct point *outline, int count, struct point centre,
                        float radius, float tone);

/* A line through the points, `width` thick in the middle and thinner towards the ends by the share `taper`.
 */
void sketch_stroke(struct sketch *s, const struct point *line, int count, float width, float taper,
                   float tone, float alpha);

/* A soft spot that adds `amount` at its centre and fades as a Gaussian with these deviations. */
void sketch_blob(struct sketch *s, struct point centre, float across, float down, float amount);

/* The finished face: area averages. */
void sketch_shrink(const struct sketch *s, float out[FACE_PIXELS]);

#endif
