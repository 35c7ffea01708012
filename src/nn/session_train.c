/* Training steps. A slice goes through each layer by itself, so the only waiting is where batch normalisation
 * needs sums over all slices. Sums are always taken slice by slice in order: the bits of a result depend on
 * the number of slices, not on which thread did what. */
#include "session.h"

#include <omp.h>
#include <string.h>

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
    const float *arena = s->lanes[i].arena;
    const float *images = p->images + first * shape_count(stage->layer->in);
    return (struct slice){.index = i,
                          .first = p->firsts[i],
                          .count = p->counts[i],
                          .training = true,
                          .layer = (uint32_t)index,
                          .seed = p->seed,
                          .step = p->step,
                          .x = index ? arena + stage[-1].y_at : images,
                          .y = s->lanes[i].arena + stage->y_at,
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

static void run_loss(const struct pass *p)
{
    const struct session *s = p->s;
    const struct stage *last = &s->stages[s->stage_count - 1];
    int classes = s->net->classes;
    FOR_OWN_SLICES(i, s)
    {
        size_t first = (size_t)p->firsts[i], at = first * (size_t)classes;
        float *arena = s->lanes[i].arena;
        const float *logits = arena + last->y_at;
        softmax_forward(classes, p->counts[i], logits, p->probabilities + at);
        loss_apply(p->loss, classes, p->counts[i], p->count, logits, p->probabilities + at, p->targets + at,
                   s->losses + first, arena + last->d_at);
    }
}

static void run_backward(const struct pass *p)
{
    const struct session *s = p->s;
    for (size_t index = s->stage_count; index-- > 0 && s->stages[index].learns;) {
        const struct stage *stage = &s->stages[index];
        double start = stage_clock(s);
        if (stage->ops->measure_back) {
            FOR_OWN_SLICES(i, s)
            {
                struct slice part = slice_of(p, index, i);
                part.dy = s->lanes[i].arena + stage->d_at;
                stage->ops->measure_back(stage, &part);
            }
#pragma omp barrier
#pragma omp single
            stage->ops->combine_back(stage, s->threads, p->counts);
        }
        FOR_OWN_SLICES(i, s)
        {
            struct slice part = slice_of(p, index, i);
            part.dy = s->lanes[i].arena + stage->d_at;
            part.dx = stage->learns_below ? s->lanes[i].arena + stage[-1].d_at : NULL;
            if (stage->partials)
                memset(stage->partials + (size_t)i * stage->partial, 0, stage->partial * sizeof(float));
            stage->ops->backward(stage, &part);
        }
        if (s->times && omp_get_thread_num() == 0)
            s->times[index].backward += omp_get_wtime() - start;
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
        session_prepare(s, true);
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
