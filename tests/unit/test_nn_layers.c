/* Each layer against PyTorch's numbers, against its plain version, and against finite differences. */
#include "nn_fixture.h"

#include "../../src/nn/layer.h"

static const double exact = 1e-9; /* normalised square error that float32 sums in another order stay under */

static struct conv conv_case(const json_t *c)
{
    return (struct conv){.height = golden_int(c, "height"),
                         .width = golden_int(c, "width"),
                         .in = golden_int(c, "channels"),
                         .out = golden_int(c, "out"),
                         .kernel = golden_int(c, "kernel")};
}

struct conv_run {
    float *y, *dx, *gradient;
};

/* Forward and backward through the fast functions, the gradient summed from two slices. */
static struct conv_run run_conv(const struct conv *d, int count, const float *x, const float *w,
                                const float *bias, const float *dy, bool want_dx)
{
    size_t weights = conv_weights(d), image = (size_t)d->height * (size_t)d->width, out = (size_t)d->out;
    struct conv_run run = {new_floats((size_t)count * image * out),
                           new_floats((size_t)count * image * (size_t)d->in), new_floats(weights)};
    size_t partial = conv_partial(d);
    float *packed = new_floats(conv_packed(d)), *back = new_floats(conv_packed_back(d));
    float *partials = new_floats(2 * partial), *workspace = new_floats(conv_workspace(d, true));
    struct conv_ending end = {.bias = bias};
    conv_pack(d, w, NULL, packed);
    conv_pack_back(d, w, back);
    int half = count / 2;
    size_t at = (size_t)half * image;
    conv_forward(d, count, (struct conv_input){.x = x}, packed, &end, run.y, workspace);
    conv_backward(d, half, (struct conv_input){.x = x}, (struct conv_gradient){.dy = dy}, back,
                  want_dx ? run.dx : NULL, partials, workspace);
    conv_backward(d, count - half, (struct conv_input){.x = x + at * (size_t)d->in},
                  (struct conv_gradient){.dy = dy + at * out}, back,
                  want_dx ? run.dx + at * (size_t)d->in : NULL, partials + partial, workspace);
    conv_gather(d, 2, partials, partial, run.gradient);
    free(packed), free(back), free(partials), free(workspace);
    return run;
}

static void free_run(struct conv_run *run)
{
    free(run->y), free(run->dx), free(run->gradient);
}

static void test_convolutions_equal_pytorch(void **state)
{
    (void)state;
    json_t *golden = golden_load(), *c;
    size_t i;
    json_array_foreach(json_object_get(golden, "conv"), i, c)
    {
        struct conv d = conv_case(c);
        int count = golden_int(c, "count");
        float *x = golden_take(c, "x"), *w = golden_take(c, "weight"), *b = golden_take(c, "bias");
        float *dy = golden_take(c, "dy");
        struct conv_run run = run_conv(&d, count, x, w, b, dy, true);
        expect_golden(c, "y", run.y, exact);
        expect_golden(c, "dx", run.dx, exact);
        expect_golden(c, "dweight", run.gradient, exact);
        if (b) {
            float *db = new_floats((size_t)d.out);
            bias_backward((size_t)count * (size_t)d.height * (size_t)d.width, d.out, dy, db);
            expect_golden(c, "dbias", db, exact);
            free(db);
        }
        free_run(&run);
        free(x), free(w), free(b), free(dy);
    }
    json_decref(golden);
}

static void test_first_convolution_without_dx_equals_pytorch(void **state)
{
    (void)state;
    json_t *golden = golden_load(), *c = json_array_get(json_object_get(golden, "conv"), 0);
    struct conv d = conv_case(c);
    assert_int_equal(d.in, 1);
    float *x = golden_take(c, "x"), *w = golden_take(c, "weight"), *dy = golden_take(c, "dy");
    struct conv_run run = run_conv(&d, golden_int(c, "count"), x, w, NULL, dy, false);
    expect_golden(c, "y", run.y, exact);
    expect_golden(c, "dweight", run.gradient, exact);
    free_run(&run);
    free(x), free(w), free(dy);
    json_decref(golden);
}

