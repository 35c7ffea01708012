/* The head of a synthetic person: who it is, how it is held, and where on the picture a point of the face
 * lies. Face coordinates: the origin between eyes and nose, x to the right and y down, the crown at y = -1
 * and the chin at y = 1. Private to this folder. */
#ifndef FERLAB_FACE_HEAD_H
#define FERLAB_FACE_HEAD_H

#include "expression.h"
#include "sketch.h"

#include <stdbool.h>

enum hair { HAIR_NONE, HAIR_SHORT, HAIR_FRINGE, HAIR_LONG, HAIR_STYLES };

struct person {
    float width, jaw;            /* half the head's width; how much narrower the jaw is */
    float skin, hair_tone, lips; /* tones; lips as a share of skin */
    float eye_size, eye_distance, brow_weight, nose_length, mouth_size;
    float iris;                 /* tone */
    float hairline, age, beard; /* height of the hairline; 0 to 1 each */
    enum hair hair;
    bool glasses;
    int skewed_side; /* -1 or 1: which corner a skewed smile lifts */
};

struct head {
    struct person person;
    struct expression expression;
    struct point centre; /* on the picture */
    float scale;         /* picture pixels of one face unit */
    float yaw_sin, yaw_cos, pitch_sin, pitch_cos, roll_sin, roll_cos;
};

void person_draw(struct rng *r, struct person *out);

/* A random pose. */
void head_pose(struct head *h, struct rng *r);

/* A point on the front of the face: on a ball, turned with the head. */
struct point head_place(const struct head *h, float x, float y);

/* A point of the outline, which turning leaves where it is; only tilted, scaled and moved. */
struct point head_place_flat(const struct head *h, float x, float y);

/* A darker tone for lines and folds in the skin. */
float head_line_tone(const struct head *h);

/* The smooth curve through a, m and b as `count` points (quadratic, m at the middle). */
void head_curve(const struct head *h, struct point a, struct point m, struct point b, struct point *out,
                int count);

/* Parts, from the back to the front. */
void head_paint_behind(const struct head *h, struct sketch *s); /* shoulders, long hair, ears */
void head_paint_skin(const struct head *h, struct sketch *s);
void head_paint_hair(const struct head *h, struct sketch *s);
void features_paint_nose(const struct head *h, struct sketch *s);
void features_paint_mouth(const struct head *h, struct sketch *s);
void features_paint_eyes(const struct head *h, struct sketch *s);

#endif
