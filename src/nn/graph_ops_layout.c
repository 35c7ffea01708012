/* Operators that move values: Concat, Transpose, Slice, Expand, Gather, Pad. */
#include "graph.h"

#include <string.h>

/* Output 0 from the values of x that begin at `from` and lie `along` apart in each dimension. */
static void take(struct step *s, const struct value *x, int64_t from, const int64_t *along)
{
    struct value *y = &s->out[0];
    int64_t at[RANK_MAX] = {0};
    for (size_t i = 0; i < y->count; i++) {
        int64_t place = from;
        for (int d = 0; d < y->rank; d++)
            place += at[d] * along[d];
        value_copy(y, i, x, (size_t)place, 1);
        index_next(y->rank, y->dims, at);
    }
}

bool op_transpose(struct step *s)
{
    const struct value *x = step_input(s, 0);
    int64_t order[RANK_MAX], dims[RANK_MAX], own[RANK_MAX], along[RANK_MAX];
    bool seen[RANK_MAX] = {false};
    if (!step_ints(s, "perm", x->rank, 0, order))
        return false;
    value_strides(x, x->rank, x->dims, own);
    for (int i = 0; i < x->rank; i++) {
        int64_t from = step_attribute(s, "perm") ? order[i] : x->rank - 1 - i;
        if (from < 0 || from >= x->rank || seen[from])
            return step_refuse(s, "perm is not an order of %d dimensions", x->rank);
        seen[from] = true;
        dims[i] = x->dims[from];
        along[i] = own[from];
    }
    if (!step_output(s, 0, x->type, x->rank, dims))
        return false;
    take(s, x, 0, along);
    return true;
}

bool op_expand(struct step *s)
{
    const struct value *x = step_input(s, 0);
    struct value shape = {0};
    int64_t wish[RANK_MAX * 2], dims[RANK_MAX], along[RANK_MAX];
    if (!step_list(s, 1, "", wish, &shape.rank))
        return false;
    if (shape.rank > RANK_MAX)
        return step_refuse(s, "%d dimensions are more than the %d supported", shape.rank, RANK_MAX);
    memcpy(shape.dims, wish, sizeof shape.dims);
    int rank;
    if (!step_broadcast(s, x, &shape, dims, &rank) || !step_output(s, 0, x->type, rank, dims))
        return false;
    value_strides(x, rank, dims, along);
    take(s, x, 0, along);
    return true;
}

bool op_concat(struct step *s)
{
    const struct value *first = step_input(s, 0);
    int axis, count = s->node->input_count;
    if (!first || !step_axis(s, step_int(s, "axis", 1), first->rank, &axis))
        return first ? false : step_refuse(s, "it has nothing to join");
    int64_t dims[RANK_MAX], total = 0;
    memcpy(dims, first->dims, sizeof dims);
    for (int i = 0; i < count; i++) {
        const struct value *v = step_input(s, i);
        if (!v || v->rank != first->rank || v->type != first->type)
            return step_refuse(s, "input %d does not go with input 1", i + 1);
        for (int d = 0; d < v->rank; d++)
            if (d != axis && v->dims[d] != dims[d])
                return step_refuse(s, "input %d has %lld values where input 1 has %lld", i + 1,
                                   (long long)v->dims[d], (long long)dims[d]);
        total += v->dims[axis];
    }
    dims[axis] = total;
    if (!step_output(s, 0, first->type, first->rank, dims))
        return false;
    struct around all = value_around(&s->out[0], axis);
    size_t at = 0;
    for (int i = 0; i < count; i++) {
        struct around a = value_around(step_input(s, i), axis);
        size_t row = a.at * a.after;
        for (size_t k = 0; k < a.before; k++)
            value_copy(&s->out[0], k * all.at * all.after + at, step_input(s, i), k * row, row);
        at += row;
    }
    return true;
}

/* ---- Slice ---- */

struct cut {
    int64_t start, end, step;
};

