/* The Winograd kernels, compiled once for each instruction set: a source file defines
 *     KERNELS, KERNELS_NAME   the table and its name
 *     KERNEL                  the functions' target attribute
 *     VEC                     floats in a vector
 *     ROWS, ROWS_BACK         rows of a block of a product: tiles forward, channels in dU = Vt M'
 * and includes this. A block of ROWS x two vectors has to fit the registers. ROWS_BACK divides 2 VEC. */
#include "winograd_isa.h"

#include <string.h>

/* ROWS_FEW: of the blocks that the last few tiles get. FEW_TILES: so many and fewer, as a single image has,
 * use weights up as fast as they come from memory, and ask for those AHEAD floats further on. LINE: floats in
 * a cache line. */
enum {
    PANEL = 2 * VEC,
    MOST = 6,
    ROWS_FEW = ROWS / 3 > 1 ? ROWS / 3 : 1,
    FEW_TILES = 2 * ROWS,
    AHEAD = 2048,
    LINE = 16
};

#define INLINE KERNEL __attribute__((always_inline)) static inline

typedef float vec __attribute__((vector_size(4 * VEC)));
typedef float loose __attribute__((vector_size(4 * VEC), aligned(4), may_alias));
typedef int mask __attribute__((vector_size(4 * VEC)));

INLINE vec load(const float *p)
{
    return *(const loose *)p;
}

/* The first n floats, zeros after them. */
INLINE vec load_some(const float *p, int n)
{
    vec v = {0};
    if (n >= VEC)
        return load(p);
    for (int i = 0; i < n; i++)
        v[i] = p[i];
    return v;
}

INLINE void store(float *p, vec v)
{
    *(loose *)p = v;
}

INLINE void store_some(float *p, vec v, int n)
{
    if (n >= VEC) {
        store(p, v);
        return;
    }
    for (int i = 0; i < n; i++)
        p[i] = v[i];
}

/* ---- one-dimensional transforms, over values `by` apart ---- */

/* F(4x4): points 0, +-sqrt(1/2), +-sqrt(2) and infinity, whose rounding errors are a third of those of 0,
 * +-1,
 * +-2 at the same cost. */
#define A 0.70710678118654752f
#define B 1.4142135623730951f
#define A2 0.5f
#define B2 2.0f
#define NA (1.0f / (2 * A2 * (A2 - B2)))
#define NB (1.0f / (2 * B2 * (B2 - A2)))
/* F(2x2): 0, 1, -1 and infinity; F(3x3): C as well. */
#define C 2.0f
#define N1 (1.0f / (2 * (1 - C)))
#define N2 (-1.0f / (2 * (1 + C)))
#define N3 (1.0f / (C * (C * C - 1)))

/* to = Bt d */
INLINE void input_1d(int m, const vec *d, vec *to, int by)
{
    if (m == 4) {
        vec e1 = d[4 * by] - B2 * d[2 * by], o1 = A * (d[3 * by] - B2 * d[by]);
        vec e2 = d[4 * by] - A2 * d[2 * by], o2 = B * (d[3 * by] - A2 * d[by]);
        vec first = A2 * B2 * d[0] - (A2 + B2) * d[2 * by] + d[4 * by];
        vec last = A2 * B2 * d[by] - (A2 + B2) * d[3 * by] + d[5 * by];
        to[0] = first;
        to[by] = e1 + o1;
        to[2 * by] = e1 - o1;
        to[3 * by] = e2 + o2;
        to[4 * by] = e2 - o2;
        to[5 * by] = last;
    } else if (m == 2) {
        vec d0 = d[0], d1 = d[by], d2 = d[2 * by], d3 = d[3 * by];
        to[0] = d0 - d2;
        to[by] = d1 + d2;
        to[2 * by] = d2 - d1;
        to[3 * by] = d3 - d1;
    } else {
        vec d0 = d[0], d1 = d[by], d2 = d[2 * by], d3 = d[3 * by], d4 = d[4 * by];
        to[0] = C * (d0 - d2) - d1 + d3;
        to[by] = d3 - C * d1 + (1 - C) * d2;
        to[2 * by] = d3 + C * d1 - (1 + C) * d2;
        to[3 * by] = d3 - d1;
        to[4 * by] = C * (d1 - d3) - d2 + d4;
    }
}

