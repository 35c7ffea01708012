/* Features of the synthetic faces: eyes and brows, nose, mouth, and the folds that go with an expression. */
#include "head.h"

#include <math.h>

static float at_least_zero(float x)
{
    return fmaxf(0, x);
}

static float at_most_one(float x)
{
    return fminf(1, x);
}

/* A thin line in the skin from a over m to b. */
static void paint_fold(const struct head *h, struct sketch *s, struct point a, struct point m, struct point b,
                       float alpha)
{
    struct point line[8];
    head_curve(h, a, m, b, line, 8);
    sketch_stroke(s, line, 8, 0.055F * h->scale, 0.6F, head_line_tone(h), at_most_one(alpha));
}

/* ---- eyes ---- */

struct eye {
    struct point inner, outer; /* corners, in face coordinates */
    struct point upper, lower; /* middles of the lids */
};

static struct eye eye_shape(const struct head *h, float side)
{
    const struct person *p = &h->person;
    const float *unit = h->expression.unit;
    float half = 0.165F * p->eye_size, lids = fmaxf(0.1F, 1 + 0.75F * unit[UNIT_LID]);
    float squint = fminf(fmaxf(unit[UNIT_SQUINT], 0), 1.2F);
    float slant = 0.05F * unit[UNIT_INNER_BROW] - 0.04F * unit[UNIT_KNIT];
    float y = -0.1F, up = 0.125F * p->eye_size * lids * (1 - 0.3F * squint);
    float down = 0.085F * p->eye_size * (1 - 0.6F * squint + 0.25F * at_least_zero(unit[UNIT_LID]));
    return (struct eye){
        .inner = {side * (p->eye_distance - half), y + 0.02F - 0.3F * slant},
        .outer = {side * (p->eye_distance + half), y + 0.4F * slant},
        .upper = {side * (p->eye_distance - 0.3F * slant), y - up - 0.25F * slant},
        .lower = {side * p->eye_distance, y + down},
    };
}

static void paint_eye(const struct head *h, struct sketch *s, float side, float gaze_x)
{
    enum { LID = 9 };
    struct eye eye = eye_shape(h, side);
    struct point upper[LID], lower[LID], whole[2 * LID];
    head_curve(h, eye.inner, eye.upper, eye.outer, upper, LID);
    head_curve(h, eye.outer, eye.lower, eye.inner, lower, LID);
    for (int i = 0; i < LID; i++) {
        whole[i] = upper[i];
        whole[LID + i] = lower[i];
    }
    float gaze_y = -0.1F + 0.05F * h->expression.unit[UNIT_GAZE];
    struct point iris = head_place(h, side * h->person.eye_distance + gaze_x, gaze_y);
    struct point glint = {iris.x - 0.03F * h->scale, iris.y - 0.04F * h->scale};
    float white = fminf(248, 150 + 0.45F * h->person.skin);
    sketch_fill(s, whole, 2 * LID, white, 1);
    sketch_fill_within(s, whole, 2 * LID, iris, 0.092F * h->scale, h->person.iris);
    sketch_fill_within(s, whole, 2 * LID, iris, 0.045F * h->scale, 5);
    sketch_fill_within(s, whole, 2 * LID, glint, 0.022F * h->scale, 240);
    sketch_stroke(s, lower, LID, 0.04F * h->scale, 0.5F, head_line_tone(h), 0.7F);
    sketch_stroke(s, upper, LID, 0.065F * h->scale, 0.4F, 0.2F * h->person.skin, 1);
}

static void paint_brow(const struct head *h, struct sketch *s, float side)
{
    enum { POINTS = 7 };
    const struct person *p = &h->person;
    const float *unit = h->expression.unit;
    float knit = fminf(fmaxf(unit[UNIT_KNIT], -0.3F), 1.4F);
    float lift = side == (float)p->skewed_side ? 0.07F * at_least_zero(unit[UNIT_SKEW]) : 0;
    struct point line[POINTS];
    for (int i = 0; i < POINTS; i++) {
        float t = (float)i / (POINTS - 1), u = 1 - t;
        float x = p->eye_distance - 0.2F + 0.43F * t - 0.045F * knit * u;
        float y = -0.345F - 0.05F * sinf(t * (float)M_PI) + 0.03F * t;
        y += knit * (0.05F + 0.13F * u * u) - 0.16F * unit[UNIT_INNER_BROW] * u * u;
        y -= 0.13F * unit[UNIT_OUTER_BROW] * (0.35F + 0.65F * t) + lift;
        line[i] = head_place(h, side * x, y);
    }
    float tone = fminf(p->hair_tone * 0.8F, 0.55F * p->skin);
    sketch_stroke(s, line, POINTS, p->brow_weight * h->scale, 0.45F, tone, 0.95F);
}

