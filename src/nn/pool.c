/* Pooling: 2x2 maxima and the average of a whole map. */
#include "layer.h"

#include "simd.h"

#include <string.h>

/* One row of outputs from the two rows of inputs above it. */
SIMD_CLONES
static void pool_row(size_t width, size_t c, const float *restrict top, const float *restrict bottom,
                     float *restrict y)
{
    for (size_t x = 0; x < width; x++)
        for (size_t i = 0; i < c; i++) {
            size_t at = 2 * x * c + i;
            float a = top[at] > top[at + c] ? top[at] : top[at + c];
            float b = bottom[at] > bottom[at + c] ? bottom[at] : bottom[at + c];
            y[x * c + i] = a > b ? a : b;
        }
}

void pool_forward(struct shape in, int count, const float *x, float *y)
{
    size_t c = (size_t)in.channels, line = (size_t)in.width * c, width = (size_t)in.width / 2;
    for (size_t n = 0; n < (size_t)count; n++, x += (size_t)in.height * line)
        for (size_t row = 0; row < (size_t)in.height / 2; row++, y += width * c)
            pool_row(width, c, x + 2 * row * line, x + (2 * row + 1) * line, y);
}

/* dy goes to the first of the four that is the largest, in reading order. */
SIMD_CLONES
static void pool_row_back(size_t width, size_t c, const float *restrict top, const float *restrict bottom,
                          const float *restrict dy, float *restrict d_top, float *restrict d_bottom)
{
    for (size_t x = 0; x < width; x++)
        for (size_t i = 0; i < c; i++) {
            size_t at = 2 * x * c + i;
            float v0 = top[at], v1 = top[at + c], v2 = bottom[at], v3 = bottom[at + c], g = dy[x * c + i];
            float high = v0 > v1 ? v0 : v1, low = v2 > v3 ? v2 : v3;
            float g_top = low > high ? 0.0f : g, g_bottom = low > high ? g : 0.0f;
            d_top[at] = v1 > v0 ? 0.0f : g_top;
            d_top[at + c] = v1 > v0 ? g_top : 0.0f;
            d_bottom[at] = v3 > v2 ? 0.0f : g_bottom;
            d_bottom[at + c] = v3 > v2 ? g_bottom : 0.0f;
        }
}

void pool_backward(struct shape in, int count, const float *x, const float *dy, float *dx)
{
    size_t c = (size_t)in.channels, line = (size_t)in.width * c, width = (size_t)in.width / 2;
    bool odd = in.width % 2 || in.height % 2;
    if (odd)
        memset(dx, 0, (size_t)count * shape_count(in) * sizeof *dx);
    for (size_t n = 0; n < (size_t)count; n++, x += (size_t)in.height * line, dx += (size_t)in.height * line)
        for (size_t row = 0; row < (size_t)in.height / 2; row++, dy += width * c) {
            size_t top = 2 * row * line, bottom = top + line;
            pool_row_back(width, c, x + top, x + bottom, dy, dx + top, dx + bottom);
        }
}

void average_forward(struct shape in, int count, const float *x, float *y)
{
    size_t c = (size_t)in.channels, pixels = (size_t)in.height * (size_t)in.width;
    float share = 1.0f / (float)pixels;
    for (size_t n = 0; n < (size_t)count; n++, y += c) {
        memset(y, 0, c * sizeof *y);
        for (size_t p = 0; p < pixels; p++, x += c)
            for (size_t i = 0; i < c; i++)
                y[i] += x[i];
        for (size_t i = 0; i < c; i++)
            y[i] *= share;
    }
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
