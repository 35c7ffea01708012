/* Data sets and batches. */
#include "dataset.h"

#include "ferlab/store/samples.h"
#include "ferlab/train/trainer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void stream_seed(struct rng *r, uint64_t seed, enum stream use, int epoch, int64_t sample)
{
    rng_seed(r, seed, (uint64_t)use << 60 | (uint64_t)epoch << 44 | (uint64_t)sample);
}

static int ascending(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* Cuts `count` rows with their targets down to `limit` of them, drawn by the seed, still ascending. */
static bool keep_some(uint32_t *rows, float *targets, size_t count, size_t limit, uint64_t seed,
                      struct err *e)
{
    uint32_t *chosen = malloc(count * sizeof *chosen);
    if (chosen == NULL)
        return err_memory(e, "drawing training faces");
    for (size_t i = 0; i < count; i++)
        chosen[i] = (uint32_t)i;
    struct rng r;
    stream_seed(&r, seed, STREAM_LIMIT, 0, 0);
    rng_shuffle(&r, chosen, count);
    qsort(chosen, limit, sizeof *chosen, ascending);
    for (size_t i = 0; i < limit; i++) {
        rows[i] = rows[chosen[i]];
        memmove(targets + i * EMOTION_COUNT, targets + chosen[i] * EMOTION_COUNT,
                EMOTION_COUNT * sizeof *targets);
    }
    free(chosen);
    return true;
}

/* Ids and pixels of `count` rows. */
static bool load_faces(struct workspace *ws, const struct columns *c, const uint32_t *rows, size_t count,
                       int64_t **ids, uint8_t **pixels, struct err *e)
{
    *ids = malloc((count + 1) * sizeof **ids);
    *pixels = malloc((count + 1) * FACE_PIXELS);
    if (*ids == NULL || *pixels == NULL)
        return err_memory(e, "loading faces");
    for (size_t i = 0; i < count; i++)
        // NOLINTNEXTLINE(clang-analyzer-core.uninitialized.ArraySubscript): the caller filled `count` of them
        (*ids)[i] = c->id[rows[i]];
    return sample_pixels_many(ws, *ids, count, *pixels, e);
}

bool training_set_load(struct training_set *t, struct workspace *ws, const struct columns *c,
                       const struct recipe *recipe, struct err *e)
{
    *t = (struct training_set){0};
    uint32_t *rows = NULL;
    if (!train_targets(c, SPLIT_TRAIN, recipe->rule, recipe->labels, &rows, &t->targets, &t->count, e))
        return false;
    bool fine = true;
    if (recipe->limit > 0 && (uint64_t)recipe->limit < t->count) {
        fine = keep_some(rows, t->targets, t->count, (size_t)recipe->limit, recipe->seed, e);
        t->count = (size_t)recipe->limit;
    }
    fine = fine && load_faces(ws, c, rows, t->count, &t->ids, &t->pixels, e);
    free(rows);
    if (!fine)
        training_set_free(t);
    return fine;
}

void training_set_free(struct training_set *t)
{
    free(t->ids);
    free(t->targets);
    free(t->pixels);
    *t = (struct training_set){0};
}

static int compare_ids(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

bool training_set_has(const struct training_set *t, int64_t id)
{
    return t->count > 0 && bsearch(&id, t->ids, t->count, sizeof *t->ids, compare_ids) != NULL;
}

bool validation_set_load(struct validation_set *v, struct workspace *ws, const struct columns *c,
                         const struct recipe *recipe, struct err *e)
{
    *v = (struct validation_set){0};
    const int8_t *labels = recipe->labels == LABELS_CROWD ? c->crowd : c->label;
    uint32_t *rows = malloc((c->count + 1) * sizeof *rows);
    v->labels = malloc(c->count + 1);
    bool fine = rows != NULL && v->labels != NULL;
    if (!fine)
        err_memory(e, "gathering validation faces");
    for (size_t i = 0; fine && i < c->count; i++) {
        if (c->split[i] != SPLIT_VALID || labels[i] < 0 || labels[i] >= EMOTION_COUNT)
            continue;
        v->labels[v->count] = labels[i];
        rows[v->count++] = (uint32_t)i;
    }
    fine = fine && load_faces(ws, c, rows, v->count, &v->ids, &v->pixels, e);
    free(rows);
    if (!fine)
        validation_set_free(v);
    return fine;
}

void validation_set_free(struct validation_set *v)
{
    free(v->ids);
    free(v->labels);
    free(v->pixels);
    *v = (struct validation_set){0};
}

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

/* From pixels of 0 to 255. */
static void to_scale(enum pixel_scale scale, float *x, size_t count)
{
    if (scale == SCALE_STANDARD)
        standardise(x, count);
    for (size_t i = 0; i < count && scale == SCALE_UNIT; i++)
        x[i] *= 1.0f / 255.0f;
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

void batch_fill(struct batch *b, const struct training_set *t, const uint32_t *order, size_t count,
                const struct recipe *recipe, int epoch)
{
    size_t pixels = (size_t)b->size * (size_t)b->size;
#pragma omp parallel for schedule(static) num_threads(b->threads)
    for (size_t i = 0; i < count; i++) {
        const float *target = t->targets + (size_t)order[i] * EMOTION_COUNT;
        float *image = b->images + i * pixels, *wanted = b->targets + i * EMOTION_COUNT;
        struct rng r;
        stream_seed(&r, recipe->seed, STREAM_AUGMENT, epoch, t->ids[order[i]]);
        augment_face(t->pixels + (size_t)order[i] * FACE_PIXELS, FACE_SIZE, &recipe->augmentation, &r, image,
                     b->size);
        to_scale(b->scale, image, pixels);
        if (recipe->rule == RULE_PROBABILITY) {
            stream_seed(&r, recipe->seed, STREAM_DRAW, epoch, t->ids[order[i]]);
            draw_target(target, &r, wanted);
        } else {
            memcpy(wanted, target, EMOTION_COUNT * sizeof *wanted);
        }
    }
}
