/* Gradients of Add, Sub, Mul and Div, where what was stretched gets the sum over its copies, and of sums and
 * means over axes. */
#include "graph.h"

/* Slopes of the result y of a and b to each of them; inlined for each operator. */
typedef float slope(float a, float b);

static inline __attribute__((always_inline)) bool combine_back(struct back *g, slope *to_a, slope *to_b)
{
    const struct value *a = step_input(&g->s, 0), *b = step_input(&g->s, 1), *y = &g->s.out[0];
    int64_t along_a[RANK_MAX], along_b[RANK_MAX], at[RANK_MAX] = {0};
    int rank = y->rank;
    value_strides(a, rank, y->dims, along_a);
    value_strides(b, rank, y->dims, along_b);
    size_t row = rank ? (size_t)y->dims[rank - 1] : 1;
    size_t step_a = rank ? (size_t)along_a[rank - 1] : 0, step_b = rank ? (size_t)along_b[rank - 1] : 0;
    for (size_t first = 0; first < y->count; first += row) {
        size_t i = 0, k = 0;
        for (int d = 0; d < rank - 1; d++) {
            i += (size_t)(at[d] * along_a[d]);
            k += (size_t)(at[d] * along_b[d]);
        }
        for (size_t n = 0; n < row && g->dx[0]; n++)
            g->dx[0][i + n * step_a] +=
                g->dy[first + n] * to_a(a->floats[i + n * step_a], b->floats[k + n * step_b]);
        for (size_t n = 0; n < row && g->dx[1]; n++)
            g->dx[1][k + n * step_b] +=
                g->dy[first + n] * to_b(a->floats[i + n * step_a], b->floats[k + n * step_b]);
        index_next(rank - 1, y->dims, at);
    }
    return true;
}

static inline float one(float a, float b)
{
    (void)a, (void)b;
    return 1.0f;
}

static inline float minus_one(float a, float b)
{
    (void)a, (void)b;
    return -1.0f;
}

static inline float the_first(float a, float b)
{
    (void)b;
    return a;
}

static inline float the_second(float a, float b)
{
    (void)a;
    return b;
}

static inline float reciprocal(float a, float b)
{
    (void)a;
    return 1.0f / b;
}

static inline float of_divisor(float a, float b)
{
    return -a / (b * b);
}

bool back_add(struct back *b)
{
    return combine_back(b, one, one);
}

bool back_sub(struct back *b)
{
    return combine_back(b, one, minus_one);
}

bool back_mul(struct back *b)
{
    return combine_back(b, the_second, the_first);
}

bool back_div(struct back *b)
{
    return combine_back(b, reciprocal, of_divisor);
}

static bool back_reduce(struct back *b, bool mean)
{
    const struct value *x = step_input(&b->s, 0);
    struct reduction r;
    int64_t at[RANK_MAX] = {0};
    if (!reduction_read(&b->s, &r))
        return false;
    float share = mean && x->count ? (float)b->s.out[0].count / (float)x->count : 1.0f;
    for (size_t i = 0; i < x->count; i++) {
        int64_t from = 0;
        for (int d = 0; d < x->rank; d++)
            from += at[d] * r.along[d];
        b->dx[0][i] += share * b->dy[from];
        index_next(x->rank, x->dims, at);
    }
    return true;
}

bool back_reduce_mean(struct back *b)
{
    return back_reduce(b, true);
}

bool back_reduce_sum(struct back *b)
{
    return back_reduce(b, false);
}