/* to = B v, the adjoint */
INLINE void input_1d_back(int m, const vec *v, vec *to, int by)
{
    if (m == 4) {
        vec s1 = v[by] + v[2 * by], q1 = v[by] - v[2 * by];
        vec s2 = v[3 * by] + v[4 * by], q2 = v[3 * by] - v[4 * by];
        vec v0 = v[0], v5 = v[5 * by];
        to[0] = A2 * B2 * v0;
        to[by] = A2 * B2 * v5 - A * B2 * q1 - B * A2 * q2;
        to[2 * by] = -(A2 + B2) * v0 - B2 * s1 - A2 * s2;
        to[3 * by] = A * q1 + B * q2 - (A2 + B2) * v5;
        to[4 * by] = v0 + s1 + s2;
        to[5 * by] = v5;
    } else if (m == 2) {
        vec v0 = v[0], v1 = v[by], v2 = v[2 * by], v3 = v[3 * by];
        to[0] = v0;
        to[by] = v1 - v2 - v3;
        to[2 * by] = v1 + v2 - v0;
        to[3 * by] = v3;
    } else {
        vec v0 = v[0], v1 = v[by], v2 = v[2 * by], v3 = v[3 * by], v4 = v[4 * by];
        to[0] = C * v0;
        to[by] = C * (v2 - v1 + v4) - v0 - v3;
        to[2 * by] = (1 - C) * v1 - C * v0 - (1 + C) * v2 - v4;
        to[3 * by] = v0 + v1 + v2 + v3 - C * v4;
        to[4 * by] = v4;
    }
}

/* to = At v, from m + 2 values to m */
INLINE void output_1d(int m, const vec *v, vec *to, int by, int to_by)
{
    vec s1 = v[by] + v[2 * by], q1 = v[by] - v[2 * by];
    if (m == 4) {
        vec s2 = v[3 * by] + v[4 * by], q2 = v[3 * by] - v[4 * by];
        to[0] = v[0] + s1 + s2;
        to[to_by] = A * q1 + B * q2;
        to[2 * to_by] = A2 * s1 + B2 * s2;
        to[3 * to_by] = A * A2 * q1 + B * B2 * q2 + v[5 * by];
    } else if (m == 2) {
        to[0] = v[0] + s1;
        to[to_by] = q1 + v[3 * by];
    } else {
        to[0] = v[0] + s1 + v[3 * by];
        to[to_by] = q1 + C * v[3 * by];
        to[2 * to_by] = s1 + C * C * v[3 * by] + v[4 * by];
    }
}

/* to = A y, the adjoint */
INLINE void output_1d_back(int m, const vec *y, vec *to, int by, int to_by)
{
    if (m == 4) {
        vec e1 = y[0] + A2 * y[2 * by], o1 = A * y[by] + A * A2 * y[3 * by];
        vec e2 = y[0] + B2 * y[2 * by], o2 = B * y[by] + B * B2 * y[3 * by];
        to[0] = y[0];
        to[to_by] = e1 + o1;
        to[2 * to_by] = e1 - o1;
        to[3 * to_by] = e2 + o2;
        to[4 * to_by] = e2 - o2;
        to[5 * to_by] = y[3 * by];
    } else if (m == 2) {
        to[0] = y[0];
        to[to_by] = y[0] + y[by];
        to[2 * to_by] = y[0] - y[by];
        to[3 * to_by] = y[by];
    } else {
        vec e = y[0] + y[2 * by];
        to[0] = y[0];
        to[to_by] = e + y[by];
        to[2 * to_by] = e - y[by];
        to[3 * to_by] = y[0] + C * y[by] + C * C * y[2 * by];
        to[4 * to_by] = y[2 * by];
    }
}

/* to = G g, from 3 values to m + 2 */
INLINE void weight_1d(int m, const vec *g, vec *to, int by, int to_by)
{
    vec g0 = g[0], g1 = g[by], g2 = g[2 * by];
    if (m == 4) {
        to[0] = g0 * (1.0f / (A2 * B2));
        to[to_by] = NA * (g0 + A2 * g2 + A * g1);
        to[2 * to_by] = NA * (g0 + A2 * g2 - A * g1);
        to[3 * to_by] = NB * (g0 + B2 * g2 + B * g1);
        to[4 * to_by] = NB * (g0 + B2 * g2 - B * g1);
        to[5 * to_by] = g2;
    } else if (m == 2) {
        to[0] = g0;
        to[to_by] = 0.5f * (g0 + g1 + g2);
        to[2 * to_by] = 0.5f * (g0 - g1 + g2);
        to[3 * to_by] = g2;
    } else {
        to[0] = g0 * (1.0f / C);
        to[to_by] = N1 * (g0 + g1 + g2);
        to[2 * to_by] = N2 * (g0 - g1 + g2);
        to[3 * to_by] = N3 * (g0 + C * g1 + C * C * g2);
        to[4 * to_by] = g2;
    }
}

