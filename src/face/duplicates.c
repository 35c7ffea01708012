/* Near-duplicates: pairs that are alike enough, and groups of them. */
#include "ferlab/face/duplicates.h"

#include "hash_index.h"

#include "ferlab/base/rng.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

enum {
    BLOCK_FACES = 4096,   /* between two looks at what is tied already */
    STRANGERS = 20000,    /* pairs by which the likeness of strangers is judged */
    STRANGERS_FROM = 512, /* faces; among fewer, near-duplicates could pass for strangers */
};
static const float least_alike = 0.8f;

struct pair {
    uint32_t a, b;
};

struct pairs {
    struct pair *items;
    size_t count, room;
};

struct search {
    size_t count;   /* faces that differ, with detail */
    uint32_t *face; /* of the caller's */
    int8_t *detail; /* DETAIL_VALUES each */
    float alike;    /* likeness of near-duplicates */
    struct hash_index index;
    uint32_t *group; /* of the caller's */
};

/* --- how alike strangers are --- */

static int compare_floats(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* The deviation that a normal variable exceeds with this probability, below a half. */
static double deviation_exceeded(double probability)
{
    double low = 0, high = 40;
    for (int i = 0; i < 60; i++) {
        double middle = (low + high) / 2;
        if (0.5 * erfc(middle / M_SQRT2) > probability)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* Correlations of pairs drawn at random as Fisher's z = artanh r, sorted. */
static void draw_strangers(const struct search *s, float z[STRANGERS])
{
    struct rng r;
    rng_seed(&r, 1, 0);
    for (int i = 0; i < STRANGERS; i++) {
        uint32_t a = rng_below(&r, (uint32_t)s->count), b = rng_below(&r, (uint32_t)s->count - 1);
        b += b >= a;
        float likeness = detail_likeness(s->detail + (size_t)a * DETAIL_VALUES,
                                         s->detail + (size_t)b * DETAIL_VALUES, 0, 0);
        z[i] = atanhf(fminf(likeness, 0.999f));
    }
    qsort(z, STRANGERS, sizeof *z, compare_floats);
}

/* What no stranger in a thousand faces reaches, by the normal distribution that has the strangers' median and
 * 99th percentile. */
static bool judge_strangers(struct search *s, struct err *e)
{
    s->alike = least_alike;
    if (s->count < STRANGERS_FROM)
        return true;
    float *z = malloc(STRANGERS * sizeof *z);
    if (z == NULL)
        return err_memory(e, "looking for near-duplicates");
    draw_strangers(s, z);
    double median = z[STRANGERS / 2],
           deviation = (z[STRANGERS - STRANGERS / 100] - median) / deviation_exceeded(0.01);
    double far = median + deviation * deviation_exceeded(1e-3 / (double)s->count);
    s->alike = fmaxf(s->alike, (float)tanh(far));
    free(z);
    return true;
}

/* --- pairs --- */

static bool add_pair(struct pairs *p, uint32_t a, uint32_t b)
{
    if (p->count == p->room) {
        size_t room = p->room > 0 ? 2 * p->room : 64;
        struct pair *items = realloc(p->items, room * sizeof *items);
        if (items == NULL)
            return false;
        p->items = items;
        p->room = room;
    }
    p->items[p->count++] = (struct pair){a, b};
    return true;
}

/* A face, mirrored or not, that is looked up. */
struct query {
    const struct search *search;
    uint32_t face;
    const int8_t *detail;
    uint32_t stamp, *stamps; /* [count]: the query in which a face was last compared */
    struct pairs *pairs;
};

/* Each other face is compared once as it is and once mirrored: from the first move that its hash suggests. */
static bool compare(void *context, uint32_t other, int dx, int dy)
{
    struct query *q = context;
    const struct search *s = q->search;
    if (q->stamps[other] == q->stamp || s->group[s->face[other]] == s->group[s->face[q->face]])
        return true;
    q->stamps[other] = q->stamp;
    float likeness = detail_likeness(q->detail, s->detail + (size_t)other * DETAIL_VALUES, -dx, -dy);
    return likeness < s->alike || add_pair(q->pairs, q->face, other);
}

/* Among the faces before it. */
static bool search_face(const struct search *s, uint32_t face, uint32_t *stamps, struct pairs *pairs)
{
    int8_t mirrored[DETAIL_VALUES];
    const int8_t *detail = s->detail + (size_t)face * DETAIL_VALUES;
    detail_mirror(detail, mirrored);
    struct query as_it_is = {s, face, detail, 2 * face + 1, stamps, pairs},
                 turned = {s, face, mirrored, 2 * face + 2, stamps, pairs};
    return hash_index_look_up(&s->index, detail, face, compare, &as_it_is) &&
           hash_index_look_up(&s->index, mirrored, face, compare, &turned);
}

/* --- groups --- */

static uint32_t find_first(uint32_t *group, uint32_t i)
{
    while (group[i] != i)
        i = group[i] = group[group[i]];
    return i;
}

static void tie(uint32_t *group, uint32_t a, uint32_t b)
{
    a = find_first(group, a);
    b = find_first(group, b);
    group[a > b ? a : b] = a < b ? a : b;
}

/* What the faces below `end` are tied to, so that nothing has to be followed while they are looked up. */
static void flatten(uint32_t *group, size_t end)
{
    for (size_t i = 0; i < end; i++)
        group[i] = group[group[i]];
}

/* The pairs of a block of faces; `group` is not changed meanwhile. */
static bool search_block(const struct search *s, size_t from, size_t end, int threads, uint32_t *stamps,
                         struct pairs *found)
{
    bool fine = true;
#pragma omp parallel num_threads(threads)
    {
        int thread = omp_get_thread_num();
#pragma omp for schedule(dynamic, 32)
        for (size_t i = from; i < end; i++)
            if (!search_face(s, (uint32_t)i, stamps + (size_t)thread * s->count, &found[thread])) {
#pragma omp atomic write
                fine = false;
            }
    }
    return fine;
}

static bool search_all(struct search *s, int threads, size_t total, struct err *e)
{
    uint32_t *stamps = calloc((s->count + 1) * (size_t)threads, sizeof *stamps);
    struct pairs *found = calloc((size_t)threads, sizeof *found);
    bool fine = stamps != NULL && found != NULL;
    for (size_t from = 0; fine && from < s->count; from += BLOCK_FACES) {
        size_t end = from + BLOCK_FACES < s->count ? from + BLOCK_FACES : s->count;
        fine = search_block(s, from, end, threads, stamps, found);
        for (int t = 0; t < threads; t++) {
            for (size_t i = 0; i < found[t].count; i++)
                tie(s->group, s->face[found[t].items[i].a], s->face[found[t].items[i].b]);
            found[t].count = 0;
        }
        flatten(s->group, total);
    }
    for (int t = 0; found != NULL && t < threads; t++)
        free(found[t].items);
    free(found);
    free(stamps);
    return fine || err_memory(e, "looking for near-duplicates");
}

static int compare_faces(const void *a, const void *b, void *pixels)
{
    uint32_t i = *(const uint32_t *)a, j = *(const uint32_t *)b;
    const uint8_t *faces = pixels;
    int order = memcmp(faces + (size_t)i * FACE_PIXELS, faces + (size_t)j * FACE_PIXELS, FACE_PIXELS);
    return order != 0 ? order : (i > j) - (i < j);
}

/* Ties copies, so that each face is looked up once only. */
static bool tie_copies(const uint8_t *pixels, size_t count, uint32_t *group, struct err *e)
{
    uint32_t *order = malloc((count + 1) * sizeof *order);
    if (order == NULL)
        return err_memory(e, "looking for near-duplicates");
    for (size_t i = 0; i < count; i++)
        order[i] = group[i] = (uint32_t)i;
    qsort_r(order, count, sizeof *order, compare_faces, (void *)(uintptr_t)pixels);
    for (size_t i = 1; i < count; i++)
        if (memcmp(pixels + (size_t)order[i] * FACE_PIXELS, pixels + (size_t)order[i - 1] * FACE_PIXELS,
                   FACE_PIXELS) == 0)
            group[order[i]] = group[order[i - 1]];
    free(order);
    return true;
}

/* Of faces that are the first of their copies and have detail. */
static bool gather(struct search *s, const uint8_t *pixels, size_t count, int threads, struct err *e)
{
    bool *has = calloc(count + 1, sizeof *has);
    s->face = malloc((count + 1) * sizeof *s->face);
    s->detail = malloc((count + 1) * DETAIL_VALUES);
    if (has == NULL || s->face == NULL || s->detail == NULL) {
        free(has);
        return err_memory(e, "looking for near-duplicates");
    }
#pragma omp parallel for schedule(static) num_threads(threads)
    for (size_t i = 0; i < count; i++)
        has[i] = s->group[i] == i && detail_make(pixels + i * FACE_PIXELS, s->detail + i * DETAIL_VALUES);
    for (size_t i = 0; i < count; i++)
        if (has[i]) {
            memmove(s->detail + s->count * DETAIL_VALUES, s->detail + i * DETAIL_VALUES, DETAIL_VALUES);
            s->face[s->count++] = (uint32_t)i;
        }
    free(has);
    return true;
}

bool duplicates_group(const uint8_t *pixels, size_t count, int threads, uint32_t *group, struct err *e)
{
    struct search s = {.group = group};
    if (threads <= 0)
        threads = omp_get_max_threads();
    bool fine = tie_copies(pixels, count, group, e) && gather(&s, pixels, count, threads, e) &&
                judge_strangers(&s, e) && hash_index_make(&s.index, s.detail, s.count, threads, e) &&
                search_all(&s, threads, count, e);
    free(s.face);
    free(s.detail);
    hash_index_free(&s.index);
    return fine;
}
