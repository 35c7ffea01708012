/* Gradients of pooling. */
#include "graph.h"

/* Where the largest value of a window lies, the first of equals; NONE where there is none. */
static int64_t largest_at(const struct window *w, const float *x, const int64_t *out)
{
    struct span z = window_span(w, 0, out[0]), y = window_span(w, 1, out[1]),
                across = window_span(w, 2, out[2]);
    int64_t best = NONE;
    for (int64_t i = z.at; i < z.end; i += w->dilation[0])
        for (int64_t k = y.at; k < y.end; k += w->dilation[1])
            for (int64_t j = across.at; j < across.end; j += w->dilation[2]) {
                int64_t at = (i * w->in[1] + k) * w->in[2] + j;
                best = best == NONE || x[at] > x[best] ? at : best;
            }
    return best;
}

static void spread(const struct window *w, const int64_t *out, float share, float *dx)
{
    struct span z = window_span(w, 0, out[0]), y = window_span(w, 1, out[1]),
                across = window_span(w, 2, out[2]);
    for (int64_t i = z.at; i < z.end; i += w->dilation[0])
        for (int64_t k = y.at; k < y.end; k += w->dilation[1])
            for (int64_t j = across.at; j < across.end; j += w->dilation[2])
                dx[(i * w->in[1] + k) * w->in[2] + j] += share;
}

static bool back_pool(struct back *b, bool largest)
{
    struct step *s = &b->s;
    const struct value *x = step_input(s, 0);
    int64_t kernel[3];
    struct window w;
    bool padded = step_int(s, "count_include_pad", 0) != 0;
    if (!window_kernel(s, kernel) || !window_read(s, kernel, &w) ||
        !step_work(s, (double)s->out[0].count * (double)window_product(w.kernel)))
        return false;
    size_t planes = (size_t)(x->dims[0] * x->dims[1]), plane = (size_t)window_product(w.in);
    const float *dy = b->dy;
    for (size_t p = 0; p < planes && s->out[0].count; p++) {
        float *dx = b->dx[0] + p * plane;
        int64_t out[3] = {0};
        do {
            double count = largest ? 1 : window_average_count(&w, out, padded);
            int64_t at = largest ? largest_at(&w, x->floats + p * plane, out) : NONE;
            if (at != NONE)
                dx[at] += *dy;
            else if (!largest && count > 0)
                spread(&w, out, *dy / (float)count, dx);
            dy++;
        } while (index_next(3, w.out, out));
    }
    return true;
}

bool back_max_pool(struct back *b)
{
    return back_pool(b, true);
}

bool back_average_pool(struct back *b)
{
    return back_pool(b, false);
}

bool back_global_max_pool(struct back *b)
{
    const struct value *x = step_input(&b->s, 0);
    size_t outputs = b->s.out[0].count, pixels = outputs ? x->count / outputs : 0;
    for (size_t i = 0; i < outputs && pixels; i++) {
        const float *in = x->floats + i * pixels;
        size_t best = 0;
        for (size_t k = 1; k < pixels; k++)
            best = in[k] > in[best] ? k : best;
        b->dx[0][i * pixels + best] += b->dy[i];
    }
    return true;
}

bool back_global_average_pool(struct back *b)
{
    size_t outputs = b->s.out[0].count, pixels = outputs ? step_input(&b->s, 0)->count / outputs : 0;
    for (size_t i = 0; i < outputs * pixels; i++)
        b->dx[0][i] += b->dy[i / pixels] / (float)pixels;
    return true;
}
