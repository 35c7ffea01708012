/* Folds: faces dealt into parts of one size and mix, so that each part can be predicted by a model of the
 * others (stratified cross-validation: Kohavi 1995, "A study of cross-validation and bootstrap for accuracy
 * estimation and model selection"). */
#ifndef FERLAB_TRAIN_FOLDS_H
#define FERLAB_TRAIN_FOLDS_H

#include "ferlab/base/err.h"

#include <stddef.h>
#include <stdint.h>

/* fold[i] becomes 0 to folds - 1. Faces of one group (its first face, as duplicates_group tells) come to one
 * fold. Each label, CLASS_NONE too, is in each fold alike, to within one face, as far as the faces that stand
 * alone can even out the groups. The same for the same seed. */
bool folds_deal(const int8_t *label, const uint32_t *group, size_t count, int folds, uint64_t seed,
                uint8_t *fold, struct err *e);

#endif