/* numpy's rule; *count how many values it takes of `size`. */
static struct cut clamp_cut(struct cut c, int64_t size, int64_t *count)
{
    int64_t last = c.step > 0 ? size : size - 1, least = c.step > 0 ? 0 : -1;
    c.start = c.start < 0 ? c.start < -size ? least : c.start + size : c.start;
    c.end = c.end < 0 ? c.end < -size ? least : c.end + size : c.end;
    c.start = c.start > last ? last : c.start;
    c.end = c.end > last ? last : c.end;
    int64_t far = c.step > 0 ? c.end - c.start : c.start - c.end, step = c.step > 0 ? c.step : -c.step;
    *count = far > 0 ? (far + step - 1) / step : 0;
    return c;
}

static bool read_cuts(struct step *s, struct cut *cuts)
{
    const struct value *x = step_input(s, 0);
    int64_t starts[RANK_MAX * 2], ends[RANK_MAX * 2], axes[RANK_MAX * 2], steps[RANK_MAX * 2];
    int count, ends_count, axes_count, steps_count, axis;
    if (!step_list(s, 1, "starts", starts, &count) || !step_list(s, 2, "ends", ends, &ends_count) ||
        !step_list(s, 3, "axes", axes, &axes_count) || !step_list(s, 4, "steps", steps, &steps_count))
        return false;
    if (count < 0 || ends_count != count || (axes_count != NONE && axes_count != count) ||
        (steps_count != NONE && steps_count != count))
        return step_refuse(s, "its starts, ends, axes and steps are not equally many");
    for (int i = 0; i < count; i++) {
        if (!step_axis(s, axes_count == NONE ? i : axes[i], x->rank, &axis))
            return false;
        int64_t step = steps_count == NONE ? 1 : steps[i];
        if (step == 0)
            return step_refuse(s, "a step of 0 makes no sense");
        step = step > INT32_MAX ? INT32_MAX : step < -INT32_MAX ? -INT32_MAX : step;
        cuts[axis] = (struct cut){starts[i], ends[i], step};
    }
    return true;
}

bool op_slice(struct step *s)
{
    const struct value *x = step_input(s, 0);
    struct cut cuts[RANK_MAX];
    int64_t dims[RANK_MAX], own[RANK_MAX], along[RANK_MAX], from = 0;
    for (int i = 0; i < RANK_MAX; i++)
        cuts[i] = (struct cut){0, INT64_MAX, 1};
    if (!read_cuts(s, cuts))
        return false;
    value_strides(x, x->rank, x->dims, own);
    for (int i = 0; i < x->rank; i++) {
        struct cut c = clamp_cut(cuts[i], x->dims[i], &dims[i]);
        along[i] = own[i] * c.step;
        from += own[i] * c.start;
    }
    if (!step_output(s, 0, x->type, x->rank, dims))
        return false;
    take(s, x, from, along);
    return true;
}

/* ---- Gather ---- */

bool op_gather(struct step *s)
{
    const struct value *x = step_input(s, 0), *index = step_input(s, 1);
    int axis, rank = 0;
    int64_t dims[2 * RANK_MAX];
    if (!step_axis(s, step_int(s, "axis", 0), x->rank, &axis))
        return false;
    if (index->type != VALUE_INT)
        return step_refuse(s, "its indices are not integers");
    for (int i = 0; i < x->rank; i++) {
        if (i != axis)
            dims[rank++] = x->dims[i];
        for (int k = 0; i == axis && k < index->rank; k++)
            dims[rank++] = index->dims[k];
    }
    if (!step_output(s, 0, x->type, rank, dims))
        return false;
    struct around a = value_around(x, axis);
    int64_t size = x->dims[axis];
    for (size_t i = 0; i < index->count; i++) {
        int64_t at = index->ints[i];
        if (at < -size || at >= size)
            return step_refuse(s, "index %lld is not one of %lld", (long long)at, (long long)size);
        size_t from = (size_t)(at < 0 ? at + size : at);
        for (size_t k = 0; k < a.before; k++)
            value_copy(&s->out[0], (k * index->count + i) * a.after, x, (k * a.at + from) * a.after, a.after);
    }
    return true;
}

/* ---- Pad ---- */

