/* Gradients of the graph operators against differences, for every variant that the goldens of the forward way
 * have: odd sizes, strides, dilation, groups, stretched operands, old and new operator sets. */
#include "support.h"

#include "graph_case.h"

#include "ferlab/base/rng.h"

static json_t *golden;

static int load_golden(void **state)
{
    (void)state;
    golden = json_load_file(FERLAB_GOLDEN "/graph.json", 0, NULL);
    return golden ? 0 : -1;
}

static int free_golden(void **state)
{
    (void)state;
    json_decref(golden);
    return 0;
}

/* A case of the goldens with inputs that are not on a kink or a tie, and what its outputs are weighed by. */
struct trial {
    struct graph *graph;
    struct value in[CASE_TENSORS_MAX];
    float *gradients[CASE_TENSORS_MAX]; /* NULL: gradients do not go there */
    float *weights;
    size_t outputs;
    struct rng rng;
};

/* Whether every step that reads the input passes gradients to it. */
static bool is_carried(const struct graph *g, int value)
{
    bool read = false;
    for (int i = 0; i < g->step_count; i++)
        for (int k = 0; k < g->steps[i].input_count; k++) {
            if (g->steps[i].inputs[k] != value)
                continue;
            int carries = g->steps[i].op->carries;
            if (carries != NONE && k >= carries)
                return false;
            read = true;
        }
    return read;
}

/* Output 0; where its size is not known yet, that alone. False where it is not of floats. */
static bool run(struct trial *t, float *out)
{
    struct value y[CASE_TENSORS_MAX] = {{0}};
    struct budget budget = graph_budget();
    assert_true(graph_evaluate(t->graph, t->in, y, &budget, NULL));
    if (out)
        memcpy(out, y[0].floats, t->outputs * sizeof *out);
    else
        t->outputs = y[0].type == VALUE_FLOAT ? y[0].count : 0;
    for (int i = 0; i < t->graph->output_count; i++)
        value_free(&y[i], NULL);
    return t->outputs > 0;
}

/* One evaluation on a tape and back; false where nothing that is given can be learnt. */
static bool go_back(struct trial *t)
{
    struct graph *g = t->graph;
    struct err e = {0};
    struct tape tape;
    bool *wanted = calloc((size_t)g->value_count + 1, sizeof *wanted), any = false;
    for (int i = 0; i < g->input_count; i++) {
        if (t->in[i].type == VALUE_FLOAT && is_carried(g, g->inputs[i])) {
            wanted[g->inputs[i]] = any = true;
            t->gradients[i] = calloc(t->in[i].count + 1, sizeof(float));
        }
    }
    if (!any || !graph_spread_wanted(g, g->step_count, wanted, &e)) {
        free(wanted);
        return false;
    }
    assert_true(tape_create(&tape, g, wanted, &e));
    assert_true(tape_forward(&tape, t->in, g->step_count, graph_budget(), &e));
    for (int i = 0; i < g->input_count; i++)
        if (t->gradients[i])
            tape.gradients[g->inputs[i]] = (struct gradient){.data = t->gradients[i], .lent = true};
    struct step at = {.graph = g, .node = &g->steps[g->step_count - 1], .budget = &tape.budget, .err = &e};
    memcpy(tape_gradient(&tape, g->outputs[0], &at), t->weights, t->outputs * sizeof(float));
    if (!tape_backward(&tape, g->step_count, &e))
        fail_msg("%s", e.text);
    tape_free(&tape);
    free(wanted);
    return true;
}

static double weighed(const struct trial *t, const float *a, const float *b)
{
    double sum = 0.0;
    for (size_t i = 0; i < t->outputs; i++)
        sum += (double)t->weights[i] * ((double)a[i] - (double)b[i]);
    return sum;
}

/* 1: as it should be; 0: not; -1: the value lies at a kink. */
static int difference_agrees(struct trial *t, float *at, float gradient, float *y[3], char *why, size_t room)
{
    const float x = *at, h = 5e-3f;
    *at = x + h;
    run(t, y[0]);
    *at = x - h;
    run(t, y[2]);
    *at = x;
    run(t, y[1]);
    double up = weighed(t, y[0], y[1]) / (double)h, down = weighed(t, y[1], y[2]) / (double)h;
    double want = (up + down) / 2, slack = 4e-3 * (1 + fabs(want)) + 2e-7 * fabs((double)x) / (double)h;
    if (fabs(want - (double)gradient) <= slack)
        return 1;
    snprintf(why, room, "gradient %g, difference %g", (double)gradient, want);
    return fabs(up - down) > 5 * slack ? -1 : 0;
}

enum { VALUES_TRIED = 40 };

