/* Winograd's kernels, those of each instruction set this processor has, against convolutions by definition.
 */
#include "nn_fixture.h"

#include "../../src/nn/winograd.h"

static const double winograd_exact = 1e-8; /* normalised square error */

static const struct {
    struct conv d;
    int count;
} sizes[] = {
    {{.height = 48, .width = 48, .in = 32, .out = 32, .kernel = 3}, 1},
    {{.height = 6, .width = 6, .in = 130, .out = 65, .kernel = 3}, 9},
    {{.height = 12, .width = 12, .in = 3, .out = 200, .kernel = 3}, 5},
    {{.height = 1, .width = 1, .in = 7, .out = 5, .kernel = 3}, 1},
    {{.height = 2, .width = 3, .in = 1, .out = 1, .kernel = 3}, 3},
    {{.height = 7, .width = 13, .in = 17, .out = 31, .kernel = 3}, 2},
    {{.height = 1, .width = 50, .in = 33, .out = 16, .kernel = 3}, 2},
    {{.height = 9, .width = 9, .in = 16, .out = 48, .kernel = 3}, 64},
    {{.height = 6, .width = 6, .in = 130, .out = 65, .kernel = 3, .images = 1}, 9},
    {{.height = 5, .width = 3, .in = 17, .out = 31, .kernel = 3, .images = 1}, 3},
};
enum { SIZES = sizeof sizes / sizeof *sizes };

/* A normalisation with random statistics, and room for what it would have written. */
struct lens {
    struct norm n;
    float *memory;
};

static struct lens random_lens(int channels, uint64_t seed)
{
    size_t c = (size_t)channels;
    float *m = random_floats(6 * c, seed);
    return (struct lens){{.channels = channels,
                          .relu = true,
                          .mean = m,
                          .inverse = m + c,
                          .slope = m + 2 * c,
                          .offset = m + 3 * c,
                          .keep_x = m + 4 * c,
                          .keep_1 = m + 5 * c},
                         m};
}

/* What one kernel gives, forward and backward, all through normalisations or none. */
static void expect_exact(const struct winograd_kernels *k, const struct conv *d, int count, bool through)
{
    struct winograd w = winograd_plan(k, d);
    size_t pixels = (size_t)count * (size_t)d->height * (size_t)d->width, weights = conv_weights(d);
    size_t in = pixels * (size_t)d->in, out = pixels * (size_t)d->out, c = (size_t)d->out;
    float *x = random_floats(in, 1), *weight = random_floats(weights, 2), *bias = random_floats(c, 3);
    float *dy = random_floats(out, 4), *raw = random_floats(out, 5);
    float *seen_x = new_floats(in), *seen_dy = new_floats(out);
    struct lens lens_x = random_lens(d->in, 6), lens_dy = random_lens(d->out, 7);
    memcpy(seen_x, x, in * sizeof *x);
    memcpy(seen_dy, dy, out * sizeof *dy);
    if (through) {
        norm_forward(&lens_x.n, pixels, x, seen_x);
        norm_backward(&lens_dy.n, pixels, raw, dy, seen_dy);
    }

    float *y = new_floats(out), *dx = new_floats(in), *gradient = new_floats(weights);
    float *want_y = new_floats(out), *want_dx = new_floats(in), *want_gradient = new_floats(weights);
    conv_forward_reference(d, count, seen_x, weight, bias, want_y);
    conv_backward_reference(d, count, seen_x, seen_dy, weight, want_dx, want_gradient);

    float *u = new_floats(winograd_packed(&w)), *u_back = new_floats(winograd_packed_back(&w));
    float *partial = new_floats(winograd_partial(&w)), *workspace = new_floats(winograd_workspace(&w));
    double *sums = calloc(2 * c, sizeof *sums), *want_sums = calloc(2 * c, sizeof *want_sums);
    struct conv_ending end = {.bias = bias, .sums = sums};
    struct conv_input from = {x, through ? &lens_x.n : NULL};
    k->pack(&w, weight, NULL, u);
    k->pack_back(&w, weight, u_back);
    k->forward(&w, count, from, u, &end, y, workspace);
    k->backward(&w, count, from, (struct conv_gradient){dy, raw, through ? &lens_dy.n : NULL}, u_back, dx,
                partial, workspace);
    k->gather(&w, 1, partial, 0, gradient);
    expect_near("y", y, want_y, out, winograd_exact);
    expect_near("dx", dx, want_dx, in, winograd_exact);
    expect_near("weight gradient", gradient, want_gradient, weights, winograd_exact);
    norm_measure(d->out, 0, pixels, want_y, want_sums, workspace);
    for (size_t i = 0; i < c; i++) {
        double spread = sqrt(want_sums[c + i] / (double)pixels) + fabs(want_sums[i]);
        assert_true(fabs(sums[i] - want_sums[i]) <= 1e-4 * spread);
        assert_true(fabs(sums[c + i] - want_sums[c + i]) <= 1e-4 * (want_sums[c + i] + spread));
    }

    free(x), free(weight), free(bias), free(dy), free(raw), free(seen_x), free(seen_dy);
    free(lens_x.memory), free(lens_dy.memory), free(y), free(dx), free(gradient);
    free(want_y), free(want_dx), free(want_gradient), free(u), free(u_back), free(partial);
    free(workspace), free(sums), free(want_sums);
}

