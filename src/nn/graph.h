/* Graphs of ONNX operators, evaluated as the file has them: what the engine's chains (onnx_chain.c) cannot
 * say.
 *
 * graph_load.c turns a file into steps in an order that can be run, with all that depends on nothing but
 * stored tensors computed once; graph_run.c takes the steps one after the other on the calling thread;
 * graph_images.c gives each thread its own images. graph_ops_*.c hold the operators, graph_table.c their
 * names. graph_learn.c finds what can be learnt, graph_tape.c takes the steps forward and back again,
 * graph_train.c does so for the images of a batch, graph_cam.c to see what speaks for a class; graph_back_*.c
 * hold the operators' gradients. Every size is computed from a file's claims, so nothing is allocated or
 * computed but through step_output, step_scratch and step_work, which refuse beyond the limits. */
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

/* A step on the way back, as it was run: its inputs and outputs hold their values. */
struct back {
    struct step s;
    const float *dy; /* of output 0 */
    float **dx;      /* [inputs]: added to; NULL where nobody wants it */
};

struct graph_op {
    const char *type;
    int inputs_min, inputs_max; /* inputs_max NONE: any number */
    bool (*run)(struct step *s);
    int carries;                      /* how many of the first inputs gradients go back to; NONE: all */
    bool (*backward)(struct back *b); /* NULL: the operator has no gradient */
};

struct graph_step {
    const struct graph_op *op;
    const Onnx__NodeProto *node;
    size_t at;             /* in the file's list of nodes */
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
    struct graph_step *steps; /* in order; behind them, in order too, those that were folded */
    int step_count, folded_count;
    int *inputs, *outputs; /* values; inputs without stored tensors */
    int input_count, output_count;
    int *indices; /* where the steps' inputs and outputs lie */
    struct graph_image image;
    int classes;
    int embedding; /* the value that goes into the last layer of weights; NONE where there is none */
    size_t embedding_values;         /* of an image; 0 likewise */
    size_t peak_bytes;               /* of one evaluation */
    struct graph_learning *learning; /* NULL: nothing is learnt */
};

/* graph_load.c: the graph alone, whatever its inputs and outputs. */
struct graph *graph_open(const void *bytes, size_t size, const char *name, struct err *e);
const Onnx__ValueInfoProto *graph_input_info(const struct graph *g, int input);
int graph_find_value(const struct graph *g, const char *name); /* NONE where there is none */

/* graph_images.c: one evaluation's input, of image.batch images. */
struct value graph_image_value(const struct graph *g, const float *images);
/* The step that makes a value; NULL where none does. */
const struct graph_step *graph_maker(const struct graph *g, int value);
/* Whether its operator is among those; NULL ends the list. */
bool graph_step_is(const struct graph_step *s, const char *const *types);
/* Whether numbers of that input go into its output, so that a gradient could come back. */
bool graph_step_carries(const struct graph_step *s, int input);
/* The step that computes the output, those that only rename it left out; NULL where none does. */
const struct graph_step *graph_last_step(const struct graph *g);
/* As many threads as asked for (0: all), but no more than their memory allows, `bytes` each. */
int graph_team(size_t bytes, int threads);

/* graph_tensor.c: a stored tensor as a value, which may share the tensor's memory. `where` begins the
 * sentence of a failure. */
bool tensor_read(const Onnx__TensorProto *t, const char *where, struct value *out, struct err *e);

/* graph_run.c: values of the outputs from those of the inputs, which stay the caller's; behind them that of
 * the embedding, where the graph has one. Outputs are freed with value_free. */
bool graph_evaluate(const struct graph *g, const struct value *inputs, struct value *outputs,
                    struct budget *budget, struct err *e);
/* Runs one step with its inputs among `values`, which get its outputs. */
bool graph_run_step(const struct graph *g, const struct graph_step *node, struct value *values,
                    struct budget *budget, struct err *e);
struct budget graph_budget(void);
/* [value_count]: what is stored, lent, and the inputs, which stay the caller's. */
void graph_start(const struct graph *g, const struct value *inputs, struct value *values);
void value_free(struct value *v, struct budget *budget);

/* graph_table.c: NULL where it is not supported. */
const struct graph_op *graph_find_op(const char *type);

/* ---- learning ---- */

/* graph_learn.c */
struct graph_learning {
    struct parameter *parameters;
    int *values;          /* which value of the graph each is */
    size_t count, learnt; /* learnt: floats of all together */
    bool *wanted;         /* [value_count]: there is something learnt on the way to it */
    float *numbers;       /* values, then gradients */
};
void graph_learning_free(struct graph_learning *l);
/* Spreads `wanted` from the values where it is set to all that depends on them by numbers; false with a
 * sentence at an operator that gradients cannot come back through. */
bool graph_spread_wanted(const struct graph *g, int step_count, bool *wanted, struct err *e);

/* graph_train.c: what the loss is of. Where the output is a Softmax over the classes, what goes into it. */
struct graph_judged {
    int value, steps; /* steps: as many of the first make it */
    bool is_logits;
};
struct graph_judged graph_judge(const struct graph *g, bool outputs_are_logits);

