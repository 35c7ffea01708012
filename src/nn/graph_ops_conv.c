/* Conv, as matrix products over unrolled strips of the input, and BatchNormalization. */
#include "graph.h"

#include <math.h>

static const size_t strip_values = (size_t)1 << 20;

static bool is_plain(const struct window *w)
{
    for (int i = 0; i < 3; i++)
        if (w->kernel[i] != 1 || w->stride[i] != 1 || w->pad[i] || w->pad_end[i])
            return false;
    return true;
}

/* y [out][pixels] of one group of one image. */
static void convolve(const struct convolution *c, const float *x, const float *weight, float *columns,
                     float *y)
{
    for (size_t first = 0; first < c->pixels; first += c->strip) {
        size_t count = c->pixels - first < c->strip ? c->pixels - first : c->strip;
        if (!c->plain)
            unroll(&c->window, c->in, x, first, count, columns);
        gemm(false, false, c->out, count, c->inner, weight, c->inner, c->plain ? x + first : columns,
             c->plain ? c->pixels : count, 0.0f, y + first, c->pixels);
    }
}

static bool check_conv(struct step *s, int64_t *kernel, int64_t *groups)
{
    const struct value *x = step_input(s, 0), *weight = step_input(s, 1), *bias = step_input(s, 2);
    if (!step_floats(s, 0, 2) || !window_kernel(s, kernel))
        return false;
    *groups = step_int(s, "group", 1);
    if (weight->rank != x->rank)
        return step_refuse(s, "its weights have %d dimensions, its input %d", weight->rank, x->rank);
    bool told = step_attribute(s, "kernel_shape") != NULL;
    for (int i = 2; i < x->rank; i++) {
        int64_t *k = &kernel[5 - x->rank + i - 2];
        if (told && *k != weight->dims[i])
            return step_refuse(s, "kernel_shape disagrees with its weights");
        *k = weight->dims[i];
    }
    int64_t outputs = weight->dims[0], inputs = weight->dims[1];
    if (*groups < 1 || outputs < 1 || inputs < 1 || outputs % *groups || x->dims[1] % *groups ||
        x->dims[1] / *groups != inputs)
        return step_refuse(s, "weights for %lld channels in %lld groups do not fit the %lld that come in",
                           (long long)inputs, (long long)*groups, (long long)x->dims[1]);
    if (bias && bias->count != (size_t)outputs)
        return step_refuse(s, "its bias has %zu values where %lld belong", bias->count, (long long)outputs);
    return true;
}

bool convolution_read(struct step *s, struct convolution *c)
{
    int64_t kernel[3], groups;
    if (!check_conv(s, kernel, &groups) || !window_read(s, kernel, &c->window))
        return false;
    const struct value *weight = step_input(s, 1);
    c->groups = (size_t)groups;
    c->in = (size_t)weight->dims[1];
    c->out = (size_t)(weight->dims[0] / groups);
    c->inner = weight->count / (size_t)weight->dims[0];
    c->pixels = (size_t)window_product(c->window.out);
    c->strip = strip_values / c->inner + 1;
    c->strip = c->strip < c->pixels ? c->strip : c->pixels;
    c->plain = is_plain(&c->window);
    return true;
}

bool op_conv(struct step *s)
{
    struct convolution c;
    if (!convolution_read(s, &c) || !window_output(s, &c.window, step_input(s, 1)->dims[0]) ||
        !step_work(s, (double)s->out[0].count * (double)c.inner))
        return false;
    const struct value *x = step_input(s, 0), *weight = step_input(s, 1), *bias = step_input(s, 2);
    float *y = s->out[0].floats, *columns = c.plain ? NULL : step_scratch(s, c.inner * c.strip, sizeof *y);
    if (!c.plain && !columns)
        return false;
    size_t parts = (size_t)x->dims[0] * c.groups, plane = (size_t)window_product(c.window.in);
    for (size_t i = 0; i < parts; i++)
        convolve(&c, x->floats + i * c.in * plane, weight->floats + i % c.groups * c.out * c.inner, columns,
                 y + i * c.out * c.pixels);
    for (size_t i = 0; bias && i < parts * c.out; i++)
        for (size_t k = 0; k < c.pixels; k++)
            y[i * c.pixels + k] += bias->floats[i % bias->count];
    return true;
}

bool op_batch_norm(struct step *s)
{
    const struct value *x = step_input(s, 0);
    float epsilon = step_float(s, "epsilon", 1e-5f);
    if (!step_floats(s, 0, 4))
        return false;
    if (x->rank < 2)
        return step_refuse(s, "its input has no channels");
    if (step_int(s, "training_mode", 0) != 0 || step_int(s, "spatial", 1) != 1)
        return step_refuse(s, "only normalisation of each channel, in inference, is supported");
    for (int i = 1; i < 5; i++)
        if (step_input(s, i)->count != (size_t)x->dims[1])
            return step_refuse(s, "input %d has %zu values where %lld belong", i + 1, step_input(s, i)->count,
                               (long long)x->dims[1]);
    if (!step_output_like(s, x))
        return false;
    const float *scale = step_input(s, 1)->floats, *shift = step_input(s, 2)->floats,
                *mean = step_input(s, 3)->floats, *variance = step_input(s, 4)->floats;
    struct around a = value_around(x, 1);
    const float *in = x->floats;
    float *y = s->out[0].floats;
    for (size_t i = 0; i < a.before * a.at; i++) {
        size_t c = i % a.at;
        float slope = scale[c] / sqrtf(variance[c] + epsilon), offset = shift[c] - slope * mean[c];
        for (size_t k = 0; k < a.after; k++)
            *y++ = slope * *in++ + offset;
    }
    return true;
}