/* Sizes that end chunks, images and vectors in the middle. */
static const struct {
    struct conv d;
    int count;
} conv_sizes[] = {
    {.d = {.height = 48, .width = 48, .in = 1, .out = 32, .kernel = 3}, .count = 2},
    {.d = {.height = 5, .width = 3, .in = 1, .out = 37, .kernel = 3}, .count = 1},
    {.d = {.height = 48, .width = 48, .in = 13, .out = 7, .kernel = 3}, .count = 2},
    {.d = {.height = 11, .width = 17, .in = 33, .out = 65, .kernel = 3}, .count = 3},
    {.d = {.height = 6, .width = 6, .in = 128, .out = 24, .kernel = 3}, .count = 11},
    {.d = {.height = 1, .width = 1, .in = 9, .out = 4, .kernel = 3}, .count = 5},
    {.d = {.height = 1, .width = 31, .in = 4, .out = 4, .kernel = 3}, .count = 2},
    {.d = {.height = 7, .width = 9, .in = 19, .out = 3, .kernel = 1}, .count = 4},
    {.d = {.height = 4, .width = 4, .in = 1, .out = 5, .kernel = 1}, .count = 3},
};

static void test_convolutions_equal_their_plain_version(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof conv_sizes / sizeof *conv_sizes; i++) {
        const struct conv *d = &conv_sizes[i].d;
        int count = conv_sizes[i].count;
        size_t pixels = (size_t)count * (size_t)d->height * (size_t)d->width, weights = conv_weights(d);
        size_t inputs = pixels * (size_t)d->in, outputs = pixels * (size_t)d->out;
        float *x = random_floats(inputs, 1), *w = random_floats(weights, 2),
              *b = random_floats((size_t)d->out, 3);
        float *dy = random_floats(outputs, 4), *y = new_floats(outputs), *dx = new_floats(inputs);
        float *gradient = new_floats(weights);
        conv_forward_reference(d, count, x, w, b, y);
        conv_backward_reference(d, count, x, dy, w, dx, gradient);
        struct conv_run run = run_conv(d, count, x, w, b, dy, true),
                        alone = run_conv(d, count, x, w, b, dy, false);
        expect_near("y", run.y, y, outputs, exact);
        expect_near("dx", run.dx, dx, inputs, exact);
        expect_near("weight gradient", run.gradient, gradient, weights, exact);
        expect_near("weight gradient without dx", alone.gradient, gradient, weights, exact);
        free_run(&run), free_run(&alone);
        free(x), free(w), free(b), free(dy), free(y), free(dx), free(gradient);
    }
}

/* A convolution is linear in x and in w, so <dy, conv(x', w)> = <dx, x'> and <dy, conv(x, w')> = <dw, w'>
 * exactly. */
static void test_convolution_gradients_are_adjoint(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof conv_sizes / sizeof *conv_sizes; i++) {
        const struct conv *d = &conv_sizes[i].d;
        int count = conv_sizes[i].count;
        size_t pixels = (size_t)count * (size_t)d->height * (size_t)d->width, weights = conv_weights(d);
        size_t inputs = pixels * (size_t)d->in, outputs = pixels * (size_t)d->out;
        float *x = random_floats(inputs, 1), *w = random_floats(weights, 2), *dy = random_floats(outputs, 4);
        float *other_x = random_floats(inputs, 5), *other_w = random_floats(weights, 6);
        struct conv_run run = run_conv(d, count, x, w, NULL, dy, true);
        struct conv_run run_x = run_conv(d, count, other_x, w, NULL, dy, true);
        struct conv_run run_w = run_conv(d, count, x, other_w, NULL, dy, true);
        double scale = sqrt(dot(dy, dy, outputs) * dot(run.y, run.y, outputs)) * 1e-5;
        assert_true(fabs(dot(dy, run_x.y, outputs) - dot(run.dx, other_x, inputs)) < scale);
        assert_true(fabs(dot(dy, run_w.y, outputs) - dot(run.gradient, other_w, weights)) < scale);
        free_run(&run), free_run(&run_x), free_run(&run_w);
        free(x), free(w), free(dy), free(other_x), free(other_w);
    }
}

