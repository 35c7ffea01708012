/* The operators by name. */
#include "graph.h"

#include <string.h>

static const struct graph_op operators[] = {
    {.type = "Add", .inputs_min = 2, .inputs_max = 2, .run = op_add},
    {.type = "AveragePool", .inputs_min = 1, .inputs_max = 1, .run = op_average_pool},
    {.type = "BatchNormalization", .inputs_min = 5, .inputs_max = 5, .run = op_batch_norm},
    {.type = "Cast", .inputs_min = 1, .inputs_max = 1, .run = op_cast},
    {.type = "Clip", .inputs_min = 1, .inputs_max = 3, .run = op_clip},
    {.type = "Concat", .inputs_min = 1, .inputs_max = NONE, .run = op_concat},
    {.type = "Constant", .inputs_min = 0, .inputs_max = 0, .run = op_constant},
    {.type = "ConstantOfShape", .inputs_min = 1, .inputs_max = 1, .run = op_constant_of_shape},
    {.type = "Conv", .inputs_min = 2, .inputs_max = 3, .run = op_conv},
    {.type = "Div", .inputs_min = 2, .inputs_max = 2, .run = op_div},
    {.type = "Dropout", .inputs_min = 1, .inputs_max = 3, .run = op_dropout},
    {.type = "Expand", .inputs_min = 2, .inputs_max = 2, .run = op_expand},
    {.type = "Flatten", .inputs_min = 1, .inputs_max = 1, .run = op_flatten},
    {.type = "Gather", .inputs_min = 2, .inputs_max = 2, .run = op_gather},
    {.type = "Gemm", .inputs_min = 2, .inputs_max = 3, .run = op_gemm},
    {.type = "GlobalAveragePool", .inputs_min = 1, .inputs_max = 1, .run = op_global_average_pool},
    {.type = "GlobalMaxPool", .inputs_min = 1, .inputs_max = 1, .run = op_global_max_pool},
    {.type = "HardSigmoid", .inputs_min = 1, .inputs_max = 1, .run = op_hard_sigmoid},
    {.type = "HardSwish", .inputs_min = 1, .inputs_max = 1, .run = op_hard_swish},
    {.type = "Identity", .inputs_min = 1, .inputs_max = 1, .run = op_identity},
    {.type = "LeakyRelu", .inputs_min = 1, .inputs_max = 1, .run = op_leaky_relu},
    {.type = "LogSoftmax", .inputs_min = 1, .inputs_max = 1, .run = op_log_softmax},
    {.type = "MatMul", .inputs_min = 2, .inputs_max = 2, .run = op_matmul},
    {.type = "MaxPool", .inputs_min = 1, .inputs_max = 1, .run = op_max_pool},
    {.type = "Mul", .inputs_min = 2, .inputs_max = 2, .run = op_mul},
    {.type = "Pad", .inputs_min = 1, .inputs_max = 4, .run = op_pad},
    {.type = "ReduceMean", .inputs_min = 1, .inputs_max = 2, .run = op_reduce_mean},
    {.type = "ReduceSum", .inputs_min = 1, .inputs_max = 2, .run = op_reduce_sum},
    {.type = "Relu", .inputs_min = 1, .inputs_max = 1, .run = op_relu},
    {.type = "Reshape", .inputs_min = 2, .inputs_max = 2, .run = op_reshape},
    {.type = "Shape", .inputs_min = 1, .inputs_max = 1, .run = op_shape},
    {.type = "Sigmoid", .inputs_min = 1, .inputs_max = 1, .run = op_sigmoid},
    {.type = "Slice", .inputs_min = 1, .inputs_max = 5, .run = op_slice},
    {.type = "Softmax", .inputs_min = 1, .inputs_max = 1, .run = op_softmax},
    {.type = "Squeeze", .inputs_min = 1, .inputs_max = 2, .run = op_squeeze},
    {.type = "Sub", .inputs_min = 2, .inputs_max = 2, .run = op_sub},
    {.type = "Tanh", .inputs_min = 1, .inputs_max = 1, .run = op_tanh},
    {.type = "Transpose", .inputs_min = 1, .inputs_max = 1, .run = op_transpose},
    {.type = "Unsqueeze", .inputs_min = 1, .inputs_max = 2, .run = op_unsqueeze},
};

const struct graph_op *graph_find_op(const char *type)
{
    for (size_t i = 0; i < sizeof operators / sizeof *operators; i++)
        if (strcmp(operators[i].type, type) == 0)
            return &operators[i];
    return NULL;
}