/* to = Gt u, the adjoint */
INLINE void weight_1d_back(int m, const vec *u, vec *to, int by, int to_by)
{
    if (m == 4) {
        vec s1 = NA * (u[by] + u[2 * by]), q1 = NA * (u[by] - u[2 * by]);
        vec s2 = NB * (u[3 * by] + u[4 * by]), q2 = NB * (u[3 * by] - u[4 * by]);
        to[0] = u[0] * (1.0f / (A2 * B2)) + s1 + s2;
        to[to_by] = A * q1 + B * q2;
        to[2 * to_by] = A2 * s1 + B2 * s2 + u[5 * by];
    } else if (m == 2) {
        to[0] = u[0] + 0.5f * (u[by] + u[2 * by]);
        to[to_by] = 0.5f * (u[by] - u[2 * by]);
        to[2 * to_by] = 0.5f * (u[by] + u[2 * by]) + u[3 * by];
    } else {
        vec a = N1 * u[by], b = N2 * u[2 * by], c = N3 * u[3 * by];
        to[0] = u[0] * (1.0f / C) + a + b + c;
        to[to_by] = a - b + C * c;
        to[2 * to_by] = a + b + C * C * c + u[4 * by];
    }
}

#undef A
#undef B
#undef C

/* ---- tiles ---- */

/* A tile's place: the image, its first row and column with the padding, and which rows and columns of it lie
 * inside the image. */
struct tile {
    int image, row, column;
    int from_row, to_row, from_column, to_column;
    bool whole;
};

INLINE int at_least(int value, int least)
{
    return value > least ? value : least;
}

INLINE int at_most(int value, int most)
{
    return value < most ? value : most;
}

/* reach: how far the tile begins before its outputs, 1 for inputs and 0 for outputs; side: its rows. */
INLINE struct tile tile_at(const struct winograd *w, size_t index, int reach, int side)
{
    size_t each = (size_t)w->tiles_y * (size_t)w->tiles_x, in_image = index % each;
    struct tile t = {.image = (int)(index / each),
                     .row = (int)(in_image / (size_t)w->tiles_x) * w->tile - reach,
                     .column = (int)(in_image % (size_t)w->tiles_x) * w->tile - reach};
    t.from_row = at_least(-t.row, 0);
    t.from_column = at_least(-t.column, 0);
    t.to_row = at_most(w->height - t.row, side);
    t.to_column = at_most(w->width - t.column, side);
    t.whole = !t.from_row && !t.from_column && t.to_row == side && t.to_column == side;
    return t;
}

INLINE bool tile_has(const struct tile *t, bool whole, int i, int j)
{
    return whole || (i >= t->from_row && i < t->to_row && j >= t->from_column && j < t->to_column);
}

/* The offset of the tile's first value, which may lie outside the image. */
INLINE ptrdiff_t tile_offset(const struct winograd *w, const struct tile *t, int channels)
{
    return (((ptrdiff_t)t->image * w->height + t->row) * w->width + t->column) * channels;
}

/* Where channels [c, c + VEC) of a tile stand in a point of V or M. */
INLINE size_t panel_offset(const struct winograd *w, int c, int tile)
{
    return ((size_t)(c / PANEL) * (size_t)w->chunk + (size_t)tile) * PANEL + (size_t)(c % PANEL);
}

/* ---- reading through a normalisation ---- */

struct lens {
    bool on, relu;
    vec slope, offset, keep_x, keep_1;
};

INLINE struct lens lens_of(const struct norm *n, int c, int channels, bool back)
{
    struct lens l = {.on = n != NULL};
    if (!n)
        return l;
    l.relu = n->relu;
    l.slope = load_some(n->slope + c, channels - c);
    l.offset = load_some(n->offset + c, channels - c);
    if (back) {
        l.keep_x = load_some(n->keep_x + c, channels - c);
        l.keep_1 = load_some(n->keep_1 + c, channels - c);
    }
    return l;
}

INLINE vec positive(vec v)
{
    mask keep = ~(mask)(v < 0.0f); /* keeps NaN */
    return (vec)((mask)v & keep);
}

INLINE vec see(const struct lens *l, vec x)
{
    vec v = l->slope * x + l->offset;
    return l->relu ? positive(v) : v;
}

INLINE vec see_back(const struct lens *l, vec x, vec dy)
{
    mask keep = (mask)(l->slope * x + l->offset > 0.0f);
    vec g = l->relu ? (vec)((mask)dy & keep) : dy;
    return l->slope * g + (l->keep_x * x + l->keep_1);
}

/* ---- one thread's share of a convolution ---- */

struct share {
    size_t from_tile, to_tile, from_panel, to_panel;
};

