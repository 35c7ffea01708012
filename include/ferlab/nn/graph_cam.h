/* Grad-CAM: where in an image a graph sees what speaks for a class (Selvaraju et al., ICCV 2017, arXiv
 * 1610.02391). With A the maps that the last convolution gives and y the class's number before Softmax,
 *     map = ReLU(sum over channels k of a_k A_k),   a_k = mean over places of dy / dA_k.
 *
 * A is taken where everything behind that convolution has to pass: behind its normalisation, activation and
 * residual sum, where it has them, and before pooling. Of the convolutions the last one counts whose maps are
 * of 6 x 6 places or more (as many as there are, where none has so many): images of 48 pixels leave some
 * graphs with one place at the end, which tells nothing.
 *
 * Networks of our own are graphs too, once they are written as ONNX files. */
#ifndef FERLAB_NN_GRAPH_CAM_H
#define FERLAB_NN_GRAPH_CAM_H

#include "ferlab/nn/graph.h"

struct graph_cam;
struct graph_cam *graph_cam_create(const struct graph *g, struct err *e); /* g stays the caller's */
void graph_cam_free(struct graph_cam *c);

/* Begins a map, for one image (copied) laid out as graph_image says, and one of graph_classes. */
void graph_cam_begin(struct graph_cam *c, const float *image, int class);
/* Goes on by one operator, forward or back, so that who else has to be served waits no longer than that.
 * *done: the map is there. Fails with a sentence where there is no such convolution, and where an operator
 * behind it has no gradient. */
bool graph_cam_work(struct graph_cam *c, bool *done, struct err *e);

/* The map that was done last, 0 and more; its values stay until the next one begins. */
struct graph_map {
    const float *values; /* [height][width] */
    int height, width;
};
struct graph_map graph_cam_map(const struct graph_cam *c);

#endif
