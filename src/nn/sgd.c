/* Stochastic gradient descent with Nesterov momentum, PyTorch's formulation with dampening 0:
 *     g += decay * w;  v = momentum * v + g;  w -= rate * (g + momentum * v). */
#include "ferlab/nn/network.h"

#include "ferlab/base/simd.h"

#include <stdlib.h>

bool sgd_init(struct sgd *o, struct parameter_list list, float momentum, float weight_decay, struct err *e)
{
    size_t learnt = 0;
    for (size_t i = 0; i < list.count; i++)
        learnt += list.items[i].gradient ? list.items[i].count : 0;
    *o = (struct sgd){.momentum = momentum, .weight_decay = weight_decay};
    o->velocity = calloc(learnt + 1, sizeof *o->velocity);
    return o->velocity ? true : err_memory(e, "preparing the optimiser");
}

SIMD_CLONES
static void descend(size_t count, const float *restrict gradient, float momentum, float decay, float rate,
                    float *restrict velocity, float *restrict weight)
{
    for (size_t i = 0; i < count; i++) {
        float g = gradient[i] + decay * weight[i];
        velocity[i] = momentum * velocity[i] + g;
        weight[i] -= rate * (g + momentum * velocity[i]);
    }
}

void sgd_step(struct sgd *o, struct parameter_list list, float learning_rate)
{
    float *velocity = o->velocity;
    for (size_t i = 0; i < list.count; i++) {
        struct parameter *p = &list.items[i];
        if (!p->gradient)
            continue;
        descend(p->count, p->gradient, o->momentum, p->decays ? o->weight_decay : 0.0f, learning_rate,
                velocity, p->value);
        velocity += p->count;
    }
}

void parameters_average(struct parameter_list average, struct parameter_list now, float decay, int threads)
{
#pragma omp parallel num_threads(threads)
    for (size_t i = 0; i < now.count; i++) {
        float *to = average.items[i].value;
        const float *from = now.items[i].value;
#pragma omp for schedule(static) nowait
        for (size_t k = 0; k < now.items[i].count; k++)
            to[k] += (1 - decay) * (from[k] - to[k]);
    }
}

void sgd_free(struct sgd *o)
{
    free(o->velocity);
    o->velocity = NULL;
}