/* A normalisation with its working arrays. */
struct norm_bench {
    struct norm d;
    float *memory, *workspace, *mean, *variance, *scale_gradient, *bias_gradient;
    double *sums;
};

enum { NORM_SLICES = 2 };

static struct norm_bench norm_bench(int channels, bool relu, const float *scale, const float *bias)
{
    size_t c = (size_t)channels;
    struct norm_bench n = {.memory = new_floats(6 * c),
                           .workspace = new_floats(2 * c),
                           .mean = new_floats(c),
                           .variance = new_floats(c),
                           .scale_gradient = new_floats(c),
                           .bias_gradient = new_floats(c),
                           .sums = calloc(NORM_SLICES * 2 * c, sizeof(double))};
    float *m = n.memory;
    n.d = (struct norm){.channels = channels,
                        .relu = relu,
                        .scale = scale,
                        .bias = bias,
                        .mean = m,
                        .inverse = m + c,
                        .slope = m + 2 * c,
                        .offset = m + 3 * c,
                        .keep_x = m + 4 * c,
                        .keep_1 = m + 5 * c};
    return n;
}

static void free_norm(struct norm_bench *n)
{
    free(n->memory), free(n->workspace), free(n->mean), free(n->variance);
    free(n->scale_gradient), free(n->bias_gradient), free(n->sums);
}

/* Both walks over two uneven slices. */
static void norm_run(struct norm_bench *n, size_t pixels, const float *x, float *y)
{
    size_t c = (size_t)n->d.channels, split = pixels / 3, counts[NORM_SLICES] = {split, pixels - split};
    norm_measure(n->d.channels, 0, split, x, n->sums, n->workspace);
    norm_measure(n->d.channels, 0, pixels - split, x + split * c, n->sums + 2 * c, n->workspace);
    norm_combine(&n->d, NORM_SLICES, counts, n->sums, n->mean, n->variance);
    norm_forward(&n->d, pixels, x, y);
}

static void norm_run_back(struct norm_bench *n, size_t pixels, const float *x, const float *dy, float *dx)
{
    size_t c = (size_t)n->d.channels, split = pixels / 3, counts[NORM_SLICES] = {split, pixels - split};
    norm_measure_back(&n->d, split, x, dy, n->sums, n->workspace);
    norm_measure_back(&n->d, pixels - split, x + split * c, dy + split * c, n->sums + 2 * c, n->workspace);
    norm_combine_back(&n->d, NORM_SLICES, counts, n->sums, n->scale_gradient, n->bias_gradient);
    norm_backward(&n->d, pixels, x, dy, dx);
}

static void test_normalisation_equals_pytorch(void **state)
{
    (void)state;
    json_t *golden = golden_load(), *c;
    size_t i;
    json_array_foreach(json_object_get(golden, "norm"), i, c)
    {
        int channels = golden_int(c, "channels");
        size_t pixels = (size_t)(golden_int(c, "count") * golden_int(c, "height") * golden_int(c, "width"));
        float *x = golden_take(c, "x"), *dy = golden_take(c, "dy"), *scale = golden_take(c, "scale");
        float *bias = golden_take(c, "bias"), *mean = golden_take(c, "mean"),
              *variance = golden_take(c, "variance");
        float *y = new_floats(pixels * (size_t)channels), *dx = new_floats(pixels * (size_t)channels);
        struct norm_bench n = norm_bench(channels, golden_int(c, "relu"), scale, bias);
        memcpy(n.mean, mean, (size_t)channels * sizeof *mean);
        memcpy(n.variance, variance, (size_t)channels * sizeof *variance);
        norm_run(&n, pixels, x, y);
        norm_run_back(&n, pixels, x, dy, dx);
        expect_golden(c, "y", y, exact);
        expect_golden(c, "dx", dx, exact);
        expect_golden(c, "dscale", n.scale_gradient, exact);
        expect_golden(c, "dbias", n.bias_gradient, exact);
        expect_golden(c, "mean_after", n.mean, exact);
        expect_golden(c, "variance_after", n.variance, exact);
        norm_from_running(&n.d, n.mean, n.variance);
        norm_forward(&n.d, pixels, x, y);
        expect_golden(c, "y_eval", y, exact);
        free_norm(&n);
        free(x), free(dy), free(scale), free(bias), free(mean), free(variance), free(y), free(dx);
    }
    json_decref(golden);
}

