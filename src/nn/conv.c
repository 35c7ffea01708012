/* Convolutions: which way each is computed. 3x3 over the image has a kernel of its own, other 3x3 go by
 * Winograd's algorithm, and 1x1 are matrix products, a few pixels at a time so that what is read through a
 * normalisation stays in the cache. */
#include "layer.h"

#include "winograd.h"

#include <string.h>

enum { CHUNK_PIXELS = 256 };

static const struct winograd_kernels *kernels(void)
{
    return winograd_available()[0];
}

static struct winograd winograd_of(const struct conv *d)
{
    return winograd_plan(kernels(), d);
}

static bool is_image(const struct conv *d)
{
    return d->image && d->kernel == 3 && d->in == 1;
}

static bool is_product(const struct conv *d)
{
    return d->kernel == 1;
}

size_t conv_weights(const struct conv *d)
{
    return (size_t)d->kernel * (size_t)d->kernel * (size_t)d->in * (size_t)d->out;
}

size_t conv_packed(const struct conv *d)
{
    if (is_image(d) || is_product(d))
        return conv_weights(d);
    struct winograd w = winograd_of(d);
    return winograd_packed(&w);
}

size_t conv_packed_back(const struct conv *d)
{
    if (is_image(d) || is_product(d))
        return conv_weights(d);
    struct winograd w = winograd_of(d);
    return winograd_packed_back(&w);
}

size_t conv_partial(const struct conv *d)
{
    if (is_image(d) || is_product(d))
        return conv_weights(d);
    struct winograd w = winograd_of(d);
    return winograd_partial(&w);
}

/* Products: inputs and gradients of a chunk, and the ending's sums. */
static size_t product_workspace(const struct conv *d, bool training)
{
    size_t back = training ? (size_t)d->out * CHUNK_PIXELS : 0, sums = 2 * (size_t)d->out;
    return (size_t)d->in * CHUNK_PIXELS + (back > sums ? back : sums);
}

size_t conv_workspace(const struct conv *d, bool training)
{
    if (is_image(d))
        return conv_image_workspace(d);
    if (is_product(d))
        return product_workspace(d, training);
    struct winograd w = winograd_of(d);
    return winograd_workspace(&w);
}

/* [out][tap][in] to [tap][in][out] */
static void pack_plain(const struct conv *d, const float *weight, const float *scale, float *packed)
{
    size_t rows = (size_t)d->kernel * (size_t)d->kernel * (size_t)d->in, out = (size_t)d->out;
    for (size_t o = 0; o < out; o++)
        for (size_t r = 0; r < rows; r++)
            packed[r * out + o] = weight[o * rows + r] * (scale ? scale[o] : 1.0f);
}

void conv_pack(const struct conv *d, const float *weight, const float *scale, float *packed)
{
    if (is_image(d) || is_product(d)) {
        pack_plain(d, weight, scale, packed);
        return;
    }
    struct winograd w = winograd_of(d);
    kernels()->pack(&w, weight, scale, packed);
}

void conv_pack_back(const struct conv *d, const float *weight, float *packed)
{
    if (is_image(d) || is_product(d)) {
        memcpy(packed, weight, conv_weights(d) * sizeof *packed);
        return;
    }
    struct winograd w = winograd_of(d);
    kernels()->pack_back(&w, weight, packed);
}

static const float *chunk_input(const struct conv *d, struct conv_input x, size_t first, size_t pixels,
                                float *workspace)
{
    const float *from = x.x + first * (size_t)d->in;
    if (!x.through)
        return from;
    norm_forward(x.through, pixels, from, workspace);
    return workspace;
}

static void product_forward(const struct conv *d, int count, struct conv_input x, const float *packed,
                            const struct conv_ending *end, float *y, float *workspace)
{
    size_t in = (size_t)d->in, out = (size_t)d->out,
           total = (size_t)count * (size_t)d->height * (size_t)d->width;
    for (size_t first = 0; first < total; first += CHUNK_PIXELS) {
        size_t pixels = total - first < CHUNK_PIXELS ? total - first : CHUNK_PIXELS;
        float *to = y + first * out;
        gemm(false, false, pixels, out, in, chunk_input(d, x, first, pixels, workspace), in, packed, out,
             0.0f, to, out);
        ending_apply(end, first, pixels, d->out, to, workspace + in * CHUNK_PIXELS);
    }
}

static void product_backward(const struct conv *d, int count, struct conv_input x, struct conv_gradient dy,
                             const float *weight, float *dx, float *partial, float *workspace)
{
    size_t in = (size_t)d->in, out = (size_t)d->out,
           total = (size_t)count * (size_t)d->height * (size_t)d->width;
    float *seen = workspace + in * CHUNK_PIXELS;
    for (size_t first = 0; first < total; first += CHUNK_PIXELS) {
        size_t pixels = total - first < CHUNK_PIXELS ? total - first : CHUNK_PIXELS;
        const float *g = dy.dy + first * out;
        if (dy.through) {
            norm_backward(dy.through, pixels, dy.x + first * out, g, seen);
            g = seen;
        }
        gemm(true, false, out, in, pixels, g, out, chunk_input(d, x, first, pixels, workspace), in, 1.0f,
             partial, in);
        if (dx)
            gemm(false, false, pixels, in, out, g, out, weight, in, 0.0f, dx + first * in, in);
    }
}

void conv_forward(const struct conv *d, int count, struct conv_input x, const float *packed,
                  const struct conv_ending *end, float *y, float *workspace)
{
    if (end->part > 0 && is_product(d))
        return;
    if (is_image(d)) {
        conv_image_forward(d, count, x.x, packed, end, y, workspace);
    } else if (is_product(d)) {
        product_forward(d, count, x, packed, end, y, workspace);
    } else {
        struct winograd w = winograd_of(d);
        kernels()->forward(&w, count, x, packed, end, y, workspace);
    }
}

void conv_backward(const struct conv *d, int count, struct conv_input x, struct conv_gradient dy,
                   const float *packed_back, float *dx, float *partial, float *workspace)
{
    if (is_image(d)) {
        conv_image_backward(d, count, x.x, dy, partial, workspace);
    } else if (is_product(d)) {
        product_backward(d, count, x, dy, packed_back, dx, partial, workspace);
    } else {
        struct winograd w = winograd_of(d);
        kernels()->backward(&w, count, x, dy, packed_back, dx, partial, workspace);
    }
}

/* [tap][out], of one input channel, to [out][tap] */
static void gather_image(const struct conv *d, int slices, const float *partials, size_t stride,
                         float *gradient)
{
    size_t out = (size_t)d->out;
    for (size_t o = 0; o < out; o++)
        for (size_t t = 0; t < 9; t++)
            partials_sum(1, slices, partials + t * out + o, stride, gradient + o * 9 + t);
}

void conv_gather(const struct conv *d, int slices, const float *partials, size_t stride, float *gradient)
{
    if (is_image(d)) {
        gather_image(d, slices, partials, stride, gradient);
    } else if (is_product(d)) {
        partials_sum(conv_weights(d), slices, partials, stride, gradient);
    } else {
        struct winograd w = winograd_of(d);
        kernels()->gather(&w, slices, partials, stride, gradient);
    }
}