/* Tiles where there are enough for everybody, else panels of output channels. */
static struct share share_of(const struct winograd *w, size_t tiles, const struct conv_ending *end)
{
    struct share s = {0, tiles, 0, w->out_panels};
    size_t parts = end->parts > 1 ? (size_t)end->parts : 1, part = parts > 1 ? (size_t)end->part : 0;
    if (tiles >= parts * ROWS) {
        size_t blocks = (tiles + ROWS_FEW - 1) / ROWS_FEW;
        s.from_tile = blocks * part / parts * ROWS_FEW;
        s.to_tile = blocks * (part + 1) / parts * ROWS_FEW;
        s.to_tile = s.to_tile < tiles ? s.to_tile : tiles;
    } else {
        s.from_panel = w->out_panels * part / parts;
        s.to_panel = w->out_panels * (part + 1) / parts;
    }
    return s;
}

/* ---- V = Bt d B ---- */

INLINE void input_tile(int m, bool whole, bool lens, const struct winograd *w, const struct tile *t,
                       const float *x, int n, const struct lens *l, float *to)
{
    const int side = m + 2;
    vec d[MOST * MOST];
    size_t line = (size_t)w->width * (size_t)w->in;
#pragma GCC unroll 6
    for (int j = 0; j < side; j++) {
#pragma GCC unroll 6
        for (int i = 0; i < side; i++) {
            vec v = {0};
            if (tile_has(t, whole, i, j)) {
                v = load_some(x + (size_t)i * line + (size_t)j * (size_t)w->in, n);
                if (lens)
                    v = see(l, v);
            }
            d[i * side + j] = v;
        }
        input_1d(m, d + j, d + j, side);
    }
#pragma GCC unroll 6
    for (int i = 0; i < side; i++) {
        input_1d(m, d + i * side, d + i * side, 1);
#pragma GCC unroll 6
        for (int j = 0; j < side; j++)
            store(to + (size_t)(i * side + j) * w->in_stride, d[i * side + j]);
    }
}

INLINE void make_v(int m, const struct winograd *w, size_t first, int tiles, struct conv_input x, float *v)
{
    int padded = (int)w->in_panels * PANEL, rows = (tiles + ROWS - 1) / ROWS * ROWS;
    for (int k = 0; k < tiles; k++) {
        struct tile t = tile_at(w, first + (size_t)k, 1, m + 2);
        const float *from = x.x + tile_offset(w, &t, w->in);
        for (int c = 0; c < padded; c += VEC) {
            float *to = v + panel_offset(w, c, k);
            struct lens l = lens_of(x.through, c, w->in, false);
            int n = w->in - c;
            if (t.whole && n >= VEC && l.on)
                input_tile(m, true, true, w, &t, from + c, VEC, &l, to);
            else if (t.whole && n >= VEC)
                input_tile(m, true, false, w, &t, from + c, VEC, &l, to);
            else
                input_tile(m, false, l.on, w, &t, from + c, n, &l, to);
        }
    }
    /* Rows that fill the last block. */
    for (int k = tiles; k < rows; k++)
        for (int c = 0; c < padded; c += VEC)
            for (int p = 0; p < w->points; p++)
                store(v + (size_t)p * w->in_stride + panel_offset(w, c, k), (vec){0});
}

/* ---- Y = At M A ---- */

INLINE void output_tile(int m, bool whole, const struct winograd *w, const struct tile *t, const float *from,
                        int c, const struct conv_ending *end, float *y, float *sums)
{
    const int side = m + 2;
    int n = w->out - c;
    vec v[MOST * MOST], out[4 * MOST];
    size_t line = (size_t)w->width * (size_t)w->out;
#pragma GCC unroll 6
    for (int j = 0; j < side; j++) {
#pragma GCC unroll 6
        for (int i = 0; i < side; i++)
            v[i * side + j] = load(from + (size_t)(i * side + j) * w->out_stride);
        output_1d(m, v + j, out + j, side, side);
    }
    vec bias = {0}, shift = {0}, sum = {0}, squares = {0};
    if (end->bias)
        bias = load_some(end->bias + c, n);
    if (sums)
        shift = load(sums + c);
#pragma GCC unroll 4
    for (int i = 0; i < m; i++) {
        vec row[4];
        output_1d(m, out + i * side, row, 1, 1);
#pragma GCC unroll 4
        for (int j = 0; j < m; j++) {
            if (!tile_has(t, whole, i, j))
                continue;
            vec value = row[j] + bias;
            if (end->relu)
                value = positive(value);
            store_some(y + (size_t)i * line + (size_t)j * (size_t)w->out, value, whole ? VEC : n);
            vec away = value - shift;
            sum += away;
            squares += away * away;
        }
    }
    if (sums) {
        float *first = sums + w->out_panels * PANEL + c, *second = first + w->out_panels * PANEL;
        store(first, load(first) + sum);
        store(second, load(second) + squares);
    }
}

/* sums, where wanted: a shift, and sums of output - shift and of its square, three rows of all panels'
 * channels. The shift is the chunk's first output: any value from among them keeps the sums exact. */
