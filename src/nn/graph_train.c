/* Training steps of graphs: each thread takes its own images of the batch forward and back, and the threads'
 * sums of gradients are added in order, so that the bits depend on the number of threads alone. */
#include "ferlab/nn/graph_learn.h"

#include "graph.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

/* The least probability that has a logarithm to learn by. */
static const float least_probability = 1e-7f;

struct lane { /* of a thread */
    struct tape tape;
    float *partial;           /* gradients of what is learnt, of its images */
    float *padded;            /* [image.batch] images, where fewer are left */
    float *logits, *d_logits; /* [image.batch][classes] */
    struct err err;
    bool failed;
};

struct graph_session {
    struct graph *graph;
    int batch, threads, lane_count;
    struct graph_judged judged;
    struct lane *lanes;
    double *losses;
    float *probabilities;
};

struct pass {
    struct graph_session *s;
    const float *images, *targets;
    float *probabilities;
    int count;
    enum loss loss;
};

static size_t image_values(const struct graph *g)
{
    return (size_t)g->image.channels * (size_t)g->image.size * (size_t)g->image.size;
}

/* ---- planning ---- */

struct graph_judged graph_judge(const struct graph *g, bool outputs_are_logits)
{
    const struct graph_step *last = graph_last_step(g);
    if (outputs_are_logits || !last || strcmp(last->op->type, "Softmax") != 0 || last->inputs[0] == NONE)
        return (struct graph_judged){
            .value = g->outputs[0], .steps = g->step_count, .is_logits = outputs_are_logits};
    return (struct graph_judged){
        .value = last->inputs[0], .steps = (int)(last - g->steps), .is_logits = true};
}

static bool make_lane(struct graph_session *s, struct lane *l, struct err *e)
{
    const struct graph *g = s->graph;
    size_t batch = (size_t)g->image.batch, numbers = batch * (size_t)g->classes;
    l->partial = malloc(g->learning->learnt * sizeof *l->partial);
    l->padded = malloc(batch * image_values(g) * sizeof *l->padded);
    l->logits = malloc(numbers * sizeof *l->logits);
    l->d_logits = malloc(numbers * sizeof *l->d_logits);
    if (!l->partial || !l->padded || !l->logits || !l->d_logits)
        return err_memory(e, "planning to learn");
    return tape_create(&l->tape, g, g->learning->wanted, e);
}

/* Each of the threads sums into memory of its own. */
static void lend_partials(const struct graph_session *s, struct lane *l)
{
    const struct graph_learning *w = s->graph->learning;
    float *at = l->partial;
    memset(l->partial, 0, w->learnt * sizeof *l->partial);
    for (size_t i = 0; i < w->count; i++) {
        l->tape.gradients[w->values[i]] = (struct gradient){.data = at, .lent = true};
        at += w->parameters[i].count;
    }
}

/* ---- a step ---- */

/* What the loss is of: the logits, or the logarithms of probabilities, which are logits too. */
static void take_logits(const struct graph_session *s, struct lane *l)
{
    const struct value *v = &l->tape.values[s->judged.value];
    for (size_t i = 0; i < v->count; i++)
        l->logits[i] = s->judged.is_logits ? v->floats[i] : logf(fmaxf(v->floats[i], least_probability));
}

/* The gradient of the judged value, of `here` images; those that fill the batch up have none. */
static bool begin_back(const struct graph_session *s, struct lane *l, size_t here)
{
    const struct value *v = &l->tape.values[s->judged.value];
    struct step at = {.graph = s->graph,
                      .node = &s->graph->steps[s->judged.steps - 1],
                      .budget = &l->tape.budget,
                      .err = &l->err};
    float *d = tape_gradient(&l->tape, s->judged.value, &at);
    if (!d)
        return false;
    for (size_t i = 0; i < here * (size_t)s->graph->classes; i++)
        d[i] = s->judged.is_logits                ? l->d_logits[i]
               : v->floats[i] > least_probability ? l->d_logits[i] / v->floats[i]
                                                  : 0.0f;
    return true;
}

/* The images from `first` on, as many as an evaluation takes; where fewer are left, the last one again. */
static const float *images_at(const struct pass *p, struct lane *l, size_t first, size_t here)
{
    const struct graph *g = p->s->graph;
    size_t values = image_values(g), batch = (size_t)g->image.batch;
    const float *from = p->images + first * values;
    if (here == batch)
        return from;
    for (size_t i = 0; i < batch; i++)
        memcpy(l->padded + i * values, from + (i < here ? i : here - 1) * values, values * sizeof *from);
    return l->padded;
}

static bool forward(const struct pass *p, struct lane *l, size_t first, size_t here)
{
    const struct graph_session *s = p->s;
    const struct graph *g = s->graph;
    struct budget budget = graph_budget();
    budget.work *= 3.0 * g->image.batch;
    const struct value in = graph_image_value(g, images_at(p, l, first, here));
    if (!tape_forward(&l->tape, &in, s->judged.steps, budget, &l->err))
        return false;
    const struct value *v = &l->tape.values[s->judged.value];
    if (v->type != VALUE_FLOAT || v->count != (size_t)g->image.batch * (size_t)g->classes)
        return err_set(&l->err, ERR_INPUT, "%s: what the loss is of is not one number a class for each image",
                       g->name);
    take_logits(s, l);
    return true;
}