static void paint_forehead(const struct head *h, struct sketch *s)
{
    const float *unit = h->expression.unit;
    float raised = at_least_zero(0.5F * (unit[UNIT_INNER_BROW] + unit[UNIT_OUTER_BROW]));
    float alpha = 0.5F * raised * (0.4F + 0.6F * h->person.age),
          frown = 0.6F * at_least_zero(unit[UNIT_KNIT]);
    for (int i = 0; i < 2; i++) {
        float y = -0.6F - 0.08F * (float)i;
        paint_fold(h, s, (struct point){-0.3F, y}, (struct point){0, y - 0.03F}, (struct point){0.3F, y},
                   alpha);
    }
    for (int side = -1; side <= 1; side += 2) {
        float x = 0.05F * (float)side;
        paint_fold(h, s, (struct point){x, -0.24F}, (struct point){1.2F * x, -0.32F},
                   (struct point){x, -0.4F}, frown);
    }
}

static void paint_glasses(const struct head *h, struct sketch *s)
{
    enum { POINTS = 16 };
    for (int side = -1; side <= 1; side += 2) {
        struct point rim[POINTS + 1];
        for (int i = 0; i <= POINTS; i++) {
            float t = (float)i * (float)(2 * M_PI / POINTS);
            rim[i] = head_place(h, (float)side * h->person.eye_distance + 0.25F * cosf(t),
                                -0.08F + 0.2F * sinf(t));
        }
        sketch_stroke(s, rim, POINTS + 1, 0.05F * h->scale, 0, 20, 0.9F);
    }
    const struct point bridge[2] = {head_place(h, 0.25F - h->person.eye_distance, -0.1F),
                                    head_place(h, h->person.eye_distance - 0.25F, -0.1F)};
    sketch_stroke(s, bridge, 2, 0.05F * h->scale, 0, 20, 0.9F);
}

void features_paint_eyes(const struct head *h, struct sketch *s)
{
    const float *unit = h->expression.unit;
    float gaze_x = 0.04F * unit[UNIT_SKEW] * (float)h->person.skewed_side;
    paint_forehead(h, s);
    for (int side = -1; side <= 1; side += 2) {
        float x = (float)side * h->person.eye_distance, tired = 0.25F * h->person.age;
        paint_eye(h, s, (float)side, gaze_x);
        paint_fold(h, s, (struct point){0.7F * x, 0.06F}, (struct point){x, 0.11F},
                   (struct point){1.35F * x, 0.04F}, tired + 0.35F * at_least_zero(unit[UNIT_SQUINT]));
        paint_brow(h, s, (float)side);
    }
    if (h->person.glasses)
        paint_glasses(h, s);
}

/* ---- nose ---- */

static void paint_nose_wrinkles(const struct head *h, struct sketch *s)
{
    float alpha = 0.85F * at_least_zero(h->expression.unit[UNIT_NOSE]);
    for (int i = 0; i < 3; i++) {
        float y = -0.13F + 0.09F * (float)i;
        paint_fold(h, s, (struct point){-0.1F, y + 0.02F}, (struct point){0, y - 0.03F},
                   (struct point){0.1F, y + 0.02F}, alpha);
    }
}

void features_paint_nose(const struct head *h, struct sketch *s)
{
    float wrinkle = at_least_zero(h->expression.unit[UNIT_NOSE]);
    float y = h->person.nose_length - 0.05F * wrinkle, half = 0.12F + 0.03F * wrinkle;
    struct point ridge[6], base[8];
    float shadow = h->yaw_sin > 0 ? -1 : 1;
    sketch_blob(s, head_place(h, 0, y - 0.06F), 1.6F, 2.2F, 0.07F * h->person.skin);
    head_curve(h, (struct point){0.05F * shadow, -0.08F}, (struct point){0.06F * shadow, 0.08F},
               (struct point){0.11F * shadow, y - 0.02F}, ridge, 6);
    sketch_stroke(s, ridge, 6, 0.045F * h->scale, 0.5F, head_line_tone(h), 0.45F);
    head_curve(h, (struct point){-half, y - 0.02F}, (struct point){0, y + 0.06F},
               (struct point){half, y - 0.02F}, base, 8);
    sketch_stroke(s, base, 8, 0.06F * h->scale, 0.3F, head_line_tone(h), 0.75F);
    for (int side = -1; side <= 1; side += 2) {
        struct point nostril = head_place(h, 0.07F * (float)side, y + 0.015F);
        sketch_blob(s, nostril, 0.6F, 0.45F, -0.45F * h->person.skin);
    }
    paint_nose_wrinkles(h, s);
}

/* ---- mouth ---- */

struct mouth {
    struct point left, right;  /* corners */
    struct point upper, lower; /* middles of the inner edges of the lips */
    float gap, upper_lip, lower_lip;
};

