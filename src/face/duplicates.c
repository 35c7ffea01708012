/* Near-duplicates: detail, hashes, pairs, groups. */
#include "ferlab/face/duplicates.h"

#include "ferlab/base/rng.h"
#include "ferlab/face/image.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

enum {
    SIDE = FACE_SIZE / 2, /* of the detail */
    VALUES = SIDE * SIDE,
    SURROUND = 3,                  /* the mean that is taken off reaches so far */
    MOVE_MAX = 3,                  /* in pixels of the detail */
    LOOKED_UP = 2,                 /* hashes are looked up for moves by up to this */
    WINDOW = SIDE - 2 * LOOKED_UP, /* of the detail, that the hash is made of */
    FREQUENCIES = 14,              /* of each direction, that 128 signs take */
    BANDS = 8,
    BAND_BITS = 16,
    BITS = BANDS * BAND_BITS,
    KEY_BITS_LEAST = 6,
    BUCKET_BITS = 3,      /* a key picks about 2^3 faces */
    BITS_APART = 40,      /* hashes further apart are of different faces */
    MEDIAN_FACES = 4096,  /* looked at for the medians */
    BLOCK_FACES = 4096,   /* between two looks at what is tied already */
    STRANGERS = 20000,    /* pairs by which the likeness of strangers is judged */
    STRANGERS_FROM = 512, /* faces; among fewer, near-duplicates could pass for strangers */
};
static const float least_alike = 0.8f, promising = 0.5f, least_deviation = 1; /* the last in gray levels */

struct hash {
    uint16_t band[BANDS];
};

/* What a transform gives, and how far each is from turning its sign. */
struct signs {
    struct hash hash;
    float margin[BITS];
};

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
    int8_t *detail; /* VALUES each, of mean 0 and about one length */
    struct hash *hash;
    float alike; /* correlation of near-duplicates */
    float cosine[FREQUENCIES][WINDOW], median[BITS];
    int frequency[BITS][2], key_bits;
    uint32_t *first, *item; /* per band: where each key's faces begin, and the faces by key */
    uint32_t *group;        /* of the caller's */
};

/* --- detail --- */

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

/* False where the face has none. */
static bool make_detail(const uint8_t *pixels, int8_t detail[VALUES])
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

static void mirror(const int8_t *detail, int8_t out[VALUES])
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

/* Of the best move near (dx, dy), uphill from there; of an unpromising start just that. */
static float best_correlation(const int8_t *a, const int8_t *b, int dx, int dy)
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
        float likeness =
            best_correlation(s->detail + (size_t)a * VALUES, s->detail + (size_t)b * VALUES, 0, 0);
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

/* --- hashes --- */

/* The frequencies by their sum, as they are taken from band to band; without the mean. */
static void plan_transform(struct search *s)
{
    int n = 0;
    for (int sum = 1; n < BITS; sum++)
        for (int u = 0; u <= sum && n < BITS; u++)
            if (u < FREQUENCIES && sum - u < FREQUENCIES) {
                s->frequency[n][0] = u;
                s->frequency[n++][1] = sum - u;
            }
    for (int u = 0; u < FREQUENCIES; u++)
        for (int x = 0; x < WINDOW; x++)
            s->cosine[u][x] = (float)cos(M_PI * u * (x + 0.5) / WINDOW);
}

/* Along the rows of the detail, from the window's column when it is moved by dx. */
static void transform_rows(const struct search *s, const int8_t *detail, int dx,
                           float rows[FREQUENCIES][SIDE])
{
    for (int u = 0; u < FREQUENCIES; u++)
        for (int y = 0; y < SIDE; y++) {
            const int8_t *row = detail + y * SIDE + LOOKED_UP + dx;
            float sum = 0;
            for (int x = 0; x < WINDOW; x++)
                sum += (float)row[x] * s->cosine[u][x];
            rows[u][y] = sum;
        }
}

