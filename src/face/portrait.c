/* Portraits: background, the head's parts in order, what hides them, light and grain. */
#include "portrait.h"

#include "head.h"

#include <math.h>

static void paint_background(struct sketch *s, struct rng *r)
{
    float base = rng_range(r, 25, 225), across = rng_range(r, -35, 35), down = rng_range(r, -35, 35);
    for (int row = 0; row < SKETCH_SIDE; row++) {
        for (int column = 0; column < SKETCH_SIDE; column++) {
            float x = (float)column / SKETCH_SIDE - 0.5F, y = (float)row / SKETCH_SIDE - 0.5F;
            s->gray[row][column] = base + across * x + down * y;
        }
    }
    for (int i = 0; i < 3; i++) {
        struct point at = {rng_range(r, 0, FACE_SIZE), rng_range(r, 0, FACE_SIZE)};
        float size = rng_range(r, 3, 12);
        sketch_blob(s, at, size, size, rng_range(r, -40, 40));
    }
}

/* Light from one side, contrast and grain of the camera. */
static void develop(const struct sketch *s, struct rng *r, uint8_t out[FACE_PIXELS])
{
    float pixels[FACE_PIXELS];
    float light_x = 0.22F * rng_normal(r), light_y = 0.12F * rng_normal(r);
    float contrast = rng_range(r, 0.7F, 1.1F), brightness = rng_range(r, -25, 20), grain = rng_range(r, 2, 9);
    sketch_shrink(s, pixels);
    for (int i = 0; i < FACE_PIXELS; i++) {
        int column = i % FACE_SIZE, row = i / FACE_SIZE;
        float x = ((float)column - 23.5F) / 24, y = ((float)row - 23.5F) / 24;
        float lit = pixels[i] * (1 + light_x * x + light_y * y);
        float value = 128 + contrast * (lit - 128) + brightness + grain * rng_normal(r);
        out[i] = (uint8_t)fminf(fmaxf(value + 0.5F, 0), 255);
    }
}

/* A hand or scarf from below, and at full strength one over the eyes too. */
static void paint_cover(const struct head *h, struct sketch *s, float hidden, struct rng *r)
{
    float tone = rng_range(r, 30, 200), top = 0.45F - 0.35F * hidden;
    const struct point scarf[] = {head_place_flat(h, -1.2F, top + 0.1F), head_place_flat(h, 0, top),
                                  head_place_flat(h, 1.2F, top + 0.15F), head_place_flat(h, 1.3F, 1.4F),
                                  head_place_flat(h, -1.3F, 1.4F)};
    const struct point band[] = {head_place_flat(h, -1.1F, -0.42F), head_place_flat(h, 1.1F, -0.36F),
                                 head_place_flat(h, 1.1F, 0.05F), head_place_flat(h, -1.1F, -0.02F)};
    sketch_fill(s, scarf, 5, tone, 1);
    sketch_fill(s, band, 4, 0.6F * tone, 0.9F);
}

void portrait_draw(const struct expression *x, float hidden, struct rng *r, uint8_t out[FACE_PIXELS])
{
    struct sketch s = {0};
    struct head h = {.expression = *x};
    paint_background(&s, r);
    person_draw(r, &h.person);
    head_pose(&h, r);
    head_paint_behind(&h, &s);
    head_paint_skin(&h, &s);
    features_paint_nose(&h, &s);
    features_paint_mouth(&h, &s);
    features_paint_eyes(&h, &s);
    head_paint_hair(&h, &s);
    if (hidden > 0)
        paint_cover(&h, &s, hidden, r);
    develop(&s, r, out);
}

void portrait_draw_nothing(struct rng *r, uint8_t out[FACE_PIXELS])
{
    struct sketch s = {0};
    paint_background(&s, r);
    for (int i = 0; i < 9; i++) {
        struct point corner[4];
        float x = rng_range(r, 0, FACE_SIZE), y = rng_range(r, 0, FACE_SIZE), size = rng_range(r, 4, 18);
        for (int k = 0; k < 4; k++) {
            float t = (float)k * (float)(M_PI / 2) + rng_range(r, -0.5F, 0.5F);
            corner[k] = (struct point){x + size * cosf(t), y + size * sinf(t)};
        }
        sketch_fill(&s, corner, 4, rng_range(r, 10, 245), rng_range(r, 0.4F, 1));
    }
    develop(&s, r, out);
}