INLINE void make_y(int m, const struct winograd *w, size_t first, int tiles, struct share share,
                   const float *from, const struct conv_ending *end, float *y, float *sums)
{
    for (int k = 0; k < tiles; k++) {
        struct tile t = tile_at(w, first + (size_t)k, 0, m);
        float *to = y + tile_offset(w, &t, w->out);
        int to_channel = at_most((int)share.to_panel * PANEL, w->out);
        for (int c = (int)share.from_panel * PANEL; c < to_channel; c += VEC) {
            const float *at = from + panel_offset(w, c, k);
            if (sums && k == 0) {
                output_tile(m, false, w, &t, at, c, end, to + c, NULL);
                store(sums + c, load_some(to + c, w->out - c));
            }
            if (t.whole && w->out - c >= VEC)
                output_tile(m, true, w, &t, at, c, end, to + c, sums);
            else
                output_tile(m, false, w, &t, at, c, end, to + c, sums);
        }
    }
}

/* ---- M' = A dY At ---- */

INLINE void gradient_tile(int m, bool whole, bool lens, const struct winograd *w, const struct tile *t,
                          const float *dy, const float *x, int n, const struct lens *l, float *to)
{
    const int side = m + 2;
    vec rows[4 * MOST], v[MOST * MOST];
    size_t line = (size_t)w->width * (size_t)w->out;
#pragma GCC unroll 4
    for (int i = 0; i < m; i++) {
        vec y[4];
#pragma GCC unroll 4
        for (int j = 0; j < m; j++) {
            size_t at = (size_t)i * line + (size_t)j * (size_t)w->out;
            y[j] = (vec){0};
            if (tile_has(t, whole, i, j)) {
                y[j] = load_some(dy + at, n);
                if (lens)
                    y[j] = see_back(l, load_some(x + at, n), y[j]);
            }
        }
        output_1d_back(m, y, rows + i * side, 1, 1);
    }
#pragma GCC unroll 6
    for (int j = 0; j < side; j++) {
        output_1d_back(m, rows + j, v + j, side, side);
#pragma GCC unroll 6
        for (int i = 0; i < side; i++)
            store(to + (size_t)(i * side + j) * w->out_stride, v[i * side + j]);
    }
}

INLINE void make_m_back(int m, const struct winograd *w, size_t first, int tiles, struct conv_gradient dy,
                        float *to)
{
    int padded = (int)w->out_panels * PANEL, rows = (tiles + ROWS - 1) / ROWS * ROWS;
    for (int k = 0; k < tiles; k++) {
        struct tile t = tile_at(w, first + (size_t)k, 0, m);
        ptrdiff_t at = tile_offset(w, &t, w->out);
        for (int c = 0; c < padded; c += VEC) {
            const float *from = dy.dy + at + c, *x = dy.through ? dy.x + at + c : NULL;
            struct lens l = lens_of(dy.through, c, w->out, true);
            int n = w->out - c;
            float *place = to + panel_offset(w, c, k);
            if (t.whole && n >= VEC && l.on)
                gradient_tile(m, true, true, w, &t, from, x, VEC, &l, place);
            else if (t.whole && n >= VEC)
                gradient_tile(m, true, false, w, &t, from, x, VEC, &l, place);
            else
                gradient_tile(m, false, l.on, w, &t, from, x, n, &l, place);
        }
    }
    for (int k = tiles; k < rows; k++)
        for (int c = 0; c < padded; c += VEC)
            for (int p = 0; p < w->points; p++)
                store(to + (size_t)p * w->out_stride + panel_offset(w, c, k), (vec){0});
}

/* ---- dX += B dV Bt ---- */

INLINE void input_tile_back(int m, bool whole, const struct winograd *w, const struct tile *t,
                            const float *from, int n, float *dx)
{
    const int side = m + 2;
    vec v[MOST * MOST];
    size_t line = (size_t)w->width * (size_t)w->in;
#pragma GCC unroll 6
    for (int j = 0; j < side; j++) {
#pragma GCC unroll 6
        for (int i = 0; i < side; i++)
            v[i * side + j] = load(from + (size_t)(i * side + j) * w->in_stride);
        input_1d_back(m, v + j, v + j, side);
    }
#pragma GCC unroll 6
    for (int i = 0; i < side; i++) {
        input_1d_back(m, v + i * side, v + i * side, 1);
#pragma GCC unroll 6
        for (int j = 0; j < side; j++) {
            if (!tile_has(t, whole, i, j))
                continue;
            float *to = dx + (size_t)i * line + (size_t)j * (size_t)w->in;
            store_some(to, load_some(to, n) + v[i * side + j], n);
        }
    }
}

