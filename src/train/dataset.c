/* Data sets. */
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

static void put_first(uint32_t *order, size_t count, const bool *first)
{
    for (size_t i = 0, end = 0; i < count; i++) {
        uint32_t at = order[i];
        if (!first[at])
            continue;
        order[i] = order[end];
        order[end++] = at;
    }
}

bool training_set_draw(size_t count, const bool *first, const struct recipe *recipe, uint32_t **chosen,
                       size_t *kept, struct err *e)
{
    *chosen = malloc((count + 1) * sizeof **chosen);
    *kept = count;
    if (*chosen == NULL)
        return err_memory(e, "drawing training faces");
    for (size_t i = 0; i < count; i++)
        (*chosen)[i] = (uint32_t)i;
    if (recipe->limit == 0 || (uint64_t)recipe->limit >= count)
        return true;
    struct rng r;
    stream_seed(&r, recipe->seed, STREAM_LIMIT, 0, 0);
    rng_shuffle(&r, *chosen, count);
    if (first != NULL)
        put_first(*chosen, count, first);
    *kept = (size_t)recipe->limit;
    qsort(*chosen, *kept, sizeof **chosen, ascending);
    return true;
}

/* Keeps those rows that are drawn, with their targets and reviews. */
static bool keep_drawn(struct training_set *t, uint32_t *rows, const struct recipe *recipe, struct err *e)
{
    uint32_t *chosen;
    if (!training_set_draw(t->count, t->reviewed, recipe, &chosen, &t->count, e))
        return false;
    for (size_t i = 0; i < t->count; i++) {
        rows[i] = rows[chosen[i]];
        t->reviewed[i] = t->reviewed[chosen[i]];
        memmove(t->targets + i * EMOTION_COUNT, t->targets + chosen[i] * EMOTION_COUNT,
                EMOTION_COUNT * sizeof *t->targets);
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
    if (!train_targets(c, 1U << SPLIT_TRAIN | 1U << SPLIT_NONE, recipe->rule, recipe->labels, &rows,
                       &t->targets, &t->count, e))
        return false;
    t->reviewed = malloc((t->count + 1) * sizeof *t->reviewed);
    bool fine = t->reviewed != NULL || err_memory(e, "loading faces");
    for (size_t i = 0; fine && i < t->count; i++)
        t->reviewed[i] = recipe->labels == LABELS_REVIEWED && c->reviewed[rows[i]];
    fine =
        fine && keep_drawn(t, rows, recipe, e) && load_faces(ws, c, rows, t->count, &t->ids, &t->pixels, e);
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
    free(t->reviewed);
    *t = (struct training_set){0};
}

size_t training_set_reviewed(const struct training_set *t)
{
    size_t count = 0;
    for (size_t i = 0; i < t->count; i++)
        count += t->reviewed[i];
    return count;
}

size_t training_set_epoch_faces(const struct training_set *t, const struct recipe *recipe)
{
    size_t reviewed = training_set_reviewed(t), others = t->count - reviewed;
    size_t count = reviewed + (size_t)lround(recipe->share * (double)others);
    return count > 0 ? count : t->count > 0;
}

void training_set_order(const struct training_set *t, const struct recipe *recipe, int epoch, uint32_t *order)
{
    struct rng r;
    size_t count = training_set_epoch_faces(t, recipe), n = 0;
    if (count == t->count) {
        for (size_t i = 0; i < count; i++)
            order[i] = (uint32_t)i;
    } else {
        for (size_t i = 0; i < t->count; i++)
            if (!t->reviewed[i])
                order[n++] = (uint32_t)i;
        stream_seed(&r, recipe->seed, STREAM_SHARE, epoch, 0);
        rng_shuffle(&r, order, n);
        n = count - training_set_reviewed(t);
        for (size_t i = 0; i < t->count; i++)
            if (t->reviewed[i])
                order[n++] = (uint32_t)i;
    }
    stream_seed(&r, recipe->seed, STREAM_SHUFFLE, epoch, 0);
    rng_shuffle(&r, order, count);
}

void training_set_balance(const struct training_set *t, const struct recipe *recipe,
                          float weights[EMOTION_COUNT])
{
    double sums[EMOTION_COUNT] = {0}, all = 0, weighted = 0;
    for (size_t i = 0; i < t->count * EMOTION_COUNT; i++)
        sums[i % EMOTION_COUNT] += (double)t->targets[i];
    for (int k = 0; k < EMOTION_COUNT; k++)
        all += sums[k];
    for (int k = 0; k < EMOTION_COUNT; k++) {
        double weight = sums[k] > 0 ? pow(sums[k] / all, -recipe->balance) : 0;
        weights[k] = (float)weight;
        weighted += weight * sums[k];
    }
    for (int k = 0; k < EMOTION_COUNT; k++)
        weights[k] *= (float)(all / weighted);
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

double validation_set_accuracy(const struct validation_set *v, float (*probabilities)[EMOTION_COUNT])
{
    size_t right = 0;
    for (size_t i = 0; i < v->count; i++)
        right += emotion_most_probable(probabilities[i]) == v->labels[i];
    return (double)right / (double)v->count;
}
