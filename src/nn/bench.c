/* Measuring the engine: whole passes over random images, timed from outside and stage by stage. */
#include "ferlab/nn/bench.h"

#include "ferlab/base/clock.h"
#include "ferlab/base/interrupt.h"
#include "ferlab/base/rng.h"
#include "stage.h"

#include <stdlib.h>

enum { CLASSES = 8, PRODUCT = 768, SEED = 1 };

static float *random_values(size_t count)
{
    float *values = malloc(count * sizeof *values);
    struct rng r;
    rng_seed(&r, SEED, 0);
    for (size_t i = 0; values && i < count; i++)
        values[i] = rng_normal(&r);
    return values;
}

static float *one_hot_targets(int count)
{
    float *targets = calloc((size_t)count * CLASSES, sizeof *targets);
    for (int i = 0; targets && i < count; i++)
        targets[i * CLASSES + i % CLASSES] = 1.0f;
    return targets;
}

static void fill_layers(const struct session *s, const struct stage_time *times, int batch, int steps,
                        struct bench *out)
{
    for (size_t i = 0; i < out->layer_count; i++) {
        const struct layer *l = session_layer(s, i);
        double flops = layer_flops(l) * batch;
        out->layers[i] = (struct bench_layer){.kind = session_stage_name(s, i),
                                              .size = l->in.height,
                                              .in = l->in.channels,
                                              .out = l->out.channels,
                                              .kernel = l->kernel,
                                              .forward_ms = 1000.0 * times[i].forward / steps,
                                              .backward_ms = 1000.0 * times[i].backward / steps,
                                              .forward_flops = flops,
                                              /* dW and dX; the first layer needs no dX. */
                                              .backward_flops = i ? 2.0 * flops : flops};
    }
}

/* Whole steps: forward, backward, optimiser. */
static bool bench_train(struct network *net, const struct bench_plan *plan, const float *images,
                        struct bench *out, struct err *e)
{
    int batch = plan->train_batch;
    struct session *s = session_create(net, batch, true, plan->threads, e);
    struct sgd sgd = {0};
    float *targets = one_hot_targets(batch);
    struct stage_time *times = calloc(net->layer_count, sizeof *times);
    out->layer_count = net->layer_count;
    out->layers = calloc(net->layer_count, sizeof *out->layers);
    bool fine = s && sgd_init(&sgd, network_parameter_list(net), 0.9f, 0.0f, e);
    if (fine && !(targets && times && out->layers))
        fine = err_memory(e, "measuring training");
    if (fine) {
        session_train(s, images, targets, batch, LOSS_CROSS_ENTROPY, SEED, 0, NULL);
        session_profile(s, times);
        double start = clock_seconds(), end = start;
        int steps = 0;
        while (!interrupt_requested() && (steps == 0 || end - start < plan->seconds)) {
            session_train(s, images, targets, batch, LOSS_CROSS_ENTROPY, SEED, (uint64_t)++steps, NULL);
            sgd_step(&sgd, network_parameter_list(net), 1e-3f);
            end = clock_seconds();
        }
        out->threads = session_threads(s);
        out->train_batch = batch;
        out->train_img_s = steps ? steps * batch / (end - start) : 0.0;
        fill_layers(s, times, batch, steps ? steps : 1, out);
        out->train_bytes = session_bytes(s);
    }
    sgd_free(&sgd);
    session_free(s);
    free(targets);
    free(times);
    return fine;
}

/* Seconds that a prediction of `count` images takes, over about `seconds`. */
static bool time_predictions(struct network *net, int count, int threads, double seconds, const float *images,
                             double *each, struct err *e)
{
    struct session *s = session_create(net, count, false, threads, e);
    float *probabilities = malloc(sizeof(float) * (size_t)count * CLASSES);
    bool fine = s != NULL;
    if (fine && !probabilities)
        fine = err_memory(e, "measuring inference");
    if (fine) {
        session_predict(s, images, count, probabilities);
        double start = clock_seconds(), end = start;
        int rounds = 0;
        while (!interrupt_requested() && (rounds == 0 || end - start < seconds)) {
            session_predict(s, images, count, probabilities);
            rounds++;
            end = clock_seconds();
        }
        *each = rounds ? (end - start) / rounds : 0.0;
    }
    free(probabilities);
    session_free(s);
    return fine;
}

static bool bench_infer(struct network *net, const struct bench_plan *plan, const float *images,
                        struct bench *out, struct err *e)
{
    double many = 0.0, one = 0.0;
    int batch = plan->infer_batch, threads = plan->threads;
    if (!time_predictions(net, batch, threads, plan->seconds / 2, images, &many, e) ||
        !time_predictions(net, 1, threads, plan->seconds / 4, images, &one, e))
        return false;
    out->infer_batch = batch;
    out->infer_img_s = many > 0.0 ? batch / many : 0.0;
    out->one_ms = one * 1000.0;
    return true;
}

/* What the library reaches with square matrices, each thread with its own: the bound for what is built on it.
 */
static bool bench_products(int threads, double seconds, const float *values, struct bench *out, struct err *e)
{
    size_t count = (size_t)PRODUCT * PRODUCT;
    float *c = malloc((size_t)threads * count * sizeof *c);
    if (!c)
        return err_memory(e, "measuring matrix products");
    double start = clock_seconds(), end = start;
    int rounds = 0;
    while (!interrupt_requested() && (rounds == 0 || end - start < seconds)) {
#pragma omp parallel for num_threads(threads) schedule(static)
        for (int t = 0; t < threads; t++)
            gemm(false, false, PRODUCT, PRODUCT, PRODUCT, values, PRODUCT, values, PRODUCT, 0.0f,
                 c + (size_t)t * count, PRODUCT);
        rounds++;
        end = clock_seconds();
    }
    out->sgemm_gflops = 2e-9 * PRODUCT * (double)count * threads * rounds / (end - start);
    free(c);
    return true;
}

bool bench_run(const struct bench_plan *plan, struct bench *out, struct err *e)
{
    *out = (struct bench){0};
    struct network *net = network_create(plan->arch, 0, CLASSES, SEED, e);
    if (!net)
        return false;
    out->input_size = net->input_size;
    size_t image = (size_t)net->input_size * (size_t)net->input_size, need = (size_t)PRODUCT * PRODUCT;
    size_t most = (size_t)(plan->infer_batch > plan->train_batch ? plan->infer_batch : plan->train_batch);
    float *images = random_values(image * most > need ? image * most : need);
    bool fine = images ? true : err_memory(e, "measuring");
    fine = fine && bench_train(net, plan, images, out, e) && bench_infer(net, plan, images, out, e) &&
           bench_products(out->threads, plan->seconds / 4, images, out, e);
    if (fine && interrupt_requested())
        fine = err_set(e, ERR_INTERRUPTED, "bench: stopped before it was done");
    free(images);
    network_free(net);
    if (!fine)
        bench_free(out);
    return fine;
}

void bench_free(struct bench *b)
{
    free(b->layers);
    b->layers = NULL;
    b->layer_count = 0;
}
