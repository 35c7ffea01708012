/* Votes: the four rules of Barsoum et al. 2016 (arXiv 1608.01041), entropy, divergence, suspicion.
 *
 * The rules follow what microsoft/FERPlus does to its label files, in whole numbers, so that 30 %, one half
 * and 75 % are exact. */
#include "ferlab/face/votes.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

enum { MOST_COLUMNS = 3 }; /* a distribution over more columns than this says too little */

static int sum_of(const int *count, int columns)
{
    int sum = 0;
    for (int c = 0; c < columns; c++)
        sum += count[c];
    return sum;
}

static int top_of(const int *count)
{
    int top = 0;
    for (int c = 1; c < CLASS_COUNT; c++) {
        if (count[c] > count[top])
            top = c;
    }
    return top;
}

int votes_total(const struct votes *v)
{
    int total = 0;
    for (int c = 0; c < CLASS_COUNT; c++)
        total += v->count[c];
    return total;
}

/* The top column when it has more than half. */
static void take_majority(const int *votes, int sum, int *taken)
{
    int top = top_of(votes);
    if (2 * votes[top] > sum)
        taken[top] = 1;
}

/* All columns of the highest count left. An unknown or not-a-face column ends the walk (returns false) and is
 * itself taken only when nothing came before it. */
static bool take_level(int *votes, int *taken, int *covered, int *columns)
{
    int level = votes[top_of(votes)];
    for (int c = 0; c < CLASS_COUNT; c++) {
        if (votes[c] != level)
            continue;
        bool first = *columns == 0;
        votes[c] = 0;
        *covered += level;
        if (c < EMOTION_COUNT || first) {
            taken[c] = level;
            ++*columns;
        }
        if (c >= EMOTION_COUNT)
            return false;
    }
    return true;
}

/* Columns from the top until 75 % is covered or three are taken; nothing when that is at most half of the
 * votes, or when ties made it more than three columns. */
static void take_distribution(int *votes, int sum, int *taken)
{
    int covered = 0, columns = 0;
    bool going = true;
    while (going && 4 * covered < 3 * sum && columns < MOST_COLUMNS)
        going = take_level(votes, taken, &covered, &columns);
    if (2 * sum_of(taken, CLASS_COUNT) <= sum || columns > MOST_COLUMNS)
        memset(taken, 0, CLASS_COUNT * sizeof *taken);
}

/* Every column with at least 30 %. */
static void take_multi_target(const int *votes, int sum, int *taken)
{
    for (int c = 0; c < CLASS_COUNT; c++) {
        if (10 * votes[c] >= 3 * sum)
            taken[c] = votes[c];
    }
}

/* What the rule keeps of each column; false where it leaves the image out. */
static bool take(const struct votes *v, enum rule rule, int taken[CLASS_COUNT])
{
    int votes[CLASS_COUNT];
    for (int c = 0; c < CLASS_COUNT; c++)
        votes[c] = v->count[c] > 1 ? v->count[c] : 0;
    memset(taken, 0, CLASS_COUNT * sizeof *taken);
    int sum = sum_of(votes, CLASS_COUNT);
    if (sum == 0)
        return false;
    switch (rule) {
    case RULE_MAJORITY:
        take_majority(votes, sum, taken);
        break;
    case RULE_DISTRIBUTION:
    case RULE_PROBABILITY:
        take_distribution(votes, sum, taken);
        break;
    case RULE_MULTI_TARGET:
        take_multi_target(votes, sum, taken);
        break;
    default:
        return false;
    }
    int top = top_of(taken);
    return taken[top] > 0 && top < EMOTION_COUNT;
}

bool votes_target(const struct votes *v, enum rule rule, float target[EMOTION_COUNT])
{
    int taken[CLASS_COUNT];
    memset(target, 0, EMOTION_COUNT * sizeof *target);
    if (!take(v, rule, taken))
        return false;
    if (rule == RULE_MULTI_TARGET) {
        for (int c = 0; c < EMOTION_COUNT; c++)
            taken[c] = taken[c] > 0;
    }
    float sum = (float)sum_of(taken, EMOTION_COUNT);
    for (int c = 0; c < EMOTION_COUNT; c++)
        target[c] = (float)taken[c] / sum;
    return true;
}

int votes_label(const struct votes *v, enum rule rule)
{
    float target[EMOTION_COUNT];
    if (!votes_target(v, rule, target))
        return CLASS_NONE;
    int label = 0;
    for (int c = 1; c < EMOTION_COUNT; c++) {
        if (target[c] > target[label])
            label = c;
    }
    return label;
}

double votes_entropy(const struct votes *v)
{
    double total = votes_total(v), entropy = total > 0 ? 0 : NAN;
    for (int c = 0; c < CLASS_COUNT; c++) {
        if (v->count[c] > 0) {
            double share = v->count[c] / total;
            entropy -= share * log(share);
        }
    }
    return entropy;
}

/* One term of KL(a || m); zero where a is. */
static double divergence_term(double a, double m)
{
    return a > 0 ? a * log(a / m) : 0;
}

/* The shares of the emotion columns among themselves; false where there are none, or p is not known. */
static bool emotion_shares(const struct votes *v, const float p[EMOTION_COUNT], double shares[EMOTION_COUNT])
{
    int total = 0;
    for (int c = 0; c < EMOTION_COUNT; c++) {
        if (isnan(p[c]))
            return false;
        total += v->count[c];
    }
    for (int c = 0; c < EMOTION_COUNT; c++)
        shares[c] = total > 0 ? (double)v->count[c] / total : 0;
    return total > 0;
}

double votes_divergence(const struct votes *v, const float p[EMOTION_COUNT])
{
    double shares[EMOTION_COUNT], sum = 0;
    if (!emotion_shares(v, p, shares))
        return NAN;
    for (int c = 0; c < EMOTION_COUNT; c++) {
        double middle = 0.5 * (shares[c] + (double)p[c]);
        sum += 0.5 * (divergence_term(shares[c], middle) + divergence_term((double)p[c], middle));
    }
    /* rounding may step a hair outside the bounds */
    return fmin(1, fmax(0, sum / M_LN2));
}

double votes_kl(const struct votes *v, const float p[EMOTION_COUNT])
{
    double shares[EMOTION_COUNT], sum = 0;
    if (!emotion_shares(v, p, shares))
        return NAN;
    for (int c = 0; c < EMOTION_COUNT; c++)
        sum += divergence_term(shares[c], fmax((double)p[c], 1e-7));
    return sum;
}
