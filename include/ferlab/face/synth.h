/* Synthetic faces for the demo and the tests: a parametric head drawn in gray, ten simulated voters, and a
 * known share of labels planted wrong. Nothing here is taken from real photographs. Deterministic in (seed,
 * count, planted). */
#ifndef FERLAB_FACE_SYNTH_H
#define FERLAB_FACE_SYNTH_H

#include "ferlab/face/emotion.h"
#include "ferlab/face/image.h"
#include "ferlab/face/votes.h"

#include <stdbool.h>

struct synth_face {
    uint8_t pixels[FACE_PIXELS];
    struct votes votes; /* ten in all; where planted, as if the face showed `voted` */
    enum split split;   /* in index order: 80 % train, 10 % valid, 10 % test */
    int truth; /* the class that was drawn: an emotion, or unknown or nf for the few that show none */
    int voted; /* the class whose voters were simulated: truth unless planted */
    bool planted;
};

/* A set: which index belongs to which split and class, and which labels are planted wrong. The share
 * `planted` (0 to 1) of every split's samples, rounded, is: there the majority is exactly `voted`. Everywhere
 * else the majority is the truth, or no emotion at all: the planted labels are the only wrong ones. */
struct synth_set;
struct synth_set *synth_set_new(uint64_t seed, uint32_t count,
                                double planted); /* NULL when memory runs out */
void synth_set_free(struct synth_set *set);

/* Draws face number `index` (below count) and counts its votes. Safe from several threads. */
void synth_set_face(const struct synth_set *set, uint32_t index, struct synth_face *out);

#endif
