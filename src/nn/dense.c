/* Dense layers, and the sum over slices that ends every weight gradient. */
#include "layer.h"

#include "ferlab/base/simd.h"

#include <string.h>

void dense_forward(int in, int out, int count, const float *x, const float *weight, const float *bias,
                   float *y)
{
    gemm(false, true, (size_t)count, (size_t)out, (size_t)in, x, (size_t)in, weight, (size_t)in, 0.0f, y,
         (size_t)out);
    ending_apply(&(struct conv_ending){.bias = bias}, 0, (size_t)count, out, y, NULL);
}

void dense_backward(int in, int out, int count, const float *x, const float *dy, const float *weight,
                    float *dx, float *partial)
{
    size_t i = (size_t)in, o = (size_t)out, n = (size_t)count;
    gemm(true, false, o, i, n, dy, o, x, i, 1.0f, partial, i);
    bias_backward(n, out, dy, partial + o * i);
    if (dx)
        gemm(false, false, n, i, o, dy, o, weight, i, 0.0f, dx, i);
}

SIMD_CLONES
void partials_sum(size_t values, int slices, const float *restrict partials, size_t stride,
                  float *restrict gradient)
{
    memcpy(gradient, partials, values * sizeof *gradient);
    for (int s = 1; s < slices; s++) {
        const float *partial = partials + (size_t)s * stride;
        for (size_t i = 0; i < values; i++)
            gradient[i] += partial[i];
    }
}
