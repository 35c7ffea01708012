/* Predictors over a network that is still being trained, and predictions for many samples. */
#ifndef FERLAB_TRAIN_PREDICTOR_H
#define FERLAB_TRAIN_PREDICTOR_H

#include "ferlab/base/progress.h"
#include "ferlab/nn/network.h"
#include "ferlab/train/inference.h"

/* As predictor_from_onnx, over a network that stays the caller's; predictor_refresh tells that its weights have
 * changed. */
struct predictor *predictor_over(struct network *net, int threads, struct err *e);
void predictor_refresh(struct predictor *p);

struct network *predictor_network(struct predictor *p);

/* Probabilities of the samples ids[*done] to ids[count - 1] (ascending), batch by batch. Ends early, and fine,
 * when interrupted: *done says how many have theirs. `bar` counts along. */
bool predictor_samples(struct predictor *p, struct workspace *ws, const int64_t *ids, size_t count,
                       float (*probabilities)[EMOTION_COUNT], size_t *done, struct progress *bar,
                       struct err *e);

#endif
