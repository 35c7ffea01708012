/* Gemm and MatMul. */
#include "graph.h"

#include <string.h>

static size_t at_least_one(size_t n)
{
    return n ? n : 1;
}

static bool multiply(struct step *s, const struct gemm_form *f, const float *a, const float *b, float *y)
{
    if (!step_work(s, (double)f->m * (double)f->n * (double)f->k))
        return false;
    if (f->k == 0)
        memset(y, 0, f->m * f->n * sizeof *y);
    else
        gemm(f->a_transposed, f->b_transposed, f->m, f->n, f->k, a, f->a_row, b, f->b_row, 0.0f, y,
             at_least_one(f->n));
    return true;
}

/* y = alpha y + beta c, c stretched to y. */
static bool add_scaled(struct step *s, const struct gemm_form *f, const struct value *c)
{
    struct value *y = &s->out[0];
    int64_t dims[RANK_MAX], along[RANK_MAX];
    int rank = 2;
    for (size_t i = 0; i < y->count && f->alpha != 1.0f; i++)
        y->floats[i] *= f->alpha;
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
            y->floats[i * dims[1] + k] += f->beta * c->floats[i * along[0] + k * along[1]];
    return true;
}

bool gemm_read(struct step *s, struct gemm_form *f)
{
    const struct value *a = step_input(s, 0), *b = step_input(s, 1);
    *f = (struct gemm_form){.a_transposed = step_int(s, "transA", 0) != 0,
                            .b_transposed = step_int(s, "transB", 0) != 0,
                            .alpha = step_float(s, "alpha", 1.0f),
                            .beta = step_float(s, "beta", 1.0f)};
    if (!step_floats(s, 0, 2))
        return false;
    if (a->rank != 2 || b->rank != 2)
        return step_refuse(s, "it takes matrices, but its inputs have %d and %d dimensions", a->rank,
                           b->rank);
    int64_t k = a->dims[!f->a_transposed];
    if (b->dims[f->b_transposed] != k)
        return step_refuse(s, "its weights take %lld values where %lld come in",
                           (long long)b->dims[f->b_transposed], (long long)k);
    f->m = (size_t)a->dims[f->a_transposed];
    f->k = (size_t)k;
    f->n = (size_t)b->dims[!f->b_transposed];
    f->a_row = at_least_one((size_t)a->dims[1]);
    f->b_row = at_least_one((size_t)b->dims[1]);
    return true;
}

bool op_gemm(struct step *s)
{
    struct gemm_form f;
    return gemm_read(s, &f) && step_output(s, 0, VALUE_FLOAT, 2, (int64_t[]){(int64_t)f.m, (int64_t)f.n}) &&
           multiply(s, &f, step_input(s, 0)->floats, step_input(s, 1)->floats, s->out[0].floats) &&
           add_scaled(s, &f, step_input(s, 2));
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

struct product_at product_place(const struct product *p, const int64_t *at)
{
    int64_t i = 0, k = 0;
    for (int d = 0; d < p->stack; d++) {
        i += at[d] * p->along_a[d];
        k += at[d] * p->along_b[d];
    }
    return (struct product_at){(size_t)i * p->m * p->k, (size_t)k * p->k * p->n};
}

bool matmul_read(struct step *s, struct product *p)
{
    if (!step_floats(s, 0, 1))
        return false;
    if (step_input(s, 0)->rank < 1 || step_input(s, 1)->rank < 1)
        return step_refuse(s, "it takes matrices, not single numbers");
    struct value a = as_matrix(step_input(s, 0), true), b = as_matrix(step_input(s, 1), false);
    struct value stack_a = stack_of(&a), stack_b = stack_of(&b);
    int64_t k = a.dims[a.rank - 1];
    if (b.dims[b.rank - 2] != k)
        return step_refuse(s, "its weights take %lld values where %lld come in",
                           (long long)b.dims[b.rank - 2], (long long)k);
    if (!step_broadcast(s, &stack_a, &stack_b, p->dims, &p->stack))
        return false;
    value_strides(&stack_a, p->stack, p->dims, p->along_a);
    value_strides(&stack_b, p->stack, p->dims, p->along_b);
    p->m = (size_t)a.dims[a.rank - 2];
    p->k = (size_t)k;
    p->n = (size_t)b.dims[b.rank - 1];
    return true;
}

bool op_matmul(struct step *s)
{
    struct product p;
    if (!matmul_read(s, &p))
        return false;
    int64_t at[RANK_MAX] = {0};
    int rank = p.stack;
    if (step_input(s, 0)->rank > 1)
        p.dims[rank++] = (int64_t)p.m;
    if (step_input(s, 1)->rank > 1)
        p.dims[rank++] = (int64_t)p.n;
    if (!step_output(s, 0, VALUE_FLOAT, rank, p.dims))
        return false;
    const struct gemm_form f = {
        .m = p.m, .k = p.k, .n = p.n, .a_row = at_least_one(p.k), .b_row = at_least_one(p.n)};
    const float *a = step_input(s, 0)->floats, *b = step_input(s, 1)->floats;
    for (size_t done = 0; done < s->out[0].count; done += p.m * p.n) {
        struct product_at i = product_place(&p, at);
        if (!multiply(s, &f, a + i.a, b + i.b, s->out[0].floats + done))
            return false;
        index_next(p.stack, p.dims, at);
    }
    return true;
}
