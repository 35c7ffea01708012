/* Winograd convolutions: which kernels, which tiles, how large a chunk. */
#include "winograd.h"

#include "winograd_isa.h"

enum {
    CHUNK_BYTES = 512 * 1024, /* of V and M: what a core's own cache should hold */
    CHUNK_TILES_LEAST = 48,   /* fewer would read the weights too often */
    LINE = 16,                /* floats in a cache line */
    WEIGHT_TILES = 10,        /* fetching a weight takes as long as its products with so many tiles */
};

const struct winograd_kernels *const *winograd_available(void)
{
    static const struct winograd_kernels *found[WINOGRAD_ISAS + 1];
    static const struct winograd_kernels *const *volatile ready;
    if (ready)
        return ready;
#pragma omp critical(winograd)
    {
        size_t count = 0;
#ifdef __x86_64__
        __builtin_cpu_init();
        if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
            __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw"))
            found[count++] = &winograd_avx512;
        if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
            found[count++] = &winograd_avx2;
#endif
        found[count++] = &winograd_plain;
        found[count] = NULL;
        ready = found;
    }
    return found;
}

static int parts(int whole, int part)
{
    return (whole + part - 1) / part;
}

/* The tile with the fewest products; where few images go together, with the fewest products or weights,
 * whichever takes longer. */
static int best_tile(const struct conv *d)
{
    int best = 4, least = 0;
    for (int m = 4; m >= 2; m--) {
        int tiles = parts(d->height, m) * parts(d->width, m) * (d->images ? d->images : WEIGHT_TILES);
        int cost = (tiles > WEIGHT_TILES ? tiles : WEIGHT_TILES) * (m + 2) * (m + 2);
        if (!least || cost < least) {
            least = cost;
            best = m;
        }
    }
    return best;
}

struct winograd winograd_plan(const struct winograd_kernels *k, const struct conv *d)
{
    struct winograd w = {.height = d->height, .width = d->width, .in = d->in, .out = d->out};
    w.tile = best_tile(d);
    w.points = (w.tile + 2) * (w.tile + 2);
    w.tiles_y = parts(d->height, w.tile);
    w.tiles_x = parts(d->width, w.tile);
    w.panel = k->panel;
    w.in_panels = (size_t)parts(d->in, k->panel);
    w.out_panels = (size_t)parts(d->out, k->panel);
    size_t row = (size_t)w.points * (w.in_panels + w.out_panels) * (size_t)k->panel * sizeof(float);
    size_t tiles = CHUNK_BYTES / row;
    tiles = tiles < CHUNK_TILES_LEAST ? CHUNK_TILES_LEAST : tiles;
    w.chunk = parts((int)tiles, k->rows) * k->rows;
    /* An odd number of lines apart, or the points would all fall on the same few places of the cache. */
    size_t channels = (size_t)w.chunk * (size_t)k->panel;
    w.in_stride = (w.in_panels * channels / LINE | 1) * LINE;
    w.out_stride = (w.out_panels * channels / LINE | 1) * LINE;
    w.in_stride += w.in_stride < w.in_panels * channels ? 2 * LINE : 0;
    w.out_stride += w.out_stride < w.out_panels * channels ? 2 * LINE : 0;
    return w;
}

size_t winograd_packed(const struct winograd *w)
{
    return (size_t)w->points * w->out_panels * (size_t)w->in * (size_t)w->panel;
}

size_t winograd_packed_back(const struct winograd *w)
{
    return (size_t)w->points * w->in_panels * (size_t)w->out * (size_t)w->panel;
}

size_t winograd_partial(const struct winograd *w)
{
    size_t panel = (size_t)w->panel;
    return (size_t)w->points * w->out_panels * panel * w->in_panels * panel;
}

/* V, M, and the sums of the ending. */
size_t winograd_workspace(const struct winograd *w)
{
    return (size_t)w->points * (w->in_stride + w->out_stride) + 3 * w->out_panels * (size_t)w->panel;
}
