/* The numbers of a recipe: where they lie, what they may be, what they are called. */
#include "ferlab/train/recipe.h"

#include <math.h>

#define AT(member) offsetof(struct recipe, member)
#define REQUIRED NAN

const struct recipe_number recipe_numbers[RECIPE_NUMBERS] = {
    {"epochs", "epochs", "N", "times through the training faces", RECIPE_INT, AT(epochs), 1,
     RECIPE_EPOCHS_MAX, REQUIRED, false},
    {"folds", "folds", "K", "K models (usually 5), each predicts the faces that it did not see; 0: one model",
     RECIPE_INT, AT(folds), 0, RECIPE_FOLDS_MAX, 0, false},
    {"batch", "batch", "B", "faces per step", RECIPE_INT, AT(batch), 1, RECIPE_BATCH_MAX, REQUIRED, false},
    {"learning_rate", "lr", "L", "largest learning rate", RECIPE_DOUBLE, AT(learning_rate), 0,
     RECIPE_RATE_MAX, REQUIRED, false},
    {"warmup", "warmup", "S", "share of all steps in which the rate rises", RECIPE_DOUBLE, AT(warmup), 0, 1,
     REQUIRED, false},
    {"momentum", "momentum", "M", "Nesterov momentum", RECIPE_DOUBLE, AT(momentum), 0, 0.9999, REQUIRED,
     false},
    {"weight_decay", "weight-decay", "D", "of weights, not of biases and norms", RECIPE_DOUBLE,
     AT(weight_decay), 0, 1, REQUIRED, false},
    {"ema", "ema", "D", "keep an average of the weights that forgets 1 - D a step; 0: the weights themselves",
     RECIPE_DOUBLE, AT(ema), 0, 0.99999, 0, false},
    {"mixup", "mixup", "A", "mix each face with another, by shares of Beta(A, A); 0: no", RECIPE_DOUBLE,
     AT(mixup), 0, 1, 0, false},
    {"balance", "balance", "B", "weigh an emotion by its share of the targets to the -B; 0: all alike",
     RECIPE_DOUBLE, AT(balance), 0, 1, 0, false},
    {"review_weight", "review-weight", "W", "weight of a reviewed face beside 1 of the others", RECIPE_DOUBLE,
     AT(review_weight), 0, RECIPE_WEIGHT_MAX, 1, false},
    {"keep", "keep", "S", "part of the weights of --from in the model, beside those learnt", RECIPE_DOUBLE,
     AT(keep), 0, 1, 0, false},
    {"share", "share", "S", "of the faces without a review, the share drawn for each epoch", RECIPE_DOUBLE,
     AT(share), 0, 1, 1, false},
    {"limit", "limit", "N", "at most N training faces, reviewed ones first, then drawn by the seed; 0: all",
     RECIPE_INT64, AT(limit), 0, RECIPE_LIMIT_MAX, REQUIRED, false},
    {"seed", "seed", "S", "of all that is random", RECIPE_SEED, AT(seed), 0, RECIPE_SEED_MAX, REQUIRED,
     false},
    {"threads", "threads", "T", "0: all the machine has", RECIPE_INT, AT(threads), 0, RECIPE_THREADS_MAX,
     REQUIRED, false},
    {"rotation", "rotation", "DEG", "augmentation: rotation in +-DEG degrees", RECIPE_FLOAT,
     AT(augmentation.rotation_deg), 0, RECIPE_ROTATION_MAX, REQUIRED, true},
    {"zoom", "zoom", "Z", "augmentation: zoom by exp(+-Z)", RECIPE_FLOAT, AT(augmentation.zoom), 0,
     RECIPE_ZOOM_MAX, REQUIRED, true},
    {"aspect", "aspect", "A", "augmentation: height by exp(+-A)", RECIPE_FLOAT, AT(augmentation.aspect), 0,
     RECIPE_ZOOM_MAX, REQUIRED, true},
    {"shift", "shift", "S", "augmentation: shift by +-S of the side", RECIPE_FLOAT, AT(augmentation.shift), 0,
     RECIPE_SHIFT_MAX, REQUIRED, true},
    {"erase", "erase", "P", "augmentation: probability that a rectangle is erased", RECIPE_FLOAT,
     AT(augmentation.erase), 0, 1, 0, true},
};

double recipe_get(const struct recipe *r, const struct recipe_number *number)
{
    const void *at = (const char *)r + number->offset;
    switch (number->type) {
    case RECIPE_INT:
        return *(const int *)at;
    case RECIPE_INT64:
        return (double)*(const int64_t *)at;
    case RECIPE_SEED:
        return (double)*(const uint64_t *)at;
    case RECIPE_FLOAT:
        return (double)*(const float *)at;
    default:
        return *(const double *)at;
    }
}

void recipe_set(struct recipe *r, const struct recipe_number *number, double value)
{
    void *at = (char *)r + number->offset;
    switch (number->type) {
    case RECIPE_INT:
        *(int *)at = (int)value;
        break;
    case RECIPE_INT64:
        *(int64_t *)at = (int64_t)value;
        break;
    case RECIPE_SEED:
        *(uint64_t *)at = (uint64_t)value;
        break;
    case RECIPE_FLOAT:
        *(float *)at = (float)value;
        break;
    default:
        *(double *)at = value;
    }
}
