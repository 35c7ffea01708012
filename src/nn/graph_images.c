/* Graphs as classifiers of images: one input, one output, each thread its own images. */
#include "graph.h"

#include <limits.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

enum { QUOTE = 80, BATCH_MAX = 64 };

/* All threads together, where one image takes that much. */
static const size_t threads_bytes = (size_t)2 << 30;

static int64_t dimension(const Onnx__TensorShapeProto *shape, size_t index)
{
    const Onnx__TensorShapeProto__Dimension *d = shape->dim[index];
    return d->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE ? d->dim_value : 0;
}

static bool is_gray_or_colour(int64_t channels)
{
    return channels == 1 || channels == 3;
}

static bool read_image(struct graph *g, struct err *e)
{
    if (g->input_count != 1 || g->output_count != 1)
        return err_set(e, ERR_INPUT,
                       "%s: the model has %d inputs and %d outputs; classifiers of images have one of each",
                       g->name, g->input_count, g->output_count);
    const Onnx__ValueInfoProto *input = graph_input_info(g, 0);
    const Onnx__TypeProto__Tensor *type =
        input && input->type && input->type->value_case == ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE
            ? input->type->tensor_type
            : NULL;
    const char *name = g->names[g->inputs[0]];
    if (!type || !type->shape || type->shape->n_dim != 4 ||
        type->elem_type != ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT)
        return err_set(e, ERR_INPUT, "%s: input '%.*s' is not a float32 tensor of four dimensions", g->name,
                       QUOTE, name);
    int64_t d[4];
    for (size_t i = 0; i < 4; i++)
        d[i] = dimension(type->shape, i);
    bool last = !is_gray_or_colour(d[1]) && is_gray_or_colour(d[3]);
    int64_t channels = d[last ? 3 : 1], height = d[last ? 1 : 2], width = d[last ? 2 : 3];
    if (!is_gray_or_colour(channels))
        return err_set(e, ERR_INPUT,
                       "%s: input '%.*s' is of %lld channels; 1 (gray) and 3 (colour) are supported", g->name,
                       QUOTE, name, (long long)channels);
    if (height != width || height < INPUT_MIN || height > INPUT_MAX)
        return err_set(e, ERR_INPUT,
                       "%s: input '%.*s' is not a square of %d to %d pixels; export it with its size",
                       g->name, QUOTE, name, INPUT_MIN, INPUT_MAX);
    if (d[0] > BATCH_MAX)
        return err_set(e, ERR_INPUT, "%s: input '%.*s' takes %lld images at once; up to %d are supported",
                       g->name, QUOTE, name, (long long)d[0], BATCH_MAX);
    g->image = (struct graph_image){.batch = d[0] > 0 ? (int)d[0] : 1,
                                    .channels = (int)channels,
                                    .size = (int)height,
                                    .channels_last = last};
    return true;
}

static size_t image_values(const struct graph *g)
{
    return (size_t)g->image.channels * (size_t)g->image.size * (size_t)g->image.size;
}

struct value graph_image_value(const struct graph *g, const float *images)
{
    const struct graph_image *m = &g->image;
    struct value in = {.type = VALUE_FLOAT, .rank = 4, .count = (size_t)m->batch * image_values(g)};
    const int64_t first[4] = {m->batch, m->channels, m->size, m->size},
                  last[4] = {m->batch, m->size, m->size, m->channels};
    memcpy(in.dims, m->channels_last ? last : first, sizeof first);
    in.floats = (float *)(uintptr_t)images;
    return in;
}

struct evaluation {
    struct value output, embedding; /* the latter where the graph has one */
};

static bool evaluate(const struct graph *g, const float *images, struct evaluation *out,
                     struct budget *budget, struct err *e)
{
    const struct value in = graph_image_value(g, images);
    struct value outputs[2] = {0};
    bool fine = graph_evaluate(g, &in, outputs, budget, e);
    *out = (struct evaluation){outputs[0], outputs[1]};
    return fine;
}

static void evaluation_free(struct evaluation *v)
{
    value_free(&v->output, NULL);
    value_free(&v->embedding, NULL);
}

/* [batch][classes], perhaps with further dimensions of 1. */
static bool check_output(struct graph *g, const struct value *v, struct err *e)
{
    bool fine = v->type == VALUE_FLOAT && v->rank >= 1 && v->count >= (size_t)g->image.batch;
    fine = fine && (v->rank == 1 ? g->image.batch == 1 : v->dims[0] == g->image.batch);
    for (int i = 2; i < v->rank; i++)
        fine &= v->dims[i] == 1;
    size_t classes = fine ? v->count / (size_t)g->image.batch : 0;
    if (classes < 2 || classes > CLASSES_MAX)
        return err_set(e, ERR_INPUT, "%s: output '%.*s' is not one number a class for each image", g->name,
                       QUOTE, g->names[g->outputs[0]]);
    g->classes = (int)classes;
    return true;
}

