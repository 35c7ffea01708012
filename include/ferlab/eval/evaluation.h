/* Evaluation: all that is to be said of a model's predictions for a set of faces, against one set of labels,
 * and of the crowd behind these labels. What `ferlab eval` prints and the metrics view shows. */
#ifndef FERLAB_EVAL_EVALUATION_H
#define FERLAB_EVAL_EVALUATION_H

#include "ferlab/eval/agreement.h"
#include "ferlab/eval/calibration.h"
#include "ferlab/eval/metrics.h"

#include <stddef.h>

/* The faces, as arrays over all rows of a workspace, of which `rows` picks `count`. Borrowed. */
struct evaluation_faces {
    const int8_t *label; /* to measure against: class 0..9 or CLASS_NONE */
    const int8_t *crowd; /* the crowd's own label; bands of agreement go by it */
    const int8_t *prediction;
    float (*probabilities)[EMOTION_COUNT]; /* not read where prediction is CLASS_NONE */
    const bool *in_sample;
    const struct votes *votes; /* all zero where a face has none */
    const uint32_t *rows;
    size_t count;
};

/* Scores that are means over faces, or follow from sums over them: those that intervals can be given for. */
enum score {
    SCORE_ACCURACY,
    SCORE_MACRO_F1,
    SCORE_WEIGHTED_F1,
    SCORE_TOP2,          /* share of faces whose label is among the two largest probabilities */
    SCORE_CROSS_ENTROPY, /* calibration_cross_entropy */
    SCORE_BRIER,         /* mean over faces of sum_k (p_k - [k is the label])^2, in [0, 2] (Brier 1950) */
    SCORE_ECE,           /* calibration_error */
    SCORE_KL_VOTES,      /* mean of votes_kl over the faces with votes for an emotion, in nats */
    SCORE_JS_VOTES,      /* mean of votes_divergence over the same, in [0, 1] */
    SCORE_COUNT
};
const char *score_name(enum score s);   /* as in JSON: "macro_f1" */
const char *score_title(enum score s);  /* for people: "macro F1" */
bool score_is_percentage(enum score s); /* people read it as one */

struct evaluation_band {
    int64_t count, right;
};

struct evaluation {
    /* of the faces that count: their label is an emotion, and they have a prediction */
    struct confusion confusion;
    struct metrics metrics;
    struct calibration calibration;
    double score[SCORE_COUNT]; /* NaN where no face counts */
    int64_t in_sample;         /* how many of them the model was trained on */
    int64_t voted;             /* how many of them have votes for an emotion */
    struct evaluation_band band[AGREEMENT_BANDS];

    int64_t labelled; /* faces whose label is an emotion, with a prediction or without */

    /* of all faces picked, whatever their label: to choose those with a label is to choose by agreement */
    struct agreement crowd, crowd_emotions; /* of all ten columns; of the emotions among themselves */
    struct ceiling ceiling;
    double share_sum; /* of agreement_share, */
    int64_t shares;   /* over the faces where the crowd gives an emotion */
};

void evaluation_of(const struct evaluation_faces *f, struct evaluation *out);

/* Expected accuracy of a random vote against the label that the crowd gives, this vote included. */
double evaluation_crowd_share(const struct evaluation *v);

#endif
