/* Near-duplicates: copies that were made brighter, moved, cropped, mirrored, noisy or compressed stay with
 * what they were made of, and other faces do not come to them. */
#include "support.h"

#include "ferlab/base/rng.h"
#include "ferlab/face/duplicates.h"
#include "ferlab/face/image.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ORIGINALS = 60, LARGE = FACE_SIZE + 8 /* a picture that a face is cut out of */ };

struct faces {
    uint8_t *pixels;
    uint32_t *group;
    size_t count;
};

/* Pictures of nothing in particular, each with its own detail. */
static void make_picture(uint64_t seed, uint8_t out[LARGE * LARGE])
{
    uint8_t coarse[8 * 8];
    struct rng r;
    rng_seed(&r, seed, 7);
    for (size_t i = 0; i < sizeof coarse; i++)
        coarse[i] = (uint8_t)(40 + rng_below(&r, 176));
    image_resize(coarse, 8, 8, out, LARGE, LARGE);
}

/* The face in the middle of a picture, or so far from it. */
static void cut(const uint8_t *picture, int dx, int dy, uint8_t face[FACE_PIXELS])
{
    for (int y = 0; y < FACE_SIZE; y++)
        memcpy(face + y * FACE_SIZE, picture + (y + 4 + dy) * LARGE + 4 + dx, FACE_SIZE);
}

static uint8_t bounded(double value)
{
    return (uint8_t)lround(fmin(fmax(value, 0), 255));
}

static void brighten(uint8_t *face)
{
    for (int i = 0; i < FACE_PIXELS; i++)
        face[i] = bounded(0.6 * face[i] + 60);
}

static void add_noise(uint8_t *face)
{
    struct rng r;
    rng_seed(&r, 3, 3);
    for (int i = 0; i < FACE_PIXELS; i++)
        face[i] = bounded(face[i] + 12 * (double)rng_normal(&r));
}

static void mirror(uint8_t *face)
{
    for (int y = 0; y < FACE_SIZE; y++)
        for (int x = 0; x < FACE_SIZE / 2; x++) {
            uint8_t *left = face + y * FACE_SIZE + x, *right = face + y * FACE_SIZE + FACE_SIZE - 1 - x;
            uint8_t kept = *left;
            *left = *right;
            *right = kept;
        }
}

static double cosine(int frequency, int at)
{
    return (frequency == 0 ? sqrt(0.125) : 0.5) * cos(M_PI * frequency * (at + 0.5) / 8);
}

/* What a JPEG file of low quality leaves of a block: its transform, rounded the more the higher the
 * frequency. */
static void compress_block(uint8_t *block)
{
    double rounded[8][8], out[8][8] = {{0}};
    for (int u = 0; u < 64; u++) {
        double sum = 0, step = 24 + 8 * (u / 8 + u % 8);
        for (int i = 0; i < 64; i++)
            sum += block[i / 8 * FACE_SIZE + i % 8] * cosine(u / 8, i / 8) * cosine(u % 8, i % 8);
        rounded[u / 8][u % 8] = step * round(sum / step);
    }
    for (int i = 0; i < 64; i++)
        for (int u = 0; u < 64; u++)
            out[i / 8][i % 8] += rounded[u / 8][u % 8] * cosine(u / 8, i / 8) * cosine(u % 8, i % 8);
    for (int i = 0; i < 64; i++)
        block[i / 8 * FACE_SIZE + i % 8] = bounded(out[i / 8][i % 8]);
}

static void compress(uint8_t *face)
{
    for (int y = 0; y < FACE_SIZE; y += 8)
        for (int x = 0; x < FACE_SIZE; x += 8)
            compress_block(face + y * FACE_SIZE + x);
}

static void make_faces(struct faces *f, size_t room)
{
    uint8_t picture[LARGE * LARGE];
    *f = (struct faces){.pixels = malloc(room * FACE_PIXELS), .group = malloc(room * sizeof *f->group)};
    assert_non_null(f->pixels);
    assert_non_null(f->group);
    for (; f->count < ORIGINALS; f->count++) {
        make_picture(f->count, picture);
        cut(picture, 0, 0, f->pixels + f->count * FACE_PIXELS);
    }
}

static void free_faces(struct faces *f)
{
    free(f->pixels);
    free(f->group);
}

