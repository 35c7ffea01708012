/* Canvas: indexed pixels that a view paints before they go to the terminal. One fixed palette for the whole
 * program: grays for faces, then the colours of charts. */
#ifndef FERLAB_TERM_CANVAS_H
#define FERLAB_TERM_CANVAS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    PALETTE_GRAYS = 32,      /* indices 0..31, black to white */
    PALETTE_EMOTION = 32,    /* 8 Okabe-Ito colours, indices 32..39, in the order of emotions */
    PALETTE_BACKGROUND = 40, /* of the workbench */
    PALETTE_TEXT,
    PALETTE_DIM,
    PALETTE_ACCENT,
    PALETTE_GOOD,
    PALETTE_BAD,
    PALETTE_GRID,
    PALETTE_COUNT,
    /* Canvases with a palette of their own have colours of heat over gray behind these (heat.h). */
    PALETTE_HEAT_GRAYS = 16,
    PALETTE_HEATS = 12,
    PALETTE_MOST = PALETTE_COUNT + PALETTE_HEAT_GRAYS * PALETTE_HEATS
};

extern const uint8_t palette_rgb[PALETTE_COUNT][3];

struct canvas {
    int width, height;
    uint8_t *pixels;             /* palette indices, row-major; malloc'ed, reused by canvas_resize */
    const uint8_t (*palette)[3]; /* PALETTE_MOST constant colours; NULL: palette_rgb */
    size_t capacity;
};

/* Content undefined, palette_rgb its palette; false: out of memory. */
bool canvas_resize(struct canvas *c, int width, int height);
/* The colour of an index; NULL beyond its palette. */
static inline const uint8_t *canvas_color(const struct canvas *c, int index)
{
    if (index >= (c->palette ? PALETTE_MOST : PALETTE_COUNT))
        return NULL;
    return c->palette ? c->palette[index] : palette_rgb[index];
}
void canvas_free(struct canvas *c);
void canvas_fill(struct canvas *c, int x, int y, int width, int height, uint8_t color); /* clips */

/* Draws a gray image scaled to width x height: nearest neighbour, each source pixel in the nearest of
 * PALETTE_GRAYS levels (of half as many up to twice the image's size), or bilinear when smooth, then dithered
 * to the levels by a fixed ordered pattern (palette_gray). The same face always gives the same pixels. Clips.
 */
void canvas_gray(struct canvas *c, int x, int y, int width, int height, const uint8_t *gray, int gray_width,
                 int gray_height, bool smooth);

/* A polyline one and a half pixels wide. Points in pixels; NaN y breaks the line. Clips. */
void canvas_line(struct canvas *c, const float *x, const float *y, size_t count, uint8_t color);
void canvas_disc(struct canvas *c, float x, float y, float radius, uint8_t color);

/* Gray level (0..255) to palette index at a place, with the ordered pattern of smooth images; and that
 * pattern, 0 to 1. */
uint8_t palette_gray(uint8_t gray, int x, int y);
float palette_threshold(int x, int y);

#endif
