/* Batches: faces augmented, standardised, mixed; their targets, weighed. */
#include "dataset.h"

#include "ferlab/face/image.h"

#include <math.h>
#include <string.h>

/* As image_standardise does for whole pixels: (x - mean) / (deviation + 1e-3 * 255). */
static void standardise(float *x, size_t count)
{
    double sum = 0, squares = 0;
    for (size_t i = 0; i < count; i++)
        sum += x[i];
    float mean = (float)(sum / (double)count);
    for (size_t i = 0; i < count; i++)
        squares += (double)((x[i] - mean) * (x[i] - mean));
    float scale = 1 / ((float)sqrt(squares / (double)count) + 1e-3f * 255);
    for (size_t i = 0; i < count; i++)
        x[i] = (x[i] - mean) * scale;
}

/* One emotion with the probability that the crowd's distribution gives it (Barsoum et al. 2016, section 3.3).
 */
static void draw_target(const float distribution[EMOTION_COUNT], struct rng *r, float out[EMOTION_COUNT])
{
    float u = rng_uniform(r), sum = 0;
    int drawn = 0;
    for (int k = 0; k < EMOTION_COUNT; k++) {
        out[k] = 0;
        sum += distribution[k];
        if (distribution[k] > 0 && sum - distribution[k] <= u)
            drawn = k;
    }
    out[drawn] = 1;
}

static void fill_face(const struct batch *b, const struct training_set *t, uint32_t face, size_t at,
                      const struct recipe *recipe, int epoch)
{
    size_t pixels = (size_t)b->size * (size_t)b->size;
    const float *target = t->targets + (size_t)face * EMOTION_COUNT;
    float *image = b->images + at * pixels, *wanted = b->targets + at * EMOTION_COUNT;
    struct rng r;
    stream_seed(&r, recipe->seed, STREAM_AUGMENT, epoch, t->ids[face]);
    augment_face(t->pixels + (size_t)face * FACE_PIXELS, FACE_SIZE, &recipe->augmentation, &r, image,
                 b->size);
    standardise(image, pixels);
    augment_erase(&recipe->augmentation, &r, image, b->size, 0);
    if (recipe->rule == RULE_PROBABILITY) {
        stream_seed(&r, recipe->seed, STREAM_DRAW, epoch, t->ids[face]);
        draw_target(target, &r, wanted);
    } else {
        memcpy(wanted, target, EMOTION_COUNT * sizeof *wanted);
    }
    for (int k = 0; k < EMOTION_COUNT; k++)
        wanted[k] *= b->class_weights[k] * (t->reviewed[face] ? (float)recipe->review_weight : 1);
}

/* From Beta(a, a), 0 < a <= 1, by Johnk's method: u and v uniform, x = u^(1/a) and y = v^(1/a) with x + y <=
 * 1 give x / (x + y). In logarithms, as small a make x and y vanish. */
static float draw_share(struct rng *r, double a)
{
    for (;;) {
        double x = log((double)rng_uniform(r)) / a, y = log((double)rng_uniform(r)) / a;
        double top = fmax(x, y);
        if (isfinite(top) && exp(x) + exp(y) <= 1)
            return (float)(exp(x - top) / (exp(x - top) + exp(y - top)));
    }
}

static void mix(float share, float *a, float *b, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        float x = a[i], y = b[i];
        a[i] = share * x + (1 - share) * y;
        b[i] = share * y + (1 - share) * x;
    }
}

/* The first of an order that is random already with the last, and so on inwards, each pair in both ways. */
static void mix_pair(const struct batch *b, const struct training_set *t, const uint32_t *order, size_t count,
                     size_t i, const struct recipe *recipe, int epoch)
{
    size_t j = count - 1 - i, pixels = (size_t)b->size * (size_t)b->size;
    struct rng r;
    stream_seed(&r, recipe->seed, STREAM_MIXUP, epoch, t->ids[order[i]]);
    float share = draw_share(&r, recipe->mixup);
    mix(share, b->images + i * pixels, b->images + j * pixels, pixels);
    mix(share, b->targets + i * EMOTION_COUNT, b->targets + j * EMOTION_COUNT, EMOTION_COUNT);
}

void batch_fill(struct batch *b, const struct training_set *t, const uint32_t *order, size_t count,
                const struct recipe *recipe, int epoch)
{
#pragma omp parallel for schedule(static) num_threads(b->threads)
    for (size_t i = 0; i < count; i++)
        fill_face(b, t, order[i], i, recipe, epoch);
    if (recipe->mixup <= 0)
        return;
#pragma omp parallel for schedule(static) num_threads(b->threads)
    for (size_t i = 0; i < count / 2; i++)
        mix_pair(b, t, order, count, i, recipe, epoch);
}
