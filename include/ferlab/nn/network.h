/* Networks: small convolutional classifiers of square one-channel images, planned into buffers once and then
 * trained or run without allocating. Knows nothing of faces.
 *
 * An architecture is a string: comma-separated items, read left to right.
 *     N      3x3 convolution to N channels, padding 1, batch normalisation, ReLU
 *     Nx1    the same with a 1x1 convolution
 *     Nb     a bias in place of batch normalisation (also Nx1b)
 *     P      2x2 max pooling
 *     Dn     dropout of n percent
 *     G, V   global average pooling; all values as one vector. Once, after the maps; F alone implies V
 *     Fn     dense layer of n with ReLU
 * followed by global average pooling and dropout 0.3 where there is no G, V or F, and always by a dense layer
 * to the classes. Preset names stand for strings: "default" = "32,32,P,64,64,P,128,128,P,256,256,P",
 * "deep" = "32,32,P,64,64,64,P,128,128,128,P,256,256,256,P", "wide" = "48,48,P,96,96,P,192,192,P,384,384,P";
 * "vgg13" is Barsoum et al. 2016 (biased convolutions, no normalisation, dropout 0.25 after each pool, two
 * dense layers of 1024 with dropout 0.5; 64x64 input).
 *
 * Activations are NHWC float32. Convolution weights are [out][kernel_y][kernel_x][in], dense weights
 * [out][in]. */
#ifndef FERLAB_NN_NETWORK_H
#define FERLAB_NN_NETWORK_H

#include "ferlab/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct network; /* layers, weights, running statistics */

/* The presets' names, by index; NULL behind the last. */
const char *network_preset(int index);

/* A new network with He-initialised weights (He et al. 2015), halved in variance where nothing normalises.
 * input_size 0: the preset's own (48, vgg13 64).
 */
struct network *network_create(const char *arch, int input_size, int classes, uint64_t seed, struct err *e);
/* Whether that can be made, memory aside; makes nothing. */
bool network_check(const char *arch, int input_size, int classes, struct err *e);
struct network *network_copy(const struct network *net, struct err *e);
/* A network that predicts the same without normalisation: each is folded into weights and a bias of the
 * convolution before it, so that N of the architecture becomes Nb. */
struct network *network_fold(const struct network *net, struct err *e);
void network_free(struct network *net);

const char *network_arch(const struct network *net); /* the canonical string, presets by name */
int network_input_size(const struct network *net);
int network_classes(const struct network *net);
size_t network_parameters(const struct network *net);       /* learnt floats */
double network_flops(const struct network *net);            /* multiply-adds x 2 of one image, forward */
size_t network_embedding_values(const struct network *net); /* what goes into the last layer, per image */

/* All learnt tensors and running statistics, in file order, for optimisers, checkpoints and tests. */
struct parameter {
    const char *name; /* "conv1.weight", "bn1.mean", … */
    int dims[4], rank;
    size_t count;
    float *value;
    float *gradient; /* NULL for running statistics */
    bool decays;     /* weight decay applies: weights of convolutions and dense layers only */
};
size_t network_parameter_count(const struct network *net);
struct parameter *network_parameter(struct network *net, size_t index);
struct parameter_list {
    struct parameter *items;
    size_t count;
};
struct parameter_list network_parameter_list(struct network *net);

/* All logits become `factor` times as large: the last layer's weights and bias do. */
void network_scale_logits(struct network *net, float factor);

/* Values of `average`, a list of the same dimensions, become decay x theirs + (1 - decay) x those of `now`.
 */
void parameters_average(struct parameter_list average, struct parameter_list now, float decay, int threads);

/* Buffers for one network and at most `batch` images at a time. Everything is allocated here, nothing later.
 * threads 0: all the machine has. Same seed, data and thread count give the same bits. */
struct session;
struct session *session_create(struct network *net, int batch, bool training, int threads, struct err *e);
void session_free(struct session *s);
size_t session_bytes(const struct session *s);

enum loss {
    LOSS_CROSS_ENTROPY, /* -sum_k t_k log p_k with soft targets t */
    LOSS_MULTI_TARGET,  /* -t_k log p_k of the largest p_k among the k with t_k > 0, Barsoum et al. 2016 where
                           t is 0 or 1 */
};

/* Sessions that are not for training read the weights once, when they are made, and again when told that
 * those have changed. */
void session_refresh(struct session *s);

/* Probabilities [count][classes] of images [count][size][size], in evaluation mode. count <= batch. */
void session_predict(struct session *s, const float *images, int count, float *probabilities);

/* The same, and the input of the last layer: embeddings [count][network_embedding_values]; NULL: not wanted.
 */
void session_embed(struct session *s, const float *images, int count, float *probabilities,
                   float *embeddings);

/* Forward and backward in training mode: gradients of the mean loss are left in the parameters, running
 * statistics are updated. targets [count][classes]. dropout draws come from (seed, step). Returns the mean
 * loss; probabilities (of training mode) may be NULL. */
double session_train(struct session *s, const float *images, const float *targets, int count, enum loss loss,
                     uint64_t seed, uint64_t step, float *probabilities);

/* Stochastic gradient descent with Nesterov momentum (PyTorch's formulation, dampening 0) and weight decay.
 */
struct sgd {
    float momentum, weight_decay;
    float *velocity; /* all gradients' parameters in order */
};
bool sgd_init(struct sgd *o, struct parameter_list list, float momentum, float weight_decay, struct err *e);
void sgd_step(struct sgd *o, struct parameter_list list, float learning_rate);
void sgd_free(struct sgd *o);

extern const char network_arch_help[];

#endif
