/* Biases of convolutions and dense layers. */
#include "layer.h"

#include "simd.h"

SIMD_CLONES
void bias_forward(size_t pixels, int channels, const float *restrict bias, float *restrict y)
{
    size_t c = (size_t)channels;
    for (size_t p = 0; p < pixels; p++)
        for (size_t i = 0; i < c; i++)
            y[p * c + i] += bias[i];
}

SIMD_CLONES
void bias_backward(size_t pixels, int channels, const float *restrict dy, float *restrict partial)
{
    size_t c = (size_t)channels;
    for (size_t p = 0; p < pixels; p++)
        for (size_t i = 0; i < c; i++)
            partial[i] += dy[p * c + i];
}
