/* What all operators are made of: their inputs, attributes, outputs, and the limits on what they may take. */
#include "graph.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { QUOTE = 80 };
static const size_t values_max = (size_t)1 << 40;

int step_fill(struct step *s, const char *format, ...)
{
    char what[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    const Onnx__NodeProto *n = s->node->node;
    const char *label = n->name && *n->name ? n->name : n->n_output && n->output[0] ? n->output[0] : "";
    return err_fill(s->err, ERR_INPUT, "%s: node '%.*s' (%.*s): %s", s->graph->name, QUOTE, label, QUOTE,
                    n->op_type, what);
}

/* ---- inputs ---- */

const struct value *step_input(const struct step *s, int index)
{
    return index < s->node->input_count ? s->in[index] : NULL;
}

bool step_floats(struct step *s, int first, int last)
{
    for (int i = first; i <= last; i++) {
        const struct value *v = step_input(s, i);
        if (v && v->type != VALUE_FLOAT)
            return step_refuse(s, "input %d holds integers where float32 belongs", i + 1);
    }
    return true;
}

bool step_list(struct step *s, int index, const char *attribute, int64_t *out, int *count)
{
    const struct value *v = step_input(s, index);
    const Onnx__AttributeProto *a = v ? NULL : step_attribute(s, attribute);
    *count = NONE;
    if (!v && !a)
        return true;
    if (v && (v->type != VALUE_INT || v->rank > 1))
        return step_refuse(s, "input %d is not a list of integers", index + 1);
    size_t length = v ? v->count : a->n_ints;
    if (length > RANK_MAX * 2)
        return step_refuse(s, "a list of %zu dimensions is longer than the %d supported", length, RANK_MAX);
    *count = (int)length;
    if (length)
        memcpy(out, v ? v->ints : a->ints, length * sizeof *out);
    return true;
}

/* ---- attributes ---- */

const Onnx__AttributeProto *step_attribute(const struct step *s, const char *name)
{
    const Onnx__NodeProto *n = s->node->node;
    for (size_t i = 0; i < n->n_attribute; i++)
        if (n->attribute[i]->name && strcmp(n->attribute[i]->name, name) == 0)
            return n->attribute[i];
    return NULL;
}

int64_t step_int(const struct step *s, const char *name, int64_t otherwise)
{
    const Onnx__AttributeProto *a = step_attribute(s, name);
    return a ? a->i : otherwise;
}

float step_float(const struct step *s, const char *name, float otherwise)
{
    const Onnx__AttributeProto *a = step_attribute(s, name);
    return a ? a->f : otherwise;
}

bool step_text_is(const struct step *s, const char *name, const char *text)
{
    const Onnx__AttributeProto *a = step_attribute(s, name);
    return a && a->s.len == strlen(text) && memcmp(a->s.data, text, a->s.len) == 0;
}

bool step_ints(struct step *s, const char *name, int count, int64_t otherwise, int64_t *out)
{
    const Onnx__AttributeProto *a = step_attribute(s, name);
    if (a && a->n_ints != (size_t)count)
        return step_refuse(s, "%s has %zu numbers where %d belong", name, a->n_ints, count);
    for (int i = 0; i < count; i++)
        out[i] = a ? a->ints[i] : otherwise;
    return true;
}

/* ---- outputs and limits ---- */

bool step_work(struct step *s, double multiply_adds)
{
    s->budget->work -= multiply_adds;
    return s->budget->work >= 0 || step_refuse(s, "by here an image would take more than 40,000 million "
                                                  "multiplications; such models are not supported");
}

bool step_take(struct step *s, size_t bytes)
{
    if (bytes > s->budget->bytes)
        return step_refuse(s,
                           "it needs %zu MB where %zu MB of the limit are left; such models are not "
                           "supported",
                           bytes >> 20, s->budget->bytes >> 20);
    s->budget->bytes -= bytes;
    if (s->budget->bytes < s->budget->least)
        s->budget->least = s->budget->bytes;
    return true;
}

bool step_output(struct step *s, int index, enum value_type type, int rank, const int64_t *dims)
{
    struct value v = {.type = type, .rank = rank, .count = 1, .owned = true};
    if (rank > RANK_MAX)
        return step_refuse(s, "%d dimensions are more than the %d supported", rank, RANK_MAX);
    /* Zeros do not hide what the other dimensions would come to. */
    bool empty = false;
    for (int i = 0; i < rank; i++) {
        if (dims[i] < 0 || dims[i] > INT32_MAX)
            return step_refuse(s, "a dimension of %lld is impossible", (long long)dims[i]);
        v.dims[i] = dims[i];
        empty |= dims[i] == 0;
        if (dims[i] && (__builtin_mul_overflow(v.count, (size_t)dims[i], &v.count) || v.count > values_max))
            return step_refuse(s, "its size is beyond all memory");
    }
    v.count = empty ? 0 : v.count;
    size_t bytes = v.count * value_bytes(type);
    if (!step_work(s, (double)v.count) || !step_take(s, bytes))
        return false;
    v.data = malloc(bytes ? bytes : 1);
    if (!v.data) {
        s->budget->bytes += bytes;
        return err_memory(s->err, "evaluating a model");
    }
    s->out[index] = v;
    return true;
}

bool step_output_like(struct step *s, const struct value *like)
{
    return step_output(s, 0, like->type, like->rank, like->dims);
}

void *step_scratch(struct step *s, size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) {
        step_fill(s, "its size is beyond all memory");
        return NULL;
    }
    if (!step_take(s, bytes))
        return NULL;
    s->scratch_bytes = bytes;
    s->scratch = malloc(bytes ? bytes : 1);
    if (!s->scratch)
        err_fill_memory(s->err, "evaluating a model");
    return s->scratch;
}

