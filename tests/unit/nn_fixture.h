/* What the engine's tests share: goldens, comparisons, random tensors. */
#ifndef FERLAB_TESTS_NN_FIXTURE_H
#define FERLAB_TESTS_NN_FIXTURE_H

#include "support.h"

#include "ferlab/base/path.h"
#include "ferlab/base/rng.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static inline json_t *golden_load(void)
{
    json_error_t error;
    json_t *golden = json_load_file(FERLAB_GOLDEN "/nn.json", 0, &error);
    if (!golden)
        fail_msg("nn.json: %s", error.text);
    return golden;
}

static inline int golden_int(const json_t *object, const char *key)
{
    json_t *value = json_object_get(object, key);
    if (!json_is_number(value) && !json_is_boolean(value))
        fail_msg("golden has no number '%s'", key);
    return json_is_true(value) ? 1 : (int)json_integer_value(value);
}

/* The floats under key, malloc'ed; NULL where the golden has none. */
static inline float *golden_floats(const json_t *object, const char *key, size_t *count)
{
    json_t *list = json_object_get(object, key);
    *count = json_array_size(list);
    if (!list)
        return NULL;
    float *values = malloc((*count ? *count : 1) * sizeof *values);
    assert_non_null(values);
    for (size_t i = 0; i < *count; i++)
        values[i] = (float)json_number_value(json_array_get(list, i));
    return values;
}

static inline float *golden_take(const json_t *object, const char *key)
{
    size_t count;
    return golden_floats(object, key, &count);
}

/* Squared distance over squared size. */
static inline double error_share(const float *got, const float *want, size_t count)
{
    double away = 0.0, size = 0.0;
    for (size_t i = 0; i < count; i++) {
        away += ((double)got[i] - (double)want[i]) * ((double)got[i] - (double)want[i]);
        size += (double)want[i] * (double)want[i];
    }
    return size > 0.0 ? away / size : away;
}

static inline void expect_near(const char *what, const float *got, const float *want, size_t count,
                               double share)
{
    double error = error_share(got, want, count);
    if (!(error <= share))
        fail_msg("%s: normalised square error %g over %g", what, error, share);
}

/* The golden's floats under key against got. */
static inline void expect_golden(const json_t *object, const char *key, const float *got, double share)
{
    size_t count;
    float *want = golden_floats(object, key, &count);
    assert_non_null(want);
    expect_near(key, got, want, count, share);
    free(want);
}

static inline float *new_floats(size_t count)
{
    float *values = aligned_alloc(64, (count * sizeof *values + 127) / 64 * 64);
    assert_non_null(values);
    memset(values, 0, count * sizeof *values);
    return values;
}

static inline float *random_floats(size_t count, uint64_t seed)
{
    struct rng r;
    rng_seed(&r, seed, 0);
    float *values = new_floats(count);
    for (size_t i = 0; i < count; i++)
        values[i] = rng_normal(&r);
    return values;
}

static inline double dot(const float *a, const float *b, size_t count)
{
    double sum = 0.0;
    for (size_t i = 0; i < count; i++)
        sum += (double)a[i] * (double)b[i];
    return sum;
}

/* out = a + step b */
static inline void add_scaled(const float *a, const float *b, double step, size_t count, float *out)
{
    for (size_t i = 0; i < count; i++)
        out[i] = (float)((double)a[i] + step * (double)b[i]);
}

#endif
