/* Whether the work of all scores grows with the number of samples: made-up labels, votes and probabilities,
 * of which every tenth label is wrong, scored as columns do. Prints the processor time of 35,887, 250,000 and
 * a million samples; fails where a sample of the most costs more than twice what one of the fewest does. */
#include "ferlab/base/rng.h"
#include "ferlab/eval/confident.h"
#include "ferlab/eval/suspects.h"
#include "ferlab/face/votes.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct set {
    size_t count;
    int8_t *label, *issue;
    struct votes *votes;
    float (*p)[EMOTION_COUNT], (*score)[7];
};

static bool make_set(struct set *s, size_t count)
{
    struct rng r;

    *s = (struct set){.count = count,
                      .label = malloc(count),
                      .issue = malloc(count),
                      .votes = calloc(count, sizeof *s->votes),
                      .p = malloc(count * sizeof *s->p),
                      .score = malloc(count * sizeof *s->score)};
    if (!s->label || !s->issue || !s->votes || !s->p || !s->score)
        return false;
    rng_seed(&r, 1, 0);
    for (size_t i = 0; i < count; i++) {
        int truth = (int)rng_below(&r, EMOTION_COUNT), wrong = (int)rng_below(&r, EMOTION_COUNT);
        float sum = 0;

        s->label[i] = (int8_t)(rng_below(&r, 10) == 0 ? wrong : truth);
        s->votes[i].count[s->label[i]] = 8;
        s->votes[i].count[wrong] += 2;
        for (int k = 0; k < EMOTION_COUNT; k++)
            sum += s->p[i][k] = (float)(1 + rng_below(&r, 1000)) * (k == truth ? 20.0F : 1.0F);
        for (int k = 0; k < EMOTION_COUNT; k++)
            s->p[i][k] /= sum;
    }
    return true;
}

static void free_set(struct set *s)
{
    free(s->label);
    free(s->issue);
    free(s->votes);
    free(s->p);
    free(s->score);
}

static void score_all(struct set *s)
{
    struct confident_joint joint;
    struct err e;

    for (size_t i = 0; i < s->count; i++) {
        int label = s->label[i];
        const float *p = s->p[i];
        double divergence = votes_divergence(&s->votes[i], p);

        s->score[i][0] = (float)divergence;
        s->score[i][1] = (float)votes_kl(&s->votes[i], p);
        s->score[i][2] = (float)suspect_self_confidence(label, p);
        s->score[i][3] = (float)suspect_margin(label, p);
        s->score[i][4] = (float)suspect_mistakenness(label, p);
        s->score[i][5] = (float)suspect_hardness(p);
        s->score[i][6] = (float)suspect_score(label, p, divergence, NAN);
    }
    confident_joint(s->label, s->p, s->count, &joint);
    if (!confident_issues(&joint, s->label, s->p, s->count, s->issue, &e))
        fprintf(stderr, "%s\n", e.text);
}

int main(void)
{
    static const size_t counts[] = {35887, 250000, 1000000};
    enum { COUNTS = sizeof counts / sizeof *counts };
    double each_ns[COUNTS];

    for (int i = 0; i < COUNTS; i++) {
        struct set s;

        if (!make_set(&s, counts[i]))
            return EXIT_FAILURE;
        clock_t start = clock();
        score_all(&s);
        double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;

        free_set(&s);
        each_ns[i] = 1e9 * seconds / (double)counts[i];
        printf("%7zu samples: %.3f s of processor time, %.0f ns each\n", counts[i], seconds, each_ns[i]);
    }
    return each_ns[COUNTS - 1] <= 2 * each_ns[0] ? EXIT_SUCCESS : EXIT_FAILURE;
}
