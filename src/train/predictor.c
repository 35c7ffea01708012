/* Predictors: faces in, probabilities out, each averaged over the face and its mirror image. */
#include "predictor.h"

#include "model_input.h"

#include "ferlab/base/interrupt.h"
#include "ferlab/nn/onnx.h"
#include "ferlab/store/samples.h"

#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    BATCH_FACES = 64,   /* of 48x48; fewer of larger ones, so that memory stays the same */
    SWEEP_FACES = 1024, /* read from the workspace at a time */
};

struct predictor {
    char *name;
    struct network *net; /* one of the two is NULL */
    struct graph *graph;
    bool owns_network;
    struct session *session; /* of the network */
    struct model_facts facts;
    struct model_input input;
    bool channels_last;
    char arch[64];            /* a graph's */
    int size, faces, threads; /* faces: per batch; each takes two images */
    float *images, *outputs;  /* [2 faces] of input values, [2 faces][classes] */
    float *planes;            /* [faces][size][size] */
    uint8_t *resized;         /* [faces][size][size] */
};

static size_t image_pixels(const struct predictor *p)
{
    return (size_t)p->size * (size_t)p->size;
}

static size_t image_values(const struct predictor *p)
{
    return image_pixels(p) * (size_t)p->facts.channels;
}

/* What comes after the model and its input are known. */
static bool make_buffers(struct predictor *p, struct err *e)
{
    p->size = p->facts.size;
    size_t faces = (size_t)BATCH_FACES * FACE_PIXELS / image_pixels(p);
    p->faces = faces < 1 ? 1 : faces > BATCH_FACES ? BATCH_FACES : (int)faces;
    size_t images = 2 * (size_t)p->faces;
    p->images = malloc(images * image_values(p) * sizeof *p->images);
    p->outputs = malloc(images * (size_t)p->facts.classes * sizeof *p->outputs);
    p->planes = malloc((size_t)p->faces * image_pixels(p) * sizeof *p->planes);
    p->resized = malloc((size_t)p->faces * image_pixels(p));
    if (p->images == NULL || p->outputs == NULL || p->planes == NULL || p->resized == NULL)
        return err_memory(e, "preparing predictions");
    if (p->net != NULL)
        p->session = session_create(p->net, (int)images, false, p->threads, e);
    return p->net == NULL || p->session != NULL;
}

static struct predictor *predictor_new(const char *name, int threads, struct err *e)
{
    struct predictor *p = calloc(1, sizeof *p);
    if (p == NULL || (p->name = strdup(name)) == NULL) {
        free(p);
        err_memory(e, "preparing predictions");
        return NULL;
    }
    p->threads = threads > 0 ? threads : omp_get_max_threads();
    return p;
}

static void take_network(struct predictor *p, struct network *net)
{
    p->net = net;
    p->facts = (struct model_facts){
        .classes = network_classes(net), .size = network_input_size(net), .channels = 1, .engine = true};
}

static void take_graph(struct predictor *p, struct graph *g)
{
    struct graph_image image = graph_image(g);
    p->graph = g;
    p->channels_last = image.channels_last;
    p->facts = (struct model_facts){.classes = graph_classes(g),
                                    .size = image.size,
                                    .channels = image.channels,
                                    .scales_pixels = graph_scales_pixels(g),
                                    .ending = graph_ending(g)};
    snprintf(p->arch, sizeof p->arch, "graph of %d operators", graph_nodes(g));
}

struct predictor *predictor_over(struct network *net, int threads, struct err *e)
{
    struct predictor *p = predictor_new("the network in training", threads, e);
    if (p == NULL)
        return NULL;
    take_network(p, net);
    p->input = model_input_own();
    if (!make_buffers(p, e)) {
        predictor_free(p);
        return NULL;
    }
    return p;
}

/* By the engine where it can: unless somebody says what the outputs are, which the engine would not heed. */
static bool load_model(struct predictor *p, const void *bytes, size_t size, const struct model_reading *asked,
                       struct err *e)
{
    struct network *net = NULL;
    if ((asked == NULL || asked->output == NULL) && !model_input_says_output(bytes, size))
        net = onnx_read(bytes, size, p->name, e);
    struct graph *g = net == NULL ? graph_load(bytes, size, p->name, e) : NULL;
    if (net != NULL)
        take_network(p, net);
    else if (g != NULL)
        take_graph(p, g);
    p->owns_network = net != NULL;
    return net != NULL || g != NULL;
}

struct predictor *predictor_reading(const void *bytes, size_t size, const char *name,
                                    const struct model_reading *asked, int threads, struct err *e)
{
    struct predictor *p = predictor_new(name, threads, e);
    if (p == NULL)
        return NULL;
    if (!load_model(p, bytes, size, asked, e) ||
        !model_input_decide(bytes, size, name, &p->facts, asked, &p->input, e) || !make_buffers(p, e)) {
        predictor_free(p);
        return NULL;
    }
    return p;
}

struct predictor *predictor_from_onnx(const void *bytes, size_t size, const char *name, int threads,
                                      struct err *e)
{
    return predictor_reading(bytes, size, name, NULL, threads, e);
}

void predictor_free(struct predictor *p)
{
    if (p == NULL)
        return;
    session_free(p->session);
    if (p->owns_network)
        network_free(p->net);
    graph_free(p->graph);
    str_free(&p->input.told);
    free(p->name);
    free(p->images);
    free(p->outputs);
    free(p->planes);
    free(p->resized);
    free(p);
}

void predictor_refresh(struct predictor *p)
{
    session_refresh(p->session);
}

