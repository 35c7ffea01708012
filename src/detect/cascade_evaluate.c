/* Evaluating a cascade at every place of a strip: many windows at a time go through a tree, so that the
 * compiler can make vectors of them, and those that a stage rejects are left out of the next.
 *
 * Sums are differences of four entries of a summed-area table (Viola & Jones 2001; tilted: Lienhart & Maydt
 * 2002). Entries are 32 bits and may have gone round: differences are right all the same while a window's
 * own sum fits. */
#include "cascade_own.h"

#include "ferlab/base/simd.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LANES = 256 }; /* windows that go through a tree together */

struct lanes {
    int count;
    int step;             /* from each place to the next where that is always the same, 1 or 2; else 0 */
    int at[LANES];        /* of the window's corner, in the tables */
    float inverse[LANES]; /* 1 / (deviation x area): Haar features are in units of it */
    float total[LANES];   /* of the stage's trees */
};

/* The four entries whose differences make a sum: a - b - c + d. */
struct corners {
    ptrdiff_t a, b, c, d;
};

static struct corners corners_of(const struct rect *r, bool tilted, int stride)
{
    int corner = r->y * stride + r->x;
    if (tilted)
        return (struct corners){
            .a = corner,
            .b = corner + r->height * (stride - 1),
            .c = corner + r->width * (stride + 1),
            .d = corner + r->width * (stride + 1) + r->height * (stride - 1),
        };
    return (struct corners){
        .a = corner,
        .b = corner + r->width,
        .c = corner + r->height * stride,
        .d = corner + r->height * stride + r->width,
    };
}

INLINE float sum_at(const uint32_t *table, ptrdiff_t at, struct corners k)
{
    return (float)(int32_t)(table[at + k.a] - table[at + k.b] - table[at + k.c] + table[at + k.d]);
}

/* Where a window is, from the first one where steps are regular, which lets the compiler load vectors. `step`
 * is a constant where this is inlined. */
INLINE ptrdiff_t place(const struct lanes *l, int i, int step)
{
    return step > 0 ? (ptrdiff_t)i * step : l->at[i];
}

#define VECTOR_LOOP _Pragma("omp simd")

struct haar {
    struct corners corners[HAAR_RECTS];
    float weights[HAAR_RECTS], threshold;
};

INLINE void haar_loop(const struct haar *h, const uint32_t *table, const struct lanes *l, int step,
                      bool third, int *sides)
{
    table += step > 0 ? l->at[0] : 0;
    struct corners k0 = h->corners[0], k1 = h->corners[1], k2 = h->corners[2];
    float w0 = h->weights[0], w1 = h->weights[1], w2 = h->weights[2], threshold = h->threshold;
    VECTOR_LOOP
    for (int i = 0; i < l->count; i++) {
        ptrdiff_t at = place(l, i, step);
        float value = w0 * sum_at(table, at, k0) + w1 * sum_at(table, at, k1);
        if (third)
            value += w2 * sum_at(table, at, k2);
        sides[i] = !(value * l->inverse[i] < threshold);
    }
}

/* Which side of the node each window takes: 0 left, 1 right. */
SIMD_CLONES
static void haar_sides(const struct haar *h, const uint32_t *table, const struct lanes *l,
                       int *restrict sides)
{
    bool third = h->weights[2] != 0;
    if (l->step == 1 && third)
        haar_loop(h, table, l, 1, true, sides);
    else if (l->step == 1)
        haar_loop(h, table, l, 1, false, sides);
    else if (l->step == 2 && third)
        haar_loop(h, table, l, 2, true, sides);
    else if (l->step == 2)
        haar_loop(h, table, l, 2, false, sides);
    else if (third)
        haar_loop(h, table, l, 0, true, sides);
    else
        haar_loop(h, table, l, 0, false, sides);
}

/* The blocks' sizes in the table. */
struct lbp {
    ptrdiff_t corner, across, down;
    const uint32_t *subset;
};

/* Each of the eight blocks around the middle one gives a bit, from the upper left clockwise: whether its sum
 * is not less. */