/* Some values of each input, far apart. */
static bool check_inputs(struct trial *t, char *why, size_t room)
{
    float *y[3];
    int kinks = 0, tried = 0, failed = 0;
    for (int i = 0; i < 3; i++)
        y[i] = malloc(t->outputs * sizeof(float));
    for (int i = 0; i < t->graph->input_count && !failed; i++) {
        size_t count = t->gradients[i] ? t->in[i].count : 0, stride = count / VALUES_TRIED + 1;
        for (size_t k = 0; k < count && !failed; k += stride, tried++) {
            int agrees = difference_agrees(t, &t->in[i].floats[k], t->gradients[i][k], y, why, room);
            kinks += agrees < 0;
            failed += agrees == 0;
        }
    }
    for (int i = 0; i < 3; i++)
        free(y[i]);
    if (!failed && kinks * 5 > tried)
        snprintf(why, room, "%d of %d values lie at a kink", kinks, tried);
    return !failed && kinks * 5 <= tried;
}

static void open_trial(struct trial *t, const json_t *c)
{
    size_t size;
    void *bytes = case_bytes(json_object_get(c, "model"), &size);
    *t =
        (struct trial){.graph = graph_open(bytes, size, json_string_value(json_object_get(c, "name")), NULL)};
    free(bytes);
    assert_non_null(t->graph);
    rng_seed(&t->rng, 7, 1);
    for (int i = 0; i < t->graph->input_count; i++) {
        t->in[i] = case_value(json_array_get(json_object_get(c, "inputs"), (size_t)i));
        for (size_t k = 0; t->in[i].type == VALUE_FLOAT && k < t->in[i].count; k++)
            t->in[i].floats[k] += is_carried(t->graph, t->graph->inputs[i]) ? rng_range(&t->rng, 0, 0.2f) : 0;
    }
}

static void close_trial(struct trial *t)
{
    for (int i = 0; i < t->graph->input_count; i++) {
        value_free(&t->in[i], NULL);
        free(t->gradients[i]);
    }
    free(t->weights);
    graph_free(t->graph);
}

/* Whether gradients could be compared. */
static bool try_case(const json_t *c, size_t *failed)
{
    char why[200] = "";
    struct trial t;
    open_trial(&t, c);
    bool fine = run(&t, NULL), compared = false;
    t.weights = malloc((t.outputs + 1) * sizeof *t.weights);
    for (size_t i = 0; i < t.outputs; i++)
        t.weights[i] = rng_range(&t.rng, -1, 1);
    if (fine && go_back(&t)) {
        compared = true;
        if (!check_inputs(&t, why, sizeof why)) {
            print_error("%s: %s\n", json_string_value(json_object_get(c, "name")), why);
            ++*failed;
        }
    }
    close_trial(&t);
    return compared;
}

static void expect_gradients(const char *family, size_t least)
{
    json_t *c;
    size_t i, failed = 0, compared = 0;
    json_array_foreach(json_object_get(golden, family), i, c)
    {
        compared += try_case(c, &failed);
    }
    assert_int_equal(failed, 0);
    if (compared < least)
        fail_msg("%s: %zu cases compared", family, compared);
}

static void test_gradients_of_convolutions_agree_with_differences(void **state)
{
    (void)state;
    expect_gradients("convolution", 8);
}

static void test_gradients_of_pooling_agree_with_differences(void **state)
{
    (void)state;
    expect_gradients("pooling", 16);
}

static void test_gradients_of_pointwise_operators_and_softmax_agree_with_differences(void **state)
{
    (void)state;
    expect_gradients("pointwise", 35);
}

static void test_gradients_of_arithmetic_and_reductions_agree_with_differences(void **state)
{
    (void)state;
    expect_gradients("arithmetic", 29);
}

static void test_gradients_of_products_agree_with_differences(void **state)
{
    (void)state;
    expect_gradients("product", 14);
}

static void test_gradients_of_reshaping_agree_with_differences(void **state)
{
    (void)state;
    expect_gradients("shape", 34);
}

static void test_gradients_of_moving_values_agree_with_differences(void **state)
{
    (void)state;
    expect_gradients("layout", 25);
}

static void test_gradients_of_old_and_new_forms_agree_with_differences(void **state)
{
    (void)state;
    expect_gradients("operator sets", 14);
}

static void test_gradients_of_whole_networks_to_the_image_agree_with_differences(void **state)
{
    (void)state;
    expect_gradients("networks", 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gradients_of_convolutions_agree_with_differences),
        cmocka_unit_test(test_gradients_of_pooling_agree_with_differences),
        cmocka_unit_test(test_gradients_of_pointwise_operators_and_softmax_agree_with_differences),
        cmocka_unit_test(test_gradients_of_arithmetic_and_reductions_agree_with_differences),
        cmocka_unit_test(test_gradients_of_products_agree_with_differences),
        cmocka_unit_test(test_gradients_of_reshaping_agree_with_differences),
        cmocka_unit_test(test_gradients_of_moving_values_agree_with_differences),
        cmocka_unit_test(test_gradients_of_old_and_new_forms_agree_with_differences),
        cmocka_unit_test(test_gradients_of_whole_networks_to_the_image_agree_with_differences),
    };
    return cmocka_run_group_tests(tests, load_golden, free_golden);
}