enum pad_mode { PAD_CONSTANT, PAD_REFLECT, PAD_EDGE };

static bool read_mode(struct step *s, enum pad_mode *mode)
{
    if (!step_attribute(s, "mode") || step_text_is(s, "mode", "constant"))
        *mode = PAD_CONSTANT;
    else if (step_text_is(s, "mode", "reflect"))
        *mode = PAD_REFLECT;
    else if (step_text_is(s, "mode", "edge"))
        *mode = PAD_EDGE;
    else
        return step_refuse(s, "its mode is not supported; constant, reflect and edge are");
    return true;
}

/* How many values each dimension gets in front and behind. */
static bool read_pads(struct step *s, int64_t *front, int64_t *behind)
{
    const struct value *x = step_input(s, 0);
    int64_t pads[RANK_MAX * 2], axes[RANK_MAX * 2];
    int count, axes_count, axis;
    if (!step_list(s, 1, "pads", pads, &count) || !step_list(s, 3, "", axes, &axes_count))
        return false;
    int n = axes_count == NONE ? x->rank : axes_count;
    if (count != 2 * n)
        return step_refuse(s, "it needs padding for both ends of %d dimensions", n);
    for (int i = 0; i < n; i++) {
        if (!step_axis(s, axes_count == NONE ? i : axes[i], x->rank, &axis))
            return false;
        front[axis] = pads[i];
        behind[axis] = pads[n + i];
        if (pads[i] > INT32_MAX || pads[i] < -INT32_MAX || pads[n + i] > INT32_MAX ||
            pads[n + i] < -INT32_MAX)
            return step_refuse(s, "padding of %lld and %lld is impossible", (long long)pads[i],
                               (long long)pads[n + i]);
    }
    return true;
}

/* Where a padded position comes from; NONE: the constant. */
static int64_t unpadded(int64_t at, int64_t size, enum pad_mode mode)
{
    if (at >= 0 && at < size)
        return at;
    if (mode == PAD_EDGE)
        return at < 0 ? 0 : size - 1;
    return mode == PAD_REFLECT ? (at < 0 ? -at : 2 * (size - 1) - at) : NONE;
}

bool op_pad(struct step *s)
{
    const struct value *x = step_input(s, 0), *fill = step_input(s, 2);
    enum pad_mode mode;
    int64_t front[RANK_MAX] = {0}, behind[RANK_MAX] = {0}, dims[RANK_MAX], own[RANK_MAX], at[RANK_MAX] = {0};
    float number = step_float(s, "value", 0.0f);
    int64_t whole = (int64_t)(number > -1e9f && number < 1e9f ? number : 0.0f);
    struct value filler = {.type = x->type, .count = 1};
    filler.data = x->type == VALUE_FLOAT ? (void *)&number : (void *)&whole;
    if (fill && (fill->count != 1 || fill->type != x->type))
        return step_refuse(s, "what it pads with is not one number of the values' type");
    if (!read_mode(s, &mode) || !read_pads(s, front, behind))
        return false;
    for (int i = 0; i < x->rank; i++) {
        dims[i] = x->dims[i] + front[i] + behind[i];
        int64_t most = front[i] > behind[i] ? front[i] : behind[i];
        if (mode != PAD_CONSTANT && most > 0 && most > x->dims[i] - (mode == PAD_REFLECT))
            return step_refuse(s, "%lld values cannot be padded by %lld of themselves", (long long)x->dims[i],
                               (long long)most);
    }
    if (!step_output(s, 0, x->type, x->rank, dims))
        return false;
    value_strides(x, x->rank, x->dims, own);
    for (size_t i = 0; i < s->out[0].count; i++) {
        int64_t from = 0;
        for (int d = 0; d < x->rank && from != NONE; d++) {
            int64_t k = unpadded(at[d] - front[d], x->dims[d], mode);
            from = k == NONE ? NONE : from + k * own[d];
        }
        value_copy(&s->out[0], i, from == NONE ? fill ? fill : &filler : x, from == NONE ? 0 : (size_t)from,
                   1);
        index_next(x->rank, s->out[0].dims, at);
    }
    return true;
}
