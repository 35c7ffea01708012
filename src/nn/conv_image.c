/* The first convolution: 3x3 over the one channel of an image. Nine products a value are too few for
 * gathering patches to pay; here a vector of output channels stays in registers while the taps are walked. */
#include "layer.h"

#include "ferlab/base/simd.h"

#include <string.h>

/* Two vectors of eight: a vector type wider than the processor has would be split through memory. */
enum { WIDTH = 8, VECTORS = 2, LANES = VECTORS * WIDTH, PIXELS = 4 };
typedef float lanes __attribute__((vector_size(WIDTH * sizeof(float)), aligned(4), may_alias));

static size_t padded_floats(const struct conv *d)
{
    return (size_t)(d->height + 2) * (size_t)(d->width + 2);
}

/* The padded image, then a row of gradients or the ending's sums. */
size_t conv_image_workspace(const struct conv *d)
{
    size_t row = (size_t)d->width * (size_t)d->out;
    return padded_floats(d) + (row > 2 * (size_t)d->out ? row : 2 * (size_t)d->out);
}

/* The image with a border of zeros; rows are `stride` floats long. */
static size_t pad_image(const struct conv *d, const float *x, float *padded)
{
    size_t stride = (size_t)d->width + 2, width = (size_t)d->width;
    memset(padded, 0, padded_floats(d) * sizeof *padded);
    for (size_t y = 0; y < (size_t)d->height; y++)
        memcpy(padded + (y + 1) * stride + 1, x + y * width, width * sizeof *padded);
    return stride;
}

/* `pixels` neighbours of one image row, LANES output channels. A constant, so that the sums stay in
 * registers. */
INLINE void forward_pixels(size_t pixels, size_t out, size_t stride, const float *top, const float *packed,
                           float *y)
{
    lanes sum[PIXELS][VECTORS] = {0};
    for (size_t ky = 0; ky < 3; ky++)
        for (size_t kx = 0; kx < 3; kx++)
            for (size_t v = 0; v < VECTORS; v++) {
                lanes w = *(const lanes *)(packed + (ky * 3 + kx) * out + v * WIDTH);
                for (size_t p = 0; p < pixels; p++)
                    sum[p][v] += w * top[ky * stride + kx + p];
            }
    for (size_t p = 0; p < pixels; p++)
        for (size_t v = 0; v < VECTORS; v++)
            *(lanes *)(y + p * out + v * WIDTH) = sum[p][v];
}

INLINE void forward_row(size_t width, size_t out, size_t stride, const float *top, const float *packed,
                        float *y)
{
    size_t x = 0;
    for (; x + PIXELS <= width; x += PIXELS)
        forward_pixels(PIXELS, out, stride, top + x, packed, y + x * out);
    for (; x < width; x++)
        forward_pixels(1, out, stride, top + x, packed, y + x * out);
}

INLINE void forward_row_scalar(size_t width, size_t out, size_t channels, size_t stride, const float *top,
                               const float *packed, float *y)
{
    for (size_t x = 0; x < width; x++)
        for (size_t o = 0; o < channels; o++) {
            float sum = 0.0f;
            for (size_t t = 0; t < 9; t++)
                sum += packed[t * out + o] * top[t / 3 * stride + x + t % 3];
            y[x * out + o] = sum;
        }
}

SIMD_CLONES
static void forward_rows(const struct conv *d, size_t rows, size_t stride, const float *padded,
                         const float *packed, float *y)
{
    size_t out = (size_t)d->out, width = (size_t)d->width, whole = out - out % LANES;
    for (size_t row = 0; row < rows; row++) {
        const float *top = padded + row * stride;
        float *to = y + row * width * out;
        for (size_t o = 0; o < whole; o += LANES)
            forward_row(width, out, stride, top, packed + o, to + o);
        forward_row_scalar(width, out, out - whole, stride, top, packed + whole, to + whole);
    }
}

void conv_image_forward(const struct conv *d, int count, const float *x, const float *packed,
                        const struct conv_ending *end, float *y, float *workspace)
{
    size_t out = (size_t)d->out, width = (size_t)d->width, height = (size_t)d->height;
    size_t parts = end->parts > 1 ? (size_t)end->parts : 1, part = parts > 1 ? (size_t)end->part : 0;
    size_t from = height * part / parts, rows = height * (part + 1) / parts - from;
    for (size_t n = 0; n < (size_t)count; n++) {
        size_t stride = pad_image(d, x + n * height * width, workspace), at = (n * height + from) * width;
        forward_rows(d, rows, stride, workspace + from * stride, packed, y + at * out);
        ending_apply(end, at, rows * width, d->out, y + at * out, workspace + padded_floats(d));
    }
}

/* partial[tap][out] */
INLINE void backward_row(size_t width, size_t out, size_t ky, const float *row, const float *dy,
                         float *partial)
{
    lanes sum[3][VECTORS] = {0};
    for (size_t x = 0; x < width; x++)
        for (size_t v = 0; v < VECTORS; v++) {
            lanes g = *(const lanes *)(dy + x * out + v * WIDTH);
            for (size_t kx = 0; kx < 3; kx++)
                sum[kx][v] += g * row[x + kx];
        }
    for (size_t kx = 0; kx < 3; kx++)
        for (size_t v = 0; v < VECTORS; v++)
            *(lanes *)(partial + (ky * 3 + kx) * out + v * WIDTH) += sum[kx][v];
}

INLINE void backward_row_scalar(size_t width, size_t out, size_t channels, size_t ky, const float *row,
                                const float *dy, float *partial)
{
    for (size_t kx = 0; kx < 3; kx++)
        for (size_t o = 0; o < channels; o++) {
            float sum = 0.0f;
            for (size_t x = 0; x < width; x++)
                sum += dy[x * out + o] * row[x + kx];
            partial[(ky * 3 + kx) * out + o] += sum;
        }
}

SIMD_CLONES
static void backward_rows(size_t width, size_t out, size_t stride, const float *top, const float *dy,
                          float *partial)
{
    size_t whole = out - out % LANES;
    for (size_t ky = 0; ky < 3; ky++) {
        for (size_t o = 0; o < whole; o += LANES)
            backward_row(width, out, ky, top + ky * stride, dy + o, partial + o);
        backward_row_scalar(width, out, out - whole, ky, top + ky * stride, dy + whole, partial + whole);
    }
}

void conv_image_backward(const struct conv *d, int count, const float *x, struct conv_gradient dy,
                         float *partial, float *workspace)
{
    size_t out = (size_t)d->out, width = (size_t)d->width, height = (size_t)d->height;
    float *seen = workspace + padded_floats(d);
    for (size_t n = 0; n < (size_t)count; n++) {
        size_t stride = pad_image(d, x + n * width * height, workspace);
        for (size_t row = 0; row < height; row++) {
            size_t at = (n * height + row) * width * out;
            const float *g = dy.dy + at;
            if (dy.through) {
                norm_backward(dy.through, width, dy.x + at, g, seen);
                g = seen;
            }
            backward_rows(width, out, stride, workspace + row * stride, g, partial);
        }
    }
}
