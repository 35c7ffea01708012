/* A model as a classifier of faces: the network or the graph of operators that computes it, and how it is
 * read. Predictors lie over it, and trainings. */
#ifndef FERLAB_TRAIN_CLASSIFIER_H
#define FERLAB_TRAIN_CLASSIFIER_H

#include "model_input.h"

#include "ferlab/nn/graph.h"
#include "ferlab/nn/network.h"
#include "ferlab/nn/onnx.h"

struct classifier {
    char *name;          /* for messages */
    struct network *net; /* one of the two is NULL */
    struct graph *graph;
    struct model_facts facts;
    struct model_input input;
    bool channels_last;
    char graph_arch[64];
    void *onnx; /* where it learns and is not of our own kind: the file it came from */
    size_t onnx_size;
};

/* A network of our own. input_size 0: the preset's. */
struct classifier *classifier_create(const char *arch, int input_size, uint64_t seed, struct err *e);
/* From ONNX bytes, by the engine where it can; `asked` of the reading may be NULL. */
struct classifier *classifier_read(const void *bytes, size_t size, const char *name,
                                   const struct model_reading *asked, struct err *e);
/* The note of a file whose logits a training divided by a temperature: the temperature. */
#define CALIBRATION_NOTE "temperature"

/* The same, to learn on from, as it was before it was calibrated. Fails with a sentence where an operator has
 * no gradient. */
struct classifier *classifier_to_learn(const void *bytes, size_t size, const char *name, struct err *e);
/* Of one that learns. */
struct classifier *classifier_copy(const struct classifier *c, struct err *e);
void classifier_free(struct classifier *c);

const char *classifier_arch(const struct classifier *c);
size_t classifier_parameters(const struct classifier *c);       /* floats */
size_t classifier_embedding_values(const struct classifier *c); /* 0: it has no last layer of weights */

/* Of one that learns: all tensors that training changes. */
struct parameter_list classifier_parameter_list(const struct classifier *c);
/* Between copies. */
void classifier_copy_values(struct classifier *to, const struct classifier *from);
/* Of one that learns: all logits become `factor` times as large. False, and nothing changed, where no last
 * layer makes them. */
bool classifier_scale_logits(struct classifier *c, float factor);
/* As an ONNX file that notes how it is read, and these notes; mallocs *bytes. */
bool classifier_write(const struct classifier *c, const struct onnx_note *notes, size_t count, void **bytes,
                      size_t *size, struct err *e);

size_t classifier_image_values(const struct classifier *c);
/* An image of the plane's values (model_input_plane), mirrored or not: each channel the same but for its mean
 * and deviation. */
void classifier_image(const struct classifier *c, const float *plane, bool mirrored, float *image);

#endif
