/* Stored tensors: raw or typed, their sizes checked against what they hold. */
#include "graph.h"

#include <stdlib.h>
#include <string.h>

enum { QUOTE = 80 };

/* Where a tensor's elements lie: `width` bytes each. */
struct elements {
    const void *data;
    size_t bytes, width;
};

#define TYPE(name) ONNX__TENSOR_PROTO__DATA_TYPE__##name

/* Bytes of one element in raw_data; 0 where the type is not supported. */
static size_t raw_width(int type)
{
    switch (type) {
    case TYPE(BOOL):
    case TYPE(INT8):
    case TYPE(UINT8):
        return 1;
    case TYPE(INT16):
    case TYPE(UINT16):
        return 2;
    case TYPE(FLOAT):
    case TYPE(INT32):
    case TYPE(UINT32):
        return 4;
    case TYPE(DOUBLE):
    case TYPE(INT64):
    case TYPE(UINT64):
        return 8;
    default:
        return 0;
    }
}

/* The list that holds elements of that type where there is no raw_data. */
static struct elements typed_elements(const Onnx__TensorProto *t, int type)
{
    switch (type) {
    case TYPE(FLOAT):
        return (struct elements){t->float_data, t->n_float_data * 4, 4};
    case TYPE(DOUBLE):
        return (struct elements){t->double_data, t->n_double_data * 8, 8};
    case TYPE(INT64):
        return (struct elements){t->int64_data, t->n_int64_data * 8, 8};
    case TYPE(UINT32):
    case TYPE(UINT64):
        return (struct elements){t->uint64_data, t->n_uint64_data * 8, 8};
    default:
        return (struct elements){t->int32_data, t->n_int32_data * 4, 4};
    }
}

/* Little-endian, as raw_data is. */
static int64_t integer_at(const void *at, size_t width, bool is_unsigned)
{
    uint64_t bits = 0;
    memcpy(&bits, at, width);
    int spare = 64 - 8 * (int)width;
    return is_unsigned ? (int64_t)bits : (int64_t)(bits << spare) >> spare;
}

static void convert(struct value *v, struct elements e, int type)
{
    bool is_unsigned =
        type == TYPE(UINT8) || type == TYPE(UINT16) || type == TYPE(UINT32) || type == TYPE(BOOL);
    const char *at = e.data;
    for (size_t i = 0; i < v->count; i++, at += e.width) {
        double real;
        if (type == TYPE(DOUBLE)) {
            memcpy(&real, at, sizeof real);
            v->floats[i] = (float)real;
        } else {
            v->ints[i] = integer_at(at, e.width, is_unsigned);
        }
    }
}

static bool read_shape(const Onnx__TensorProto *t, const char *where, struct value *out, struct err *e)
{
    if (t->n_dims > RANK_MAX)
        return err_set(e, ERR_INPUT, "%s: it has %zu dimensions; up to %d are supported", where, t->n_dims,
                       RANK_MAX);
    out->rank = (int)t->n_dims;
    out->count = 1;
    bool empty = false;
    for (int i = 0; i < out->rank; i++) {
        out->dims[i] = t->dims[i];
        empty |= t->dims[i] == 0;
        if (t->dims[i] < 0 || t->dims[i] > ONNX_BYTES_MAX ||
            (t->dims[i] && __builtin_mul_overflow(out->count, (size_t)t->dims[i], &out->count)) ||
            out->count > ONNX_BYTES_MAX)
            return err_set(e, ERR_INPUT, "%s: its size is impossible; the file is damaged", where);
    }
    out->count = empty ? 0 : out->count;
    return true;
}

bool tensor_read(const Onnx__TensorProto *t, const char *where, struct value *out, struct err *e)
{
    int type = t->data_type;
    size_t width = raw_width(type);
    *out = (struct value){.type = type == TYPE(FLOAT) || type == TYPE(DOUBLE) ? VALUE_FLOAT : VALUE_INT};
    if ((t->has_data_location && t->data_location == ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL) ||
        t->n_external_data)
        return err_set(e, ERR_INPUT, "%s: it lies in another file; export the model with its weights inside",
                       where);
    if (width == 0)
        return err_set(e, ERR_INPUT,
                       "%s: its data type, number %d, is not supported; export the model in float32", where,
                       type);
    if (!read_shape(t, where, out, e))
        return false;
    struct elements held = t->has_raw_data ? (struct elements){t->raw_data.data, t->raw_data.len, width}
                                           : typed_elements(t, type);
    if (held.bytes != out->count * held.width)
        return err_set(e, ERR_INPUT, "%s: it should hold %zu values but has %zu bytes; the file is damaged",
                       where, out->count, held.bytes);
    if (type == TYPE(FLOAT) || (type == TYPE(INT64) && held.bytes)) {
        static float nothing;
        out->data = held.bytes ? (void *)(uintptr_t)held.data : &nothing;
        return true;
    }
    out->data = malloc(out->count * value_bytes(out->type) + 1);
    out->owned = true;
    if (!out->data)
        return err_memory(e, "reading a model");
    convert(out, held, type);
    return true;
}
