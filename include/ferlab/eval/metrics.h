/* Metrics over arrays of labels and predictions: confusion matrix, accuracy, precision, recall, F1.
 * Labels outside the eight emotions do not count. Rows of a matrix are labels, columns predictions. */
#ifndef FERLAB_EVAL_METRICS_H
#define FERLAB_EVAL_METRICS_H

#include "ferlab/face/emotion.h"

#include <stddef.h>
#include <stdint.h>

struct confusion {
    int64_t cell[EMOTION_COUNT][EMOTION_COUNT];
};

struct class_score {
    int64_t support, predicted, right; /* row total, column total, diagonal */
    double precision, recall,
        f1; /* NaN where the denominator is zero (f1: 0 where the class was there but never right) */
};

struct metrics {
    int64_t count;
    double accuracy;    /* NaN where count is 0 */
    double macro_f1;    /* mean of f1 over classes that occur as label or prediction, as scikit-learn does */
    double weighted_f1; /* mean of f1 over classes, weighted by their support */
    struct class_score per_class[EMOTION_COUNT];
};

void confusion_add(struct confusion *c, int label, int prediction); /* ignores non-emotions */
void confusion_count(struct confusion *c, const int8_t *label, const int8_t *prediction, size_t count);
void metrics_of(const struct confusion *c, struct metrics *out);
int64_t metrics_right(const struct metrics *m); /* faces whose prediction is their label */

/* Wilson score interval of a proportion at 95 %. */
void metrics_wilson(int64_t right, int64_t count, double *low, double *high);

#endif
