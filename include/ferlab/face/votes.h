/* Votes of the crowd and what follows from them: targets under the four rules of Barsoum et al. 2016, labels,
 * entropy, divergence from a prediction. Pure functions; nothing is stored here. */
#ifndef FERLAB_FACE_VOTES_H
#define FERLAB_FACE_VOTES_H

#include "ferlab/face/emotion.h"

#include <stdint.h>

/* All zero: no crowd has seen the face. */
struct votes {
    uint8_t count[CLASS_COUNT];
};

int votes_total(const struct votes *v);

/* The training target over the eight emotions (sums to 1), as microsoft/FERPlus computes it: single votes are
 * dropped first. RULE_MAJORITY gives one-hot; RULE_DISTRIBUTION and RULE_PROBABILITY the top columns
 * renormalised (PROBABILITY is drawn from by the caller, once an epoch); RULE_MULTI_TARGET equal shares on
 * every column with at least 30 %. False where the rule leaves the image out; target is then all zero. */
bool votes_target(const struct votes *v, enum rule rule, float target[EMOTION_COUNT]);

/* The emotion the crowd gives under the rule: the target's largest entry (lowest index on a tie), or
 * CLASS_NONE. */
int votes_label(const struct votes *v, enum rule rule);

/* Shannon entropy of the ten vote shares, in nats; NaN where there are no votes. */
double votes_entropy(const struct votes *v);

/* Jensen-Shannon divergence between the shares of the eight emotion columns and p, divided by ln 2: in [0,
 * 1]. NaN where no emotion has a vote. */
double votes_divergence(const struct votes *v, const float p[EMOTION_COUNT]);
/* Kullback-Leibler divergence KL(shares || p) in nats, p below 1e-7 counting as that; NaN likewise. */
double votes_kl(const struct votes *v, const float p[EMOTION_COUNT]);

#endif
