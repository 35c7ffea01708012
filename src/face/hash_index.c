/* Hashes of details, and the index over them. */
#include "hash_index.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

enum {
    KEY_BITS_LEAST = 6,
    BUCKET_BITS = 3,     /* a key picks about 2^3 faces */
    BITS_APART = 40,     /* hashes further apart are of different faces */
    MEDIAN_FACES = 4096, /* looked at for the medians */
};

/* What a transform gives, and how far each is from turning its sign. */
struct signs {
    struct hash hash;
    float margin[HASH_BITS];
};

/* --- hashes --- */

/* The frequencies by their sum, as they are taken from band to band; without the mean. */
static void plan_transform(struct hash_index *index)
{
    int n = 0;
    for (int sum = 1; n < HASH_BITS; sum++)
        for (int u = 0; u <= sum && n < HASH_BITS; u++)
            if (u < HASH_FREQUENCIES && sum - u < HASH_FREQUENCIES) {
                index->frequency[n][0] = u;
                index->frequency[n++][1] = sum - u;
            }
    for (int u = 0; u < HASH_FREQUENCIES; u++)
        for (int x = 0; x < HASH_WINDOW; x++)
            index->cosine[u][x] = (float)cos(M_PI * u * (x + 0.5) / HASH_WINDOW);
}

/* Along the rows of the detail, from the window's column when it is moved by dx. */
static void transform_rows(const struct hash_index *index, const int8_t *detail, int dx,
                           float rows[HASH_FREQUENCIES][DETAIL_SIDE])
{
    for (int u = 0; u < HASH_FREQUENCIES; u++)
        for (int y = 0; y < DETAIL_SIDE; y++) {
            const int8_t *row = detail + y * DETAIL_SIDE + HASH_MOVES + dx;
            float sum = 0;
            for (int x = 0; x < HASH_WINDOW; x++)
                sum += (float)row[x] * index->cosine[u][x];
            rows[u][y] = sum;
        }
}

/* Then down the columns, from the window's row when it is moved by dy. */
static void transform_columns(const struct hash_index *index, float rows[HASH_FREQUENCIES][DETAIL_SIDE],
                              int dy, float out[HASH_BITS])
{
    for (int i = 0; i < HASH_BITS; i++) {
        const float *column = rows[index->frequency[i][0]] + HASH_MOVES + dy,
                    *cosine = index->cosine[index->frequency[i][1]];
        float sum = 0;
        for (int y = 0; y < HASH_WINDOW; y++)
            sum += column[y] * cosine[y];
        out[i] = sum;
    }
}

/* Each band begins with low frequencies, in its low bits. */
static void make_signs(const struct hash_index *index, const float values[HASH_BITS], struct signs *out)
{
    out->hash = (struct hash){0};
    for (int i = 0; i < HASH_BITS; i++) {
        float over = values[i] - index->median[i];
        out->hash.band[i % HASH_BANDS] |= (uint16_t)((over > 0) << i / HASH_BANDS);
        out->margin[i] = fabsf(over);
    }
}

static void transform(const struct hash_index *index, const int8_t *detail, float out[HASH_BITS])
{
    float rows[HASH_FREQUENCIES][DETAIL_SIDE];
    transform_rows(index, detail, 0, rows);
    transform_columns(index, rows, 0, out);
}

