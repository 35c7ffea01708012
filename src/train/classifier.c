/* Classifiers: networks and graphs of operators with how they are read, from files and back into files. */
#include "classifier.h"

#include "ferlab/eval/calibration.h"
#include "ferlab/nn/graph_learn.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct classifier *classifier_new(const char *name, struct err *e)
{
    struct classifier *c = calloc(1, sizeof *c);
    if (c == NULL || (c->name = strdup(name)) == NULL) {
        free(c);
        err_memory(e, "reading a model");
        return NULL;
    }
    return c;
}

void classifier_free(struct classifier *c)
{
    if (c == NULL)
        return;
    if (c->net != NULL)
        network_free(c->net);
    graph_free(c->graph);
    str_free(&c->input.told);
    free(c->onnx);
    free(c->name);
    free(c);
}

static void take_network(struct classifier *c, struct network *net)
{
    c->net = net;
    c->facts = (struct model_facts){
        .classes = network_classes(net), .size = network_input_size(net), .channels = 1, .engine = true};
}

static void take_graph(struct classifier *c, struct graph *g)
{
    struct graph_image image = graph_image(g);
    c->graph = g;
    c->channels_last = image.channels_last;
    c->facts = (struct model_facts){.classes = graph_classes(g),
                                    .size = image.size,
                                    .channels = image.channels,
                                    .scales_pixels = graph_scales_pixels(g),
                                    .ending = graph_ending(g)};
    snprintf(c->graph_arch, sizeof c->graph_arch, "graph of %d operators", graph_nodes(g));
}

struct classifier *classifier_create(const char *arch, int input_size, uint64_t seed, struct err *e)
{
    struct network *net = network_create(arch, input_size, EMOTION_COUNT, seed, e);
    struct classifier *c = net != NULL ? classifier_new("the network in training", e) : NULL;
    if (c == NULL) {
        network_free(net);
        return NULL;
    }
    take_network(c, net);
    c->input = model_input_own();
    return c;
}

/* By the engine where it can: unless somebody says what the outputs are, which the engine would not heed. Of
 * our own files it need not. */
static bool load_model(struct classifier *c, const void *bytes, size_t size,
                       const struct model_reading *asked, struct err *e)
{
    struct network *net = NULL;
    bool says = (asked != NULL && asked->output != NULL) || model_input_says_output(bytes, size);
    if (!says || model_input_notes_own(bytes, size))
        net = onnx_read(bytes, size, c->name, e);
    struct graph *g = net == NULL ? graph_load(bytes, size, c->name, e) : NULL;
    if (net != NULL)
        take_network(c, net);
    else if (g != NULL)
        take_graph(c, g);
    return net != NULL || g != NULL;
}

struct classifier *classifier_read(const void *bytes, size_t size, const char *name,
                                   const struct model_reading *asked, struct err *e)
{
    struct classifier *c = classifier_new(name, e);
    if (c != NULL && load_model(c, bytes, size, asked, e) &&
        model_input_decide(bytes, size, name, &c->facts, asked, &c->input, e))
        return c;
    classifier_free(c);
    return NULL;
}

static bool keep_file(struct classifier *c, const void *bytes, size_t size, struct err *e)
{
    if (c->input.own)
        return true;
    c->onnx = malloc(size);
    c->onnx_size = size;
    if (c->onnx == NULL)
        return err_memory(e, "reading a model");
    memcpy(c->onnx, bytes, size);
    return true;
}

/* Takes back what calibration made of the logits: the loss they learnt by knew nothing of it. */
static void undo_calibration(struct classifier *c, const void *bytes, size_t size)
{
    double temperature;
    char *note = onnx_note_read(bytes, size, CALIBRATION_NOTE);
    if (note != NULL && str_to_double(note, CALIBRATION_COOLEST, CALIBRATION_HOTTEST, &temperature))
        classifier_scale_logits(c, (float)temperature);
    free(note);
}

struct classifier *classifier_to_learn(const void *bytes, size_t size, const char *name, struct err *e)
{
    struct classifier *c = classifier_read(bytes, size, name, NULL, e);
    if (c != NULL && keep_file(c, bytes, size, e) && (c->graph == NULL || graph_learn(c->graph, e))) {
        undo_calibration(c, bytes, size);
        return c;
    }
    classifier_free(c);
    return NULL;
}

