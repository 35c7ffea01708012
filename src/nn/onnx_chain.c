/* From an ONNX graph to a chain of layers that an architecture string can say: (Conv [BatchNormalization]
 * Relu | MaxPool)*, then GlobalAveragePool or Flatten, dense layers, and perhaps Softmax. Everything else is
 * refused by name. */
#include "onnx_file.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NODES_MAX = 1024, TENSORS_MAX = 4096, OPSET_MIN = 7, OPSET_MAX = 21, QUOTE = 80 };

/* What the chain's last node has left to be done. */
enum place {
    AT_MAPS,   /* anything may follow */
    AT_CONV,   /* a convolution waits for BatchNormalization or Relu */
    AT_NORM,   /* a convolution and BatchNormalization wait for Relu */
    AT_VECTOR, /* maps were averaged or flattened, or a dense layer was followed by Relu */
    AT_MATMUL, /* a product waits for its Add */
    AT_DENSE,  /* a dense layer: Relu makes it a hidden one, the end makes it the last */
    AT_END,    /* Softmax came */
};

struct reader {
    const struct onnx_file *file;
    const Onnx__GraphProto *graph;
    const Onnx__NodeProto *node;
    const char *value; /* the name of what the chain has come to */
    enum place place;
    struct shape at;
    bool averaged, flattened, hidden;
    struct chain *chain;
    struct err *err;
};

