/* Reading ONNX in three steps: bytes to messages (onnx_unpack.c), messages to a chain of layers with their
 * tensors (onnx_chain.c), chain to network (onnx_read.c). */
#ifndef FERLAB_NN_ONNX_FILE_H
#define FERLAB_NN_ONNX_FILE_H

#include "ferlab/base/str.h"
#include "layer.h"
#include "onnx.pb-c.h"

enum { ONNX_BYTES_MAX = 512 << 20 };

struct onnx_file {
    const char *name; /* for messages */
    Onnx__ModelProto *model;
    ProtobufCAllocator allocator;
    size_t budget; /* bytes that unpacking may still take */
    bool exhausted;
};

/* Unpacks and checks what the protocol buffers themselves can get wrong. onnx_file_close even after failure.
 */
bool onnx_file_open(struct onnx_file *f, const void *bytes, size_t size, struct err *e);
void onnx_file_close(struct onnx_file *f);

/* A float tensor: dims and values checked against each other. */
struct tensor {
    const char *name;
    int dims[4], rank;
    size_t count;
    const unsigned char *bytes;
};
float tensor_at(const struct tensor *t, size_t index);

/* What one convolution or dense layer of the file brings. Absent tensors have no bytes. */
struct link {
    const char *node;
    bool dense, transposed; /* dense weights stored [in][out] */
    struct tensor weight, bias;
    struct tensor scale, shift, mean, variance; /* of the normalisation behind it */
    float epsilon;
};

struct chain {
    struct str items; /* the architecture string */
    int input_size, classes;
    size_t count;
    struct link links[ITEMS_MAX + 1];
};

/* Follows the graph from its input to its output. chain->items is the caller's to free, even after failure.
 */
bool onnx_chain_read(const struct onnx_file *f, struct chain *chain, struct err *e);

/* The value of a metadata_props entry, or NULL. */
const char *onnx_file_note(const struct onnx_file *f, const char *key);

#endif
