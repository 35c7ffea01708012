/* Writing ONNX: one node or two per layer, weights from NHWC to NCHW order. */
#include "ferlab/nn/onnx.h"

#include "ferlab/base/arena.h"
#include "ferlab/base/str.h"
#include "layer.h"
#include "onnx.pb-c.h"

#include <stdlib.h>
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "raw_data is little-endian");

enum { IR_VERSION = 7, OPSET = 13, NODES_PER_LAYER = 2, NODE_MAX_INPUTS = 5, NODE_MAX_ATTRIBUTES = 4 };

struct writer {
    const struct network *net;
    struct arena arena;
    bool failed; /* memory ran out */
    Onnx__GraphProto graph;
    const char *value; /* the name of what the next node reads */
    int number[LAYER_DENSE + 1];
};

static void *take(struct writer *w, size_t size)
{
    void *memory = arena_alloc(&w->arena, size ? size : 1);
    w->failed |= !memory;
    return memory;
}

/* protobuf-c's structs hold char *; nothing writes through them. */
static char *text(struct writer *w, const char *s)
{
    char *copy = arena_strdup(&w->arena, s);
    w->failed |= !copy;
    return copy;
}

static char *numbered(struct writer *w, const char *prefix, int number)
{
    char *name = arena_printf(&w->arena, "%s%d", prefix, number);
    w->failed |= !name;
    return name;
}

/* A node that reads w->value (and what is added to its inputs) and writes `output`, which becomes w->value.
 */
static Onnx__NodeProto *add_node(struct writer *w, const char *type, const char *output)
{
    Onnx__NodeProto *node = take(w, sizeof *node);
    if (!node)
        return NULL;
    onnx__node_proto__init(node);
    node->op_type = text(w, type);
    node->name = node->op_type && output ? arena_printf(&w->arena, "%s_%s", type, output) : NULL;
    node->input = take(w, NODE_MAX_INPUTS * sizeof *node->input);
    node->output = take(w, sizeof *node->output);
    node->attribute = take(w, NODE_MAX_ATTRIBUTES * sizeof(Onnx__AttributeProto *));
    if (w->failed)
        return NULL;
    node->input[node->n_input++] = text(w, w->value);
    node->output[node->n_output++] = text(w, output);
    w->graph.node[w->graph.n_node++] = node;
    w->value = node->output[0];
    return node;
}

static Onnx__AttributeProto *add_attribute(struct writer *w, Onnx__NodeProto *node, const char *name,
                                           Onnx__AttributeProto__AttributeType type)
{
    if (!node)
        return NULL;
    Onnx__AttributeProto *a = take(w, sizeof *a);
    if (!a)
        return NULL;
    onnx__attribute_proto__init(a);
    a->name = text(w, name);
    a->has_type = 1;
    a->type = type;
    node->attribute[node->n_attribute++] = a;
    return a;
}

static void add_ints(struct writer *w, Onnx__NodeProto *node, const char *name, size_t count, int64_t value)
{
    Onnx__AttributeProto *a = add_attribute(w, node, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS);
    if (!a || !(a->ints = take(w, count * sizeof *a->ints)))
        return;
    for (a->n_ints = 0; a->n_ints < count; a->n_ints++)
        a->ints[a->n_ints] = value;
}

static void add_int(struct writer *w, Onnx__NodeProto *node, const char *name, int64_t value)
{
    Onnx__AttributeProto *a = add_attribute(w, node, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT);
    if (!a)
        return;
    a->has_i = 1;
    a->i = value;
}

static void add_float(struct writer *w, Onnx__NodeProto *node, const char *name, float value)
{
    Onnx__AttributeProto *a = add_attribute(w, node, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT);
    if (!a)
        return;
    a->has_f = 1;
    a->f = value;
}

/* [out][pixels][channels] to [out][channels][pixels]. */
static void channels_first(const float *in, size_t out_count, size_t pixels, size_t channels, float *out)
{
    for (size_t o = 0; o < out_count; o++, in += pixels * channels, out += pixels * channels)
        for (size_t p = 0; p < pixels; p++)
            for (size_t c = 0; c < channels; c++)
                out[c * pixels + p] = in[p * channels + c];
}

/* The parameter as an initializer and a further input of the node. pixels: how many positions lie between the
 * output and the channel dimension of a weight. */
