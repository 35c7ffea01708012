/* How far confidence can be believed: calibration error, likelihood, divergence from votes, and the
 * temperature that sets confidence right. Labels outside the eight emotions do not count. */
#ifndef FERLAB_EVAL_CALIBRATION_H
#define FERLAB_EVAL_CALIBRATION_H

#include "ferlab/face/emotion.h"

#include <stddef.h>
#include <stdint.h>

/* Sums over faces, added to one by one; zeroed at first. */
enum { CALIBRATION_BINS = 15 };
struct calibration {
    int64_t count[CALIBRATION_BINS], right[CALIBRATION_BINS];
    double confidence[CALIBRATION_BINS], cross_entropy;
};
void calibration_add(struct calibration *c, int label, const float probabilities[EMOTION_COUNT]);

/* The same in steps, for whoever adds a face more than once: its bin by the largest probability, its -ln p of
 * the label, and their sums. */
int calibration_bin(double confidence);
double calibration_loss(int label, const float probabilities[EMOTION_COUNT]);
static inline void calibration_count(struct calibration *c, int bin, bool right, double confidence,
                                     double loss)
{
    c->count[bin]++;
    c->right[bin] += right;
    c->confidence[bin] += confidence;
    c->cross_entropy += loss;
}

/* Expected calibration error over 15 bins of confidence of equal width, (0, 1/15] and so on: the mean
 * distance of accuracy from confidence, weighted by the bins' counts (Guo et al. 2017, arXiv 1706.04599). NaN
 * of no face. */
double calibration_error(const struct calibration *c);
/* Mean of -ln p of the label, in nats; probabilities below 1e-7 count as that. NaN of no face. */
double calibration_cross_entropy(const struct calibration *c);

#define CALIBRATION_COOLEST 0.25
#define CALIBRATION_HOTTEST 4.0

/* The temperature T at which the softmax of ln p / T, which is the softmax of the logits / T, gives the
 * labels of `count` faces the largest likelihood; from the coolest to the hottest, and 1 where there is no
 * face with an emotion. */
double calibration_temperature(float (*probabilities)[EMOTION_COUNT], const int8_t *labels, size_t count);

#endif