void predictor_describe(const struct predictor *p, struct model_new *m)
{
    m->arch = p->net != NULL ? network_arch(p->net) : p->arch;
    m->parameters = (int64_t)(p->net != NULL ? network_parameters(p->net) : graph_parameters(p->graph));
    m->input_size = p->size;
}

const char *predictor_told(const struct predictor *p)
{
    return p->input.told.length > 0 ? p->input.told.data : NULL;
}

bool predictor_note(const struct predictor *p, const void *bytes, size_t size, void **out, size_t *out_size,
                    struct err *e)
{
    return model_input_note(&p->input, &p->facts, bytes, size, out, out_size, e);
}

struct network *predictor_take_network(struct predictor *p)
{
    p->owns_network = false;
    return p->net;
}

struct network *model_trainable(const void *bytes, size_t size, const char *name, struct err *e)
{
    struct predictor *p = predictor_reading(bytes, size, name, NULL, 1, e);
    struct network *net = NULL;
    if (p != NULL && p->net == NULL)
        err_set(
            e, ERR_INPUT,
            "%s: training goes on from networks of ferlab's own kind only; this model is a graph of other "
            "operators, which can be evaluated and reviewed",
            name);
    else if (p != NULL && !p->input.own)
        err_set(e, ERR_INPUT,
                "%s: training goes on from models of standardised pixels and the eight emotions in their "
                "order only; "
                "this one can be evaluated and reviewed",
                name);
    else if (p != NULL)
        net = predictor_take_network(p);
    predictor_free(p);
    return net;
}

/* One image of the plane's values, mirrored or not: each channel the same but for its mean and deviation. */
static void fill_image(const struct predictor *p, const float *plane, bool mirrored, float *image)
{
    size_t side = (size_t)p->size, channels = (size_t)p->facts.channels;
    for (size_t c = 0; c < channels; c++) {
        float mean = p->input.mean[c], deviation = p->input.deviation[c];
        float *to = image + (p->channels_last ? c : c * side * side);
        size_t step = p->channels_last ? channels : 1;
        for (size_t y = 0; y < side; y++)
            for (size_t x = 0; x < side; x++, to += step)
                *to = (plane[y * side + (mirrored ? side - 1 - x : x)] - mean) / deviation;
    }
}

/* Images 2i and 2i + 1: the face and its mirror image. */
static void fill_pair(struct predictor *p, int i, const uint8_t *pixels)
{
    float *plane = p->planes + (size_t)i * image_pixels(p),
          *face = p->images + 2 * (size_t)i * image_values(p);
    model_input_plane(&p->input, pixels, image_pixels(p), plane);
    fill_image(p, plane, false, face);
    fill_image(p, plane, true, face + image_values(p));
}

static bool predict_pairs(struct predictor *p, int faces, float (*probabilities)[EMOTION_COUNT],
                          struct err *e)
{
    float pair[2][EMOTION_COUNT];
    if (p->net != NULL)
        session_predict(p->session, p->images, 2 * faces, p->outputs);
    else if (!graph_run(p->graph, p->images, 2 * faces, p->threads, p->outputs, e))
        return false;
    for (int i = 0; i < faces; i++) {
        float *outputs = p->outputs + 2 * (size_t)i * (size_t)p->facts.classes;
        if (!model_input_emotions(&p->input, p->name, outputs, pair[0], e) ||
            !model_input_emotions(&p->input, p->name, outputs + p->facts.classes, pair[1], e))
            return false;
        for (int k = 0; k < EMOTION_COUNT; k++)
            probabilities[i][k] = 0.5f * (pair[0][k] + pair[1][k]);
    }
    return true;
}

bool predictor_faces(struct predictor *p, const uint8_t *pixels, size_t count,
                     float (*probabilities)[EMOTION_COUNT], struct err *e)
{
    bool fine = true;
    for (size_t first = 0; fine && first < count; first += (size_t)p->faces) {
        int n = count - first < (size_t)p->faces ? (int)(count - first) : p->faces;
#pragma omp parallel for schedule(static) num_threads(p->threads)
        for (int i = 0; i < n; i++) {
            const uint8_t *face = pixels + (first + (size_t)i) * FACE_PIXELS;
            uint8_t *resized = p->resized + (size_t)i * image_pixels(p);
            if (p->size != FACE_SIZE) {
                image_resize(face, FACE_SIZE, FACE_SIZE, resized, p->size, p->size);
                face = resized;
            }
            fill_pair(p, i, face);
        }
        fine = predict_pairs(p, n, probabilities + first, e);
    }
    return fine;
}

bool predictor_image(struct predictor *p, const struct gray *image, float probabilities[EMOTION_COUNT],
                     struct err *e)
{
    image_square(image, p->size, p->resized);
    fill_pair(p, 0, p->resized);
    return predict_pairs(p, 1, (float(*)[EMOTION_COUNT])probabilities, e);
}

bool predictor_samples(struct predictor *p, struct workspace *ws, const int64_t *ids, size_t count,
                       float (*probabilities)[EMOTION_COUNT], size_t *done, struct progress *bar,
                       struct err *e)
{
    uint8_t *pixels = malloc((size_t)SWEEP_FACES * FACE_PIXELS);
    if (pixels == NULL)
        return err_memory(e, "predicting");
    bool fine = true;
    while (fine && *done < count && !interrupt_requested()) {
        size_t n = count - *done < SWEEP_FACES ? count - *done : SWEEP_FACES;
        fine = sample_pixels_many(ws, ids + *done, n, pixels, e) &&
               predictor_faces(p, pixels, n, probabilities + *done, e);
        *done += fine ? n : 0;
        progress_update(bar, *done);
    }
    free(pixels);
    return fine;
}
