/* Grad-CAM: maps as PyTorch's gradients make them, the gradient under them against differences, and what is
 * said of models without maps. */
#include "support.h"

#include "graph_case.h"
#include "graph_file.h"

#include "ferlab/nn/graph_cam.h"
#include "ferlab/nn/onnx.h"

static json_t *cases;

static int load_cases(void **state)
{
    (void)state;
    cases = json_load_file(FERLAB_GOLDEN "/cam.json", 0, NULL);
    return cases ? 0 : -1;
}

static int free_cases(void **state)
{
    (void)state;
    json_decref(cases);
    return 0;
}

static struct graph *load(const void *bytes, size_t size, const char *name)
{
    struct err e;
    struct graph *g = graph_load(bytes, size, name, &e);
    if (!g)
        fail_msg("%s", e.text);
    return g;
}

static bool look(struct graph_cam *c, const float *image, int class, struct err *e)
{
    bool done = false, fine = true;
    graph_cam_begin(c, image, class);
    while (fine && !done)
        fine = graph_cam_work(c, &done, e);
    return fine;
}

static void expect_map(struct graph_cam *c, const float *image, int class, const json_t *golden)
{
    struct err e;
    size_t size;
    float *want = case_bytes(golden, &size), most = 0.0f;
    if (!look(c, image, class, &e))
        fail_msg("%s", e.text);
    struct graph_map map = graph_cam_map(c);
    assert_int_equal((size_t)(map.height * map.width) * sizeof *want, size);
    for (int i = 0; i < map.height * map.width; i++)
        most = fmaxf(most, want[i]);
    for (int i = 0; i < map.height * map.width; i++)
        if (!(fabsf(map.values[i] - want[i]) <= 1e-6f + 1e-5f * most))
            fail_msg("class %d, place %d: %g, not %g", class, i, (double)map.values[i], (double)want[i]);
    free(want);
}

static void test_maps_agree_with_pytorch(void **state)
{
    (void)state;
    json_t *at, *golden;
    size_t i, class;
    json_array_foreach(json_object_get(cases, "cases"), i, at)
    {
        size_t size, image_size;
        void *bytes = case_bytes(json_object_get(at, "model"), &size);
        float *image = case_bytes(json_object_get(at, "image"), &image_size);
        struct graph *g = load(bytes, size, json_string_value(json_object_get(at, "name")));
        struct graph_cam *c = graph_cam_create(g, NULL);
        assert_non_null(c);
        json_array_foreach(json_object_get(at, "maps"), class, golden)
        {
            expect_map(c, image, (int)class, golden);
        }
        assert_int_equal(graph_cam_map(c).height, json_integer_value(json_object_get(at, "height")));
        assert_int_equal(graph_cam_map(c).width, json_integer_value(json_object_get(at, "width")));
        graph_cam_free(c);
        graph_free(g);
        free(image);
        free(bytes);
    }
    assert_int_equal(i, 4);
}

/* ---- the gradient under a map, by differences ---- */

/* What is fed into the last operator for a class, where the value `at` was changed by `change` on the way. */
static double score(const struct graph *g, const float *image, int at, size_t place, float change, int class)
{
    struct value *values = calloc((size_t)g->value_count + 1, sizeof *values),
                 in = graph_image_value(g, image);
    struct budget budget = graph_budget();
    int logits = graph_last_step(g)->inputs[0];
    graph_start(g, &in, values);
    for (int i = 0; i < g->step_count; i++) {
        assert_true(graph_run_step(g, &g->steps[i], values, &budget, NULL));
        if (g->steps[i].outputs[0] == at)
            values[at].floats[place] += change;
    }
    double found = (double)values[logits].floats[class];
    for (int i = 0; i < g->value_count; i++)
        value_free(&values[i], NULL);
    free(values);
    return found;
}

/* A network of our own, as a graph. */
static struct graph *own_graph(const char *arch, int size)
{
    static const char *const names[] = {"a", "b", "c", "d"};
    struct err e;
    void *bytes = NULL;
    size_t count = 0;
    struct network *net = network_create(arch, size, 4, 9, &e);
    if (!net || !onnx_write(net, names, NULL, 0, &bytes, &count, &e))
        fail_msg("%s", e.text);
    struct graph *g = load(bytes, count, "own.onnx");
    network_free(net);
    free(bytes);
    return g;
}

