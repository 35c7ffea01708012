/* Where the kernels of convolutions and pooling lie over their input. */
#include "graph.h"

#include <string.h>

enum { EXTENT_MAX = 1 << 20 };

int64_t window_product(const int64_t *three)
{
    return three[0] * three[1] * three[2];
}

bool window_kernel(struct step *s, int64_t *kernel)
{
    const struct value *x = step_input(s, 0);
    if (x->rank < 3 || x->rank > 5)
        return step_refuse(s, "input 1 has %d dimensions; 3 to 5 are supported", x->rank);
    int n = x->rank - 2;
    kernel[0] = kernel[1] = 1;
    return step_ints(s, "kernel_shape", n, 0, kernel + 3 - n);
}

/* Padding by auto_pad: what keeps ceil(in / stride) outputs, the odd one at the end or at the beginning. */
static void pad_alike(struct window *w, int i, bool lower)
{
    int64_t out = (w->in[i] + w->stride[i] - 1) / w->stride[i];
    int64_t pad = (out - 1) * w->stride[i] + (w->kernel[i] - 1) * w->dilation[i] + 1 - w->in[i];
    pad = pad > 0 ? pad : 0;
    w->pad[i] = lower ? pad - pad / 2 : pad / 2;
    w->pad_end[i] = pad - w->pad[i];
}

static bool read_pads(struct step *s, int n, struct window *w)
{
    int64_t pads[6];
    bool upper = step_text_is(s, "auto_pad", "SAME_UPPER"), lower = step_text_is(s, "auto_pad", "SAME_LOWER"),
         valid = step_text_is(s, "auto_pad", "VALID");
    if (step_attribute(s, "auto_pad") && !upper && !lower && !valid && !step_text_is(s, "auto_pad", "NOTSET"))
        return step_refuse(s, "its auto_pad is not supported; NOTSET, VALID, SAME_UPPER and SAME_LOWER are");
    if (!step_ints(s, "pads", 2 * n, 0, pads))
        return false;
    for (int i = 0; i < n; i++) {
        if (upper || lower) {
            pad_alike(w, 3 - n + i, lower);
        } else if (!valid) {
            w->pad[3 - n + i] = pads[i];
            w->pad_end[3 - n + i] = pads[n + i];
        }
    }
    return true;
}

bool window_read(struct step *s, const int64_t *kernel, struct window *w)
{
    const struct value *x = step_input(s, 0);
    int n = x->rank - 2;
    bool up = step_int(s, "ceil_mode", 0) != 0;
    *w = (struct window){.in = {1, 1, 1}, .stride = {1, 1, 1}, .dilation = {1, 1, 1}};
    memcpy(w->kernel, kernel, sizeof w->kernel);
    memcpy(w->in + 3 - n, x->dims + 2, (size_t)n * sizeof *w->in);
    if (!step_ints(s, "strides", n, 1, w->stride + 3 - n) ||
        !step_ints(s, "dilations", n, 1, w->dilation + 3 - n))
        return false;
    for (int i = 0; i < 3; i++)
        if (w->kernel[i] < 1 || w->stride[i] < 1 || w->dilation[i] < 1 || w->kernel[i] > EXTENT_MAX ||
            w->stride[i] > EXTENT_MAX || w->dilation[i] > EXTENT_MAX)
            return step_refuse(s, "a kernel, stride or dilation of %lld, %lld, %lld makes no sense",
                               (long long)w->kernel[i], (long long)w->stride[i], (long long)w->dilation[i]);
    if (!read_pads(s, n, w))
        return false;
    for (int i = 0; i < 3; i++) {
        int64_t pad = w->pad[i], end = w->pad_end[i], extent = (w->kernel[i] - 1) * w->dilation[i] + 1;
        if (pad < 0 || end < 0 || pad > (int64_t)EXTENT_MAX * EXTENT_MAX ||
            end > (int64_t)EXTENT_MAX * EXTENT_MAX)
            return step_refuse(s, "padding of %lld and %lld makes no sense", (long long)pad, (long long)end);
        int64_t room = w->in[i] + pad + end - extent;
        if (room < 0)
            return step_refuse(s, "a kernel of %lld does not fit in %lld values", (long long)extent,
                               (long long)(w->in[i] + pad + end));
        w->out[i] = (room + (up ? w->stride[i] - 1 : 0)) / w->stride[i] + 1;
        if (up && (w->out[i] - 1) * w->stride[i] >= w->in[i] + pad)
            w->out[i]--; /* it would begin behind the input */
    }
    return true;
}

bool window_output(struct step *s, const struct window *w, int64_t channels)
{
    const struct value *x = step_input(s, 0);
    int64_t dims[RANK_MAX] = {x->dims[0], channels};
    int n = x->rank - 2, unused = 3 - n;
    memcpy(dims + 2, w->out + unused, (size_t)n * sizeof *dims);
    return step_output(s, 0, VALUE_FLOAT, x->rank, dims);
}

struct span window_span(const struct window *w, int d, int64_t out)
{
    int64_t at = out * w->stride[d] - w->pad[d], end = at + w->kernel[d] * w->dilation[d];
    if (at < 0)
        at += (-at + w->dilation[d] - 1) / w->dilation[d] * w->dilation[d];
    return (struct span){at, end < w->in[d] ? end : w->in[d]};
}

/* Where padding counts, what lies behind it does not. */
double window_average_count(const struct window *w, const int64_t *out, bool padded)
{
    double count = 1;
    for (int d = 0; d < 3; d++) {
        struct span in = window_span(w, d, out[d]);
        int64_t room = w->in[d] + w->pad_end[d] - (out[d] * w->stride[d] - w->pad[d]);
        int64_t reach = padded ? room : in.end - in.at;
        int64_t fit = reach > 0 ? (reach + w->dilation[d] - 1) / w->dilation[d] : 0;
        count *= (double)(fit < w->kernel[d] ? fit : w->kernel[d]);
    }
    return count;
}