/* "FILE: node 'NAME' (Type): sentence". */
__attribute__((format(printf, 2, 3))) static bool refuse(struct reader *r, const char *format, ...)
{
    char what[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    const Onnx__NodeProto *n = r->node;
    const char *label = n->name && *n->name ? n->name : n->n_output && n->output[0] ? n->output[0] : "";
    return err_set(r->err, ERR_INPUT, "%s: node '%.*s' (%.*s): %s", r->file->name, QUOTE, label, QUOTE,
                   n->op_type ? n->op_type : "", what);
}

/* ---- tensors ---- */

float tensor_at(const struct tensor *t, size_t index)
{
    float value;
    memcpy(&value, t->bytes + index * sizeof value, sizeof value);
    return value;
}

static bool same(const char *a, const char *b)
{
    return a && b && strcmp(a, b) == 0;
}

/* The constant of that name: an initializer, or the output of a Constant node. */
static const Onnx__TensorProto *find_constant(const struct reader *r, const char *name)
{
    const Onnx__GraphProto *g = r->graph;
    for (size_t i = 0; i < g->n_initializer; i++)
        if (same(g->initializer[i]->name, name))
            return g->initializer[i];
    for (size_t i = 0; i < g->n_node; i++) {
        const Onnx__NodeProto *n = g->node[i];
        if (!same(n->op_type, "Constant") || n->n_output != 1 || !same(n->output[0], name))
            continue;
        for (size_t k = 0; k < n->n_attribute; k++)
            if (same(n->attribute[k]->name, "value"))
                return n->attribute[k]->t;
    }
    return NULL;
}

static bool read_dims(struct reader *r, const Onnx__TensorProto *t, struct tensor *out)
{
    if (t->n_dims < 1 || t->n_dims > 4)
        return refuse(r, "tensor '%.*s' has %zu dimensions; 1 to 4 are supported", QUOTE,
                      t->name ? t->name : "", t->n_dims);
    out->count = 1;
    for (size_t i = 0; i < t->n_dims; i++) {
        if (t->dims[i] < 1 || t->dims[i] > ONNX_BYTES_MAX ||
            __builtin_mul_overflow(out->count, (size_t)t->dims[i], &out->count) ||
            out->count > ONNX_BYTES_MAX)
            return refuse(r, "tensor '%.*s' has an impossible size", QUOTE, t->name ? t->name : "");
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

/* The node's input `index` as a constant float tensor of that rank. */
static bool read_tensor(struct reader *r, size_t index, int rank, struct tensor *out)
{
    const char *name = index < r->node->n_input ? r->node->input[index] : "";
    const Onnx__TensorProto *t = find_constant(r, name);
    *out = (struct tensor){.name = name};
    if (!t)
        return refuse(r,
                      "input %zu, '%.*s', is not a stored tensor; export the model with its weights inside",
                      index + 1, QUOTE, name);
    if ((t->has_data_location && t->data_location == ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL) ||
        t->n_external_data)
        return refuse(r, "tensor '%.*s' lies in another file; export the model with its weights inside",
                      QUOTE, name);
    if (t->data_type != ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT)
        return refuse(r, "tensor '%.*s' is not float32; export the model in float32", QUOTE, name);
    if (!read_dims(r, t, out))
        return false;
    size_t bytes = t->has_raw_data ? t->raw_data.len : t->n_float_data * sizeof(float);
    out->bytes = t->has_raw_data ? t->raw_data.data : (const unsigned char *)t->float_data;
    if (bytes != out->count * sizeof(float))
        return refuse(r, "tensor '%.*s' should hold %zu values but has %zu bytes; the file is damaged", QUOTE,
                      name, out->count, bytes);
    if (out->rank != rank)
        return refuse(r, "tensor '%.*s' has %d dimensions where %d belong", QUOTE, name, out->rank, rank);
    if (!are_finite(out))
        return refuse(r, "tensor '%.*s' holds values that are not finite numbers", QUOTE, name);
    return true;
}

static bool read_vector(struct reader *r, size_t index, int count, struct tensor *out)
{
    if (!read_tensor(r, index, 1, out))
        return false;
    if (out->dims[0] != count)
        return refuse(r, "tensor '%.*s' has %d values where %d belong", QUOTE, out->name, out->dims[0],
                      count);
    return true;
}

/* ---- attributes ---- */

static const Onnx__AttributeProto *find_attribute(const struct reader *r, const char *name)
{
    for (size_t i = 0; i < r->node->n_attribute; i++)
        if (same(r->node->attribute[i]->name, name))
            return r->node->attribute[i];
    return NULL;
}

static bool int_is(const struct reader *r, const char *name, int64_t value, int64_t otherwise)
{
    const Onnx__AttributeProto *a = find_attribute(r, name);
    return (a ? a->i : otherwise) == value;
}

static bool float_is(const struct reader *r, const char *name, float value, float otherwise)
{
    const Onnx__AttributeProto *a = find_attribute(r, name);
    return (a ? a->f : otherwise) == value;
}

/* Whether a list attribute, when there, holds nothing but `value`. */
static bool ints_are(const struct reader *r, const char *name, size_t count, int64_t value, int64_t otherwise)
{
    const Onnx__AttributeProto *a = find_attribute(r, name);
    if (!a)
        return value == otherwise;
    bool are = a->n_ints == count;
    for (size_t i = 0; are && i < count; i++)
        are = a->ints[i] == value;
    return are;
}

static bool text_is(const struct reader *r, const char *name, const char *value)
{
    const Onnx__AttributeProto *a = find_attribute(r, name);
    return a && a->s.len == strlen(value) && memcmp(a->s.data, value, a->s.len) == 0;
}

/* ---- nodes ---- */

static struct link *last_link(struct reader *r)
{
    return &r->chain->links[r->chain->count - 1];
}

static bool add_link(struct reader *r, struct link link)
{
    if (r->chain->count > ITEMS_MAX)
        return refuse(r, "the network has more than %d layers with weights", ITEMS_MAX);
    link.node = r->node->name ? r->node->name : "";
    r->chain->links[r->chain->count++] = link;
    return true;
}

__attribute__((format(printf, 2, 3))) static void add_item(struct reader *r, const char *format, ...)
{
    char item[32];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(item, sizeof item, format, arguments);
    va_end(arguments);
    str_appendf(&r->chain->items, "%s%s", r->chain->items.length ? "," : "", item);
}

static bool padding_keeps_size(const struct reader *r, int kernel)
{
    const Onnx__AttributeProto *automatic = find_attribute(r, "auto_pad");
    if (automatic && !text_is(r, "auto_pad", "NOTSET"))
        return text_is(r, "auto_pad", "SAME_UPPER") || text_is(r, "auto_pad", "SAME_LOWER") ||
               (kernel == 1 && text_is(r, "auto_pad", "VALID"));
    return ints_are(r, "pads", 4, kernel / 2, 0);
}

static bool read_conv(struct reader *r)
{
    struct link link = {.dense = false};
    if (r->place != AT_MAPS)
        return refuse(
            r,
            "a convolution cannot stand here: Relu must follow each convolution, and dense layers come last");
    if (!read_tensor(r, 1, 4, &link.weight))
        return false;
    const int *dims = link.weight.dims;
    int kernel = dims[2];
    if (dims[2] != dims[3] || (kernel != 1 && kernel != 3))
        return refuse(r, "kernels of %dx%d are not supported; 3x3 and 1x1 are", dims[2], dims[3]);
    if (!ints_are(r, "kernel_shape", 2, kernel, kernel))
        return refuse(r, "kernel_shape disagrees with tensor '%.*s'", QUOTE, link.weight.name);
    if (!ints_are(r, "strides", 2, 1, 1) || !ints_are(r, "dilations", 2, 1, 1) || !int_is(r, "group", 1, 1))
        return refuse(r, "only stride 1, dilation 1 and one group are supported");
    if (!padding_keeps_size(r, kernel))
        return refuse(r, "only padding that keeps the size is supported: 1 for 3x3, 0 for 1x1");
    if (dims[1] != r->at.channels)
        return refuse(r, "tensor '%.*s' takes %d channels where %d come in", QUOTE, link.weight.name, dims[1],
                      r->at.channels);
    if (dims[0] > CHANNELS_MAX)
        return refuse(r, "%d channels are more than the %d supported", dims[0], CHANNELS_MAX);
    bool has_bias = r->node->n_input > 2 && r->node->input[2][0];
    if (has_bias && !read_vector(r, 2, dims[0], &link.bias))
        return false;
    r->at.channels = dims[0];
    r->place = AT_CONV;
    return add_link(r, link);
}

static bool read_norm(struct reader *r)
{
    if (r->place != AT_CONV)
        return refuse(r, "batch normalisation is supported right after a convolution only");
    struct link *link = last_link(r);
    struct tensor *tensors[] = {&link->scale, &link->shift, &link->mean, &link->variance};
    for (size_t i = 0; i < 4; i++)
        if (!read_vector(r, i + 1, r->at.channels, tensors[i]))
            return false;
    for (size_t i = 0; i < link->variance.count; i++)
        if (tensor_at(&link->variance, i) < 0.0f)
            return refuse(r, "tensor '%.*s' holds a negative variance; the file is damaged", QUOTE,
                          link->variance.name);
    const Onnx__AttributeProto *epsilon = find_attribute(r, "epsilon");
    link->epsilon = epsilon ? epsilon->f : 1e-5f;
    if (!(link->epsilon > 0.0f && link->epsilon < 1.0f))
        return refuse(r, "an epsilon of %g makes no sense", (double)link->epsilon);
    if (!int_is(r, "training_mode", 0, 0))
        return refuse(r, "the model was exported in training mode; export it for inference");
    r->place = AT_NORM;
    return true;
}

static bool read_relu(struct reader *r)
{
    const struct link *link = r->chain->count ? last_link(r) : NULL;
    if (r->place == AT_CONV || r->place == AT_NORM) {
        // NOLINTNEXTLINE(clang-analyzer-core.NullDereference): a place after a layer means there is a link
        add_item(r, "%d%s%s", link->weight.dims[0], link->weight.dims[2] == 1 ? "x1" : "",
                 r->place == AT_CONV ? "b" : "");
        r->place = AT_MAPS;
        return true;
    }
    if (r->place != AT_DENSE)
        return refuse(r, "Relu is supported after a convolution, its normalisation, or a dense layer only");
    if (!r->hidden)
        add_item(r, r->averaged ? "G,F%d" : "F%d", r->at.channels);
    else
        add_item(r, "F%d", r->at.channels);
    r->hidden = true;
    r->place = AT_VECTOR;
    return true;
}

static bool read_pool(struct reader *r)
{
    if (r->place != AT_MAPS)
        return refuse(
            r, "pooling cannot stand here: Relu must follow each convolution, and dense layers come last");
    if (!ints_are(r, "kernel_shape", 2, 2, 0) || !ints_are(r, "strides", 2, 2, 1) ||
        !ints_are(r, "pads", 4, 0, 0) || !ints_are(r, "dilations", 2, 1, 1) ||
        !int_is(r, "ceil_mode", 0, 0) || r->node->n_output != 1)
        return refuse(r, "only 2x2 pooling with stride 2 and no padding is supported");
    if (r->at.height < 2)
        return refuse(r, "a 1x1 map cannot be pooled again");
    r->at.height /= 2;
    r->at.width /= 2;
    add_item(r, "P");
    return true;
}

static bool read_average(struct reader *r)
{
    if (r->place != AT_MAPS)
        return refuse(r, "the maps to average must come from Relu or pooling");
    r->at.height = r->at.width = 1;
    r->averaged = true;
    r->place = AT_VECTOR;
    return true;
}

/* Flatten, and Reshape or Squeeze that amount to it. */
static bool flatten(struct reader *r)
{
    if (r->place == AT_MAPS) {
        r->flattened = !r->averaged;
        r->place = AT_VECTOR;
    }
    return r->place == AT_VECTOR ? true
                                 : refuse(r, "only maps that come from Relu or pooling can be flattened");
}

static bool read_flatten(struct reader *r)
{
    return int_is(r, "axis", 1, 1) ? flatten(r) : refuse(r, "only axis 1 is supported");
}

static bool read_reshape(struct reader *r)
{
    const Onnx__TensorProto *t = r->node->n_input > 1 ? find_constant(r, r->node->input[1]) : NULL;
    int64_t shape[2];
    if (!t || t->data_type != ONNX__TENSOR_PROTO__DATA_TYPE__INT64 || t->n_dims != 1 || t->dims[0] != 2)
        return refuse(r, "only a stored shape of [batch, values] is supported; use Flatten");
    if (t->has_raw_data && t->raw_data.len == sizeof shape)
        memcpy(shape, t->raw_data.data, sizeof shape);
    else if (t->n_int64_data == 2)
        memcpy(shape, t->int64_data, sizeof shape);
    else
        return refuse(r, "tensor '%.*s' does not hold two values; the file is damaged", QUOTE,
                      t->name ? t->name : "");
    int64_t values = (int64_t)shape_count(r->at);
    bool flattens = (shape[0] == 0 && (shape[1] == -1 || shape[1] == values)) ||
                    (shape[0] == -1 && shape[1] == values) ||
                    (shape[0] == 1 && (shape[1] == -1 || shape[1] == values));
    return flattens ? flatten(r) : refuse(r, "only reshaping maps to [batch, %d] is supported", (int)values);
}

static bool read_squeeze(struct reader *r)
{
    return r->averaged ? flatten(r) : refuse(r, "Squeeze is supported after GlobalAveragePool only");
}

static bool start_dense(struct reader *r, struct link link)
{
    if (r->place != AT_VECTOR)
        return refuse(
            r, "a dense layer cannot stand here: flatten the maps first, and use Relu between dense layers");
    if (!read_tensor(r, 1, 2, &link.weight))
        return false;
    int in = link.weight.dims[link.transposed ? 0 : 1], out = link.weight.dims[link.transposed ? 1 : 0];
    if ((size_t)in != shape_count(r->at))
        return refuse(r, "tensor '%.*s' takes %d values where %zu come in", QUOTE, link.weight.name, in,
                      shape_count(r->at));
    if (out > CHANNELS_MAX)
        return refuse(r, "%d outputs are more than the %d supported", out, CHANNELS_MAX);
    if (!add_link(r, link))
        return false;
    r->at = (struct shape){1, 1, out};
    return true;
}

static bool read_gemm(struct reader *r)
{
    struct link link = {.dense = true, .transposed = int_is(r, "transB", 0, 0)};
    if (!float_is(r, "alpha", 1.0f, 1.0f) || !float_is(r, "beta", 1.0f, 1.0f) || !int_is(r, "transA", 0, 0))
        return refuse(r, "only alpha 1, beta 1 and transA 0 are supported");
    if (!start_dense(r, link))
        return false;
    r->place = AT_DENSE;
    bool has_bias = r->node->n_input > 2 && r->node->input[2][0];
    return !has_bias || read_vector(r, 2, r->at.channels, &last_link(r)->bias);
}

static bool read_matmul(struct reader *r)
{
    if (!start_dense(r, (struct link){.dense = true, .transposed = true}))
        return false;
    r->place = AT_MATMUL;
    return true;
}

static bool read_add(struct reader *r)
{
    if (r->place != AT_MATMUL)
        return refuse(r, "Add is supported as the bias of a MatMul only");
    r->place = AT_DENSE;
    return read_vector(r, 1, r->at.channels, &last_link(r)->bias);
}

static bool read_softmax(struct reader *r)
{
    if (r->place != AT_DENSE && r->place != AT_MATMUL)
        return refuse(r, "Softmax is supported after the last dense layer only");
    if (!int_is(r, "axis", 1, 1) && !int_is(r, "axis", -1, 1))
        return refuse(r, "only the axis of classes, 1, is supported");
    r->place = AT_END;
    return true;
}

static bool read_nothing(struct reader *r)
{
    (void)r;
    return true;
}

static const struct {
    const char *type;
    bool (*read)(struct reader *r);
} operators[] = {
    {.type = "Conv", .read = read_conv},
    {.type = "BatchNormalization", .read = read_norm},
    {.type = "Relu", .read = read_relu},
    {.type = "MaxPool", .read = read_pool},
    {.type = "GlobalAveragePool", .read = read_average},
    {.type = "Flatten", .read = read_flatten},
    {.type = "Reshape", .read = read_reshape},
    {.type = "Squeeze", .read = read_squeeze},
    {.type = "Gemm", .read = read_gemm},
    {.type = "MatMul", .read = read_matmul},
    {.type = "Add", .read = read_add},
    {.type = "Softmax", .read = read_softmax},
    {.type = "Dropout", .read = read_nothing}, /* at inference both pass on what they are given */
    {.type = "Identity", .read = read_nothing},
};

static bool read_node(struct reader *r, const Onnx__NodeProto *node)
{
    r->node = node;
    if (node->domain && *node->domain)
        return refuse(r, "operators of domain '%.*s' are not supported", QUOTE, node->domain);
    if (!same(node->input[0], r->value))
        return refuse(
            r, "reads '%.*s' rather than the node before it; only plain chains of layers are supported",
            QUOTE, node->input[0]);
    for (size_t i = 0; i < sizeof operators / sizeof *operators; i++) {
        if (!same(node->op_type, operators[i].type))
            continue;
        r->value = node->output[0];
        return operators[i].read(r);
    }
    return refuse(r, "this operator is not supported; Conv, BatchNormalization, Relu, MaxPool, "
                     "GlobalAveragePool, Flatten, Gemm and Softmax are");
}

/* ---- the graph ---- */

/* The only graph input that is not also stored as a tensor. */
static const Onnx__ValueInfoProto *find_input(const struct reader *r)
{
    const Onnx__ValueInfoProto *found = NULL;
    for (size_t i = 0; i < r->graph->n_input; i++) {
        if (find_constant(r, r->graph->input[i]->name))
            continue;
        if (found)
            return NULL;
        found = r->graph->input[i];
    }
    return found;
}

static int64_t dimension(const Onnx__TensorShapeProto *shape, size_t index)
{
    const Onnx__TensorShapeProto__Dimension *d = shape->dim[index];
    return d->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE ? d->dim_value : 0;
}

static bool read_input(struct reader *r)
{
    const char *file = r->file->name;
    const Onnx__ValueInfoProto *input = find_input(r);
    if (!input || !input->name)
        return err_set(r->err, ERR_INPUT, "%s: the model does not have exactly one input", file);
    const Onnx__TypeProto__Tensor *type =
        input->type && input->type->value_case == ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE
            ? input->type->tensor_type
            : NULL;
    if (!type || !type->shape || type->shape->n_dim != 4 ||
        type->elem_type != ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT)
        return err_set(r->err, ERR_INPUT, "%s: input '%.*s' is not a float32 tensor of four dimensions", file,
                       QUOTE, input->name);
    int64_t channels = dimension(type->shape, 1), height = dimension(type->shape, 2),
            width = dimension(type->shape, 3);
    if (channels != 1)
        return err_set(r->err, ERR_INPUT,
                       "%s: input '%.*s' is not of one channel; only gray images are supported", file, QUOTE,
                       input->name);
    if (height != width || height < INPUT_MIN || height > INPUT_MAX)
        return err_set(r->err, ERR_INPUT,
                       "%s: input '%.*s' is not a square of %d to %d pixels; export it with its size", file,
                       QUOTE, input->name, INPUT_MIN, INPUT_MAX);
    r->value = input->name;
    r->at = (struct shape){(int)height, (int)width, 1};
    r->chain->input_size = (int)height;
    return true;
}

static bool check_graph(const struct onnx_file *f, struct err *e)
{
    const Onnx__ModelProto *m = f->model;
    const Onnx__GraphProto *g = m->graph;
    if (!g || !g->n_node)
        return err_set(e, ERR_INPUT, "%s: no graph in this ONNX file; it may be something else", f->name);
    int64_t opset = 0;
    for (size_t i = 0; i < m->n_opset_import; i++)
        if (!m->opset_import[i]->domain || !*m->opset_import[i]->domain)
            opset = m->opset_import[i]->version;
    if (opset < OPSET_MIN || opset > OPSET_MAX)
        return err_set(e, ERR_INPUT,
                       "%s: operator set %lld is not supported; export with operator set %d to %d", f->name,
                       (long long)opset, OPSET_MIN, OPSET_MAX);
    if (g->n_node > NODES_MAX || g->n_initializer > TENSORS_MAX)
        return err_set(e, ERR_INPUT, "%s: %zu nodes and %zu tensors are more than the %d and %d supported",
                       f->name, g->n_node, g->n_initializer, NODES_MAX, TENSORS_MAX);
    for (size_t i = 0; i < g->n_node; i++) {
        const Onnx__NodeProto *n = g->node[i];
        bool is_constant = same(n->op_type, "Constant");
        if (!n->op_type || n->n_output < 1 || (n->n_input < 1 && !is_constant))
            return err_set(e, ERR_INPUT,
                           "%s: node %zu lacks its operator, input or output; the file is damaged", f->name,
                           i + 1);
    }
    return true;
}

/* The items that averaging or flattening before the last dense layer need. */
static bool finish(struct reader *r)
{
    const char *file = r->file->name;
    if (r->place != AT_DENSE && r->place != AT_MATMUL && r->place != AT_END)
        return err_set(r->err, ERR_INPUT, "%s: the model does not end in a dense layer or Softmax", file);
    if (r->graph->n_output != 1 || !same(r->graph->output[0]->name, r->value))
        return err_set(r->err, ERR_INPUT,
                       "%s: the model's output is not what its last node makes; only plain chains of "
                       "layers are supported",
                       file);
    if (!r->hidden && r->flattened)
        add_item(r, "V");
    if (r->chain->items.failed)
        return err_memory(r->err, "reading a model");
    r->chain->classes = r->at.channels;
    return true;
}

bool onnx_chain_read(const struct onnx_file *f, struct chain *chain, struct err *e)
{
    struct reader r = {.file = f, .graph = f->model->graph, .chain = chain, .err = e};
    if (!check_graph(f, e) || !read_input(&r))
        return false;
    for (size_t i = 0; i < r.graph->n_node; i++)
        if (!same(r.graph->node[i]->op_type, "Constant") && !read_node(&r, r.graph->node[i]))
            return false;
    return finish(&r);
}