static void add_parameter(struct writer *w, Onnx__NodeProto *node, const struct parameter *p, size_t pixels)
{
    Onnx__TensorProto *t = node ? take(w, sizeof *t) : NULL;
    if (!t)
        return;
    onnx__tensor_proto__init(t);
    t->name = text(w, p->name);
    t->has_data_type = 1;
    t->data_type = ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT;
    t->has_raw_data = 1;
    t->raw_data.len = p->count * sizeof(float);
    t->raw_data.data = take(w, t->raw_data.len);
    t->dims = take(w, (size_t)p->rank * sizeof *t->dims);
    if (w->failed)
        return;
    size_t outputs = (size_t)p->dims[0];
    channels_first(p->value, outputs, pixels, p->count / outputs / pixels, (float *)(void *)t->raw_data.data);
    static const int order[4] = {0, 3, 1, 2};
    for (int i = 0; i < p->rank; i++)
        t->dims[t->n_dims++] = p->dims[p->rank == 4 ? order[i] : i];
    w->graph.initializer[w->graph.n_initializer++] = t;
    node->input[node->n_input++] = t->name;
}

static void write_conv(struct writer *w, const struct layer *l, const struct parameter *p, const char *output)
{
    Onnx__NodeProto *node = add_node(w, "Conv", output);
    add_ints(w, node, "kernel_shape", 2, l->kernel);
    add_ints(w, node, "pads", 4, l->kernel / 2);
    add_ints(w, node, "strides", 2, 1);
    add_parameter(w, node, &p[0], (size_t)l->kernel * (size_t)l->kernel);
    if (l->bias)
        add_parameter(w, node, &p[1], 1);
}

static void write_norm(struct writer *w, const struct layer *l, const struct parameter *p, const char *output)
{
    Onnx__NodeProto *node = add_node(w, "BatchNormalization", output);
    add_float(w, node, "epsilon", NORM_EPSILON);
    add_float(w, node, "momentum", 1.0f - NORM_MOMENTUM);
    for (int i = 0; i < 4; i++)
        add_parameter(w, node, &p[i], 1);
    if (l->relu)
        add_node(w, "Relu", numbered(w, "relu", ++w->number[LAYER_RELU]));
}

static void write_relu(struct writer *w, const struct layer *l, const struct parameter *p, const char *output)
{
    (void)l, (void)p;
    add_node(w, "Relu", output);
}

static void write_pool(struct writer *w, const struct layer *l, const struct parameter *p, const char *output)
{
    (void)l, (void)p;
    Onnx__NodeProto *node = add_node(w, "MaxPool", output);
    add_ints(w, node, "kernel_shape", 2, 2);
    add_ints(w, node, "strides", 2, 2);
}

static void write_average(struct writer *w, const struct layer *l, const struct parameter *p,
                          const char *output)
{
    (void)l, (void)p;
    add_node(w, "GlobalAveragePool", output);
}

static void write_dense(struct writer *w, const struct layer *l, const struct parameter *p,
                        const char *output)
{
    if (w->number[LAYER_DENSE] == 1)
        add_int(w, add_node(w, "Flatten", "flat"), "axis", 1);
    Onnx__NodeProto *node = add_node(w, "Gemm", output);
    add_int(w, node, "transB", 1);
    add_parameter(w, node, &p[0], (size_t)l->in.height * (size_t)l->in.width);
    add_parameter(w, node, &p[1], 1);
}

/* Dropout has no row: it does nothing at inference. */
static const struct {
    const char *prefix;
    void (*write)(struct writer *w, const struct layer *l, const struct parameter *p, const char *output);
} layer_writers[] = {
    [LAYER_CONV] = {.prefix = "conv", .write = write_conv},
    [LAYER_NORM] = {.prefix = "bn", .write = write_norm},
    [LAYER_RELU] = {.prefix = "relu", .write = write_relu},
    [LAYER_POOL] = {.prefix = "pool", .write = write_pool},
    [LAYER_AVERAGE] = {.prefix = "average", .write = write_average},
    [LAYER_DROPOUT] = {.prefix = NULL, .write = NULL},
    [LAYER_DENSE] = {.prefix = "dense", .write = write_dense},
};

static Onnx__TensorShapeProto__Dimension *new_dimension(struct writer *w, int64_t value)
{
    Onnx__TensorShapeProto__Dimension *d = take(w, sizeof *d);
    if (!d)
        return NULL;
    onnx__tensor_shape_proto__dimension__init(d);
    if (value) {
        d->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
        d->dim_value = value;
    } else {
        d->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM;
        d->dim_param = text(w, "batch");
    }
    return d;
}

/* A float tensor; a dimension of 0 is the batch's. */
static Onnx__ValueInfoProto *new_value(struct writer *w, const char *name, const int64_t *dims, size_t rank)
{
    Onnx__ValueInfoProto *value = take(w, sizeof *value);
    Onnx__TypeProto *type = take(w, sizeof *type);
    Onnx__TypeProto__Tensor *tensor = take(w, sizeof *tensor);
    Onnx__TensorShapeProto *shape = take(w, sizeof *shape);
    Onnx__TensorShapeProto__Dimension **list = take(w, rank * sizeof *list);
    if (w->failed)
        return NULL;
    onnx__value_info_proto__init(value);
    onnx__type_proto__init(type);
    onnx__type_proto__tensor__init(tensor);
    onnx__tensor_shape_proto__init(shape);
    value->name = text(w, name);
    value->type = type;
    type->value_case = ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE;
    type->tensor_type = tensor;
    tensor->has_elem_type = 1;
    tensor->elem_type = ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT;
    tensor->shape = shape;
    shape->dim = list;
    for (size_t i = 0; i < rank; i++)
        list[shape->n_dim++] = new_dimension(w, dims[i]);
    return value;
}