/* graph_tape.c: one evaluation with all its values kept, and back. */
struct gradient {
    float *data;
    bool lent; /* the caller's: added to, not freed */
};
struct tape {
    const struct graph *graph;
    const bool *wanted; /* [value_count] */
    struct value *values;
    struct gradient *gradients; /* of the values; those that the caller lends are set before going back */
    const struct value **in;
    float **dx; /* of the step at hand */
    struct budget budget;
};
bool tape_create(struct tape *t, const struct graph *g, const bool *wanted, struct err *e);
void tape_free(struct tape *t);
/* Forward over the first `steps` steps; inputs as of graph_evaluate. */
bool tape_forward(struct tape *t, const struct value *inputs, int steps, struct budget budget, struct err *e);
/* Memory for the gradient of a value, zeroed when it is first asked for; NULL with a sentence. */
float *tape_gradient(struct tape *t, int value, struct step *s);
/* Back over them: gradients reach every wanted value that those set before depend on. */
bool tape_backward(struct tape *t, int steps, struct err *e);
/* The same a step at a time: forward from 0 on, back in the opposite order. */
void tape_start(struct tape *t, const struct value *inputs, struct budget budget);
bool tape_step(struct tape *t, int step, struct err *e);
bool tape_step_back(struct tape *t, int step, struct err *e);
/* Frees the values and all gradients that are not lent. */
void tape_clear(struct tape *t);

/* graph_cam.c, for tests: the value that was looked at, NONE before the first map is done, and the gradient
 * there. */
struct graph_cam;
int graph_cam_value(const struct graph_cam *c);
const float *graph_cam_gradient(const struct graph_cam *c);

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
/* Takes from what an evaluation may hold; whoever frees the memory gives it back to the budget. */
bool step_take(struct step *s, size_t bytes);

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
/* The positions of one window along dimension d that lie in the input: at, at + dilation ... below end. */
struct span {
    int64_t at, end;
};
struct span window_span(const struct window *w, int d, int64_t out);
/* How many values the average of the window at out[3] is over. */
double window_average_count(const struct window *w, const int64_t *out, bool padded);

/* graph_unroll.c: columns [channels x kernel][count] of output pixels `first` on: what the kernel of each
 * sees of x [channels][in pixels]; and the way back, where they are added to dx. */
void unroll(const struct window *w, size_t channels, const float *x, size_t first, size_t count,
            float *columns);
void unroll_back(const struct window *w, size_t channels, const float *columns, size_t first, size_t count,
                 float *dx);

/* ---- what operators and their gradients share ---- */

/* Conv as matrix products, a group of an image at a time, in strips of output pixels. */
struct convolution {
    struct window window;
    size_t groups, in, out;      /* channels of a group */
    size_t inner, pixels, strip; /* kernel x in; of the output; at a time */
    bool plain;                  /* 1x1: x is its own columns */
};
bool convolution_read(struct step *s, struct convolution *c);
/* Matrices of a stack at a time; where the stacks' dimensions are stretched, along_a and along_b are 0. */
struct product {
    size_t m, k, n;
    int stack;
    int64_t dims[RANK_MAX + 2], along_a[RANK_MAX], along_b[RANK_MAX];
};
bool matmul_read(struct step *s, struct product *p);
/* Where the matrices begin that meet at that place of the stack. */
struct product_at {
    size_t a, b;
};
struct product_at product_place(const struct product *p, const int64_t *at);
struct gemm_form {
    bool a_transposed, b_transposed;
    float alpha, beta;
    size_t m, k, n, a_row, b_row; /* rows as they are stored */
};
bool gemm_read(struct step *s, struct gemm_form *f);
/* The output of a reduction, and how far one step along each of x's dimensions moves in it. */
struct reduction {
    int rank;
    int64_t dims[RANK_MAX], along[RANK_MAX];
};
bool reduction_read(struct step *s, struct reduction *r);
/* What Softmax runs over: `at` values that lie `after` apart. */
bool softmax_read(struct step *s, struct around *a);
/* The numbers in the formulas of operators on each value. */
struct numbers {
    float a, b;
};
struct numbers clip_limits(const struct step *s);
struct numbers leaky_relu_slope(const struct step *s);
struct numbers hard_sigmoid_line(const struct step *s);
struct numbers hard_swish_line(void);

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

/* ---- and their gradients ---- */
bool back_conv(struct back *b);
bool back_batch_norm(struct back *b); /* of the affine map that the stored statistics make of it */
bool back_max_pool(struct back *b);   /* to the first of equals */
bool back_average_pool(struct back *b);
bool back_global_max_pool(struct back *b);
bool back_global_average_pool(struct back *b);
bool back_relu(struct back *b);
bool back_leaky_relu(struct back *b);
bool back_clip(struct back *b);
bool back_sigmoid(struct back *b);
bool back_tanh(struct back *b);
bool back_hard_swish(struct back *b);
bool back_hard_sigmoid(struct back *b);
bool back_softmax(struct back *b);
bool back_log_softmax(struct back *b);
bool back_gemm(struct back *b);
bool back_matmul(struct back *b);
bool back_add(struct back *b);
bool back_sub(struct back *b);
bool back_mul(struct back *b);
bool back_div(struct back *b);
bool back_reduce_mean(struct back *b);
bool back_reduce_sum(struct back *b);
bool back_concat(struct back *b);
bool back_same(struct back *b); /* operators that leave the values where they are */
bool back_move(struct back *b); /* operators that move, repeat or leave out values */
bool back_pad(struct back *b);

#endif
