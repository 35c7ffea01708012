/* Heat over gray images: colours, their palettes, and drawing with them. */
#include "ferlab/term/heat.h"

#include <math.h>
#include <pthread.h>
#include <string.h>

const uint8_t cividis[CIVIDIS_STEPS][3] = {
    {0, 34, 78},     {8, 45, 103},    {37, 56, 112},   {54, 67, 109},   {69, 78, 108},   {82, 89, 109},
    {95, 101, 112},  {108, 112, 116}, {121, 124, 120}, {136, 136, 120}, {151, 149, 119}, {166, 162, 113},
    {183, 175, 105}, {201, 190, 93},  {221, 207, 80},  {253, 231, 55},
};

const float heat_strengths[HEAT_STRENGTHS] = {0.3F, 0.5F, 0.7F};

void heat_blend(uint8_t gray, float heat, float strength, uint8_t rgb[3])
{
    float at = heat * (CIVIDIS_STEPS - 1), share = strength * heat;
    int step = at < CIVIDIS_STEPS - 2 ? (int)at : CIVIDIS_STEPS - 2;
    for (int i = 0; i < 3; i++) {
        float color = (float)cividis[step][i] +
                      (at - (float)step) * ((float)cividis[step + 1][i] - (float)cividis[step][i]);
        rgb[i] = (uint8_t)lrintf((float)gray + share * (color - (float)gray));
    }
}

/* --- palettes: behind the program's colours, PALETTE_HEATS for each of PALETTE_HEAT_GRAYS --- */

static uint8_t palettes[HEAT_STRENGTHS][PALETTE_MOST][3];
static pthread_once_t palettes_once = PTHREAD_ONCE_INIT;

static void fill_palettes(void)
{
    for (int s = 0; s < HEAT_STRENGTHS; s++) {
        memcpy(palettes[s], palette_rgb, sizeof palette_rgb);
        for (int i = 0; i < PALETTE_HEAT_GRAYS * PALETTE_HEATS; i++)
            heat_blend((uint8_t)(i / PALETTE_HEATS * 255 / (PALETTE_HEAT_GRAYS - 1)),
                       (float)(i % PALETTE_HEATS) / (PALETTE_HEATS - 1), heat_strengths[s],
                       palettes[s][PALETTE_COUNT + i]);
    }
}

/* --- drawing --- */

/* Where a pixel falls along one side of the source: on the pixel it lies in, or, smooth, between two, centres
 * on centres. */
struct place {
    int from, to;
    float share; /* of the pixel `to` */
};

static struct place place_of(int at, int length, int side, bool smooth)
{
    if (!smooth) {
        int in = (int)((int64_t)at * side / length);
        return (struct place){in, in, 0.0F};
    }
    float place = ((float)at + 0.5F) * (float)side / (float)length - 0.5F;
    place = fminf(fmaxf(place, 0.0F), (float)(side - 1));
    int from = (int)place;
    return (struct place){from, from < side - 1 ? from + 1 : from, place - (float)from};
}

static float between(struct place p, float a, float b)
{
    return a + p.share * (b - a);
}

/* The nearest of levels 0 to count - 1 of 0 to 1, or, with another threshold than a half, one of the two. */
static int level_of(float share, int count, float threshold)
{
    int level = (int)(share * (float)(count - 1) + threshold);
    return level < count ? level : count - 1;
}

struct source {
    const uint8_t *gray;
    const float *heat;
    int side;
};

static uint8_t color_at(const struct source *s, struct place v, struct place h, float threshold)
{
    const uint8_t *gray = s->gray + v.from * s->side, *gray_below = s->gray + v.to * s->side;
    const float *heat = s->heat + v.from * s->side, *heat_below = s->heat + v.to * s->side;
    float bright = between(v, between(h, (float)gray[h.from], (float)gray[h.to]),
                           between(h, (float)gray_below[h.from], (float)gray_below[h.to])),
          hot = between(v, between(h, heat[h.from], heat[h.to]),
                        between(h, heat_below[h.from], heat_below[h.to]));
    return (uint8_t)(PALETTE_COUNT +
                     level_of(bright / 255.0F, PALETTE_HEAT_GRAYS, threshold) * PALETTE_HEATS +
                     level_of(hot, PALETTE_HEATS, 1.0F - threshold));
}

void canvas_heat(struct canvas *c, int x, int y, int width, int height, const uint8_t *gray,
                 const float *heat, int side, int strength, bool smooth)
{
    const struct source s = {gray, heat, side};
    pthread_once(&palettes_once, fill_palettes);
    c->palette = palettes[strength];
    for (int row = y > 0 ? y : 0; row < y + height && row < c->height; row++) {
        struct place v = place_of(row - y, height, side, smooth);
        uint8_t *out = c->pixels + (size_t)row * (size_t)c->width;
        for (int column = x > 0 ? x : 0; column < x + width && column < c->width; column++)
            out[column] = color_at(&s, v, place_of(column - x, width, side, smooth),
                                   smooth ? palette_threshold(column, row) : 0.5F);
    }
}
