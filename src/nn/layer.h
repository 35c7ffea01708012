/* Layers: what a network is made of, and the pure functions that compute them.
 *
 * Functions take pointers and dimensions, run on one thread and allocate nothing; the session splits a batch
 * into slices and gives each thread its own. Activations are NHWC, so `pixels` below counts images x height x
 * width. A "partial" is one slice's weight gradient, added to by backward and summed over slices, in order,
 * by gather. */
#ifndef FERLAB_NN_LAYER_H
#define FERLAB_NN_LAYER_H

#include "ferlab/nn/network.h"

enum {
    NN_ALIGN = 64,
    CHANNELS_MAX = 4096,
    ITEMS_MAX = 64,
    INPUT_MIN = 4,
    INPUT_MAX = 1024,
    CLASSES_MAX = 4096
};
/* Every item becomes three layers at most; pooling, dropout and the last dense layer follow. */
enum { LAYERS_MAX = 3 * ITEMS_MAX + 3 };
#define NORM_EPSILON 1e-5f
#define NORM_MOMENTUM 0.1f
enum { NORM_SCALE, NORM_BIAS, NORM_MEAN, NORM_VARIANCE }; /* its parameters, in file order */

enum layer_kind {
    LAYER_CONV,
    LAYER_NORM,
    LAYER_RELU,
    LAYER_POOL,
    LAYER_AVERAGE,
    LAYER_DROPOUT,
    LAYER_DENSE,
};

struct shape {
    int height, width, channels;
};

static inline size_t shape_count(struct shape s)
{
    return (size_t)s.height * (size_t)s.width * (size_t)s.channels;
}

struct layer {
    enum layer_kind kind;
    struct shape in, out;
    int kernel;       /* convolutions: 1 or 3 */
    bool bias;        /* convolutions: a bias follows the weights */
    bool relu;        /* normalisations: ReLU in the same pass */
    float rate;       /* dropout: the share dropped */
    size_t parameter; /* index of the first of its parameters */
};

struct network {
    char *arch;
    int input_size, classes;
    struct layer *layers;
    size_t layer_count;
    struct parameter *parameters;
    size_t parameter_count, learnt;
    char *names;
    void *memory; /* of all values and gradients */
};

/* arch.c: the layers of an architecture string, at most LAYERS_MAX, and its canonical spelling (malloc'ed).
 * *input_size 0 becomes the preset's. Parameter indices are left 0. */
bool arch_parse(const char *arch, int *input_size, int classes, struct layer *layers, size_t *count,
                char **canonical, struct err *e);
/* The item list a preset name stands for, or the string itself. */
const char *arch_expand(const char *arch);

/* network.c: the same as network_create, with all values 0. */
struct network *network_plan(const char *arch, int input_size, int classes, struct err *e);
double layer_flops(const struct layer *l); /* of one image, forward */

/* gemm.c: the one door to matrix products. C[m][n] = A[m][k] B[k][n] + beta C, row-major with leading
 * dimensions; with a_transposed A is stored [k][m], with b_transposed B is stored [n][k]. Runs on the calling
 * thread. */
void gemm_prepare(void);
void gemm(bool a_transposed, bool b_transposed, size_t m, size_t n, size_t k, const float *a, size_t lda,
          const float *b, size_t ldb, float beta, float *c, size_t ldc);

/* norm.c: batch normalisation over each channel, with ReLU in the same pass when `relu`.
 * Training takes two walks: measure on every slice, then combine once, then apply on every slice. */
struct norm {
    int channels;
    bool relu;
    const float *scale, *bias; /* learnt */
    float *mean, *inverse;     /* of this batch: mean and 1 / sqrt(variance + epsilon) */
    float *slope, *offset;     /* forward: y = slope x + offset */
    float *keep_x, *keep_1;    /* backward: dx = slope dy + keep_x x + keep_1 */
};
/* sums [2][channels]: mean and sum of squared distances from it, of `before` pixels when it begins and of
 * `pixels` more at the end. workspace 2 x channels floats. */
void norm_measure(int channels, size_t before, size_t pixels, const float *x, double *sums, float *workspace);
/* The same from sums of x - shift and of its square. */
void norm_add_sums(int channels, size_t before, size_t pixels, const float *shift, const float *sum,
                   const float *squares, double *sums);
void norm_combine(const struct norm *d, int slices, const size_t *pixels, const double *sums,
                  float *running_mean, float *running_variance);
void norm_from_running(const struct norm *d, const float *running_mean, const float *running_variance);
void norm_forward(const struct norm *d, size_t pixels, const float *x, float *y); /* y may be x */
/* sums [2][channels]: of dy, and of dy (x - mean), dy being what passes the ReLU. */
void norm_measure_back(const struct norm *d, size_t pixels, const float *x, const float *dy, double *sums,
                       float *workspace);
void norm_combine_back(const struct norm *d, int slices, const size_t *pixels, const double *sums,
                       float *scale_gradient, float *bias_gradient);
void norm_backward(const struct norm *d, size_t pixels, const float *x, const float *dy,
                   float *dx); /* dx may be dy */

