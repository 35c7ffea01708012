/* The speed of the engine on this machine: images a second in training and inference, and where the time
 * goes. */
#ifndef FERLAB_NN_BENCH_H
#define FERLAB_NN_BENCH_H

#include "ferlab/base/err.h"

#include <stddef.h>

struct bench_layer {
    const char *kind;
    int size, in, out, kernel;            /* input height; channels; 0 where there is no kernel */
    double forward_ms, backward_ms;       /* of one training batch */
    double forward_flops, backward_flops; /* of one training batch; 0 where there are no products */
};

struct bench {
    double train_img_s, infer_img_s, one_ms; /* one: the time of a single image */
    double sgemm_gflops;                     /* products of 768x768 on all threads at once */
    size_t train_bytes;                      /* what a training session of that batch plans */
    int threads, train_batch, infer_batch, input_size;
    struct bench_layer *layers; /* malloc'ed */
    size_t layer_count;
};

/* What to measure: trains random images for about `seconds`, infers half as long, single images and products
 * a quarter as long; at least a batch of each. threads 0: all. */
struct bench_plan {
    const char *arch;
    int threads, train_batch, infer_batch;
    double seconds;
};
enum { BENCH_TRAIN_BATCH = 128, BENCH_INFER_BATCH = 256 };

/* Ends early with ERR_INTERRUPTED when base/interrupt.h says so. */
bool bench_run(const struct bench_plan *plan, struct bench *out, struct err *e);
void bench_free(struct bench *b);

#endif
