/* Confident learning: which labels are probably wrong, and what they should be, by counting images that are
 * confidently of another class than they are labelled (Northcutt, Jiang, Chuang 2021, "Confident learning:
 * estimating uncertainty in dataset labels", JAIR 70, arXiv 1911.00068). */
#ifndef FERLAB_EVAL_CONFIDENT_H
#define FERLAB_EVAL_CONFIDENT_H

#include "ferlab/base/err.h"
#include "ferlab/face/emotion.h"

#include <stddef.h>
#include <stdint.h>

struct confident_joint {
    int64_t labelled[EMOTION_COUNT]; /* images with that label */
    /* t_k: the mean of p_k over the images labelled k; NaN where there is none. An image is confidently of a
       class whose p_k >= t_k, of several of the one with the largest p_k. */
    double threshold[EMOTION_COUNT];
    int64_t count[EMOTION_COUNT][EMOTION_COUNT]; /* labelled (row) and confidently of (column) */
    /* The counts with each row scaled to the images with that label: an estimate of all images by label and
       true class. A row without counts has its images on the diagonal. */
    double calibrated[EMOTION_COUNT][EMOTION_COUNT];
};

/* Over images 0..count-1 whose label is an emotion; the others, CLASS_NONE among them, take no part. Their
 * probabilities are out of sample. */
void confident_joint(const int8_t *label, float (*probabilities)[EMOTION_COUNT], size_t count,
                     struct confident_joint *out);

/* Prune by noise rate: for each label y and other class j, of the images labelled y the calibrated count of
 * (y, j), rounded, with the largest p_j - p_y are issues, and j is what they probably are; of equal ones the
 * first. Only images with p_j > p_y are. issue[i]: that j, of several the one with the largest p_j, else
 * CLASS_NONE. Fails for want of memory only. Work grows with count log count. */
bool confident_issues(const struct confident_joint *joint, const int8_t *label,
                      float (*probabilities)[EMOTION_COUNT], size_t count, int8_t *issue, struct err *e);

#endif
