/* Training steps: planes to the classifier's images, emotions to its classes and back. */
#include "learning.h"

#include "ferlab/nn/graph_learn.h"

#include <stdlib.h>
#include <string.h>

struct learning {
    struct classifier *c;
    int threads;
    struct session *session; /* one of the two is NULL */
    struct graph_session *graph_session;
    float *images, *targets, *probabilities; /* as the classifier has them */
};

struct learning *learning_create(struct classifier *c, int batch, int threads, struct err *e)
{
    struct learning *l = calloc(1, sizeof *l);
    if (l == NULL) {
        err_memory(e, "preparing the training");
        return NULL;
    }
    size_t outputs = (size_t)batch * (size_t)c->facts.classes;
    *l = (struct learning){.c = c, .threads = threads};
    l->images = malloc((size_t)batch * classifier_image_values(c) * sizeof *l->images);
    l->targets = malloc(outputs * sizeof *l->targets);
    l->probabilities = malloc(outputs * sizeof *l->probabilities);
    bool fine = (l->images != NULL && l->targets != NULL && l->probabilities != NULL) ||
                err_memory(e, "preparing the training");
    if (fine && c->net != NULL)
        l->session = session_create(c->net, batch, true, threads, e);
    else if (fine)
        l->graph_session = graph_session_create(c->graph, c->input.logits, batch, threads, e);
    if (l->session != NULL || l->graph_session != NULL)
        return l;
    learning_free(l);
    return NULL;
}

void learning_free(struct learning *l)
{
    if (l == NULL)
        return;
    session_free(l->session);
    graph_session_free(l->graph_session);
    free(l->images);
    free(l->targets);
    free(l->probabilities);
    free(l);
}

static void fill(struct learning *l, const float *planes, const float *targets, int count)
{
    const struct classifier *c = l->c;
    size_t pixels = (size_t)c->facts.size * (size_t)c->facts.size, classes = (size_t)c->facts.classes;
    memset(l->targets, 0, (size_t)count * classes * sizeof *l->targets);
#pragma omp parallel for schedule(static) num_threads(l->threads)
    for (int i = 0; i < count; i++) {
        size_t at = (size_t)i;
        classifier_image(c, planes + at * pixels, false, l->images + at * classifier_image_values(c));
        for (int k = 0; k < EMOTION_COUNT; k++)
            l->targets[at * classes + (size_t)c->input.output[k]] = targets[at * EMOTION_COUNT + (size_t)k];
    }
}

bool learning_step(struct learning *l, const float *planes, const float *targets, int count, enum loss kind,
                   uint64_t seed, uint64_t step, float *probabilities, double *loss, struct err *e)
{
    const struct classifier *c = l->c;
    fill(l, planes, targets, count);
    if (l->session != NULL)
        *loss = session_train(l->session, l->images, l->targets, count, kind, seed, step, l->probabilities);
    else if (!graph_session_train(l->graph_session, l->images, l->targets, count, kind, l->probabilities,
                                  loss, e))
        return false;
    for (int i = 0; i < count; i++)
        for (int k = 0; k < EMOTION_COUNT; k++)
            probabilities[i * EMOTION_COUNT + k] =
                l->probabilities[i * c->facts.classes + c->input.output[k]];
    return true;
}
