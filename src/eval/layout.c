/* From neighbours to weights, from weights to edges, and the rounds over them. */
#include "ferlab/eval/layout.h"

#include "ferlab/base/rng.h"

#include <math.h>
#include <stdlib.h>

enum { REPELLED = 5, EXTENT = 10 /* half of the plane at the beginning */ };

struct edge {
    uint32_t from, to;
    float every; /* it attracts once in so many rounds */
    float next;  /* and next in this one */
};

struct layout {
    size_t count, edge_count;
    struct edge *edges;
    float (*places)[2];
    int round;
    struct rng rng;
};

static bool is_known(const float place[2])
{
    return !isnan(place[0]);
}

/* The width at which the weights exp(-(d - d of the nearest) / width) sum to log2 k: halving. */
static float find_width(const struct neighbour *near, size_t k)
{
    double low = 0, high = INFINITY, width = 1, nearest = 1 - (double)near[0].similarity;
    for (int i = 0; i < 64; i++) {
        double sum = 0;
        for (size_t j = 0; j < k; j++)
            sum += exp(-fmax(0, 1 - (double)near[j].similarity - nearest) / width);
        if (fabs(sum - log2((double)k)) < 1e-5)
            break;
        if (sum > log2((double)k))
            high = width;
        else
            low = width;
        width = isinf(high) ? 2 * width : 0.5 * (low + high);
    }
    return (float)fmax(width, 1e-6);
}

static void weigh(const struct neighbour *near, size_t count, size_t k, float *weights)
{
#pragma omp parallel for schedule(static)
    for (size_t row = 0; row < count; row++) {
        const struct neighbour *mine = near + row * k;
        float width = find_width(mine, k);
        for (size_t j = 0; j < k; j++)
            weights[row * k + j] = expf(-(mine[0].similarity - mine[j].similarity) / width);
    }
}

/* The weight that `to` gives `from`; 0 where it is none of its neighbours. */
static float weight_back(const struct neighbour *near, const float *weights, size_t k, uint32_t from,
                         uint32_t to)
{
    for (size_t j = 0; j < k; j++)
        if (near[to * k + j].row == from)
            return weights[to * k + j];
    return 0;
}

/* Each pair once: from the smaller row where both name the other. */
static void join(struct layout *l, const struct neighbour *near, const float *weights, size_t k)
{
    float most = 0;
    for (size_t row = 0; row < l->count; row++)
        for (size_t j = 0; j < k; j++) {
            uint32_t to = near[row * k + j].row, from = (uint32_t)row;
            float there = weights[row * k + j], back = weight_back(near, weights, k, from, to);
            if (to == from || (back > 0 && to < from))
                continue;
            float weight = there + back - there * back;
            most = fmaxf(most, weight);
            l->edges[l->edge_count++] = (struct edge){from, to, weight, 0};
        }
    size_t kept = 0;
    for (size_t i = 0; i < l->edge_count; i++) {
        struct edge e = l->edges[i];
        float every = e.every > 0 ? most / e.every : INFINITY;
        if (every <= LAYOUT_ROUNDS) /* others would never attract */
            l->edges[kept++] = (struct edge){e.from, e.to, every, every};
    }
    l->edge_count = kept;
}

/* Into EXTENT to every side; rows without a place stay without. */
static void spread(struct layout *l)
{
    float most = 0;
    for (size_t i = 0; i < l->count; i++)
        if (is_known(l->places[i]))
            most = fmaxf(most, fmaxf(fabsf(l->places[i][0]), fabsf(l->places[i][1])));
    for (size_t i = 0; i < l->count && most > 0; i++)
        for (int a = 0; a < 2; a++)
            l->places[i][a] *= EXTENT / most;
}

struct layout *layout_new(const struct neighbour *near, size_t count, size_t k, float (*places)[2])
{
    struct layout *l = calloc(1, sizeof *l);
    float *weights = malloc((count * k + 1) * sizeof *weights);
    if (l != NULL)
        *l = (struct layout){
            .count = count, .places = places, .edges = malloc((count * k + 1) * sizeof *l->edges)};
    if (l == NULL || weights == NULL || l->edges == NULL) {
        layout_free(l);
        free(weights);
        return NULL;
    }
    rng_seed(&l->rng, 1, 0);
    weigh(near, count, k, weights);
    join(l, near, weights, k);
    spread(l);
    free(weights);
    return l;
}

void layout_free(struct layout *l)
{
    if (l == NULL)
        return;
    free(l->edges);
    free(l);
}

static float clip(float x)
{
    return fminf(fmaxf(x, -4), 4);
}

/* Both ends towards each other along the gradient of log 1 / (1 + d^2). */
static void attract(float a[2], float b[2], float rate)
{
    float x = a[0] - b[0], y = a[1] - b[1], pull = -2 / (1 + x * x + y * y);
    float dx = rate * clip(pull * x), dy = rate * clip(pull * y);
    a[0] += dx, a[1] += dy;
    b[0] -= dx, b[1] -= dy;
}

/* One end away from a row drawn at random, along that of log (1 - 1 / (1 + d^2)). */
static void repel(float a[2], const float b[2], float rate)
{
    float x = a[0] - b[0], y = a[1] - b[1], square = x * x + y * y;
    float push = 2 / ((0.001f + square) * (1 + square));
    a[0] += rate * clip(push * x);
    a[1] += rate * clip(push * y);
}

bool layout_round(struct layout *l)
{
    float rate = 1 - (float)l->round / LAYOUT_ROUNDS;
    l->round++;
    for (size_t i = 0; i < l->edge_count; i++) {
        struct edge *e = &l->edges[i];
        if (e->next > (float)l->round)
            continue;
        e->next += e->every;
        float *from = l->places[e->from], *to = l->places[e->to];
        if (!is_known(from) || !is_known(to))
            continue;
        attract(from, to, rate);
        for (int r = 0; r < REPELLED; r++) {
            uint32_t other = rng_below(&l->rng, (uint32_t)l->count);
            if (other != e->from && is_known(l->places[other]))
                repel(from, l->places[other], rate);
        }
    }
    return l->round < LAYOUT_ROUNDS;
}

/* How many of the row's first k neighbours have fewer than k rows nearer to it in the plane than they are. */
static size_t kept_of(const struct neighbour *near, size_t count, const float (*places)[2], size_t row,
                      size_t k)
{
    size_t kept = 0;
    for (size_t j = 0; j < k; j++) {
        const float *mine = places[row], *its = places[near[j].row];
        float reach = (mine[0] - its[0]) * (mine[0] - its[0]) + (mine[1] - its[1]) * (mine[1] - its[1]);
        size_t nearer = 0;
        for (size_t i = 0; i < count; i++) {
            float x = places[i][0] - mine[0], y = places[i][1] - mine[1];
            nearer += i != row && x * x + y * y < reach;
        }
        kept += nearer < k;
    }
    return kept;
}

double layout_kept(const struct neighbour *near, size_t count, size_t near_k, const float (*places)[2],
                   size_t k, size_t queries)
{
    size_t kept = 0, asked = 0;
    queries = queries < count ? queries : count;
#pragma omp parallel for schedule(dynamic) reduction(+ : kept, asked)
    for (size_t q = 0; q < queries; q++) {
        size_t row = q * count / queries;
        if (!is_known(places[row]))
            continue;
        kept += kept_of(near + row * near_k, count, places, row, k);
        asked += k;
    }
    return asked > 0 ? (double)kept / (double)asked : NAN;
}
