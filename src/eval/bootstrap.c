/* Bootstrap intervals. Draw d is drawn from the stream d of random numbers, whoever works it out. */
#include "ferlab/eval/bootstrap.h"

#include "ferlab/base/rng.h"
#include "tally.h"

#include <math.h>
#include <stdlib.h>

enum { PARALLEL_FROM = 1 << 20 }; /* faces drawn in all; fewer are not worth waking other threads */

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

/* The scores of draw number `draw` from those faces. */
static void draw_scores(const struct bootstrap *b, const struct tally_face *faces, int draw,
                        double score[SCORE_COUNT])
{
    struct rng rng;
    struct tally tally = {0};
    struct metrics metrics;
    rng_seed(&rng, BOOTSTRAP_SEED, (uint64_t)draw);
    for (size_t i = 0; i < b->count; i++)
        tally_add(&tally, &faces[rng_below(&rng, (uint32_t)b->count)]);
    metrics_of(&tally.confusion, &metrics);
    tally_scores(&tally, &metrics, score);
}

static void work_out(struct bootstrap *b, int draw)
{
    double score[SCORE_COUNT], before[SCORE_COUNT] = {0};
    draw_scores(b, b->faces, draw, score);
    if (b->before != NULL)
        draw_scores(b, b->before, draw, before);
    for (int s = 0; s < SCORE_COUNT; s++)
        b->score[s][draw] = score[s] - before[s];
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
    for (int draw = b->done; draw < end; draw++)
        work_out(b, draw);
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
