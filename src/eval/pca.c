/* The covariance by blocks of rows, its two leading eigenvectors, and the way into their plane. */
#include "ferlab/eval/pca.h"

#include "ferlab/base/half.h"

#include <cblas.h>
#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_ROWS = 256, ROUNDS_MOST = 500 };

static const double converged = 1e-12; /* square of how far an axis' end moves in a round */

bool pca_start(struct pca *p, size_t width)
{
    *p = (struct pca){.width = width};
    p->rows = malloc(BLOCK_ROWS * width * sizeof *p->rows);
    p->products = calloc(width * width, sizeof *p->products);
    p->sums = calloc(width, sizeof *p->sums);
    p->axes = malloc(PCA_AXES * width * sizeof *p->axes);
    if (p->rows != NULL && p->products != NULL && p->sums != NULL && p->axes != NULL)
        return true;
    pca_free(p);
    return false;
}

void pca_free(struct pca *p)
{
    free(p->rows);
    free(p->products);
    free(p->sums);
    free(p->axes);
    *p = (struct pca){0};
}

/* A block is a millisecond's work. For so little a second thread brings nothing, and where it has to wait for
 * a processor, the first one waits for it, for seconds on a busy machine. Returns what to give back. */
static int hold_threads(void)
{
    int threads = omp_get_max_threads();
    omp_set_num_threads(1);
    return threads;
}

/* Whether it is not all zeros. */
static bool take_row(const uint16_t *vector, size_t width, float *row)
{
    unsigned any = 0;
    for (size_t k = 0; k < width; k++) {
        row[k] = half_to_float(vector[k]);
        any |= vector[k];
    }
    return any != 0;
}

static void add_block(struct pca *p, size_t rows)
{
    for (size_t i = 0; i < rows; i++)
        for (size_t k = 0; k < p->width; k++)
            p->sums[k] += (double)p->rows[i * p->width + k];
    cblas_ssyrk(CblasRowMajor, CblasUpper, CblasTrans, (blasint)p->width, (blasint)rows, 1.0f, p->rows,
                (blasint)p->width, 1.0f, p->products, (blasint)p->width);
    p->count += rows;
}

void pca_add(struct pca *p, const uint16_t *vectors, size_t count)
{
    size_t rows = 0;
    int held = hold_threads();
    for (size_t i = 0; i < count; i++) {
        rows += take_row(vectors + i * p->width, p->width, p->rows + rows * p->width);
        if (rows == BLOCK_ROWS || (i + 1 == count && rows > 0)) {
            add_block(p, rows);
            rows = 0;
        }
    }
    omp_set_num_threads(held);
}

static void centre(struct pca *p)
{
    double n = p->count > 0 ? (double)p->count : 1;
    for (size_t k = 0; k < p->width; k++)
        p->sums[k] /= n;
    for (size_t i = 0; i < p->width; i++)
        for (size_t k = i; k < p->width; k++) {
            float *at = &p->products[i * p->width + k];
            *at = (float)((double)*at / n - p->sums[i] * p->sums[k]);
        }
}

static double dot(const float *a, const float *b, size_t width)
{
    double sum = 0;
    for (size_t k = 0; k < width; k++)
        sum += (double)a[k] * (double)b[k];
    return sum;
}

static double distance(const float *a, const float *b, size_t width)
{
    double sum = 0;
    for (size_t k = 0; k < width; k++)
        sum += ((double)a[k] - (double)b[k]) * ((double)a[k] - (double)b[k]);
    return sum;
}

/* Of length 1; a vector of zeros becomes the axis of its number, where there is one. */
static void normalise(float *axis, size_t width, size_t number)
{
    double length = sqrt(dot(axis, axis, width));
    if (!(length > 0)) {
        memset(axis, 0, width * sizeof *axis);
        axis[number < width ? number : 0] = 1;
        return;
    }
    for (size_t k = 0; k < width; k++)
        axis[k] = (float)((double)axis[k] / length);
}

/* One round: times the covariance, then orthogonal to the axes before (Gram-Schmidt). Returns the most
 * that one of them moved, squared. */
static double turn(struct pca *p, float *next)
{
    double most = 0;
    for (size_t a = 0; a < PCA_AXES; a++) {
        float *axis = p->axes + a * p->width;
        cblas_ssymv(CblasRowMajor, CblasUpper, (blasint)p->width, 1.0f, p->products, (blasint)p->width, axis,
                    1, 0.0f, next, 1);
        for (size_t b = 0; b < a; b++) {
            const float *before = p->axes + b * p->width;
            float along = (float)dot(next, before, p->width);
            for (size_t k = 0; k < p->width; k++)
                next[k] -= along * before[k];
        }
        normalise(next, p->width, a);
        most = fmax(most, distance(axis, next, p->width));
        memcpy(axis, next, p->width * sizeof *axis);
    }
    return most;
}

static void choose_sign(float *axis, size_t width)
{
    size_t largest = 0;
    for (size_t k = 1; k < width; k++)
        if (fabsf(axis[k]) > fabsf(axis[largest]))
            largest = k;
    float sign = axis[largest] < 0 ? -1 : 1;
    for (size_t k = 0; k < width; k++)
        axis[k] *= sign;
}

void pca_find_axes(struct pca *p)
{
    centre(p);
    /* Something with a part along every axis, the same every time. */
    for (size_t a = 0; a < PCA_AXES; a++) {
        float *axis = p->axes + a * p->width;
        for (size_t k = 0; k < p->width; k++)
            axis[k] = a == 0 ? 1 : (float)sin(1.0 + (double)k);
        normalise(axis, p->width, a);
    }
    int held = hold_threads();
    for (int round = 0; round < ROUNDS_MOST && turn(p, p->rows) > converged; round++)
        continue;
    omp_set_num_threads(held);
    for (size_t a = 0; a < PCA_AXES; a++)
        choose_sign(p->axes + a * p->width, p->width);
}

void pca_project(const struct pca *p, const uint16_t *vectors, size_t count, float (*places)[PCA_AXES])
{
    double shift[PCA_AXES] = {0};
    for (size_t a = 0; a < PCA_AXES; a++)
        for (size_t k = 0; k < p->width; k++)
            shift[a] += p->sums[k] * (double)p->axes[a * p->width + k];
    for (size_t i = 0; i < count; i++) {
        bool known = take_row(vectors + i * p->width, p->width, p->rows);
        for (size_t a = 0; a < PCA_AXES; a++)
            places[i][a] = known ? (float)(dot(p->rows, p->axes + a * p->width, p->width) - shift[a]) : NAN;
    }
}
