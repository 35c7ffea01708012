/* What a model's probabilities say against a label. */
#include "ferlab/eval/suspects.h"

#include <math.h>

static bool is_known(int label, const float p[EMOTION_COUNT])
{
    return class_is_emotion(label) && !isnan(p[0]);
}

double suspect_self_confidence(int label, const float p[EMOTION_COUNT])
{
    return is_known(label, p) ? (double)p[label] : NAN;
}

double suspect_margin(int label, const float p[EMOTION_COUNT])
{
    double other = 0;

    if (!is_known(label, p))
        return NAN;
    for (int k = 0; k < EMOTION_COUNT; k++) {
        if (k != label)
            other = fmax(other, (double)p[k]);
    }
    return ((double)p[label] - other + 1) / 2;
}

double suspect_mistakenness(int label, const float p[EMOTION_COUNT])
{
    if (!is_known(label, p))
        return NAN;
    int prediction = emotion_most_probable(p);
    double confidence = (double)p[prediction];

    return ((prediction == label ? -confidence : confidence) + 1) / 2;
}

double suspect_hardness(const float p[EMOTION_COUNT])
{
    double entropy = isnan(p[0]) ? NAN : 0;

    for (int k = 0; k < EMOTION_COUNT; k++) {
        if (p[k] > 0)
            entropy -= (double)p[k] * log((double)p[k]);
    }
    return entropy;
}
