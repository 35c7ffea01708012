/* Portraits: drawing a synthetic person with an expression. Private to this folder. */
#ifndef FERLAB_FACE_PORTRAIT_H
#define FERLAB_FACE_PORTRAIT_H

#include "expression.h"
#include "ferlab/face/image.h"

/* A face: a person, a pose and a light drawn from r, wearing the expression. `hidden` (0 to 1): how much a
 * hand or scarf covers, for faces nobody can read. */
void portrait_draw(const struct expression *x, float hidden, struct rng *r, uint8_t out[FACE_PIXELS]);

/* Something that is no face at all. */
void portrait_draw_nothing(struct rng *r, uint8_t out[FACE_PIXELS]);

#endif
