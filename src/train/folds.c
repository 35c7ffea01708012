/* Dealing faces into folds. */
#include "folds.h"

#include "dataset.h"

#include <stdlib.h>
#include <string.h>

enum { STRATA = CLASS_COUNT + 1 /* the last: no label */ };

/* Faces by their groups. */
struct deal {
    size_t count, groups;
    uint32_t *face;                 /* [count], the faces of a group together */
    uint32_t *first;                /* [groups + 1], in `face` */
    uint32_t *order;                /* [groups], in which they are dealt */
    uint32_t *place;                /* [groups], drawn, of each among those of its size */
    size_t (*dealt)[STRATA], *size; /* by fold */
    size_t all[STRATA];
};

static int stratum(int8_t label)
{
    return label >= 0 && label < CLASS_COUNT ? label : CLASS_COUNT;
}

static void deal_free(struct deal *d)
{
    free(d->face);
    free(d->first);
    free(d->order);
    free(d->place);
    free(d->dealt);
    free(d->size);
}

static bool deal_make(struct deal *d, size_t count, int folds, struct err *e)
{
    *d = (struct deal){.count = count,
                       .face = malloc((count + 1) * sizeof *d->face),
                       .first = calloc(count + 2, sizeof *d->first),
                       .order = malloc((count + 1) * sizeof *d->order),
                       .place = malloc((count + 1) * sizeof *d->place),
                       .dealt = calloc((size_t)folds, sizeof *d->dealt),
                       .size = calloc((size_t)folds, sizeof *d->size)};
    return (d->face && d->first && d->order && d->place && d->dealt && d->size) ||
           err_memory(e, "dealing faces into folds");
}

/* A group is known by its first face, which comes before its others. */
static void gather_groups(struct deal *d, const uint32_t *group)
{
    uint32_t *end = d->order; /* where a group's next face goes; free until the order is made */
    for (size_t i = 0; i < d->count; i++)
        d->first[group[i] + 1]++;
    for (size_t i = 0; i < d->count; i++) {
        d->first[i + 1] += d->first[i];
        end[i] = d->first[i];
    }
    for (size_t i = 0; i < d->count; i++)
        d->face[end[group[i]]++] = (uint32_t)i;
    for (size_t i = 0; i < d->count; i++)
        if (d->first[i + 1] > d->first[i])
            d->first[d->groups++] = d->first[i];
    d->first[d->groups] = (uint32_t)d->count;
}

static size_t group_size(const struct deal *d, uint32_t group)
{
    return d->first[group + 1] - d->first[group];
}

static int compare_sizes(const void *a, const void *b, void *deal)
{
    const struct deal *d = deal;
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    size_t m = group_size(d, x), n = group_size(d, y);
    return m != n ? (m < n) - (m > n) : (d->place[x] > d->place[y]) - (d->place[x] < d->place[y]);
}

/* Large groups first, those of one size as the seed draws them. */
static void make_order(struct deal *d, uint64_t seed)
{
    struct rng r;
    for (size_t i = 0; i < d->groups; i++)
        d->order[i] = d->place[i] = (uint32_t)i;
    stream_seed(&r, seed, STREAM_FOLDS, 0, 0);
    rng_shuffle(&r, d->place, d->groups);
    qsort_r(d->order, d->groups, sizeof *d->order, compare_sizes, d);
}

/* How much less even a fold would make the strata by taking this in: the growth of the sum of squares of its
 * share of each, times all. */
static double unevenness(const struct deal *d, int fold, const size_t take[STRATA])
{
    double sum = 0;
    for (int k = 0; k < STRATA; k++)
        if (take[k] > 0)
            sum += (double)take[k] * (double)(2 * d->dealt[fold][k] + take[k]) / (double)d->all[k];
    return sum;
}

/* Of those that stay most even the smallest. */
static int best_fold(const struct deal *d, int folds, const size_t take[STRATA])
{
    int best = 0;
    double least = unevenness(d, 0, take);
    for (int f = 1; f < folds; f++) {
        double now = unevenness(d, f, take);
        if (now < least || (now <= least && d->size[f] < d->size[best])) {
            least = now;
            best = f;
        }
    }
    return best;
}

static void deal_group(struct deal *d, uint32_t group, const int8_t *label, int folds, uint8_t *fold)
{
    const uint32_t *face = d->face + d->first[group];
    size_t take[STRATA] = {0}, size = group_size(d, group);
    for (size_t i = 0; i < size; i++)
        take[stratum(label[face[i]])]++;
    int best = best_fold(d, folds, take);
    for (int k = 0; k < STRATA; k++)
        d->dealt[best][k] += take[k];
    d->size[best] += size;
    for (size_t i = 0; i < size; i++)
        fold[face[i]] = (uint8_t)best;
}

bool folds_deal(const int8_t *label, const uint32_t *group, size_t count, int folds, uint64_t seed,
                uint8_t *fold, struct err *e)
{
    struct deal d;
    bool fine = deal_make(&d, count, folds, e);
    if (fine) {
        gather_groups(&d, group);
        make_order(&d, seed);
        for (size_t i = 0; i < count; i++)
            d.all[stratum(label[i])]++;
        for (size_t i = 0; i < d.groups; i++)
            deal_group(&d, d.order[i], label, folds, fold);
    }
    deal_free(&d);
    return fine;
}