/* conv.c: convolutions of stride 1 that keep height and width. x [count][h][w][in], y [count][h][w][out]. */
struct conv {
    int height, width, in, out, kernel;
    bool image; /* x is the network's own input: there is nothing to read it through and no dx */
    int images; /* how many go together at most; 0: many */
};
/* Values, or with `through` values that a normalisation which nobody wrote out makes of x. */
struct conv_input {
    const float *x;
    const struct norm *through;
};
/* The gradient of the outputs; with `through`, of what that makes of the outputs, which are x. */
struct conv_gradient {
    const float *dy, *x;
    const struct norm *through;
};
/* What becomes of the outputs before they are written: a bias is added (NULL: none), ReLU applied. sums, as
 * of norm_measure, are taken of them where it is not NULL. */
struct conv_ending {
    const float *bias;
    bool relu;
    double *sums;
    int part, parts; /* parts > 1: of a team that computes the same outputs, each its part; sums NULL then */
};
size_t conv_weights(const struct conv *d);
size_t conv_packed(const struct conv *d); /* floats */
size_t conv_packed_back(const struct conv *d);
size_t conv_partial(const struct conv *d);
size_t conv_workspace(const struct conv *d, bool training); /* floats per thread */
/* Weights [out][ky][kx][in], each output's multiplied by scale[out] (NULL: 1), as forward wants them. */
void conv_pack(const struct conv *d, const float *weight, const float *scale, float *packed);
void conv_pack_back(const struct conv *d, const float *weight, float *packed);
void conv_forward(const struct conv *d, int count, struct conv_input x, const float *packed,
                  const struct conv_ending *end, float *y, float *workspace);
/* Adds to partial; dx NULL: not wanted. */
void conv_backward(const struct conv *d, int count, struct conv_input x, struct conv_gradient dy,
                   const float *packed_back, float *dx, float *partial, float *workspace);
/* gradient [out][ky][kx][in] = sum of the slices' partials, `stride` floats apart. */
void conv_gather(const struct conv *d, int slices, const float *partials, size_t stride, float *gradient);
void conv_forward_reference(const struct conv *d, int count, const float *x, const float *weight,
                            const float *bias, float *y);
void conv_backward_reference(const struct conv *d, int count, const float *x, const float *dy,
                             const float *weight, float *dx, float *gradient);

/* conv_image.c: 3x3 with one input channel, straight from the image; weights [ky][kx][out], partials [out]
 * for each tap. */
size_t conv_image_workspace(const struct conv *d);
void conv_image_forward(const struct conv *d, int count, const float *x, const float *packed,
                        const struct conv_ending *end, float *y, float *workspace);
void conv_image_backward(const struct conv *d, int count, const float *x, struct conv_gradient dy,
                         float *partial, float *workspace);

/* ending.c: the gradient of a bias, added to partial[channels]; and what conv_ending says of `pixels` outputs
 * that were written already, `before` after the slice's first. workspace 2 x channels floats. */
void bias_backward(size_t pixels, int channels, const float *dy, float *partial);
void ending_apply(const struct conv_ending *end, size_t before, size_t pixels, int channels, float *y,
                  float *workspace);

/* pool.c: 2x2, stride 2, odd edges left out; and the average of each map, y [count][channels]. dx is the
 * gradient of what `through` makes of x; a maximum's goes to the first of equals. */
void pool_forward(struct shape in, int count, struct conv_input x, float *y);
void pool_backward(struct shape in, int count, struct conv_input x, const float *dy, float *dx);
void average_forward(struct shape in, int count, struct conv_input x, float *y);
void average_backward(struct shape in, int count, const float *dy, float *dx);

/* pointwise.c */
void relu_forward(size_t values, const float *x, float *y);                    /* y may be x */
void relu_backward(size_t values, const float *y, const float *dy, float *dx); /* dx may be dy */
/* Drops each value with probability rate and divides the others by 1 - rate. Draws come from (seed, step,
 * layer, image) alone, so forward and backward agree and the number of slices does not matter. Both may work
 * in place. */
struct dropout {
    float rate;
    uint64_t seed, step;
    uint32_t layer;
};
void dropout_apply(const struct dropout *d, size_t values, int first_image, int count, const float *x,
                   float *y);

/* dense.c: y[count][out] = x[count][in] weight^T + bias, weight [out][in]. */
void dense_forward(int in, int out, int count, const float *x, const float *weight, const float *bias,
                   float *y);
/* Adds to partial: the weights' gradient, then the bias's. dx may be NULL. */
void dense_backward(int in, int out, int count, const float *x, const float *dy, const float *weight,
                    float *dx, float *partial);
/* gradient = sum of the slices' partials. */
void partials_sum(size_t values, int slices, const float *partials, size_t stride, float *gradient);

/* loss.c: probabilities [count][classes] = softmax(logits); may be in place. */
void softmax_forward(int classes, int count, const float *logits, float *probabilities);
/* losses[i] of each image, and d_logits of the sum of losses divided by batch. */
void loss_apply(enum loss kind, int classes, int count, int batch, const float *logits,
                const float *probabilities, const float *targets, double *losses, float *d_logits);

#endif
