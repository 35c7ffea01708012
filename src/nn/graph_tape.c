/* One evaluation with all its values kept, and the way back through it. */
#include "graph.h"

#include <stdlib.h>
#include <string.h>

bool tape_create(struct tape *t, const struct graph *g, const bool *wanted, struct err *e)
{
    size_t values = (size_t)g->value_count + 1, most = 1;
    for (int i = 0; i < g->step_count; i++)
        most = (size_t)g->steps[i].input_count > most ? (size_t)g->steps[i].input_count : most;
    *t = (struct tape){.graph = g, .wanted = wanted};
    t->values = calloc(values, sizeof *t->values);
    t->gradients = calloc(values, sizeof *t->gradients);
    t->in = malloc(most * sizeof *t->in);
    t->dx = malloc(most * sizeof *t->dx);
    if (t->values && t->gradients && t->in && t->dx)
        return true;
    tape_free(t);
    return err_memory(e, "planning to learn");
}

void tape_free(struct tape *t)
{
    if (t->values && t->gradients)
        tape_clear(t);
    free(t->values);
    free(t->gradients);
    free(t->in);
    free(t->dx);
    *t = (struct tape){0};
}

void tape_start(struct tape *t, const struct value *inputs, struct budget budget)
{
    t->budget = budget;
    graph_start(t->graph, inputs, t->values);
}

bool tape_step(struct tape *t, int step, struct err *e)
{
    return graph_run_step(t->graph, &t->graph->steps[step], t->values, &t->budget, e);
}

bool tape_forward(struct tape *t, const struct value *inputs, int steps, struct budget budget, struct err *e)
{
    bool fine = true;
    tape_start(t, inputs, budget);
    for (int i = 0; fine && i < steps; i++)
        fine = tape_step(t, i, e);
    return fine;
}

float *tape_gradient(struct tape *t, int value, struct step *s)
{
    struct gradient *g = &t->gradients[value];
    size_t bytes = t->values[value].count * sizeof *g->data;
    if (g->data)
        return g->data;
    if (!step_take(s, bytes))
        return NULL;
    g->data = calloc(bytes ? bytes : 1, 1);
    if (!g->data) {
        t->budget.bytes += bytes;
        err_fill_memory(s->err, "learning");
    }
    return g->data;
}

static void drop_gradient(struct tape *t, int value)
{
    struct gradient *g = &t->gradients[value];
    if (!g->lent && g->data) {
        free(g->data);
        t->budget.bytes += t->values[value].count * sizeof *g->data;
        g->data = NULL;
    }
}

/* Gives the step its inputs, and memory for the gradients of those that are wanted. */
static bool reach_inputs(struct tape *t, struct step *s)
{
    const struct graph_step *node = s->node;
    for (int i = 0; i < node->input_count; i++) {
        int v = node->inputs[i];
        t->in[i] = v == NONE ? NULL : &t->values[v];
        t->dx[i] = NULL;
        if (graph_step_carries(node, i) && t->wanted[v] && !(t->dx[i] = tape_gradient(t, v, s)))
            return false;
    }
    return true;
}

bool tape_step_back(struct tape *t, int step, struct err *e)
{
    const struct graph_step *node = &t->graph->steps[step];
    int out = node->outputs[0];
    if (out == NONE || !t->wanted[out] || !t->gradients[out].data)
        return true;
    struct back b = {.s = {.graph = t->graph,
                           .node = node,
                           .in = t->in,
                           .out = &t->values[out],
                           .budget = &t->budget,
                           .err = e},
                     .dy = t->gradients[out].data,
                     .dx = t->dx};
    bool fine = reach_inputs(t, &b.s) && node->op->backward(&b);
    free(b.s.scratch);
    t->budget.bytes += b.s.scratch_bytes;
    drop_gradient(t, out);
    return fine;
}

bool tape_backward(struct tape *t, int steps, struct err *e)
{
    bool fine = true;
    for (int i = steps - 1; fine && i >= 0; i--)
        fine = tape_step_back(t, i, e);
    return fine;
}

void tape_clear(struct tape *t)
{
    for (int i = 0; i < t->graph->value_count; i++) {
        drop_gradient(t, i);
        value_free(&t->values[i], NULL);
    }
}