/* A copy of the face cut out of that picture, at the end. */
static uint8_t *add_copy(struct faces *f, uint64_t picture_seed, int dx, int dy)
{
    uint8_t picture[LARGE * LARGE], *face = f->pixels + f->count++ * FACE_PIXELS;
    make_picture(picture_seed, picture);
    cut(picture, dx, dy, face);
    return face;
}

static void group(struct faces *f, int threads)
{
    struct err e = {0};
    if (!duplicates_group(f->pixels, f->count, threads, f->group, &e))
        fail_msg("%s", e.text);
}

/* The last face, and no other, is with `original`. */
static void expect_last_with(struct faces *f, uint32_t original)
{
    group(f, 1);
    for (size_t i = 0; i + 1 < f->count; i++)
        assert_int_equal(f->group[i], i);
    assert_int_equal(f->group[f->count - 1], original);
}

static void test_faces_that_differ_stand_alone(void **state)
{
    (void)state;
    struct faces f;
    make_faces(&f, ORIGINALS);
    group(&f, 1);
    for (size_t i = 0; i < f.count; i++)
        assert_int_equal(f.group[i], i);
    free_faces(&f);
}

#define COPY_TEST(name, dx, dy, change)                                                                      \
    static void name(void **state)                                                                           \
    {                                                                                                        \
        (void)state;                                                                                         \
        struct faces f;                                                                                      \
        make_faces(&f, ORIGINALS + 1);                                                                       \
        uint8_t *face = add_copy(&f, 17, dx, dy);                                                            \
        (void)face;                                                                                          \
        change;                                                                                              \
        expect_last_with(&f, 17);                                                                            \
        free_faces(&f);                                                                                      \
    }

COPY_TEST(test_a_copy_is_found, 0, 0, )
COPY_TEST(test_a_brighter_copy_is_found, 0, 0, brighten(face))
COPY_TEST(test_a_moved_copy_is_found, 3, -2, )
COPY_TEST(test_a_noisy_copy_is_found, 0, 0, add_noise(face))
COPY_TEST(test_a_compressed_copy_is_found, 0, 0, compress(face))
COPY_TEST(test_a_mirrored_copy_is_found, 0, 0, mirror(face))
COPY_TEST(test_a_copy_that_was_all_of_that_is_found, 1, 2,
          (mirror(face), brighten(face), add_noise(face), compress(face)))

static void test_a_crop_is_found(void **state)
{
    (void)state;
    enum { KEPT = 45 };
    struct faces f;
    uint8_t part[KEPT * KEPT];
    make_faces(&f, ORIGINALS + 1);
    uint8_t *face = add_copy(&f, 17, 0, 0);
    for (int y = 0; y < KEPT; y++)
        memcpy(part + y * KEPT, face + (y + 2) * FACE_SIZE + 1, KEPT);
    image_resize(part, KEPT, KEPT, face, FACE_SIZE, FACE_SIZE);
    expect_last_with(&f, 17);
    free_faces(&f);
}

/* Alike in light and dark, as portraits are, but not in detail. */
static void test_a_shared_vignette_ties_nothing(void **state)
{
    (void)state;
    struct faces f;
    make_faces(&f, ORIGINALS);
    for (size_t i = 0; i < f.count * FACE_PIXELS; i++) {
        int x = (int)(i % FACE_SIZE) - 24, y = (int)(i % FACE_PIXELS / FACE_SIZE) - 24;
        f.pixels[i] = bounded(0.3 * f.pixels[i] + 150 * exp(-(x * x + y * y) / 600.0));
    }
    group(&f, 1);
    for (size_t i = 0; i < f.count; i++)
        assert_int_equal(f.group[i], i);
    free_faces(&f);
}

/* The first with the second, the second with the third. */
static void test_groups_hold_what_is_tied_through_others(void **state)
{
    (void)state;
    struct faces f;
    make_faces(&f, ORIGINALS + 4);
    add_copy(&f, 5, 3, 0);
    add_copy(&f, 5, -3, 0);
    add_copy(&f, 9, 2, 2);
    mirror(add_copy(&f, 5, 1, 1));
    group(&f, 1);
    assert_int_equal(f.group[ORIGINALS], 5);
    assert_int_equal(f.group[ORIGINALS + 1], 5);
    assert_int_equal(f.group[ORIGINALS + 2], 9);
    assert_int_equal(f.group[ORIGINALS + 3], 5);
    free_faces(&f);
}