/* ---- dimensions ---- */

bool step_axis(struct step *s, int64_t axis, int rank, int *out)
{
    if (axis < -rank || axis >= rank)
        return step_refuse(s, "axis %lld is not one of %d dimensions", (long long)axis, rank);
    *out = (int)(axis < 0 ? axis + rank : axis);
    return true;
}

bool step_broadcast(struct step *s, const struct value *a, const struct value *b, int64_t *dims, int *rank)
{
    *rank = a->rank > b->rank ? a->rank : b->rank;
    for (int i = 1; i <= *rank; i++) {
        int64_t x = i <= a->rank ? a->dims[a->rank - i] : 1, y = i <= b->rank ? b->dims[b->rank - i] : 1;
        if (x != y && x != 1 && y != 1)
            return step_refuse(s, "dimensions of %lld and %lld do not go together", (long long)x,
                               (long long)y);
        dims[*rank - i] = x == 1 ? y : x;
    }
    return true;
}

void value_strides(const struct value *v, int rank, const int64_t *dims, int64_t *strides)
{
    int64_t stride = 1;
    for (int i = 1; i <= rank; i++) {
        int64_t own = i <= v->rank ? v->dims[v->rank - i] : 1;
        strides[rank - i] = own == 1 && dims[rank - i] != 1 ? 0 : stride;
        stride *= own;
    }
}

struct around value_around(const struct value *v, int axis)
{
    struct around a = {1, 1, 1};
    for (int i = 0; i < v->rank; i++)
        *(i < axis ? &a.before : i == axis ? &a.at : &a.after) *= (size_t)v->dims[i];
    return a;
}

void value_copy(struct value *to, size_t at, const struct value *from, size_t from_at, size_t count)
{
    size_t bytes = value_bytes(from->type);
    if (count)
        memcpy((char *)to->data + at * bytes, (const char *)from->data + from_at * bytes, count * bytes);
}

bool index_next(int rank, const int64_t *dims, int64_t *at)
{
    for (int i = rank - 1; i >= 0; i--) {
        if (++at[i] < dims[i])
            return true;
        at[i] = 0;
    }
    return false;
}
