/* Gradients of operators on each value alone, and of Softmax. At a kink the slope is 0, or that of the side
 * which passes the value on. */
#include "graph.h"

#include <math.h>

/* Inlined for each slope, which is called with a value, what became of it, and the numbers a and b. */
static inline __attribute__((always_inline)) bool
each_back(struct back *b, float (*slope)(float x, float y, float a, float b), struct numbers n)
{
    const struct value *x = step_input(&b->s, 0);
    const float *y = b->s.out[0].floats;
    for (size_t i = 0; i < x->count; i++)
        b->dx[0][i] += b->dy[i] * slope(x->floats[i], y[i], n.a, n.b);
    return true;
}

static inline float relu_slope(float x, float y, float a, float b)
{
    (void)y, (void)a, (void)b;
    return x > 0.0f ? 1.0f : 0.0f;
}

bool back_relu(struct back *b)
{
    return each_back(b, relu_slope, (struct numbers){0});
}

static inline float leaky_slope(float x, float y, float a, float b)
{
    (void)y, (void)b;
    return x > 0.0f ? 1.0f : a;
}

bool back_leaky_relu(struct back *b)
{
    return each_back(b, leaky_slope, leaky_relu_slope(&b->s));
}

static inline float between_slope(float x, float y, float a, float b)
{
    (void)y;
    return x < a || x > b ? 0.0f : 1.0f;
}

bool back_clip(struct back *b)
{
    return each_back(b, between_slope, clip_limits(&b->s));
}

static inline float sigmoid_slope(float x, float y, float a, float b)
{
    (void)x, (void)a, (void)b;
    return y * (1.0f - y);
}

bool back_sigmoid(struct back *b)
{
    return each_back(b, sigmoid_slope, (struct numbers){0});
}

static inline float hyperbolic_slope(float x, float y, float a, float b)
{
    (void)x, (void)a, (void)b;
    return 1.0f - y * y;
}

bool back_tanh(struct back *b)
{
    return each_back(b, hyperbolic_slope, (struct numbers){0});
}

static inline float hard_sigmoid_slope(float x, float y, float a, float b)
{
    (void)x, (void)b;
    return y > 0.0f && y < 1.0f ? a : 0.0f;
}

bool back_hard_sigmoid(struct back *b)
{
    return each_back(b, hard_sigmoid_slope, hard_sigmoid_line(&b->s));
}

static inline float hard_swish_slope(float x, float y, float a, float b)
{
    (void)y;
    float gate = a * x + b;
    return gate <= 0.0f ? 0.0f : gate >= 1.0f ? 1.0f : gate + a * x;
}

bool back_hard_swish(struct back *b)
{
    return each_back(b, hard_swish_slope, hard_swish_line());
}

/* With p the probabilities: dx = p (dy - sum p dy), or of their logarithms dx = dy - p sum dy. */
static bool back_over_axis(struct back *b, bool logarithm)
{
    struct around a;
    if (!softmax_read(&b->s, &a))
        return false;
    const float *y = b->s.out[0].floats;
    for (size_t i = 0; i < a.before * a.after; i++) {
        size_t first = i / a.after * a.at * a.after + i % a.after, end = first + a.at * a.after;
        double sum = 0.0;
        for (size_t k = first; k < end; k += a.after)
            sum += logarithm ? (double)b->dy[k] : (double)(b->dy[k] * y[k]);
        for (size_t k = first; k < end; k += a.after)
            b->dx[0][k] += logarithm ? b->dy[k] - expf(y[k]) * (float)sum : y[k] * (b->dy[k] - (float)sum);
    }
    return true;
}

bool back_softmax(struct back *b)
{
    return back_over_axis(b, false);
}

bool back_log_softmax(struct back *b)
{
    return back_over_axis(b, true);
}
