/* Data sets: the faces a training learns from and is judged by, in memory, and batches made of them. */
#ifndef FERLAB_TRAIN_DATASET_H
#define FERLAB_TRAIN_DATASET_H

#include "model_input.h"

#include "ferlab/store/columns.h"
#include "ferlab/train/recipe.h"

#include <stddef.h>
#include <stdint.h>

/* Streams of random numbers: one for each use, each epoch and each sample, so that nothing depends on which
 * thread comes first. */
enum stream { STREAM_SHUFFLE = 1, STREAM_AUGMENT, STREAM_DRAW, STREAM_LIMIT };
void stream_seed(struct rng *r, uint64_t seed, enum stream use, int epoch, int64_t sample);

struct training_set {
    size_t count;
    int64_t *ids;    /* of the samples, ascending */
    float *targets;  /* EMOTION_COUNT each */
    uint8_t *pixels; /* FACE_PIXELS each */
};

/* The train split's faces with a target, at most recipe->limit of them. */
bool training_set_load(struct training_set *t, struct workspace *ws, const struct columns *c,
                       const struct recipe *recipe, struct err *e);
void training_set_free(struct training_set *t);
bool training_set_has(const struct training_set *t, int64_t id);

struct validation_set {
    size_t count;
    int64_t *ids;
    int8_t *labels; /* an emotion each: the majority's, or the reviewer's where the recipe takes reviews */
    uint8_t *pixels;
};

/* The valid split's faces with an emotion under the majority rule. `c` is under that rule. */
bool validation_set_load(struct validation_set *v, struct workspace *ws, const struct columns *c,
                         const struct recipe *recipe, struct err *e);
void validation_set_free(struct validation_set *v);

/* Images [count][size][size] and targets [count][EMOTION_COUNT] of the faces order[0..count-1]: augmented,
 * then brought to the scale one by one. */
struct batch {
    float *images, *targets;
    int size, threads;
    enum pixel_scale scale;
};
void batch_fill(struct batch *b, const struct training_set *t, const uint32_t *order, size_t count,
                const struct recipe *recipe, int epoch);

#endif
