/* How a model is read: what its input is made of a face, and what its outputs mean. Told by options, by notes
 * in the file's metadata_props, or guessed from the graph, with the reason. */
#ifndef FERLAB_TRAIN_MODEL_INPUT_H
#define FERLAB_TRAIN_MODEL_INPUT_H

#include "ferlab/base/str.h"
#include "ferlab/nn/graph.h"
#include "ferlab/train/inference.h"

enum pixel_scale { SCALE_STANDARD, SCALE_RAW, SCALE_UNIT, SCALE_COUNT };

enum { CHANNELS_AT_MOST = 3, CLASS_NAMES_MAX = 1024 };

struct model_input {
    enum pixel_scale scale;
    float mean[CHANNELS_AT_MOST], deviation[CHANNELS_AT_MOST]; /* (scaled - mean) / deviation */
    bool logits;
    int classes;               /* outputs */
    int output[EMOTION_COUNT]; /* of each emotion */
    bool own;                  /* standardised pixels, the eight emotions in their order */
    char class_names[CLASS_NAMES_MAX];
    struct str told; /* what was guessed and why; empty where nothing was */
};

/* What the graph itself tells. */
struct model_facts {
    int classes, size, channels;
    bool engine; /* read as a network of our own kind: its outputs are probabilities */
    bool scales_pixels;
    enum graph_ending ending;
};

/* What is asked goes before what the file notes, but for files that ferlab wrote of its own networks: what
 * contradicts these is refused. told is the caller's to free, even after failure. */
bool model_input_decide(const void *bytes, size_t size, const char *name, const struct model_facts *facts,
                        const struct model_reading *asked, struct model_input *out, struct err *e);

/* raw, unit or standard. */
const char *model_input_scale(const struct model_input *in);

/* Of a network of our own in training. */
struct model_input model_input_own(void);

/* Whether the file is one of ferlab's own networks as it was written, standardised pixels and all. */
bool model_input_notes_own(const void *bytes, size_t size);

/* Whether the file notes what its outputs mean. */
bool model_input_says_output(const void *bytes, size_t size);

/* The file with notes of how it is read, so that nothing has to be guessed again; mallocs *out. */
bool model_input_note(const struct model_input *in, const struct model_facts *facts, const void *bytes,
                      size_t size, void **out, size_t *out_size, struct err *e);

/* A face of `pixels` pixels as the model's numbers before mean and deviation of channels. */
void model_input_plane(const struct model_input *in, const uint8_t *face, size_t pixels, float *plane);

/* Probabilities of the emotions from the model's outputs. */
bool model_input_emotions(const struct model_input *in, const char *name, float *outputs,
                          float *probabilities, struct err *e);

#endif
