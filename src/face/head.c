/* The head: person, pose, outline, hair. */
#include "head.h"

#include <math.h>

/* How far the face's middle stands out, in head halves, seen when the head turns. */
static const float depth_sideways = 0.55F, depth_upwards = 0.45F;

void person_draw(struct rng *r, struct person *out)
{
    float skin = rng_range(r, 95, 225);
    *out = (struct person){
        .width = rng_range(r, 0.7F, 0.84F),
        .jaw = rng_range(r, 0.12F, 0.34F),
        .skin = skin,
        .hair_tone = rng_range(r, 12, skin < 150 ? 60 : 200),
        .lips = rng_range(r, 0.6F, 0.85F),
        .eye_size = rng_range(r, 0.88F, 1.15F),
        .eye_distance = rng_range(r, 0.31F, 0.36F),
        .brow_weight = rng_range(r, 0.07F, 0.115F),
        .nose_length = rng_range(r, 0.25F, 0.33F),
        .mouth_size = rng_range(r, 0.26F, 0.32F),
        .iris = rng_range(r, 15, 85),
        .hairline = rng_range(r, -0.72F, -0.56F),
        .age = rng_uniform(r),
        .beard = fmaxf(0, rng_range(r, -1.6F, 0.8F)),
        .hair = (enum hair)rng_below(r, HAIR_STYLES),
        .glasses = rng_uniform(r) < 0.1F,
        .skewed_side = rng_uniform(r) < 0.5F ? -1 : 1,
    };
    if (fabsf(out->hair_tone - skin) < 35)
        out->hair_tone = skin - 60;
}

void head_pose(struct head *h, struct rng *r)
{
    float yaw = 0.17F * rng_normal(r), pitch = 0.09F * rng_normal(r), roll = 0.08F * rng_normal(r);
    h->centre = (struct point){24 + 1.1F * rng_normal(r), 25 + rng_normal(r)};
    h->scale = rng_range(r, 20, 24);
    h->yaw_sin = sinf(yaw);
    h->yaw_cos = cosf(yaw);
    h->pitch_sin = sinf(pitch);
    h->pitch_cos = cosf(pitch);
    h->roll_sin = sinf(roll);
    h->roll_cos = cosf(roll);
}

struct point head_place_flat(const struct head *h, float x, float y)
{
    return (struct point){
        h->centre.x + h->scale * (h->roll_cos * x - h->roll_sin * y),
        h->centre.y + h->scale * (h->roll_sin * x + h->roll_cos * y),
    };
}

struct point head_place(const struct head *h, float x, float y)
{
    float u = x / h->person.width;
    float z = sqrtf(fmaxf(0, 1 - 0.8F * u * u - 0.6F * y * y));
    return head_place_flat(h, x * h->yaw_cos + depth_sideways * z * h->yaw_sin,
                           y * h->pitch_cos + depth_upwards * z * h->pitch_sin);
}

float head_line_tone(const struct head *h)
{
    return 0.45F * h->person.skin;
}

void head_curve(const struct head *h, struct point a, struct point m, struct point b, struct point *out,
                int count)
{
    struct point control = {2 * m.x - 0.5F * (a.x + b.x), 2 * m.y - 0.5F * (a.y + b.y)};
    for (int i = 0; i < count; i++) {
        float t = (float)i / (float)(count - 1), u = 1 - t;
        out[i] = head_place(h, u * u * a.x + 2 * u * t * control.x + t * t * b.x,
                            u * u * a.y + 2 * u * t * control.y + t * t * b.y);
    }
}

/* The head's outline at angle t (0: right, a quarter turn: chin), grown by `grow`. */
static struct point outline_at(const struct head *h, float t, float grow)
{
    float x = cosf(t), y = sinf(t);
    float narrow = y > 0 ? 1 - h->person.jaw * y * y : 1;
    float drop = y > 0 ? 0.08F * fmaxf(0, h->expression.unit[UNIT_OPEN]) * y : 0;
    return head_place_flat(h, h->person.width * x * narrow * grow, (y + drop) * grow);
}

static void outline_arc(const struct head *h, float from, float to, float grow, struct point *out, int count)
{
    for (int i = 0; i < count; i++)
        out[i] = outline_at(h, from + (to - from) * (float)i / (float)(count - 1), grow);
}

