/* Agreement of the crowd with itself. */
#include "ferlab/eval/agreement.h"

#include <math.h>
#include <stdbool.h>

void agreement_add(struct agreement *a, const struct votes *v, int columns)
{
    int n = 0, squares = 0;
    for (int c = 0; c < columns; c++) {
        n += v->count[c];
        squares += v->count[c] * v->count[c];
    }
    if (n < 2)
        return;
    a->faces++;
    for (int c = 0; c < columns; c++)
        a->votes[c] += v->count[c];
    a->disagreement += (double)(n * n - squares) / (n - 1);
    a->agreeing += (double)(squares - n) / (n * (n - 1));
}

static double all_votes(const struct agreement *a)
{
    double all = 0;
    for (int c = 0; c < CLASS_COUNT; c++)
        all += a->votes[c];
    return all;
}

double agreement_alpha(const struct agreement *a)
{
    double all = all_votes(a), expected = 0;
    for (int c = 0; c < CLASS_COUNT; c++)
        expected += a->votes[c] * (all - a->votes[c]) / (all - 1);
    return expected > 0 ? 1 - a->disagreement / expected : NAN;
}

double agreement_kappa(const struct agreement *a)
{
    double all = all_votes(a), chance = 0;
    for (int c = 0; c < CLASS_COUNT; c++)
        chance += all > 0 ? a->votes[c] / all * (a->votes[c] / all) : 0;
    if (a->faces == 0 || chance >= 1)
        return NAN;
    return (a->agreeing / (double)a->faces - chance) / (1 - chance);
}

void ceiling_add(struct ceiling *c, const struct votes *v)
{
    double total = votes_total(v), right = 0, weight = 0;
    for (int k = 0; k < CLASS_COUNT; k++) {
        if (v->count[k] == 0)
            continue;
        struct votes others = *v;
        others.count[k]--;
        int label = votes_label(&others, RULE_MAJORITY);
        double taggers = v->count[k] / total;
        weight += class_is_emotion(label) ? taggers : 0;
        right += label == k ? taggers : 0;
    }
    c->faces += weight > 0;
    c->weight += weight;
    c->right += right;
}

double ceiling_accuracy(const struct ceiling *c)
{
    return c->weight > 0 ? c->right / c->weight : NAN;
}

double agreement_share(const struct votes *v, int crowd)
{
    int total = votes_total(v);
    return class_is_emotion(crowd) && total > 0 ? (double)v->count[crowd] / total : NAN;
}

/* In whole numbers, so that six of ten are 60 %. */
int agreement_band(const struct votes *v, int crowd)
{
    int total = votes_total(v);
    if (!class_is_emotion(crowd) || total == 0)
        return -1;
    int tenths = 10 * v->count[crowd] / total;
    return tenths < 5 ? 0 : tenths - 4;
}

double agreement_band_low(int band)
{
    return band == 0 ? 0 : (4 + band) / 10.0;
}
