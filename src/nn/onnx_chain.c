/* From an ONNX graph to a chain of layers that an architecture string can say: (Conv [BatchNormalization]
 * Relu | MaxPool)*, then GlobalAveragePool or Flatten, dense layers, and perhaps Softmax. Everything else is
 * refused by name. */
#include "onnx_chain.h"

#include <stdarg.h>
#include <stdio.h>

enum { NODES_MAX = 1024, TENSORS_MAX = 4096, OPSET_MIN = 7, OPSET_MAX = 21 };

void chain_add_item(struct chain_reader *r, const char *format, ...)
{
    char item[32];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(item, sizeof item, format, arguments);
    va_end(arguments);
    str_appendf(&r->chain->items, "%s%s", r->chain->items.length ? "," : "", item);
}

/* The only graph input that is not also stored as a tensor. */
static const Onnx__ValueInfoProto *find_input(const struct chain_reader *r)
{
    const Onnx__ValueInfoProto *found = NULL;
    for (size_t i = 0; i < r->graph->n_input; i++) {
        if (chain_constant(r, r->graph->input[i]->name))
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

static bool read_input(struct chain_reader *r)
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
                       CHAIN_QUOTE, input->name);
    int64_t channels = dimension(type->shape, 1), height = dimension(type->shape, 2),
            width = dimension(type->shape, 3);
    if (channels != 1)
        return err_set(r->err, ERR_INPUT,
                       "%s: input '%.*s' is not of one channel; only gray images are supported", file,
                       CHAIN_QUOTE, input->name);
    if (height != width || height < INPUT_MIN || height > INPUT_MAX)
        return err_set(r->err, ERR_INPUT,
                       "%s: input '%.*s' is not a square of %d to %d pixels; export it with its size", file,
                       CHAIN_QUOTE, input->name, INPUT_MIN, INPUT_MAX);
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
        bool is_constant = chain_same(n->op_type, "Constant");
        if (!n->op_type || n->n_output < 1 || (n->n_input < 1 && !is_constant))
            return err_set(e, ERR_INPUT,
                           "%s: node %zu lacks its operator, input or output; the file is damaged", f->name,
                           i + 1);
    }
    return true;
}

/* The items that averaging or flattening before the last dense layer need. */
static bool finish(struct chain_reader *r)
{
    const char *file = r->file->name;
    if (r->place != AT_DENSE && r->place != AT_MATMUL && r->place != AT_END)
        return err_set(r->err, ERR_INPUT, "%s: the model does not end in a dense layer or Softmax", file);
    if (r->graph->n_output != 1 || !chain_same(r->graph->output[0]->name, r->value))
        return err_set(r->err, ERR_INPUT,
                       "%s: the model's output is not what its last node makes; only plain chains of "
                       "layers are supported",
                       file);
    if (!r->hidden && r->flattened)
        chain_add_item(r, "V");
    if (r->chain->items.failed)
        return err_memory(r->err, "reading a model");
    r->chain->classes = r->at.channels;
    return true;
}

bool onnx_chain_read(const struct onnx_file *f, struct chain *chain, struct err *e)
{
    struct chain_reader r = {.file = f, .graph = f->model->graph, .chain = chain, .err = e};
    if (!check_graph(f, e) || !read_input(&r))
        return false;
    for (size_t i = 0; i < r.graph->n_node; i++)
        if (!chain_same(r.graph->node[i]->op_type, "Constant") && !chain_read_node(&r, r.graph->node[i]))
            return false;
    return finish(&r);
}
