/* Sessions: all buffers of a network planned at once, and the passes over them.
 *
 * Training splits the batch into as many slices as the session has threads. A slice goes through each layer
 * by itself, so the only waiting is where batch normalisation needs sums over all slices. Sums are always
 * taken slice by slice in order: the bits of a result depend on the number of slices, not on which thread did
 * what.
 *
 * Prediction needs no sums, so groups of a few images go through the whole network while they are in the
 * cache. */
#include "stage.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

enum { PREDICT_GROUP = 8 };

/* What belongs to one thread, or to one slice in training. */
struct lane {
    float *workspace;
    float *flow[2]; /* two buffers that a pass goes to and fro between */
};

struct session {
    struct network *net;
    int batch, threads;
    bool training;
    struct stage *stages;
    size_t stage_count;
    struct lane *lanes;
    float *probabilities;
    double *losses;
    unsigned char *memory;
    size_t bytes;
    struct stage_time *times;
};

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

static void plan_stage(struct session *s, struct planner *p, size_t index)
{
    struct stage *stage = &s->stages[index];
    const struct layer *l = stage->layer;
    const struct stage_ops *ops = stage->ops;
    size_t slices = (size_t)s->threads, packed = ops->packed ? ops->packed(l) : 0;
    stage->packed = take(p, packed, sizeof(float));
    stage->statistics = take(p, ops->statistics ? ops->statistics(l) : 0, sizeof(float));
    if (l->kind == LAYER_NORM)
        stage->norm = stage_norm(stage);
    if (!s->training)
        return;
    size_t packed_back = stage->learns_below && ops->packed_back ? ops->packed_back(l) : 0;
    stage->packed_back = take(p, packed_back, sizeof(float));
    stage->y = stage->in_place ? s->stages[index - 1].y
                               : take(p, (size_t)s->batch * shape_count(l->out), sizeof(float));
    stage->sums = take(p, ops->combine ? slices * 2 * (size_t)l->out.channels : 0, sizeof(double));
    /* Whole cache lines, so that slices do not share one. */
    stage->partial = ops->partial ? (ops->partial(l) + 15) / 16 * 16 : 0;
    stage->partials = take(p, slices * stage->partial, sizeof(float));
}