/* Then down the columns, from the window's row when it is moved by dy. */
static void transform_columns(const struct search *s, float rows[FREQUENCIES][SIDE], int dy, float out[BITS])
{
    for (int i = 0; i < BITS; i++) {
        const float *column = rows[s->frequency[i][0]] + LOOKED_UP + dy,
                    *cosine = s->cosine[s->frequency[i][1]];
        float sum = 0;
        for (int y = 0; y < WINDOW; y++)
            sum += column[y] * cosine[y];
        out[i] = sum;
    }
}

/* Each band begins with low frequencies, in its low bits. */
static void make_signs(const struct search *s, const float values[BITS], struct signs *out)
{
    out->hash = (struct hash){0};
    for (int i = 0; i < BITS; i++) {
        float over = values[i] - s->median[i];
        out->hash.band[i % BANDS] |= (uint16_t)((over > 0) << i / BANDS);
        out->margin[i] = fabsf(over);
    }
}

static void transform(const struct search *s, const int8_t *detail, float out[BITS])
{
    float rows[FREQUENCIES][SIDE];
    transform_rows(s, detail, 0, rows);
    transform_columns(s, rows, 0, out);
}

static bool find_medians(struct search *s, struct err *e)
{
    size_t n = s->count < MEDIAN_FACES ? s->count : MEDIAN_FACES;
    float *values = malloc((n + 1) * BITS * sizeof *values);
    if (values == NULL)
        return err_memory(e, "looking for near-duplicates");
    for (size_t i = 0; i < n; i++) {
        float all[BITS];
        transform(s, s->detail + i * s->count / n * VALUES, all);
        for (int k = 0; k < BITS; k++)
            values[(size_t)k * n + i] = all[k];
    }
    for (size_t k = 0; k < BITS; k++) {
        qsort(values + k * n, n, sizeof *values, compare_floats);
        s->median[k] = n > 0 ? values[k * n + n / 2] : 0;
    }
    free(values);
    return true;
}

static int bits_apart(const struct hash *a, const struct hash *b)
{
    uint64_t x[2], y[2];
    memcpy(x, a, sizeof x);
    memcpy(y, b, sizeof y);
    return __builtin_popcountll(x[0] ^ y[0]) + __builtin_popcountll(x[1] ^ y[1]);
}

/* --- the index --- */

static uint32_t *firsts(const struct search *s, int band)
{
    return s->first + (size_t)band * (((size_t)1 << s->key_bits) + 1);
}

static uint32_t key_of(const struct search *s, const struct hash *h, int band)
{
    return h->band[band] & ((1U << s->key_bits) - 1);
}

/* Counting sort of the faces by their key: first[key] is where its faces end, then where they begin. */
static void index_band(struct search *s, int band)
{
    uint32_t *first = firsts(s, band), *item = s->item + (size_t)band * s->count;
    size_t keys = (size_t)1 << s->key_bits;
    for (size_t i = 0; i < s->count; i++)
        first[key_of(s, &s->hash[i], band)]++;
    for (size_t k = 1; k <= keys; k++)
        first[k] += first[k - 1];
    for (size_t i = s->count; i-- > 0;)
        item[--first[key_of(s, &s->hash[i], band)]] = (uint32_t)i;
}

