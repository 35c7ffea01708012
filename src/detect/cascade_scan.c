/* The search over all sizes: the picture is scaled down step by step and cut into strips, each of which gets
 * its own summed-area tables. A strip stays in the processor's cache, strips share nothing, and a picture of
 * any size needs only their memory. */
#include "cascade_own.h"

#include "ferlab/base/simd.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

enum { STRIP_ROWS = 128, FRACTION = 256 };

struct level {
    double factor;     /* of the picture's pixels to this one's */
    int width, height; /* of the scaled picture */
    int first_strip;
    int step; /* between windows, pixels of the scaled picture */
};

/* Where a pixel of the scaled picture lies between two of the picture, in 256ths. */
struct tap {
    int first, second;
    uint32_t weight; /* of the second */
};

/* Pixels' middles fall on each other: (i + 0.5) x in / out - 0.5. */
static struct tap tap_at(int i, int in, int out)
{
    double at = fmin(fmax((i + 0.5) * in / out - 0.5, 0), in - 1);
    int first = (int)at;
    return (struct tap){.first = first,
                        .second = first + 1 < in ? first + 1 : first,
                        .weight = (uint32_t)lrint((at - first) * FRACTION)};
}

/* Memory of one thread. */
struct tables {
    struct tap *taps;
    uint8_t *pixels; /* of the row in work and the one before */
    uint32_t *sum, *squares, *tilted;
};

static void tables_free(struct tables *t)
{
    free(t->taps);
    free(t->pixels);
    free(t->sum);
    free(t->squares);
    free(t->tilted);
}

static bool tables_make(struct tables *t, const struct cascade *c, int width)
{
    size_t rows = STRIP_ROWS + (size_t)c->height + 1, count = rows * ((size_t)width + 1);
    *t = (struct tables){
        .taps = malloc((size_t)width * sizeof *t->taps),
        .pixels = malloc(2 * (size_t)width),
        .sum = malloc(count * sizeof *t->sum),
        .squares = c->kind == FEATURE_HAAR ? malloc(count * sizeof *t->squares) : NULL,
        .tilted = c->tilts ? malloc(count * sizeof *t->tilted) : NULL,
    };
    return t->taps && t->pixels && t->sum && (t->squares || c->kind != FEATURE_HAAR) &&
           (t->tilted || !c->tilts);
}

/* Bilinear, without an average where it shrinks by much: the cascades were trained for that. */
SIMD_CLONES
static void scale_row(const struct gray *image, const struct tap *down, const struct tap *taps, int width,
                      uint8_t *out)
{
    const uint8_t *upper = image->pixels + (size_t)down->first * (size_t)image->width,
                  *lower = image->pixels + (size_t)down->second * (size_t)image->width;
    uint32_t below = down->weight, above = FRACTION - below;
    for (int x = 0; x < width; x++) {
        uint32_t right = taps[x].weight, left = FRACTION - right;
        uint32_t a = left * upper[taps[x].first] + right * upper[taps[x].second],
                 b = left * lower[taps[x].first] + right * lower[taps[x].second];
        out[x] = (uint8_t)((above * a + below * b + FRACTION * FRACTION / 2) / (FRACTION * FRACTION));
    }
}

static void sum_row(const uint8_t *pixels, int width, const uint32_t *above, uint32_t *out)
{
    uint32_t sum = 0;
    out[0] = 0;
    for (int x = 0; x < width; x++) {
        sum += pixels[x];
        out[x + 1] = above[x + 1] + sum;
    }
}

static void square_row(const uint8_t *pixels, int width, const uint32_t *above, uint32_t *out)
{
    uint32_t sum = 0;
    out[0] = 0;
    for (int x = 0; x < width; x++) {
        sum += (uint32_t)pixels[x] * pixels[x];
        out[x + 1] = above[x + 1] + sum;
    }
}

/* The sum over the cone that opens upwards from an entry (Lienhart & Maydt 2002): those of its two upper
 * neighbours, which overlap in that two above, and the two pixels between. `before` is the row of pixels
 * above; above and above2 the tables' last two rows. Beyond the picture's sides there is nothing to sum, so
 * cones there are those of the nearest entry that sees the same. */
static void tilt_row(const uint8_t *pixels, const uint8_t *before, int width, const uint32_t *above,
                     const uint32_t *above2, uint32_t *out)
{
    out[0] = above[1];
    for (int x = 1; x < width; x++)
        out[x] = above[x - 1] + above[x + 1] - above2[x] + pixels[x - 1] + before[x - 1];
    out[width] = above[width - 1] + pixels[width - 1] + before[width - 1];
}

/* Fills the tables for scaled rows top to bottom; entries' rows begin with one of zeros. Cones of a strip
 * begin at its top, which windows inside it do not reach beyond. */
