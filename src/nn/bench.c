/* Measuring the engine: whole passes over random images, timed from outside and stage by stage. */
#include "ferlab/nn/bench.h"

#include "ferlab/base/clock.h"
#include "ferlab/base/interrupt.h"
#include "ferlab/base/rng.h"
#include "stage.h"

#include <stdlib.h>

enum { TRAIN_BATCH = 128, INFER_BATCH = 256, CLASSES = 8, PRODUCT = 768, SEED = 1 };

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

static void fill_layers(const struct session *s, const struct stage_time *times, int steps, struct bench *out)
{
    for (size_t i = 0; i < out->layer_count; i++) {
        const struct layer *l = session_layer(s, i);
        double flops = layer_flops(l) * TRAIN_BATCH;
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
static bool bench_train(struct network *net, int threads, double seconds, const float *images,
                        struct bench *out, struct err *e)
{
    struct session *s = session_create(net, TRAIN_BATCH, true, threads, e);
    struct sgd sgd = {0};
    float *targets = one_hot_targets(TRAIN_BATCH);
    struct stage_time *times = calloc(net->layer_count, sizeof *times);
    out->layer_count = net->layer_count;
    out->layers = calloc(net->layer_count, sizeof *out->layers);
    bool fine = s && sgd_init(&sgd, net, 0.9f, 0.0f, e);
    if (fine && !(targets && times && out->layers))
        fine = err_memory(e, "measuring training");
    if (fine) {
        session_train(s, images, targets, TRAIN_BATCH, LOSS_CROSS_ENTROPY, SEED, 0, NULL);
        session_profile(s, times);
        double start = clock_seconds(), end = start;
        int steps = 0;
        while (!interrupt_requested() && (steps == 0 || end - start < seconds)) {
            session_train(s, images, targets, TRAIN_BATCH, LOSS_CROSS_ENTROPY, SEED, (uint64_t)++steps, NULL);
            sgd_step(&sgd, net, 1e-3f);
            end = clock_seconds();
        }
        out->threads = session_threads(s);
        out->train_batch = TRAIN_BATCH;
        out->train_img_s = steps ? steps * TRAIN_BATCH / (end - start) : 0.0;
        fill_layers(s, times, steps ? steps : 1, out);
    }
    sgd_free(&sgd);
    session_free(s);
    free(targets);
    free(times);
    return fine;
}

static bool bench_infer(struct network *net, int threads, double seconds, const float *images,
                        struct bench *out, struct err *e)
{
    struct session *s = session_create(net, INFER_BATCH, false, threads, e);
    float *probabilities = malloc(sizeof(float) * INFER_BATCH * CLASSES);
    bool fine = s != NULL;
    if (fine && !probabilities)
        fine = err_memory(e, "measuring inference");
    if (fine) {
        session_predict(s, images, INFER_BATCH / 4, probabilities);
        double start = clock_seconds(), end = start;
        int rounds = 0;
        while (!interrupt_requested() && (rounds == 0 || end - start < seconds)) {
            session_predict(s, images, INFER_BATCH, probabilities);
            rounds++;
            end = clock_seconds();
        }
        out->infer_batch = INFER_BATCH;
        out->infer_img_s = rounds ? rounds * INFER_BATCH / (end - start) : 0.0;
    }
    free(probabilities);
    session_free(s);
    return fine;
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

bool bench_run(const char *arch, int threads, double seconds, struct bench *out, struct err *e)
{
    *out = (struct bench){0};
    struct network *net = network_create(arch, 0, CLASSES, SEED, e);
    if (!net)
        return false;
    size_t image = (size_t)net->input_size * (size_t)net->input_size, products = (size_t)PRODUCT * PRODUCT;
    float *images = random_values(image * INFER_BATCH > products ? image * INFER_BATCH : products);
    bool fine = images ? true : err_memory(e, "measuring");
    fine = fine && bench_train(net, threads, seconds, images, out, e) &&
           bench_infer(net, threads, seconds / 2, images, out, e) &&
           bench_products(out->threads, seconds / 4, images, out, e);
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
