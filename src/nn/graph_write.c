/* The file of a graph with what was learnt in its place. Nodes that only made a weight which is now stored as
 * it is used, and tensors that only they read, are left out. */
#include "ferlab/nn/graph_learn.h"

#include "graph.h"

#include "ferlab/base/arena.h"

#include <stdlib.h>
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "raw_data is little-endian");

struct rewrite {
    const struct graph *g;
    struct arena arena;
    struct use {
        bool learnt, released; /* released: something that read it is left out */
        int readers;           /* nodes and outputs */
    } * uses;                  /* [value_count] */
    Onnx__GraphProto graph;    /* a copy with lists of its own */
};

/* ---- who reads what ---- */

static void count_reader(struct rewrite *r, const char *name)
{
    int at = graph_find_value(r->g, name ? name : "");
    if (at != NONE)
        r->uses[at].readers++;
}

static void count_readers(struct rewrite *r, const Onnx__GraphProto *p)
{
    const struct graph_learning *l = r->g->learning;
    for (size_t i = 0; i < p->n_node; i++)
        for (size_t k = 0; k < p->node[i]->n_input; k++)
            count_reader(r, p->node[i]->input[k]);
    for (size_t i = 0; i < p->n_output; i++)
        count_reader(r, p->output[i]->name);
    for (size_t i = 0; i < l->count; i++)
        r->uses[l->values[i]].learnt = true;
}

static void release_inputs(struct rewrite *r, const struct graph_step *s)
{
    for (int i = 0; i < s->input_count; i++)
        if (s->inputs[i] != NONE) {
            r->uses[s->inputs[i]].readers--;
            r->uses[s->inputs[i]].released = true;
        }
}

/* Whether the file had a use for it that is gone now. */
static bool is_left_over(const struct rewrite *r, int value)
{
    return value != NONE && r->uses[value].released && r->uses[value].readers == 0;
}

static bool makes_left_overs(const struct rewrite *r, const struct graph_step *s)
{
    bool all = true;
    for (int i = 0; i < s->output_count; i++)
        all &= s->outputs[i] == NONE || is_left_over(r, s->outputs[i]);
    return all;
}

/* ---- what is written instead ---- */

static void store(const struct rewrite *r, int value, Onnx__TensorProto *t)
{
    const struct value *v = &r->g->values[value];
    t->has_data_type = t->has_raw_data = 1;
    t->data_type = ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT;
    t->n_float_data = 0;
    t->n_dims = (size_t)v->rank;
    t->dims = (int64_t *)(uintptr_t)v->dims;
    t->raw_data.len = v->count * sizeof(float);
    t->raw_data.data = (uint8_t *)(void *)v->floats;
}

static Onnx__TensorProto *stored(struct rewrite *r, int value, const Onnx__TensorProto *before)
{
    Onnx__TensorProto *t = arena_alloc(&r->arena, sizeof *t);
    if (t) {
        *t = *before;
        store(r, value, t);
    }
    return t;
}

/* A node of the same name whose one output is the value. */
static Onnx__NodeProto *constant(struct rewrite *r, const struct graph_step *s)
{
    static char type[] = "Constant", name[] = "value";
    struct {
        Onnx__NodeProto node;
        Onnx__AttributeProto attribute, *list[1];
        Onnx__TensorProto tensor;
    } *made = arena_alloc(&r->arena, sizeof *made);
    if (!made)
        return NULL;
    onnx__attribute_proto__init(&made->attribute);
    onnx__tensor_proto__init(&made->tensor);
    made->node = *s->node;
    made->node.op_type = type;
    made->node.n_input = 0;
    made->node.n_attribute = 1;
    made->node.attribute = made->list;
    made->list[0] = &made->attribute;
    made->attribute.name = name;
    made->attribute.has_type = 1;
    made->attribute.type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSOR;
    made->attribute.t = &made->tensor;
    store(r, s->outputs[0], &made->tensor);
    return &made->node;
}

/* From the last folded step to the first, so that who reads a value is decided before who makes it. */
static bool rewrite_nodes(struct rewrite *r)
{
    const struct graph_step *folded = r->g->steps + r->g->step_count;
    for (int i = r->g->folded_count - 1; i >= 0; i--) {
        const struct graph_step *s = &folded[i];
        bool learnt = s->outputs[0] != NONE && r->uses[s->outputs[0]].learnt;
        if (!learnt && !makes_left_overs(r, s))
            continue;
        r->graph.node[s->at] = learnt ? constant(r, s) : NULL;
        if (learnt && !r->graph.node[s->at])
            return false;
        release_inputs(r, s);
    }
    size_t kept = 0;
    for (size_t i = 0; i < r->graph.n_node; i++)
        if (r->graph.node[i])
            r->graph.node[kept++] = r->graph.node[i];
    r->graph.n_node = kept;
    return true;
}

static bool rewrite_tensors(struct rewrite *r)
{
    size_t kept = 0;
    for (size_t i = 0; i < r->graph.n_initializer; i++) {
        Onnx__TensorProto *t = r->graph.initializer[i];
        int value = graph_find_value(r->g, t->name ? t->name : "");
        if (is_left_over(r, value))
            continue;
        if (value != NONE && r->uses[value].learnt && !(t = stored(r, value, t)))
            return false;
        r->graph.initializer[kept++] = t;
    }
    r->graph.n_initializer = kept;
    return true;
}

/* Files of old list stored tensors among the inputs too. */
static void rewrite_inputs(struct rewrite *r)
{
    size_t kept = 0;
    for (size_t i = 0; i < r->graph.n_input; i++) {
        const char *name = r->graph.input[i]->name;
        if (!is_left_over(r, graph_find_value(r->g, name ? name : "")))
            r->graph.input[kept++] = r->graph.input[i];
    }
    r->graph.n_input = kept;
}

/* A list of its own for the copy to leave things out of. */
static void *own_list(struct rewrite *r, void *list, size_t count)
{
    void **own = arena_alloc(&r->arena, (count + 1) * sizeof *own);
    if (own && count)
        memcpy(own, list, count * sizeof *own);
    return own;
}

static bool rewrite(struct rewrite *r)
{
    const Onnx__GraphProto *p = r->g->file.model->graph;
    r->graph = *p;
    r->uses = arena_alloc(&r->arena, ((size_t)r->g->value_count + 1) * sizeof *r->uses);
    r->graph.node = own_list(r, p->node, p->n_node);
    r->graph.initializer = own_list(r, p->initializer, p->n_initializer);
    r->graph.input = own_list(r, p->input, p->n_input);
    if (!r->uses || !r->graph.node || !r->graph.initializer || !r->graph.input)
        return false;
    count_readers(r, p);
    if (!rewrite_nodes(r) || !rewrite_tensors(r))
        return false;
    rewrite_inputs(r);
    return true;
}

bool graph_write(const struct graph *g, void **bytes, size_t *size, struct err *e)
{
    struct rewrite r = {.g = g};
    Onnx__ModelProto model = *g->file.model;
    model.graph = &r.graph;
    *bytes = NULL;
    if (rewrite(&r)) {
        *size = onnx__model_proto__get_packed_size(&model);
        *bytes = malloc(*size);
        if (*bytes)
            onnx__model_proto__pack(&model, *bytes);
    }
    arena_free(&r.arena);
    return *bytes ? true : err_memory(e, "writing a model");
}
