/* The table from kinds of layers to the functions that compute them. */
#include "stage.h"

#include <string.h>

/* The first layer reads the image. */
static struct conv conv_of(const struct stage *s)
{
    const struct layer *l = s->layer;
    return (struct conv){.height = l->in.height,
                         .width = l->in.width,
                         .in = l->in.channels,
                         .out = l->out.channels,
                         .kernel = l->kernel,
                         .image = l->parameter == 0,
                         .images = s->images};
}

static size_t conv_op_packed(const struct stage *s)
{
    struct conv d = conv_of(s);
    return conv_packed(&d);
}

static size_t conv_op_packed_back(const struct stage *s)
{
    struct conv d = conv_of(s);
    return conv_packed_back(&d);
}

static size_t conv_op_workspace(const struct stage *s, bool training)
{
    struct conv d = conv_of(s);
    return conv_workspace(&d, training);
}

static size_t conv_op_partial(const struct stage *s)
{
    struct conv d = conv_of(s);
    return conv_partial(&d) + (s->layer->bias ? (size_t)d.out : 0);
}

/* Outside training a normalisation that follows is folded into the weights. */
static void conv_op_prepare(const struct stage *s, bool training)
{
    struct conv d = conv_of(s);
    const struct stage *after = s->follower;
    const float *scale = NULL;
    if (!training && after && after->layer->kind == LAYER_NORM) {
        norm_from_running(&after->norm, after->parameters[NORM_MEAN].value,
                          after->parameters[NORM_VARIANCE].value);
        scale = after->norm.slope;
    }
    conv_pack(&d, s->parameters[0].value, scale, s->packed);
    if (training && s->learns_below)
        conv_pack_back(&d, s->parameters[0].value, s->packed_back);
}

static struct conv_input input_of(const struct stage *s, const struct slice *part)
{
    return (struct conv_input){part->x, part->training ? s->through : NULL};
}

static void conv_op_forward(const struct stage *s, const struct slice *part)
{
    struct conv d = conv_of(s);
    const struct stage *after = s->follower;
    struct conv_ending end = {
        .bias = s->layer->bias ? s->parameters[1].value : NULL, .part = part->part, .parts = part->parts};
    if (after && after->layer->kind == LAYER_RELU) {
        end.relu = true;
    } else if (after && part->training) {
        size_t sums = 2 * (size_t)d.out;
        end.sums = after->sums + (size_t)part->index * sums;
        memset(end.sums, 0, sums * sizeof *end.sums);
    } else if (after) {
        end.bias = after->norm.offset;
        end.relu = after->norm.relu;
    }
    conv_forward(&d, part->count, input_of(s, part), s->packed, &end, part->y, part->workspace);
}

static void conv_op_backward(const struct stage *s, const struct slice *part)
{
    struct conv d = conv_of(s);
    float *partial = s->partials + (size_t)part->index * s->partial;
    const struct stage *after = s->follower;
    const struct norm *back = after && after->lazy && after->layer->kind == LAYER_NORM ? &after->norm : NULL;
    conv_backward(&d, part->count, input_of(s, part), (struct conv_gradient){part->dy, part->y, back},
                  s->packed_back, part->dx, partial, part->workspace);
    if (s->layer->bias)
        bias_backward((size_t)part->count * (size_t)d.height * (size_t)d.width, d.out, part->dy,
                      partial + conv_partial(&d));
}

static void conv_op_gather(const struct stage *s, int slices)
{
    struct conv d = conv_of(s);
    conv_gather(&d, slices, s->partials, s->partial, s->parameters[0].gradient);
    if (s->layer->bias)
        partials_sum((size_t)d.out, slices, s->partials + conv_partial(&d), s->partial,
                     s->parameters[1].gradient);
}

struct norm stage_norm(const struct stage *s)
{
    size_t c = (size_t)s->layer->out.channels;
    float *at = s->statistics;
    return (struct norm){.channels = (int)c,
                         .relu = s->layer->relu,
                         .scale = s->parameters[NORM_SCALE].value,
                         .bias = s->parameters[NORM_BIAS].value,
                         .mean = at,
                         .inverse = at + c,
                         .slope = at + 2 * c,
                         .offset = at + 3 * c,
                         .keep_x = at + 4 * c,
                         .keep_1 = at + 5 * c};
}

static size_t norm_op_statistics(const struct layer *l)
{
    return 6 * (size_t)l->out.channels;
}

static size_t norm_op_workspace(const struct stage *s, bool training)
{
    return training ? 2 * (size_t)s->layer->out.channels : 0;
}

static size_t pixels_of(const struct layer *l, int count)
{
    return (size_t)count * (size_t)l->in.height * (size_t)l->in.width;
}

static double *sums_of(const struct stage *s, const struct slice *part)
{
    return s->sums + (size_t)part->index * 2 * (size_t)s->layer->out.channels;
}

static void slice_pixels(const struct layer *l, int slices, const int *counts, size_t pixels[SLICES_MAX])
{
    for (int i = 0; i < slices; i++)
        pixels[i] = pixels_of(l, counts[i]);
}

static void norm_op_combine(const struct stage *s, int slices, const int *counts)
{
    size_t pixels[SLICES_MAX];
    slice_pixels(s->layer, slices, counts, pixels);
    norm_combine(&s->norm, slices, pixels, s->sums, s->parameters[NORM_MEAN].value,
                 s->parameters[NORM_VARIANCE].value);
}

