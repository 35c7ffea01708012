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
enum stream {
    STREAM_SHUFFLE = 1,
    STREAM_AUGMENT,
    STREAM_DRAW,
    STREAM_LIMIT,
    STREAM_SHARE,
    STREAM_MIXUP,
    STREAM_FOLDS
};
void stream_seed(struct rng *r, uint64_t seed, enum stream use, int epoch, int64_t sample);

struct training_set {
    size_t count;
    int64_t *ids;    /* of the samples, ascending */
    float *targets;  /* EMOTION_COUNT each */
    uint8_t *pixels; /* FACE_PIXELS each */
    bool *reviewed;  /* a review stands, and the recipe takes reviews */
};

/* The train split's faces with a target, at most recipe->limit of them, the reviewed ones before the others.
 */
bool training_set_load(struct training_set *t, struct workspace *ws, const struct columns *c,
                       const struct recipe *recipe, struct err *e);
void training_set_free(struct training_set *t);

/* At most recipe->limit of `count` faces, drawn by the seed, those that `first` marks (NULL: none) before the
 * others; ascending; mallocs *chosen. */
bool training_set_draw(size_t count, const bool *first, const struct recipe *recipe, uint32_t **chosen,
                       size_t *kept, struct err *e);

size_t training_set_reviewed(const struct training_set *t);

bool training_set_has(const struct training_set *t, int64_t id);

/* How many faces take part in each epoch, and which, in the order in which they do: all that were reviewed
 * and the recipe's share of the others. order: room for all. */
size_t training_set_epoch_faces(const struct training_set *t, const struct recipe *recipe);
void training_set_order(const struct training_set *t, const struct recipe *recipe, int epoch,
                        uint32_t *order);

/* What each emotion weighs in the loss by the recipe's balance: 1 on the mean over the targets. */
void training_set_balance(const struct training_set *t, const struct recipe *recipe,
                          float weights[EMOTION_COUNT]);

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
/* The share of its faces, of which there are some, whose label is the most probable emotion. */
double validation_set_accuracy(const struct validation_set *v, float (*probabilities)[EMOTION_COUNT]);

/* Images [count][size][size] and targets [count][EMOTION_COUNT] of the faces order[0..count-1]: augmented,
 * brought to the scale one by one, mixed in pairs; the targets with their weights in the loss. */
struct batch {
    float *images, *targets;
    int size, threads;
    enum pixel_scale scale;
    float class_weights[EMOTION_COUNT];
};
void batch_fill(struct batch *b, const struct training_set *t, const uint32_t *order, size_t count,
                const struct recipe *recipe, int epoch);

#endif
