/* Canvas: gray levels, scaling, clipping, charts. */
#include "support.h"

#include "ferlab/term/canvas.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void make(struct canvas *c, int width, int height)
{
    *c = (struct canvas){0};
    assert_true(canvas_resize(c, width, height));
    canvas_fill(c, 0, 0, width, height, PALETTE_BACKGROUND);
}

static uint8_t at(const struct canvas *c, int x, int y)
{
    return c->pixels[y * c->width + x];
}

static int count_color(const struct canvas *c, uint8_t color)
{
    int count = 0;
    for (int i = 0; i < c->width * c->height; i++)
        count += c->pixels[i] == color;
    return count;
}

static void test_palette_grays_run_from_black_to_white(void **state)
{
    (void)state;
    assert_int_equal(palette_rgb[0][0], 0);
    assert_int_equal(palette_rgb[PALETTE_GRAYS - 1][0], 255);
    for (int i = 1; i < PALETTE_GRAYS; i++)
        assert_true(palette_rgb[i][0] > palette_rgb[i - 1][0]);
    for (int i = PALETTE_EMOTION; i < PALETTE_COUNT; i++) {
        for (int k = i + 1; k < PALETTE_COUNT; k++)
            assert_true(memcmp(palette_rgb[i], palette_rgb[k], 3) != 0);
    }
}

static void test_dithering_keeps_the_mean_gray(void **state)
{
    (void)state;
    for (int gray = 0; gray < 256; gray++) {
        double sum = 0;
        for (int y = 0; y < 4; y++) {
            for (int x = 0; x < 4; x++)
                sum += palette_rgb[palette_gray((uint8_t)gray, x, y)][0];
        }
        assert_true(fabs(sum / 16 - gray) < 1.0);
    }
}

static void expect_whole_pixels(int scale, int most_off)
{
    struct canvas c;
    make(&c, 48 * scale, 48 * scale);
    uint8_t gray[48 * 48];
    for (int i = 0; i < 48 * 48; i++)
        gray[i] = (uint8_t)(i * 37 % 256);
    canvas_gray(&c, 0, 0, c.width, c.height, gray, 48, 48, false);
    for (int y = 0; y < c.height; y++) {
        for (int x = 0; x < c.width; x++) {
            assert_int_equal(at(&c, x, y), at(&c, x - x % scale, y - y % scale));
            assert_true(abs(palette_rgb[at(&c, x, y)][0] - gray[y / scale * 48 + x / scale]) <= most_off);
        }
    }
    canvas_free(&c);
}

static void test_nearest_keeps_source_pixels_whole(void **state)
{
    (void)state;
    expect_whole_pixels(3, 5);  /* half a step of 32 levels */
    expect_whole_pixels(2, 13); /* thumbnails: of 16, taken from the 32 */
}

static void test_smooth_follows_a_ramp(void **state)
{
    (void)state;
    struct canvas c;
    make(&c, 160, 16);
    const uint8_t gray[4] = {0, 80, 160, 240};
    canvas_gray(&c, 0, 0, 160, 16, gray, 4, 1, true);
    for (int x = 24; x < 136;
         x += 4) { /* between the outermost centres the ramp is straight: 2 levels a pixel */
        double sum = 0;
        for (int y = 0; y < 16; y++) {
            for (int k = 0; k < 4; k++)
                sum += palette_rgb[at(&c, x + k, y)][0];
        }
        assert_true(fabs(sum / 64 - 2.0 * (x + 2 - 20)) < 4.0);
    }
    canvas_free(&c);
}

static void test_same_face_gives_the_same_pixels(void **state)
{
    (void)state;
    struct canvas a, b;
    make(&a, 60, 60);
    make(&b, 60, 60);
    uint8_t gray[16];
    for (int i = 0; i < 16; i++)
        gray[i] = (uint8_t)(i * 16);
    canvas_gray(&a, 4, 4, 50, 50, gray, 4, 4, true);
    canvas_gray(&b, 4, 4, 50, 50, gray, 4, 4, true);
    assert_memory_equal(a.pixels, b.pixels, 3600);
    canvas_free(&a);
    canvas_free(&b);
}