static bool start_graph(struct writer *w)
{
    Onnx__GraphProto *g = &w->graph;
    onnx__graph_proto__init(g);
    g->name = text(w, "ferlab");
    g->node = take(w, (w->net->layer_count * NODES_PER_LAYER + 2) * sizeof *g->node);
    g->initializer = take(w, w->net->parameter_count * sizeof *g->initializer);
    g->input = take(w, sizeof *g->input);
    g->output = take(w, sizeof *g->output);
    if (w->failed)
        return false;
    int size = w->net->input_size;
    g->input[g->n_input++] = new_value(w, "image", (int64_t[]){0, 1, size, size}, 4);
    g->output[g->n_output++] = new_value(w, "probabilities", (int64_t[]){0, w->net->classes}, 2);
    return !w->failed;
}

static bool write_graph(struct writer *w)
{
    if (!start_graph(w))
        return false;
    w->value = "image";
    for (size_t i = 0; i < w->net->layer_count && !w->failed; i++) {
        const struct layer *l = &w->net->layers[i];
        if (!layer_writers[l->kind].write)
            continue;
        const char *output = numbered(w, layer_writers[l->kind].prefix, ++w->number[l->kind]);
        if (output)
            layer_writers[l->kind].write(w, l, &w->net->parameters[l->parameter], output);
    }
    add_int(w, add_node(w, "Softmax", "probabilities"), "axis", 1);
    return !w->failed;
}

static bool has_key(const struct onnx_note *notes, size_t count, const char *key)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(notes[i].key, key) == 0)
            return true;
    return false;
}

static void add_note(struct writer *w, Onnx__ModelProto *model, const char *key, const char *value)
{
    Onnx__StringStringEntryProto *entry = take(w, sizeof *entry);
    if (!entry)
        return;
    onnx__string_string_entry_proto__init(entry);
    entry->key = text(w, key);
    entry->value = text(w, value);
    model->metadata_props[model->n_metadata_props++] = entry;
}

static bool write_notes(struct writer *w, Onnx__ModelProto *model, const char *const *classes,
                        const struct onnx_note *notes, size_t count)
{
    struct str names = {0};
    for (int i = 0; classes && i < w->net->classes; i++)
        str_appendf(&names, "%s%s", i ? "," : "", classes[i]);
    w->failed |= names.failed;
    const struct onnx_note own[] = {
        {.key = "classes", .value = names.data},
        {.key = "input", .value = "standardised per image: (x - mean) / (deviation + 1e-3 * 255)"},
        {.key = "arch", .value = w->net->arch},
        {.key = "producer", .value = "ferlab " FERLAB_VERSION},
    };
    enum { OWN = sizeof own / sizeof *own };
    model->metadata_props = take(w, (count + OWN) * sizeof *model->metadata_props);
    for (size_t i = 0; i < OWN && !w->failed; i++)
        if (own[i].value && !has_key(notes, count, own[i].key))
            add_note(w, model, own[i].key, own[i].value);
    for (size_t i = 0; i < count && !w->failed; i++)
        add_note(w, model, notes[i].key, notes[i].value);
    str_free(&names);
    return !w->failed;
}

bool onnx_write(const struct network *net, const char *const *classes, const struct onnx_note *notes,
                size_t note_count, void **bytes, size_t *size, struct err *e)
{
    struct writer w = {.net = net};
    Onnx__ModelProto model;
    Onnx__OperatorSetIdProto opset, *opsets[] = {&opset};
    onnx__model_proto__init(&model);
    onnx__operator_set_id_proto__init(&opset);
    opset.has_version = 1;
    opset.version = OPSET;
    opset.domain = text(&w, "");
    model.has_ir_version = 1;
    model.ir_version = IR_VERSION;
    model.n_opset_import = 1;
    model.opset_import = opsets;
    model.producer_name = text(&w, "ferlab");
    model.producer_version = text(&w, FERLAB_VERSION);
    model.graph = &w.graph;
    bool written = write_graph(&w) && write_notes(&w, &model, classes, notes, note_count);
    *bytes = NULL;
    if (written) {
        *size = onnx__model_proto__get_packed_size(&model);
        *bytes = malloc(*size);
        if (*bytes)
            onnx__model_proto__pack(&model, *bytes);
    }
    arena_free(&w.arena);
    return *bytes ? true : err_memory(e, "writing a model");
}
