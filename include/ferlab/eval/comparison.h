/* Comparison: two sets of predictions of the same faces, each against its own labels. Two models have the
 * same labels as a rule; one model against two label sets says what a review changed of its scores. Counted
 * are the faces that count on both sides, so that every difference is one of pairs. */
#ifndef FERLAB_EVAL_COMPARISON_H
#define FERLAB_EVAL_COMPARISON_H

#include "ferlab/eval/evaluation.h"
#include "ferlab/face/flip.h"

/* McNemar's test of whether two paired proportions differ (Psychometrika 12, 1947), from the pairs that are
 * right on one side only: two-sided exact binomial below MCNEMAR_EXACT of them, else chi-square of one degree
 * of freedom with Edwards' correction for continuity, (|fixed - broken| - 1)^2 / (fixed + broken). */
enum { MCNEMAR_EXACT = 25 };
struct mcnemar {
    bool exact;
    double statistic; /* chi-square; NaN where exact */
    double p;
};
struct mcnemar mcnemar_of(int64_t fixed, int64_t broken);

struct comparison_side {
    struct confusion confusion;
    struct metrics metrics;
    double score[SCORE_COUNT]; /* NaN where no face counts */
    int64_t in_sample;         /* how many of the faces that count the model was trained on */
};

struct comparison {
    struct comparison_side before, after;
    int64_t count;                            /* faces */
    int64_t flips[EMOTION_COUNT][FLIP_COUNT]; /* by the label after */
    int64_t relabelled;                       /* faces whose two labels differ */
};

/* Both describe the same rows. */
void comparison_of(const struct evaluation_faces *before, const struct evaluation_faces *after,
                   struct comparison *out);

int64_t comparison_flips(const struct comparison *c, enum flip f); /* of all classes */
struct mcnemar comparison_mcnemar(const struct comparison *c);
/* The emotion whose recall moved most, or CLASS_NONE where none moved. */
int comparison_moved(const struct comparison *c);

#endif
