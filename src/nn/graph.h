/* Graphs of ONNX operators, evaluated as the file has them: what the engine's chains (onnx_chain.c) cannot
 * say.
 *
 * graph_load.c turns a file into steps in an order that can be run, with all that depends on nothing but
 * stored tensors computed once; graph_run.c takes the steps one after the other on the calling thread;
 * graph_images.c gives each thread its own images. graph_ops_*.c hold the operators, graph_table.c their
 * names. Every size is computed from a file's claims, so nothing is allocated or computed but through
 * step_output, step_scratch and step_work, which refuse beyond the limits. */
#ifndef FERLAB_NN_GRAPH_PRIVATE_H
#define FERLAB_NN_GRAPH_PRIVATE_H

#include "ferlab/nn/graph.h"
#include "onnx_file.h"

enum { RANK_MAX = 8, NONE = -1 };

enum value_type { VALUE_FLOAT, VALUE_INT }; /* all integers and booleans are int64 */

struct value {
    enum value_type type;
    int rank;
    int64_t dims[RANK_MAX];
    size_t count;
    union {
        float *floats;
        int64_t *ints;
        void *data; /* NULL: not computed */
    };
    bool owned; /* data is freed with the value */
};

struct graph_step; /* one node */

/* What one evaluation may still take; sizes in bytes, work in multiply-adds or values written. */
struct budget {
    size_t bytes, least; /* least: what was left at the peak */
    double work;
};

struct step {
    const struct graph *graph;
    const struct graph_step *node;
    const struct value *const *in; /* [inputs], NULL where left out */
    struct value *out;             /* [outputs] */
    struct budget *budget;
    void *scratch;
    size_t scratch_bytes;
    struct err *err;
};

struct graph_op {
    const char *type;
    int inputs_min, inputs_max; /* inputs_max NONE: any number */
    bool (*run)(struct step *s);
};

struct graph_step {
    const struct graph_op *op;
    const Onnx__NodeProto *node;
    int *inputs, *outputs; /* indices of values, NONE where left out */
    int input_count, output_count;
};

struct graph {
    char *name;
    struct onnx_file file;
    int64_t opset;
    size_t file_bytes, weights;
    char **names;         /* of the values, sorted */
    struct value *values; /* data where constant */
    int *last_use;        /* of each value: the last step that reads it; INT_MAX where it is an output */
    int value_count;
    struct graph_step *steps; /* in order; folded ones left out */
    int step_count;
    int *inputs, *outputs; /* values; inputs without stored tensors */
    int input_count, output_count;
    int *indices; /* where the steps' inputs and outputs lie */
    struct graph_image image;
    int classes;
    size_t peak_bytes; /* of one evaluation */
};

/* graph_load.c: the graph alone, whatever its inputs and outputs. */
struct graph *graph_open(const void *bytes, size_t size, const char *name, struct err *e);
const Onnx__ValueInfoProto *graph_input_info(const struct graph *g, int input);

/* graph_tensor.c: a stored tensor as a value, which may share the tensor's memory. `where` begins the
 * sentence of a failure. */
bool tensor_read(const Onnx__TensorProto *t, const char *where, struct value *out, struct err *e);

/* graph_run.c: values of the outputs from those of the inputs, which stay the caller's. Outputs are freed
 * with value_free. */
bool graph_evaluate(const struct graph *g, const struct value *inputs, struct value *outputs,
                    struct budget *budget, struct err *e);
/* Runs one step with its inputs among `values`, which get its outputs. */
bool graph_run_step(const struct graph *g, const struct graph_step *node, struct value *values,
                    struct budget *budget, struct err *e);
struct budget graph_budget(void);
void value_free(struct value *v, struct budget *budget);

/* graph_table.c: NULL where it is not supported. */
const struct graph_op *graph_find_op(const char *type);

/* ---- what operators are made of: graph_step.c ---- */

