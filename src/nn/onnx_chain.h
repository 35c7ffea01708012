/* Reading a chain of layers out of an ONNX graph, between the files that share it: onnx_chain.c (the graph),
 * onnx_chain_node.c (a node after the other), onnx_chain_parts.c (stored tensors, attributes). */
#ifndef FERLAB_NN_ONNX_CHAIN_H
#define FERLAB_NN_ONNX_CHAIN_H

#include "onnx_file.h"

enum { CHAIN_QUOTE = 80 /* characters of a name in a sentence */ };

/* What the chain's last node has left to be done. */
enum chain_place {
    AT_MAPS,   /* anything may follow */
    AT_CONV,   /* a convolution waits for BatchNormalization or Relu */
    AT_NORM,   /* a convolution and BatchNormalization wait for Relu */
    AT_VECTOR, /* maps were averaged or flattened, or a dense layer was followed by Relu */
    AT_MATMUL, /* a product waits for its Add */
    AT_DENSE,  /* a dense layer: Relu makes it a hidden one, the end makes it the last */
    AT_END,    /* Softmax came */
};

struct chain_reader {
    const struct onnx_file *file;
    const Onnx__GraphProto *graph;
    const Onnx__NodeProto *node;
    const char *value; /* the name of what the chain has come to */
    enum chain_place place;
    struct shape at;
    bool averaged, flattened, hidden;
    struct chain *chain;
    struct err *err;
};

/* "FILE: node 'NAME' (Type): sentence". False. */
bool chain_refuse(struct chain_reader *r, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Whether both are there and alike. */
bool chain_same(const char *a, const char *b);

/* The constant of that name: an initializer, or the output of a Constant node. NULL where there is none. */
const Onnx__TensorProto *chain_constant(const struct chain_reader *r, const char *name);

/* The node's input `index` as a constant float tensor of that rank, or a vector of so many values. */
bool chain_tensor(struct chain_reader *r, size_t index, int rank, struct tensor *out);
bool chain_vector(struct chain_reader *r, size_t index, int count, struct tensor *out);

/* An attribute of the node, NULL where it has none of that name; and whether it is `value`, `otherwise` where
 * it is not there. A list has nothing but `value`. */
const Onnx__AttributeProto *chain_attribute(const struct chain_reader *r, const char *name);
bool chain_int_is(const struct chain_reader *r, const char *name, int64_t value, int64_t otherwise);
bool chain_float_is(const struct chain_reader *r, const char *name, float value, float otherwise);
bool chain_ints_are(const struct chain_reader *r, const char *name, size_t count, int64_t value,
                    int64_t otherwise);
bool chain_text_is(const struct chain_reader *r, const char *name, const char *value);

/* Puts an item behind the architecture string. */
void chain_add_item(struct chain_reader *r, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Takes a node that is no Constant onto the chain. */
bool chain_read_node(struct chain_reader *r, const Onnx__NodeProto *node);

#endif
