/* How far the crowd agrees with itself, whatever any model says: Krippendorff's alpha, Fleiss' kappa, what
 * one tagger would score against the others, and the share of the votes behind a label. Faces may have any
 * number of votes. Sums over faces are added to one by one and zeroed at first. */
#ifndef FERLAB_EVAL_AGREEMENT_H
#define FERLAB_EVAL_AGREEMENT_H

#include "ferlab/face/votes.h"

#include <stdint.h>

struct agreement {
    int64_t faces; /* with two votes or more; others say nothing of agreement */
    double votes[CLASS_COUNT];
    double disagreement; /* sum of sum_c n_c (n - n_c) / (n - 1), of a face with n votes, n_c of them for c */
    double agreeing;     /* sum of the shares of a face's pairs of votes that are for the same column */
};
/* The first `columns` columns of the votes: CLASS_COUNT, or EMOTION_COUNT for the emotions among themselves.
 */
void agreement_add(struct agreement *a, const struct votes *v, int columns);

/* Krippendorff's alpha of nominal values (Content Analysis, 2004, ch. 11): 1 minus observed over expected
 * disagreement. NaN where no two votes, or no two different ones, are there. */
double agreement_alpha(const struct agreement *a);
/* Fleiss' kappa (Psychological Bulletin 76, 1971): the mean over faces of the share of agreeing pairs, set
 * against chance by the columns' shares of all votes. NaN likewise. */
double agreement_kappa(const struct agreement *a);

struct ceiling {
    int64_t faces;
    double right, weight;
};
void ceiling_add(struct ceiling *c, const struct votes *v);
/* The human ceiling: expected accuracy of a random tagger of a random face against the majority of the face's
 * other votes. Where those give no emotion, the tagger does not count, as a face without a label does not
 * count for a model; a tagger's "unknown" is wrong. NaN of no face. */
double ceiling_accuracy(const struct ceiling *c);

/* The share of a face's votes that its crowd's label has; NaN without votes or without an emotion. */
double agreement_share(const struct votes *v, int crowd);

/* Bands of that share: under 50 %, from 50 %, 60 %, … 90 %, and all. */
enum { AGREEMENT_BANDS = 7 };
int agreement_band(const struct votes *v, int crowd); /* -1 where the share is NaN */
double agreement_band_low(int band);                  /* 0, 0.5, 0.6 … 1 */

#endif
