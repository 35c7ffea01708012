/* Exact search: one dot product a row, shared out among threads, and the best kept in a heap. */
#include "ferlab/eval/neighbours.h"

#include "ferlab/base/half.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

static float dot(const uint16_t *vector, const float *query, size_t width)
{
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (size_t k = 0; k < width; k++)
        sum += half_to_float(vector[k]) * query[k];
    return sum;
}

static bool is_zero(const uint16_t *vector, size_t width)
{
    unsigned any = 0;
    for (size_t k = 0; k < width; k++)
        any |= vector[k];
    return any == 0;
}

static bool is_nearer(struct neighbour a, struct neighbour b)
{
    return a.similarity > b.similarity || (a.similarity == b.similarity && a.row < b.row);
}

/* A heap with the farthest on top; the element at `at` may be nearer than those below it. */
static void sink(struct neighbour *heap, size_t count, size_t at)
{
    for (;;) {
        size_t far = at, left = 2 * at + 1;
        for (size_t child = left; child < left + 2 && child < count; child++)
            if (is_nearer(heap[far], heap[child]))
                far = child;
        if (far == at)
            return;
        struct neighbour swapped = heap[at];
        heap[at] = heap[far];
        heap[far] = swapped;
        at = far;
    }
}

static int by_nearness(const void *a, const void *b)
{
    const struct neighbour *left = a, *right = b;
    return is_nearer(*left, *right) ? -1 : is_nearer(*right, *left);
}

/* NaN in `similarities` where a row is left out. */
static size_t keep_best(const float *similarities, size_t count, size_t k, struct neighbour *out)
{
    size_t found = 0;
    for (size_t row = 0; row < count; row++) {
        struct neighbour here = {(uint32_t)row, similarities[row]};
        if (isnan(here.similarity))
            continue;
        if (found < k) {
            out[found++] = here;
            for (size_t i = found / 2; found == k && i-- > 0;)
                sink(out, k, i);
        } else if (is_nearer(here, out[0])) {
            out[0] = here;
            sink(out, k, 0);
        }
    }
    qsort(out, found, sizeof *out, by_nearness);
    return found;
}

size_t neighbours_of(const uint16_t *vectors, size_t count, size_t width, size_t query, size_t k,
                     struct neighbour *out)
{
    if (k == 0 || query >= count || is_zero(vectors + query * width, width))
        return 0;
    const float below_one = 1 - FLT_EPSILON / 2;
    float *similarities = malloc(count * sizeof *similarities), *wanted = malloc(width * sizeof *wanted);
    if (similarities == NULL || wanted == NULL) {
        free(similarities);
        free(wanted);
        return 0;
    }
    for (size_t i = 0; i < width; i++)
        wanted[i] = half_to_float(vectors[query * width + i]);
#pragma omp parallel for schedule(static)
    for (size_t row = 0; row < count; row++) {
        const uint16_t *vector = vectors + row * width;
        float cosine = dot(vector, wanted, width);
        /* Copies of the query come after it, not before for a bit of rounding. */
        similarities[row] = row == query                            ? INFINITY
                            : cosine == 0 && is_zero(vector, width) ? NAN
                                                                    : fminf(cosine, below_one);
    }
    size_t found = keep_best(similarities, count, k, out);
    out[0].similarity = 1;
    free(similarities);
    free(wanted);
    return found;
}
