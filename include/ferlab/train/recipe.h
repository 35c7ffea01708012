/* Recipes: everything that decides a training, apart from the data itself. */
#ifndef FERLAB_TRAIN_RECIPE_H
#define FERLAB_TRAIN_RECIPE_H

#include "ferlab/face/augment.h"
#include "ferlab/store/columns.h"

#include <limits.h>
#include <stddef.h>

struct recipe {
    char arch[256];             /* preset or architecture string; ignored with `from` */
    char name[64];              /* of the run and its model; "": made from the architecture */
    char from[PATH_MAX];        /* model name or ONNX path to start from; "": fresh weights */
    int epochs, batch, threads; /* threads 0: all */
    /* 0: one model of the train split. Else so many, one after the other, each of the faces of train and
     * valid that the others keep out; what comes of it is their predictions of what they did not see. */
    int folds;
    double learning_rate, momentum, weight_decay, warmup; /* warmup: share of all steps */
    /* Decay a step of the weights' running average, which is then what is judged and kept; 0: no average. */
    double ema;
    /* Each face of a batch is mixed with another, in shares drawn from Beta(mixup, mixup); 0: none (Zhang et
     * al. 2018, arXiv 1710.09412). */
    double mixup;
    /* Emotion k weighs in the loss as its share of the targets to the power of -balance; 0: all alike. */
    double balance;
    double review_weight; /* of a face with a standing review in the loss, beside 1 of the others */
    /* Part of the weights of `from`, where there is one, in what is judged and kept, the rest being those
     * learnt: a short training pays for what it follows with what it forgets, and their mean keeps most of
     * both (WiSE-FT, Wortsman et al. 2022, arXiv 2109.01903). */
    double keep;
    double share; /* of the faces without a review that take part in an epoch, drawn anew for each */
    enum rule rule;
    enum label_source labels;
    struct augmentation augmentation;
    uint64_t seed;
    int64_t limit;  /* at most so many training faces, drawn by the seed; 0: all */
    bool calibrate; /* the model's last layer is scaled so that its confidence agrees with its accuracy */
    bool use;       /* make the result the current model */
};

/* What recipe_check allows at most, where others need to know. A seed must survive JSON readers that keep
 * numbers as doubles. */
#define RECIPE_EPOCHS_MAX 10000
#define RECIPE_FOLDS_MAX 20
#define RECIPE_FOLDS_USUAL 5
#define RECIPE_BATCH_MAX 4096
#define RECIPE_THREADS_MAX 256
#define RECIPE_RATE_MAX 10
#define RECIPE_ROTATION_MAX 180
#define RECIPE_ZOOM_MAX 1
#define RECIPE_SHIFT_MAX 0.5
#define RECIPE_WEIGHT_MAX 1000
#define RECIPE_SEED_MAX 9007199254740991
#define RECIPE_LIMIT_MAX 1000000000

/* The numbers of a recipe, a row each: the record, the check, the options of `ferlab train` and the command
 * of a job all come from this table. */
enum recipe_type { RECIPE_INT, RECIPE_INT64, RECIPE_SEED, RECIPE_DOUBLE, RECIPE_FLOAT };
struct recipe_number {
    const char *key;    /* in the record; those of the augmentation lie in an object of that name */
    const char *option; /* without the dashes */
    const char *unit;   /* what the option takes, "N" */
    const char *help;
    enum recipe_type type;
    size_t offset; /* in struct recipe */
    double low, high;
    double missing; /* what a record without it means; NaN: it must be there */
    bool of_augmentation;
};
enum { RECIPE_NUMBERS = 21 };
extern const struct recipe_number recipe_numbers[RECIPE_NUMBERS];
double recipe_get(const struct recipe *r, const struct recipe_number *number);
void recipe_set(struct recipe *r, const struct recipe_number *number, double value);
static inline bool recipe_number_is_whole(const struct recipe_number *number)
{
    return number->type != RECIPE_DOUBLE && number->type != RECIPE_FLOAT;
}

extern const struct recipe recipe_default;   /* full training from fresh weights */
extern const struct recipe recipe_fine_tune; /* after a review session, from an existing model */
extern const struct recipe recipe_folds;     /* predictions out of sample, good enough to rank labels by */

/* A model of folds that learns from few faces has to see them more often before labels can be ranked by what
 * it says: where it would take fewer than RECIPE_FOLD_STEPS steps, the batch is halved, down to
 * RECIPE_FOLD_BATCH, and if that is not enough there are more epochs, up to RECIPE_FOLD_EPOCHS. What somebody
 * said stays as it is, and so do recipes of one model. faces: with a target, of the splits that are dealt. */
#define RECIPE_FOLD_STEPS 500
#define RECIPE_FOLD_BATCH 32
#define RECIPE_FOLD_EPOCHS 40
void recipe_fit_folds(struct recipe *r, int64_t faces, bool batch_said, bool epochs_said);

/* Steps of one model of such folds, before the faces are dealt. */
int64_t recipe_fold_steps(const struct recipe *r, int64_t faces);

/* Architectures that have a name; NULL behind the last. */
const char *recipe_arch(int index);

/* Learning rate of step `step` of `steps`: linear warm-up, then cosine to zero. */
double recipe_learning_rate(const struct recipe *r, int64_t step, int64_t steps);

/* Decay of the average at step `step`: short of r->ema at first, so that the first weights are soon
 * forgotten. */
double recipe_ema(const struct recipe *r, int64_t step);

/* As JSON text, malloc'ed; back from that; and the sanity of its numbers. What was read from a record is
 * recorded as the same again, bit by bit: a training settles its recipe so before it begins. */
char *recipe_json(const struct recipe *r);
bool recipe_parse(const char *text, struct recipe *out, struct err *e);
bool recipe_check(const struct recipe *r, struct err *e);
/* The same of its words alone: an architecture of fresh weights, a model's name ("" is one to be made up). */
bool recipe_check_arch(const char *arch, struct err *e);
bool recipe_check_name(const char *name, struct err *e);

#endif
