/* Winograd convolutions, 3x3, stride 1, padding 1: F(4x4), F(3x3) and F(2x2) of Lavin & Gray 2015 (arXiv
 * 1509.09308), forward and backward.
 *
 * Tiles of (m+2) x (m+2) input values become as many points V = Bt d B; at each point the tiles of a chunk
 * are the rows of one matrix product M = V U with the transformed weights U = G g Gt; and Y = At M A gives
 * the m x m outputs. Backward is the adjoint, step by step: M' = A dY At once, then dU += Vt M' (dW = Gt dU
 * G) and dV = M' Ut, which is laid over dX as B dV Bt. V is made again rather than kept.
 *
 * Channels come in panels of two vectors, so the layouts depend on the processor: winograd_kernels.h is
 * compiled once for each instruction set, and winograd.c picks. In floats,
 *     V, M   [point][panel][tile of the chunk][panel's channels]
 *     U      [point][panel of out][in][panel's channels]
 *     Ut     [point][panel of in][out][panel's channels]
 *     dU     [point][panel of out][in, padded][panel's channels] */
#ifndef FERLAB_NN_WINOGRAD_H
#define FERLAB_NN_WINOGRAD_H

#include "layer.h"

/* A convolution as the kernels see it. */
struct winograd {
    int height, width, in, out;
    int tile, points;            /* m, and (m+2)^2 */
    int tiles_y, tiles_x, chunk; /* chunk: tiles at a time, a multiple of the kernels' rows */
    int panel;                   /* channels */
    size_t in_panels, out_panels;
    size_t in_stride, out_stride; /* of V's and M's points */
};

struct winograd_kernels {
    const char *name;
    int panel, rows;
    void (*pack)(const struct winograd *w, const float *weight, const float *scale, float *u);
    void (*pack_back)(const struct winograd *w, const float *weight, float *u_back);
    void (*forward)(const struct winograd *w, int count, struct conv_input x, const float *u,
                    const struct conv_ending *end, float *y, float *workspace);
    void (*backward)(const struct winograd *w, int count, struct conv_input x, struct conv_gradient dy,
                     const float *u_back, float *dx, float *partial, float *workspace);
    void (*gather)(const struct winograd *w, int slices, const float *partials, size_t stride,
                   float *gradient);
};

/* Those that this processor can run, best first, NULL after the last. */
const struct winograd_kernels *const *winograd_available(void);

struct winograd winograd_plan(const struct winograd_kernels *k, const struct conv *d);
size_t winograd_packed(const struct winograd *w);
size_t winograd_packed_back(const struct winograd *w);
size_t winograd_partial(const struct winograd *w);
size_t winograd_workspace(const struct winograd *w);

#endif
