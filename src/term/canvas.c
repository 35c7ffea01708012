/* Canvas: indexed pixels, the palette, and scaling with ordered dithering. */
#include "ferlab/term/canvas.h"

#include <limits.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { DITHER_SIDE = 4, DITHER_CELLS = DITHER_SIDE * DITHER_SIDE };

/* Images drawn at up to twice their size are thumbnails: half the levels do there, and make a page of them a
 * third shorter on its way to the terminal. */
enum { THUMB_SCALE = 2, THUMB_GRAYS = PALETTE_GRAYS / 2 };

#define LEVEL(i) (((i)*255 + 15) / 31)
#define GRAY(i)                                                                                              \
    {                                                                                                        \
        LEVEL(i), LEVEL(i), LEVEL(i)                                                                         \
    }
#define GRAYS(i)                                                                                             \
    GRAY(i), GRAY(i + 1), GRAY(i + 2), GRAY(i + 3), GRAY(i + 4), GRAY(i + 5), GRAY(i + 6), GRAY(i + 7)

/* Okabe & Ito (2008), black replaced by gray because the background is dark. The brighter of the two blues
 * goes to sadness, by far the more frequent of the two emotions. */
const uint8_t palette_rgb[PALETTE_COUNT][3] = {
    GRAYS(0),
    GRAYS(8),
    GRAYS(16),
    GRAYS(24),
    [PALETTE_EMOTION + 0] = {176, 176, 176}, /* neutral */
    [PALETTE_EMOTION + 1] = {240, 228, 66},  /* happiness: yellow */
    [PALETTE_EMOTION + 2] = {230, 159, 0},   /* surprise: orange */
    [PALETTE_EMOTION + 3] = {86, 180, 233},  /* sadness: sky blue */
    [PALETTE_EMOTION + 4] = {213, 94, 0},    /* anger: vermillion */
    [PALETTE_EMOTION + 5] = {0, 158, 115},   /* disgust: bluish green */
    [PALETTE_EMOTION + 6] = {204, 121, 167}, /* fear: reddish purple */
    [PALETTE_EMOTION + 7] = {0, 114, 178},   /* contempt: blue */
    [PALETTE_BACKGROUND] = {16, 16, 20},
    [PALETTE_TEXT] = {208, 208, 208},
    [PALETTE_DIM] = {132, 132, 140},
    [PALETTE_ACCENT] = {64, 200, 208},
    [PALETTE_GOOD] = {92, 190, 120},
    [PALETTE_BAD] = {236, 96, 80},
    [PALETTE_GRID] = {72, 72, 80},
};

/* --- gray levels --- */

/* Bayer's 4x4 threshold matrix: the order in which pixels of a tile light up. */
static const uint8_t bayer[DITHER_CELLS] = {0, 8, 2, 10, 12, 4, 14, 6, 3, 11, 1, 9, 15, 7, 13, 5};

static uint8_t dithered[DITHER_CELLS][256]; /* by place in the tile, then gray */
static uint8_t nearest_level[256], thumb_level[256];
static pthread_once_t levels_once = PTHREAD_ONCE_INIT;

/* level = floor(gray * 31 / 255 + t), t = (order + 1/2) / 16; in integers, with 32 * 255 as the
 * common denominator. */
static void fill_levels(void)
{
    for (int gray = 0; gray < 256; gray++) {
        int thumb = (gray * (THUMB_GRAYS - 1) + 127) / 255;
        nearest_level[gray] = (uint8_t)((gray * (PALETTE_GRAYS - 1) + 127) / 255);
        thumb_level[gray] = (uint8_t)((thumb * (PALETTE_GRAYS - 1) + THUMB_GRAYS / 2) / (THUMB_GRAYS - 1));
    }
    for (int cell = 0; cell < DITHER_CELLS; cell++) {
        for (int gray = 0; gray < 256; gray++) {
            int level = (gray * (PALETTE_GRAYS - 1) * 32 + (2 * bayer[cell] + 1) * 255) / (32 * 255);
            dithered[cell][gray] = (uint8_t)(level < PALETTE_GRAYS ? level : PALETTE_GRAYS - 1);
        }
    }
}

