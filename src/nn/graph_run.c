/* Evaluation: the steps one after the other, each value freed after its last reader. */
#include "graph.h"

#include <stdlib.h>

static const size_t bytes_limit = (size_t)1 << 30;
static const double work_limit = 4e10;

struct budget graph_budget(void)
{
    return (struct budget){.bytes = bytes_limit, .least = bytes_limit, .work = work_limit};
}

void value_free(struct value *v, struct budget *budget)
{
    if (v->owned) {
        free(v->data);
        if (budget)
            budget->bytes += v->count * value_bytes(v->type);
    }
    *v = (struct value){0};
}

enum { FEW = 16 };

bool graph_run_step(const struct graph *g, const struct graph_step *node, struct value *values,
                    struct budget *budget, struct err *e)
{
    const struct value *few_in[FEW] = {0};
    struct value few_out[FEW] = {0};
    size_t ins = (size_t)node->input_count, outs = (size_t)node->output_count;
    const struct value **in = ins <= FEW ? few_in : calloc(ins, sizeof *in);
    if (!in)
        return err_memory(e, "evaluating a model");
    struct step s = {.graph = g, .node = node, .in = in, .out = few_out, .budget = budget, .err = e};
    for (size_t i = 0; i < ins; i++)
        in[i] = node->inputs[i] == NONE ? NULL : &values[node->inputs[i]];
    bool fine = outs <= FEW || step_refuse(&s, "it has more outputs than any supported operator");
    for (size_t i = 0; fine && i < (size_t)node->op->inputs_min; i++)
        fine = in[i] || step_refuse(&s, "its input %zu is left out", i + 1);
    fine = fine && node->op->run(&s);
    for (size_t i = 0; fine && i < outs; i++)
        fine = node->outputs[i] == NONE || few_out[i].data ||
               step_refuse(&s, "its output %zu is not supported; export the model for inference", i + 1);
    free(s.scratch);
    budget->bytes += s.scratch_bytes;
    for (size_t i = 0; i < outs && i < FEW; i++) {
        if (fine && node->outputs[i] != NONE)
            values[node->outputs[i]] = few_out[i];
        else
            value_free(&few_out[i], budget);
    }
    if (in != few_in)
        free(in);
    return fine;
}

/* The values nobody reads any more. */
static void drop_used(const struct graph *g, int at, struct value *values, struct budget *budget)
{
    const struct graph_step *node = &g->steps[at];
    for (int i = 0; i < node->input_count + node->output_count; i++) {
        int v = i < node->input_count ? node->inputs[i] : node->outputs[i - node->input_count];
        if (v != NONE && g->last_use[v] <= at)
            value_free(&values[v], budget);
    }
}

void graph_start(const struct graph *g, const struct value *inputs, struct value *values)
{
    for (int i = 0; i < g->value_count; i++) {
        values[i] = g->values[i];
        values[i].owned = false;
    }
    for (int i = 0; i < g->input_count; i++) {
        values[g->inputs[i]] = inputs[i];
        values[g->inputs[i]].owned = false;
    }
}

bool graph_evaluate(const struct graph *g, const struct value *inputs, struct value *outputs,
                    struct budget *budget, struct err *e)
{
    struct value *values = calloc((size_t)g->value_count + 1, sizeof *values);
    if (!values)
        return err_memory(e, "evaluating a model");
    graph_start(g, inputs, values);
    bool fine = true;
    for (int i = 0; fine && i < g->step_count; i++) {
        fine = graph_run_step(g, &g->steps[i], values, budget, e);
        if (fine)
            drop_used(g, i, values, budget);
    }
    if (fine && g->embedding != NONE) {
        outputs[g->output_count] = values[g->embedding];
        values[g->embedding].owned = false;
    }
    for (int i = 0; fine && i < g->output_count; i++) {
        struct value *v = &values[g->outputs[i]];
        outputs[i] = *v;
        v->owned = false;
    }
    for (int i = 0; i < g->value_count; i++)
        value_free(&values[i], NULL);
    free(values);
    return fine;
}
