/* From an ONNX file to steps in an order that can be run. */
#include "graph.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NODES_MAX = 8192, TENSORS_MAX = 32768, LINKS_MAX = 65536, OPSET_MIN = 7, OPSET_MAX = 21, QUOTE = 80 };

static bool node_refuse(const struct graph *g, const Onnx__NodeProto *n, const char *sentence,
                        const char *name, struct err *e)
{
    const char *label = n->name && *n->name ? n->name : n->n_output && n->output[0] ? n->output[0] : "";
    return err_set(e, ERR_INPUT, "%s: node '%.*s' (%.*s): '%.*s' %s", g->name, QUOTE, label, QUOTE,
                   n->op_type ? n->op_type : "", QUOTE, name, sentence);
}

/* ---- names ---- */

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

int graph_find_value(const struct graph *g, const char *name)
{
    char **found = g->value_count
                       ? bsearch(&name, g->names, (size_t)g->value_count, sizeof *g->names, compare_names)
                       : NULL;
    return found ? (int)(found - g->names) : NONE;
}

/* All names that something makes: inputs, stored tensors, outputs of nodes. */
static bool collect_names(struct graph *g, const Onnx__GraphProto *p, struct err *e)
{
    size_t room = p->n_input + p->n_initializer, count = 0;
    for (size_t i = 0; i < p->n_node; i++)
        room += p->node[i]->n_output;
    g->names = malloc((room + 1) * sizeof *g->names);
    if (!g->names)
        return err_memory(e, "reading a model");
    for (size_t i = 0; i < p->n_input; i++)
        if (p->input[i]->name && *p->input[i]->name)
            g->names[count++] = p->input[i]->name;
    for (size_t i = 0; i < p->n_initializer; i++)
        if (p->initializer[i]->name && *p->initializer[i]->name)
            g->names[count++] = p->initializer[i]->name;
    for (size_t i = 0; i < p->n_node; i++)
        for (size_t k = 0; k < p->node[i]->n_output; k++)
            if (p->node[i]->output[k][0])
                g->names[count++] = p->node[i]->output[k];
    qsort(g->names, count, sizeof *g->names, compare_names);
    for (size_t i = 0; i < count; i++)
        if (g->value_count == 0 || strcmp(g->names[g->value_count - 1], g->names[i]) != 0)
            g->names[g->value_count++] = g->names[i];
    size_t values = (size_t)g->value_count + 1;
    g->values = calloc(values, sizeof *g->values);
    g->last_use = calloc(values, sizeof *g->last_use);
    return (g->values && g->last_use) || err_memory(e, "reading a model");
}

/* ---- what is stored ---- */

static bool read_initializers(struct graph *g, const Onnx__GraphProto *p, struct err *e)
{
    for (size_t i = 0; i < p->n_initializer; i++) {
        const Onnx__TensorProto *t = p->initializer[i];
        int at = graph_find_value(g, t->name ? t->name : "");
        if (at == NONE)
            continue;
        char where[256];
        snprintf(where, sizeof where, "%.100s: tensor '%.*s'", g->name, QUOTE, t->name);
        if (g->values[at].data)
            return err_set(e, ERR_INPUT, "%s: it is there twice; the file is damaged", where);
        if (!tensor_read(t, where, &g->values[at], e))
            return false;
        if (g->values[at].type != VALUE_FLOAT)
            continue;
        g->weights += g->values[at].count;
        for (size_t k = 0; k < g->values[at].count; k++)
            if (isnan(g->values[at].floats[k]))
                return err_set(e, ERR_INPUT, "%s holds values that are not numbers; the file is damaged",
                               where);
    }
    return true;
}

static bool read_ends(struct graph *g, const Onnx__GraphProto *p, struct err *e)
{
    for (size_t i = 0; i < p->n_input; i++) {
        int at = graph_find_value(g, p->input[i]->name ? p->input[i]->name : "");
        if (at != NONE && !g->values[at].data)
            g->inputs[g->input_count++] = at;
    }
    for (size_t i = 0; i < p->n_output; i++) {
        const char *name = p->output[i]->name ? p->output[i]->name : "";
        int at = graph_find_value(g, name);
        if (at == NONE)
            return err_set(e, ERR_INPUT, "%s: nothing makes the model's output '%.*s'; the file is damaged",
                           g->name, QUOTE, name);
        g->outputs[g->output_count++] = at;
    }
    return g->output_count > 0 || err_set(e, ERR_INPUT, "%s: the model has no output", g->name);
}

/* ---- nodes ---- */

static bool check_node(const struct graph *g, const Onnx__NodeProto *n, const struct graph_op **op,
                       struct err *e)
{
    if (n->domain && *n->domain && strcmp(n->domain, "ai.onnx") != 0)
        return node_refuse(g, n, "is a domain whose operators are not supported", n->domain, e);
    *op = graph_find_op(n->op_type);
    if (!*op)
        return node_refuse(g, n, "is an operator that is not supported", n->op_type, e);
    if (n->n_input < (size_t)(*op)->inputs_min ||
        ((*op)->inputs_max != NONE && n->n_input > (size_t)(*op)->inputs_max))
        return node_refuse(g, n, "has another number of inputs; the file is damaged", n->op_type, e);
    return true;
}

