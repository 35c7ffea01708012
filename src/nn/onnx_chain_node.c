/* The nodes of a chain: what each operator must be like, and what it adds. */
#include "onnx_chain.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static struct link *last_link(struct chain_reader *r)
{
    return &r->chain->links[r->chain->count - 1];
}

static bool add_link(struct chain_reader *r, struct link link)
{
    if (r->chain->count > ITEMS_MAX)
        return chain_refuse(r, "the network has more than %d layers with weights", ITEMS_MAX);
    link.node = r->node->name ? r->node->name : "";
    r->chain->links[r->chain->count++] = link;
    return true;
}

static bool padding_keeps_size(const struct chain_reader *r, int kernel)
{
    const Onnx__AttributeProto *automatic = chain_attribute(r, "auto_pad");
    if (automatic && !chain_text_is(r, "auto_pad", "NOTSET"))
        return chain_text_is(r, "auto_pad", "SAME_UPPER") || chain_text_is(r, "auto_pad", "SAME_LOWER") ||
               (kernel == 1 && chain_text_is(r, "auto_pad", "VALID"));
    return chain_ints_are(r, "pads", 4, kernel / 2, 0);
}

static bool read_conv(struct chain_reader *r)
{
    struct link link = {.dense = false};
    if (r->place != AT_MAPS)
        return chain_refuse(
            r,
            "a convolution cannot stand here: Relu must follow each convolution, and dense layers come last");
    if (!chain_tensor(r, 1, 4, &link.weight))
        return false;
    const int *dims = link.weight.dims;
    int kernel = dims[2];
    if (dims[2] != dims[3] || (kernel != 1 && kernel != 3))
        return chain_refuse(r, "kernels of %dx%d are not supported; 3x3 and 1x1 are", dims[2], dims[3]);
    if (!chain_ints_are(r, "kernel_shape", 2, kernel, kernel))
        return chain_refuse(r, "kernel_shape disagrees with tensor '%.*s'", CHAIN_QUOTE, link.weight.name);
    if (!chain_ints_are(r, "strides", 2, 1, 1) || !chain_ints_are(r, "dilations", 2, 1, 1) ||
        !chain_int_is(r, "group", 1, 1))
        return chain_refuse(r, "only stride 1, dilation 1 and one group are supported");
    if (!padding_keeps_size(r, kernel))
        return chain_refuse(r, "only padding that keeps the size is supported: 1 for 3x3, 0 for 1x1");
    if (dims[1] != r->at.channels)
        return chain_refuse(r, "tensor '%.*s' takes %d channels where %d come in", CHAIN_QUOTE,
                            link.weight.name, dims[1], r->at.channels);
    if (dims[0] > CHANNELS_MAX)
        return chain_refuse(r, "%d channels are more than the %d supported", dims[0], CHANNELS_MAX);
    bool has_bias = r->node->n_input > 2 && r->node->input[2][0];
    if (has_bias && !chain_vector(r, 2, dims[0], &link.bias))
        return false;
    r->at.channels = dims[0];
    r->place = AT_CONV;
    return add_link(r, link);
}

static bool read_norm(struct chain_reader *r)
{
    if (r->place != AT_CONV)
        return chain_refuse(r, "batch normalisation is supported right after a convolution only");
    struct link *link = last_link(r);
    struct tensor *tensors[] = {&link->scale, &link->shift, &link->mean, &link->variance};
    for (size_t i = 0; i < 4; i++)
        if (!chain_vector(r, i + 1, r->at.channels, tensors[i]))
            return false;
    for (size_t i = 0; i < link->variance.count; i++)
        if (tensor_at(&link->variance, i) < 0.0f)
            return chain_refuse(r, "tensor '%.*s' holds a negative variance; the file is damaged",
                                CHAIN_QUOTE, link->variance.name);
    const Onnx__AttributeProto *epsilon = chain_attribute(r, "epsilon");
    link->epsilon = epsilon ? epsilon->f : 1e-5f;
    if (!(link->epsilon > 0.0f && link->epsilon < 1.0f))
        return chain_refuse(r, "an epsilon of %g makes no sense", (double)link->epsilon);
    if (!chain_int_is(r, "training_mode", 0, 0))
        return chain_refuse(r, "the model was exported in training mode; export it for inference");
    r->place = AT_NORM;
    return true;
}

