/* Evaluation of a model's predictions for a set of faces. */
#include "tally.h"

#include <math.h>

static const struct {
    const char *name, *title;
    bool percentage;
} scores[SCORE_COUNT] = {
    [SCORE_ACCURACY] = {"accuracy", "accuracy", true},
    [SCORE_MACRO_F1] = {"macro_f1", "macro F1", false},
    [SCORE_WEIGHTED_F1] = {"weighted_f1", "weighted F1", false},
    [SCORE_TOP2] = {"top2", "top-2 accuracy", true},
    [SCORE_CROSS_ENTROPY] = {"cross_entropy", "cross-entropy", false},
    [SCORE_BRIER] = {"brier", "Brier score", false},
    [SCORE_ECE] = {"ece", "calibration error", true},
    [SCORE_KL_VOTES] = {"kl_votes", "KL to the votes", false},
    [SCORE_JS_VOTES] = {"js_votes", "JS to the votes", false},
};

const char *score_name(enum score s)
{
    return scores[s].name;
}

const char *score_title(enum score s)
{
    return scores[s].title;
}

bool score_is_percentage(enum score s)
{
    return scores[s].percentage;
}

static void add_crowd(const struct evaluation_faces *f, size_t row, struct evaluation *out)
{
    const struct votes *v = &f->votes[row];
    agreement_add(&out->crowd, v, CLASS_COUNT);
    agreement_add(&out->crowd_emotions, v, EMOTION_COUNT);
    ceiling_add(&out->ceiling, v);
    double share = agreement_share(v, f->crowd[row]);
    if (!isnan(share)) {
        out->share_sum += share;
        out->shares++;
    }
}

static void add_to_band(const struct evaluation_faces *f, size_t row, struct evaluation *out)
{
    int band = agreement_band(&f->votes[row], f->crowd[row]);
    if (band < 0)
        return;
    out->band[band].count++;
    out->band[band].right += f->prediction[row] == f->label[row];
}

void evaluation_of(const struct evaluation_faces *f, struct evaluation *out)
{
    struct tally tally = {0};
    struct tally_face face;
    *out = (struct evaluation){0};
    for (size_t i = 0; i < f->count; i++) {
        size_t row = f->rows[i];
        add_crowd(f, row, out);
        out->labelled += class_is_emotion(f->label[row]);
        if (!tally_face_of(f, row, &face))
            continue;
        tally_add(&tally, &face);
        add_to_band(f, row, out);
        out->in_sample += f->in_sample[row];
    }
    out->confusion = tally.confusion;
    out->calibration = tally.calibration;
    out->voted = tally.voted;
    metrics_of(&out->confusion, &out->metrics);
    tally_scores(&tally, &out->metrics, out->score);
}

double evaluation_crowd_share(const struct evaluation *v)
{
    return v->shares > 0 ? v->share_sum / (double)v->shares : NAN;
}
