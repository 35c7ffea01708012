/* Bootstrap intervals. Draw d is drawn from the stream d of random numbers, whoever works it out. */
#include "ferlab/eval/bootstrap.h"

#include "ferlab/base/rng.h"
#include "tally.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    PARALLEL_FROM = 1 << 20, /* faces drawn in all; fewer are not worth waking other threads */
    BLOCK_BITS = 14,         /* a block of so many faces fits a cache */
    BLOCKS_MOST = 256,
    GROUP = 10, /* draws made side by side */
};

struct bootstrap {
    struct tally_face *faces;
    struct tally_face *before; /* what is said of the same faces before, else NULL */
    size_t count;
    int64_t right; /* whose prediction is the label */
    int done;
    double score[SCORE_COUNT][BOOTSTRAP_DRAWS]; /* or their differences */
};

static bool allocate(struct bootstrap **out, size_t count, bool paired, struct err *e)
{
    struct bootstrap *b = calloc(1, sizeof *b);
    *out = b;
    if (b != NULL)
        b->faces = malloc((count > 0 ? count : 1) * sizeof *b->faces);
    if (b != NULL && paired)
        b->before = malloc((count > 0 ? count : 1) * sizeof *b->before);
    if (b != NULL && b->faces != NULL && (b->before != NULL || !paired))
        return true;
    bootstrap_free(b);
    *out = NULL;
    return err_memory(e, "drawing faces for intervals");
}

/* before: NULL where only one side is drawn from. */
static bool take(struct bootstrap **out, const struct evaluation_faces *before,
                 const struct evaluation_faces *after, struct err *e)
{
    if (!allocate(out, after->count, before != NULL, e))
        return false;
    struct bootstrap *b = *out;
    for (size_t i = 0; i < after->count; i++) {
        struct tally_face *face = &b->faces[b->count];
        if (!tally_face_of(after, after->rows[i], face) ||
            (before != NULL && !tally_face_of(before, after->rows[i], &b->before[b->count])))
            continue;
        b->right += face->label == face->prediction;
        b->count++;
    }
    return true;
}

bool bootstrap_new(struct bootstrap **out, const struct evaluation_faces *f, struct err *e)
{
    return take(out, NULL, f, e);
}

bool bootstrap_new_paired(struct bootstrap **out, const struct evaluation_faces *before,
                          const struct evaluation_faces *after, struct err *e)
{
    return take(out, before, after, e);
}

void bootstrap_free(struct bootstrap *b)
{
    if (b == NULL)
        return;
    free(b->faces);
    free(b->before);
    free(b);
}

/* How many of `count` faces drawn with replacement lie in each block of 2^bits. */
static void draw_blocks(struct rng *rng, size_t count, int bits, uint32_t drawn[BLOCKS_MOST])
{
    memset(drawn, 0, BLOCKS_MOST * sizeof *drawn);
    if (count <= (size_t)1 << bits)
        drawn[0] = (uint32_t)count;
    else
        for (size_t i = 0; i < count; i++)
            drawn[rng_below(rng, (uint32_t)count) >> bits]++;
}

struct drawing {
    struct rng rng;
    struct tally tally;
    uint32_t drawn[BLOCKS_MOST];
};

/* The scores of `draws` draws from number `from` on. Of each draw first how many of each block, then which:
 * the same chances as without blocks; and a block, once it is in the cache, serves the whole group, so that
 * the time of a face does not grow with their number. */
static void draw_scores(const struct bootstrap *b, const struct tally_face *faces, int from, int draws,
                        double score[GROUP][SCORE_COUNT])
{
    struct drawing group[GROUP] = {0};
    int bits = BLOCK_BITS;
    while (b->count > (size_t)BLOCKS_MOST << bits)
        bits++;
    for (int d = 0; d < draws; d++) {
        rng_seed(&group[d].rng, BOOTSTRAP_SEED, (uint64_t)(from + d));
        draw_blocks(&group[d].rng, b->count, bits, group[d].drawn);
    }
    for (size_t first = 0; first < b->count; first += (size_t)1 << bits) {
        size_t left = b->count - first, size = left < (size_t)1 << bits ? left : (size_t)1 << bits;
        for (int d = 0; d < draws; d++)
            for (uint32_t i = 0; i < group[d].drawn[first >> bits]; i++)
                tally_add(&group[d].tally, &faces[first + rng_below(&group[d].rng, (uint32_t)size)]);
    }
    for (int d = 0; d < draws; d++) {
        struct metrics metrics;
        metrics_of(&group[d].tally.confusion, &metrics);
        tally_scores(&group[d].tally, &metrics, score[d]);
    }
}

static void work_out(struct bootstrap *b, int from, int draws)
{
    double score[GROUP][SCORE_COUNT], before[GROUP][SCORE_COUNT] = {0};
    draw_scores(b, b->faces, from, draws, score);
    if (b->before != NULL)
        draw_scores(b, b->before, from, draws, before);
    for (int d = 0; d < draws; d++)
        for (int s = 0; s < SCORE_COUNT; s++)
            b->score[s][from + d] = score[d][s] - before[d][s];
}

/* NaN last. */
static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    if (isnan(x) || isnan(y))
        return isnan(x) - isnan(y);
    return (x > y) - (x < y);
}

bool bootstrap_run(struct bootstrap *b, int draws)
{
    if (b->done == BOOTSTRAP_DRAWS)
        return false;
    int end = draws < BOOTSTRAP_DRAWS - b->done ? b->done + draws : BOOTSTRAP_DRAWS;
#pragma omp parallel for schedule(dynamic) if ((size_t)(end - b->done) * b->count > PARALLEL_FROM)
    for (int from = b->done; from < end; from += GROUP)
        work_out(b, from, end - from < GROUP ? end - from : GROUP);
    b->done = end;
    if (end < BOOTSTRAP_DRAWS)
        return true;
    for (int s = 0; s < SCORE_COUNT; s++)
        qsort(b->score[s], BOOTSTRAP_DRAWS, sizeof b->score[s][0], ascending);
    return false;
}

/* Between the two draws next to that share of them. */
static double quantile(const double *sorted, double share)
{
    double place = share * (BOOTSTRAP_DRAWS - 1);
    int below = (int)place, above = below + 1 < BOOTSTRAP_DRAWS ? below + 1 : below;
    return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
}

void bootstrap_interval(const struct bootstrap *b, enum score s, double *low, double *high)
{
    const double *sorted = b->score[s];
    if (s == SCORE_ACCURACY && b->before == NULL && b->done == BOOTSTRAP_DRAWS && b->count > 0) {
        metrics_wilson(b->right, (int64_t)b->count, low, high);
        return;
    }
    bool known = b->done == BOOTSTRAP_DRAWS && !isnan(sorted[BOOTSTRAP_DRAWS - 1]);
    *low = known ? quantile(sorted, 0.025) : NAN;
    *high = known ? quantile(sorted, 0.975) : NAN;
}
