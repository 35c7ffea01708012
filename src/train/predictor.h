/* Predictors over a classifier that is still being trained, and predictions for many samples. */
#ifndef FERLAB_TRAIN_PREDICTOR_H
#define FERLAB_TRAIN_PREDICTOR_H

#include "classifier.h"

#include "ferlab/base/progress.h"
#include "ferlab/train/inference.h"

enum { PREDICTOR_SWEEP = 1024 }; /* samples that are read from the workspace at a time */

/* As predictor_from_onnx, over a classifier that stays the caller's; predictor_refresh tells that its weights
 * have changed. */
struct predictor *predictor_over(struct classifier *c, int threads, struct err *e);
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

/* How many values an embedding has: what goes into the model's last layer of weights. 0 where there is none.
 */
size_t predictor_embedding_values(const struct predictor *p);
/* Whether it has some, and no more than the workspace keeps. */
bool predictor_embeds(const struct predictor *p);

/* Probabilities of the samples ids[*done] to ids[count - 1] (ascending), batch by batch. Ends early, and
 * fine, when interrupted: *done says how many have theirs. `bar` counts along
 * (NULL: none). embeddings [count][values],
 * averaged over each face and its mirror image; NULL: not wanted. */
bool predictor_samples(struct predictor *p, struct workspace *ws, const int64_t *ids, size_t count,
                       float (*probabilities)[EMOTION_COUNT], float *embeddings, size_t *done,
                       struct progress *bar, struct err *e);

#endif
