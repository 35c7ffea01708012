/* The operators by name. */
#include "graph.h"

#include <string.h>

/* Name, inputs at least and at most, what it does; how many of the first inputs gradients go back to, and
 * how. What carries numbers but has no gradient ends learning before it. */
#define OPERATOR(name, least, most, forward, reached, back)                                                  \
    {                                                                                                        \
        .type = (name), .inputs_min = (least), .inputs_max = (most), .run = (forward), .carries = (reached), \
        .backward = (back)                                                                                   \
    }

static const struct graph_op operators[] = {
    OPERATOR("Add", 2, 2, op_add, 2, back_add),
    OPERATOR("AveragePool", 1, 1, op_average_pool, 1, back_average_pool),
    OPERATOR("BatchNormalization", 5, 5, op_batch_norm, 3, back_batch_norm),
    OPERATOR("Cast", 1, 1, op_cast, 1, NULL),
    OPERATOR("Clip", 1, 3, op_clip, 1, back_clip),
    OPERATOR("Concat", 1, NONE, op_concat, NONE, back_concat),
    OPERATOR("Constant", 0, 0, op_constant, 0, NULL),
    OPERATOR("ConstantOfShape", 1, 1, op_constant_of_shape, 0, NULL),
    OPERATOR("Conv", 2, 3, op_conv, 3, back_conv),
    OPERATOR("Div", 2, 2, op_div, 2, back_div),
    OPERATOR("Dropout", 1, 3, op_dropout, 1, back_same),
    OPERATOR("Expand", 2, 2, op_expand, 1, back_move),
    OPERATOR("Flatten", 1, 1, op_flatten, 1, back_same),
    OPERATOR("Gather", 2, 2, op_gather, 1, back_move),
    OPERATOR("Gemm", 2, 3, op_gemm, 3, back_gemm),
    OPERATOR("GlobalAveragePool", 1, 1, op_global_average_pool, 1, back_global_average_pool),
    OPERATOR("GlobalMaxPool", 1, 1, op_global_max_pool, 1, back_global_max_pool),
    OPERATOR("HardSigmoid", 1, 1, op_hard_sigmoid, 1, back_hard_sigmoid),
    OPERATOR("HardSwish", 1, 1, op_hard_swish, 1, back_hard_swish),
    OPERATOR("Identity", 1, 1, op_identity, 1, back_same),
    OPERATOR("LeakyRelu", 1, 1, op_leaky_relu, 1, back_leaky_relu),
    OPERATOR("LogSoftmax", 1, 1, op_log_softmax, 1, back_log_softmax),
    OPERATOR("MatMul", 2, 2, op_matmul, 2, back_matmul),
    OPERATOR("MaxPool", 1, 1, op_max_pool, 1, back_max_pool),
    OPERATOR("Mul", 2, 2, op_mul, 2, back_mul),
    OPERATOR("Pad", 1, 4, op_pad, 1, back_pad),
    OPERATOR("ReduceMean", 1, 2, op_reduce_mean, 1, back_reduce_mean),
    OPERATOR("ReduceSum", 1, 2, op_reduce_sum, 1, back_reduce_sum),
    OPERATOR("Relu", 1, 1, op_relu, 1, back_relu),
    OPERATOR("Reshape", 2, 2, op_reshape, 1, back_same),
    OPERATOR("Shape", 1, 1, op_shape, 0, NULL),
    OPERATOR("Sigmoid", 1, 1, op_sigmoid, 1, back_sigmoid),
    OPERATOR("Slice", 1, 5, op_slice, 1, back_move),
    OPERATOR("Softmax", 1, 1, op_softmax, 1, back_softmax),
    OPERATOR("Squeeze", 1, 2, op_squeeze, 1, back_same),
    OPERATOR("Sub", 2, 2, op_sub, 2, back_sub),
    OPERATOR("Tanh", 1, 1, op_tanh, 1, back_tanh),
    OPERATOR("Transpose", 1, 1, op_transpose, 1, back_move),
    OPERATOR("Unsqueeze", 1, 2, op_unsqueeze, 1, back_same),
};

const struct graph_op *graph_find_op(const char *type)
{
    for (size_t i = 0; i < sizeof operators / sizeof *operators; i++)
        if (strcmp(operators[i].type, type) == 0)
            return &operators[i];
    return NULL;
}
