/* The bias and ReLU that follow a convolution, for outputs that are still in the cache. */
#include "layer.h"

#include "ferlab/base/simd.h"

#include <math.h>

SIMD_CLONES
void bias_backward(size_t pixels, int channels, const float *restrict dy, float *restrict partial)
{
    size_t c = (size_t)channels;
    for (size_t p = 0; p < pixels; p++)
        for (size_t i = 0; i < c; i++)
            partial[i] += dy[p * c + i];
}

SIMD_CLONES
static void add_and_clip(size_t pixels, size_t c, const float *restrict bias, float least, float *restrict y)
{
    for (size_t p = 0; p < pixels; p++)
        for (size_t i = 0; i < c; i++) {
            float value = y[p * c + i] + (bias ? bias[i] : 0.0f);
            y[p * c + i] = value < least ? least : value; /* keeps NaN */
        }
}

void ending_apply(const struct conv_ending *end, size_t before, size_t pixels, int channels, float *y,
                  float *workspace)
{
    if (end->bias || end->relu)
        add_and_clip(pixels, (size_t)channels, end->bias, end->relu ? 0.0f : -INFINITY, y);
    if (end->sums)
        norm_measure(channels, before, pixels, y, end->sums, workspace);
}
