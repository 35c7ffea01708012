/* Operators that make, pass on or rename values: the numbers stay what and where they are. */
#include "graph.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define TYPE(name) ONNX__TENSOR_PROTO__DATA_TYPE__##name

/* Input 0 under other dimensions, which must come to as many values. */
static bool pass(struct step *s, int rank, const int64_t *dims)
{
    const struct value *x = step_input(s, 0);
    if (!step_output(s, 0, x->type, rank, dims))
        return false;
    if (s->out[0].count != x->count)
        return step_refuse(s, "%zu values cannot be laid out as %zu", x->count, s->out[0].count);
    value_copy(&s->out[0], 0, x, 0, x->count);
    return true;
}

bool op_identity(struct step *s)
{
    return pass(s, step_input(s, 0)->rank, step_input(s, 0)->dims);
}

bool op_dropout(struct step *s)
{
    const struct value *x = step_input(s, 0), *training = step_input(s, 2);
    if (training && (training->type != VALUE_INT || training->count != 1 || training->ints[0]))
        return step_refuse(s, "the model was exported in training mode; export it for inference");
    if (!op_identity(s))
        return false;
    if (s->node->output_count < 2 || s->node->outputs[1] == NONE)
        return true;
    if (!step_output(s, 1, VALUE_INT, x->rank, x->dims))
        return false;
    for (size_t i = 0; i < x->count; i++)
        s->out[1].ints[i] = 1;
    return true;
}

bool op_flatten(struct step *s)
{
    const struct value *x = step_input(s, 0);
    int64_t axis = step_int(s, "axis", 1), dims[2] = {1, 1};
    if (axis < -x->rank || axis > x->rank)
        return step_refuse(s, "axis %lld is not one of %d dimensions", (long long)axis, x->rank);
    axis += axis < 0 ? x->rank : 0;
    for (int i = 0; i < x->rank; i++)
        dims[i >= axis] *= x->dims[i];
    return pass(s, 2, dims);
}

bool op_reshape(struct step *s)
{
    const struct value *x = step_input(s, 0);
    int64_t dims[RANK_MAX * 2], known = 1;
    int rank, open = NONE;
    if (!step_list(s, 1, "shape", dims, &rank))
        return false;
    for (int i = 0; i < rank; i++) {
        if (dims[i] == 0 && !step_int(s, "allowzero", 0)) {
            if (i >= x->rank)
                return step_refuse(s, "it keeps dimension %d of %d", i + 1, x->rank);
            dims[i] = x->dims[i];
        }
        if (dims[i] == -1 && open == NONE)
            open = i;
        else if (dims[i] < 0 || __builtin_mul_overflow(known, dims[i], &known))
            return step_refuse(s, "a dimension of %lld is impossible", (long long)dims[i]);
    }
    if (open != NONE) {
        if (known == 0 || x->count % (size_t)known)
            return step_refuse(s, "%zu values cannot be laid out in rows of %lld", x->count,
                               (long long)known);
        dims[open] = (int64_t)(x->count / (size_t)known);
    }
    return pass(s, rank, dims);
}

bool op_squeeze(struct step *s)
{
    const struct value *x = step_input(s, 0);
    int64_t axes[RANK_MAX * 2], dims[RANK_MAX];
    bool gone[RANK_MAX] = {false};
    int count, axis, rank = 0;
    if (!step_list(s, 1, "axes", axes, &count))
        return false;
    for (int i = 0; i < x->rank && count == NONE; i++)
        gone[i] = x->dims[i] == 1;
    for (int i = 0; i < count; i++) {
        if (!step_axis(s, axes[i], x->rank, &axis))
            return false;
        gone[axis] = true;
    }
    for (int i = 0; i < x->rank; i++)
        if (!gone[i])
            dims[rank++] = x->dims[i];
    return pass(s, rank, dims);
}

bool op_unsqueeze(struct step *s)
{
    const struct value *x = step_input(s, 0);
    int64_t axes[RANK_MAX * 2], dims[RANK_MAX];
    bool made[RANK_MAX] = {false};
    int count, axis, rank, from = 0;
    if (!step_list(s, 1, "axes", axes, &count))
        return false;
    rank = x->rank + (count > 0 ? count : 0);
    if (rank > RANK_MAX)
        return step_refuse(s, "%d dimensions are more than the %d supported", rank, RANK_MAX);
    for (int i = 0; i < count; i++) {
        if (!step_axis(s, axes[i], rank, &axis))
            return false;
        if (made[axis])
            return step_refuse(s, "axis %d is there twice", axis);
        made[axis] = true;
    }
    for (int i = 0; i < rank; i++)
        dims[i] = made[i] ? 1 : x->dims[from++];
    return pass(s, rank, dims);
}

bool op_shape(struct step *s)
{
    const struct value *x = step_input(s, 0);
    int64_t ends[2] = {step_int(s, "start", 0), step_int(s, "end", x->rank)};
    for (int i = 0; i < 2; i++) {
        ends[i] = ends[i] < -x->rank ? 0 : ends[i] < 0 ? ends[i] + x->rank : ends[i];
        ends[i] = ends[i] > x->rank ? x->rank : ends[i];
    }
    int64_t count = ends[1] > ends[0] ? ends[1] - ends[0] : 0;
    if (!step_output(s, 0, VALUE_INT, 1, &count))
        return false;
    memcpy(s->out[0].ints, x->dims + ends[0], (size_t)count * sizeof *x->dims);
    return true;
}