static void test_faces_without_detail_count_as_copies_only(void **state)
{
    (void)state;
    struct faces f;
    make_faces(&f, ORIGINALS + 3);
    memset(add_copy(&f, 1, 0, 0), 10, FACE_PIXELS);
    memset(add_copy(&f, 1, 0, 0), 11, FACE_PIXELS);
    memset(add_copy(&f, 1, 0, 0), 10, FACE_PIXELS);
    group(&f, 1);
    assert_int_equal(f.group[ORIGINALS], ORIGINALS);
    assert_int_equal(f.group[ORIGINALS + 1], ORIGINALS + 1);
    assert_int_equal(f.group[ORIGINALS + 2], ORIGINALS);
    free_faces(&f);
}

static void test_threads_change_nothing(void **state)
{
    (void)state;
    struct faces f;
    uint32_t one[ORIGINALS + 40];
    make_faces(&f, ORIGINALS + 40);
    for (int i = 0; i < 40; i++)
        add_copy(&f, (uint64_t)(i * 3 % ORIGINALS), i % 5 - 2, i % 7 - 3);
    group(&f, 1);
    memcpy(one, f.group, sizeof one);
    group(&f, 3);
    assert_memory_equal(one, f.group, sizeof one);
    free_faces(&f);
}

static void test_no_face_and_one_face_are_fine(void **state)
{
    (void)state;
    struct faces f;
    make_faces(&f, ORIGINALS);
    for (f.count = 0; f.count < 2; f.count++) {
        f.group[0] = 99;
        group(&f, 1);
        assert_int_equal(f.group[0], f.count == 0 ? 99 : 0);
    }
    free_faces(&f);
}

/* Drawings from one template: the bar rises until those that share it no longer count. */
static void test_a_family_likeness_is_no_duplicate(void **state)
{
    (void)state;
    enum { FAMILY = 700, COPIES = 20 };
    uint8_t picture[LARGE * LARGE], common[FACE_PIXELS];
    struct faces f;
    size_t alone = 0;
    make_faces(&f, FAMILY + COPIES);
    make_picture(1000, picture);
    cut(picture, 0, 0, common);
    for (f.count = 0; f.count < FAMILY; f.count++) {
        uint8_t *face = f.pixels + f.count * FACE_PIXELS;
        make_picture(f.count, picture);
        cut(picture, 0, 0, face);
        for (int i = 0; i < FACE_PIXELS; i++)
            face[i] = bounded(0.66 * common[i] + 0.34 * face[i]);
    }
    for (; f.count < FAMILY + COPIES; f.count++) {
        uint8_t *face = f.pixels + f.count * FACE_PIXELS;
        memcpy(face, f.pixels + (f.count - FAMILY) * FACE_PIXELS, FACE_PIXELS);
        brighten(face);
    }
    group(&f, 2);
    for (size_t i = 0; i < FAMILY; i++)
        alone += f.group[i] == i;
    assert_true(alone > FAMILY * 0.98);
    for (size_t i = FAMILY; i < f.count; i++)
        assert_int_equal(f.group[i], f.group[i - FAMILY]);
    free_faces(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_faces_that_differ_stand_alone),
        cmocka_unit_test(test_a_copy_is_found),
        cmocka_unit_test(test_a_brighter_copy_is_found),
        cmocka_unit_test(test_a_moved_copy_is_found),
        cmocka_unit_test(test_a_noisy_copy_is_found),
        cmocka_unit_test(test_a_compressed_copy_is_found),
        cmocka_unit_test(test_a_mirrored_copy_is_found),
        cmocka_unit_test(test_a_copy_that_was_all_of_that_is_found),
        cmocka_unit_test(test_a_crop_is_found),
        cmocka_unit_test(test_a_shared_vignette_ties_nothing),
        cmocka_unit_test(test_groups_hold_what_is_tied_through_others),
        cmocka_unit_test(test_faces_without_detail_count_as_copies_only),
        cmocka_unit_test(test_threads_change_nothing),
        cmocka_unit_test(test_no_face_and_one_face_are_fine),
        cmocka_unit_test(test_a_family_likeness_is_no_duplicate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
