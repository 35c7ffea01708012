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
    double train_img_s, infer_img_s, sgemm_gflops; /* sgemm: products of 768x768 on all threads at once */
    int threads, train_batch, infer_batch;
    struct bench_layer *layers; /* malloc'ed */
    size_t layer_count;
};

/* Trains random images for about `seconds`, infers half and multiplies a quarter as long; at least a batch of
 * each. Ends early with ERR_INTERRUPTED when base/interrupt.h says so. threads 0: all. */
bool bench_run(const char *arch, int threads, double seconds, struct bench *out, struct err *e);
void bench_free(struct bench *b);

#endif
