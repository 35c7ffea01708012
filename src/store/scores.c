/* Scores of samples. */
#include "ferlab/store/scores.h"

#include "ferlab/eval/suspects.h"

#include <math.h>

float sample_score(const struct columns *c, size_t row, enum sample_score s)
{
    const float *p = c->probabilities[row];

    switch (s) {
    case SAMPLE_CONFIDENCE:
        return c->confidence[row];
    case SAMPLE_DIVERGENCE:
        return c->divergence[row];
    case SAMPLE_SUSPECT:
        return c->suspect[row];
    case SAMPLE_ENTROPY:
        return c->entropy[row];
    case SAMPLE_SELF_CONFIDENCE:
        return (float)suspect_self_confidence(c->label[row], p);
    case SAMPLE_MARGIN:
        return (float)suspect_margin(c->label[row], p);
    case SAMPLE_KL:
        return (float)votes_kl(&c->votes[row], p);
    case SAMPLE_MISTAKENNESS:
        return (float)suspect_mistakenness(c->label[row], p);
    case SAMPLE_HARDNESS:
        return (float)suspect_hardness(p);
    case SAMPLE_SCORES:
        break;
    }
    return NAN;
}

const char *sample_score_name(enum sample_score s)
{
    static const char *const names[] = {
        [SAMPLE_CONFIDENCE] = "confidence",
        [SAMPLE_DIVERGENCE] = "divergence",
        [SAMPLE_SUSPECT] = "suspect",
        [SAMPLE_ENTROPY] = "entropy",
        [SAMPLE_SELF_CONFIDENCE] = "self_confidence",
        [SAMPLE_MARGIN] = "margin",
        [SAMPLE_KL] = "kl",
        [SAMPLE_MISTAKENNESS] = "mistakenness",
        [SAMPLE_HARDNESS] = "hardness",
    };

    return names[s];
}