static bool read_relu(struct chain_reader *r)
{
    const struct link *link = r->chain->count ? last_link(r) : NULL;
    if (r->place == AT_CONV || r->place == AT_NORM) {
        // NOLINTNEXTLINE(clang-analyzer-core.NullDereference): a place after a layer means there is a link
        chain_add_item(r, "%d%s%s", link->weight.dims[0], link->weight.dims[2] == 1 ? "x1" : "",
                       r->place == AT_CONV ? "b" : "");
        r->place = AT_MAPS;
        return true;
    }
    if (r->place != AT_DENSE)
        return chain_refuse(
            r, "Relu is supported after a convolution, its normalisation, or a dense layer only");
    if (!r->hidden)
        chain_add_item(r, r->averaged ? "G,F%d" : "F%d", r->at.channels);
    else
        chain_add_item(r, "F%d", r->at.channels);
    r->hidden = true;
    r->place = AT_VECTOR;
    return true;
}

static bool read_pool(struct chain_reader *r)
{
    if (r->place != AT_MAPS)
        return chain_refuse(
            r, "pooling cannot stand here: Relu must follow each convolution, and dense layers come last");
    if (!chain_ints_are(r, "kernel_shape", 2, 2, 0) || !chain_ints_are(r, "strides", 2, 2, 1) ||
        !chain_ints_are(r, "pads", 4, 0, 0) || !chain_ints_are(r, "dilations", 2, 1, 1) ||
        !chain_int_is(r, "ceil_mode", 0, 0) || r->node->n_output != 1)
        return chain_refuse(r, "only 2x2 pooling with stride 2 and no padding is supported");
    if (r->at.height < 2)
        return chain_refuse(r, "a 1x1 map cannot be pooled again");
    r->at.height /= 2;
    r->at.width /= 2;
    chain_add_item(r, "P");
    return true;
}

static bool read_average(struct chain_reader *r)
{
    if (r->place != AT_MAPS)
        return chain_refuse(r, "the maps to average must come from Relu or pooling");
    r->at.height = r->at.width = 1;
    r->averaged = true;
    r->place = AT_VECTOR;
    return true;
}

/* Flatten, and Reshape or Squeeze that amount to it. */
static bool flatten(struct chain_reader *r)
{
    if (r->place == AT_MAPS) {
        r->flattened = !r->averaged;
        r->place = AT_VECTOR;
    }
    return r->place == AT_VECTOR
               ? true
               : chain_refuse(r, "only maps that come from Relu or pooling can be flattened");
}

static bool read_flatten(struct chain_reader *r)
{
    return chain_int_is(r, "axis", 1, 1) ? flatten(r) : chain_refuse(r, "only axis 1 is supported");
}

static bool read_reshape(struct chain_reader *r)
{
    const Onnx__TensorProto *t = r->node->n_input > 1 ? chain_constant(r, r->node->input[1]) : NULL;
    int64_t shape[2];
    if (!t || t->data_type != ONNX__TENSOR_PROTO__DATA_TYPE__INT64 || t->n_dims != 1 || t->dims[0] != 2)
        return chain_refuse(r, "only a stored shape of [batch, values] is supported; use Flatten");
    if (t->has_raw_data && t->raw_data.len == sizeof shape)
        memcpy(shape, t->raw_data.data, sizeof shape);
    else if (t->n_int64_data == 2)
        memcpy(shape, t->int64_data, sizeof shape);
    else
        return chain_refuse(r, "tensor '%.*s' does not hold two values; the file is damaged", CHAIN_QUOTE,
                            t->name ? t->name : "");
    int64_t values = (int64_t)shape_count(r->at);
    bool flattens = (shape[0] == 0 && (shape[1] == -1 || shape[1] == values)) ||
                    (shape[0] == -1 && shape[1] == values) ||
                    (shape[0] == 1 && (shape[1] == -1 || shape[1] == values));
    return flattens ? flatten(r)
                    : chain_refuse(r, "only reshaping maps to [batch, %d] is supported", (int)values);
}