static bool is_stored(const struct graph *g, int value)
{
    return value != NONE && g->values[value].data != NULL;
}

/* Which of a step's first two inputs is computed, the other one being stored; NONE where that is not so. */
static int computed_input(const struct graph *g, const struct graph_step *s)
{
    if (s->input_count < 2 || is_stored(g, s->inputs[0]) == is_stored(g, s->inputs[1]))
        return NONE;
    return s->inputs[is_stored(g, s->inputs[0]) ? 1 : 0];
}

/* Back from the output over what neither mixes classes nor images, to the layer whose weights do. */
static void find_embedding(struct graph *g)
{
    static const char *const passing[] = {"Softmax", "LogSoftmax", "Sigmoid", "Identity",  "Dropout",
                                          "Reshape", "Flatten",    "Squeeze", "Unsqueeze", NULL};
    static const char *const shifting[] = {"Add", "Sub", "Mul", "Div", NULL};
    static const char *const layers[] = {"Gemm", "MatMul", NULL};
    int value = g->outputs[0];
    for (int i = 0; i < g->step_count && value != NONE; i++) {
        const struct graph_step *s = graph_maker(g, value);
        if (s && graph_step_is(s, layers)) {
            g->embedding = computed_input(g, s);
            if (g->embedding != NONE)
                g->last_use[g->embedding] = INT_MAX;
            return;
        }
        value = !s                           ? NONE
                : graph_step_is(s, passing)  ? s->inputs[0]
                : graph_step_is(s, shifting) ? computed_input(g, s)
                                             : NONE;
    }
}

/* One row of values for each image, or there is no embedding. */
static void check_embedding(struct graph *g, const struct value *v)
{
    size_t batch = (size_t)g->image.batch;
    if (v->type == VALUE_FLOAT && v->rank >= 2 && v->dims[0] == g->image.batch && v->count > 0)
        g->embedding_values = v->count / batch;
}

/* Finds what evaluations take and whether they work at all. */
static bool try_once(struct graph *g, struct err *e)
{
    float *image = calloc((size_t)g->image.batch * image_values(g), sizeof *image);
    if (!image)
        return err_memory(e, "reading a model");
    struct evaluation v;
    struct budget budget = graph_budget();
    budget.work *= g->image.batch;
    bool fine = evaluate(g, image, &v, &budget, e) && check_output(g, &v.output, e);
    if (fine)
        check_embedding(g, &v.embedding);
    g->peak_bytes = graph_budget().bytes - budget.least;
    evaluation_free(&v);
    free(image);
    return fine;
}

struct graph *graph_load(const void *bytes, size_t size, const char *name, struct err *e)
{
    struct graph *g = graph_open(bytes, size, name, e);
    bool fine = g && read_image(g, e);
    if (fine) {
        find_embedding(g);
        fine = try_once(g, e);
    }
    if (fine)
        return g;
    graph_free(g);
    return NULL;
}

struct graph_image graph_image(const struct graph *g)
{
    return g->image;
}

int graph_classes(const struct graph *g)
{
    return g->classes;
}

size_t graph_embedding_values(const struct graph *g)
{
    return g->embedding_values;
}

size_t graph_parameters(const struct graph *g)
{
    return g->weights;
}

int graph_nodes(const struct graph *g)
{
    return g->step_count;
}

const struct graph_step *graph_maker(const struct graph *g, int value)
{
    for (int i = 0; i < g->step_count; i++)
        for (int k = 0; k < g->steps[i].output_count; k++)
            if (g->steps[i].outputs[k] == value)
                return &g->steps[i];
    return NULL;
}

bool graph_step_is(const struct graph_step *s, const char *const *types)
{
    while (*types && strcmp(s->op->type, *types) != 0)
        types++;
    return *types != NULL;
}

bool graph_step_carries(const struct graph_step *s, int input)
{
    return s->inputs[input] != NONE && (s->op->carries == NONE || input < s->op->carries);
}

const struct graph_step *graph_last_step(const struct graph *g)
{
    static const char *const renaming[] = {"Identity", "Dropout",   "Reshape", "Flatten",
                                           "Squeeze",  "Unsqueeze", NULL};
    const struct graph_step *s = graph_maker(g, g->outputs[0]);
    while (s && graph_step_is(s, renaming))
        s = s->inputs[0] == NONE ? NULL : graph_maker(g, s->inputs[0]);
    return s;
}