static void test_normalisation_gradient_matches_finite_differences(void **state)
{
    (void)state;
    enum { C = 5, PIXELS = 77, N = C * PIXELS };
    float *x = random_floats(N, 1), *dy = random_floats(N, 2), *way = random_floats(N, 3),
          *scale = random_floats(C, 4);
    float *bias = random_floats(C, 5), *moved = new_floats(N), *y = new_floats(N), *dx = new_floats(N);
    struct norm_bench n = norm_bench(C, false, scale, bias);
    norm_run(&n, PIXELS, x, y);
    norm_run_back(&n, PIXELS, x, dy, dx);
    double slope = dot(dx, way, N), step = 1e-2, sides[2];
    for (int side = 0; side < 2; side++) {
        add_scaled(x, way, side ? -step : step, N, moved);
        norm_run(&n, PIXELS, moved, y);
        sides[side] = dot(dy, y, N);
    }
    double measured = (sides[0] - sides[1]) / (2.0 * step);
    assert_true(fabs(measured - slope) < 2e-3 * sqrt(dot(dx, dx, N) * dot(way, way, N)));
    free_norm(&n);
    free(x), free(dy), free(way), free(scale), free(bias), free(moved), free(y), free(dx);
}

/* A large mean under a small spread is what one-pass sums of squares lose. */
static void test_normalisation_survives_a_large_mean(void **state)
{
    (void)state;
    enum { PIXELS = 5000 };
    float one = 1.0f, none = 0.0f, *x = random_floats(PIXELS, 9), *y = new_floats(PIXELS);
    struct norm_bench n = norm_bench(1, false, &one, &none);
    for (int i = 0; i < PIXELS; i++)
        x[i] = 1000.0f + 0.1f * x[i];
    norm_run(&n, PIXELS, x, y);
    assert_true(fabs(dot(y, y, PIXELS) / PIXELS - 1.0) < 5e-3);
    free_norm(&n);
    free(x), free(y);
}

static void test_pooling_equals_pytorch(void **state)
{
    (void)state;
    json_t *golden = golden_load(), *c;
    static const char *const keys[] = {"pool", "average"};
    for (int average = 0; average < 2; average++) {
        size_t i;
        json_array_foreach(json_object_get(golden, keys[average]), i, c)
        {
            struct shape in = {golden_int(c, "height"), golden_int(c, "width"), golden_int(c, "channels")};
            int count = golden_int(c, "count");
            float *x = golden_take(c, "x"), *dy = golden_take(c, "dy");
            float *y = new_floats((size_t)count * shape_count(in)),
                  *dx = new_floats((size_t)count * shape_count(in));
            if (average) {
                average_forward(in, count, (struct conv_input){.x = x}, y);
                average_backward(in, count, dy, dx);
            } else {
                pool_forward(in, count, (struct conv_input){.x = x}, y);
                pool_backward(in, count, (struct conv_input){.x = x}, dy, dx);
            }
            expect_golden(c, "y", y, exact);
            expect_golden(c, "dx", dx, exact);
            free(x), free(dy), free(y), free(dx);
        }
    }
    json_decref(golden);
}

