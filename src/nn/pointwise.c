/* ReLU and dropout: layers that look at one value at a time. */
#include "layer.h"

#include "ferlab/base/rng.h"
#include "ferlab/base/simd.h"

SIMD_CLONES
void relu_forward(size_t values, const float *x, float *y)
{
#pragma omp simd
    for (size_t i = 0; i < values; i++)
        y[i] = x[i] < 0.0f ? 0.0f : x[i]; /* keeps NaN */
}

SIMD_CLONES
void relu_backward(size_t values, const float *y, const float *dy, float *dx)
{
#pragma omp simd
    for (size_t i = 0; i < values; i++)
        dx[i] = y[i] > 0.0f ? dy[i] : 0.0f;
}

void dropout_apply(const struct dropout *d, size_t values, int first_image, int count, const float *x,
                   float *y)
{
    float kept = 1.0f / (1.0f - d->rate);
    for (int n = 0; n < count; n++, x += values, y += values) {
        struct rng r;
        /* Steps are spread over the 64 bits by the golden ratio, so that no two (seed, step) pairs meet in
         * practice. */
        rng_seed(&r, d->seed ^ (d->step * 0x9e3779b97f4a7c15u),
                 (uint64_t)d->layer << 32 | (uint32_t)(first_image + n));
        for (size_t i = 0; i < values; i++)
            y[i] = rng_uniform(&r) < d->rate ? 0.0f : x[i] * kept;
    }
}
