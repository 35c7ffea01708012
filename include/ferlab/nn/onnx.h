/* ONNX model files (opset 13): writing and reading back networks of network.h, with class names and
 * preprocessing in metadata_props. Softmax output named "probabilities", input "image" [batch, 1, size, size]
 * float32 standardised per image. BatchNormalization is kept; Conv with bias and no BatchNormalization is
 * read too. */
#ifndef FERLAB_NN_ONNX_H
#define FERLAB_NN_ONNX_H

#include "ferlab/nn/network.h"

struct onnx_note { /* one metadata_props entry */
    const char *key, *value;
};

/* mallocs *bytes. `classes`: their names, network_classes() of them; NULL: not noted. */
bool onnx_write(const struct network *net, const char *const *classes, const struct onnx_note *notes,
                size_t note_count, void **bytes, size_t *size, struct err *e);

/* Reads a network. `name` is for messages. Sizes, shapes and offsets are checked before anything is believed;
 * external data is refused; unsupported operators are named. */
struct network *onnx_read(const void *bytes, size_t size, const char *name, struct err *e);

/* The value of a note, malloc'ed; NULL where the file has none of that key. */
char *onnx_note_read(const void *bytes, size_t size, const char *key);
/* The file with these notes in place of its own of the same keys; mallocs *out. */
bool onnx_notes_set(const void *bytes, size_t size, const struct onnx_note *notes, size_t count, void **out,
                    size_t *out_size, struct err *e);
/* The file with all notes of another in place of its own; mallocs *out. */
bool onnx_notes_copy(const void *bytes, size_t size, const void *other, size_t other_size, void **out,
                     size_t *out_size, struct err *e);

#endif
