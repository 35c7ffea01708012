/* Gradients of Gemm and MatMul. With A [m][k], B [k][n] and Y = A B:  dA = dY B^T,  dB = A^T dY. */
#include "graph.h"

static size_t at_least_one(size_t n)
{
    return n ? n : 1;
}

/* da and db, where there, as A and B are stored. */
static bool multiply_back(struct step *s, const struct gemm_form *f, const float *a, const float *b,
                          const float *dy, float *da, float *db)
{
    size_t row = at_least_one(f->n);
    if (!step_work(s, 2.0 * (double)f->m * (double)f->n * (double)f->k))
        return false;
    if (da && f->a_transposed)
        gemm(f->b_transposed, true, f->k, f->m, f->n, b, f->b_row, dy, row, 1.0f, da, f->a_row);
    else if (da)
        gemm(false, !f->b_transposed, f->m, f->k, f->n, dy, row, b, f->b_row, 1.0f, da, f->a_row);
    if (db && f->b_transposed)
        gemm(true, f->a_transposed, f->n, f->k, f->m, dy, row, a, f->a_row, 1.0f, db, f->b_row);
    else if (db)
        gemm(!f->a_transposed, false, f->k, f->n, f->m, a, f->a_row, dy, row, 1.0f, db, f->b_row);
    return true;
}

/* alpha dY; dY itself where alpha is 1. */
static const float *scaled(struct step *s, const float *dy, size_t count, float alpha)
{
    if (alpha == 1.0f)
        return dy;
    float *out = step_scratch(s, count, sizeof *out);
    for (size_t i = 0; out && i < count; i++)
        out[i] = alpha * dy[i];
    return out;
}

static void add_to_bias(const struct value *c, const struct value *y, const float *dy, float beta, float *dc)
{
    int64_t along[RANK_MAX];
    value_strides(c, 2, y->dims, along);
    for (int64_t i = 0; i < y->dims[0]; i++)
        for (int64_t k = 0; k < y->dims[1]; k++)
            dc[i * along[0] + k * along[1]] += beta * dy[i * y->dims[1] + k];
}

bool back_gemm(struct back *b)
{
    struct step *s = &b->s;
    struct gemm_form f;
    if (!gemm_read(s, &f))
        return false;
    if (s->node->input_count > 2 && b->dx[2])
        add_to_bias(step_input(s, 2), &s->out[0], b->dy, f.beta, b->dx[2]);
    const float *dy = scaled(s, b->dy, s->out[0].count, f.alpha);
    return dy &&
           multiply_back(s, &f, step_input(s, 0)->floats, step_input(s, 1)->floats, dy, b->dx[0], b->dx[1]);
}

bool back_matmul(struct back *b)
{
    struct step *s = &b->s;
    struct product p;
    if (!matmul_read(s, &p))
        return false;
    int64_t at[RANK_MAX] = {0};
    const struct gemm_form f = {
        .m = p.m, .k = p.k, .n = p.n, .a_row = at_least_one(p.k), .b_row = at_least_one(p.n)};
    const float *x = step_input(s, 0)->floats, *y = step_input(s, 1)->floats;
    for (size_t done = 0; done < s->out[0].count; done += p.m * p.n) {
        struct product_at i = product_place(&p, at);
        if (!multiply_back(s, &f, x + i.a, y + i.b, b->dy + done, b->dx[0] ? b->dx[0] + i.a : NULL,
                           b->dx[1] ? b->dx[1] + i.b : NULL))
            return false;
        index_next(p.stack, p.dims, at);
    }
    return true;
}