static int compare_floats(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static bool find_medians(struct hash_index *index, const int8_t *detail, struct err *e)
{
    size_t n = index->count < MEDIAN_FACES ? index->count : MEDIAN_FACES;
    float *values = malloc((n + 1) * HASH_BITS * sizeof *values);
    if (values == NULL)
        return err_memory(e, "looking for near-duplicates");
    for (size_t i = 0; i < n; i++) {
        float all[HASH_BITS];
        transform(index, detail + i * index->count / n * DETAIL_VALUES, all);
        for (int k = 0; k < HASH_BITS; k++)
            values[(size_t)k * n + i] = all[k];
    }
    for (size_t k = 0; k < HASH_BITS; k++) {
        qsort(values + k * n, n, sizeof *values, compare_floats);
        index->median[k] = n > 0 ? values[k * n + n / 2] : 0;
    }
    free(values);
    return true;
}

/* --- the index --- */

static uint32_t *firsts(const struct hash_index *index, int band)
{
    return index->first + (size_t)band * (((size_t)1 << index->key_bits) + 1);
}

static uint32_t key_of(const struct hash_index *index, const struct hash *h, int band)
{
    return h->band[band] & ((1U << index->key_bits) - 1);
}

/* Counting sort of the faces by their key: first[key] is where its faces end, then where they begin. */
static void index_band(struct hash_index *index, int band)
{
    uint32_t *first = firsts(index, band), *item = index->item + (size_t)band * index->count;
    size_t keys = (size_t)1 << index->key_bits;
    for (size_t i = 0; i < index->count; i++)
        first[key_of(index, &index->hash[i], band)]++;
    for (size_t k = 1; k <= keys; k++)
        first[k] += first[k - 1];
    for (size_t i = index->count; i-- > 0;)
        item[--first[key_of(index, &index->hash[i], band)]] = (uint32_t)i;
}

static bool make_index(struct hash_index *index, const int8_t *detail, int threads, struct err *e)
{
    index->key_bits = KEY_BITS_LEAST;
    while (index->key_bits < HASH_BAND_BITS && index->count >> (index->key_bits + BUCKET_BITS) > 0)
        index->key_bits++;
    index->first = calloc(HASH_BANDS * (((size_t)1 << index->key_bits) + 1), sizeof *index->first);
    index->item = malloc((index->count + 1) * HASH_BANDS * sizeof *index->item);
    index->hash = malloc((index->count + 1) * sizeof *index->hash);
    if (index->first == NULL || index->item == NULL || index->hash == NULL)
        return err_memory(e, "looking for near-duplicates");
#pragma omp parallel for schedule(static) num_threads(threads)
    for (size_t i = 0; i < index->count; i++) {
        struct signs signs;
        float values[HASH_BITS];
        transform(index, detail + i * DETAIL_VALUES, values);
        make_signs(index, values, &signs);
        index->hash[i] = signs.hash;
    }
    for (int band = 0; band < HASH_BANDS; band++)
        index_band(index, band);
    return true;
}

bool hash_index_make(struct hash_index *index, const int8_t *detail, size_t count, int threads, struct err *e)
{
    *index = (struct hash_index){.count = count};
    plan_transform(index);
    return find_medians(index, detail, e) && make_index(index, detail, threads, e);
}

void hash_index_free(struct hash_index *index)
{
    free(index->hash);
    free(index->first);
    free(index->item);
}

/* --- looking up --- */

static int bits_apart(const struct hash *a, const struct hash *b)
{
    uint64_t x[2], y[2];
    memcpy(x, a, sizeof x);
    memcpy(y, b, sizeof y);
    return __builtin_popcountll(x[0] ^ y[0]) + __builtin_popcountll(x[1] ^ y[1]);
}

/* The least certain of a band's signs, as a bit of its key. */
static uint32_t least_certain(const struct hash_index *index, const struct signs *signs, int band)
{
    const float *margin = signs->margin + band;
    int least = 0;
    for (int t = 1; t < index->key_bits; t++)
        if (margin[t * HASH_BANDS] < margin[least * HASH_BANDS])
            least = t;
    return 1U << least;
}

/* A detail that is looked up. */
struct query {
    uint32_t end;
    int dx, dy;
    hash_found_fn found;
    void *context;
};

static bool look_up(const struct hash_index *index, const struct query *q, const struct signs *signs,
                    int band, uint32_t key)
{
    const uint32_t *first = firsts(index, band), *item = index->item + (size_t)band * index->count;
    for (uint32_t i = first[key]; i < first[key + 1] && item[i] < q->end; i++)
        if (bits_apart(&signs->hash, &index->hash[item[i]]) <= BITS_APART &&
            !q->found(q->context, item[i], q->dx, q->dy))
            return false;
    return true;
}

static bool look_up_bands(const struct hash_index *index, const struct query *q, const struct signs *signs)
{
    for (int band = 0; band < HASH_BANDS; band++) {
        uint32_t key = key_of(index, &signs->hash, band);
        if (!look_up(index, q, signs, band, key) ||
            !look_up(index, q, signs, band, key ^ least_certain(index, signs, band)))
            return false;
    }
    return true;
}

bool hash_index_look_up(const struct hash_index *index, const int8_t *detail, uint32_t end,
                        hash_found_fn found, void *context)
{
    float rows[HASH_FREQUENCIES][DETAIL_SIDE], values[HASH_BITS];
    struct query q = {.end = end, .found = found, .context = context};
    struct signs signs;
    for (q.dx = -HASH_MOVES; q.dx <= HASH_MOVES; q.dx++) {
        transform_rows(index, detail, q.dx, rows);
        for (q.dy = -HASH_MOVES; q.dy <= HASH_MOVES; q.dy++) {
            transform_columns(index, rows, q.dy, values);
            make_signs(index, values, &signs);
            if (!look_up_bands(index, &q, &signs))
                return false;
        }
    }
    return true;
}
