/* Convolutions as their definition has them: what the fast ones are tested against. */
#include "layer.h"

#include <string.h>

/* Calls for every pair of an output pixel and an input pixel that a tap joins. */
#define FOR_EVERY_TAP(d, count)                                                                              \
    for (int n = 0; n < (count); n++)                                                                        \
        for (int y0 = 0; y0 < (d)->height; y0++)                                                             \
            for (int x0 = 0; x0 < (d)->width; x0++)                                                          \
                for (int ky = 0; ky < (d)->kernel; ky++)                                                     \
                    for (int kx = 0; kx < (d)->kernel; kx++)

static bool tap_pixel(const struct conv *d, int n, int y0, int x0, int ky, int kx, size_t *pixel)
{
    int y = y0 + ky - d->kernel / 2, x = x0 + kx - d->kernel / 2;
    if (y < 0 || x < 0 || y >= d->height || x >= d->width)
        return false;
    *pixel = ((size_t)n * (size_t)d->height + (size_t)y) * (size_t)d->width + (size_t)x;
    return true;
}

void conv_forward_reference(const struct conv *d, int count, const float *x, const float *weight,
                            const float *bias, float *y)
{
    size_t in = (size_t)d->in, out = (size_t)d->out, kernel = (size_t)d->kernel;
    size_t pixels = (size_t)count * (size_t)d->height * (size_t)d->width;
    for (size_t p = 0; p < pixels; p++)
        for (size_t o = 0; o < out; o++)
            y[p * out + o] = bias ? bias[o] : 0.0f;
    FOR_EVERY_TAP(d, count)
    {
        size_t from, to = ((size_t)n * (size_t)d->height + (size_t)y0) * (size_t)d->width + (size_t)x0;
        if (!tap_pixel(d, n, y0, x0, ky, kx, &from))
            continue;
        for (size_t o = 0; o < out; o++) {
            const float *w = weight + ((o * kernel + (size_t)ky) * kernel + (size_t)kx) * in;
            double sum = 0.0;
            for (size_t i = 0; i < in; i++)
                sum += (double)w[i] * (double)x[from * in + i];
            y[to * out + o] += (float)sum;
        }
    }
}

void conv_backward_reference(const struct conv *d, int count, const float *x, const float *dy,
                             const float *weight, float *dx, float *gradient)
{
    size_t in = (size_t)d->in, out = (size_t)d->out, kernel = (size_t)d->kernel;
    memset(gradient, 0, conv_weights(d) * sizeof *gradient);
    if (dx)
        memset(dx, 0, (size_t)count * (size_t)d->height * (size_t)d->width * in * sizeof *dx);
    FOR_EVERY_TAP(d, count)
    {
        size_t from, to = ((size_t)n * (size_t)d->height + (size_t)y0) * (size_t)d->width + (size_t)x0;
        if (!tap_pixel(d, n, y0, x0, ky, kx, &from))
            continue;
        for (size_t o = 0; o < out; o++) {
            size_t w = ((o * kernel + (size_t)ky) * kernel + (size_t)kx) * in;
            for (size_t i = 0; i < in; i++) {
                gradient[w + i] += dy[to * out + o] * x[from * in + i];
                if (dx)
                    dx[from * in + i] += dy[to * out + o] * weight[w + i];
            }
        }
    }
}