INLINE void add_dx(int m, const struct winograd *w, size_t first, int tiles, const float *from, float *dx)
{
    for (int k = 0; k < tiles; k++) {
        struct tile t = tile_at(w, first + (size_t)k, 1, m + 2);
        float *to = dx + tile_offset(w, &t, w->in);
        for (int c = 0; c < w->in; c += VEC) {
            int n = w->in - c;
            if (t.whole && n >= VEC)
                input_tile_back(m, true, w, &t, from + panel_offset(w, c, k), VEC, to + c);
            else
                input_tile_back(m, false, w, &t, from + panel_offset(w, c, k), n, to + c);
        }
    }
}

/* ---- products ---- */

/* to[tile][PANEL] = sum over k of a[k / PANEL][tile][k % PANEL] b[k][PANEL], for a constant number of tiles.
 * `panel`: floats from one panel of a to the next. */
INLINE void block(int rows, bool ahead, int depth, const float *a, size_t panel, const float *b, float *to)
{
    vec low[ROWS], high[ROWS];
#pragma GCC unroll 16
    for (int r = 0; r < rows; r++)
        low[r] = high[r] = (vec){0};
    for (int k = 0; k < depth; k += PANEL, a += panel) {
        int end = depth - k < PANEL ? depth - k : PANEL;
        for (int i = 0; i < end; i++, b += PANEL) {
            vec b0 = load(b), b1 = load(b + VEC);
            for (int line = 0; ahead && line < PANEL; line += LINE)
                __builtin_prefetch(b + AHEAD + line);
#pragma GCC unroll 16
            for (int r = 0; r < rows; r++) {
                float value = a[r * PANEL + i];
                low[r] += value * b0;
                high[r] += value * b1;
            }
        }
    }
#pragma GCC unroll 16
    for (int r = 0; r < rows; r++) {
        store(to + r * PANEL, low[r]);
        store(to + r * PANEL + VEC, high[r]);
    }
}

INLINE void product_panels(bool ahead, size_t panel, int tiles, int depth, size_t count, const float *from,
                           const float *weights, float *to)
{
    for (size_t o = 0; o < count; o++, weights += (size_t)depth * PANEL, to += panel) {
        int t = 0;
        for (; tiles - t > ROWS_FEW * (ROWS / ROWS_FEW - 1); t += ROWS)
            block(ROWS, ahead, depth, from + (size_t)t * PANEL, panel, weights, to + (size_t)t * PANEL);
        for (; tiles - t > ROWS_FEW; t += 2 * ROWS_FEW)
            block(2 * ROWS_FEW, ahead, depth, from + (size_t)t * PANEL, panel, weights,
                  to + (size_t)t * PANEL);
        for (; t < tiles; t += ROWS_FEW)
            block(ROWS_FEW, ahead, depth, from + (size_t)t * PANEL, panel, weights, to + (size_t)t * PANEL);
    }
}

/* One point: to = from x weights, panels [first, end) of it. */
KERNEL static void product(const struct winograd *w, int tiles, int depth, size_t first, size_t end,
                           const float *from, const float *weights, float *to)
{
    size_t panel = (size_t)w->chunk * PANEL;
    weights += first * (size_t)depth * PANEL;
    to += first * panel;
    if (tiles <= FEW_TILES)
        product_panels(true, panel, tiles, depth, end - first, from, weights, to);
    else
        product_panels(false, panel, tiles, depth, end - first, from, weights, to);
}

/* to[ROWS_BACK][PANEL] += sum over the tiles of a[tile][row] b[tile][PANEL]. */
INLINE void block_back(int tiles, const float *a, const float *b, float *to)
{
    vec low[ROWS_BACK], high[ROWS_BACK];
#pragma GCC unroll 16
    for (int r = 0; r < ROWS_BACK; r++) {
        low[r] = load(to + r * PANEL);
        high[r] = load(to + r * PANEL + VEC);
    }
    for (int t = 0; t < tiles; t++, a += PANEL, b += PANEL) {
        vec b0 = load(b), b1 = load(b + VEC);
#pragma GCC unroll 16
        for (int r = 0; r < ROWS_BACK; r++) {
            low[r] += a[r] * b0;
            high[r] += a[r] * b1;
        }
    }
#pragma GCC unroll 16
    for (int r = 0; r < ROWS_BACK; r++) {
        store(to + r * PANEL, low[r]);
        store(to + r * PANEL + VEC, high[r]);
    }
}

/* One point of dU += Vt M'. */
KERNEL static void product_back(const struct winograd *w, int tiles, const float *v, const float *m,
                                float *to)
{
    size_t panel = (size_t)w->chunk * PANEL, padded = w->in_panels * PANEL;
    for (size_t o = 0; o < w->out_panels; o++)
        for (int i = 0; i < w->in; i += ROWS_BACK)
            block_back(tiles, v + (size_t)(i / PANEL) * panel + (size_t)(i % PANEL), m + o * panel,
                       to + (o * padded + (size_t)i) * PANEL);
}

