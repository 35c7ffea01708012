/* Planning sessions. Training splits the batch into as many slices as the session has threads, each with an
 * arena of its own for the outputs of all layers and their gradients; those that are not needed at the same
 * time share their place. */
#include "session.h"

#include "layout.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

enum { LINE = NN_ALIGN / sizeof(float) };

/* ---- planning: the same walk first counts bytes (base NULL), then places pointers ---- */

struct planner {
    unsigned char *base;
    size_t used;
    bool overflow;
};

static void *take(struct planner *p, size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes) || bytes > SIZE_MAX / 4 - p->used) {
        p->overflow = true;
        return NULL;
    }
    unsigned char *at = p->base ? p->base + p->used : NULL;
    p->used += (bytes + NN_ALIGN - 1) / NN_ALIGN * NN_ALIGN;
    return count ? at : NULL;
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

static size_t largest_activation(const struct session *s)
{
    size_t most = 0;
    for (size_t i = 0; i < s->stage_count; i++)
        most = larger(most, shape_count(s->stages[i].layer->out));
    return most;
}

/* Normalisation reads x from its own buffer, so its gradient may be overwritten too. */
static bool goes_back_in_place(const struct stage *s)
{
    return s->in_place || s->layer->kind == LAYER_NORM;
}

static void plan_stage(struct session *s, struct planner *p, size_t index)
{
    struct stage *stage = &s->stages[index];
    const struct layer *l = stage->layer;
    const struct stage_ops *ops = stage->ops;
    size_t slices = (size_t)s->threads, packed = ops->packed ? ops->packed(stage) : 0;
    stage->packed = take(p, packed, sizeof(float));
    stage->statistics = take(p, ops->statistics ? ops->statistics(l) : 0, sizeof(float));
    if (l->kind == LAYER_NORM && p->base != NULL)
        stage->norm = stage_norm(stage);
    if (!s->training)
        return;
    size_t packed_back = stage->learns_below && ops->packed_back ? ops->packed_back(stage) : 0;
    stage->packed_back = take(p, packed_back, sizeof(float));
    stage->sums = take(p, ops->combine ? slices * 2 * (size_t)l->out.channels : 0, sizeof(double));
    /* Whole cache lines, so that slices do not share one. */
    stage->partial = ops->partial ? (ops->partial(stage) + 15) / 16 * 16 : 0;
    stage->partials = take(p, slices * stage->partial, sizeof(float));
}

/* When a training step's tensors live. Stage i computes its output at time i and goes back at 2 n - i, with
 * the loss in between, at n. Its output is read until then, its output's gradient from the step before. */
static size_t plan_arena(struct session *s, size_t images)
{
    size_t n = s->stage_count, count = 0;
    struct tensor *tensors = s->tensors;
    for (size_t i = 0; i < n; i++) {
        size_t size = (images * shape_count(s->stages[i].layer->out) + LINE - 1) / LINE * LINE;
        if (!s->stages[i].in_place)
            tensors[count++] = (struct tensor){size, i, 2 * n - i, .at = &s->stages[i].y_at};
        /* A stage that works in place hands the gradient on, so its buffer lives as long as the lowest's. */
        size_t lowest = i;
        while (lowest > 0 && goes_back_in_place(&s->stages[lowest]))
            lowest--;
        if (s->stages[i].learns && (i + 1 == n || !goes_back_in_place(&s->stages[i + 1])))
            tensors[count++] = (struct tensor){size, 2 * n - i - 1, 2 * n - lowest, .at = &s->stages[i].d_at};
    }
    size_t total = layout_tensors(tensors, count);
    for (size_t i = 1; i < n; i++)
        if (s->stages[i].in_place)
            s->stages[i].y_at = s->stages[i - 1].y_at;
    for (size_t i = n; i-- > 1;)
        if (goes_back_in_place(&s->stages[i]))
            s->stages[i - 1].d_at = s->stages[i].d_at;
    return total;
}

