/* Recipes: everything that decides a training, apart from the data itself. */
#ifndef FERLAB_TRAIN_RECIPE_H
#define FERLAB_TRAIN_RECIPE_H

#include "ferlab/face/augment.h"
#include "ferlab/store/columns.h"

#include <limits.h>

struct recipe {
    char arch[256];             /* preset or architecture string; ignored with `from` */
    char name[64];              /* of the run and its model; "": made from the architecture */
    char from[PATH_MAX];        /* model name or ONNX path to start from; "": fresh weights */
    int epochs, batch, threads; /* threads 0: all */
    double learning_rate, momentum, weight_decay, warmup; /* warmup: share of all steps */
    enum rule rule;
    enum label_source labels;
    struct augmentation augmentation;
    uint64_t seed;
    int64_t limit; /* at most so many training faces, drawn by the seed; 0: all */
    bool use;      /* make the result the current model */
};

/* What recipe_check allows at most; options say the same. A seed must survive JSON readers that keep numbers
 * as doubles. */
#define RECIPE_EPOCHS_MAX 10000
#define RECIPE_BATCH_MAX 4096
#define RECIPE_THREADS_MAX 256
#define RECIPE_RATE_MAX 10
#define RECIPE_MOMENTUM_MAX 0.9999
#define RECIPE_ROTATION_MAX 180
#define RECIPE_ZOOM_MAX 1
#define RECIPE_SHIFT_MAX 0.5
#define RECIPE_SEED_MAX 9007199254740991
#define RECIPE_LIMIT_MAX 1000000000

extern const struct recipe recipe_default;   /* full training from fresh weights */
extern const struct recipe recipe_fine_tune; /* after a review session, from an existing model */

/* Learning rate of step `step` of `steps`: linear warm-up, then cosine to zero. */
double recipe_learning_rate(const struct recipe *r, int64_t step, int64_t steps);

/* As JSON text, malloc'ed; back from that; and the sanity of its numbers. What was read from a record is
 * recorded as the same again, bit by bit: a training settles its recipe so before it begins. */
char *recipe_json(const struct recipe *r);
bool recipe_parse(const char *text, struct recipe *out, struct err *e);
bool recipe_check(const struct recipe *r, struct err *e);

#endif