/* "FILE: node 'NAME' (Type): sentence"; false. */
int step_fill(struct step *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
#define step_refuse(...) err_failed(step_fill(__VA_ARGS__))

const struct value *step_input(const struct step *s, int index); /* NULL where left out */
bool step_floats(struct step *s, int first, int last);           /* these inputs, where there, are float */
/* A list of integers from input `index`, else from the attribute; *count -1 where there is neither. */
bool step_list(struct step *s, int index, const char *attribute, int64_t *out, int *count);

const Onnx__AttributeProto *step_attribute(const struct step *s, const char *name);
int64_t step_int(const struct step *s, const char *name, int64_t otherwise);
float step_float(const struct step *s, const char *name, float otherwise);
bool step_text_is(const struct step *s, const char *name, const char *text);
/* Exactly `count` integers of the attribute, or `otherwise` each where it is not there. */
bool step_ints(struct step *s, const char *name, int count, int64_t otherwise, int64_t *out);

/* Output `index` with memory for these dimensions, not cleared. */
bool step_output(struct step *s, int index, enum value_type type, int rank, const int64_t *dims);
bool step_output_like(struct step *s, const struct value *like);
/* Memory until the step ends, once a step. */
void *step_scratch(struct step *s, size_t count, size_t size);
bool step_work(struct step *s, double multiply_adds);

/* -rank ... rank - 1 to 0 ... rank - 1; false with a sentence beyond. */
bool step_axis(struct step *s, int64_t axis, int rank, int *out);
/* Dimensions of a and b stretched to each other (numpy's rule). */
bool step_broadcast(struct step *s, const struct value *a, const struct value *b, int64_t *dims, int *rank);
/* How far one step along each of `rank` dimensions moves in v, 0 where v is stretched. */
void value_strides(const struct value *v, int rank, const int64_t *dims, int64_t *strides);
/* Values before, at and after an axis. */
struct around {
    size_t before, at, after;
};
struct around value_around(const struct value *v, int axis);
static inline size_t value_bytes(enum value_type type)
{
    return type == VALUE_FLOAT ? sizeof(float) : sizeof(int64_t);
}
void value_copy(struct value *to, size_t at, const struct value *from, size_t from_at, size_t count);
/* Counts `at` one on over dims, the last fastest; false after the last. */
bool index_next(int rank, const int64_t *dims, int64_t *at);

/* ---- graph_window.c: where the kernels of convolutions and pooling lie, three dimensions, 1 in front ----
 */
struct window {
    int64_t in[3], out[3], kernel[3], stride[3], dilation[3], pad[3], pad_end[3];
};
/* Of input 0 [images][channels][1 to 3 dimensions], from the attributes. */
bool window_read(struct step *s, const int64_t *kernel, struct window *w);
bool window_kernel(struct step *s, int64_t *kernel); /* kernel_shape */
int64_t window_product(const int64_t *three);
/* Output 0 for that many channels. */
bool window_output(struct step *s, const struct window *w, int64_t channels);

/* ---- the operators ---- */
bool op_conv(struct step *s);
bool op_batch_norm(struct step *s);
bool op_max_pool(struct step *s);
bool op_average_pool(struct step *s);
bool op_global_max_pool(struct step *s);
bool op_global_average_pool(struct step *s);
bool op_relu(struct step *s);
bool op_leaky_relu(struct step *s);
bool op_clip(struct step *s);
bool op_sigmoid(struct step *s);
bool op_tanh(struct step *s);
bool op_hard_swish(struct step *s);
bool op_hard_sigmoid(struct step *s);
bool op_softmax(struct step *s);
bool op_log_softmax(struct step *s);
bool op_gemm(struct step *s);
bool op_matmul(struct step *s);
bool op_add(struct step *s);
bool op_sub(struct step *s);
bool op_mul(struct step *s);
bool op_div(struct step *s);
bool op_concat(struct step *s);
bool op_flatten(struct step *s);
bool op_reshape(struct step *s);
bool op_transpose(struct step *s);
bool op_squeeze(struct step *s);
bool op_unsqueeze(struct step *s);
bool op_identity(struct step *s);
bool op_dropout(struct step *s);
bool op_constant(struct step *s);
bool op_constant_of_shape(struct step *s);
bool op_cast(struct step *s);
bool op_shape(struct step *s);
bool op_slice(struct step *s);
bool op_gather(struct step *s);
bool op_expand(struct step *s);
bool op_pad(struct step *s);
bool op_reduce_mean(struct step *s);
bool op_reduce_sum(struct step *s);

#endif