/* ---- whole convolutions ---- */

/* How many outputs the first tiles have. */
static size_t outputs_of(const struct winograd *w, size_t tiles)
{
    size_t each = (size_t)w->tiles_y * (size_t)w->tiles_x, row = tiles % each / (size_t)w->tiles_x;
    size_t rows = row * (size_t)w->tile, column = tiles % (size_t)w->tiles_x * (size_t)w->tile;
    size_t height = (size_t)w->height - rows < (size_t)w->tile ? (size_t)w->height - rows : (size_t)w->tile;
    return tiles / each * (size_t)w->height * (size_t)w->width + rows * (size_t)w->width + height * column;
}

INLINE void forward_m(int m, const struct winograd *w, int count, struct conv_input x, const float *u,
                      const struct conv_ending *end, float *y, float *workspace)
{
    float *v = workspace, *product_at = v + (size_t)w->points * w->in_stride;
    float *sums = end->sums ? product_at + (size_t)w->points * w->out_stride : NULL;
    size_t padded = w->out_panels * PANEL;
    size_t total = (size_t)count * (size_t)w->tiles_y * (size_t)w->tiles_x;
    size_t weights = w->out_panels * (size_t)w->in * PANEL;
    struct share share = share_of(w, total, end);
    if (share.from_panel == share.to_panel)
        return;
    for (size_t first = share.from_tile; first < share.to_tile; first += (size_t)w->chunk) {
        int tiles = share.to_tile - first < (size_t)w->chunk ? (int)(share.to_tile - first) : w->chunk;
        make_v(m, w, first, tiles, x, v);
        for (int p = 0; p < w->points; p++)
            product(w, tiles, w->in, share.from_panel, share.to_panel, v + (size_t)p * w->in_stride,
                    u + (size_t)p * weights, product_at + (size_t)p * w->out_stride);
        if (sums)
            memset(sums, 0, 3 * padded * sizeof *sums);
        make_y(m, w, first, tiles, share, product_at, end, y, sums);
        if (sums) {
            size_t before = outputs_of(w, first), after = outputs_of(w, first + (size_t)tiles);
            norm_add_sums(w->out, before, after - before, sums, sums + padded, sums + 2 * padded, end->sums);
        }
    }
}

KERNEL static void forward(const struct winograd *w, int count, struct conv_input x, const float *u,
                           const struct conv_ending *end, float *y, float *workspace)
{
    if (w->tile == 4)
        forward_m(4, w, count, x, u, end, y, workspace);
    else if (w->tile == 3)
        forward_m(3, w, count, x, u, end, y, workspace);
    else
        forward_m(2, w, count, x, u, end, y, workspace);
}

INLINE void backward_m(int m, const struct winograd *w, int count, struct conv_input x,
                       struct conv_gradient dy, const float *u_back, float *dx, float *partial,
                       float *workspace)
{
    float *v = workspace, *m_back = v + (size_t)w->points * w->in_stride;
    size_t total = (size_t)count * (size_t)w->tiles_y * (size_t)w->tiles_x;
    size_t weights = w->in_panels * (size_t)w->out * PANEL;
    size_t products = w->out_panels * PANEL * w->in_panels * PANEL;
    if (dx)
        memset(dx, 0, (size_t)count * (size_t)w->height * (size_t)w->width * (size_t)w->in * sizeof *dx);
    for (size_t first = 0; first < total; first += (size_t)w->chunk) {
        int tiles = total - first < (size_t)w->chunk ? (int)(total - first) : w->chunk;
        make_v(m, w, first, tiles, x, v);
        make_m_back(m, w, first, tiles, dy, m_back);
        for (int p = 0; p < w->points; p++) {
            float *from = v + (size_t)p * w->in_stride, *right = m_back + (size_t)p * w->out_stride;
            product_back(w, tiles, from, right, partial + (size_t)p * products);
            if (dx)
                product(w, tiles, w->out, 0, w->in_panels, right, u_back + (size_t)p * weights, from);
        }
        if (dx)
            add_dx(m, w, first, tiles, v, dx);
    }
}

KERNEL static void backward(const struct winograd *w, int count, struct conv_input x, struct conv_gradient dy,
                            const float *u_back, float *dx, float *partial, float *workspace)
{
    if (w->tile == 4)
        backward_m(4, w, count, x, dy, u_back, dx, partial, workspace);
    else if (w->tile == 3)
        backward_m(3, w, count, x, dy, u_back, dx, partial, workspace);
    else
        backward_m(2, w, count, x, dy, u_back, dx, partial, workspace);
}

