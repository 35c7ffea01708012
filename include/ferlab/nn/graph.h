/* Models of other makers: graphs of ONNX operators (opset 7 to 21, float32) that take an image and give one
 * number a class. Without the engine's speed; files that onnx_read takes are faster there. graph_learn.h
 * trains them. */
#ifndef FERLAB_NN_GRAPH_H
#define FERLAB_NN_GRAPH_H

#include "ferlab/base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct graph;

struct graph_image { /* the input: [batch][channels][size][size], or with the channels last */
    int batch; /* how many images an evaluation takes, as the file fixes it; 1 where it leaves it open */
    int channels, size;
    bool channels_last;
};

/* What the last step makes of its values. */
enum graph_ending { GRAPH_ENDS_OPEN, GRAPH_ENDS_IN_SOFTMAX, GRAPH_ENDS_IN_SIGMOID };

/* From an ONNX file. `name` is for messages. Everything the file says is checked, and one evaluation was
 * made, before a graph is returned: later ones can fail for want of memory only. */
struct graph *graph_load(const void *bytes, size_t size, const char *name, struct err *e);
void graph_free(struct graph *g);

struct graph_image graph_image(const struct graph *g);
int graph_classes(const struct graph *g);
size_t graph_parameters(const struct graph *g); /* stored floats */
int graph_nodes(const struct graph *g);
enum graph_ending graph_ending(const struct graph *g);
/* Whether the first thing done to the input is to bring pixels of 0 to 255 to smaller numbers. */
bool graph_scales_pixels(const struct graph *g);

/* What goes into the last layer of weights (Gemm or MatMul) before the output, per image; 0 where there is
 * none. */
size_t graph_embedding_values(const struct graph *g);

/* outputs [count][classes] of images [count], laid out as graph_image says. threads 0: all the machine has;
 * fewer are used where their memory would come to much. */
bool graph_run(const struct graph *g, const float *images, int count, int threads, float *outputs,
               struct err *e);
/* The same, and embeddings [count][graph_embedding_values]; NULL: not wanted. */
bool graph_embed(const struct graph *g, const float *images, int count, int threads, float *outputs,
                 float *embeddings, struct err *e);

#endif
