/* Comparing two sets of predictions, face by face. */
#include "ferlab/eval/comparison.h"

#include "tally.h"

#include <math.h>

static double exact_p(int64_t fixed, int64_t broken)
{
    int64_t n = fixed + broken, least = fixed < broken ? fixed : broken;
    double tail = 0, ways = 1; /* n over i */
    for (int64_t i = 0; i <= least; i++) {
        tail += ways;
        ways = ways * (double)(n - i) / (double)(i + 1);
    }
    return fmin(1, 2 * ldexp(tail, -(int)n));
}

struct mcnemar mcnemar_of(int64_t fixed, int64_t broken)
{
    if (fixed + broken < MCNEMAR_EXACT)
        return (struct mcnemar){.exact = true, .statistic = NAN, .p = exact_p(fixed, broken)};
    double off = fabs((double)(fixed - broken)) - 1;
    double statistic = off * off / (double)(fixed + broken);
    return (struct mcnemar){.statistic = statistic, .p = erfc(sqrt(statistic / 2))};
}

static void finish(struct comparison_side *side, const struct tally *t)
{
    side->confusion = t->confusion;
    metrics_of(&side->confusion, &side->metrics);
    tally_scores(t, &side->metrics, side->score);
}

void comparison_of(const struct evaluation_faces *before, const struct evaluation_faces *after,
                   struct comparison *out)
{
    struct tally first = {0}, second = {0};
    struct tally_face was, is;
    *out = (struct comparison){0};
    for (size_t i = 0; i < after->count; i++) {
        size_t row = after->rows[i];
        if (!tally_face_of(before, row, &was) || !tally_face_of(after, row, &is))
            continue;
        tally_add(&first, &was);
        tally_add(&second, &is);
        out->count++;
        out->flips[is.label][flip_of(was.label, was.prediction, is.label, is.prediction)]++;
        out->relabelled += was.label != is.label;
        out->before.in_sample += before->in_sample[row];
        out->after.in_sample += after->in_sample[row];
    }
    finish(&out->before, &first);
    finish(&out->after, &second);
}

int64_t comparison_flips(const struct comparison *c, enum flip f)
{
    int64_t count = 0;
    for (int k = 0; k < EMOTION_COUNT; k++)
        count += c->flips[k][f];
    return count;
}

struct mcnemar comparison_mcnemar(const struct comparison *c)
{
    return mcnemar_of(comparison_flips(c, FLIP_FIXED), comparison_flips(c, FLIP_BROKEN));
}

int comparison_moved(const struct comparison *c)
{
    int moved = CLASS_NONE;
    double most = 0;
    for (int k = 0; k < EMOTION_COUNT; k++) {
        double move = fabs(c->after.metrics.per_class[k].recall - c->before.metrics.per_class[k].recall);
        if (move > most) { /* false for NaN */
            most = move;
            moved = k;
        }
    }
    return moved;
}