INLINE void lbp_loop(const struct lbp *f, const uint32_t *table, const struct lanes *l, int step, int *sides)
{
    const uint32_t *p = table + f->corner + (step > 0 ? l->at[0] : 0), *q = p + f->down, *s = q + f->down,
                   *t = s + f->down;
    const uint32_t *subset = f->subset;
    ptrdiff_t one = f->across, two = 2 * one, three = 3 * one;
    VECTOR_LOOP
    for (int i = 0; i < l->count; i++) {
        ptrdiff_t at = place(l, i, step);
        uint32_t p0 = p[at], p1 = p[at + one], p2 = p[at + two], p3 = p[at + three];
        uint32_t q0 = q[at], q1 = q[at + one], q2 = q[at + two], q3 = q[at + three];
        uint32_t s0 = s[at], s1 = s[at + one], s2 = s[at + two], s3 = s[at + three];
        uint32_t t0 = t[at], t1 = t[at + one], t2 = t[at + two], t3 = t[at + three];
        uint32_t middle = q1 - q2 - s1 + s2;
        uint32_t pattern =
            (uint32_t)(p0 - p1 - q0 + q1 >= middle) << 7 | (uint32_t)(p1 - p2 - q1 + q2 >= middle) << 6 |
            (uint32_t)(p2 - p3 - q2 + q3 >= middle) << 5 | (uint32_t)(q2 - q3 - s2 + s3 >= middle) << 4 |
            (uint32_t)(s2 - s3 - t2 + t3 >= middle) << 3 | (uint32_t)(s1 - s2 - t1 + t2 >= middle) << 2 |
            (uint32_t)(s0 - s1 - t0 + t1 >= middle) << 1 | (uint32_t)(q0 - q1 - s0 + s1 >= middle);
        sides[i] = (int)(~(subset[pattern >> 5] >> (pattern & 31)) & 1);
    }
}

SIMD_CLONES
static void lbp_sides(const struct lbp *f, const uint32_t *table, const struct lanes *l, int *restrict sides)
{
    if (l->step == 1)
        lbp_loop(f, table, l, 1, sides);
    else if (l->step == 2)
        lbp_loop(f, table, l, 2, sides);
    else
        lbp_loop(f, table, l, 0, sides);
}

static void node_sides(const struct cascade *c, const struct node *n, const struct strip *strip,
                       const struct lanes *l, int *sides)
{
    const struct feature *f = &c->features[n->feature];
    if (c->kind == FEATURE_LBP) {
        const struct rect *r = &f->rects[0];
        lbp_sides(&(struct lbp){.corner = r->y * strip->stride + r->x,
                                .across = r->width,
                                .down = r->height * strip->stride,
                                .subset = n->subset},
                  strip->sum, l, sides);
        return;
    }
    struct haar h = {.threshold = n->threshold};
    for (int i = 0; i < HAAR_RECTS; i++) {
        h.corners[i] = corners_of(&f->rects[i], f->tilted, strip->stride);
        h.weights[i] = f->weights[i];
    }
    haar_sides(&h, f->tilted ? strip->tilted : strip->sum, l, sides);
}

static void add_stump(struct lanes *l, const int *sides, float left, float right)
{
    for (int i = 0; i < l->count; i++)
        l->total[i] += sides[i] ? right : left;
}

/* All nodes of a larger tree are asked, the last first, since nodes lead only to later ones. */
static void add_tree(const struct cascade *c, const struct tree *tree, const struct strip *strip,
                     struct lanes *l)
{
    const float *leaves = c->leaves + tree->first_leaf;
    const struct node *nodes = c->nodes + tree->first_node;
    int sides[LANES];
    if (tree->nodes == 1) {
        node_sides(c, nodes, strip, l, sides);
        add_stump(l, sides, leaves[-nodes->sides[0]], leaves[-nodes->sides[1]]);
        return;
    }
    float value[CASCADE_MOST_NODES][LANES];
    for (int n = tree->nodes - 1; n >= 0; n--) {
        node_sides(c, &nodes[n], strip, l, sides);
        for (int i = 0; i < l->count; i++) {
            int to = nodes[n].sides[sides[i]];
            value[n][i] = to > 0 ? value[to][i] : leaves[-to];
        }
    }
    for (int i = 0; i < l->count; i++)
        // NOLINTNEXTLINE(clang-analyzer-core.uninitialized.Assign): a tree has at least one node
        l->total[i] += value[0][i];
}

