/* Scaling the logits of a graph: from where they are made back through steps that pass a factor on, to the
 * weights of the last layer. */
#include "ferlab/nn/graph_learn.h"

#include "graph.h"

#include <string.h>

/* Weights, and a bias or two. */
enum { SCALED_MAX = 8 };

struct scaling {
    const struct graph *g;
    struct parameter *found[SCALED_MAX];
    int count;
};

static int readers_of(const struct graph *g, int value)
{
    int readers = 0;
    for (int i = 0; i < g->step_count; i++)
        for (int k = 0; k < g->steps[i].input_count; k++)
            readers += g->steps[i].inputs[k] == value;
    return readers;
}

/* Takes up what is learnt at that input and used nowhere else. */
static bool take(struct scaling *s, const struct graph_step *step, int input)
{
    const struct graph_learning *l = s->g->learning;
    int value = step->inputs[input];
    for (size_t i = 0; i < l->count; i++)
        if (l->values[i] == value && readers_of(s->g, value) == 1 && s->count < SCALED_MAX) {
            s->found[s->count++] = &l->parameters[i];
            return true;
        }
    return false;
}

/* The weights, with the bias where there is one. */
static bool take_layer(struct scaling *s, const struct graph_step *step)
{
    bool biased = step->input_count > 2 && step->inputs[2] != NONE;
    return (take(s, step, 1) || (strcmp(step->op->type, "Conv") != 0 && take(s, step, 0))) &&
           (!biased || take(s, step, 2));
}

/* From a value that is to be scaled to the one that it is made of; NONE where no factor passes. */
static int before(struct scaling *s, const struct graph_step *step)
{
    static const char *const passing[] = {"Identity",  "Dropout",     "Reshape",           "Flatten",
                                          "Squeeze",   "Unsqueeze",   "Transpose",         "ReduceMean",
                                          "ReduceSum", "AveragePool", "GlobalAveragePool", NULL};
    int value = NONE;
    if (graph_step_is(step, passing))
        value = step->inputs[0];
    else if (strcmp(step->op->type, "Add") == 0)
        value = take(s, step, 1) ? step->inputs[0] : take(s, step, 0) ? step->inputs[1] : NONE;
    return value != NONE && readers_of(s->g, value) == 1 ? value : NONE;
}

static bool find(struct scaling *s, int value)
{
    static const char *const layers[] = {"Conv", "Gemm", "MatMul", NULL};
    while (value != NONE) {
        const struct graph_step *step = graph_maker(s->g, value);
        if (!step)
            return false;
        if (graph_step_is(step, layers))
            return take_layer(s, step);
        value = before(s, step);
    }
    return false;
}

bool graph_scale_logits(struct graph *g, bool outputs_are_logits, float factor)
{
    struct scaling s = {.g = g};
    struct graph_judged judged = graph_judge(g, outputs_are_logits);
    if (!judged.is_logits || !find(&s, judged.value))
        return false;
    for (int i = 0; i < s.count; i++)
        for (size_t k = 0; k < s.found[i]->count; k++)
            s.found[i]->value[k] *= factor;
    return true;
}
