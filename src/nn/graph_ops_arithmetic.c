/* Add, Sub, Mul and Div of tensors stretched to each other, and sums and means over axes. */
#include "graph.h"

enum arithmetic { ADD, SUB, MUL, DIV };

static inline __attribute__((always_inline)) float of_floats(enum arithmetic op, float a, float b)
{
    return op == ADD ? a + b : op == SUB ? a - b : op == MUL ? a * b : a / b;
}

/* Wraps; b is not 0 in a division. */
static inline int64_t of_integers(enum arithmetic op, int64_t a, int64_t b)
{
    uint64_t x = (uint64_t)a, y = (uint64_t)b;
    if (op == DIV)
        return b == -1 ? (int64_t)(0 - x) : a / b;
    return (int64_t)(op == ADD ? x + y : op == SUB ? x - y : x * y);
}

static bool divides_by_zero(const struct value *v)
{
    for (size_t i = 0; i < v->count; i++)
        if (v->ints[i] == 0)
            return true;
    return false;
}

static inline __attribute__((always_inline)) bool combine(struct step *s, enum arithmetic op)
{
    const struct value *a = step_input(s, 0), *b = step_input(s, 1);
    int64_t dims[RANK_MAX], along_a[RANK_MAX], along_b[RANK_MAX], at[RANK_MAX] = {0};
    int rank;
    if (a->type != b->type)
        return step_refuse(s, "float32 and integers do not go together");
    if (!step_broadcast(s, a, b, dims, &rank) || !step_output(s, 0, a->type, rank, dims))
        return false;
    if (op == DIV && a->type == VALUE_INT && divides_by_zero(b))
        return step_refuse(s, "an integer is divided by zero");
    value_strides(a, rank, dims, along_a);
    value_strides(b, rank, dims, along_b);
    struct value *y = &s->out[0];
    size_t row = rank ? (size_t)dims[rank - 1] : 1;
    size_t step_a = rank ? (size_t)along_a[rank - 1] : 0, step_b = rank ? (size_t)along_b[rank - 1] : 0;
    for (size_t first = 0; first < y->count; first += row) {
        size_t i = 0, k = 0;
        for (int d = 0; d < rank - 1; d++) {
            i += (size_t)(at[d] * along_a[d]);
            k += (size_t)(at[d] * along_b[d]);
        }
        if (a->type == VALUE_FLOAT)
            for (size_t n = 0; n < row; n++)
                y->floats[first + n] = of_floats(op, a->floats[i + n * step_a], b->floats[k + n * step_b]);
        else
            for (size_t n = 0; n < row; n++)
                y->ints[first + n] = of_integers(op, a->ints[i + n * step_a], b->ints[k + n * step_b]);
        index_next(rank - 1, dims, at);
    }
    return true;
}

bool op_add(struct step *s)
{
    return combine(s, ADD);
}

bool op_sub(struct step *s)
{
    return combine(s, SUB);
}

bool op_mul(struct step *s)
{
    return combine(s, MUL);
}

bool op_div(struct step *s)
{
    return combine(s, DIV);
}

/* ---- over axes ---- */

/* Which axes are reduced: those listed, or all where none is. */
static bool read_axes(struct step *s, int rank, bool *reduced)
{
    int64_t axes[RANK_MAX * 2];
    int count, axis;
    if (!step_list(s, 1, "axes", axes, &count))
        return false;
    for (int i = 0; i < rank; i++)
        reduced[i] = count <= 0 && !step_int(s, "noop_with_empty_axes", 0);
    for (int i = 0; i < count; i++) {
        if (!step_axis(s, axes[i], rank, &axis))
            return false;
        reduced[axis] = true;
    }
    return true;
}

bool reduction_read(struct step *s, struct reduction *r)
{
    const struct value *x = step_input(s, 0);
    bool reduced[RANK_MAX] = {0}, keep = step_int(s, "keepdims", 1) != 0;
    int64_t stride = 1;
    *r = (struct reduction){0};
    if (!step_floats(s, 0, 0) || !read_axes(s, x->rank, reduced))
        return false;
    for (int i = 0; i < x->rank; i++)
        if (keep || !reduced[i])
            r->dims[r->rank++] = reduced[i] ? 1 : x->dims[i];
    for (int i = x->rank - 1; i >= 0; i--) {
        r->along[i] = reduced[i] ? 0 : stride;
        stride *= reduced[i] ? 1 : x->dims[i];
    }
    return true;
}

static bool reduce(struct step *s, bool mean)
{
    const struct value *x = step_input(s, 0);
    struct reduction r;
    int64_t at[RANK_MAX] = {0};
    if (!reduction_read(s, &r) || !step_output(s, 0, VALUE_FLOAT, r.rank, r.dims))
        return false;
    size_t outputs = s->out[0].count;
    double *sums = step_scratch(s, outputs, sizeof *sums);
    if (!sums)
        return false;
    for (size_t i = 0; i < outputs; i++)
        sums[i] = 0.0;
    for (size_t i = 0; i < x->count; i++) {
        int64_t to = 0;
        for (int d = 0; d < x->rank; d++)
            to += at[d] * r.along[d];
        sums[to] += (double)x->floats[i];
        index_next(x->rank, x->dims, at);
    }
    double share = mean && x->count ? (double)outputs / (double)x->count : 1.0;
    for (size_t i = 0; i < outputs; i++)
        s->out[0].floats[i] = (float)(sums[i] * share);
    return true;
}

bool op_reduce_mean(struct step *s)
{
    return reduce(s, true);
}

bool op_reduce_sum(struct step *s)
{
    return reduce(s, false);
}