static void expect_all_exact(bool through)
{
    for (const struct winograd_kernels *const *k = winograd_available(); *k; k++)
        for (size_t i = 0; i < SIZES; i++)
            expect_exact(*k, &sizes[i].d, sizes[i].count, through);
}

static void test_every_instruction_set_equals_the_definition(void **state)
{
    (void)state;
    expect_all_exact(false);
}

static void test_reading_through_a_normalisation_equals_writing_it_out(void **state)
{
    (void)state;
    expect_all_exact(true);
}

static void test_folded_scales_multiply_the_outputs(void **state)
{
    (void)state;
    const struct conv d = {.height = 8, .width = 8, .in = 5, .out = 19, .kernel = 3};
    size_t out = 64 * 19;
    float *x = random_floats(64 * 5, 1), *weight = random_floats(conv_weights(&d), 2),
          *scale = random_floats(19, 3);
    float *want = new_floats(out), *y = new_floats(out);
    conv_forward_reference(&d, 1, x, weight, NULL, want);
    for (size_t i = 0; i < out; i++)
        want[i] *= scale[i % 19];
    for (const struct winograd_kernels *const *k = winograd_available(); *k; k++) {
        struct winograd w = winograd_plan(*k, &d);
        float *u = new_floats(winograd_packed(&w)), *workspace = new_floats(winograd_workspace(&w));
        (*k)->pack(&w, weight, scale, u);
        (*k)->forward(&w, 1, (struct conv_input){.x = x}, u, &(struct conv_ending){0}, y, workspace);
        expect_near((*k)->name, y, want, out, winograd_exact);
        free(u), free(workspace);
    }
    free(x), free(weight), free(scale), free(want), free(y);
}

static int tile_of(int side, int images)
{
    struct conv d = {.height = side, .width = side, .in = 8, .out = 8, .kernel = 3, .images = images};
    return winograd_plan(winograd_available()[0], &d).tile;
}

static void test_the_tile_with_the_fewest_products_is_taken(void **state)
{
    (void)state;
    static const int cases[][2] = {{48, 4}, {24, 4}, {12, 4}, {6, 3}, {3, 3}, {8, 4}, {9, 3}, {2, 2}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(tile_of(cases[i][0], 0), cases[i][1]);
}

static void test_a_single_image_takes_the_tile_with_fewer_weights(void **state)
{
    (void)state;
    assert_int_equal(tile_of(6, 1), 2);
    assert_int_equal(tile_of(12, 1), 4);
    assert_int_equal(tile_of(48, 1), 4);
    assert_int_equal(tile_of(6, 8), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_instruction_set_equals_the_definition),
        cmocka_unit_test(test_reading_through_a_normalisation_equals_writing_it_out),
        cmocka_unit_test(test_folded_scales_multiply_the_outputs),
        cmocka_unit_test(test_the_tile_with_the_fewest_products_is_taken),
        cmocka_unit_test(test_a_single_image_takes_the_tile_with_fewer_weights),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