static void test_pooling_sends_a_tie_to_the_first_only(void **state)
{
    (void)state;
    struct shape in = {2, 2, 1};
    static const struct {
        float x[4], dx[4];
    } cases[] = {{{1, 1, 1, 1}, {5, 0, 0, 0}},
                 {{0, 1, 1, 1}, {0, 5, 0, 0}},
                 {{0, 0, 1, 1}, {0, 0, 5, 0}},
                 {{0, 0, 0, 1}, {0, 0, 0, 5}}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        float dy = 5.0f, dx[4];
        pool_backward(in, 1, (struct conv_input){.x = cases[i].x}, &dy, dx);
        assert_memory_equal(dx, cases[i].dx, sizeof dx);
    }
}

static void test_dense_equals_pytorch(void **state)
{
    (void)state;
    json_t *golden = golden_load(), *c;
    size_t i;
    json_array_foreach(json_object_get(golden, "dense"), i, c)
    {
        int count = golden_int(c, "count"), in = golden_int(c, "channels"), out = golden_int(c, "out");
        float *x = golden_take(c, "x"), *w = golden_take(c, "weight"), *b = golden_take(c, "bias");
        float *dy = golden_take(c, "dy"), *y = new_floats((size_t)(count * out)),
              *dx = new_floats((size_t)(count * in));
        float *partial = new_floats((size_t)(out * (in + 1)));
        dense_forward(in, out, count, x, w, b, y);
        dense_backward(in, out, count, x, dy, w, dx, partial);
        expect_golden(c, "y", y, exact);
        expect_golden(c, "dx", dx, exact);
        expect_golden(c, "dweight", partial, exact);
        expect_golden(c, "dbias", partial + in * out, exact);
        free(x), free(w), free(b), free(dy), free(y), free(dx), free(partial);
    }
    json_decref(golden);
}

static void test_relu_passes_what_is_positive(void **state)
{
    (void)state;
    const float x[5] = {-1.0f, 0.0f, 2.0f, -0.0f, 3.0f}, dy[5] = {1, 2, 3, 4, 5};
    const float want[5] = {0, 0, 3, 0, 5};
    float y[5], dx[5];
    relu_forward(5, x, y);
    relu_backward(5, y, dy, dx);
    assert_true(y[0] == 0.0f && y[2] == 2.0f && y[4] == 3.0f);
    assert_memory_equal(dx, want, sizeof dx);
    float bad = NAN;
    relu_forward(1, &bad, y);
    assert_true(isnan(y[0]));
}

static void test_dropout_keeps_the_mean_and_repeats_itself(void **state)
{
    (void)state;
    enum { VALUES = 1000, COUNT = 20, N = VALUES * COUNT };
    struct dropout d = {.rate = 0.3f, .seed = 5, .step = 9, .layer = 2};
    float *x = new_floats(N), *y = new_floats(N), *parts = new_floats(N), *later = new_floats(N);
    for (int i = 0; i < N; i++)
        x[i] = 1.0f;
    dropout_apply(&d, VALUES, 0, COUNT, x, y);
    size_t dropped = 0;
    for (int i = 0; i < N; i++) {
        dropped += y[i] == 0.0f;
        assert_true(y[i] == 0.0f || fabsf(y[i] - 1.0f / 0.7f) < 1e-6f);
    }
    assert_true(fabs((double)dropped / N - 0.3) < 0.02);
    dropout_apply(&d, VALUES, 0, 7, x, parts);
    dropout_apply(&d, VALUES, 7, COUNT - 7, x, parts + 7 * VALUES);
    assert_memory_equal(parts, y, N * sizeof *y);
    d.step++;
    dropout_apply(&d, VALUES, 0, COUNT, x, later);
    assert_memory_not_equal(later, y, N * sizeof *y);
    assert_memory_not_equal(y, y + VALUES, VALUES * sizeof *y);
    free(x), free(y), free(parts), free(later);
}

