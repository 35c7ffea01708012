/* Grad-CAM over a tape: forward to the class's number, back to the maps of the last convolution. Which maps
 * those are is found in the first evaluation, when the sizes of all values are known. */
#include "ferlab/nn/graph_cam.h"

#include "graph.h"

#include <stdlib.h>
#include <string.h>

enum { ENOUGH_PLACES = 6 }; /* a side */

struct graph_cam {
    const struct graph *graph;
    struct tape tape;
    float *images; /* [image.batch]: the same one */
    int class;
    int score, steps;            /* the value that holds the classes' numbers; so many first steps make it */
    int value, maker;            /* the maps looked at, and the step that makes them; NONE: not yet found */
    int channels, height, width; /* of those */
    bool *wanted;                /* [value_count]: depends on the maps */
    int *made;                   /* [value_count]: by which step; NONE where by none */
    float *gradient, *map;       /* [batch][channels][height][width], [height][width] */
    int next;                    /* the step to be taken */
    bool back;                   /* on the way back */
};

/* ---- planning ---- */

/* What the class's number is: what goes into a last Softmax or Sigmoid, else the output. */
static void find_score(struct graph_cam *c)
{
    static const char *const squashing[] = {"Softmax", "LogSoftmax", "Sigmoid", NULL};
    const struct graph *g = c->graph;
    const struct graph_step *last = graph_last_step(g);
    bool squashes = last && graph_step_is(last, squashing) && last->inputs[0] != NONE;
    c->score = squashes ? last->inputs[0] : g->outputs[0];
    c->steps = squashes ? (int)(last - g->steps) : g->step_count;
}

struct graph_cam *graph_cam_create(const struct graph *g, struct err *e)
{
    struct graph_cam *c = calloc(1, sizeof *c);
    size_t values = (size_t)g->value_count + 1;
    struct value image = graph_image_value(g, NULL);
    if (c) {
        *c = (struct graph_cam){.graph = g, .value = NONE};
        c->images = malloc(image.count * sizeof *c->images);
        c->wanted = calloc(values, sizeof *c->wanted);
        c->made = malloc(values * sizeof *c->made);
    }
    if (!c || !c->images || !c->wanted || !c->made) {
        err_fill_memory(e, "explaining a model");
        graph_cam_free(c);
        return NULL;
    }
    if (!tape_create(&c->tape, g, c->wanted, e)) {
        graph_cam_free(c);
        return NULL;
    }
    find_score(c);
    return c;
}

void graph_cam_free(struct graph_cam *c)
{
    if (!c)
        return;
    if (c->tape.values)
        tape_free(&c->tape);
    free(c->images);
    free(c->wanted);
    free(c->made);
    free(c->gradient);
    free(c->map);
    free(c);
}

/* ---- which maps ---- */

static const struct value *output_of(const struct graph_cam *c, int step)
{
    int out = c->graph->steps[step].outputs[0];
    return out == NONE ? NULL : &c->tape.values[out];
}

/* The shorter side of the maps that a convolution of images gives; 0 of other steps. */
static int64_t places(const struct graph_cam *c, int step)
{
    const struct value *v = output_of(c, step);
    if (strcmp(c->graph->steps[step].op->type, "Conv") != 0 || !v || v->rank != 4)
        return 0;
    return v->dims[2] < v->dims[3] ? v->dims[2] : v->dims[3];
}

/* Marks, as wanted and by the steps that make them, the values that a step's output goes into. */
static void follow(struct graph_cam *c, int from)
{
    const struct graph *g = c->graph;
    memset(c->wanted, 0, (size_t)g->value_count * sizeof *c->wanted);
    for (int i = from; i < c->steps; i++) {
        const struct graph_step *s = &g->steps[i];
        bool reached = i == from;
        for (int k = 0; k < s->input_count && !reached; k++)
            reached = graph_step_carries(s, k) && c->wanted[s->inputs[k]];
        if (reached && s->outputs[0] != NONE) {
            c->wanted[s->outputs[0]] = true;
            c->made[s->outputs[0]] = i;
        }
    }
}

/* Whether all that comes of the convolution passes through this step's output. */
static bool all_pass(const struct graph_cam *c, int step)
{
    for (int i = step + 1; i < c->steps; i++) {
        const struct graph_step *s = &c->graph->steps[i];
        for (int k = 0; k < s->input_count; k++)
            if (graph_step_carries(s, k) && c->wanted[s->inputs[k]] && c->made[s->inputs[k]] < step)
                return false;
    }
    return true;
}

/* The last of the steps that leave each number at its place, behind the convolution, that all passes. */
static int last_in_place(const struct graph_cam *c, int convolution)
{
    static const char *const in_place[] = {"BatchNormalization",
                                           "Relu",
                                           "LeakyRelu",
                                           "Clip",
                                           "HardSigmoid",
                                           "HardSwish",
                                           "Sigmoid",
                                           "Tanh",
                                           "Add",
                                           "Sub",
                                           "Mul",
                                           "Div",
                                           "Concat",
                                           "Dropout",
                                           "Identity",
                                           NULL};
    const struct value *maps = output_of(c, convolution);
    int last = convolution;
    for (int i = convolution + 1; i < c->steps; i++) {
        const struct graph_step *s = &c->graph->steps[i];
        const struct value *v = output_of(c, i);
        if (v && c->wanted[s->outputs[0]] && graph_step_is(s, in_place) && v->rank == 4 &&
            v->dims[2] == maps->dims[2] && v->dims[3] == maps->dims[3] && all_pass(c, i))
            last = i;
    }
    return last;
}

