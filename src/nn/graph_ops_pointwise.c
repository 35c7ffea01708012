/* Operators on each value alone, and Softmax over an axis. */
#include "graph.h"

#include <math.h>

/* Inlined for each formula, which is called with the numbers a and b. */
static inline __attribute__((always_inline)) bool
each(struct step *s, float (*formula)(float x, float a, float b), struct numbers n)
{
    const struct value *x = step_input(s, 0);
    if (!step_floats(s, 0, 0) || !step_output_like(s, x))
        return false;
    for (size_t i = 0; i < x->count; i++)
        s->out[0].floats[i] = formula(x->floats[i], n.a, n.b);
    return true;
}

static inline float between(float x, float low, float high)
{
    return x < low ? low : x > high ? high : x;
}

static inline float relu(float x, float a, float b)
{
    (void)a, (void)b;
    return x < 0.0f ? 0.0f : x;
}

bool op_relu(struct step *s)
{
    return each(s, relu, (struct numbers){0});
}

static inline float leaky_relu(float x, float a, float b)
{
    (void)b;
    return x < 0.0f ? a * x : x;
}

struct numbers leaky_relu_slope(const struct step *s)
{
    return (struct numbers){.a = step_float(s, "alpha", 0.01f)};
}

bool op_leaky_relu(struct step *s)
{
    return each(s, leaky_relu, leaky_relu_slope(s));
}

static inline float sigmoid(float x, float a, float b)
{
    (void)a, (void)b;
    return 1.0f / (1.0f + expf(-x));
}

bool op_sigmoid(struct step *s)
{
    return each(s, sigmoid, (struct numbers){0});
}

static inline float hyperbolic(float x, float a, float b)
{
    (void)a, (void)b;
    return tanhf(x);
}

bool op_tanh(struct step *s)
{
    return each(s, hyperbolic, (struct numbers){0});
}

static inline float hard_sigmoid(float x, float a, float b)
{
    return between(a * x + b, 0.0f, 1.0f);
}

struct numbers hard_sigmoid_line(const struct step *s)
{
    return (struct numbers){.a = step_float(s, "alpha", 0.2f), .b = step_float(s, "beta", 0.5f)};
}

bool op_hard_sigmoid(struct step *s)
{
    return each(s, hard_sigmoid, hard_sigmoid_line(s));
}

static inline float hard_swish(float x, float a, float b)
{
    return x * hard_sigmoid(x, a, b);
}

struct numbers hard_swish_line(void)
{
    return (struct numbers){.a = 1.0f / 6.0f, .b = 0.5f};
}

bool op_hard_swish(struct step *s)
{
    return each(s, hard_swish, hard_swish_line());
}

static bool clip_integers(struct step *s, const struct value *x, const struct value *low,
                          const struct value *high)
{
    if (!step_output_like(s, x))
        return false;
    for (size_t i = 0; i < x->count; i++) {
        int64_t v = x->ints[i];
        v = low && v < low->ints[0] ? low->ints[0] : v;
        s->out[0].ints[i] = high && v > high->ints[0] ? high->ints[0] : v;
    }
    return true;
}

/* Limits are attributes up to operator set 10, then inputs. */
struct numbers clip_limits(const struct step *s)
{
    const struct value *low = step_input(s, 1), *high = step_input(s, 2);
    return (struct numbers){.a = low ? low->floats[0] : step_float(s, "min", -INFINITY),
                            .b = high ? high->floats[0] : step_float(s, "max", INFINITY)};
}

bool op_clip(struct step *s)
{
    const struct value *x = step_input(s, 0), *low = step_input(s, 1), *high = step_input(s, 2);
    for (int i = 1; i < 3; i++) {
        const struct value *v = step_input(s, i);
        if (v && (v->count != 1 || v->type != x->type))
            return step_refuse(s, "input %d is not one number of the values' type", i + 1);
    }
    if (x->type == VALUE_INT)
        return clip_integers(s, x, low, high);
    return each(s, between, clip_limits(s));
}

/* Over `at` values that lie `after` apart. */
static void softmax_over(const float *x, size_t at, size_t after, bool logarithm, float *y)
{
    float most = -INFINITY;
    double sum = 0.0;
    for (size_t i = 0; i < at; i++)
        most = fmaxf(most, x[i * after]);
    for (size_t i = 0; i < at; i++)
        sum += (double)(y[i * after] = expf(x[i * after] - most));
    for (size_t i = 0; i < at; i++)
        y[i * after] =
            logarithm ? x[i * after] - most - (float)log(sum) : (float)((double)y[i * after] / sum);
}

/* Before operator set 13 over all dimensions from the axis on. */
bool softmax_read(struct step *s, struct around *a)
{
    const struct value *x = step_input(s, 0);
    bool flat = s->graph->opset < 13;
    int axis;
    if (!step_floats(s, 0, 0) || !step_axis(s, step_int(s, "axis", flat ? 1 : -1), x->rank, &axis))
        return false;
    *a = value_around(x, axis);
    if (flat)
        *a = (struct around){a->before, a->at * a->after, 1};
    return true;
}

static bool softmax(struct step *s, bool logarithm)
{
    const struct value *x = step_input(s, 0);
    struct around a;
    if (!softmax_read(s, &a) || !step_output_like(s, x))
        return false;
    for (size_t i = 0; i < a.before * a.after; i++) {
        size_t first = i / a.after * a.at * a.after + i % a.after;
        softmax_over(x->floats + first, a.at, a.after, logarithm, s->out[0].floats + first);
    }
    return true;
}

bool op_softmax(struct step *s)
{
    return softmax(s, false);
}

bool op_log_softmax(struct step *s)
{
    return softmax(s, true);
}
