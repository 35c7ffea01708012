/* Which stored tensors of a graph are learnt, and their memory. */
#include "ferlab/nn/graph_learn.h"

#include "graph.h"

#include <stdlib.h>
#include <string.h>

enum { QUOTE = 80 };

/* What a stored tensor is at each input: w a weight, b a bias or scale, o an operand, which is learnt where
 * it holds more than one number; - nothing that is learnt. */
static const struct {
    const char *type, *inputs;
} roles[] = {
    {.type = "Conv", .inputs = "-wb"},  {.type = "Gemm", .inputs = "wwb"},
    {.type = "MatMul", .inputs = "ww"}, {.type = "BatchNormalization", .inputs = "-bb--"},
    {.type = "Add", .inputs = "oo"},    {.type = "Mul", .inputs = "oo"},
};

static const char *roles_of(const struct graph_step *s)
{
    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++)
        if (strcmp(s->op->type, roles[i].type) == 0)
            return roles[i].inputs;
    return "";
}

/* What numbers a value is made of. */
enum making { MADE_OF_NO_IMAGE, MADE_OF_PIXELS, MADE_OF_FEATURES };

/* ---- the choice ---- */

struct choice {
    const struct graph *g;
    /* of each value */
    struct finding {
        enum making made;
        const struct graph_step *maker; /* NULL where it is folded or stored */
        bool chosen, decays;
        bool wide; /* the file has it in float64 */
    } * found;
    int *values; /* chosen so far */
    size_t count;
};

/* The stored tensor that a value is, or that came to it through steps which only lay out or stretch it by the
 * image's dimensions; NONE where numbers of the image are in it. */
static int stored_source(const struct choice *c, int value)
{
    while (value != NONE && !c->g->values[value].data) {
        const struct finding *f = &c->found[value];
        bool moves = f->made == MADE_OF_NO_IMAGE && f->maker && f->maker->op->carries == 1;
        value = moves ? f->maker->inputs[0] : NONE;
    }
    return value;
}

/* Of the step's output: features once a weight was met. */
static enum making making_of(const struct choice *c, const struct graph_step *s)
{
    enum making most = MADE_OF_NO_IMAGE;
    for (int i = 0; i < s->input_count; i++)
        if (graph_step_carries(s, i) && c->found[s->inputs[i]].made > most)
            most = c->found[s->inputs[i]].made;
    return most == MADE_OF_PIXELS && strchr(roles_of(s), 'w') ? MADE_OF_FEATURES : most;
}

static void choose_inputs(struct choice *c, const struct graph_step *s)
{
    const char *role = roles_of(s);
    for (int i = 0; i < s->input_count && role[i]; i++) {
        int at = role[i] == '-' ? NONE : stored_source(c, s->inputs[i]);
        const struct value *v = at == NONE ? NULL : &c->g->values[at];
        if (!v || v->type != VALUE_FLOAT || v->rank < 1 || v->count < (role[i] == 'o' ? 2 : 1))
            continue;
        c->found[at].decays |= role[i] == 'w';
        if (!c->found[at].chosen)
            c->values[c->count++] = at;
        c->found[at].chosen = true;
    }
}

static void choose(struct choice *c)
{
    c->found[c->g->inputs[0]].made = MADE_OF_PIXELS;
    for (int i = 0; i < c->g->step_count; i++) {
        const struct graph_step *s = &c->g->steps[i];
        enum making made = making_of(c, s);
        for (int k = 0; k < s->output_count; k++)
            if (s->outputs[k] != NONE) {
                c->found[s->outputs[k]].made = made;
                c->found[s->outputs[k]].maker = s;
            }
        if (made == MADE_OF_FEATURES)
            choose_inputs(c, s);
    }
}

/* ---- what cannot be learnt ---- */

static bool is_float64(const Onnx__TensorProto *t)
{
    return t && t->data_type == ONNX__TENSOR_PROTO__DATA_TYPE__DOUBLE;
}

/* Whether a folded step makes float64: by what it holds, by its cast, or of what it is given. */
static bool makes_wide(const struct choice *c, const struct graph_step *s)
{
    const struct step at = {.graph = c->g, .node = s};
    const Onnx__AttributeProto *held = step_attribute(&at, "value");
    bool wide = held && is_float64(held->t);
    if (strcmp(s->op->type, "Cast") == 0)
        return step_int(&at, "to", 0) == ONNX__TENSOR_PROTO__DATA_TYPE__DOUBLE;
    for (int i = 0; i < s->input_count; i++)
        wide |= s->inputs[i] != NONE && c->found[s->inputs[i]].wide;
    return wide;
}

static void find_wide(struct choice *c)
{
    const Onnx__GraphProto *p = c->g->file.model->graph;
    for (size_t i = 0; i < p->n_initializer; i++) {
        int at = graph_find_value(c->g, p->initializer[i]->name ? p->initializer[i]->name : "");
        if (at != NONE)
            c->found[at].wide = is_float64(p->initializer[i]);
    }
    const struct graph_step *folded = c->g->steps + c->g->step_count;
    for (int i = 0; i < c->g->folded_count; i++)
        for (int k = 0; k < folded[i].output_count; k++)
            if (folded[i].outputs[k] != NONE)
                c->found[folded[i].outputs[k]].wide = makes_wide(c, &folded[i]);
}

/* A weight of which a constant is made too, that would have to follow it; or one that comes with other
 * outputs of its node, which a Constant in its place would not have. */