static struct mouth mouth_shape(const struct head *h)
{
    const float *unit = h->expression.unit;
    float open = fminf(at_least_zero(unit[UNIT_OPEN]), 1.2F),
          raise = fminf(at_least_zero(unit[UNIT_LIP]), 1.2F);
    float smile = unit[UNIT_SMILE], skew = unit[UNIT_SKEW], y = 0.57F + 0.03F * open;
    float half = h->person.mouth_size * (1 + 0.38F * unit[UNIT_STRETCH] + 0.08F * smile) - 0.03F * raise;
    float thick = fmaxf(0.25F, 1 - 0.8F * at_least_zero(unit[UNIT_PRESS]));
    float left = y - 0.12F * smile, right = left, pull_left = 0, pull_right = 0;
    *(h->person.skewed_side < 0 ? &left : &right) -= 0.19F * skew;
    *(h->person.skewed_side < 0 ? &pull_left : &pull_right) = 0.07F * skew;
    float upper = y + 0.05F * smile - 0.06F * open - 0.11F * raise;
    return (struct mouth){
        .left = {-half - pull_left, left},
        .right = {half + pull_right, right},
        .upper = {0, upper},
        .lower = {0, fmaxf(upper, y + 0.055F * smile + 0.33F * open - 0.04F * raise)},
        .gap = open,
        .upper_lip = 0.06F * thick,
        .lower_lip = 0.085F * thick,
    };
}

/* A closed outline from the curve through `top` and back through `bottom`. */
enum { LIP = 12 };
static void mouth_outline(const struct head *h, const struct mouth *m, struct point top, struct point bottom,
                          struct point out[2 * LIP])
{
    head_curve(h, m->left, top, m->right, out, LIP);
    head_curve(h, m->right, bottom, m->left, out + LIP, LIP);
}

static void paint_inside(const struct head *h, struct sketch *s, const struct mouth *m)
{
    struct point outline[2 * LIP];
    const float *unit = h->expression.unit;
    float height = m->lower.y - m->upper.y, teeth = fminf(fmaxf(unit[UNIT_TEETH], 0), 1.1F);
    mouth_outline(h, m, m->upper, m->lower, outline);
    sketch_fill(s, outline, 2 * LIP, 22, 1);
    if (teeth < 0.3F)
        return;
    struct point edge = {0, m->upper.y + fminf(0.75F * height, 0.15F) * fminf(teeth, 1)};
    mouth_outline(h, m, m->upper, edge, outline);
    sketch_fill(s, outline, 2 * LIP, 238, 1);
}

static void paint_lips(const struct head *h, struct sketch *s, const struct mouth *m)
{
    struct point outline[2 * LIP], line[LIP];
    struct point top = {0, m->upper.y - m->upper_lip}, bottom = {0, m->lower.y + m->lower_lip};
    mouth_outline(h, m, top, bottom, outline);
    sketch_fill(s, outline, 2 * LIP, h->person.lips * h->person.skin, 0.9F);
    sketch_blob(s, head_place(h, 0, bottom.y + 0.07F), 2.2F, 0.7F, -0.1F * h->person.skin);
    if (m->lower.y - m->upper.y > 0.035F) {
        paint_inside(h, s, m);
        return;
    }
    head_curve(h, m->left, m->upper, m->right, line, LIP);
    sketch_stroke(s, line, LIP, 0.06F * h->scale, 0.3F, 0.22F * h->person.skin, 1);
}

/* Folds from the nose to the corners, and dimples where one corner is pulled. */
static void paint_mouth_folds(const struct head *h, struct sketch *s, const struct mouth *m)
{
    const float *unit = h->expression.unit;
    float lifted = fmaxf(0.75F * unit[UNIT_CHEEK], 0.85F * unit[UNIT_LIP]);
    for (int side = -1; side <= 1; side += 2) {
        bool pulled = side == h->person.skewed_side;
        float x = (float)side, skew = pulled ? at_least_zero(unit[UNIT_SKEW]) : 0;
        struct point corner = side < 0 ? m->left : m->right;
        float alpha = fmaxf(lifted, 0.7F * skew) + 0.2F * h->person.age;
        struct point start = {0.16F * x, h->person.nose_length - 0.02F};
        struct point end = {corner.x + 0.07F * x, corner.y - 0.02F};
        struct point bow = {0.5F * (start.x + end.x) + 0.05F * x, 0.5F * (start.y + end.y) - 0.03F};
        paint_fold(h, s, start, bow, end, alpha);
        sketch_blob(s, head_place(h, 0.45F * x, 0.2F), 2.2F, 1.6F,
                    0.1F * h->person.skin * at_least_zero(unit[UNIT_CHEEK]));
        sketch_blob(s, head_place(h, corner.x + 0.05F * x, corner.y), 0.7F, 0.8F,
                    -0.3F * h->person.skin * skew);
    }
}

void features_paint_mouth(const struct head *h, struct sketch *s)
{
    struct mouth m = mouth_shape(h);
    paint_mouth_folds(h, s, &m);
    paint_lips(h, s, &m);
}
