/* Conv, as matrix products over unrolled strips of the input, and BatchNormalization. */
#include "graph.h"

#include <math.h>
#include <string.h>

static const size_t strip_values = (size_t)1 << 20;

/* Columns [first, first + count) of [channels x kernel][out pixels]: what each output pixel's kernel sees. */
static void unroll(const struct window *w, size_t channels, const float *x, size_t first, size_t count,
                   float *columns)
{
    size_t plane = (size_t)window_product(w->in);
    int64_t start[3] = {(int64_t)first / (w->out[1] * w->out[2]), (int64_t)first / w->out[2] % w->out[1],
                        (int64_t)first % w->out[2]};
    for (size_t c = 0; c < channels; c++, x += plane) {
        int64_t k[3] = {0};
        do {
            int64_t o[3] = {start[0], start[1], start[2]}, at[3];
            for (size_t i = 0; i < count; i++) {
                bool inside = true;
                for (int d = 0; d < 3; d++) {
                    at[d] = o[d] * w->stride[d] - w->pad[d] + k[d] * w->dilation[d];
                    inside &= at[d] >= 0 && at[d] < w->in[d];
                }
                *columns++ = inside ? x[(at[0] * w->in[1] + at[1]) * w->in[2] + at[2]] : 0.0f;
                index_next(3, w->out, o);
            }
        } while (index_next(3, w->kernel, k));
    }
}

static bool is_plain(const struct window *w)
{
    for (int i = 0; i < 3; i++)
        if (w->kernel[i] != 1 || w->stride[i] != 1 || w->pad[i] || w->pad_end[i])
            return false;
    return true;
}

struct conv_sizes {
    size_t in, out, inner, pixels, strip; /* channels of a group; kernel x in; of the output; at a time */
};

/* y [out][pixels] of one group of one image; columns NULL: x itself. */
static void convolve(const struct window *w, const struct conv_sizes *z, const float *x, const float *weight,
                     float *columns, float *y)
{
    for (size_t first = 0; first < z->pixels; first += z->strip) {
        size_t count = z->pixels - first < z->strip ? z->pixels - first : z->strip;
        if (columns)
            unroll(w, z->in, x, first, count, columns);
        gemm(false, false, z->out, count, z->inner, weight, z->inner, columns ? columns : x + first,
             columns ? count : z->pixels, 0.0f, y + first, z->pixels);
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

bool op_conv(struct step *s)
{
    int64_t kernel[3], groups;
    struct window w;
    if (!check_conv(s, kernel, &groups) || !window_read(s, kernel, &w))
        return false;
    const struct value *x = step_input(s, 0), *weight = step_input(s, 1), *bias = step_input(s, 2);
    if (!window_output(s, &w, weight->dims[0]))
        return false;
    float *y = s->out[0].floats;
    struct conv_sizes z = {.in = (size_t)weight->dims[1], .out = (size_t)(weight->dims[0] / groups)};
    z.inner = weight->count / (size_t)weight->dims[0];
    z.pixels = (size_t)window_product(w.out);
    z.strip = strip_values / z.inner + 1;
    z.strip = z.strip < z.pixels ? z.strip : z.pixels;
    if (!step_work(s, (double)s->out[0].count * (double)z.inner))
        return false;
    float *columns = is_plain(&w) ? NULL : step_scratch(s, z.inner * z.strip, sizeof *columns);
    if (!is_plain(&w) && !columns)
        return false;
    size_t parts = (size_t)(x->dims[0] * groups), plane = (size_t)window_product(w.in);
    for (size_t i = 0; i < parts; i++)
        convolve(&w, &z, x->floats + i * z.in * plane, weight->floats + i % (size_t)groups * z.out * z.inner,
                 columns, y + i * z.out * z.pixels);
    for (size_t i = 0; bias && i < parts * z.out; i++)
        for (size_t k = 0; k < z.pixels; k++)
            y[i * z.pixels + k] += bias->floats[i % bias->count];
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
