/* Calibration: binned error, likelihood, temperature. */
#include "ferlab/eval/calibration.h"

#include <math.h>

static const double least_probability = 1e-7, close_enough = 1e-4;

int calibration_bin(double confidence)
{
    int bin = (int)ceil(confidence * CALIBRATION_BINS) - 1;
    return bin < 0 ? 0 : bin >= CALIBRATION_BINS ? CALIBRATION_BINS - 1 : bin;
}

double calibration_loss(int label, const float probabilities[EMOTION_COUNT])
{
    return -log(fmax((double)probabilities[label], least_probability));
}

void calibration_add(struct calibration *c, int label, const float probabilities[EMOTION_COUNT])
{
    if (!class_is_emotion(label))
        return;
    int prediction = emotion_most_probable(probabilities);
    double confidence = (double)probabilities[prediction];
    calibration_count(c, calibration_bin(confidence), prediction == label, confidence,
                      calibration_loss(label, probabilities));
}

static int64_t count_all(const struct calibration *c)
{
    int64_t count = 0;
    for (int b = 0; b < CALIBRATION_BINS; b++)
        count += c->count[b];
    return count;
}

double calibration_error(const struct calibration *c)
{
    double distance = 0;
    int64_t count = count_all(c);
    for (int b = 0; b < CALIBRATION_BINS; b++)
        distance += fabs((double)c->right[b] - c->confidence[b]);
    return count > 0 ? distance / (double)count : NAN;
}

double calibration_cross_entropy(const struct calibration *c)
{
    int64_t count = count_all(c);
    return count > 0 ? c->cross_entropy / (double)count : NAN;
}

/* The sum over faces of -ln of the label's probability at that temperature. */
static double loss_at(double temperature, float (*probabilities)[EMOTION_COUNT], const int8_t *labels,
                      size_t count)
{
    double loss = 0;
    for (size_t i = 0; i < count; i++) {
        if (!class_is_emotion(labels[i]))
            continue;
        double sum = 0, logit[EMOTION_COUNT];
        for (int k = 0; k < EMOTION_COUNT; k++) {
            logit[k] = log(fmax((double)probabilities[i][k], least_probability)) / temperature;
            sum += exp(logit[k]);
        }
        loss += log(sum) - logit[labels[i]];
    }
    return loss;
}

/* By golden sections in ln T: the loss is convex in 1 / T, so there is one valley. */
double calibration_temperature(float (*probabilities)[EMOTION_COUNT], const int8_t *labels, size_t count)
{
    const double section = (sqrt(5) - 1) / 2;
    double low = log(CALIBRATION_COOLEST), high = log(CALIBRATION_HOTTEST);
    double left = high - section * (high - low), right = low + section * (high - low);
    double loss_left = loss_at(exp(left), probabilities, labels, count),
           loss_right = loss_at(exp(right), probabilities, labels, count);
    if (loss_left == 0 && loss_right == 0)
        return 1;
    while (high - low > close_enough) {
        if (loss_left < loss_right) {
            high = right;
            right = left;
            loss_right = loss_left;
            left = high - section * (high - low);
            loss_left = loss_at(exp(left), probabilities, labels, count);
        } else {
            low = left;
            left = right;
            loss_left = loss_right;
            right = low + section * (high - low);
            loss_right = loss_at(exp(right), probabilities, labels, count);
        }
    }
    return exp((low + high) / 2);
}
