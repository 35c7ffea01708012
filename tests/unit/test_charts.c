/* Numbers for people, and charts as pixels. */
#include "support.h"

#include "../../src/tui/chart.h"
#include "../../src/tui/number.h"

#include <math.h>
#include <string.h>

static void test_numbers_read_well(void **state)
{
    (void)state;
    char text[NUMBER_TEXT];
    assert_string_equal(number_percent(text, 0.8814), "88.1 %");
    assert_string_equal(number_percent(text, NAN), "–");
    assert_string_equal(number_fraction(text, 0.7405), ".741");
    assert_string_equal(number_fraction(text, 1), "1.000");
    assert_string_equal(number_signed(text, 12), "+12");
    assert_string_equal(number_signed(text, -3), "−3");
    assert_string_equal(number_signed(text, 0), "0");
    assert_string_equal(number_points(text, 0.0123), "+1.2");
    assert_string_equal(number_points(text, -0.004), "−0.4");
    assert_string_equal(number_points(text, -0.0001), "0.0");
    assert_string_equal(number_change(text, 0.0123), "+.012");
    assert_string_equal(number_change(text, -1.5), "−1.500");
    assert_string_equal(number_change(text, -0.0001), ".000");
    assert_string_equal(number_change(text, NAN), "–");
    assert_string_equal(number_p(text, 0.0489), "= .049");
    assert_string_equal(number_p(text, 0.0009), "< .001");
    assert_string_equal(number_p(text, 1), "= 1");
}

static uint8_t pixel(const struct chart *c, int x, int y)
{
    return c->canvas.pixels[y * c->canvas.width + x];
}

static void test_a_curve_runs_from_corner_to_corner(void **state)
{
    (void)state;
    struct chart c = {.x_min = 1, .x_max = 3, .y_min = 0, .y_max = 1};
    assert_true(chart_begin(&c, 200, 100));
    chart_curve(&c, (double[]){1, 2, 3}, (double[]){0, 0.5, 1}, 3, PALETTE_ACCENT, CHART_LINE);
    assert_int_equal(pixel(&c, 5, 94), PALETTE_ACCENT); /* five pixels of margin */
    assert_int_equal(pixel(&c, 194, 5), PALETTE_ACCENT);
    assert_int_equal(pixel(&c, 20, 20), PALETTE_BACKGROUND);
    assert_int_equal(pixel(&c, 190, 80), PALETTE_BACKGROUND);
    canvas_free(&c.canvas);
}

static void test_one_point_is_a_dot_and_nan_a_gap(void **state)
{
    (void)state;
    struct chart c = {.x_min = 1, .x_max = 1, .y_min = 0, .y_max = 1};
    assert_true(chart_begin(&c, 101, 101));
    chart_curve(&c, (double[]){1}, (double[]){0.5}, 1, PALETTE_ACCENT, CHART_LINE);
    assert_int_equal(pixel(&c, 50, 50), PALETTE_ACCENT);
    c.x_max = 3;
    assert_true(chart_begin(&c, 101, 101));
    chart_curve(&c, (double[]){1, 2, 3}, (double[]){0.3, NAN, 0.3}, 3, PALETTE_ACCENT, CHART_LINE);
    for (int y = 0; y < 101; y++)
        assert_int_not_equal(pixel(&c, 50, y), PALETTE_ACCENT);
    canvas_free(&c.canvas);
}

static void test_bars_stand_side_by_side(void **state)
{
    (void)state;
    struct chart c = {.x_min = 0, .x_max = 1, .y_min = 0, .y_max = 10};
    assert_true(chart_begin(&c, 15, 20)); /* half blocks: a pixel a bar, no margin */
    for (int b = 0; b < 15; b++)
        chart_bar(&c, b / 15.0, (b + 1) / 15.0, 0, b == 3 ? 0.01 : b == 4 ? 0 : 5, PALETTE_ACCENT);
    for (int x = 0; x < 15; x++) {
        int height = x == 3 ? 1 : x == 4 ? 0 : 10; /* little is not nothing */
        for (int y = 0; y < 20; y++)
            assert_int_equal(pixel(&c, x, y), y >= 20 - height ? PALETTE_ACCENT : PALETTE_BACKGROUND);
    }
    canvas_free(&c.canvas);
}

static void test_values_outside_the_range_stay_off_the_canvas(void **state)
{
    (void)state;
    struct chart c = {.x_min = 1, .x_max = 2, .y_min = 0, .y_max = 1};
    assert_true(chart_begin(&c, 60, 60));
    chart_curve(&c, (double[]){1, 40, 1e30}, (double[]){-5, 7, 1e30}, 3, PALETTE_ACCENT, CHART_DOTS);
    chart_mark(&c, 1e9, -1e9, PALETTE_GOOD);
    canvas_free(&c.canvas);
}

static void test_text_shows_the_curve_as_half_blocks(void **state)
{
    (void)state;
    struct chart c = {.x_min = 1, .x_max = 2, .y_min = 0, .y_max = 1};
    char line[8 * 3 + 1];
    assert_true(chart_begin(&c, 8, 4));
    chart_curve(&c, (double[]){1, 2}, (double[]){1, 1}, 2, PALETTE_ACCENT, CHART_LINE);
    c.strong = PALETTE_ACCENT;
    chart_text(&c, 0, line);
    assert_non_null(strstr(line, "▀"));
    chart_text(&c, 1, line);
    assert_string_equal(line, "        ");
    c.strong = PALETTE_TEXT;
    chart_text(&c, 0, line);
    assert_non_null(strstr(line, "·"));
    canvas_free(&c.canvas);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers_read_well),
        cmocka_unit_test(test_a_curve_runs_from_corner_to_corner),
        cmocka_unit_test(test_one_point_is_a_dot_and_nan_a_gap),
        cmocka_unit_test(test_bars_stand_side_by_side),
        cmocka_unit_test(test_values_outside_the_range_stay_off_the_canvas),
        cmocka_unit_test(test_text_shows_the_curve_as_half_blocks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