static void test_losses_equal_pytorch(void **state)
{
    (void)state;
    json_t *golden = golden_load(), *c;
    size_t i;
    json_array_foreach(json_object_get(golden, "loss"), i, c)
    {
        int count = golden_int(c, "count"), classes = golden_int(c, "classes");
        size_t n = (size_t)(count * classes);
        float *logits = golden_take(c, "logits"), *targets = golden_take(c, "targets"),
              *want = golden_take(c, "losses");
        float *p = new_floats(n), *d = new_floats(n);
        double losses[16];
        softmax_forward(classes, count, logits, p);
        loss_apply(golden_int(c, "multi") ? LOSS_MULTI_TARGET : LOSS_CROSS_ENTROPY, classes, count, count,
                   logits, p, targets, losses, d);
        expect_golden(c, "probabilities", p, exact);
        expect_golden(c, "dlogits", d, exact);
        for (int k = 0; k < count; k++)
            assert_true(fabs(losses[k] - (double)want[k]) < 1e-5);
        free(logits), free(targets), free(want), free(p), free(d);
    }
    json_decref(golden);
}

static void test_loss_gradients_match_finite_differences(void **state)
{
    (void)state;
    enum { CLASSES = 8, COUNT = 5, N = CLASSES * COUNT };
    float *logits = random_floats(N, 1), *targets = random_floats(N, 2), *way = random_floats(N, 3);
    float *p = new_floats(N), *d = new_floats(N), *moved = new_floats(N), *unused = new_floats(N);
    for (int i = 0; i < N; i++)
        targets[i] = targets[i] > 0.0f ? targets[i] : 0.0f;
    for (int kind = LOSS_CROSS_ENTROPY; kind <= LOSS_MULTI_TARGET; kind++) {
        double losses[COUNT], sides[2] = {0.0, 0.0}, step = 1e-3;
        softmax_forward(CLASSES, COUNT, logits, p);
        loss_apply((enum loss)kind, CLASSES, COUNT, COUNT, logits, p, targets, losses, d);
        for (int side = 0; side < 2; side++) {
            add_scaled(logits, way, side ? -step : step, N, moved);
            softmax_forward(CLASSES, COUNT, moved, p);
            loss_apply((enum loss)kind, CLASSES, COUNT, COUNT, moved, p, targets, losses, unused);
            for (int k = 0; k < COUNT; k++)
                sides[side] += losses[k] / COUNT;
        }
        double measured = (sides[0] - sides[1]) / (2.0 * step);
        assert_true(fabs(measured - dot(d, way, N)) < 1e-4);
    }
    free(logits), free(targets), free(way), free(p), free(d), free(moved), free(unused);
}

static void test_loss_stays_finite_for_extreme_logits(void **state)
{
    (void)state;
    const float logits[3] = {2000.0f, -2000.0f, 0.0f}, targets[3] = {0.0f, 1.0f, 0.0f};
    float p[3], d[3];
    double loss;
    softmax_forward(3, 1, logits, p);
    loss_apply(LOSS_CROSS_ENTROPY, 3, 1, 1, logits, p, targets, &loss, d);
    assert_true(fabs(loss - 4000.0) < 1e-6);
    assert_true(p[0] == 1.0f && d[1] == -1.0f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_convolutions_equal_pytorch),
        cmocka_unit_test(test_first_convolution_without_dx_equals_pytorch),
        cmocka_unit_test(test_convolutions_equal_their_plain_version),
        cmocka_unit_test(test_convolution_gradients_are_adjoint),
        cmocka_unit_test(test_normalisation_equals_pytorch),
        cmocka_unit_test(test_normalisation_gradient_matches_finite_differences),
        cmocka_unit_test(test_normalisation_survives_a_large_mean),
        cmocka_unit_test(test_pooling_equals_pytorch),
        cmocka_unit_test(test_pooling_sends_a_tie_to_the_first_only),
        cmocka_unit_test(test_dense_equals_pytorch),
        cmocka_unit_test(test_relu_passes_what_is_positive),
        cmocka_unit_test(test_dropout_keeps_the_mean_and_repeats_itself),
        cmocka_unit_test(test_losses_equal_pytorch),
        cmocka_unit_test(test_loss_gradients_match_finite_differences),
        cmocka_unit_test(test_loss_stays_finite_for_extreme_logits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
