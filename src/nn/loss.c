/* Softmax and the losses on top of it, one image at a time. */
#include "layer.h"

#include <math.h>
#include <string.h>

static float largest(int classes, const float *logits)
{
    float top = logits[0];
    for (int k = 1; k < classes; k++)
        top = logits[k] > top ? logits[k] : top;
    return top;
}

void softmax_forward(int classes, int count, const float *logits, float *probabilities)
{
    for (int n = 0; n < count; n++, logits += classes, probabilities += classes) {
        float top = largest(classes, logits), sum = 0.0f;
        for (int k = 0; k < classes; k++)
            sum += probabilities[k] = expf(logits[k] - top);
        for (int k = 0; k < classes; k++)
            probabilities[k] /= sum;
    }
}

/* log p_k = logit_k - this; finite where p_k itself rounds to 0. */
static double log_partition(int classes, const float *logits)
{
    double top = (double)largest(classes, logits), sum = 0.0;
    for (int k = 0; k < classes; k++)
        sum += exp((double)logits[k] - top);
    return top + log(sum);
}

/* The class whose probability the multi-target loss takes, -1 where no class is a target. */
static int best_target(int classes, const float *logits, const float *targets)
{
    int best = -1;
    for (int k = 0; k < classes; k++)
        if (targets[k] > 0.0f && (best < 0 || logits[k] > logits[best]))
            best = k;
    return best;
}

/* Loss of one image; weights[k] are the t_k it used, so that d_logit_k = p_k sum(weights) - weights_k. */
static double image_loss(enum loss kind, int classes, const float *logits, const float *targets,
                         float *weights)
{
    double partition = log_partition(classes, logits), loss = 0.0;
    if (kind == LOSS_MULTI_TARGET) {
        int best = best_target(classes, logits, targets);
        memset(weights, 0, (size_t)classes * sizeof *weights);
        if (best >= 0)
            weights[best] = targets[best];
    } else {
        memcpy(weights, targets, (size_t)classes * sizeof *weights);
    }
    for (int k = 0; k < classes; k++)
        if (weights[k] > 0.0f)
            loss -= (double)weights[k] * ((double)logits[k] - partition);
    return loss;
}

void loss_apply(enum loss kind, int classes, int count, int batch, const float *logits,
                const float *probabilities, const float *targets, double *losses, float *d_logits)
{
    float share = 1.0f / (float)batch;
    for (int n = 0; n < count; n++) {
        losses[n] = image_loss(kind, classes, logits, targets, d_logits);
        float sum = 0.0f;
        for (int k = 0; k < classes; k++)
            sum += d_logits[k];
        for (int k = 0; k < classes; k++)
            d_logits[k] = (probabilities[k] * sum - d_logits[k]) * share;
        logits += classes, probabilities += classes, targets += classes, d_logits += classes;
    }
}