static void expect_gradient(const char *arch, int size, int side)
{
    enum { CLASS = 2 };
    struct err e;
    struct graph *g = own_graph(arch, size);
    struct graph_cam *c = graph_cam_create(g, &e);
    float *image = malloc((size_t)(size * size) * sizeof *image);
    assert_non_null(image);
    for (int i = 0; i < size * size; i++)
        image[i] = sinf((float)(i * i % 37));
    if (!look(c, image, CLASS, &e))
        fail_msg("%s", e.text);
    assert_int_equal(graph_cam_map(c).height, side);
    const float h = 1e-2f, *gradient = graph_cam_gradient(c);
    int value = graph_cam_value(c), compared = 0;
    for (size_t place = 0; place < (size_t)(side * side) * 4; place += 3) {
        double up = score(g, image, value, place, h, CLASS), down = score(g, image, value, place, -h, CLASS),
               now = score(g, image, value, place, 0, CLASS), slope = (up - down) / (2 * (double)h);
        if (fabs(up + down - 2 * now) > 1e-6) /* a kink of the maximum */
            continue;
        compared++;
        assert_float_equal(gradient[place], slope, 2e-4 + 1e-3 * fabs(slope));
    }
    assert_true(compared > 20);
    graph_cam_free(c);
    graph_free(g);
    free(image);
}

static void test_the_gradient_agrees_with_differences(void **state)
{
    (void)state;
    expect_gradient("3,P,5", 12, 6);
    expect_gradient("3,5b,P,V,F9", 8, 8);
    expect_gradient("4,P,8x1,P,D20,F6,F5", 13, 6);
}

static void test_the_shipped_kind_is_looked_at_before_its_last_pooling(void **state)
{
    (void)state;
    static const struct {
        const char *arch;
        int size, side;
    } kinds[] = {{"default", 48, 6}, {"wide", 48, 6}, {"vgg13", 64, 8}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct err e;
        struct graph *g = own_graph(kinds[i].arch, kinds[i].size);
        struct graph_cam *c = graph_cam_create(g, &e);
        float *image = calloc((size_t)(kinds[i].size * kinds[i].size), sizeof *image);
        image[kinds[i].size] = 1.0f;
        if (!look(c, image, 0, &e))
            fail_msg("%s", e.text);
        assert_int_equal(graph_cam_map(c).height, kinds[i].side);
        graph_cam_free(c);
        graph_free(g);
        free(image);
    }
}

static void test_operators_without_gradient_are_named(void **state)
{
    (void)state;
    const int64_t four[4] = {1, 1, 3, 3};
    const float weights[9] = {1, 2, 3, 4, 5, 6, 7, 8, 9}, image[64] = {1};
    struct str nodes = {0}, model = {0};
    struct err e;
    add_tensor(&nodes, "w", 1, 4, four, weights, sizeof weights);
    add_node(&nodes, "Conv", "x w", "c", "pads", 4, (int64_t[]){1, 1, 1, 1});
    add_node(&nodes, "Cast", "c", "numbers", "to", 1, (int64_t[]){1});
    add_node(&nodes, "ReduceMean", "numbers", "rows", "axes", 2, (int64_t[]){1, 3});
    add_node(&nodes, "Flatten", "rows", "y", NULL, 0, NULL);
    close_model(&nodes, 1, &model);
    struct graph *g = load(model.data, model.length, "made.onnx");
    struct graph_cam *c = graph_cam_create(g, &e);
    assert_false(look(c, image, 0, &e));
    assert_string_equal(e.text,
                        "made.onnx: node 'Cast' (Cast): this operator has no gradient, so that what lies "
                        "before it can neither be learnt nor explained");
    graph_cam_free(c);
    graph_free(g);
    str_free(&model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_maps_agree_with_pytorch),
        cmocka_unit_test(test_the_gradient_agrees_with_differences),
        cmocka_unit_test(test_operators_without_gradient_are_named),
        cmocka_unit_test(test_the_shipped_kind_is_looked_at_before_its_last_pooling),
    };
    return cmocka_run_group_tests(tests, load_cases, free_cases);
}
