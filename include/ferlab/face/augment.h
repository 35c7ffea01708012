/* Augmentation of a training face: one random affine map (rotation, zoom, aspect, shift, mirror), bilinear,
 * borders reflected; and a rectangle erased. Seeded through the caller's generator. */
#ifndef FERLAB_FACE_AUGMENT_H
#define FERLAB_FACE_AUGMENT_H

#include "ferlab/base/rng.h"

#include <stdbool.h>
#include <stdint.h>

struct augmentation {
    float rotation_deg; /* angle uniform in +-rotation_deg */
    float zoom;         /* factor exp(u), u uniform in +-zoom */
    float aspect;       /* height factor exp(u), u uniform in +-aspect */
    float shift;        /* share of the side, uniform in +-shift in x and in y */
    float erase;        /* probability that a rectangle is erased */
    bool flip;          /* mirrored with probability one half */
};

extern const struct augmentation augmentation_default; /* 20 deg, 0.12, 0.05, 0.08, flip */
extern const struct augmentation augmentation_none;

/* in: size x size pixels; out: out_size x out_size float pixels in 0..255. Draws from r whatever the
 * settings, so that switching one option off leaves the others' draws as they were. */
void augment_face(const uint8_t *in, int size, const struct augmentation *a, struct rng *r, float *out,
                  int out_size);

/* With the probability of a->erase a rectangle of 2 to 30 % of the image, of sides in a proportion from 0.3
 * to 3.3, takes `value` (Zhong et al. 2020, arXiv 1708.04896). */
void augment_erase(const struct augmentation *a, struct rng *r, float *image, int size, float value);

#endif
