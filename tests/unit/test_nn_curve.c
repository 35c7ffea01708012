/* A loss curve of 300 steps, by the fast convolutions in float32, beside PyTorch's direct ones in double:
 * their rounding must not change where a training goes. tests/golden/make_curve_golden.py made the golden
 * from the same formulas. */
#include "nn_fixture.h"

#include "ferlab/nn/network.h"

#include <stdio.h>

enum { SIDE = 12, PIXELS = SIDE * SIDE, CLASSES = 4, IMAGES = 320, BATCH = 32, STEPS = 300, WINDOW = 10 };

static double noise(uint64_t i)
{
    return (double)(uint32_t)(i * 2654435761u) / 4294967296.0 - 0.5;
}

static void make_images(float *images, float *targets)
{
    for (int n = 0; n < IMAGES; n++) {
        int k = n % CLASSES + 1;
        for (int i = 0; i < PIXELS; i++)
            images[n * PIXELS + i] = (float)(cos(0.5 * k * (i % SIDE)) * cos(0.4 * k * (i / SIDE)) +
                                             3 * noise((uint64_t)(n * PIXELS + i)));
        for (int c = 0; c < CLASSES; c++)
            targets[n * CLASSES + c] = c == n % CLASSES;
    }
}

/* All weights are the formula's; biases stay 0 and scales 1, as they are in a new network. */
static void set_weights(struct network *net)
{
    uint64_t which = 0;
    for (size_t i = 0; i < network_parameter_count(net); i++) {
        struct parameter *p = network_parameter(net, i);
        if (!p->decays)
            continue;
        double deviation = sqrt(2.0 / ((double)p->count / p->dims[0]));
        which++;
        for (size_t k = 0; k < p->count; k++)
            p->value[k] = (float)(deviation * sqrt(12.0) * noise(1000003 * which + k));
    }
}

static void test_a_loss_curve_of_300_steps_is_pytorchs(void **state)
{
    (void)state;
    struct err e;
    struct network *net = network_create("8,12,P,16,G", SIDE, CLASSES, 1, &e);
    assert_non_null(net);
    set_weights(net);
    float *images = new_floats(IMAGES * PIXELS), *targets = new_floats(IMAGES * CLASSES);
    make_images(images, targets);
    struct session *s = session_create(net, BATCH, true, 2, &e);
    struct sgd sgd;
    assert_non_null(s);
    assert_true(sgd_init(&sgd, network_parameter_list(net), 0.9f, 5e-4f, &e));
    FILE *golden = fopen(FERLAB_GOLDEN "/curve.txt", "r");
    assert_non_null(golden);
    double sum = 0.0;
    for (int step = 0; step < STEPS; step++) {
        int at = step * BATCH % IMAGES;
        sum += session_train(s, images + at * PIXELS, targets + at * CLASSES, BATCH, LOSS_CROSS_ENTROPY, 1,
                             (uint64_t)step, NULL);
        sgd_step(&sgd, network_parameter_list(net), 0.05f);
        if (step % WINDOW != WINDOW - 1)
            continue;
        double want, got = sum / WINDOW;
        assert_int_equal(fscanf(golden, "%lf", &want), 1);
        if (fabs(got - want) > 0.02 + 0.03 * want)
            fail_msg("steps to %d: mean loss %.4f, PyTorch's %.4f", step + 1, got, want);
        sum = 0.0;
    }
    fclose(golden);
    sgd_free(&sgd);
    session_free(s);
    network_free(net);
    free(images), free(targets);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_a_loss_curve_of_300_steps_is_pytorchs)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
