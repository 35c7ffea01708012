/* Detail and its correlation. */
#include "detail.h"

#include <math.h>
#include <stdlib.h>

enum {
    SIDE = DETAIL_SIDE,
    VALUES = DETAIL_VALUES,
    SURROUND = 3, /* the mean that is taken off reaches so far */
    MOVE_MAX = 3, /* in pixels of the detail */
};
static const float promising = 0.5f, least_deviation = 1; /* the last in gray levels */

/* The half-sized face less the mean around each of its pixels, in quarters of a gray level. */
static void subtract_surround(const uint8_t *pixels, float out[VALUES])
{
    float small[SIDE][SIDE];
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++) {
            const uint8_t *p = pixels + (size_t)(2 * y) * FACE_SIZE + 2 * x;
            small[y][x] = (float)(p[0] + p[1] + p[FACE_SIZE] + p[FACE_SIZE + 1]);
        }
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++) {
            int top = y > SURROUND ? y - SURROUND : 0, left = x > SURROUND ? x - SURROUND : 0;
            int bottom = y + SURROUND < SIDE ? y + SURROUND : SIDE - 1;
            int right = x + SURROUND < SIDE ? x + SURROUND : SIDE - 1;
            float sum = 0;
            for (int v = top; v <= bottom; v++)
                for (int u = left; u <= right; u++)
                    sum += small[v][u];
            out[y * SIDE + x] = small[y][x] - sum / (float)((bottom - top + 1) * (right - left + 1));
        }
}

bool detail_make(const uint8_t *pixels, int8_t detail[DETAIL_VALUES])
{
    float values[VALUES], mean = 0, squares = 0;
    subtract_surround(pixels, values);
    for (int i = 0; i < VALUES; i++)
        mean += values[i] / VALUES;
    for (int i = 0; i < VALUES; i++)
        squares += (values[i] - mean) * (values[i] - mean);
    float deviation = sqrtf(squares / VALUES);
    if (deviation < 4 * least_deviation)
        return false;
    for (int i = 0; i < VALUES; i++) {
        float value = 24 * (values[i] - mean) / deviation;
        detail[i] = (int8_t)lroundf(fminf(fmaxf(value, -127), 127));
    }
    return true;
}

void detail_mirror(const int8_t *detail, int8_t out[DETAIL_VALUES])
{
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++)
            out[y * SIDE + x] = detail[y * SIDE + SIDE - 1 - x];
}

/* Normalised correlation of a with b moved by (dx, dy), over what they have in common then. */
static float correlation(const int8_t *a, const int8_t *b, int dx, int dy)
{
    int left = dx < 0 ? -dx : 0, right = dx > 0 ? SIDE - dx : SIDE;
    int top = dy < 0 ? -dy : 0, bottom = dy > 0 ? SIDE - dy : SIDE, ab = 0, aa = 0, bb = 0;
    for (int y = top; y < bottom; y++) {
        const int8_t *p = a + y * SIDE, *q = b + (y + dy) * SIDE + dx;
        for (int x = left; x < right; x++) {
            ab += p[x] * q[x];
            aa += p[x] * p[x];
            bb += q[x] * q[x];
        }
    }
    return (float)ab / sqrtf((float)aa * (float)bb + 1);
}

float detail_likeness(const int8_t *a, const int8_t *b, int dx, int dy)
{
    float best = correlation(a, b, dx, dy), before = -1;
    while (best > before && best >= promising) {
        int x = dx, y = dy;
        before = best;
        for (int v = y - 1; v <= y + 1; v++)
            for (int u = x - 1; u <= x + 1; u++) {
                float now = abs(u) <= MOVE_MAX && abs(v) <= MOVE_MAX ? correlation(a, b, u, v) : -1;
                if (now > best) {
                    best = now;
                    dx = u;
                    dy = v;
                }
            }
    }
    return best;
}