static bool learn_from(const struct pass *p, struct lane *l, size_t first, size_t here)
{
    struct graph_session *s = p->s;
    int classes = s->graph->classes;
    size_t at = first * (size_t)classes;
    bool fine = forward(p, l, first, here);
    if (fine) {
        softmax_forward(classes, (int)here, l->logits, p->probabilities + at);
        loss_apply(p->loss, classes, (int)here, p->count, l->logits, p->probabilities + at, p->targets + at,
                   s->losses + first, l->d_logits);
        fine = begin_back(s, l, here) && tape_backward(&l->tape, s->judged.steps, &l->err);
    }
    tape_clear(&l->tape);
    return fine;
}

/* The evaluations that are this lane's: as many as the others', give or take one. */
static void run_lane(const struct pass *p, int index)
{
    struct lane *l = &p->s->lanes[index];
    int batch = p->s->graph->image.batch, evaluations = (p->count + batch - 1) / batch;
    int from = (int)((int64_t)evaluations * index / p->s->threads),
        to = (int)((int64_t)evaluations * (index + 1) / p->s->threads);
    l->failed = false;
    lend_partials(p->s, l);
    for (int i = from; i < to && !l->failed; i++) {
        int first = i * batch, left = p->count - first;
        l->failed = !learn_from(p, l, (size_t)first, (size_t)(left < batch ? left : batch));
    }
}

/* Sums in the order of the lanes. */
static void gather(const struct graph_session *s)
{
    const struct graph_learning *w = s->graph->learning;
#pragma omp parallel for schedule(static) num_threads(s->threads)
    for (size_t i = 0; i < w->learnt; i++) {
        float sum = s->lanes[0].partial[i];
        for (int k = 1; k < s->threads; k++)
            sum += s->lanes[k].partial[i];
        w->numbers[w->learnt + i] = sum;
    }
}

bool graph_session_train(struct graph_session *s, const float *images, const float *targets, int count,
                         enum loss loss, float *probabilities, double *mean_loss, struct err *e)
{
    struct pass p = {.s = s,
                     .images = images,
                     .targets = targets,
                     .probabilities = probabilities ? probabilities : s->probabilities,
                     .count = count < s->batch ? count : s->batch,
                     .loss = loss};
    *mean_loss = 0.0;
    if (p.count < 1)
        return true;
#pragma omp parallel for schedule(static, 1) num_threads(s->threads)
    for (int i = 0; i < s->threads; i++)
        run_lane(&p, i);
    for (int i = 0; i < s->threads; i++)
        if (s->lanes[i].failed) {
            if (e)
                *e = s->lanes[i].err;
            return false;
        }
    gather(s);
    for (int i = 0; i < p.count; i++)
        *mean_loss += s->losses[i] / p.count;
    return true;
}

/* ---- the session ---- */

/* Finds what steps take and whether they work at all. */
static bool try_once(struct graph_session *s, struct err *e)
{
    size_t classes = (size_t)s->graph->classes;
    float *image = calloc(image_values(s->graph), sizeof *image), *targets = calloc(classes, sizeof *targets);
    double loss;
    bool fine = (image && targets) || err_memory(e, "planning to learn");
    if (fine) {
        targets[0] = 1.0f;
        fine = graph_session_train(s, image, targets, 1, LOSS_CROSS_ENTROPY, NULL, &loss, e);
    }
    free(image);
    free(targets);
    return fine;
}

static bool make_lanes(struct graph_session *s, int threads, struct err *e)
{
    bool fine = make_lane(s, &s->lanes[0], e) && try_once(s, e);
    if (!fine)
        return false;
    size_t peak = graph_budget().bytes - s->lanes[0].tape.budget.least;
    int team = graph_team(peak + s->graph->learning->learnt * sizeof(float), threads);
    while (fine && s->threads < team)
        fine = make_lane(s, &s->lanes[s->threads], e) && ++s->threads;
    return fine;
}

struct graph_session *graph_session_create(struct graph *g, bool outputs_are_logits, int batch, int threads,
                                           struct err *e)
{
    threads = threads > 0 ? threads : omp_get_max_threads();
    struct graph_session *s = calloc(1, sizeof *s);
    if (!s) {
        err_fill_memory(e, "planning to learn");
        return NULL;
    }
    *s = (struct graph_session){.graph = g,
                                .batch = batch,
                                .threads = 1,
                                .lane_count = threads,
                                .judged = graph_judge(g, outputs_are_logits)};
    s->lanes = calloc((size_t)threads, sizeof *s->lanes);
    s->losses = calloc((size_t)batch, sizeof *s->losses);
    s->probabilities = calloc((size_t)batch * (size_t)g->classes, sizeof *s->probabilities);
    bool fine = (s->lanes && s->losses && s->probabilities) || err_memory(e, "planning to learn");
    if (fine && make_lanes(s, threads, e))
        return s;
    graph_session_free(s);
    return NULL;
}

static void free_lane(struct lane *l)
{
    tape_free(&l->tape);
    free(l->partial);
    free(l->padded);
    free(l->logits);
    free(l->d_logits);
}

void graph_session_free(struct graph_session *s)
{
    if (!s)
        return;
    for (int i = 0; s->lanes && i < s->lane_count; i++)
        free_lane(&s->lanes[i]);
    free(s->lanes);
    free(s->losses);
    free(s->probabilities);
    free(s);
}
