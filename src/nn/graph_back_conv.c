/* Gradients of Conv, by the matrix products of the forward way, and of BatchNormalization. */
#include "graph.h"

#include <math.h>

/* One group of one image. dx, dweight NULL: not wanted. */
static void convolve_back(const struct convolution *c, const float *x, const float *weight, const float *dy,
                          float *columns, float *dx, float *dweight)
{
    for (size_t first = 0; first < c->pixels; first += c->strip) {
        size_t count = c->pixels - first < c->strip ? c->pixels - first : c->strip;
        if (dweight && !c->plain)
            unroll(&c->window, c->in, x, first, count, columns);
        if (dweight)
            gemm(false, true, c->out, c->inner, count, dy + first, c->pixels, c->plain ? x + first : columns,
                 c->plain ? c->pixels : count, 1.0f, dweight, c->inner);
        if (!dx)
            continue;
        if (c->plain) {
            gemm(true, false, c->inner, count, c->out, weight, c->inner, dy + first, c->pixels, 1.0f,
                 dx + first, c->pixels);
        } else {
            gemm(true, false, c->inner, count, c->out, weight, c->inner, dy + first, c->pixels, 0.0f, columns,
                 count);
            unroll_back(&c->window, c->in, columns, first, count, dx);
        }
    }
}

static float sum_of(const float *x, size_t count)
{
    double sum = 0.0;
    for (size_t i = 0; i < count; i++)
        sum += (double)x[i];
    return (float)sum;
}

bool back_conv(struct back *b)
{
    struct step *s = &b->s;
    struct convolution c;
    if (!convolution_read(s, &c) || !step_work(s, 2.0 * (double)s->out[0].count * (double)c.inner))
        return false;
    const struct value *x = step_input(s, 0), *weight = step_input(s, 1);
    float *columns = c.plain ? NULL : step_scratch(s, c.inner * c.strip, sizeof *columns);
    if (!c.plain && !columns)
        return false;
    float *dbias = s->node->input_count > 2 ? b->dx[2] : NULL;
    size_t parts = (size_t)x->dims[0] * c.groups, plane = (size_t)window_product(c.window.in);
    for (size_t i = 0; i < parts; i++) {
        size_t in = i * c.in * plane, group = i % c.groups, at = group * c.out * c.inner;
        const float *dy = b->dy + i * c.out * c.pixels;
        convolve_back(&c, x->floats + in, weight->floats + at, dy, columns, b->dx[0] ? b->dx[0] + in : NULL,
                      b->dx[1] ? b->dx[1] + at : NULL);
        for (size_t o = 0; o < c.out && dbias; o++)
            dbias[group * c.out + o] += sum_of(dy + o * c.pixels, c.pixels);
    }
    return true;
}

bool back_batch_norm(struct back *b)
{
    struct step *s = &b->s;
    const struct value *x = step_input(s, 0);
    const float *scale = step_input(s, 1)->floats, *mean = step_input(s, 3)->floats,
                *variance = step_input(s, 4)->floats;
    float epsilon = step_float(s, "epsilon", 1e-5f);
    struct around a = value_around(x, 1);
    for (size_t i = 0; i < a.before * a.at; i++) {
        size_t c = i % a.at;
        const float *in = x->floats + i * a.after, *dy = b->dy + i * a.after;
        float inverse = 1.0f / sqrtf(variance[c] + epsilon);
        double sum = 0.0, along = 0.0;
        for (size_t k = 0; k < a.after; k++) {
            sum += (double)dy[k];
            along += (double)(dy[k] * (in[k] - mean[c]));
        }
        if (b->dx[1])
            b->dx[1][c] += (float)(along * (double)inverse);
        if (b->dx[2])
            b->dx[2][c] += (float)sum;
        for (size_t k = 0; k < a.after && b->dx[0]; k++)
            b->dx[0][i * a.after + k] += scale[c] * inverse * dy[k];
    }
    return true;
}
