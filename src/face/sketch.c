/* Sketch: scanline filling, strokes by distance, soft spots. */
#include "sketch.h"

#include <math.h>
#include <stdbool.h>

static int clamp_int(int x, int low, int high)
{
    return x < low ? low : x > high ? high : x;
}

/* Fine pixel row or column of a coordinate. */
static int fine(float x)
{
    return clamp_int((int)floorf(x * SKETCH_FINE), 0, SKETCH_SIDE - 1);
}

/* Where a fine pixel's centre lies. */
static float centre_of(int i)
{
    return ((float)i + 0.5F) / SKETCH_FINE;
}

static void blend(float *pixel, float tone, float alpha)
{
    *pixel += alpha * (tone - *pixel);
}

/* Sorted x of the outline's crossings with the line at y. */
static int crossings(const struct point *outline, int count, float y, float x[SKETCH_POINTS])
{
    int found = 0;
    for (int i = 0; i < count; i++) {
        struct point a = outline[i], b = outline[(i + 1) % count];
        if ((a.y <= y) == (b.y <= y))
            continue;
        float at = a.x + (y - a.y) / (b.y - a.y) * (b.x - a.x);
        int k = found++;
        for (; k > 0 && x[k - 1] > at; k--)
            x[k] = x[k - 1];
        x[k] = at;
    }
    return found;
}

struct range {
    int low, high;
};

static struct range rows_of(const struct point *points, int count, float margin)
{
    float low = points[0].y, high = points[0].y;
    for (int i = 1; i < count; i++) {
        low = fminf(low, points[i].y);
        high = fmaxf(high, points[i].y);
    }
    return (struct range){.low = fine(low - margin), .high = fine(high + margin)};
}

static struct range columns_of(const struct point *points, int count, float margin)
{
    float low = points[0].x, high = points[0].x;
    for (int i = 1; i < count; i++) {
        low = fminf(low, points[i].x);
        high = fmaxf(high, points[i].x);
    }
    return (struct range){.low = fine(low - margin), .high = fine(high + margin)};
}

/* The fine pixels whose centres lie between two crossings. */
static struct range span_between(float left, float right)
{
    return (struct range){
        .low = clamp_int((int)ceilf(left * SKETCH_FINE - 0.5F), 0, SKETCH_SIDE),
        .high = clamp_int((int)ceilf(right * SKETCH_FINE - 0.5F), 0, SKETCH_SIDE) - 1,
    };
}

static void fill_row(struct sketch *s, int row, struct range span, struct point centre, float radius,
                     float tone, float alpha)
{
    float dy = centre_of(row) - centre.y;
    for (int column = span.low; column <= span.high; column++) {
        float dx = centre_of(column) - centre.x;
        if (dx * dx + dy * dy <= radius * radius)
            blend(&s->gray[row][column], tone, alpha);
    }
}

static void fill(struct sketch *s, const struct point *outline, int count, struct point centre, float radius,
                 float tone, float alpha)
{
    struct range rows = rows_of(outline, count, 0);
    for (int row = rows.low; row <= rows.high; row++) {
        float x[SKETCH_POINTS];
        int found = crossings(outline, count, centre_of(row), x);
        for (int i = 0; i + 1 < found; i += 2)
            fill_row(s, row, span_between(x[i], x[i + 1]), centre, radius, tone, alpha);
    }
}

void sketch_fill(struct sketch *s, const struct point *outline, int count, float tone, float alpha)
{
    fill(s, outline, count, (struct point){0}, 1e6F, tone, alpha);
}

void sketch_fill_within(struct sketch *s, const struct point *outline, int count, struct point centre,
                        float radius, float tone)
{
    fill(s, outline, count, centre, radius, tone, 1);
}

/* One segment of a stroke, whose width at share t of it is width (1 - taper u^2), u = from + t * step. */
struct segment {
    struct point start, along;
    float from, step;
};

static bool segment_covers(const struct segment *g, float x, float y, float width, float taper)
{
    float dx = x - g->start.x, dy = y - g->start.y,
          length = g->along.x * g->along.x + g->along.y * g->along.y;
    float t = length > 0 ? (dx * g->along.x + dy * g->along.y) / length : 0;
    t = t < 0 ? 0 : t > 1 ? 1 : t;
    dx -= t * g->along.x;
    dy -= t * g->along.y;
    float u = g->from + t * g->step, half = 0.5F * width * (1 - taper * u * u);
    return half > 0 && dx * dx + dy * dy <= half * half;
}

static void stroke_segment(struct sketch *s, const struct segment *g, float width, float taper, float tone,
                           float alpha)
{
    const struct point ends[2] = {g->start, {g->start.x + g->along.x, g->start.y + g->along.y}};
    struct range rows = rows_of(ends, 2, 0.5F * width), columns = columns_of(ends, 2, 0.5F * width);
    for (int row = rows.low; row <= rows.high; row++) {
        for (int column = columns.low; column <= columns.high; column++) {
            if (s->inked[row][column] == s->strokes ||
                !segment_covers(g, centre_of(column), centre_of(row), width, taper))
                continue;
            s->inked[row][column] = s->strokes;
            blend(&s->gray[row][column], tone, alpha);
        }
    }
}

void sketch_stroke(struct sketch *s, const struct point *line, int count, float width, float taper,
                   float tone, float alpha)
{
    s->strokes++;
    for (int i = 0; i + 1 < count; i++) {
        struct segment g = {
            .start = line[i],
            .along = {line[i + 1].x - line[i].x, line[i + 1].y - line[i].y},
            .from = 2 * (float)i / (float)(count - 1) - 1,
            .step = 2 / (float)(count - 1),
        };
        stroke_segment(s, &g, width, taper, tone, alpha);
    }
}

void sketch_blob(struct sketch *s, struct point centre, float across, float down, float amount)
{
    struct range rows = {fine(centre.y - 2.5F * down), fine(centre.y + 2.5F * down)};
    struct range columns = {fine(centre.x - 2.5F * across), fine(centre.x + 2.5F * across)};
    float weight[SKETCH_SIDE];
    for (int column = columns.low; column <= columns.high; column++) {
        float u = (centre_of(column) - centre.x) / across;
        weight[column] = amount * expf(-0.5F * u * u);
    }
    for (int row = rows.low; row <= rows.high; row++) {
        float v = (centre_of(row) - centre.y) / down, share = expf(-0.5F * v * v);
        for (int column = columns.low; column <= columns.high; column++)
            s->gray[row][column] += share * weight[column];
    }
}

void sketch_shrink(const struct sketch *s, float out[FACE_PIXELS])
{
    for (int i = 0; i < FACE_PIXELS; i++) {
        int top = i / FACE_SIZE * SKETCH_FINE, left = i % FACE_SIZE * SKETCH_FINE;
        float sum = 0;
        for (int k = 0; k < SKETCH_FINE * SKETCH_FINE; k++)
            sum += s->gray[top + k / SKETCH_FINE][left + k % SKETCH_FINE];
        out[i] = sum / (SKETCH_FINE * SKETCH_FINE);
    }
}