static void plan(struct session *s, struct planner *p)
{
    size_t workspace = 0, most = largest_activation(s);
    for (size_t i = 0; i < s->stage_count; i++) {
        plan_stage(s, p, i);
        const struct stage *stage = &s->stages[i];
        if (stage->ops->workspace)
            workspace = larger(workspace, stage->ops->workspace(stage->layer, s->training));
    }
    size_t images = s->batch < PREDICT_GROUP ? (size_t)s->batch : PREDICT_GROUP;
    if (s->training)
        images = larger(images, ((size_t)s->batch + (size_t)s->threads - 1) / (size_t)s->threads);
    for (int t = 0; t < s->threads; t++) {
        struct lane *lane = &s->lanes[t];
        lane->workspace = take(p, workspace, sizeof(float));
        for (int i = 0; i < 2; i++)
            lane->flow[i] = take(p, images * most, sizeof(float));
    }
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
    threads = threads < batch ? threads : batch;
    threads = threads < SLICES_MAX ? threads : SLICES_MAX;
    struct session *s = calloc(1, sizeof *s);
    if (!s)
        goto failed;
    *s = (struct session){.net = net,
                          .batch = batch,
                          .threads = threads,
                          .training = training,
                          .stage_count = net->layer_count};
    s->stages = calloc(s->stage_count, sizeof *s->stages);
    s->lanes = calloc((size_t)threads, sizeof *s->lanes);
    if (!s->stages || !s->lanes)
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

/* ---- prediction ---- */

static void prepare(const struct session *s, bool training)
{
#pragma omp for schedule(static)
    for (size_t i = 0; i < s->stage_count; i++)
        if (s->stages[i].ops->prepare)
            s->stages[i].ops->prepare(&s->stages[i], training);
}

void session_refresh(struct session *s)
{
#pragma omp parallel num_threads(s->threads)
    prepare(s, false);
}

/* Stages that are not there outside training: dropout, and what a convolution's weights and ending hold. */
static bool is_skipped(const struct session *s, size_t index)
{
    const struct stage *stage = &s->stages[index];
    return stage->layer->kind == LAYER_DROPOUT || (index > 0 && stage[-1].follower == stage);
}

static void predict_group(const struct session *s, const struct lane *lane, const float *images, int count,
                          float *probabilities)
{
    const float *x = images;
    int next = 0;
    for (size_t i = 0; i < s->stage_count; i++) {
        const struct stage *stage = &s->stages[i];
        if (is_skipped(s, i))
            continue;
        bool in_place = stage->in_place && x != images;
        float *y = in_place ? lane->flow[1 - next] : lane->flow[next];
        struct slice part = {.count = count, .x = x, .y = y, .workspace = lane->workspace};
        stage->ops->forward(stage, &part);
        x = y;
        next = in_place ? next : 1 - next;
    }
    softmax_forward(s->net->classes, count, x, probabilities);
}

void session_predict(struct session *s, const float *images, int count, float *probabilities)
{
    count = count < s->batch ? count : s->batch;
    size_t image = (size_t)s->net->input_size * (size_t)s->net->input_size, classes = (size_t)s->net->classes;
    int groups = (count + PREDICT_GROUP - 1) / PREDICT_GROUP;
    if (count < 1)
        return;
    if (s->training)
        session_refresh(s);
#pragma omp parallel num_threads(groups < s->threads ? groups : s->threads)
    {
        const struct lane *lane = &s->lanes[omp_get_thread_num()];
#pragma omp for schedule(static)
        for (int g = 0; g < groups; g++) {
            size_t first = (size_t)g * PREDICT_GROUP;
            int some = count - (int)first < PREDICT_GROUP ? count - (int)first : PREDICT_GROUP;
            predict_group(s, lane, images + first * image, some, probabilities + first * classes);
        }
    }
}

/* ---- training ---- */

struct pass {
    struct session *s;
    const float *images, *targets;
    float *probabilities;
    int count;
    enum loss loss;
    uint64_t seed, step;
    int firsts[SLICES_MAX], counts[SLICES_MAX];
};

/* Each slice belongs to the same thread throughout, so a layer need not wait for the others' last layer. */
#define FOR_OWN_SLICES(i, s) for (int i = omp_get_thread_num(); i < (s)->threads; i += omp_get_num_threads())

static struct slice slice_of(const struct pass *p, size_t index, int i)
{
    const struct session *s = p->s;
    const struct stage *stage = &s->stages[index];
    size_t first = (size_t)p->firsts[i];
    const float *below = index ? s->stages[index - 1].y : p->images;
    return (struct slice){.index = i,
                          .first = p->firsts[i],
                          .count = p->counts[i],
                          .training = true,
                          .layer = (uint32_t)index,
                          .seed = p->seed,
                          .step = p->step,
                          .x = below + first * shape_count(stage->layer->in),
                          .y = stage->y + first * shape_count(stage->layer->out),
                          .workspace = s->lanes[i].workspace};
}

static double stage_clock(const struct session *s)
{
    return s->times && omp_get_thread_num() == 0 ? omp_get_wtime() : 0.0;
}

static void run_forward(const struct pass *p)
{
    const struct session *s = p->s;
    for (size_t index = 0; index < s->stage_count; index++) {
        const struct stage *stage = &s->stages[index];
        double start = stage_clock(s);
        if (stage->ops->combine) {
#pragma omp barrier
#pragma omp single
            stage->ops->combine(stage, s->threads, p->counts);
        }
        FOR_OWN_SLICES(i, s)
        {
            struct slice part = slice_of(p, index, i);
            stage->ops->forward(stage, &part);
        }
        if (s->times && omp_get_thread_num() == 0)
            s->times[index].forward += omp_get_wtime() - start;
    }
}

/* Losses, and the gradient of the logits in each slice's first flow buffer. */
static void run_loss(const struct pass *p)
{
    const struct session *s = p->s;
    int classes = s->net->classes;
    const float *logits = s->stages[s->stage_count - 1].y;
    FOR_OWN_SLICES(i, s)
    {
        size_t first = (size_t)p->firsts[i], at = first * (size_t)classes;
        softmax_forward(classes, p->counts[i], logits + at, p->probabilities + at);
        loss_apply(p->loss, classes, p->counts[i], p->count, logits + at, p->probabilities + at,
                   p->targets + at, s->losses + first, s->lanes[i].flow[0]);
    }
}

static void run_backward(const struct pass *p)
{
    const struct session *s = p->s;
    int from = 0;
    for (size_t index = s->stage_count; index-- > 0 && s->stages[index].learns;) {
        const struct stage *stage = &s->stages[index];
        /* Normalisation reads x from its own buffer, so its gradient may be overwritten too. */
        bool in_place = stage->in_place || stage->layer->kind == LAYER_NORM;
        int to = in_place ? from : 1 - from;
        double start = stage_clock(s);
        if (stage->ops->measure_back) {
            FOR_OWN_SLICES(i, s)
            {
                struct slice part = slice_of(p, index, i);
                part.dy = s->lanes[i].flow[from];
                stage->ops->measure_back(stage, &part);
            }
#pragma omp barrier
#pragma omp single
            stage->ops->combine_back(stage, s->threads, p->counts);
        }
        FOR_OWN_SLICES(i, s)
        {
            struct slice part = slice_of(p, index, i);
            part.dy = s->lanes[i].flow[from];
            part.dx = stage->learns_below ? s->lanes[i].flow[to] : NULL;
            if (stage->partials)
                memset(stage->partials + (size_t)i * stage->partial, 0, stage->partial * sizeof(float));
            stage->ops->backward(stage, &part);
        }
        if (s->times && omp_get_thread_num() == 0)
            s->times[index].backward += omp_get_wtime() - start;
        from = to;
    }
}

static void gather(const struct session *s)
{
#pragma omp barrier
#pragma omp for schedule(static)
    for (size_t i = 0; i < s->stage_count; i++)
        if (s->stages[i].ops->gather)
            s->stages[i].ops->gather(&s->stages[i], s->threads);
}

double session_train(struct session *s, const float *images, const float *targets, int count, enum loss loss,
                     uint64_t seed, uint64_t step, float *probabilities)
{
    count = count < s->batch ? count : s->batch;
    if (count < 1 || !s->training)
        return 0.0;
    struct pass p = {.s = s,
                     .images = images,
                     .targets = targets,
                     .probabilities = probabilities ? probabilities : s->probabilities,
                     .count = count,
                     .loss = loss,
                     .seed = seed,
                     .step = step};
    for (int i = 0; i < s->threads; i++) {
        p.firsts[i] = (int)((int64_t)count * i / s->threads);
        p.counts[i] = (int)((int64_t)count * (i + 1) / s->threads) - p.firsts[i];
    }
#pragma omp parallel num_threads(s->threads)
    {
        prepare(s, true);
        run_forward(&p);
        run_loss(&p);
        run_backward(&p);
        gather(s);
    }
    double sum = 0.0;
    for (int n = 0; n < count; n++)
        sum += s->losses[n];
    return sum / count;
}
