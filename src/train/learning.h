/* Training steps of a classifier, whatever computes it. */
#ifndef FERLAB_TRAIN_LEARNING_H
#define FERLAB_TRAIN_LEARNING_H

#include "classifier.h"

struct learning; /* buffers of a classifier, which stays the caller's */

struct learning *learning_create(struct classifier *c, int batch, int threads, struct err *e);
void learning_free(struct learning *l);

/* Forward and backward: gradients of the mean loss are left in the parameters. planes [count][size][size] of
 * the reading's scale, targets and probabilities [count][EMOTION_COUNT]; classes that are no emotion are
 * never a target. dropout draws come from (seed, step). Fails for want of memory only. */
bool learning_step(struct learning *l, const float *planes, const float *targets, int count, enum loss kind,
                   uint64_t seed, uint64_t step, float *probabilities, double *loss, struct err *e);

#endif
