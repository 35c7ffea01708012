/* Gemm and MatMul. */
#include "graph.h"

#include <string.h>

static size_t at_least_one(size_t n)
{
    return n ? n : 1;
}

static bool multiply(struct step *s, bool a_transposed, bool b_transposed, size_t m, size_t n, size_t k,
                     const float *a, const float *b, float *y)
{
    if (!step_work(s, (double)m * (double)n * (double)k))
        return false;
    if (k == 0)
        memset(y, 0, m * n * sizeof *y);
    else
        gemm(a_transposed, b_transposed, m, n, k, a, at_least_one(a_transposed ? m : k), b,
             at_least_one(b_transposed ? k : n), 0.0f, y, at_least_one(n));
    return true;
}

/* y = alpha y + beta c, c stretched to y. */
static bool add_scaled(struct step *s, const struct value *c)
{
    struct value *y = &s->out[0];
    float alpha = step_float(s, "alpha", 1.0f), beta = step_float(s, "beta", 1.0f);
    int64_t dims[RANK_MAX], along[RANK_MAX];
    int rank = 2;
    for (size_t i = 0; i < y->count && alpha != 1.0f; i++)
        y->floats[i] *= alpha;
    if (!c)
        return true;
    if (!step_broadcast(s, y, c, dims, &rank))
        return false;
    if (rank != 2 || dims[0] != y->dims[0] || dims[1] != y->dims[1])
        return step_refuse(s, "what is added does not fit %lld x %lld values", (long long)y->dims[0],
                           (long long)y->dims[1]);
    value_strides(c, 2, dims, along);
    for (int64_t i = 0; i < dims[0]; i++)
        for (int64_t k = 0; k < dims[1]; k++)
            y->floats[i * dims[1] + k] += beta * c->floats[i * along[0] + k * along[1]];
    return true;
}

bool op_gemm(struct step *s)
{
    const struct value *a = step_input(s, 0), *b = step_input(s, 1);
    bool a_transposed = step_int(s, "transA", 0) != 0, b_transposed = step_int(s, "transB", 0) != 0;
    if (!step_floats(s, 0, 2))
        return false;
    if (a->rank != 2 || b->rank != 2)
        return step_refuse(s, "it takes matrices, but its inputs have %d and %d dimensions", a->rank,
                           b->rank);
    int64_t m = a->dims[a_transposed], k = a->dims[!a_transposed], n = b->dims[!b_transposed];
    if (b->dims[b_transposed] != k)
        return step_refuse(s, "its weights take %lld values where %lld come in",
                           (long long)b->dims[b_transposed], (long long)k);
    return step_output(s, 0, VALUE_FLOAT, 2, (int64_t[]){m, n}) &&
           multiply(s, a_transposed, b_transposed, (size_t)m, (size_t)n, (size_t)k, a->floats, b->floats,
                    s->out[0].floats) &&
           add_scaled(s, step_input(s, 2));
}

/* A vector as a matrix of one row, or of one column. */
static struct value as_matrix(const struct value *v, bool row)
{
    struct value m = *v;
    if (v->rank == 1) {
        m.rank = 2;
        m.dims[0] = row ? 1 : v->dims[0];
        m.dims[1] = row ? v->dims[0] : 1;
    }
    return m;
}

/* The dimensions before a matrix's own, with how far apart its matrices lie. */
static struct value stack_of(const struct value *m)
{
    struct value stack = *m;
    stack.rank -= 2;
    return stack;
}

bool op_matmul(struct step *s)
{
    if (!step_floats(s, 0, 1))
        return false;
    if (step_input(s, 0)->rank < 1 || step_input(s, 1)->rank < 1)
        return step_refuse(s, "it takes matrices, not single numbers");
    struct value a = as_matrix(step_input(s, 0), true), b = as_matrix(step_input(s, 1), false);
    struct value stack_a = stack_of(&a), stack_b = stack_of(&b);
    int64_t dims[RANK_MAX + 2], along_a[RANK_MAX], along_b[RANK_MAX], at[RANK_MAX] = {0};
    int64_t m = a.dims[a.rank - 2], k = a.dims[a.rank - 1], n = b.dims[b.rank - 1];
    int stack, rank;
    if (b.dims[b.rank - 2] != k)
        return step_refuse(s, "its weights take %lld values where %lld come in",
                           (long long)b.dims[b.rank - 2], (long long)k);
    if (!step_broadcast(s, &stack_a, &stack_b, dims, &stack))
        return false;
    value_strides(&stack_a, stack, dims, along_a);
    value_strides(&stack_b, stack, dims, along_b);
    rank = stack;
    if (step_input(s, 0)->rank > 1)
        dims[rank++] = m;
    if (step_input(s, 1)->rank > 1)
        dims[rank++] = n;
    if (!step_output(s, 0, VALUE_FLOAT, rank, dims))
        return false;
    float *y = s->out[0].floats;
    for (size_t done = 0; done < s->out[0].count; done += (size_t)(m * n)) {
        int64_t i = 0, j = 0;
        for (int d = 0; d < stack; d++) {
            i += at[d] * along_a[d];
            j += at[d] * along_b[d];
        }
        if (!multiply(s, false, false, (size_t)m, (size_t)n, (size_t)k, a.floats + i * m * k,
                      b.floats + j * k * n, y + done))
            return false;
        index_next(stack, dims, at);
    }
    return true;
}
