#include "scenes.h"

#include "ferlab/base/rng.h"
#include "ferlab/face/synth.h"

#include <math.h>
#include <stdlib.h>

enum { ONE = 1 << 12 }; /* of fixed-point numbers */

static int between(struct rng *r, int least, int most)
{
    return least + (int)rng_below(r, (uint32_t)(most - least + 1));
}

static uint8_t level(int value)
{
    return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

static void draw_background(struct rng *r, struct scene *s)
{
    int from = between(r, 20, 200), across = between(r, -60, 60), down = between(r, -60, 60),
        noise = between(r, 0, 12);
    for (int y = 0; y < SCENE_HEIGHT; y++)
        for (int x = 0; x < SCENE_WIDTH; x++)
            s->pixels[y * SCENE_WIDTH + x] =
                level(from + across * x / SCENE_WIDTH + down * y / SCENE_HEIGHT + between(r, -noise, noise));
    for (int n = 0; n < 12; n++) {
        int left = between(r, 0, SCENE_WIDTH - 60), top = between(r, 0, SCENE_HEIGHT - 60),
            width = between(r, 5, 59), height = between(r, 5, 59), gray = between(r, 0, 255);
        for (int y = top; y < top + height; y++)
            for (int x = left; x < left + width; x++)
                s->pixels[y * SCENE_WIDTH + x] = level((s->pixels[y * SCENE_WIDTH + x] + gray) / 2);
    }
}

/* Bilinear; x and y in units of ONE from the first pixel's middle. -1 outside. */
static int face_at(const uint8_t *face, int x, int y)
{
    int left = x / ONE, top = y / ONE, right = x % ONE, below = y % ONE;
    if (x < 0 || y < 0 || left >= FACE_SIZE - 1 || top >= FACE_SIZE - 1)
        return -1;
    const uint8_t *p = face + top * FACE_SIZE + left;
    int upper = p[0] * (ONE - right) + p[1] * right,
        lower = p[FACE_SIZE] * (ONE - right) + p[FACE_SIZE + 1] * right;
    return (upper / ONE * (ONE - below) + lower / ONE * below) / ONE;
}

static void draw_face(struct rng *r, const uint8_t *face, int x0, int y0, int side, int degrees,
                      struct scene *s)
{
    double angle = degrees * M_PI / 180;
    int cosine = (int)lrint(cos(angle) * ONE * FACE_SIZE / side),
        sine = (int)lrint(sin(angle) * ONE * FACE_SIZE / side), contrast = between(r, 60, 120),
        light = between(r, -40, 40);
    for (int y = 0; y < SCENE_HEIGHT; y++)
        for (int x = 0; x < SCENE_WIDTH; x++) {
            int dx = 2 * (x - x0) - side, dy = 2 * (y - y0) - side; /* half pixels from the middle */
            int value = face_at(face, (dx * cosine + dy * sine) / 2 + FACE_SIZE * ONE / 2,
                                (dy * cosine - dx * sine) / 2 + FACE_SIZE * ONE / 2);
            if (value >= 0)
                s->pixels[y * SCENE_WIDTH + x] = level(128 + (value - 128) * contrast / 100 + light);
        }
}

static bool is_free(const struct scene *s, int x, int y, int side)
{
    for (int i = 0; i < s->face_count; i++) {
        int ox = s->faces[i].x, oy = s->faces[i].y, other = s->faces[i].side;
        if (x < ox + other && ox < x + side && y < oy + other && oy < y + side)
            return false;
    }
    return true;
}

void scene_draw(int index, struct scene *s)
{
    struct rng r;
    struct synth_set *set = synth_set_new(1, SCENE_COUNT * SCENE_MOST_FACES, 0);
    struct synth_face face;
    s->face_count = 0;
    rng_seed(&r, 17, (uint64_t)index);
    draw_background(&r, s);
    for (int i = 0; i < 1 + index % SCENE_MOST_FACES && set != NULL; i++) {
        int side = between(&r, 48, 110), x = between(&r, 16, SCENE_WIDTH - side - 16),
            y = between(&r, 16, SCENE_HEIGHT - side - 16), degrees = between(&r, -15, 15);
        if (!is_free(s, x, y, side))
            continue;
        synth_set_face(set, (uint32_t)(index * SCENE_MOST_FACES + i), &face);
        draw_face(&r, face.pixels, x, y, side, degrees, s);
        s->faces[s->face_count].x = x;
        s->faces[s->face_count].y = y;
        s->faces[s->face_count].side = side;
        s->faces[s->face_count++].degrees = degrees;
    }
    synth_set_free(set);
}