static bool take_maps(struct graph_cam *c, int maker, struct err *e)
{
    const struct graph *g = c->graph;
    const struct value *v = output_of(c, maker);
    memset(c->wanted, 0, (size_t)g->value_count * sizeof *c->wanted);
    c->wanted[g->steps[maker].outputs[0]] = true;
    if (!graph_spread_wanted(g, c->steps, c->wanted, e))
        return false;
    c->gradient = malloc(v->count * sizeof *c->gradient);
    c->map = malloc((size_t)(v->dims[2] * v->dims[3]) * sizeof *c->map);
    if (!c->gradient || !c->map)
        return err_memory(e, "explaining a model");
    c->channels = (int)v->dims[1];
    c->height = (int)v->dims[2];
    c->width = (int)v->dims[3];
    c->maker = maker;
    c->value = g->steps[maker].outputs[0];
    return true;
}

static bool find_maps(struct graph_cam *c, struct err *e)
{
    const struct value *score = &c->tape.values[c->score];
    int64_t most = 0, batch = c->graph->image.batch;
    if (score->type != VALUE_FLOAT || score->count != (size_t)batch * (size_t)c->graph->classes)
        return err_set(e, ERR_INPUT, "%s: before its last operator the model has no number for each class",
                       c->graph->name);
    for (int i = 0; i < c->steps; i++)
        most = places(c, i) > most ? places(c, i) : most;
    int64_t least = most < ENOUGH_PLACES ? most : ENOUGH_PLACES;
    for (int i = c->steps - 1; i >= 0 && least > 1; i--) {
        if (places(c, i) < least)
            continue;
        follow(c, i);
        if (c->wanted[c->score])
            return take_maps(c, last_in_place(c, i), e);
    }
    return err_set(e, ERR_INPUT,
                   "%s: the model has no convolution with maps of several places, so that it cannot be shown "
                   "where it looks",
                   c->graph->name);
}

/* ---- a map ---- */

void graph_cam_begin(struct graph_cam *c, const float *image, int class)
{
    const struct graph *g = c->graph;
    size_t batch = (size_t)g->image.batch, values = graph_image_value(g, NULL).count / batch;
    for (size_t i = 0; i < batch; i++)
        memcpy(c->images + i * values, image, values * sizeof *image);
    c->class = class;
    c->next = 0;
    c->back = false;
    struct budget budget = graph_budget();
    budget.work *= 3.0 * (double)batch;
    const struct value in = graph_image_value(g, c->images);
    tape_clear(&c->tape);
    tape_start(&c->tape, &in, budget);
}

/* Turns round at the score: of the first image's class its gradient is 1, of all others 0. */
static bool turn_back(struct graph_cam *c, struct err *e)
{
    if (c->value == NONE && !find_maps(c, e))
        return false;
    struct step at = {
        .graph = c->graph, .node = &c->graph->steps[c->steps - 1], .budget = &c->tape.budget, .err = e};
    float *d = tape_gradient(&c->tape, c->score, &at);
    if (!d)
        return false;
    d[c->class] = 1.0f;
    memset(c->gradient, 0, c->tape.values[c->value].count * sizeof *c->gradient);
    c->tape.gradients[c->value] = (struct gradient){.data = c->gradient, .lent = true};
    c->back = true;
    c->next = c->steps - 1;
    return true;
}

/* Of the first image. */
static void weigh_maps(struct graph_cam *c)
{
    size_t pixels = (size_t)c->height * (size_t)c->width;
    const float *maps = c->tape.values[c->value].floats;
    memset(c->map, 0, pixels * sizeof *c->map);
    for (int k = 0; k < c->channels; k++, maps += pixels) {
        const float *gradient = c->gradient + (size_t)k * pixels;
        double sum = 0.0;
        for (size_t i = 0; i < pixels; i++)
            sum += (double)gradient[i];
        float weight = (float)(sum / (double)pixels);
        for (size_t i = 0; i < pixels; i++)
            c->map[i] += weight * maps[i];
    }
    for (size_t i = 0; i < pixels; i++)
        c->map[i] = c->map[i] > 0.0f ? c->map[i] : 0.0f;
}

bool graph_cam_work(struct graph_cam *c, bool *done, struct err *e)
{
    *done = false;
    if (!c->back && c->next < c->steps)
        return tape_step(&c->tape, c->next++, e);
    if (!c->back)
        return turn_back(c, e);
    if (c->next > c->maker)
        return tape_step_back(&c->tape, c->next--, e);
    weigh_maps(c);
    tape_clear(&c->tape);
    *done = true;
    return true;
}

struct graph_map graph_cam_map(const struct graph_cam *c)
{
    return (struct graph_map){c->map, c->height, c->width};
}

int graph_cam_value(const struct graph_cam *c)
{
    return c->value;
}

const float *graph_cam_gradient(const struct graph_cam *c)
{
    return c->gradient;
}