static bool check_folded(const struct choice *c, const struct graph_step *s, struct err *e)
{
    const struct graph *g = c->g;
    for (int k = 0; k < s->input_count; k++)
        if (graph_step_carries(s, k) && c->found[s->inputs[k]].chosen)
            return err_set(e, ERR_INPUT,
                           "%s: tensor '%.*s' is a weight and a part of the constant '%.*s' too; such models "
                           "cannot be trained; export it so that equal tensors stay apart (PyTorch: "
                           "training=torch.onnx.TrainingMode.PRESERVE)",
                           g->name, QUOTE, g->names[s->inputs[k]], QUOTE, s->node->output[0]);
    for (int k = 0; k < s->output_count && s->output_count > 1; k++)
        if (s->outputs[k] != NONE && c->found[s->outputs[k]].chosen)
            return err_set(e, ERR_INPUT,
                           "%s: the weight '%.*s' comes from a node with %d outputs; such models cannot be "
                           "trained",
                           g->name, QUOTE, g->names[s->outputs[k]], s->output_count);
    return true;
}

static bool check_choice(struct choice *c, struct err *e)
{
    if (c->count == 0)
        return err_set(e, ERR_INPUT, "%s: the model has no weights that could be learnt", c->g->name);
    find_wide(c);
    for (size_t i = 0; i < c->count; i++)
        if (c->found[c->values[i]].wide)
            return err_set(e, ERR_INPUT, "%s: the weight '%.*s' is of float64; export the model in float32",
                           c->g->name, QUOTE, c->g->names[c->values[i]]);
    bool fine = true;
    for (int i = 0; fine && i < c->g->folded_count; i++)
        fine = check_folded(c, &c->g->steps[c->g->step_count + i], e);
    return fine;
}

bool graph_spread_wanted(const struct graph *g, int step_count, bool *wanted, struct err *e)
{
    for (int i = 0; i < step_count; i++) {
        const struct graph_step *s = &g->steps[i];
        bool reached = false;
        for (int k = 0; k < s->input_count; k++)
            reached |= graph_step_carries(s, k) && wanted[s->inputs[k]];
        if (reached && !s->op->backward) {
            struct step at = {.graph = g, .node = s, .err = e};
            return step_refuse(&at,
                               "this operator has no gradient, so that what lies before it can neither be "
                               "learnt nor explained");
        }
        if (reached && s->outputs[0] != NONE)
            wanted[s->outputs[0]] = true;
    }
    return true;
}

/* ---- memory ---- */

static struct parameter parameter_of(const struct graph *g, int value, bool decays)
{
    const struct value *v = &g->values[value];
    struct parameter p = {
        .name = g->names[value], .rank = v->rank < 4 ? v->rank : 4, .count = v->count, .decays = decays};
    for (int i = 0; i < v->rank; i++)
        p.dims[i < 4 ? i : 3] = i < 4 ? (int)v->dims[i] : p.dims[3] * (int)v->dims[i];
    return p;
}

/* From here on the values are the parameters'. */
static void take_over(struct graph *g, struct graph_learning *l, const struct choice *c)
{
    float *at = l->numbers;
    for (size_t i = 0; i < c->count; i++) {
        struct value *v = &g->values[c->values[i]];
        struct parameter p = parameter_of(g, c->values[i], c->found[c->values[i]].decays);
        p.value = at;
        p.gradient = at + l->learnt;
        memcpy(at, v->floats, v->count * sizeof *at);
        at += v->count;
        if (v->owned)
            free(v->data);
        v->floats = p.value;
        v->owned = false;
        l->parameters[i] = p;
        l->values[i] = c->values[i];
        l->wanted[c->values[i]] = true;
    }
    l->count = c->count;
}

static struct graph_learning *allocate(const struct graph *g, const struct choice *c, struct err *e)
{
    struct graph_learning *l = calloc(1, sizeof *l);
    if (l) {
        for (size_t i = 0; i < c->count; i++)
            l->learnt += g->values[c->values[i]].count;
        l->parameters = calloc(c->count + 1, sizeof *l->parameters);
        l->values = calloc(c->count + 1, sizeof *l->values);
        l->wanted = calloc((size_t)g->value_count, sizeof *l->wanted);
        l->numbers = calloc(2 * l->learnt + 1, sizeof *l->numbers);
    }
    if (l && l->parameters && l->values && l->wanted && l->numbers)
        return l;
    graph_learning_free(l);
    err_fill_memory(e, "planning to learn");
    return NULL;
}

void graph_learning_free(struct graph_learning *l)
{
    if (!l)
        return;
    free(l->parameters);
    free(l->values);
    free(l->wanted);
    free(l->numbers);
    free(l);
}

bool graph_learn(struct graph *g, struct err *e)
{
    size_t values = (size_t)g->value_count;
    struct choice c = {
        .g = g, .found = calloc(values, sizeof *c.found), .values = calloc(values, sizeof *c.values)};
    bool fine = (c.found && c.values) || err_memory(e, "planning to learn");
    if (fine)
        choose(&c);
    fine = fine && check_choice(&c, e) && (g->learning = allocate(g, &c, e));
    if (fine) {
        take_over(g, g->learning, &c);
        fine = graph_spread_wanted(g, g->step_count, g->learning->wanted, e);
    }
    free(c.found);
    free(c.values);
    return fine;
}

struct parameter_list graph_parameter_list(const struct graph *g)
{
    return g->learning ? (struct parameter_list){g->learning->parameters, g->learning->count}
                       : (struct parameter_list){0};
}
