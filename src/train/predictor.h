/* Predictors over a network that is still being trained, and predictions for many samples. */
#ifndef FERLAB_TRAIN_PREDICTOR_H
#define FERLAB_TRAIN_PREDICTOR_H

#include "ferlab/base/progress.h"
#include "ferlab/nn/network.h"
#include "ferlab/train/inference.h"

/* As predictor_from_onnx, over a network that stays the caller's; predictor_refresh tells that its weights
 * have changed. */
struct predictor *predictor_over(struct network *net, int threads, struct err *e);
void predictor_refresh(struct predictor *p);

/* As predictor_from_onnx, with what is asked of the reading; NULL: nothing. */
struct predictor *predictor_reading(const void *bytes, size_t size, const char *name,
                                    const struct model_reading *asked, int threads, struct err *e);
/* What the workspace keeps of a model: architecture, parameters, input size. */
void predictor_describe(const struct predictor *p, struct model_new *m);
/* What was guessed of the reading and why; NULL where nothing was. */
const char *predictor_told(const struct predictor *p);
/* The bytes it came from with notes of the reading; mallocs *out. */
bool predictor_note(const struct predictor *p, const void *bytes, size_t size, void **out, size_t *out_size,
                    struct err *e);

/* The network of a model, to be freed by the caller; the predictor may only be freed then. NULL where it is a
 * graph. */
struct network *predictor_take_network(struct predictor *p);

/* The network to go on training from; fails with a sentence where the model is a graph of other operators or
 * is read otherwise than our own. */
struct network *model_trainable(const void *bytes, size_t size, const char *name, struct err *e);

/* Probabilities of the samples ids[*done] to ids[count - 1] (ascending), batch by batch. Ends early, and
 * fine, when interrupted: *done says how many have theirs. `bar` counts along. */
bool predictor_samples(struct predictor *p, struct workspace *ws, const int64_t *ids, size_t count,
                       float (*probabilities)[EMOTION_COUNT], size_t *done, struct progress *bar,
                       struct err *e);

#endif