static void test_drawing_is_clipped(void **state)
{
    (void)state;
    struct canvas whole, part;
    make(&whole, 40, 40);
    make(&part, 20, 20);
    uint8_t gray[64];
    for (int i = 0; i < 64; i++)
        gray[i] = (uint8_t)(i * 4);
    for (int smooth = 0; smooth < 2; smooth++) {
        canvas_gray(&whole, 0, 0, 40, 40, gray, 8, 8, smooth);
        canvas_gray(&part, -12, -16, 40, 40, gray, 8, 8, smooth); /* a multiple of the pattern's side */
        for (int y = 0; y < 20; y++)
            assert_memory_equal(part.pixels + y * 20, whole.pixels + (y + 16) * 40 + 12, 20);
    }
    canvas_fill(&part, -5, -5, 1000, 1000, 3);
    assert_int_equal(count_color(&part, 3), 400);
    canvas_fill(&part, 19, 19, INT_MAX, INT_MAX, 4);
    assert_int_equal(count_color(&part, 4), 1);
    canvas_fill(&part, 30, 0, 5, 5, 5);
    canvas_fill(&part, 0, 0, -4, 5, 5);
    canvas_disc(&part, 1e9F, 3, 5, 5);
    canvas_disc(&part, NAN, 3, 5, 5);
    assert_int_equal(count_color(&part, 5), 0);
    canvas_free(&whole);
    canvas_free(&part);
}

static void test_line_is_even_and_broken_by_nan(void **state)
{
    (void)state;
    struct canvas c;
    make(&c, 100, 60);
    const float x[] = {10, 30, 50, 70, 90}, y[] = {20, 20, NAN, 40, 40};
    canvas_line(&c, x, y, 5, PALETTE_TEXT);
    for (int column = 11; column < 30; column++)
        assert_true(at(&c, column, 20) == PALETTE_TEXT || at(&c, column, 19) == PALETTE_TEXT);
    for (int column = 34; column < 67; column++) {
        for (int row = 0; row < 60; row++)
            assert_int_equal(at(&c, column, row), PALETTE_BACKGROUND);
    }
    assert_true(count_color(&c, PALETTE_TEXT) >= 42 && count_color(&c, PALETTE_TEXT) <= 88);
    canvas_free(&c);
}

static void test_disc_is_round(void **state)
{
    (void)state;
    struct canvas c;
    make(&c, 41, 41);
    canvas_disc(&c, 20, 20, 10, PALETTE_ACCENT);
    assert_true(fabs(count_color(&c, PALETTE_ACCENT) - 3.14159 * 100) < 12);
    assert_int_equal(at(&c, 20, 10), PALETTE_ACCENT);
    assert_int_equal(at(&c, 27, 27), PALETTE_ACCENT);
    assert_int_equal(at(&c, 28, 28), PALETTE_BACKGROUND);
    canvas_free(&c);
}

static void test_absurd_sizes_are_refused(void **state)
{
    (void)state;
    struct canvas c = {0};
    assert_false(canvas_resize(&c, 1 << 20, 1 << 20));
    assert_false(canvas_resize(&c, -1, 5));
    assert_true(canvas_resize(&c, 0, 0));
    assert_true(canvas_resize(&c, 3, 3));
    canvas_free(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_palette_grays_run_from_black_to_white),
        cmocka_unit_test(test_dithering_keeps_the_mean_gray),
        cmocka_unit_test(test_nearest_keeps_source_pixels_whole),
        cmocka_unit_test(test_smooth_follows_a_ramp),
        cmocka_unit_test(test_same_face_gives_the_same_pixels),
        cmocka_unit_test(test_drawing_is_clipped),
        cmocka_unit_test(test_line_is_even_and_broken_by_nan),
        cmocka_unit_test(test_disc_is_round),
        cmocka_unit_test(test_absurd_sizes_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
