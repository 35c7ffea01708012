/* Parts of a node of a chain: stored tensors and attributes, and the refusal of what is not supported. */
#include "onnx_chain.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool chain_refuse(struct chain_reader *r, const char *format, ...)
{
    char what[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    const Onnx__NodeProto *n = r->node;
    const char *label = n->name && *n->name ? n->name : n->n_output && n->output[0] ? n->output[0] : "";
    return err_set(r->err, ERR_INPUT, "%s: node '%.*s' (%.*s): %s", r->file->name, CHAIN_QUOTE, label,
                   CHAIN_QUOTE, n->op_type ? n->op_type : "", what);
}

/* ---- tensors ---- */

float tensor_at(const struct tensor *t, size_t index)
{
    float value;
    memcpy(&value, t->bytes + index * sizeof value, sizeof value);
    return value;
}

bool chain_same(const char *a, const char *b)
{
    return a && b && strcmp(a, b) == 0;
}

const Onnx__TensorProto *chain_constant(const struct chain_reader *r, const char *name)
{
    const Onnx__GraphProto *g = r->graph;
    for (size_t i = 0; i < g->n_initializer; i++)
        if (chain_same(g->initializer[i]->name, name))
            return g->initializer[i];
    for (size_t i = 0; i < g->n_node; i++) {
        const Onnx__NodeProto *n = g->node[i];
        if (!chain_same(n->op_type, "Constant") || n->n_output != 1 || !chain_same(n->output[0], name))
            continue;
        for (size_t k = 0; k < n->n_attribute; k++)
            if (chain_same(n->attribute[k]->name, "value"))
                return n->attribute[k]->t;
    }
    return NULL;
}

static bool read_dims(struct chain_reader *r, const Onnx__TensorProto *t, struct tensor *out)
{
    if (t->n_dims < 1 || t->n_dims > 4)
        return chain_refuse(r, "tensor '%.*s' has %zu dimensions; 1 to 4 are supported", CHAIN_QUOTE,
                            t->name ? t->name : "", t->n_dims);
    out->count = 1;
    for (size_t i = 0; i < t->n_dims; i++) {
        if (t->dims[i] < 1 || t->dims[i] > ONNX_BYTES_MAX ||
            __builtin_mul_overflow(out->count, (size_t)t->dims[i], &out->count) ||
            out->count > ONNX_BYTES_MAX)
            return chain_refuse(r, "tensor '%.*s' has an impossible size", CHAIN_QUOTE,
                                t->name ? t->name : "");
        out->dims[i] = (int)t->dims[i];
    }
    out->rank = (int)t->n_dims;
    return true;
}

static bool are_finite(const struct tensor *t)
{
    for (size_t i = 0; i < t->count; i++)
        if (!isfinite(tensor_at(t, i)))
            return false;
    return true;
}

bool chain_tensor(struct chain_reader *r, size_t index, int rank, struct tensor *out)
{
    const char *name = index < r->node->n_input ? r->node->input[index] : "";
    const Onnx__TensorProto *t = chain_constant(r, name);
    *out = (struct tensor){.name = name};
    if (!t)
        return chain_refuse(
            r, "input %zu, '%.*s', is not a stored tensor; export the model with its weights inside",
            index + 1, CHAIN_QUOTE, name);
    if ((t->has_data_location && t->data_location == ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL) ||
        t->n_external_data)
        return chain_refuse(r, "tensor '%.*s' lies in another file; export the model with its weights inside",
                            CHAIN_QUOTE, name);
    if (t->data_type != ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT)
        return chain_refuse(r, "tensor '%.*s' is not float32; export the model in float32", CHAIN_QUOTE,
                            name);
    if (!read_dims(r, t, out))
        return false;
    size_t bytes = t->has_raw_data ? t->raw_data.len : t->n_float_data * sizeof(float);
    out->bytes = t->has_raw_data ? t->raw_data.data : (const unsigned char *)t->float_data;
    if (bytes != out->count * sizeof(float))
        return chain_refuse(r, "tensor '%.*s' should hold %zu values but has %zu bytes; the file is damaged",
                            CHAIN_QUOTE, name, out->count, bytes);
    if (out->rank != rank)
        return chain_refuse(r, "tensor '%.*s' has %d dimensions where %d belong", CHAIN_QUOTE, name,
                            out->rank, rank);
    if (!are_finite(out))
        return chain_refuse(r, "tensor '%.*s' holds values that are not finite numbers", CHAIN_QUOTE, name);
    return true;
}

bool chain_vector(struct chain_reader *r, size_t index, int count, struct tensor *out)
{
    if (!chain_tensor(r, index, 1, out))
        return false;
    if (out->dims[0] != count)
        return chain_refuse(r, "tensor '%.*s' has %d values where %d belong", CHAIN_QUOTE, out->name,
                            out->dims[0], count);
    return true;
}

/* ---- attributes ---- */

const Onnx__AttributeProto *chain_attribute(const struct chain_reader *r, const char *name)
{
    for (size_t i = 0; i < r->node->n_attribute; i++)
        if (chain_same(r->node->attribute[i]->name, name))
            return r->node->attribute[i];
    return NULL;
}

bool chain_int_is(const struct chain_reader *r, const char *name, int64_t value, int64_t otherwise)
{
    const Onnx__AttributeProto *a = chain_attribute(r, name);
    return (a ? a->i : otherwise) == value;
}

bool chain_float_is(const struct chain_reader *r, const char *name, float value, float otherwise)
{
    const Onnx__AttributeProto *a = chain_attribute(r, name);
    return (a ? a->f : otherwise) == value;
}

bool chain_ints_are(const struct chain_reader *r, const char *name, size_t count, int64_t value,
                    int64_t otherwise)
{
    const Onnx__AttributeProto *a = chain_attribute(r, name);
    if (!a)
        return value == otherwise;
    bool are = a->n_ints == count;
    for (size_t i = 0; are && i < count; i++)
        are = a->ints[i] == value;
    return are;
}

bool chain_text_is(const struct chain_reader *r, const char *name, const char *value)
{
    const Onnx__AttributeProto *a = chain_attribute(r, name);
    return a && a->s.len == strlen(value) && memcmp(a->s.data, value, a->s.len) == 0;
}