static void fill_tables(struct tables *t, const struct gray *image, const struct level *l, int top,
                        int bottom)
{
    size_t stride = (size_t)l->width + 1, width = (size_t)l->width;
    memset(t->sum, 0, stride * sizeof *t->sum);
    memset(t->pixels, 0, 2 * width);
    if (t->squares != NULL)
        memset(t->squares, 0, stride * sizeof *t->squares);
    if (t->tilted != NULL)
        memset(t->tilted, 0, stride * sizeof *t->tilted);
    for (int x = 0; x < l->width; x++)
        t->taps[x] = tap_at(x, image->width, l->width);
    for (int y = top; y < bottom; y++) {
        size_t row = (size_t)(y - top), above = row * stride, here = above + stride;
        struct tap down = tap_at(y, image->height, l->height);
        uint8_t *pixels = t->pixels + (row & 1) * width, *before = t->pixels + (~row & 1) * width;
        scale_row(image, &down, t->taps, l->width, pixels);
        sum_row(pixels, l->width, t->sum + above, t->sum + here);
        if (t->squares != NULL)
            square_row(pixels, l->width, t->squares + above, t->squares + here);
        if (t->tilted != NULL)
            tilt_row(pixels, before, l->width, t->tilted + above, t->tilted + above - (row ? stride : 0),
                     t->tilted + here);
    }
}

/* One strip's windows, in the picture's pixels. */
static bool scan_strip(const struct cascade *c, const struct gray *image, const struct level *l, int index,
                       struct tables *t, struct boxes *out)
{
    int top = index * STRIP_ROWS, places = l->height - c->height + 1 - top;
    struct strip strip = {
        .sum = t->sum,
        .squares = t->squares,
        .tilted = t->tilted,
        .stride = l->width + 1,
        .columns = l->width - c->width + 1,
        .rows = places < STRIP_ROWS ? places : STRIP_ROWS,
        .step = l->step,
    };
    fill_tables(t, image, l, top, top + strip.rows + c->height - 1);
    if (!cascade_evaluate(c, &strip, out))
        return false;
    for (size_t i = 0; i < out->count; i++) {
        struct box *b = &out->items[i];
        b->x = (int)lrint(b->x * l->factor);
        b->y = (int)lrint((b->y + top) * l->factor);
        b->width = (int)lrint(c->width * l->factor);
        b->height = (int)lrint(c->height * l->factor);
    }
    return true;
}

/* The sizes that fit; *strips in all of them. NULL: out of memory. */
static struct level *make_levels(const struct cascade *c, const struct gray *image,
                                 const struct cascade_search *how, int *count, int *strips)
{
    int most = (int)(log(fmax(image->width, image->height)) / log(how->step)) + 2;
    struct level *levels = malloc((size_t)most * sizeof *levels);
    *count = *strips = 0;
    double factor = 1;
    for (int i = 0; levels != NULL && i < most; i++, factor *= how->step) {
        int width = (int)lrint(c->width * factor), height = (int)lrint(c->height * factor);
        struct level l = {.factor = factor,
                          .width = (int)lrint(image->width / factor),
                          .height = (int)lrint(image->height / factor),
                          .first_strip = *strips,
                          .step = how->coarse || factor < 2 ? 2 : 1};
        if (width > image->width || height > image->height)
            break;
        if (width < how->least_side || height < how->least_side || l.width < c->width || l.height < c->height)
            continue;
        *strips += (l.height - c->height) / STRIP_ROWS + 1;
        levels[(*count)++] = l;
    }
    return levels;
}

static const struct level *level_of(const struct level *levels, int count, int strip)
{
    const struct level *l = levels;
    while (l + 1 < levels + count && l[1].first_strip <= strip)
        l++;
    return l;
}

/* Strips in any order by any thread; what they find is put together in theirs. */
static bool scan_levels(const struct cascade *c, const struct gray *image, const struct level *levels,
                        int count, int strips, int threads, struct boxes *out)
{
    struct boxes *found = calloc((size_t)strips, sizeof *found);
    bool fine = found != NULL;
#pragma omp parallel num_threads(threads) if (fine)
    {
        struct tables t = {0};
        bool mine = fine && tables_make(&t, c, levels[0].width);
#pragma omp for schedule(dynamic)
        for (int i = 0; i < strips; i++) {
            const struct level *l = level_of(levels, count, i);
            mine = mine && scan_strip(c, image, l, i - l->first_strip, &t, &found[i]);
        }
        if (!mine)
#pragma omp atomic write
            fine = false;
        tables_free(&t);
    }
    for (int i = 0; i < strips && found != NULL; i++) {
        for (size_t b = 0; b < found[i].count && fine; b++)
            fine = boxes_append(out, found[i].items[b]);
        boxes_free(&found[i]);
    }
    free(found);
    return fine;
}

bool cascade_scan(const struct cascade *c, const struct gray *image, const struct cascade_search *how,
                  struct boxes *out, struct err *e)
{
    int count, strips;
    struct level *levels = make_levels(c, image, how, &count, &strips);
    bool fine = levels != NULL &&
                (strips == 0 || scan_levels(c, image, levels, count, strips,
                                            how->threads > 0 ? how->threads : omp_get_max_threads(), out));
    free(levels);
    return fine || err_memory(e, "looking for faces");
}