/* The values the node reads and makes, as indices from *links on. */
static bool resolve_node(struct graph *g, const Onnx__NodeProto *n, struct graph_step *step, int **links,
                         bool *made, struct err *e)
{
    step->node = n;
    step->inputs = *links;
    step->input_count = (int)n->n_input;
    step->outputs = *links + n->n_input;
    step->output_count = (int)n->n_output;
    *links += n->n_input + n->n_output;
    for (size_t i = 0; i < n->n_input; i++) {
        step->inputs[i] = graph_find_value(g, n->input[i]);
        if (n->input[i][0] && step->inputs[i] == NONE)
            return node_refuse(g, n, "is read, but nothing makes it; the file is damaged", n->input[i], e);
    }
    for (size_t i = 0; i < n->n_output; i++) {
        int at = step->outputs[i] = graph_find_value(g, n->output[i]);
        if (at == NONE)
            continue;
        if (made[at] || g->values[at].data)
            return node_refuse(g, n, "is made twice; the file is damaged", n->output[i], e);
        made[at] = true;
    }
    return check_node(g, n, &step->op, e);
}

static bool resolve_nodes(struct graph *g, const Onnx__GraphProto *p, struct err *e)
{
    bool *made = calloc((size_t)g->value_count + 1, sizeof *made);
    if (!made)
        return err_memory(e, "reading a model");
    int *links = g->indices;
    bool fine = true;
    for (int i = 0; i < g->input_count; i++)
        made[g->inputs[i]] = true;
    for (size_t i = 0; fine && i < p->n_node; i++) {
        g->steps[i].at = i;
        fine = resolve_node(g, p->node[i], &g->steps[g->step_count++], &links, made, e);
    }
    free(made);
    return fine;
}

/* ---- order ---- */

static bool is_ready(const struct graph_step *s, const bool *known)
{
    for (int i = 0; i < s->input_count; i++)
        if (s->inputs[i] != NONE && !known[s->inputs[i]])
            return false;
    return true;
}

/* Stable: steps whose inputs are known come first, pass after pass; files in order take one. */
static bool order_steps(struct graph *g, struct err *e)
{
    bool *known = calloc((size_t)g->value_count + 1, sizeof *known);
    struct graph_step *ordered = malloc(((size_t)g->step_count + 1) * sizeof *ordered);
    bool fine = (known && ordered) || err_memory(e, "reading a model");
    for (int i = 0; fine && i < g->value_count; i++)
        known[i] = g->values[i].data != NULL;
    for (int i = 0; fine && i < g->input_count; i++)
        known[g->inputs[i]] = true;
    int count = 0, left = g->step_count, before = -1;
    while (fine && left > 0 && before != left) {
        before = left;
        left = 0;
        for (int i = 0; i < before; i++) {
            struct graph_step s = g->steps[i];
            if (!is_ready(&s, known)) {
                g->steps[left++] = s;
                continue;
            }
            ordered[count++] = s;
            for (int k = 0; k < s.output_count; k++)
                if (s.outputs[k] != NONE)
                    known[s.outputs[k]] = true;
        }
    }
    if (fine && left > 0)
        fine = node_refuse(g, g->steps[0].node, "needs its own result; the graph runs in a circle",
                           g->steps[0].node->op_type, e);
    if (fine)
        memcpy(g->steps, ordered, (size_t)count * sizeof *ordered);
    free(known);
    free(ordered);
    return fine;
}

/* Leaves out what no output needs; then what follows from stored tensors alone is computed now. */
static bool prune(struct graph *g, struct err *e)
{
    bool *needed = calloc((size_t)g->value_count + 1, sizeof *needed),
         *keeps = calloc((size_t)g->step_count + 1, 1);
    bool fine = (needed && keeps) || err_memory(e, "reading a model");
    for (int i = 0; fine && i < g->output_count; i++)
        needed[g->outputs[i]] = true;
    for (int i = g->step_count - 1; fine && i >= 0; i--) {
        const struct graph_step *s = &g->steps[i];
        for (int k = 0; k < s->output_count; k++)
            keeps[i] |= s->outputs[k] != NONE && needed[s->outputs[k]];
        for (int k = 0; k < s->input_count && keeps[i]; k++)
            if (s->inputs[k] != NONE)
                needed[s->inputs[k]] = true;
    }
    int kept = 0;
    for (int i = 0; fine && i < g->step_count; i++)
        if (keeps[i])
            g->steps[kept++] = g->steps[i];
    g->step_count = kept;
    free(needed);
    free(keeps);
    return fine;
}

static bool is_constant(const struct graph *g, const struct graph_step *s)
{
    bool constant = true;
    for (int k = 0; k < s->input_count; k++)
        constant &= s->inputs[k] == NONE || g->values[s->inputs[k]].data != NULL;
    return constant;
}