static void plan(struct session *s, struct planner *p)
{
    size_t workspace = 0, most = largest_activation(s);
    for (size_t i = 0; i < s->stage_count; i++) {
        plan_stage(s, p, i);
        const struct stage *stage = &s->stages[i];
        if (stage->ops->workspace)
            workspace = larger(workspace, stage->ops->workspace(stage, s->training));
    }
    size_t group = (size_t)s->group;
    size_t slice = ((size_t)s->batch + (size_t)s->threads - 1) / (size_t)s->threads;
    size_t arena = s->training ? plan_arena(s, slice) : 0;
    for (int t = 0; t < s->threads; t++) {
        struct lane *lane = &s->lanes[t];
        lane->workspace = take(p, workspace, sizeof(float));
        lane->arena = take(p, arena, sizeof(float));
        for (int i = 0; i < 2; i++)
            lane->flow[i] = take(p, group * most, sizeof(float));
    }
    for (int i = 0; i < 2; i++)
        s->shared[i] = take(p, s->threads > 1 ? group * most : 0, sizeof(float));
    s->probabilities = take(p, (size_t)s->batch * (size_t)s->net->classes, sizeof(float));
    s->losses = take(p, (size_t)s->batch, sizeof(double));
}

static bool reads_through(enum layer_kind kind)
{
    return kind == LAYER_CONV || kind == LAYER_POOL || kind == LAYER_AVERAGE;
}

/* Joins a convolution and what follows it. */
static void join_stages(struct session *s)
{
    for (size_t i = 0; i + 1 < s->stage_count; i++) {
        struct stage *conv = &s->stages[i], *after = conv + 1;
        if (conv->layer->kind != LAYER_CONV ||
            (after->layer->kind != LAYER_NORM && after->layer->kind != LAYER_RELU))
            continue;
        conv->follower = after;
        after->lazy = after->layer->kind == LAYER_RELU ||
                      (i + 2 < s->stage_count && reads_through(after[1].layer->kind));
        after->in_place |= after->lazy;
        if (after->lazy && after->layer->kind == LAYER_NORM)
            after[1].through = &after->norm;
    }
}

static void list_stages(struct session *s)
{
    bool learns = false;
    for (size_t i = 0; i < s->stage_count; i++) {
        const struct layer *l = &s->net->layers[i];
        const struct stage_ops *ops = &stage_ops[l->kind];
        bool own = l->kind == LAYER_CONV || l->kind == LAYER_NORM || l->kind == LAYER_DENSE;
        s->stages[i] = (struct stage){.layer = l,
                                      .ops = ops,
                                      .images = s->training ? 0 : s->group,
                                      .parameters = &s->net->parameters[l->parameter],
                                      .in_place = ops->in_place && i > 0,
                                      .learns_below = learns,
                                      .learns = learns || own};
        learns |= own;
    }
    join_stages(s);
}

struct session *session_create(struct network *net, int batch, bool training, int threads, struct err *e)
{
    if (batch < 1 || batch > 65536) {
        err_set(e, ERR_USAGE, "batch %d is out of range; use 1 to 65536", batch);
        return NULL;
    }
    gemm_prepare();
    threads = threads > 0 ? threads : omp_get_max_threads();
    if (training && threads > batch)
        threads = batch;
    threads = threads < SLICES_MAX ? threads : SLICES_MAX;
    struct session *s = calloc(1, sizeof *s);
    if (!s)
        goto failed;
    *s = (struct session){.net = net,
                          .batch = batch,
                          .group = batch < PREDICT_GROUP ? batch : PREDICT_GROUP,
                          .threads = threads,
                          .training = training,
                          .stage_count = net->layer_count};
    s->stages = calloc(s->stage_count, sizeof *s->stages);
    s->lanes = calloc((size_t)threads, sizeof *s->lanes);
    s->tensors = calloc(2 * s->stage_count, sizeof *s->tensors);
    if (!s->stages || !s->lanes || !s->tensors)
        goto failed;
    list_stages(s);
    struct planner counting = {0};
    plan(s, &counting);
    if (counting.overflow || !(s->memory = aligned_alloc(NN_ALIGN, counting.used)))
        goto failed;
    s->bytes = counting.used;
    plan(s, &(struct planner){.base = s->memory});
    if (!training)
        session_refresh(s);
    return s;
failed:
    err_memory(e, "planning a network's buffers; a smaller batch or network needs less");
    session_free(s);
    return NULL;
}

void session_free(struct session *s)
{
    if (!s)
        return;
    free(s->stages);
    free(s->lanes);
    free(s->tensors);
    free(s->memory);
    free(s);
}

size_t session_bytes(const struct session *s)
{
    return s->bytes;
}

size_t session_stages(const struct session *s)
{
    return s->stage_count;
}

const struct layer *session_layer(const struct session *s, size_t index)
{
    return s->stages[index].layer;
}

const char *session_stage_name(const struct session *s, size_t index)
{
    return s->stages[index].ops->name;
}

int session_threads(const struct session *s)
{
    return s->threads;
}

void session_profile(struct session *s, struct stage_time *times)
{
    s->times = times;
}
