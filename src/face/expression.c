/* Expressions: what each emotion does to a face, how much people differ in it, and what other people take it
 * for. */
#include "expression.h"

#include <math.h>
#include <string.h>

/* Typical expressions (compare Ekman & Friesen's prototypes). */
static const float prototype[EMOTION_COUNT][UNIT_COUNT] = {
    [CLASS_NEUTRAL] = {0},
    [CLASS_HAPPINESS] = {[UNIT_SMILE] = 0.95F,
                         [UNIT_CHEEK] = 0.8F,
                         [UNIT_STRETCH] = 0.5F,
                         [UNIT_OPEN] = 0.3F,
                         [UNIT_TEETH] = 1,
                         [UNIT_SQUINT] = 0.4F},
    [CLASS_SURPRISE] = {[UNIT_INNER_BROW] = 0.9F,
                        [UNIT_OUTER_BROW] = 1,
                        [UNIT_LID] = 0.7F,
                        [UNIT_OPEN] = 0.9F,
                        [UNIT_STRETCH] = -0.5F},
    [CLASS_SADNESS] = {[UNIT_INNER_BROW] = 0.9F,
                       [UNIT_OUTER_BROW] = -0.5F,
                       [UNIT_KNIT] = 0.2F,
                       [UNIT_LID] = -0.4F,
                       [UNIT_GAZE] = 0.5F,
                       [UNIT_SMILE] = -0.85F,
                       [UNIT_PRESS] = 0.2F},
    [CLASS_ANGER] = {[UNIT_KNIT] = 1,
                     [UNIT_OUTER_BROW] = 0.25F,
                     [UNIT_SQUINT] = 0.35F,
                     [UNIT_SMILE] = -0.35F,
                     [UNIT_PRESS] = 0.6F,
                     [UNIT_OPEN] = 0.08F,
                     [UNIT_TEETH] = 1},
    [CLASS_DISGUST] = {[UNIT_KNIT] = 0.6F,
                       [UNIT_SQUINT] = 0.7F,
                       [UNIT_NOSE] = 1,
                       [UNIT_LIP] = 1,
                       [UNIT_SMILE] = -0.5F,
                       [UNIT_OPEN] = 0.12F,
                       [UNIT_TEETH] = 0.7F,
                       [UNIT_CHEEK] = 0.3F},
    [CLASS_FEAR] = {[UNIT_INNER_BROW] = 1,
                    [UNIT_OUTER_BROW] = 0.3F,
                    [UNIT_KNIT] = 0.3F,
                    [UNIT_LID] = 0.8F,
                    [UNIT_STRETCH] = 0.6F,
                    [UNIT_OPEN] = 0.4F,
                    [UNIT_TEETH] = 0.7F,
                    [UNIT_SMILE] = -0.4F},
    [CLASS_CONTEMPT] = {[UNIT_SKEW] = 1, [UNIT_LID] = -0.3F, [UNIT_SQUINT] = 0.2F, [UNIT_PRESS] = 0.4F},
};

/* What the crowd takes each emotion for, in per cent: neutral happiness surprise sadness anger disgust fear
 * contempt unknown nf. */
static const float taken_for[EMOTION_COUNT][CLASS_COUNT] = {
    [CLASS_NEUTRAL] = {84, 3, 2, 6, 2, 0, 0, 2, 1, 0},   [CLASS_HAPPINESS] = {5, 90, 2, 0, 0, 0, 0, 2, 1, 0},
    [CLASS_SURPRISE] = {3, 4, 79, 0, 1, 0, 12, 0, 1, 0}, [CLASS_SADNESS] = {12, 0, 1, 74, 3, 3, 4, 2, 1, 0},
    [CLASS_ANGER] = {7, 1, 1, 3, 75, 8, 1, 3, 1, 0},     [CLASS_DISGUST] = {4, 1, 1, 6, 17, 64, 2, 4, 1, 0},
    [CLASS_FEAR] = {2, 0, 20, 6, 2, 2, 66, 0, 2, 0},     [CLASS_CONTEMPT] = {17, 8, 0, 3, 4, 3, 0, 63, 2, 0},
};

/* Deviation of every unit between people, and what it grows by for a unit in use. */
static const float unit_spread = 0.09F, unit_spread_in_use = 0.13F;
static const float blend_probability = 0.3F, blend_most = 0.4F;
static const float intensity_spread = 0.15F, intensity_least = 0.65F, intensity_most = 1.35F;

/* One of the emotions that this one is taken for, more often the more often it is. */
static int draw_neighbour(int emotion, struct rng *r)
{
    float total = 0;
    for (int c = 0; c < EMOTION_COUNT; c++)
        total += c == emotion ? 0 : taken_for[emotion][c];
    float left = rng_uniform(r) * total;
    int last = CLASS_NEUTRAL;
    for (int c = 0; c < EMOTION_COUNT; c++) {
        if (c == emotion || taken_for[emotion][c] <= 0)
            continue;
        last = c;
        left -= taken_for[emotion][c];
        if (left < 0)
            break;
    }
    return last;
}

void expression_draw(int emotion, struct rng *r, struct expression *out)
{
    float strength = 1 + intensity_spread * rng_normal(r);
    *out = (struct expression){
        .other = draw_neighbour(emotion, r),
        .blend = rng_uniform(r) < blend_probability ? blend_most * rng_uniform(r) : 0,
        .intensity = fminf(fmaxf(strength, intensity_least), intensity_most),
    };
    for (int u = 0; u < UNIT_COUNT; u++) {
        float mean = (1 - out->blend) * prototype[emotion][u] + out->blend * prototype[out->other][u];
        float spread = unit_spread + unit_spread_in_use * fabsf(mean);
        out->unit[u] = out->intensity * mean + spread * rng_normal(r);
    }
}

/* A weak expression is read as neutral, a blended one as either. */
void expression_voters(int emotion, const struct expression *x, double shares[CLASS_COUNT])
{
    float faint = fminf(fmaxf(0.6F * (0.9F - x->intensity), 0), 0.2F);
    for (int c = 0; c < CLASS_COUNT; c++) {
        float own = (1 - x->blend) * taken_for[emotion][c] + x->blend * taken_for[x->other][c];
        shares[c] = ((1 - faint) * own + faint * taken_for[CLASS_NEUTRAL][c]) / 100;
    }
}