static bool make_index(struct search *s, int threads, struct err *e)
{
    s->key_bits = KEY_BITS_LEAST;
    while (s->key_bits < BAND_BITS && s->count >> (s->key_bits + BUCKET_BITS) > 0)
        s->key_bits++;
    s->first = calloc(BANDS * (((size_t)1 << s->key_bits) + 1), sizeof *s->first);
    s->item = malloc((s->count + 1) * BANDS * sizeof *s->item);
    s->hash = malloc((s->count + 1) * sizeof *s->hash);
    if (s->first == NULL || s->item == NULL || s->hash == NULL)
        return err_memory(e, "looking for near-duplicates");
#pragma omp parallel for schedule(static) num_threads(threads)
    for (size_t i = 0; i < s->count; i++) {
        struct signs signs;
        float values[BITS];
        transform(s, s->detail + i * VALUES, values);
        make_signs(s, values, &signs);
        s->hash[i] = signs.hash;
    }
    for (int band = 0; band < BANDS; band++)
        index_band(s, band);
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

/* The least certain of a band's signs, as a bit of its key. */
static uint32_t least_certain(const struct search *s, const struct signs *signs, int band)
{
    const float *margin = signs->margin + band;
    int least = 0;
    for (int t = 1; t < s->key_bits; t++)
        if (margin[t * BANDS] < margin[least * BANDS])
            least = t;
    return 1U << least;
}

/* A face, mirrored or not, that is looked up. */
struct query {
    uint32_t face;
    const int8_t *detail;
    int dx, dy;
    uint32_t stamp, *stamps; /* [count]: the query in which a face was last compared */
    struct pairs *pairs;
};

/* Faces before this one that have the key. */
static bool look_up(const struct search *s, struct query *q, const struct signs *signs, int band,
                    uint32_t key)
{
    const uint32_t *first = firsts(s, band), *item = s->item + (size_t)band * s->count;
    const uint32_t *group = s->group, mine = group[s->face[q->face]];
    for (uint32_t i = first[key]; i < first[key + 1] && item[i] < q->face; i++) {
        uint32_t other = item[i];
        if (bits_apart(&signs->hash, &s->hash[other]) > BITS_APART || q->stamps[other] == q->stamp ||
            group[s->face[other]] == mine)
            continue;
        q->stamps[other] = q->stamp;
        float likeness = best_correlation(q->detail, s->detail + (size_t)other * VALUES, -q->dx, -q->dy);
        if (likeness >= s->alike && !add_pair(q->pairs, q->face, other))
            return false;
    }
    return true;
}

static bool look_up_all(const struct search *s, struct query *q, const struct signs *signs)
{
    for (int band = 0; band < BANDS; band++) {
        uint32_t key = key_of(s, &signs->hash, band);
        if (!look_up(s, q, signs, band, key) ||
            !look_up(s, q, signs, band, key ^ least_certain(s, signs, band)))
            return false;
    }
    return true;
}

static bool look_up_moved(const struct search *s, struct query *q)
{
    float rows[FREQUENCIES][SIDE], values[BITS];
    struct signs signs;
    for (q->dx = -LOOKED_UP; q->dx <= LOOKED_UP; q->dx++) {
        transform_rows(s, q->detail, q->dx, rows);
        for (q->dy = -LOOKED_UP; q->dy <= LOOKED_UP; q->dy++) {
            transform_columns(s, rows, q->dy, values);
            make_signs(s, values, &signs);
            if (!look_up_all(s, q, &signs))
                return false;
        }
    }
    return true;
}

/* Each other face is compared once as it is and once mirrored: from the first move that its hash suggests. */
static bool search_face(const struct search *s, uint32_t face, uint32_t *stamps, struct pairs *pairs)
{
    int8_t mirrored[VALUES];
    const int8_t *detail = s->detail + (size_t)face * VALUES;
    mirror(detail, mirrored);
    struct query as_it_is = {face, detail, 0, 0, 2 * face + 1, stamps, pairs},
                 turned = {face, mirrored, 0, 0, 2 * face + 2, stamps, pairs};
    return look_up_moved(s, &as_it_is) && look_up_moved(s, &turned);
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
    s->detail = malloc((count + 1) * VALUES);
    if (has == NULL || s->face == NULL || s->detail == NULL) {
        free(has);
        return err_memory(e, "looking for near-duplicates");
    }
#pragma omp parallel for schedule(static) num_threads(threads)
    for (size_t i = 0; i < count; i++)
        has[i] = s->group[i] == i && make_detail(pixels + i * FACE_PIXELS, s->detail + i * VALUES);
    for (size_t i = 0; i < count; i++)
        if (has[i]) {
            memmove(s->detail + s->count * VALUES, s->detail + i * VALUES, VALUES);
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
    plan_transform(&s);
    bool fine = tie_copies(pixels, count, group, e) && gather(&s, pixels, count, threads, e) &&
                judge_strangers(&s, e) && find_medians(&s, e) && make_index(&s, threads, e) &&
                search_all(&s, threads, count, e);
    free(s.face);
    free(s.detail);
    free(s.hash);
    free(s.first);
    free(s.item);
    return fine;
}
