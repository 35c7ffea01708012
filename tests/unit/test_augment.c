/* Augmentation against PyTorch's grid_sample, and its promises: identity, mirror, seeds, independent options.
 */
#include "ferlab/face/augment.h"
#include "ferlab/face/image.h"
#include "support.h"

#include <stdio.h>
#include <string.h>

enum { GOLDEN_SIDE = 32 };

static void make_face(uint8_t face[FACE_PIXELS])
{
    struct rng r;
    rng_seed(&r, 3, 0);
    for (int i = 0; i < FACE_PIXELS; i++)
        face[i] = (uint8_t)rng_below(&r, 256);
}

static void test_none_is_the_identity(void **state)
{
    (void)state;
    uint8_t face[FACE_PIXELS];
    float out[FACE_PIXELS];
    struct rng r;
    make_face(face);
    rng_seed(&r, 1, 0);
    augment_face(face, FACE_SIZE, &augmentation_none, &r, out, FACE_SIZE);
    for (int i = 0; i < FACE_PIXELS; i++)
        assert_true(out[i] == (float)face[i]);
}

static void test_flip_alone_mirrors_exactly_half_of_the_time(void **state)
{
    (void)state;
    const struct augmentation flip = {.flip = true};
    uint8_t face[FACE_PIXELS];
    float out[FACE_PIXELS];
    struct rng r;
    int mirrored = 0;
    make_face(face);
    rng_seed(&r, 1, 0);
    for (int round = 0; round < 400; round++) {
        augment_face(face, FACE_SIZE, &flip, &r, out, FACE_SIZE);
        bool mirror = out[0] != (float)face[0];
        for (int i = 0; i < FACE_PIXELS; i++) {
            int from = mirror ? i - i % FACE_SIZE + FACE_SIZE - 1 - i % FACE_SIZE : i;
            assert_true(out[i] == (float)face[from]);
        }
        mirrored += mirror;
    }
    assert_in_range(mirrored, 150, 250);
}

static void test_seeds_repeat_and_streams_differ(void **state)
{
    (void)state;
    uint8_t face[FACE_PIXELS];
    float first[FACE_PIXELS], again[FACE_PIXELS], other[FACE_PIXELS];
    struct rng r;
    make_face(face);
    rng_seed(&r, 9, 1);
    augment_face(face, FACE_SIZE, &augmentation_default, &r, first, FACE_SIZE);
    rng_seed(&r, 9, 1);
    augment_face(face, FACE_SIZE, &augmentation_default, &r, again, FACE_SIZE);
    rng_seed(&r, 9, 2);
    augment_face(face, FACE_SIZE, &augmentation_default, &r, other, FACE_SIZE);
    assert_memory_equal(first, again, sizeof first);
    assert_memory_not_equal(first, other, sizeof first);
}

static void test_options_leave_the_draws_alone(void **state)
{
    (void)state;
    uint8_t face[FACE_PIXELS];
    float out[FACE_PIXELS];
    struct rng a, b;
    make_face(face);
    rng_seed(&a, 4, 4);
    b = a;
    augment_face(face, FACE_SIZE, &augmentation_default, &a, out, FACE_SIZE);
    augment_face(face, FACE_SIZE, &augmentation_none, &b, out, FACE_SIZE);
    assert_memory_equal(&a, &b, sizeof a);
}

static void test_wild_settings_stay_within_the_face(void **state)
{
    (void)state;
    const struct augmentation wild = {.rotation_deg = 180, .zoom = 3, .aspect = 2, .shift = 40, .flip = true};
    uint8_t face[FACE_PIXELS];
    float out[FACE_PIXELS];
    struct rng r;
    make_face(face);
    rng_seed(&r, 2, 0);
    for (int round = 0; round < 50; round++) {
        augment_face(face, FACE_SIZE, &wild, &r, out, FACE_SIZE);
        for (int i = 0; i < FACE_PIXELS; i++)
            assert_true(out[i] >= 0 && out[i] <= 255);
    }
}

/* Rectangles of 2 to 30 % of the area, in about the share of the images that was asked for. */
static void test_erasing_leaves_a_rectangle(void **state)
{
    (void)state;
    const struct augmentation a = {.erase = 0.5f};
    int erased = 0;
    for (uint64_t seed = 0; seed < 400; seed++) {
        float image[FACE_PIXELS];
        struct rng r;
        for (int i = 0; i < FACE_PIXELS; i++)
            image[i] = 1;
        rng_seed(&r, seed, 0);
        augment_erase(&a, &r, image, FACE_SIZE, -7);
        int count = 0, left = FACE_SIZE, right = -1, top = FACE_SIZE, bottom = -1;
        for (int i = 0; i < FACE_PIXELS; i++) {
            if (image[i] != -7)
                continue;
            int x = i % FACE_SIZE, y = i / FACE_SIZE;
            count++;
            left = x < left ? x : left;
            right = x > right ? x : right;
            top = y < top ? y : top;
            bottom = y > bottom ? y : bottom;
        }
        if (count == 0)
            continue;
        erased++;
        assert_int_equal(count, (right - left + 1) * (bottom - top + 1));
        assert_in_range(count, FACE_PIXELS / 64, FACE_PIXELS / 3);
    }
    assert_in_range(erased, 160, 240);
}

static void test_maps_agree_with_grid_sample(void **state)
{
    (void)state;
    FILE *in = fopen(FERLAB_GOLDEN "/augment.txt", "r");
    assert_non_null(in);
    static uint8_t face[GOLDEN_SIDE * GOLDEN_SIDE];
    static float out[GOLDEN_SIDE * GOLDEN_SIDE];
    int size, cases = 0;
    assert_int_equal(fscanf(in, "%d", &size), 1);
    assert_in_range(size, 1, GOLDEN_SIDE);
    for (int i = 0; i < size * size; i++)
        assert_int_equal(fscanf(in, "%hhu", &face[i]), 1);
    unsigned long seed, stream;
    int out_size, flip;
    struct augmentation a = {0};
    while (fscanf(in, "%lu %lu %d %f %f %f %f %d", &seed, &stream, &out_size, &a.rotation_deg, &a.zoom,
                  &a.aspect, &a.shift, &flip) == 8) {
        struct rng r;
        a.flip = flip != 0;
        assert_in_range(out_size, 1, GOLDEN_SIDE);
        rng_seed(&r, seed, stream);
        augment_face(face, size, &a, &r, out, out_size);
        for (int i = 0; i < out_size * out_size; i++) {
            float expected;
            assert_int_equal(fscanf(in, "%f", &expected), 1);
            /* noise pixels: neighbours differ by up to 255, so 1e-4 of a pixel off shows as 0.03 */
            assert_float_equal(out[i], expected, 0.03);
        }
        cases++;
    }
    fclose(in);
    assert_int_equal(cases, 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_none_is_the_identity),
        cmocka_unit_test(test_flip_alone_mirrors_exactly_half_of_the_time),
        cmocka_unit_test(test_seeds_repeat_and_streams_differ),
        cmocka_unit_test(test_options_leave_the_draws_alone),
        cmocka_unit_test(test_wild_settings_stay_within_the_face),
        cmocka_unit_test(test_erasing_leaves_a_rectangle),
        cmocka_unit_test(test_maps_agree_with_grid_sample),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
