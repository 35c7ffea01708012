/* Suspects: what a model's probabilities for a face say against its label. Useful only where the model was
 * not trained on the face: else they repeat the label that they learnt.
 *
 * Below, y is the label and p the probabilities. A score is NaN where the label is no emotion, or p is not
 * known (NaN). Divergence from the votes, the fifth of these scores, is votes_divergence and votes_kl. */
#ifndef FERLAB_EVAL_SUSPECTS_H
#define FERLAB_EVAL_SUSPECTS_H

#include "ferlab/face/emotion.h"

/* p_y (Northcutt et al. 2021, arXiv 1911.00068); low where the label is doubtful. */
double suspect_self_confidence(int label, const float p[EMOTION_COUNT]);

/* The normalised margin (p_y - max_{k != y} p_k + 1) / 2, in [0, 1] (likewise); low where it is doubtful. */
double suspect_margin(int label, const float p[EMOTION_COUNT]);

/* FiftyOne's mistakenness, (m c + 1) / 2 in [0, 1], with the confidence c = max_k p_k, and m = 1 where the
 * prediction is not the label, -1 where it is; high where the label is doubtful. */
double suspect_mistakenness(int label, const float p[EMOTION_COUNT]);

/* FiftyOne's hardness, the entropy of p in nats: high where the face is hard, whatever its label. NaN only
 * where p is not known. */
double suspect_hardness(const float p[EMOTION_COUNT]);

/* How likely the label is wrong, in [0, 1]: a logistic function of three signs of an error,
 *     the divergence of the votes in force from p (votes_divergence),
 *     the label's and its best rival's chance, -ln p_y and ln max_{k != y} p_k, probabilities below 1e-4 as
 * that, and the labels of near-duplicates: the share of them that is labelled otherwise, NaN of none. Its
 * weights were fitted to planted errors: tests/bench/suspects.py --fit. */
double suspect_score(int label, const float p[EMOTION_COUNT], double divergence, double disagreement);

#endif
