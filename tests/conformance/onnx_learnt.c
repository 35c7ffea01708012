/* Writes the file that one step of learning makes of a model: onnx_learnt MODEL.onnx OUT.onnx. */
#include "ferlab/nn/graph_learn.h"

#include <stdio.h>
#include <stdlib.h>

static void *read_all(const char *path, size_t *size)
{
    FILE *f = fopen(path, "rb");
    if (!f)
        return NULL;
    fseek(f, 0, SEEK_END);
    *size = (size_t)ftell(f);
    rewind(f);
    void *bytes = malloc(*size + 1);
    if (bytes && fread(bytes, 1, *size, f) != *size)
        *size = 0;
    fclose(f);
    return bytes;
}

static bool write_all(const char *path, const void *bytes, size_t size)
{
    FILE *f = fopen(path, "wb");
    return f && fwrite(bytes, 1, size, f) == size && fclose(f) == 0;
}

/* One step on an image of ones. */
static bool learn(struct graph *g, struct err *e)
{
    struct graph_image m = graph_image(g);
    size_t values = (size_t)m.channels * (size_t)m.size * (size_t)m.size;
    float *image = malloc(values * sizeof *image),
          *targets = calloc((size_t)graph_classes(g), sizeof *targets);
    double loss;
    struct sgd sgd = {0};
    bool fine = image && targets && graph_learn(g, e);
    for (size_t i = 0; fine && i < values; i++)
        image[i] = 1.0f;
    if (fine)
        targets[0] = 1.0f;
    struct graph_session *s = fine ? graph_session_create(g, true, 1, 1, e) : NULL;
    fine = s && sgd_init(&sgd, graph_parameter_list(g), 0.9f, 0.0f, e) &&
           graph_session_train(s, image, targets, 1, LOSS_CROSS_ENTROPY, NULL, &loss, e);
    if (fine)
        sgd_step(&sgd, graph_parameter_list(g), 0.01f);
    sgd_free(&sgd);
    graph_session_free(s);
    free(image);
    free(targets);
    return fine;
}

int main(int argc, char **argv)
{
    size_t size = 0, written;
    struct err e = {0};
    void *bytes = argc == 3 ? read_all(argv[1], &size) : NULL, *out = NULL;
    struct graph *g = bytes ? graph_load(bytes, size, argv[1], &e) : NULL;
    bool fine = g && learn(g, &e) && graph_write(g, &out, &written, &e) && write_all(argv[2], out, written);
    if (!fine)
        fprintf(stderr, "onnx_learnt: %s\n", e.text[0] ? e.text : "usage: onnx_learnt MODEL.onnx OUT.onnx");
    graph_free(g);
    free(bytes);
    free(out);
    return fine ? 0 : 1;
}
