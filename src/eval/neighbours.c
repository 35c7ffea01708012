/* Exact search: one dot product a row, shared out among threads, and the best kept in a heap. */
#include "ferlab/eval/neighbours.h"

#include "ferlab/base/half.h"

#include <cblas.h>
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

/* ---- of many rows ---- */

enum { QUERIES = 64, TILE = 1024 }; /* a product's rows and columns: 256 KB of cosines */

struct tile {
    float *queries, *rows, *cosines; /* [QUERIES][width], [TILE][width], [QUERIES][TILE] */
};

static void expand(const uint16_t *vectors, size_t values, float *out)
{
    for (size_t i = 0; i < values; i++)
        out[i] = half_to_float(vectors[i]);
}

/* Cosines of one query with a tile of rows from `base` on into its heap of k. */
static void take_tile(const float *cosines, size_t base, size_t rows, size_t query, size_t k, size_t *found,
                      struct neighbour *heap)
{
    for (size_t i = 0; i < rows; i++) {
        struct neighbour here = {(uint32_t)(base + i), fminf(cosines[i], 1)};
        if (here.row == query || here.similarity == 0)
            continue;
        if (*found < k) {
            heap[(*found)++] = here;
            for (size_t h = k / 2; *found == k && h-- > 0;)
                sink(heap, k, h);
        } else if (is_nearer(here, heap[0])) {
            heap[0] = here;
            sink(heap, k, 0);
        }
    }
}

/* `n` queries, at most QUERIES, against all rows. */
static void search_group(const uint16_t *vectors, size_t count, size_t width, size_t first, size_t n,
                         size_t k, const struct tile *t, struct neighbour *near)
{
    size_t found[QUERIES] = {0};
    expand(vectors + first * width, n * width, t->queries);
    for (size_t base = 0; base < count; base += TILE) {
        size_t rows = count - base < TILE ? count - base : TILE;
        expand(vectors + base * width, rows * width, t->rows);
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (blasint)n, (blasint)rows, (blasint)width, 1.0f,
                    t->queries, (blasint)width, t->rows, (blasint)width, 0.0f, t->cosines, TILE);
        for (size_t q = 0; q < n; q++)
            take_tile(t->cosines + q * TILE, base, rows, first + q, k, &found[q], near + q * k);
    }
    for (size_t q = 0; q < n; q++) {
        bool known = !is_zero(vectors + (first + q) * width, width);
        qsort(near + q * k, known ? found[q] : 0, sizeof *near, by_nearness);
        for (size_t j = known ? found[q] : 0; j < k; j++)
            near[q * k + j] = (struct neighbour){(uint32_t)(first + q), 0};
    }
}

/* Groups of queries are shared out among threads; within a team OpenBLAS takes one thread a product. */
bool neighbours_of_block(const uint16_t *vectors, size_t count, size_t width, size_t first, size_t n,
                         size_t k, struct neighbour *near)
{
    bool fine = true;
#pragma omp parallel for schedule(dynamic)
    for (size_t at = 0; at < n; at += QUERIES) {
        struct tile t = {malloc(QUERIES * width * sizeof *t.queries), malloc(TILE * width * sizeof *t.rows),
                         malloc((size_t)QUERIES * TILE * sizeof *t.cosines)};
        if (t.queries != NULL && t.rows != NULL && t.cosines != NULL) {
            search_group(vectors, count, width, first + at, n - at < QUERIES ? n - at : QUERIES, k, &t,
                         near + at * k);
        } else {
#pragma omp atomic write
            fine = false;
        }
        free(t.queries);
        free(t.rows);
        free(t.cosines);
    }
    return fine;
}