static bool read_squeeze(struct chain_reader *r)
{
    return r->averaged ? flatten(r) : chain_refuse(r, "Squeeze is supported after GlobalAveragePool only");
}

static bool start_dense(struct chain_reader *r, struct link link)
{
    if (r->place != AT_VECTOR)
        return chain_refuse(
            r, "a dense layer cannot stand here: flatten the maps first, and use Relu between dense layers");
    if (!chain_tensor(r, 1, 2, &link.weight))
        return false;
    int in = link.weight.dims[link.transposed ? 0 : 1], out = link.weight.dims[link.transposed ? 1 : 0];
    if ((size_t)in != shape_count(r->at))
        return chain_refuse(r, "tensor '%.*s' takes %d values where %zu come in", CHAIN_QUOTE,
                            link.weight.name, in, shape_count(r->at));
    if (out > CHANNELS_MAX)
        return chain_refuse(r, "%d outputs are more than the %d supported", out, CHANNELS_MAX);
    if (!add_link(r, link))
        return false;
    r->at = (struct shape){1, 1, out};
    return true;
}

static bool read_gemm(struct chain_reader *r)
{
    struct link link = {.dense = true, .transposed = chain_int_is(r, "transB", 0, 0)};
    if (!chain_float_is(r, "alpha", 1.0f, 1.0f) || !chain_float_is(r, "beta", 1.0f, 1.0f) ||
        !chain_int_is(r, "transA", 0, 0))
        return chain_refuse(r, "only alpha 1, beta 1 and transA 0 are supported");
    if (!start_dense(r, link))
        return false;
    r->place = AT_DENSE;
    bool has_bias = r->node->n_input > 2 && r->node->input[2][0];
    return !has_bias || chain_vector(r, 2, r->at.channels, &last_link(r)->bias);
}

static bool read_matmul(struct chain_reader *r)
{
    if (!start_dense(r, (struct link){.dense = true, .transposed = true}))
        return false;
    r->place = AT_MATMUL;
    return true;
}

static bool read_add(struct chain_reader *r)
{
    if (r->place != AT_MATMUL)
        return chain_refuse(r, "Add is supported as the bias of a MatMul only");
    r->place = AT_DENSE;
    return chain_vector(r, 1, r->at.channels, &last_link(r)->bias);
}

static bool read_softmax(struct chain_reader *r)
{
    if (r->place != AT_DENSE && r->place != AT_MATMUL)
        return chain_refuse(r, "Softmax is supported after the last dense layer only");
    if (!chain_int_is(r, "axis", 1, 1) && !chain_int_is(r, "axis", -1, 1))
        return chain_refuse(r, "only the axis of classes, 1, is supported");
    r->place = AT_END;
    return true;
}

static bool read_nothing(struct chain_reader *r)
{
    (void)r;
    return true;
}

static const struct {
    const char *type;
    bool (*read)(struct chain_reader *r);
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

bool chain_read_node(struct chain_reader *r, const Onnx__NodeProto *node)
{
    r->node = node;
    if (node->domain && *node->domain)
        return chain_refuse(r, "operators of domain '%.*s' are not supported", CHAIN_QUOTE, node->domain);
    if (!chain_same(node->input[0], r->value))
        return chain_refuse(
            r, "reads '%.*s' rather than the node before it; only plain chains of layers are supported",
            CHAIN_QUOTE, node->input[0]);
    for (size_t i = 0; i < sizeof operators / sizeof *operators; i++) {
        if (!chain_same(node->op_type, operators[i].type))
            continue;
        r->value = node->output[0];
        return operators[i].read(r);
    }
    return chain_refuse(r, "this operator is not supported; Conv, BatchNormalization, Relu, MaxPool, "
                           "GlobalAveragePool, Flatten, Gemm and Softmax are");
}
