/* Learning in models of other makers: gradients of a graph's weights, and the file with what was learnt.
 *
 * What is learnt, of the stored float32 tensors:
 *   - weights of Conv, Gemm and MatMul, which decay, and their biases;
 *   - scale and bias of BatchNormalization; its mean and variance stay as they are stored, so that a
 *     normalisation is an affine map of each channel, in training as in use ("frozen");
 *   - operands of Add and Mul that hold more than one number.
 * The last two only behind the first Conv, Gemm or MatMul: what the pixels meet before is preparation, and no
 * more to be learnt than the limits of Clip, single numbers of a formula, or what Sub and Div take, which are
 * means and deviations. A tensor that reaches its place through nodes which depend on nothing else (Reshape
 * or Transpose of a weight) is learnt as it arrives there. Dropout stays off. */
#ifndef FERLAB_NN_GRAPH_LEARN_H
#define FERLAB_NN_GRAPH_LEARN_H

#include "ferlab/nn/graph.h"
#include "ferlab/nn/network.h"

/* Finds what is learnt and gives it memory of its own, which evaluations read from then on. Once a graph; no
 * evaluation may be under way. A node without gradient between a weight and the output is named. */
bool graph_learn(struct graph *g, struct err *e);

/* What is learnt, in the order of its use; empty before graph_learn. Dimensions beyond the fourth are
 * multiplied into it. The parameters live as long as the graph. */
struct parameter_list graph_parameter_list(const struct graph *g);

/* Buffers for training steps. outputs_are_logits: else they are probabilities, and where a Softmax makes them
 * what goes into it counts as the logits; other probabilities count by their logarithms, from 1e-7 up.
 * threads 0: all the machine has; fewer are used where their memory would come to much. One step is made on a
 * black image, so that later ones fail for want of memory only. */
struct graph_session;
struct graph_session *graph_session_create(struct graph *g, bool outputs_are_logits, int batch, int threads,
                                           struct err *e);
void graph_session_free(struct graph_session *s);

/* Forward and backward: gradients of the mean loss are left in the parameters. images as graph_image says,
 * targets and probabilities (may be NULL) [count][graph_classes], count <= batch. Same weights, images and
 * thread count give the same bits. */
bool graph_session_train(struct graph_session *s, const float *images, const float *targets, int count,
                         enum loss loss, float *probabilities, double *mean_loss, struct err *e);

/* All logits become `factor` times as large: the weights and biases of the last layer do. False, and nothing
 * changed, where no layer that is learnt and serves nothing else makes them. */
bool graph_scale_logits(struct graph *g, bool outputs_are_logits, float factor);

/* The file as it was read, with what was learnt in its place: a stored tensor in the tensor, what came out of
 * nodes without the image in a Constant node instead of the last of them. mallocs *bytes. */
bool graph_write(const struct graph *g, void **bytes, size_t *size, struct err *e);

#endif
