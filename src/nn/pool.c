/* Pooling: 2x2 maxima and the average of a whole map. */
#include "layer.h"

#include "ferlab/base/simd.h"

#include <math.h>
#include <string.h>

/* What a channel's value is when it is read through a normalisation: slope x + offset, at least `least`. */
struct lens {
    const float *slope, *offset;
    float least;
};

static struct lens lens_of(struct conv_input x)
{
    const struct norm *n = x.through;
    return n ? (struct lens){n->slope, n->offset, n->relu ? 0.0f : -INFINITY} : (struct lens){0};
}

INLINE float see(const struct lens *l, bool on, size_t channel, float x)
{
    if (!on)
        return x;
    float value = l->slope[channel] * x + l->offset[channel];
    return value < l->least ? l->least : value; /* keeps NaN */
}

/* One row of outputs from the two rows of inputs above it. */
INLINE void pool_row_through(bool on, size_t width, size_t c, const struct lens *l, const float *restrict top,
                             const float *restrict bottom, float *restrict y)
{
    for (size_t x = 0; x < width; x++)
#pragma omp simd
        for (size_t i = 0; i < c; i++) {
            size_t at = 2 * x * c + i;
            float v0 = see(l, on, i, top[at]), v1 = see(l, on, i, top[at + c]);
            float v2 = see(l, on, i, bottom[at]), v3 = see(l, on, i, bottom[at + c]);
            float a = v0 > v1 ? v0 : v1, b = v2 > v3 ? v2 : v3;
            y[x * c + i] = a > b ? a : b;
        }
}

SIMD_CLONES
static void pool_row(const struct lens *l, size_t width, size_t c, const float *top, const float *bottom,
                     float *y)
{
    if (l->slope)
        pool_row_through(true, width, c, l, top, bottom, y);
    else
        pool_row_through(false, width, c, l, top, bottom, y);
}

void pool_forward(struct shape in, int count, struct conv_input from, float *y)
{
    size_t c = (size_t)in.channels, line = (size_t)in.width * c, width = (size_t)in.width / 2;
    struct lens l = lens_of(from);
    const float *x = from.x;
    for (size_t n = 0; n < (size_t)count; n++, x += (size_t)in.height * line)
        for (size_t row = 0; row < (size_t)in.height / 2; row++, y += width * c)
            pool_row(&l, width, c, x + 2 * row * line, x + (2 * row + 1) * line, y);
}

/* dy goes to the first of the four that is the largest, in reading order. */
INLINE void pool_row_back_through(bool on, size_t width, size_t c, const struct lens *l,
                                  const float *restrict top, const float *restrict bottom,
                                  const float *restrict dy, float *restrict d_top, float *restrict d_bottom)
{
    for (size_t x = 0; x < width; x++)
#pragma omp simd
        for (size_t i = 0; i < c; i++) {
            size_t at = 2 * x * c + i;
            float v0 = see(l, on, i, top[at]), v1 = see(l, on, i, top[at + c]);
            float v2 = see(l, on, i, bottom[at]), v3 = see(l, on, i, bottom[at + c]), g = dy[x * c + i];
            float high = v0 > v1 ? v0 : v1, low = v2 > v3 ? v2 : v3;
            float g_top = low > high ? 0.0f : g, g_bottom = low > high ? g : 0.0f;
            d_top[at] = v1 > v0 ? 0.0f : g_top;
            d_top[at + c] = v1 > v0 ? g_top : 0.0f;
            d_bottom[at] = v3 > v2 ? 0.0f : g_bottom;
            d_bottom[at + c] = v3 > v2 ? g_bottom : 0.0f;
        }
}

SIMD_CLONES
static void pool_row_back(const struct lens *l, size_t width, size_t c, const float *top, const float *bottom,
                          const float *dy, float *d_top, float *d_bottom)
{
    if (l->slope)
        pool_row_back_through(true, width, c, l, top, bottom, dy, d_top, d_bottom);
    else
        pool_row_back_through(false, width, c, l, top, bottom, dy, d_top, d_bottom);
}

void pool_backward(struct shape in, int count, struct conv_input from, const float *dy, float *dx)
{
    size_t c = (size_t)in.channels, line = (size_t)in.width * c, width = (size_t)in.width / 2;
    bool odd = in.width % 2 || in.height % 2;
    struct lens l = lens_of(from);
    const float *x = from.x;
    if (odd)
        memset(dx, 0, (size_t)count * shape_count(in) * sizeof *dx);
    for (size_t n = 0; n < (size_t)count; n++, x += (size_t)in.height * line, dx += (size_t)in.height * line)
        for (size_t row = 0; row < (size_t)in.height / 2; row++, dy += width * c) {
            size_t top = 2 * row * line, bottom = top + line;
            pool_row_back(&l, width, c, x + top, x + bottom, dy, dx + top, dx + bottom);
        }
}

SIMD_CLONES
static void average_map(const struct lens *l, size_t pixels, size_t c, const float *restrict x,
                        float *restrict y)
{
    float share = 1.0f / (float)pixels;
    memset(y, 0, c * sizeof *y);
    for (size_t p = 0; p < pixels; p++, x += c) {
        if (l->slope)
            for (size_t i = 0; i < c; i++)
                y[i] += see(l, true, i, x[i]);
        else
            for (size_t i = 0; i < c; i++)
                y[i] += x[i];
    }
    for (size_t i = 0; i < c; i++)
        y[i] *= share;
}

void average_forward(struct shape in, int count, struct conv_input x, float *y)
{
    size_t c = (size_t)in.channels, pixels = (size_t)in.height * (size_t)in.width;
    struct lens l = lens_of(x);
    for (size_t n = 0; n < (size_t)count; n++)
        average_map(&l, pixels, c, x.x + n * pixels * c, y + n * c);
}

void average_backward(struct shape in, int count, const float *dy, float *dx)
{
    size_t c = (size_t)in.channels, pixels = (size_t)in.height * (size_t)in.width;
    float share = 1.0f / (float)pixels;
    for (size_t n = 0; n < (size_t)count; n++, dy += c)
        for (size_t p = 0; p < pixels; p++, dx += c)
            for (size_t i = 0; i < c; i++)
                dx[i] = dy[i] * share;
}