static const uint8_t *levels_at(int x, int y)
{
    return dithered[(y & (DITHER_SIDE - 1)) * DITHER_SIDE + (x & (DITHER_SIDE - 1))];
}

uint8_t palette_gray(uint8_t gray, int x, int y)
{
    pthread_once(&levels_once, fill_levels);
    return levels_at(x, y)[gray];
}

float palette_threshold(int x, int y)
{
    return ((float)bayer[(y & (DITHER_SIDE - 1)) * DITHER_SIDE + (x & (DITHER_SIDE - 1))] + 0.5F) /
           DITHER_CELLS;
}

/* --- the canvas --- */

bool canvas_resize(struct canvas *c, int width, int height)
{
    if (width < 0 || height < 0 || (height > 0 && width > INT_MAX / height))
        return false;
    size_t size = (size_t)width * (size_t)height;
    if (size > c->capacity) {
        uint8_t *pixels = realloc(c->pixels, size);
        if (!pixels)
            return false;
        c->pixels = pixels;
        c->capacity = size;
    }
    c->width = width;
    c->height = height;
    c->palette = NULL;
    return true;
}

void canvas_free(struct canvas *c)
{
    free(c->pixels);
    *c = (struct canvas){0};
}

/* Cuts [*start, *start + *length) to [0, limit); false when nothing is left. */
static bool clip(int *start, int *length, int limit)
{
    int64_t end = (int64_t)*start + *length;
    if (end > limit)
        end = limit;
    if (*start < 0)
        *start = 0;
    *length = end > *start ? (int)(end - *start) : 0;
    return *length > 0;
}

void canvas_fill(struct canvas *c, int x, int y, int width, int height, uint8_t color)
{
    if (!clip(&x, &width, c->width) || !clip(&y, &height, c->height))
        return;
    for (int row = y; row < y + height; row++)
        memset(c->pixels + (size_t)row * (size_t)c->width + x, color, (size_t)width);
}

/* --- gray images --- */

/* The part of a scaled image that lies on the canvas: its first pixel there, its size, and where it begins in
 * the image. */
struct window {
    int x, y, width, height, skip_x, skip_y;
};

static bool window_of(const struct canvas *c, int x, int y, int width, int height, struct window *w)
{
    *w = (struct window){.x = x, .y = y, .width = width, .height = height};
    if (!clip(&w->x, &w->width, c->width) || !clip(&w->y, &w->height, c->height))
        return false;
    w->skip_x = w->x - x;
    w->skip_y = w->y - y;
    return true;
}

/* Nearest neighbour, dithered by source pixel: the blocks of one source pixel stay of one colour, which is
 * what the reviewer of 48 x 48 pixels wants to see and what run-length encoding likes. columns: scratch of
 * w->width. */
static void draw_nearest(struct canvas *c, const struct window *w, int width, int height, const uint8_t *gray,
                         int gray_width, int gray_height, int *columns)
{
    const uint8_t *level = width <= THUMB_SCALE * gray_width ? thumb_level : nearest_level;
    for (int i = 0; i < w->width; i++)
        columns[i] = (int)((int64_t)(w->skip_x + i) * gray_width / width);
    int drawn = -1;
    for (int i = 0; i < w->height; i++) {
        int from = (int)((int64_t)(w->skip_y + i) * gray_height / height);
        uint8_t *out = c->pixels + (size_t)(w->y + i) * (size_t)c->width + w->x;
        if (from == drawn) {
            memcpy(out, out - c->width, (size_t)w->width);
            continue;
        }
        const uint8_t *line = gray + (size_t)from * (size_t)gray_width;
        for (int k = 0; k < w->width; k++)
            out[k] = level[line[columns[k]]];
        drawn = from;
    }
}

/* Where pixel `at` of `length` falls between source pixels: the left one and the share of the right one in
 * 256ths. Centres are mapped to centres; outside the outermost centres the edge is repeated. */
static int tap(int at, int length, int source, int *share)
{
    int64_t place = ((int64_t)(2 * at + 1) * source * 256 / length - 256) / 2;
    if (place < 0)
        place = 0;
    int left = (int)(place >> 8);
    *share = (int)(place & 255);
    if (left >= source - 1) {
        left = source - 1;
        *share = 0;
    }
    return left;
}