static void paint_shoulders(const struct head *h, struct sketch *s)
{
    float cloth = h->person.iris * 2.2F;
    const struct point neck[] = {head_place_flat(h, -0.36F, 0.5F), head_place_flat(h, 0.36F, 0.5F),
                                 head_place_flat(h, 0.42F, 1.8F), head_place_flat(h, -0.42F, 1.8F)};
    const struct point shirt[] = {head_place_flat(h, -1.6F, 1.35F), head_place_flat(h, -0.45F, 1.08F),
                                  head_place_flat(h, 0, 1.3F),      head_place_flat(h, 0.45F, 1.08F),
                                  head_place_flat(h, 1.6F, 1.35F),  head_place_flat(h, 1.6F, 2.2F),
                                  head_place_flat(h, -1.6F, 2.2F)};
    sketch_fill(s, neck, 4, 0.78F * h->person.skin, 1);
    sketch_fill(s, shirt, 7, cloth, 1);
}

static void paint_ear(const struct head *h, struct sketch *s, float side)
{
    struct point ear[12];
    for (int i = 0; i < 12; i++) {
        float t = (float)i * (float)(2 * M_PI / 12);
        ear[i] =
            head_place_flat(h, side * (h->person.width + 0.03F) + 0.1F * cosf(t), 0.02F + 0.2F * sinf(t));
    }
    sketch_fill(s, ear, 12, 0.85F * h->person.skin, 1);
}

static void paint_long_hair(const struct head *h, struct sketch *s)
{
    struct point hair[26];
    outline_arc(h, (float)M_PI, (float)(2 * M_PI), 1.16F, hair, 24);
    hair[24] = head_place_flat(h, 1.05F * h->person.width + 0.12F, 1.15F);
    hair[25] = head_place_flat(h, -1.05F * h->person.width - 0.12F, 1.15F);
    sketch_fill(s, hair, 26, 0.85F * h->person.hair_tone, 1);
}

void head_paint_behind(const struct head *h, struct sketch *s)
{
    if (h->person.hair == HAIR_LONG)
        paint_long_hair(h, s);
    paint_shoulders(h, s);
    if (h->person.hair != HAIR_LONG) {
        paint_ear(h, s, -1);
        paint_ear(h, s, 1);
    }
}

static void paint_beard(const struct head *h, struct sketch *s)
{
    struct point beard[32];
    outline_arc(h, 0.1F, (float)M_PI - 0.1F, 0.99F, beard, 22);
    for (int i = 0; i < 10; i++) {
        float t = (float)i / 9;
        float x = (-0.78F + 1.56F * t) * h->person.width;
        beard[22 + i] = head_place_flat(h, x, 0.32F + 0.06F * sinf(t * (float)M_PI));
    }
    sketch_fill(s, beard, 32, 0.5F * (h->person.hair_tone + h->person.skin), 0.55F * h->person.beard);
}

void head_paint_skin(const struct head *h, struct sketch *s)
{
    enum { POINTS = 40, RINGS = 4 };
    struct point outline[POINTS];
    /* rings from the rim inwards make the head look round */
    for (int ring = 0; ring <= RINGS; ring++) {
        outline_arc(h, 0, (float)(2 * M_PI), 1 - 0.05F * (float)ring, outline, POINTS);
        sketch_fill(s, outline, POINTS, h->person.skin * (0.82F + 0.045F * (float)ring), 1);
    }
    if (h->person.beard > 0.05F)
        paint_beard(h, s);
}

/* The cap of hair between the outline above the temples and the hairline. */
static void paint_cap(const struct head *h, struct sketch *s)
{
    enum { ARC = 24, LINE = 16 };
    struct point cap[ARC + LINE];
    float low = h->person.hair == HAIR_SHORT ? -0.12F : 0.02F;
    float middle = h->person.hair == HAIR_FRINGE ? -0.5F : h->person.hairline;
    outline_arc(h, (float)M_PI - asinf(low), (float)(2 * M_PI) + asinf(low), 1.07F, cap, ARC);
    for (int i = 0; i < LINE; i++) {
        float t = (float)i / (LINE - 1), bend = powf(fabsf(2 * t - 1), 5);
        float x = (1 - 2 * t) * 0.93F * h->person.width;
        struct point on_face = head_place(h, 0.95F * x, middle + (low - middle) * bend);
        struct point at_rim = head_place_flat(h, x, middle + (low - middle) * bend);
        cap[ARC + i] = (struct point){on_face.x + bend * (at_rim.x - on_face.x),
                                      on_face.y + bend * (at_rim.y - on_face.y)};
    }
    sketch_fill(s, cap, ARC + LINE, h->person.hair_tone, 1);
}

void head_paint_hair(const struct head *h, struct sketch *s)
{
    if (h->person.hair == HAIR_NONE)
        sketch_blob(s, head_place(h, 0.1F, -0.72F), 4, 2, 22);
    else
        paint_cap(h, s);
}
