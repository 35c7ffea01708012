/* What kernels see of their input, as the columns of a matrix, and the way back; a row of output pixels at a
 * time. */
#include "graph.h"

#include <string.h>

/* A run of output pixels in one row, and where a tap of the kernel meets the input there. */
struct run {
    int64_t row;          /* of the input, NONE: beyond it */
    int64_t at, stride;   /* along the row: of the first pixel, and from one to the next */
    size_t from, to, all; /* of `all` pixels, those whose tap lies in the row */
};

static int64_t clamped(int64_t x, int64_t most)
{
    return x < 0 ? 0 : x > most ? most : x;
}

/* Up from a quotient that may be below 0. */
static int64_t quotient_up(int64_t a, int64_t b)
{
    return a > 0 ? (a + b - 1) / b : -(-a / b);
}

static struct run run_at(const struct window *w, const int64_t *tap, size_t pixel, size_t left)
{
    int64_t first = (int64_t)pixel;
    const int64_t out[3] = {first / (w->out[1] * w->out[2]), first / w->out[2] % w->out[1],
                            first % w->out[2]};
    struct run r = {.stride = w->stride[2], .all = (size_t)(w->out[2] - out[2])};
    int64_t at[3];
    for (int d = 0; d < 3; d++)
        at[d] = out[d] * w->stride[d] - w->pad[d] + tap[d] * w->dilation[d];
    r.all = r.all < left ? r.all : left;
    r.at = at[2];
    bool inside = at[0] >= 0 && at[0] < w->in[0] && at[1] >= 0 && at[1] < w->in[1];
    r.row = inside ? (at[0] * w->in[1] + at[1]) * w->in[2] : NONE;
    r.from = inside ? (size_t)clamped(quotient_up(-at[2], r.stride), (int64_t)r.all) : r.all;
    r.to = inside ? (size_t)clamped(quotient_up(w->in[2] - at[2], r.stride), (int64_t)r.all) : r.all;
    return r;
}

static void copy_run(const struct run *r, const float *x, float *columns)
{
    const float *in = x + (r->row == NONE ? 0 : r->row);
    memset(columns, 0, r->from * sizeof *columns);
    if (r->stride == 1 && r->to > r->from)
        memcpy(columns + r->from, in + r->at + (int64_t)r->from, (r->to - r->from) * sizeof *columns);
    for (size_t i = r->from; i < r->to && r->stride != 1; i++)
        columns[i] = in[r->at + (int64_t)i * r->stride];
    memset(columns + r->to, 0, (r->all - r->to) * sizeof *columns);
}

static void add_run(const struct run *r, const float *columns, float *dx)
{
    float *in = dx + (r->row == NONE ? 0 : r->row);
    for (size_t i = r->from; i < r->to; i++)
        in[r->at + (int64_t)i * r->stride] += columns[i];
}

/* Of one channel and one tap, over all rows that the pixels lie in. */
static void copy_tap(const struct window *w, const int64_t *tap, size_t first, size_t count, const float *x,
                     float *columns)
{
    for (size_t done = 0; done < count;) {
        struct run r = run_at(w, tap, first + done, count - done);
        copy_run(&r, x, columns + done);
        done += r.all;
    }
}

static void add_tap(const struct window *w, const int64_t *tap, size_t first, size_t count,
                    const float *columns, float *dx)
{
    for (size_t done = 0; done < count;) {
        struct run r = run_at(w, tap, first + done, count - done);
        add_run(&r, columns + done, dx);
        done += r.all;
    }
}

void unroll(const struct window *w, size_t channels, const float *x, size_t first, size_t count,
            float *columns)
{
    size_t plane = (size_t)window_product(w->in);
    for (size_t c = 0; c < channels; c++, x += plane) {
        int64_t tap[3] = {0};
        do {
            copy_tap(w, tap, first, count, x, columns);
            columns += count;
        } while (index_next(3, w->kernel, tap));
    }
}

void unroll_back(const struct window *w, size_t channels, const float *columns, size_t first, size_t count,
                 float *dx)
{
    size_t plane = (size_t)window_product(w->in);
    for (size_t c = 0; c < channels; c++, dx += plane) {
        int64_t tap[3] = {0};
        do {
            add_tap(w, tap, first, count, columns, dx);
            columns += count;
        } while (index_next(3, w->kernel, tap));
    }
}
