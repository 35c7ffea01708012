/* Prediction. It needs no sums over the batch, so groups of a few images go through the whole network while
 * they are in the cache. */
#include "session.h"

#include <omp.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>

void session_prepare(const struct session *s, bool training)
{
#pragma omp for schedule(static)
    for (size_t i = 0; i < s->stage_count; i++)
        if (s->stages[i].ops->prepare)
            s->stages[i].ops->prepare(&s->stages[i], training);
}

void session_refresh(struct session *s)
{
#pragma omp parallel num_threads(s->threads)
    session_prepare(s, false);
}

/* Stages that are not there outside training: dropout, and what a convolution's weights and ending hold. */
static bool is_skipped(const struct session *s, size_t index)
{
    const struct stage *stage = &s->stages[index];
    return stage->layer->kind == LAYER_DROPOUT || (index > 0 && stage[-1].follower == stage);
}

/* What a pass leaves behind for its first image. */
struct outputs {
    float *probabilities;
    float *embeddings; /* NULL: not wanted */
};

/* The last stage is the dense layer to the classes, whose input nothing changes in place. */
static void keep_embeddings(const struct session *s, size_t stage, const float *x, int count,
                            const struct outputs *out)
{
    if (out->embeddings != NULL && stage + 1 == s->stage_count)
        memcpy(out->embeddings, x, (size_t)count * network_embedding_values(s->net) * sizeof *x);
}

static void predict_group(const struct session *s, const struct lane *lane, const float *images, int count,
                          const struct outputs *out)
{
    const float *x = images;
    int next = 0;
    for (size_t i = 0; i < s->stage_count; i++) {
        const struct stage *stage = &s->stages[i];
        if (is_skipped(s, i))
            continue;
        keep_embeddings(s, i, x, count, out);
        bool in_place = stage->in_place && x != images;
        float *y = in_place ? lane->flow[1 - next] : lane->flow[next];
        struct slice part = {.count = count, .x = x, .y = y, .workspace = lane->workspace};
        stage->ops->forward(stage, &part);
        x = y;
        next = in_place ? next : 1 - next;
    }
    softmax_forward(s->net->classes, count, x, out->probabilities);
}

/* A barrier that is passed within a microsecond: the work between two is too short for sleeping and waking,
 * and OpenMP's own sleeps at once where OMP_WAIT_POLICY says passive. */
struct gate {
    atomic_int arrived, round;
};

static void gate_pass(struct gate *g, int team)
{
    enum { SPINS = 20000 };
    int round = atomic_load(&g->round);
    if (atomic_fetch_add(&g->arrived, 1) + 1 == team) {
        atomic_store(&g->arrived, 0);
        atomic_store(&g->round, round + 1);
        return;
    }
    for (int spins = 0; atomic_load_explicit(&g->round, memory_order_acquire) == round; spins++)
        if (spins > SPINS)
            sched_yield(); /* the others may be waiting for this processor */
}

/* All threads together on a few images: convolutions are shared out, and whoever reads them waits for all;
 * what lies between them is so little that each thread does it for itself. */
static void predict_together(const struct session *s, struct gate *gate, const float *images, int count,
                             const struct outputs *out)
{
    int me = omp_get_thread_num(), team = omp_get_num_threads(), own = 0, ours = 0;
    const struct lane *lane = &s->lanes[me];
    const float *x = images;
    for (size_t i = 0; i < s->stage_count; i++) {
        const struct stage *stage = &s->stages[i];
        if (is_skipped(s, i))
            continue;
        if (me == 0)
            keep_embeddings(s, i, x, count, out);
        bool together = stage->layer->kind == LAYER_CONV;
        float *y = together ? s->shared[ours] : lane->flow[own];
        if (stage->in_place && x == lane->flow[1 - own])
            y = lane->flow[1 - own];
        struct slice part = {.count = count, .x = x, .y = y, .workspace = lane->workspace};
        if (together) {
            part.part = me;
            part.parts = team;
        }
        stage->ops->forward(stage, &part);
        if (together) {
            ours = 1 - ours;
            gate_pass(gate, team);
        } else if (y == lane->flow[own]) {
            own = 1 - own;
        }
        x = y;
    }
    if (me == 0)
        softmax_forward(s->net->classes, count, x, out->probabilities);
}

void session_predict(struct session *s, const float *images, int count, float *probabilities)
{
    session_embed(s, images, count, probabilities, NULL);
}

void session_embed(struct session *s, const float *images, int count, float *probabilities, float *embeddings)
{
    count = count < s->batch ? count : s->batch;
    size_t image = (size_t)s->net->input_size * (size_t)s->net->input_size, classes = (size_t)s->net->classes;
    size_t width = network_embedding_values(s->net);
    int groups = (count + PREDICT_GROUP - 1) / PREDICT_GROUP;
    if (count < 1)
        return;
    if (s->training)
        session_refresh(s);
    if (groups == 1 && s->threads > 1) {
        struct gate gate = {0};
        const struct outputs out = {probabilities, embeddings};
#pragma omp parallel num_threads(s->threads)
        predict_together(s, &gate, images, count, &out);
        return;
    }
#pragma omp parallel num_threads(groups < s->threads ? groups : s->threads)
    {
        const struct lane *lane = &s->lanes[omp_get_thread_num()];
#pragma omp for schedule(static)
        for (int g = 0; g < groups; g++) {
            size_t first = (size_t)g * PREDICT_GROUP;
            int some = count - (int)first < PREDICT_GROUP ? count - (int)first : PREDICT_GROUP;
            const struct outputs out = {probabilities + first * classes,
                                        embeddings != NULL ? embeddings + first * width : NULL};
            predict_group(s, lane, images + first * image, some, &out);
        }
    }
}
