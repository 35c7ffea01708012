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

/* The largest probability of another class. */
static double rival(int label, const float p[EMOTION_COUNT])
{
    double other = 0;

    for (int k = 0; k < EMOTION_COUNT; k++) {
        if (k != label)
            other = fmax(other, (double)p[k]);
    }
    return other;
}

double suspect_margin(int label, const float p[EMOTION_COUNT])
{
    return is_known(label, p) ? ((double)p[label] - rival(label, p) + 1) / 2 : NAN;
}

/* Of the logistic function: fitted by tests/bench/suspects.py --fit to planted errors of FER+'s train split,
 * a tenth of all labels, that two folds of three epochs had learnt from. */
static const double weight_constant = -5.5, weight_divergence = 4.04, weight_label = 1.05,
                    weight_rival = 0.43, weight_disagreement = 1.93, weight_agreement = -4.73;

double suspect_score(int label, const float p[EMOTION_COUNT], double divergence, double disagreement)
{
    static const double least = 1e-4;

    if (!is_known(label, p) || isnan(divergence))
        return NAN;
    double z = weight_constant + weight_divergence * divergence -
               weight_label * log(fmax((double)p[label], least)) +
               weight_rival * log(fmax(rival(label, p), least));

    if (!isnan(disagreement))
        z += weight_disagreement * disagreement + weight_agreement * (1 - disagreement);
    return 1 / (1 + exp(-z));
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