static void run_stage(const struct cascade *c, size_t stage, const struct strip *strip, struct lanes *l)
{
    const struct stage *s = &c->stages[stage];
    memset(l->total, 0, sizeof l->total);
    for (size_t t = 0; t < s->trees; t++)
        add_tree(c, &c->trees[s->first_tree + t], strip, l);
}

/* Leaves out what the stage rejected. */
static void keep_accepted(struct lanes *l, float threshold)
{
    int kept = 0;
    for (int i = 0; i < l->count; i++) {
        l->at[kept] = l->at[i];
        l->inverse[kept] = l->inverse[i];
        l->total[kept] = l->total[i];
        kept += !(l->total[i] < threshold);
    }
    l->count = kept;
}

/* The stages after the first; what is left goes to *out. */
static bool finish(const struct cascade *c, const struct strip *strip, struct lanes *l, struct boxes *out)
{
    for (size_t s = 1; s < c->stage_count && l->count > 0; s++) {
        run_stage(c, s, strip, l);
        keep_accepted(l, c->stages[s].threshold);
    }
    bool fine = true;
    for (int i = 0; i < l->count && fine; i++) {
        // NOLINTNEXTLINE(clang-analyzer-core.uninitialized.Assign): the first `count` are set
        int at = l->at[i];
        struct box box = {
            .x = at % strip->stride, .y = at / strip->stride, .score = l->total[i], .members = 1};
        fine = boxes_append(out, box);
    }
    l->count = 0;
    return fine;
}

/* The scale of Haar features: 1 / (area x deviation) of the window less a pixel on each side. Windows with a
 * deviation of 10 gray levels or less are rejected, as OpenCV does: 0. */
static void measure_lanes(const struct cascade *c, const struct strip *strip, struct lanes *l)
{
    struct rect inner = {.x = 1, .y = 1, .width = c->width - 2, .height = c->height - 2};
    struct corners k = corners_of(&inner, false, strip->stride);
    double area = (double)inner.width * inner.height;
    for (int i = 0; i < l->count; i++) {
        const uint32_t *sum = strip->sum + l->at[i], *squares = strip->squares + l->at[i];
        double s = sum[k.a] - sum[k.b] - sum[k.c] + sum[k.d],
               q = squares[k.a] - squares[k.b] - squares[k.c] + squares[k.d], spread = area * q - s * s;
        double inverse = spread > 0 ? 1 / sqrt(spread) : 0;
        l->inverse[i] = area * inverse < 0.1 ? (float)inverse : 0;
    }
}

/* Moves the windows of a row that passed the first stage behind those that wait. Next to a place that the
 * first stage rejects the next is not tried: OpenCV does so, and its boxes depend on it. */
static void take_passed(const struct lanes *row, float threshold, struct lanes *waiting, bool *skip)
{
    for (int i = 0; i < row->count; i++) {
        if (*skip) {
            *skip = false;
            continue;
        }
        bool flat = row->inverse[i] == 0;
        *skip = !flat && row->total[i] < threshold;
        if (flat || *skip)
            continue;
        waiting->at[waiting->count] = row->at[i];
        waiting->total[waiting->count] = row->total[i];
        waiting->inverse[waiting->count++] = row->inverse[i];
    }
}

bool cascade_evaluate(const struct cascade *c, const struct strip *strip, struct boxes *out)
{
    struct lanes *row = malloc(2 * sizeof *row);
    if (row == NULL)
        return false;
    struct lanes *waiting = row + 1;
    waiting->count = waiting->step = 0;
    row->step = strip->step;
    bool fine = true;
    for (int y = 0; y < strip->rows && fine; y += strip->step) {
        bool skip = false;
        for (int x = 0; x < strip->columns && fine;) {
            for (row->count = 0; row->count < LANES && x < strip->columns; x += strip->step) {
                row->inverse[row->count] = 1;
                row->at[row->count++] = y * strip->stride + x;
            }
            if (c->kind == FEATURE_HAAR)
                measure_lanes(c, strip, row);
            run_stage(c, 0, strip, row);
            if (waiting->count + row->count > LANES)
                fine = finish(c, strip, waiting, out);
            take_passed(row, c->stages[0].threshold, waiting, &skip);
        }
    }
    if (fine)
        fine = finish(c, strip, waiting, out);
    free(row);
    return fine;
}