/* columns: scratch of 2 * w->width, left pixel and share. */
static void draw_smooth(struct canvas *c, const struct window *w, int width, int height, const uint8_t *gray,
                        int gray_width, int gray_height, int *columns)
{
    for (int i = 0; i < w->width; i++)
        columns[2 * i] = tap(w->skip_x + i, width, gray_width, &columns[2 * i + 1]);
    for (int i = 0; i < w->height; i++) {
        int below, top = tap(w->skip_y + i, height, gray_height, &below);
        const uint8_t *upper = gray + (size_t)top * (size_t)gray_width;
        const uint8_t *lower = upper + (below ? gray_width : 0);
        uint8_t *out = c->pixels + (size_t)(w->y + i) * (size_t)c->width + w->x;
        for (int k = 0; k < w->width; k++) {
            int left = columns[2 * k], share = columns[2 * k + 1], right = left + (share ? 1 : 0);
            int over = upper[left] * (256 - share) + upper[right] * share;
            int under = lower[left] * (256 - share) + lower[right] * share;
            int value = (over * (256 - below) + under * below + 32768) >> 16;
            out[k] = levels_at(w->x + k, w->y + i)[value];
        }
    }
}

void canvas_gray(struct canvas *c, int x, int y, int width, int height, const uint8_t *gray, int gray_width,
                 int gray_height, bool smooth)
{
    struct window w;
    if (gray_width <= 0 || gray_height <= 0 || !window_of(c, x, y, width, height, &w))
        return;
    int stack[1024], *columns = stack;
    if (w.width > 512 && !(columns = malloc((size_t)w.width * 2 * sizeof *columns)))
        return;
    pthread_once(&levels_once, fill_levels);
    (smooth ? draw_smooth : draw_nearest)(c, &w, width, height, gray, gray_width, gray_height, columns);
    if (columns != stack)
        free(columns);
}

/* --- charts --- */

void canvas_disc(struct canvas *c, float x, float y, float radius, uint8_t color)
{
    if (!isfinite(x) || !isfinite(y) || !(radius >= 0) || fabsf(x) > 1e6F || fabsf(y) > 1e6F || radius > 1e5F)
        return;
    for (int row = (int)floorf(y - radius); row <= (int)ceilf(y + radius); row++) {
        float down = (float)row - y, reach = radius * radius - down * down;
        if (reach < 0)
            continue;
        int left = (int)ceilf(x - sqrtf(reach)), right = (int)floorf(x + sqrtf(reach));
        canvas_fill(c, left, row, right - left + 1, 1, color);
    }
}

/* One segment: along its longer axis one step a pixel; the stroke is as thick across as makes it one and a
 * half pixels wide at right angles to the line. */
static void draw_segment(struct canvas *c, float x0, float y0, float x1, float y1, uint8_t color)
{
    float dx = x1 - x0, dy = y1 - y0, length = hypotf(dx, dy);
    bool flat = fabsf(dx) >= fabsf(dy);
    float span = flat ? fabsf(dx) : fabsf(dy);
    if (span == 0) {
        canvas_fill(c, (int)lroundf(x0), (int)lroundf(y0), 1, 1, color);
        return;
    }
    float thick = 1.5F * length / span;
    int steps = (int)ceilf(span);
    for (int i = 0; i <= steps; i++) {
        float along = (float)i / (float)steps, x = x0 + along * dx, y = y0 + along * dy;
        float across = flat ? y : x;
        int from = (int)lroundf(across - thick / 2), count = (int)lroundf(across + thick / 2) - from;
        if (flat)
            canvas_fill(c, (int)lroundf(x), from, 1, count, color);
        else
            canvas_fill(c, from, (int)lroundf(y), count, 1, color);
    }
}

void canvas_line(struct canvas *c, const float *x, const float *y, size_t count, uint8_t color)
{
    for (size_t i = 0; i + 1 < count; i++) {
        float points[4] = {x[i], y[i], x[i + 1], y[i + 1]};
        bool drawable = true;
        for (int k = 0; k < 4; k++)
            drawable = drawable && isfinite(points[k]) && fabsf(points[k]) < 1e5F;
        if (drawable)
            draw_segment(c, points[0], points[1], points[2], points[3], color);
    }
}
