/* Batch normalisation (Ioffe & Szegedy 2015), as PyTorch computes it: biased variance for the batch, unbiased
 * for the running estimate. Sums are kept per block of pixels in float, where they are short, and merged in
 * double. */
#include "layer.h"

#include "ferlab/base/simd.h"

#include <math.h>
#include <string.h>

enum { BLOCK = 32 };

/* Sums of a block's values and, second walk while it is in the cache, of squared distances from its mean. */
SIMD_CLONES
static void block_moments(size_t pixels, size_t c, const float *restrict x, float *restrict mean,
                          float *restrict squares)
{
    for (size_t i = 0; i < c; i++)
        mean[i] = squares[i] = 0.0f;
    for (size_t p = 0; p < pixels; p++)
        for (size_t i = 0; i < c; i++)
            mean[i] += x[p * c + i];
    float share = 1.0f / (float)pixels;
    for (size_t i = 0; i < c; i++)
        mean[i] *= share;
    for (size_t p = 0; p < pixels; p++)
        for (size_t i = 0; i < c; i++) {
            float away = x[p * c + i] - mean[i];
            squares[i] += away * away;
        }
}

/* Merges a part (its count, mean, squares) into a whole (Chan, Golub & LeVeque 1979). */
static void merge(double whole_count, double *mean, double *squares, double count, double part_mean,
                  double part_squares)
{
    if (whole_count == 0.0) {
        *mean = part_mean;
        *squares = part_squares;
        return;
    }
    double total = whole_count + count, away = part_mean - *mean;
    *mean += away * count / total;
    *squares += part_squares + away * away * whole_count * count / total;
}

void norm_measure(int channels, size_t before, size_t pixels, const float *x, double *sums, float *workspace)
{
    size_t c = (size_t)channels;
    for (size_t first = 0; first < pixels; first += BLOCK) {
        size_t block = pixels - first < BLOCK ? pixels - first : BLOCK;
        block_moments(block, c, x + first * c, workspace, workspace + c);
        for (size_t i = 0; i < c; i++)
            merge((double)(before + first), &sums[i], &sums[c + i], (double)block, (double)workspace[i],
                  (double)workspace[c + i]);
    }
}

void norm_add_sums(int channels, size_t before, size_t pixels, const float *shift, const float *sum,
                   const float *squares, double *sums)
{
    double count = (double)pixels;
    for (int i = 0; i < channels; i++) {
        double away = (double)sum[i] / count;
        merge((double)before, &sums[i], &sums[channels + i], count, (double)shift[i] + away,
              (double)squares[i] - (double)sum[i] * away);
    }
}

static void set_affine(const struct norm *d)
{
    for (int i = 0; i < d->channels; i++) {
        d->slope[i] = d->scale[i] * d->inverse[i];
        d->offset[i] = d->bias[i] - d->mean[i] * d->slope[i];
    }
}

void norm_combine(const struct norm *d, int slices, const size_t *pixels, const double *sums,
                  float *running_mean, float *running_variance)
{
    size_t c = (size_t)d->channels;
    for (size_t i = 0; i < c; i++) {
        double mean = 0.0, squares = 0.0, count = 0.0;
        for (int s = 0; s < slices; s++) {
            if (!pixels[s])
                continue;
            const double *part = sums + (size_t)s * 2 * c;
            merge(count, &mean, &squares, (double)pixels[s], part[i], part[c + i]);
            count += (double)pixels[s];
        }
        double variance = squares / count, unbiased = count > 1.0 ? squares / (count - 1.0) : variance;
        d->mean[i] = (float)mean;
        d->inverse[i] = (float)(1.0 / sqrt(variance + (double)NORM_EPSILON));
        running_mean[i] += NORM_MOMENTUM * ((float)mean - running_mean[i]);
        running_variance[i] += NORM_MOMENTUM * ((float)unbiased - running_variance[i]);
    }
    set_affine(d);
}

void norm_from_running(const struct norm *d, const float *running_mean, const float *running_variance)
{
    for (int i = 0; i < d->channels; i++) {
        d->mean[i] = running_mean[i];
        d->inverse[i] = 1.0f / sqrtf(running_variance[i] + NORM_EPSILON);
    }
    set_affine(d);
}