enum graph_ending graph_ending(const struct graph *g)
{
    const struct graph_step *s = graph_last_step(g);
    const char *type = s ? s->op->type : "";
    return strcmp(type, "Softmax") == 0   ? GRAPH_ENDS_IN_SOFTMAX
           : strcmp(type, "Sigmoid") == 0 ? GRAPH_ENDS_IN_SIGMOID
                                          : GRAPH_ENDS_OPEN;
}

/* The image, behind the first nodes that only move its pixels. */
static int moved_image(const struct graph *g)
{
    static const char *const moving[] = {"Identity", "Cast",    "Transpose", "Reshape",
                                         "Squeeze",  "Flatten", "Unsqueeze", NULL};
    int value = g->inputs[0];
    for (int i = 0; i < g->step_count; i++)
        if (g->steps[i].input_count > 0 && g->steps[i].inputs[0] == value &&
            graph_step_is(&g->steps[i], moving))
            value = g->steps[i].outputs[0];
    return value;
}

/* Less 2 or more, by 2 or more, or times 0.05 or less: nothing that numbers around 0 or 1 would need. */
bool graph_scales_pixels(const struct graph *g)
{
    int image = moved_image(g);
    for (int i = 0; i < g->step_count; i++) {
        const struct graph_step *s = &g->steps[i];
        if (s->input_count != 2 || s->inputs[0] != image || s->inputs[1] == NONE)
            continue;
        const struct value *v = &g->values[s->inputs[1]];
        if (v->type != VALUE_FLOAT || !v->data || v->count < 1)
            continue;
        float by = v->floats[0];
        return (strcmp(s->op->type, "Sub") == 0 && by >= 2.0f) ||
               (strcmp(s->op->type, "Add") == 0 && by <= -2.0f) ||
               (strcmp(s->op->type, "Div") == 0 && by >= 2.0f) ||
               (strcmp(s->op->type, "Mul") == 0 && by > 0.0f && by <= 0.05f);
    }
    return false;
}

/* The images from `first` on; those that a whole batch lacks are the last one again. */
static bool run_batch(const struct graph *g, const float *images, int first, int count, float *outputs,
                      float *embeddings, struct err *e)
{
    size_t values = image_values(g), batch = (size_t)g->image.batch, classes = (size_t)g->classes;
    size_t here = (size_t)(count - first) < batch ? (size_t)(count - first) : batch;
    const float *from = images + (size_t)first * values;
    float *filled = here < batch ? malloc(batch * values * sizeof *filled) : NULL;
    if (here < batch && !filled)
        return err_memory(e, "evaluating a model");
    for (size_t i = 0; filled && i < batch; i++)
        memcpy(filled + i * values, from + (i < here ? i : here - 1) * values, values * sizeof *filled);
    struct evaluation v;
    struct budget budget = graph_budget();
    budget.work *= g->image.batch;
    size_t width = embeddings ? g->embedding_values : 0;
    bool fine = evaluate(g, filled ? filled : from, &v, &budget, e);
    if (fine && (v.output.count != batch * classes || (width && v.embedding.count != batch * width)))
        fine = err_set(e, ERR_INPUT, "%s: the size of its output changes with the image", g->name);
    if (fine)
        memcpy(outputs + (size_t)first * classes, v.output.floats, here * classes * sizeof *outputs);
    if (fine && width)
        memcpy(embeddings + (size_t)first * width, v.embedding.floats, here * width * sizeof *embeddings);
    evaluation_free(&v);
    free(filled);
    return fine;
}

int graph_team(size_t bytes, int threads)
{
    int most = threads > 0 ? threads : omp_get_max_threads();
    if (bytes <= threads_bytes / (size_t)most)
        return most;
    return bytes >= threads_bytes ? 1 : (int)(threads_bytes / bytes);
}

bool graph_run(const struct graph *g, const float *images, int count, int threads, float *outputs,
               struct err *e)
{
    return graph_embed(g, images, count, threads, outputs, NULL, e);
}

bool graph_embed(const struct graph *g, const float *images, int count, int threads, float *outputs,
                 float *embeddings, struct err *e)
{
    bool fine = true;
#pragma omp parallel for schedule(dynamic) num_threads(graph_team(g->peak_bytes, threads))
    for (int first = 0; first < count; first += g->image.batch) {
        struct err own = {0};
        if (!run_batch(g, images, first, count, outputs, embeddings, &own)) {
#pragma omp critical(graph_failure)
            {
                fine = false;
                if (e)
                    *e = own;
            }
        }
    }
    return fine;
}
