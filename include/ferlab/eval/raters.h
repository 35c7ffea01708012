/* Two raters of the same faces: how often they agree, and how much of that is more than chance. */
#ifndef FERLAB_EVAL_RATERS_H
#define FERLAB_EVAL_RATERS_H

#include "ferlab/face/votes.h"

#include <stdint.h>

struct ratings { /* zeroed at first */
    int64_t count[CLASS_COUNT][CLASS_COUNT];
    int64_t faces;
};

/* One face; where a rater says nothing (CLASS_NONE) it does not count. */
void ratings_add(struct ratings *r, int one, int other);

double ratings_agreement(const struct ratings *r); /* share of faces with the same class; NaN of none */
/* Cohen's kappa (Educational and Psychological Measurement 20, 1960): agreement beyond what both raters'
 * class frequencies give by chance. NaN of no faces, and where both know one class only. */
double ratings_kappa(const struct ratings *r);

#endif