SIMD_CLONES
static void affine(size_t pixels, size_t c, const float *x, const float *restrict slope,
                   const float *restrict offset, bool relu, float *y)
{
    float least = relu ? 0.0f : -INFINITY;
    for (size_t p = 0; p < pixels; p++)
#pragma omp simd
        for (size_t i = 0; i < c; i++) {
            float value = slope[i] * x[p * c + i] + offset[i];
            y[p * c + i] = value < least ? least : value; /* keeps NaN */
        }
}

void norm_forward(const struct norm *d, size_t pixels, const float *x, float *y)
{
    affine(pixels, (size_t)d->channels, x, d->slope, d->offset, d->relu, y);
}

/* Which dy counts: with ReLU only where the output was positive, recomputed to save reading it. */
SIMD_CLONES
static void block_sums_back(const struct norm *d, size_t pixels, size_t c, const float *restrict x,
                            const float *restrict dy, float *restrict sum, float *restrict sum_x)
{
    const float *restrict slope = d->slope, *restrict offset = d->offset, *restrict mean = d->mean;
    float least = d->relu ? 0.0f : -INFINITY;
    for (size_t i = 0; i < c; i++)
        sum[i] = sum_x[i] = 0.0f;
    for (size_t p = 0; p < pixels; p++)
        for (size_t i = 0; i < c; i++) {
            float value = x[p * c + i];
            float g = slope[i] * value + offset[i] > least ? dy[p * c + i] : 0.0f;
            sum[i] += g;
            sum_x[i] += g * (value - mean[i]);
        }
}

void norm_measure_back(const struct norm *d, size_t pixels, const float *x, const float *dy, double *sums,
                       float *workspace)
{
    size_t c = (size_t)d->channels;
    memset(sums, 0, 2 * c * sizeof *sums);
    for (size_t first = 0; first < pixels; first += BLOCK) {
        size_t block = pixels - first < BLOCK ? pixels - first : BLOCK;
        block_sums_back(d, block, c, x + first * c, dy + first * c, workspace, workspace + c);
        for (size_t i = 0; i < 2 * c; i++)
            sums[i] += (double)workspace[i];
    }
}

/* With n values a channel and h = (x - mean) inverse:
 *     dscale = sum dy h,  dbias = sum dy,  dx = scale inverse (dy - dbias / n - h dscale / n). */
void norm_combine_back(const struct norm *d, int slices, const size_t *pixels, const double *sums,
                       float *scale_gradient, float *bias_gradient)
{
    size_t c = (size_t)d->channels;
    double count = 0.0;
    for (int s = 0; s < slices; s++)
        count += (double)pixels[s];
    for (size_t i = 0; i < c; i++) {
        double sum = 0.0, sum_x = 0.0, inverse = (double)d->inverse[i];
        for (int s = 0; s < slices; s++) {
            sum += sums[(size_t)s * 2 * c + i];
            sum_x += sums[(size_t)s * 2 * c + c + i];
        }
        double scale_sum = sum_x * inverse, keep_x = -(double)d->slope[i] * inverse * scale_sum / count;
        scale_gradient[i] = (float)scale_sum;
        bias_gradient[i] = (float)sum;
        d->keep_x[i] = (float)keep_x;
        d->keep_1[i] = (float)(-(double)d->slope[i] * sum / count - keep_x * (double)d->mean[i]);
    }
}

SIMD_CLONES
static void affine_back(const struct norm *d, size_t pixels, size_t c, const float *x, const float *dy,
                        float *dx)
{
    const float *restrict slope = d->slope, *restrict offset = d->offset;
    const float *restrict keep_x = d->keep_x, *restrict keep_1 = d->keep_1;
    float least = d->relu ? 0.0f : -INFINITY;
    for (size_t p = 0; p < pixels; p++)
#pragma omp simd
        for (size_t i = 0; i < c; i++) {
            float value = x[p * c + i];
            float g = slope[i] * value + offset[i] > least ? dy[p * c + i] : 0.0f;
            dx[p * c + i] = slope[i] * g + (keep_x[i] * value + keep_1[i]);
        }
}

void norm_backward(const struct norm *d, size_t pixels, const float *x, const float *dy, float *dx)
{
    affine_back(d, pixels, (size_t)d->channels, x, dy, dx);
}
