/* Sixel: what is encoded here, libsixel decodes to the same pixels. */
#include "support.h"

#include "ferlab/base/rng.h"
#include "ferlab/term/heat.h"
#include "ferlab/term/sixel.h"

#include <sixel.h>
#include <stdlib.h>
#include <string.h>

/* Decodes and compares with a part of the canvas: the palette's colours to a percent's rounding, background
 * left out. */
static void expect_pixels(const struct canvas *c, int x, int y, int width, int height,
                          const struct str *encoded)
{
    unsigned char *indices = NULL, *palette = NULL;
    int w = 0, h = 0, colors = 0;
    assert_int_equal(sixel_decode_raw((unsigned char *)encoded->data, (int)encoded->length, &indices, &w, &h,
                                      &palette, &colors, NULL),
                     SIXEL_OK);
    assert_int_equal(w, width);
    assert_int_equal(h, height);
    for (int row = 0; row < height; row++) {
        for (int column = 0; column < width; column++) {
            uint8_t wish = c->pixels[(size_t)(y + row) * (size_t)c->width + (size_t)(x + column)];
            int got = indices[row * width + column];
            if (wish == PALETTE_BACKGROUND) {
                assert_true(got == 0 ||
                            got == 255); /* what libsixel's versions put where nothing was drawn */
                continue;
            }
            assert_int_equal(got, wish + 1);
            for (int i = 0; i < 3; i++)
                assert_true(abs(palette[got * 3 + i] - canvas_color(c, wish)[i]) <= 2);
        }
    }
    free(indices);
    free(palette);
}

static void expect_round_trip(const struct canvas *c, int x, int y, int width, int height)
{
    struct str encoded = {0};
    assert_true(sixel_append(c, x, y, width, height, &encoded));
    expect_pixels(c, x, y, width, height, &encoded);
    str_free(&encoded);
}

static void make(struct canvas *c, int width, int height)
{
    *c = (struct canvas){0};
    assert_true(canvas_resize(c, width, height));
    canvas_fill(c, 0, 0, width, height, PALETTE_BACKGROUND);
}

static void test_noise_survives(void **state)
{
    (void)state;
    struct rng r;
    rng_seed(&r, 1, 0);
    struct canvas c;
    make(&c, 211, 47);
    for (int i = 0; i < c.width * c.height; i++)
        c.pixels[i] = (uint8_t)rng_below(&r, PALETTE_COUNT);
    expect_round_trip(&c, 0, 0, 211, 47);
    canvas_free(&c);
}

static void test_heat_survives(void **state)
{
    (void)state;
    struct rng r;
    rng_seed(&r, 3, 0);
    uint8_t gray[48 * 48];
    float heat[48 * 48];
    for (int i = 0; i < 48 * 48; i++) {
        gray[i] = (uint8_t)rng_below(&r, 256);
        heat[i] = rng_range(&r, 0, 1);
    }
    for (int strength = 0; strength < HEAT_STRENGTHS; strength++) {
        struct canvas c;
        make(&c, 100, 101);
        canvas_heat(&c, 0, 0, 96, 96, gray, heat, 48, strength, strength > 0);
        expect_round_trip(&c, 0, 0, 100, 101);
        canvas_free(&c);
    }
}

static void test_runs_and_gaps_survive(void **state)
{
    (void)state;
    struct rng r;
    rng_seed(&r, 2, 0);
    for (int round = 0; round < 40; round++) {
        struct canvas c;
        make(&c, 1 + (int)rng_below(&r, 1300), 1 + (int)rng_below(&r, 60));
        for (int i = 0; i < 30; i++)
            canvas_fill(&c, (int)rng_below(&r, (uint32_t)c.width), (int)rng_below(&r, (uint32_t)c.height),
                        1 + (int)rng_below(&r, 300), 1 + (int)rng_below(&r, 13),
                        (uint8_t)rng_below(&r, PALETTE_COUNT));
        expect_round_trip(&c, 0, 0, c.width, c.height);
        canvas_free(&c);
    }
}

static void test_every_height_ends_at_its_last_row(void **state)
{
    (void)state;
    for (int height = 1; height <= 13; height++) {
        struct canvas c;
        make(&c, 10, height);
        canvas_fill(&c, 0, 0, 10, height, PALETTE_EMOTION + height % 8);
        expect_round_trip(&c, 0, 0, 10, height);
        canvas_free(&c);
    }
}

static void test_a_part_of_a_canvas_is_cut_out(void **state)
{
    (void)state;
    struct canvas c;
    make(&c, 64, 64);
    for (int i = 0; i < 64 * 64; i++)
        c.pixels[i] = (uint8_t)((i * 7 + i / 64) % PALETTE_GRAYS);
    expect_round_trip(&c, 5, 9, 30, 23);
    struct str encoded = {0};
    assert_true(sixel_append(&c, 50, 60, 100, 100, &encoded)); /* clipped */
    expect_pixels(&c, 50, 60, 14, 4, &encoded);
    assert_false(sixel_append(&c, 64, 0, 1, 1, &encoded));
    assert_false(sixel_append(&c, -1, 0, 4, 4, &encoded));
    assert_false(sixel_append(&c, 0, 0, 0, 4, &encoded));
    str_free(&encoded);
    canvas_free(&c);
}

static void test_long_runs_are_compressed(void **state)
{
    (void)state;
    struct canvas c;
    make(&c, 1000, 600);
    canvas_fill(&c, 0, 0, 1000, 600, 7);
    struct str encoded = {0};
    assert_true(sixel_append(&c, 0, 0, 1000, 600, &encoded));
    assert_true(encoded.length < 1200); /* 100 bands of "#8!1000~-" */
    assert_true(!memcmp(encoded.data, "\033P0;1q\"1;1;1000;600", 19));
    assert_true(!strcmp(encoded.data + encoded.length - 3, "~\033\\")); /* no newline graphics at the end */
    expect_pixels(&c, 0, 0, 1000, 600, &encoded);
    str_free(&encoded);
    canvas_free(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_noise_survives),
        cmocka_unit_test(test_heat_survives),
        cmocka_unit_test(test_runs_and_gaps_survive),
        cmocka_unit_test(test_every_height_ends_at_its_last_row),
        cmocka_unit_test(test_a_part_of_a_canvas_is_cut_out),
        cmocka_unit_test(test_long_runs_are_compressed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
