/* Convolutions as matrix products: patches of the input are gathered into rows (im2col) a few image rows at a
 * time, so that the gathered chunk is still in the cache when the product reads it.
 *
 * Backward gathers patches of dy rather than of x, because one gathering then serves both products:
 *     dx[p][i]           = sum over (ky, kx, o) of patch(dy, p)[ky][kx][o] * weight[o][2-ky][2-kx][i]
 *     dw[o][2-ky][2-kx][i] = sum over p of patch(dy, p)[ky][kx][o] * x[p][i]
 * and nothing has to be scattered. */
#include "layer.h"

#include "simd.h"

#include <string.h>

/* A chunk holds about CHUNK_FLOATS gathered floats, which leaves room in a cache of half a megabyte. But a
 * product repacks the weights on every call, so it has at least CHUNK_PIXELS rows, and more where the weights
 * are many. */
enum { CHUNK_FLOATS = 32 * 1024, CHUNK_PIXELS = 128, PATCH_PER_PIXEL = 8 };

static size_t patch_floats(const struct conv *d, int channels)
{
    return (size_t)d->kernel * (size_t)d->kernel * (size_t)channels;
}

/* How many image rows, counted through all images, are gathered at a time. */
static size_t chunk_rows(const struct conv *d, int channels)
{
    size_t patch = patch_floats(d, channels), pixels = CHUNK_FLOATS / patch;
    if (pixels < CHUNK_PIXELS)
        pixels = CHUNK_PIXELS;
    if (pixels < patch / PATCH_PER_PIXEL)
        pixels = patch / PATCH_PER_PIXEL;
    size_t rows = pixels / (size_t)d->width;
    return rows ? rows : 1;
}

static bool is_first(const struct conv *d)
{
    return d->kernel == 3 && d->in == 1;
}

size_t conv_weights(const struct conv *d)
{
    return patch_floats(d, d->in) * (size_t)d->out;
}

size_t conv_workspace(const struct conv *d, bool training)
{
    if (d->kernel == 1)
        return 0;
    size_t width = (size_t)d->width, need = is_first(d) ? conv_first_workspace(d) : 0;
    size_t forward = chunk_rows(d, d->in) * width * patch_floats(d, d->in);
    size_t backward = training ? chunk_rows(d, d->out) * width * patch_floats(d, d->out) : 0;
    if (forward > need)
        need = forward;
    return backward > need ? backward : need;
}

void conv_pack(const struct conv *d, const float *weight, float *packed)
{
    size_t rows = patch_floats(d, d->in), out = (size_t)d->out;
    for (size_t o = 0; o < out; o++)
        for (size_t r = 0; r < rows; r++)
            packed[r * out + o] = weight[o * rows + r];
}

void conv_pack_back(const struct conv *d, const float *weight, float *packed)
{
    size_t taps = (size_t)d->kernel * (size_t)d->kernel, in = (size_t)d->in, out = (size_t)d->out;
    for (size_t t = 0; t < taps; t++)
        for (size_t o = 0; o < out; o++)
            memcpy(packed + (t * out + o) * in, weight + (o * taps + taps - 1 - t) * in, in * sizeof *packed);
}

/* The 3x3 patches of image rows [first, first + rows), zero outside the image: to [rows x
 * width][3][3][channels]. */
static void gather_patches(const struct conv *d, int channels, size_t first, size_t rows, const float *x,
                           float *to)
{
    size_t c = (size_t)channels, width = (size_t)d->width, height = (size_t)d->height, line = width * c;
    for (size_t r = first; r < first + rows; r++) {
        size_t y = r % height;
        for (size_t ky = 0; ky < 3; ky++) {
            float *out = to + ky * 3 * c;
            if (y + ky < 1 || y + ky > height) {
                for (size_t i = 0; i < width; i++)
                    memset(out + i * 9 * c, 0, 3 * c * sizeof *out);
                continue;
            }
            const float *in = x + (r + ky - 1) * line;
            for (size_t i = 0; i < width; i++, out += 9 * c) {
                size_t skip = i == 0, take = 3 - skip - (i + 1 == width);
                if (skip)
                    memset(out, 0, c * sizeof *out);
                memcpy(out + skip * c, in + (i + skip - 1) * c, take * c * sizeof *out);
                if (skip + take < 3)
                    memset(out + 2 * c, 0, c * sizeof *out);
            }
        }
        to += width * 9 * c;
    }
}

/* The rows to multiply: gathered into workspace, or for 1x1 the activations themselves. */
static const float *patches(const struct conv *d, int channels, size_t first, size_t rows, const float *x,
                            float *workspace)
{
    if (d->kernel == 1)
        return x + first * (size_t)d->width * (size_t)channels;
    gather_patches(d, channels, first, rows, x, workspace);
    return workspace;
}

void conv_forward(const struct conv *d, int count, const float *x, const float *packed, const float *bias,
                  float *y, float *workspace)
{
    if (is_first(d)) {
        conv_first_forward(d, count, x, packed, bias, y, workspace);
        return;
    }
    size_t k = patch_floats(d, d->in), out = (size_t)d->out, width = (size_t)d->width;
    size_t total = (size_t)count * (size_t)d->height, chunk = chunk_rows(d, d->in);
    for (size_t first = 0; first < total; first += chunk) {
        size_t rows = total - first < chunk ? total - first : chunk;
        const float *a = patches(d, d->in, first, rows, x, workspace);
        float *to = y + first * width * out;
        gemm(false, false, rows * width, out, k, a, k, packed, out, 0.0f, to, out);
        if (bias)
            bias_forward(rows * width, d->out, bias, to);
    }
}

void conv_backward(const struct conv *d, int count, const float *x, const float *dy, const float *packed_back,
                   float *dx, float *partial, float *workspace)
{
    if (is_first(d) && !dx) {
        conv_first_backward(d, count, x, dy, partial, workspace);
        return;
    }
    size_t k = patch_floats(d, d->out), in = (size_t)d->in, width = (size_t)d->width;
    size_t total = (size_t)count * (size_t)d->height, chunk = chunk_rows(d, d->out);
    for (size_t first = 0; first < total; first += chunk) {
        size_t rows = total - first < chunk ? total - first : chunk, pixels = rows * width;
        const float *a = patches(d, d->out, first, rows, dy, workspace);
        gemm(true, false, k, in, pixels, a, k, x + first * width * in, in, 1.0f, partial, in);
        if (dx)
            gemm(false, false, pixels, in, k, a, k, packed_back, in, 0.0f, dx + first * width * in, in);
    }
}

void conv_gather(const struct conv *d, int slices, const float *partials, size_t stride, float *gradient)
{
    size_t taps = (size_t)d->kernel * (size_t)d->kernel, in = (size_t)d->in, out = (size_t)d->out;
    for (size_t o = 0; o < out; o++)
        for (size_t t = 0; t < taps; t++)
            partials_sum(in, slices, partials + ((taps - 1 - t) * out + o) * in, stride,
                         gradient + (o * taps + t) * in);
}

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