static void norm_op_forward(const struct stage *s, const struct slice *part)
{
    if (!s->lazy)
        norm_forward(&s->norm, pixels_of(s->layer, part->count), part->x, part->y);
}

static void norm_op_measure_back(const struct stage *s, const struct slice *part)
{
    norm_measure_back(&s->norm, pixels_of(s->layer, part->count), part->x, part->dy, sums_of(s, part),
                      part->workspace);
}

static void norm_op_combine_back(const struct stage *s, int slices, const int *counts)
{
    size_t pixels[SLICES_MAX];
    slice_pixels(s->layer, slices, counts, pixels);
    norm_combine_back(&s->norm, slices, pixels, s->sums, s->parameters[NORM_SCALE].gradient,
                      s->parameters[NORM_BIAS].gradient);
}

static void norm_op_backward(const struct stage *s, const struct slice *part)
{
    if (part->dx && !s->lazy)
        norm_backward(&s->norm, pixels_of(s->layer, part->count), part->x, part->dy, part->dx);
}

/* Where it follows a convolution, that has done it. */
static void relu_op_forward(const struct stage *s, const struct slice *part)
{
    if (s->lazy)
        return;
    relu_forward((size_t)part->count * shape_count(s->layer->out), part->x, part->y);
}

static void relu_op_backward(const struct stage *s, const struct slice *part)
{
    relu_backward((size_t)part->count * shape_count(s->layer->out), part->y, part->dy, part->dx);
}

static void pool_op_forward(const struct stage *s, const struct slice *part)
{
    pool_forward(s->layer->in, part->count, input_of(s, part), part->y);
}

static void pool_op_backward(const struct stage *s, const struct slice *part)
{
    pool_backward(s->layer->in, part->count, input_of(s, part), part->dy, part->dx);
}

static void average_op_forward(const struct stage *s, const struct slice *part)
{
    average_forward(s->layer->in, part->count, input_of(s, part), part->y);
}

static void average_op_backward(const struct stage *s, const struct slice *part)
{
    average_backward(s->layer->in, part->count, part->dy, part->dx);
}

static struct dropout dropout_of(const struct stage *s, const struct slice *part)
{
    return (struct dropout){
        .rate = s->layer->rate, .seed = part->seed, .step = part->step, .layer = part->layer};
}

static void dropout_op_forward(const struct stage *s, const struct slice *part)
{
    struct dropout d = dropout_of(s, part);
    dropout_apply(&d, shape_count(s->layer->out), part->first, part->count, part->x, part->y);
}

static void dropout_op_backward(const struct stage *s, const struct slice *part)
{
    struct dropout d = dropout_of(s, part);
    dropout_apply(&d, shape_count(s->layer->out), part->first, part->count, part->dy, part->dx);
}

static size_t dense_op_partial(const struct stage *s)
{
    return (shape_count(s->layer->in) + 1) * (size_t)s->layer->out.channels;
}

static void dense_op_forward(const struct stage *s, const struct slice *part)
{
    dense_forward((int)shape_count(s->layer->in), s->layer->out.channels, part->count, part->x,
                  s->parameters[0].value, s->parameters[1].value, part->y);
}

static void dense_op_backward(const struct stage *s, const struct slice *part)
{
    dense_backward((int)shape_count(s->layer->in), s->layer->out.channels, part->count, part->x, part->dy,
                   s->parameters[0].value, part->dx, s->partials + (size_t)part->index * s->partial);
}

static void dense_op_gather(const struct stage *s, int slices)
{
    size_t weights = s->parameters[0].count;
    partials_sum(weights, slices, s->partials, s->partial, s->parameters[0].gradient);
    partials_sum(s->parameters[1].count, slices, s->partials + weights, s->partial,
                 s->parameters[1].gradient);
}

const struct stage_ops stage_ops[] = {
    [LAYER_CONV] = {.name = "conv",
                    .packed = conv_op_packed,
                    .packed_back = conv_op_packed_back,
                    .workspace = conv_op_workspace,
                    .partial = conv_op_partial,
                    .prepare = conv_op_prepare,
                    .forward = conv_op_forward,
                    .backward = conv_op_backward,
                    .gather = conv_op_gather},
    [LAYER_NORM] = {.name = "norm+relu",
                    .workspace = norm_op_workspace,
                    .statistics = norm_op_statistics,
                    .combine = norm_op_combine,
                    .forward = norm_op_forward,
                    .measure_back = norm_op_measure_back,
                    .combine_back = norm_op_combine_back,
                    .backward = norm_op_backward},
    [LAYER_RELU] = {.name = "relu",
                    .in_place = true,
                    .forward = relu_op_forward,
                    .backward = relu_op_backward},
    [LAYER_POOL] = {.name = "pool", .forward = pool_op_forward, .backward = pool_op_backward},
    [LAYER_AVERAGE] = {.name = "average", .forward = average_op_forward, .backward = average_op_backward},
    [LAYER_DROPOUT] = {.name = "dropout",
                       .in_place = true,
                       .forward = dropout_op_forward,
                       .backward = dropout_op_backward},
    [LAYER_DENSE] = {.name = "dense",
                     .partial = dense_op_partial,
                     .forward = dense_op_forward,
                     .backward = dense_op_backward,
                     .gather = dense_op_gather},
};