struct classifier *classifier_copy(const struct classifier *c, struct err *e)
{
    struct classifier *copy;
    if (c->onnx != NULL)
        copy = classifier_to_learn(c->onnx, c->onnx_size, c->name, e);
    else
        copy = classifier_create(network_arch(c->net), c->facts.size, 0, e);
    if (copy != NULL)
        classifier_copy_values(copy, c);
    return copy;
}

const char *classifier_arch(const struct classifier *c)
{
    return c->net != NULL ? network_arch(c->net) : c->graph_arch;
}

size_t classifier_parameters(const struct classifier *c)
{
    return c->net != NULL ? network_parameters(c->net) : graph_parameters(c->graph);
}

size_t classifier_embedding_values(const struct classifier *c)
{
    return c->net != NULL ? network_embedding_values(c->net) : graph_embedding_values(c->graph);
}

struct parameter_list classifier_parameter_list(const struct classifier *c)
{
    return c->net != NULL ? network_parameter_list(c->net) : graph_parameter_list(c->graph);
}

void classifier_copy_values(struct classifier *to, const struct classifier *from)
{
    struct parameter_list source = classifier_parameter_list(from), target = classifier_parameter_list(to);
    for (size_t i = 0; i < source.count; i++)
        memcpy(target.items[i].value, source.items[i].value,
               source.items[i].count * sizeof *source.items[i].value);
}

bool classifier_scale_logits(struct classifier *c, float factor)
{
    if (c->graph != NULL)
        return graph_scale_logits(c->graph, c->input.logits, factor);
    network_scale_logits(c->net, factor);
    return true;
}

/* ---- files ---- */

/* A network that is read as others are. */
static bool write_network(const struct classifier *c, const struct onnx_note *notes, size_t count,
                          void **bytes, size_t *size, struct err *e)
{
    char names[CLASS_NAMES_MAX], *rest = names;
    const char **classes = calloc((size_t)c->facts.classes, sizeof *classes);
    if (classes == NULL)
        return err_memory(e, "writing a model");
    snprintf(names, sizeof names, "%s", c->input.class_names);
    for (int i = 0; i < c->facts.classes; i++)
        classes[i] = c->input.own ? class_name(i) : strsep(&rest, ",");
    bool fine = onnx_write(c->net, classes, notes, count, bytes, size, e);
    free(classes);
    return fine;
}

static bool write_graph(const struct classifier *c, const struct onnx_note *notes, size_t count, void **bytes,
                        size_t *size, struct err *e)
{
    void *plain;
    size_t plain_size;
    if (!graph_write(c->graph, &plain, &plain_size, e))
        return false;
    bool fine = onnx_notes_set(plain, plain_size, notes, count, bytes, size, e);
    free(plain);
    return fine;
}

bool classifier_write(const struct classifier *c, const struct onnx_note *notes, size_t count, void **bytes,
                      size_t *size, struct err *e)
{
    bool fine = c->net != NULL ? write_network(c, notes, count, bytes, size, e)
                               : write_graph(c, notes, count, bytes, size, e);
    if (!fine || c->input.own)
        return fine;
    void *plain = *bytes;
    fine = model_input_note(&c->input, &c->facts, plain, *size, bytes, size, e);
    free(plain);
    return fine;
}

/* ---- images ---- */

size_t classifier_image_values(const struct classifier *c)
{
    return (size_t)c->facts.size * (size_t)c->facts.size * (size_t)c->facts.channels;
}

void classifier_image(const struct classifier *c, const float *plane, bool mirrored, float *image)
{
    size_t side = (size_t)c->facts.size, channels = (size_t)c->facts.channels;
    for (size_t k = 0; k < channels; k++) {
        float mean = c->input.mean[k], deviation = c->input.deviation[k];
        float *to = image + (c->channels_last ? k : k * side * side);
        size_t step = c->channels_last ? channels : 1;
        for (size_t y = 0; y < side; y++)
            for (size_t x = 0; x < side; x++, to += step)
                *to = (plane[y * side + (mirrored ? side - 1 - x : x)] - mean) / deviation;
    }
}