/* ---- weights ---- */

/* u = G g Gt for one vector of nine weights; points `stride` floats apart. */
INLINE void weights_to_points(int m, const vec g[9], float *u, size_t stride)
{
    const int side = m + 2;
    vec half[MOST * 3], whole[MOST];
#pragma GCC unroll 3
    for (int j = 0; j < 3; j++)
        weight_1d(m, g + j, half + j, 3, 3);
#pragma GCC unroll 6
    for (int i = 0; i < side; i++) {
        weight_1d(m, half + (size_t)i * 3, whole, 1, 1);
#pragma GCC unroll 6
        for (int j = 0; j < side; j++)
            store(u + (size_t)(i * side + j) * stride, whole[j]);
    }
}

INLINE void points_to_weights(int m, const vec *u, vec g[9])
{
    const int side = m + 2;
    vec half[MOST * 3];
#pragma GCC unroll 6
    for (int j = 0; j < side; j++)
        weight_1d_back(m, u + j, half + j, side, side);
#pragma GCC unroll 3
    for (int i = 0; i < 3; i++)
        weight_1d_back(m, half + i * side, g + (size_t)i * 3, 1, 1);
}

/* Lanes are output channels, whose weights lie far apart. */
KERNEL static void pack(const struct winograd *w, const float *weight, const float *scale, float *u)
{
    size_t in = (size_t)w->in, stride = w->out_panels * in * PANEL;
    for (int o = 0; o < (int)w->out_panels * PANEL; o += VEC) {
        int lanes = w->out - o < VEC ? w->out - o : VEC;
        for (size_t i = 0; i < in; i++) {
            vec g[9];
            for (size_t tap = 0; tap < 9; tap++) {
                g[tap] = (vec){0};
                for (int lane = 0; lane < lanes; lane++)
                    g[tap][lane] = weight[((size_t)(o + lane) * 9 + tap) * in + i];
                if (scale)
                    g[tap] *= load_some(scale + o, w->out - o);
            }
            float *to = u + ((size_t)(o / PANEL) * in + i) * PANEL + (size_t)(o % PANEL);
            if (w->tile == 4)
                weights_to_points(4, g, to, stride);
            else if (w->tile == 3)
                weights_to_points(3, g, to, stride);
            else
                weights_to_points(2, g, to, stride);
        }
    }
}

/* Lanes are input channels. */
KERNEL static void pack_back(const struct winograd *w, const float *weight, float *u_back)
{
    size_t in = (size_t)w->in, out = (size_t)w->out, stride = w->in_panels * out * PANEL;
    for (size_t o = 0; o < out; o++) {
        for (int i = 0; i < (int)w->in_panels * PANEL; i += VEC) {
            vec g[9];
            for (size_t tap = 0; tap < 9; tap++)
                g[tap] = load_some(weight + (o * 9 + tap) * in + i, w->in - i);
            float *to = u_back + ((size_t)(i / PANEL) * out + o) * PANEL + (size_t)(i % PANEL);
            if (w->tile == 4)
                weights_to_points(4, g, to, stride);
            else if (w->tile == 3)
                weights_to_points(3, g, to, stride);
            else
                weights_to_points(2, g, to, stride);
        }
    }
}

KERNEL static void gather(const struct winograd *w, int slices, const float *partials, size_t stride,
                          float *gradient)
{
    size_t in = (size_t)w->in, padded = w->in_panels * PANEL, products = w->out_panels * PANEL * padded;
    for (int o = 0; o < w->out; o += VEC) {
        int lanes = w->out - o < VEC ? w->out - o : VEC;
        for (size_t i = 0; i < in; i++) {
            const float *from = partials + ((size_t)(o / PANEL) * padded + i) * PANEL + (size_t)(o % PANEL);
            vec u[MOST * MOST], g[9];
            for (int p = 0; p < w->points; p++) {
                u[p] = (vec){0};
                for (int s = 0; s < slices; s++)
                    u[p] += load(from + (size_t)s * stride + (size_t)p * products);
            }
            if (w->tile == 4)
                points_to_weights(4, u, g);
            else if (w->tile == 3)
                points_to_weights(3, u, g);
            else
                points_to_weights(2, u, g);
            for (size_t tap = 0; tap < 9; tap++)
                for (int lane = 0; lane < lanes; lane++)
                    gradient[((size_t)(o + lane) * 9 + tap) * in + i] = g[tap][lane];
        }
    }
}

const struct winograd_kernels KERNELS = {
    .name = KERNELS_NAME,
    .panel = PANEL,
    .rows = ROWS,
    .pack = pack,
    .pack_back = pack_back,
    .forward = forward,
    .backward = backward,
    .gather = gather,
};
