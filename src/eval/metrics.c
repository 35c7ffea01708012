/* Metrics from a confusion matrix, and intervals around them. */
#include "ferlab/eval/metrics.h"

#include <math.h>
#include <stdbool.h>

void confusion_add(struct confusion *c, int label, int prediction)
{
    if (class_is_emotion(label) && class_is_emotion(prediction))
        c->cell[label][prediction]++;
}

void confusion_count(struct confusion *c, const int8_t *label, const int8_t *prediction, size_t count)
{
    for (size_t i = 0; i < count; i++)
        confusion_add(c, label[i], prediction[i]);
}

static double ratio(int64_t part, int64_t whole)
{
    return whole > 0 ? (double)part / (double)whole : NAN;
}

static void score_class(const struct confusion *c, int k, struct class_score *s)
{
    *s = (struct class_score){.right = c->cell[k][k]};
    for (int i = 0; i < EMOTION_COUNT; i++) {
        s->support += c->cell[k][i];
        s->predicted += c->cell[i][k];
    }
    s->precision = ratio(s->right, s->predicted);
    s->recall = ratio(s->right, s->support);
    s->f1 = ratio(2 * s->right, s->support + s->predicted);
}

void metrics_of(const struct confusion *c, struct metrics *out)
{
    int64_t right = 0;
    double f1_sum = 0, f1_weighted = 0;
    int f1_count = 0;
    out->count = 0;
    for (int k = 0; k < EMOTION_COUNT; k++) {
        struct class_score *s = &out->per_class[k];
        score_class(c, k, s);
        out->count += s->support;
        right += s->right;
        if (!isnan(s->f1)) {
            f1_sum += s->f1;
            f1_weighted += (double)s->support * s->f1;
            f1_count++;
        }
    }
    out->accuracy = ratio(right, out->count);
    out->macro_f1 = f1_count > 0 ? f1_sum / f1_count : NAN;
    out->weighted_f1 = out->count > 0 ? f1_weighted / (double)out->count : NAN;
}

int64_t metrics_right(const struct metrics *m)
{
    int64_t right = 0;
    for (int k = 0; k < EMOTION_COUNT; k++)
        right += m->per_class[k].right;
    return right;
}

/* Wilson 1927: the interval of all proportions from which the one seen is at most z standard errors away. */
void metrics_wilson(int64_t right, int64_t count, double *low, double *high)
{
    if (count <= 0) {
        *low = 0;
        *high = 1;
        return;
    }
    const double z = 1.959963984540054;
    double n = (double)count, p = (double)right / n;
    double centre = p + z * z / (2 * n);
    double spread = z * sqrt(p * (1 - p) / n + z * z / (4 * n * n));
    double scale = 1 + z * z / n;
    *low = right == 0 ? 0 : (centre - spread) / scale;
    *high = right == count ? 1 : (centre + spread) / scale;
}