/* ---- what is stored in the node ---- */

static bool tensor_of(struct step *s, const Onnx__AttributeProto *a, struct value *out)
{
    char where[256];
    snprintf(where, sizeof where, "%.100s: node '%.80s' (%s)", s->graph->name, s->node->node->output[0],
             s->node->op->type);
    if (!a->t)
        return step_refuse(s, "it holds no tensor");
    return tensor_read(a->t, where, out, s->err);
}

/* Lists of numbers lie as they are in the attribute. */
static struct value list_of(const Onnx__AttributeProto *a, bool floats, size_t count, bool scalar)
{
    struct value v = {.type = floats ? VALUE_FLOAT : VALUE_INT, .rank = scalar ? 0 : 1, .count = count};
    v.dims[0] = (int64_t)count;
    v.data = (void *)(uintptr_t)(floats   ? scalar ? (const void *)&a->f : a->floats
                                 : scalar ? (const void *)&a->i
                                          : a->ints);
    return v;
}

bool op_constant(struct step *s)
{
    const Onnx__AttributeProto *a;
    struct value v = {0};
    if ((a = step_attribute(s, "value"))) {
        if (!tensor_of(s, a, &v))
            return false;
    } else if ((a = step_attribute(s, "value_float"))) {
        v = list_of(a, true, 1, true);
    } else if ((a = step_attribute(s, "value_floats"))) {
        v = list_of(a, true, a->n_floats, false);
    } else if ((a = step_attribute(s, "value_int"))) {
        v = list_of(a, false, 1, true);
    } else if ((a = step_attribute(s, "value_ints"))) {
        v = list_of(a, false, a->n_ints, false);
    } else {
        return step_refuse(s, "what it holds is not supported; tensors and numbers are");
    }
    bool fine = step_output_like(s, &v);
    if (fine)
        value_copy(&s->out[0], 0, &v, 0, v.count);
    value_free(&v, NULL);
    return fine;
}

bool op_constant_of_shape(struct step *s)
{
    int64_t dims[RANK_MAX * 2];
    int rank;
    float zero = 0.0f;
    struct value v = {.type = VALUE_FLOAT, .count = 1, .floats = &zero};
    const Onnx__AttributeProto *a = step_attribute(s, "value");
    if (!step_list(s, 0, "", dims, &rank) || (a && !tensor_of(s, a, &v)))
        return false;
    bool fine = v.count == 1 || step_refuse(s, "its value is not a single number");
    fine = fine && step_output(s, 0, v.type, rank, dims);
    for (size_t i = 0; fine && i < s->out[0].count; i++)
        value_copy(&s->out[0], i, &v, 0, 1);
    value_free(&v, NULL);
    return fine;
}

/* ---- Cast ---- */

/* The range of an integer type; false where it is none. */
static bool integer_range(int64_t type, double *low, double *high)
{
    static const struct {
        int type;
        double low, high;
    } ranges[] = {
        {TYPE(INT8), INT8_MIN, INT8_MAX},    {TYPE(UINT8), 0, UINT8_MAX},
        {TYPE(INT16), INT16_MIN, INT16_MAX}, {TYPE(UINT16), 0, UINT16_MAX},
        {TYPE(INT32), INT32_MIN, INT32_MAX}, {TYPE(UINT32), 0, UINT32_MAX},
        {TYPE(INT64), -0x1p63, 0x1p63},
    };
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        if (ranges[i].type == type) {
            *low = ranges[i].low;
            *high = ranges[i].high;
            return true;
        }
    return false;
}

/* Towards zero, and to the nearest that can be said. */
static int64_t to_integer(double x, double low, double high)
{
    if (isnan(x))
        return 0;
    x = x < low ? low : x > high ? high : x;
    return x >= 0x1p63 ? INT64_MAX : (int64_t)x;
}

bool op_cast(struct step *s)
{
    const struct value *x = step_input(s, 0);
    int64_t to = step_int(s, "to", 0);
    double low = 0, high = 0;
    bool real = to == TYPE(FLOAT) || to == TYPE(DOUBLE), truth = to == TYPE(BOOL);
    if (!real && !truth && !integer_range(to, &low, &high))
        return step_refuse(s, "the type it makes, number %lld, is not supported", (long long)to);
    if (!step_output(s, 0, real ? VALUE_FLOAT : VALUE_INT, x->rank, x->dims))
        return false;
    struct value *y = &s->out[0];
    for (size_t i = 0; i < x->count; i++) {
        if (real)
            y->floats[i] = x->type == VALUE_FLOAT ? x->floats[i] : (float)x->ints[i];
        else if (truth)
            y->ints[i] = x->type == VALUE_FLOAT ? x->floats[i] != 0.0f : x->ints[i] != 0;
        else
            y->ints[i] = x->type == VALUE_FLOAT ? to_integer((double)x->floats[i], low, high) : x->ints[i];
    }
    return true;
}
