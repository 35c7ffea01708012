/* MaxPool and AveragePool, and their global kinds. */
#include "graph.h"

#include <math.h>

/* The largest of the window's values, or their sum. */
static float pool_one(const struct window *w, const float *x, const int64_t *o, bool largest)
{
    struct span z = window_span(w, 0, o[0]), y = window_span(w, 1, o[1]), across = window_span(w, 2, o[2]);
    float value = largest ? -INFINITY : 0.0f;
    for (int64_t i = z.at; i < z.end; i += w->dilation[0])
        for (int64_t k = y.at; k < y.end; k += w->dilation[1])
            for (int64_t j = across.at; j < across.end; j += w->dilation[2]) {
                float v = x[(i * w->in[1] + k) * w->in[2] + j];
                value = !largest ? value + v : v > value ? v : value;
            }
    return value;
}

static bool pool(struct step *s, bool largest)
{
    const struct value *x = step_input(s, 0);
    int64_t kernel[3];
    struct window w;
    bool padded = step_int(s, "count_include_pad", 0) != 0;
    if (!step_floats(s, 0, 0) || !window_kernel(s, kernel) || !window_read(s, kernel, &w) ||
        !window_output(s, &w, x->dims[1]) ||
        !step_work(s,
                   (double)s->out[0].count * (double)w.kernel[0] * (double)w.kernel[1] * (double)w.kernel[2]))
        return false;
    size_t planes = (size_t)(x->dims[0] * x->dims[1]), plane = (size_t)window_product(w.in);
    float *y = s->out[0].floats;
    for (size_t p = 0; p < planes && s->out[0].count; p++) {
        int64_t o[3] = {0};
        do {
            float value = pool_one(&w, x->floats + p * plane, o, largest);
            double count = largest ? 1 : window_average_count(&w, o, padded);
            *y++ = count > 0 ? value / (float)count : value;
        } while (index_next(3, w.out, o));
    }
    return true;
}

bool op_max_pool(struct step *s)
{
    return pool(s, true);
}

bool op_average_pool(struct step *s)
{
    return pool(s, false);
}

static bool pool_all(struct step *s, bool largest)
{
    const struct value *x = step_input(s, 0);
    if (!step_floats(s, 0, 0))
        return false;
    if (x->rank < 3)
        return step_refuse(s, "its input has %d dimensions; 3 or more belong", x->rank);
    int64_t dims[RANK_MAX] = {x->dims[0], x->dims[1], 1, 1, 1, 1, 1, 1};
    if (!step_output(s, 0, VALUE_FLOAT, x->rank, dims))
        return false;
    size_t pixels = s->out[0].count ? x->count / s->out[0].count : 0;
    const float *in = x->floats;
    for (size_t i = 0; i < s->out[0].count; i++) {
        double sum = 0.0;
        float most = -INFINITY;
        for (size_t k = 0; k < pixels; k++, in++) {
            sum += (double)*in;
            most = *in > most ? *in : most;
        }
        s->out[0].floats[i] = largest ? most : pixels ? (float)(sum / (double)pixels) : 0.0f;
    }
    return true;
}

bool op_global_max_pool(struct step *s)
{
    return pool_all(s, true);
}

bool op_global_average_pool(struct step *s)
{
    return pool_all(s, false);
}