static bool fold(struct graph *g, struct err *e)
{
    struct budget budget = graph_budget();
    budget.bytes = 4 * g->file_bytes + (64u << 20);
    struct graph_step *folded = malloc(((size_t)g->step_count + 1) * sizeof *folded);
    bool fine = folded || err_memory(e, "reading a model");
    int kept = 0;
    for (int i = 0; fine && i < g->step_count; i++) {
        struct graph_step s = g->steps[i];
        if (!is_constant(g, &s)) {
            g->steps[kept++] = s;
        } else {
            folded[g->folded_count++] = s;
            fine = graph_run_step(g, &s, g->values, &budget, e);
        }
    }
    if (fine && g->folded_count)
        memcpy(g->steps + kept, folded, (size_t)g->folded_count * sizeof *folded);
    g->step_count = kept;
    free(folded);
    return fine;
}

static void find_last_uses(struct graph *g)
{
    for (int i = 0; i < g->value_count; i++)
        g->last_use[i] = -1;
    for (int i = 0; i < g->step_count; i++)
        for (int k = 0; k < g->steps[i].input_count; k++)
            if (g->steps[i].inputs[k] != NONE)
                g->last_use[g->steps[i].inputs[k]] = i;
    for (int i = 0; i < g->output_count; i++)
        g->last_use[g->outputs[i]] = INT_MAX;
}

/* ---- the file ---- */

static bool check_file(struct graph *g, struct err *e)
{
    const Onnx__ModelProto *m = g->file.model;
    const Onnx__GraphProto *p = m->graph;
    if (!p || !p->n_node)
        return err_set(e, ERR_INPUT, "%s: no graph in this ONNX file; it may be something else", g->name);
    for (size_t i = 0; i < m->n_opset_import; i++)
        if (!m->opset_import[i]->domain || !*m->opset_import[i]->domain ||
            strcmp(m->opset_import[i]->domain, "ai.onnx") == 0)
            g->opset = m->opset_import[i]->version;
    if (g->opset < OPSET_MIN || g->opset > OPSET_MAX)
        return err_set(e, ERR_INPUT,
                       "%s: operator set %lld is not supported; export with operator set %d to %d", g->name,
                       (long long)g->opset, OPSET_MIN, OPSET_MAX);
    if (p->n_sparse_initializer)
        return err_set(e, ERR_INPUT, "%s: sparse tensors are not supported", g->name);
    size_t links = 0;
    for (size_t i = 0; i < p->n_node; i++) {
        const Onnx__NodeProto *n = p->node[i];
        if (!n->op_type || n->n_output < 1)
            return err_set(e, ERR_INPUT, "%s: node %zu lacks its operator or output; the file is damaged",
                           g->name, i + 1);
        links += n->n_input + n->n_output;
    }
    if (p->n_node > NODES_MAX || p->n_initializer > TENSORS_MAX || links > LINKS_MAX)
        return err_set(e, ERR_INPUT,
                       "%s: %zu nodes, %zu tensors and %zu links are more than the %d, %d and %d supported",
                       g->name, p->n_node, p->n_initializer, links, NODES_MAX, TENSORS_MAX, LINKS_MAX);
    g->steps = calloc(p->n_node + 1, sizeof *g->steps);
    g->indices = calloc(links + 1, sizeof *g->indices);
    g->inputs = calloc(p->n_input + 1, sizeof *g->inputs);
    g->outputs = calloc(p->n_output + 1, sizeof *g->outputs);
    return (g->steps && g->indices && g->inputs && g->outputs) || err_memory(e, "reading a model");
}

static bool build(struct graph *g, struct err *e)
{
    const Onnx__GraphProto *p = g->file.model->graph;
    return collect_names(g, p, e) && read_initializers(g, p, e) && read_ends(g, p, e) &&
           resolve_nodes(g, p, e) && order_steps(g, e) && prune(g, e) && fold(g, e);
}

struct graph *graph_open(const void *bytes, size_t size, const char *name, struct err *e)
{
    struct graph *g = calloc(1, sizeof *g);
    char *own = strdup(name);
    if (!g || !own) {
        free(g);
        free(own);
        err_fill_memory(e, "reading a model");
        return NULL;
    }
    g->name = own;
    g->embedding = NONE;
    g->file = (struct onnx_file){.name = g->name};
    g->file_bytes = size;
    gemm_prepare();
    if (!onnx_file_open(&g->file, bytes, size, e) || !check_file(g, e) || !build(g, e)) {
        graph_free(g);
        return NULL;
    }
    find_last_uses(g);
    return g;
}

const Onnx__ValueInfoProto *graph_input_info(const struct graph *g, int input)
{
    const Onnx__GraphProto *p = g->file.model->graph;
    for (size_t i = 0; i < p->n_input; i++)
        if (p->input[i]->name && strcmp(p->input[i]->name, g->names[g->inputs[input]]) == 0)
            return p->input[i];
    return NULL;
}

void graph_free(struct graph *g)
{
    if (!g)
        return;
    for (int i = 0; g->values && i < g->value_count; i++)
        value_free(&g->values[i], NULL);
    graph_learning_free(g->learning);
    onnx_file_close(&g->file);
    free(g->names);
    free(g->values);
    free(g->last_use);
    free(g->steps);
    free(g->indices);
    free(g->inputs);
    free(g->outputs);
    free(g->name);
    free(g);
}
