/* Faces' parts in the scores, and their sums. */
#include "tally.h"

#include <math.h>

/* Of equal probabilities the first counts as the larger, as for predictions. */
static bool is_among_two(int label, const float p[EMOTION_COUNT])
{
    int before = 0;
    for (int k = 0; k < EMOTION_COUNT; k++)
        before += p[k] > p[label] || (k < label && p[k] == p[label]);
    return before < 2;
}

static double brier_of(int label, const float p[EMOTION_COUNT])
{
    double sum = 0;
    for (int k = 0; k < EMOTION_COUNT; k++) {
        double off = (double)p[k] - (k == label);
        sum += off * off;
    }
    return sum;
}

bool tally_face_of(const struct evaluation_faces *f, size_t row, struct tally_face *out)
{
    int label = f->label[row], prediction = f->prediction[row];
    if (!class_is_emotion(label) || !class_is_emotion(prediction))
        return false;
    const float *p = f->probabilities[row];
    double kl = votes_kl(&f->votes[row], p);
    *out = (struct tally_face){
        .label = (int8_t)label,
        .prediction = (int8_t)prediction,
        .bin = (uint8_t)calibration_bin((double)p[prediction]),
        .top2 = is_among_two(label, p),
        .voted = !isnan(kl),
        .confidence = p[prediction],
        .loss = (float)calibration_loss(label, p),
        .brier = (float)brier_of(label, p),
    };
    if (out->voted) {
        out->kl = (float)kl;
        out->js = (float)votes_divergence(&f->votes[row], p);
    }
    return true;
}

static double mean(double sum, int64_t count)
{
    return count > 0 ? sum / (double)count : NAN;
}

void tally_scores(const struct tally *t, const struct metrics *m, double score[SCORE_COUNT])
{
    score[SCORE_ACCURACY] = m->accuracy;
    score[SCORE_MACRO_F1] = m->macro_f1;
    score[SCORE_WEIGHTED_F1] = m->weighted_f1;
    score[SCORE_TOP2] = mean((double)t->top2, t->count);
    score[SCORE_CROSS_ENTROPY] = calibration_cross_entropy(&t->calibration);
    score[SCORE_BRIER] = mean(t->brier, t->count);
    score[SCORE_ECE] = calibration_error(&t->calibration);
    score[SCORE_KL_VOTES] = mean(t->kl, t->voted);
    score[SCORE_JS_VOTES] = mean(t->js, t->voted);
}
