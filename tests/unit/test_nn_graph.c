/* Graphs of ONNX operators: each family and whole networks against goldens, images in batches, hostile files.
 */
#include "support.h"

#include "graph_case.h"
#include "graph_file.h"

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

static void expect_family(const char *family, size_t least)
{
    json_t *cases = json_object_get(golden, family), *c;
    size_t i, failed = 0;
    json_array_foreach(cases, i, c)
    {
        char why[1200];
        bool refused;
        if (!case_passes(c, why, sizeof why, &refused)) {
            print_error("%s: %s\n", json_string_value(json_object_get(c, "name")), why);
            failed++;
        }
    }
    assert_int_equal(failed, 0);
    assert_true(json_array_size(cases) >= least);
}

static void test_convolutions_are_right(void **state)
{
    (void)state;
    expect_family("convolution", 6);
}

static void test_pooling_is_right(void **state)
{
    (void)state;
    expect_family("pooling", 12);
}

static void test_pointwise_operators_and_softmax_are_right(void **state)
{
    (void)state;
    expect_family("pointwise", 20);
}

static void test_arithmetic_and_reductions_are_right(void **state)
{
    (void)state;
    expect_family("arithmetic", 20);
}

static void test_products_are_right(void **state)
{
    (void)state;
    expect_family("product", 10);
}

static void test_shapes_are_right(void **state)
{
    (void)state;
    expect_family("shape", 30);
}

static void test_moving_values_is_right(void **state)
{
    (void)state;
    expect_family("layout", 20);
}

static void test_forms_of_old_and_new_operator_sets_are_read(void **state)
{
    (void)state;
    expect_family("operator sets", 14);
}

static void test_whole_networks_are_right(void **state)
{
    (void)state;
    expect_family("networks", 5);
}

/* ---- as classifiers of images ---- */

static json_t *network_case(const char *name)
{
    json_t *c;
    size_t i;
    json_array_foreach(json_object_get(golden, "networks"), i, c)
    {
        if (strcmp(json_string_value(json_object_get(c, "name")), name) == 0)
            return c;
    }
    fail_msg("no golden '%s'", name);
    return NULL;
}

static struct graph *load(const json_t *c)
{
    size_t size;
    struct err e = {0};
    void *bytes = case_bytes(json_object_get(c, "model"), &size);
    struct graph *g = graph_load(bytes, size, "golden.onnx", &e);
    if (!g)
        fail_msg("%s", e.text);
    free(bytes);
    return g;
}

/* Five times the case's images, on two threads. */
static void expect_images(const char *name, struct graph_image image, int classes)
{
    enum { TIMES = 5 };
    const json_t *c = network_case(name);
    struct graph *g = load(c);
    struct graph_image got = graph_image(g);
    assert_int_equal(got.batch, image.batch);
    assert_int_equal(got.channels, image.channels);
    assert_int_equal(got.size, image.size);
    assert_int_equal(got.channels_last, image.channels_last);
    assert_int_equal(graph_classes(g), classes);
    struct value x = case_value(json_array_get(json_object_get(c, "inputs"), 0));
    struct value y = case_value(json_array_get(json_object_get(c, "outputs"), 0));
    float *images = malloc(TIMES * x.count * sizeof *images),
          *outputs = malloc(TIMES * y.count * sizeof *outputs);
    for (size_t i = 0; i < TIMES; i++)
        memcpy(images + i * x.count, x.floats, x.count * sizeof *images);
    struct err e = {0};
    assert_true(graph_run(g, images, (int)(TIMES * y.dims[0]), 2, outputs, &e));
    for (size_t i = 0; i < TIMES * y.count; i++)
        assert_float_equal(outputs[i], y.floats[i % y.count], 1e-4);
    free(images);
    free(outputs);
    value_free(&x, NULL);
    value_free(&y, NULL);
    graph_free(g);
}

static void test_images_run_with_open_and_with_fixed_batches(void **state)
{
    (void)state;
    expect_images("torch", (struct graph_image){.batch = 1, .channels = 1, .size = 24}, 10);
    expect_images("ferplus", (struct graph_image){.batch = 1, .channels = 1, .size = 64}, 8);
    expect_images("colour",
                  (struct graph_image){.batch = 1, .channels = 3, .size = 16, .channels_last = true}, 8);
    expect_images("cntk", (struct graph_image){.batch = 1, .channels = 1, .size = 64}, 8);
    expect_images("keras", (struct graph_image){.batch = 1, .channels = 1, .size = 24, .channels_last = true},
                  8);
}

static void test_graph_tells_how_it_begins_and_ends(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool scales;
        enum graph_ending ending;
    } cases[] = {{"torch", false, GRAPH_ENDS_OPEN},
                 {"ferplus", true, GRAPH_ENDS_OPEN},
                 {"colour", false, GRAPH_ENDS_IN_SOFTMAX},
                 {"cntk", true, GRAPH_ENDS_OPEN},
                 {"keras", false, GRAPH_ENDS_IN_SOFTMAX}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct graph *g = load(network_case(cases[i].name));
        assert_int_equal(graph_scales_pixels(g), cases[i].scales);
        assert_int_equal(graph_ending(g), cases[i].ending);
        assert_true(graph_parameters(g) > 300 && graph_nodes(g) >= 5);
        graph_free(g);
    }
}

/* As tf2onnx writes a Rescaling or a Normalization layer. */
static void test_scaled_pixels_are_found_behind_a_transpose(void **state)
{
    (void)state;
    static const struct {
        const char *type;
        float by;
        bool scales;
    } cases[] = {{"Div", 255, true},   {"Mul", 1 / 255.0f, true}, {"Sub", 127.5f, true},
                 {"Div", 1.5f, false}, {"Mul", 0.5f, false},      {"Sub", 0.5f, false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct str g = {0}, model = {0};
        struct err e = {0};
        add_tensor(&g, "c", 1, 0, NULL, &cases[i].by, sizeof cases[i].by);
        add_node(&g, "Transpose", "x", "moved", "perm", 4, (int64_t[]){0, 2, 3, 1});
        add_node(&g, "Identity", "moved", "same", NULL, 0, NULL);
        add_node(&g, cases[i].type, "same c", "scaled", NULL, 0, NULL);
        add_node(&g, "ReduceMean", "scaled", "y", "axes", 2, (int64_t[]){2, 3});
        close_model(&g, 1, &model);
        struct graph *loaded = graph_load(model.data, model.length, "made", &e);
        if (!loaded)
            fail_msg("%s", e.text);
        assert_int_equal(graph_scales_pixels(loaded), cases[i].scales);
        graph_free(loaded);
        str_free(&model);
    }
}

/* ---- hostile files ---- */

/* Closes a graph from x [1, 1, 8, 8] to y and expects its refusal; or, says NULL, that it is taken. */
static void expect(struct str *graph, const char *says)
{
    struct str model = {0};
    struct err e = {0};
    close_model(graph, 1, &model);
    struct graph *g = graph_load(model.data, model.length, "bad.onnx", &e);
    if (!says && !g)
        fail_msg("%s", e.text);
    if (says && (g || strncmp(e.text, "bad.onnx: ", 10) != 0 || !strstr(e.text, says)))
        fail_msg("'%s' does not say '%s'", g ? "taken" : e.text, says);
    graph_free(g);
    str_free(&model);
}

static void test_graphs_that_do_not_hold_together_are_refused(void **state)
{
    (void)state;
    struct str g = {0};
    add_node(&g, "Flatten", "x", "v", NULL, 0, NULL);
    add_node(&g, "Softmax", "v", "y", NULL, 0, NULL);
    expect(&g, NULL); /* what the others break */
    add_node(&g, "Add", "x b", "a", NULL, 0, NULL);
    add_node(&g, "Relu", "a", "b", NULL, 0, NULL);
    add_node(&g, "Flatten", "b", "y", NULL, 0, NULL);
    expect(&g, "circle");
    add_node(&g, "Add", "x nowhere", "y", NULL, 0, NULL);
    expect(&g, "node 'Add' (Add): 'nowhere' is read, but nothing makes it");
    add_node(&g, "Relu", "x", "v", NULL, 0, NULL);
    add_node(&g, "Relu", "x", "v", NULL, 0, NULL);
    add_node(&g, "Flatten", "v", "y", NULL, 0, NULL);
    expect(&g, "'v' is made twice");
    add_node(&g, "Loop", "x", "y", NULL, 0, NULL);
    expect(&g, "'Loop' is an operator that is not supported");
    add_node(&g, "Relu", "x", "z", NULL, 0, NULL);
    expect(&g, "nothing makes the model's output 'y'");
    add_node(&g, "Conv", "x", "y", NULL, 0, NULL);
    expect(&g, "number of inputs");
    add_node(&g, "Relu", "x", "v w", NULL, 0, NULL);
    add_node(&g, "Add", "v w", "y", NULL, 0, NULL);
    expect(&g, "its output 2 is not supported");
    add_node(&g, "Relu", "x", "y", NULL, 0, NULL);
    expect(&g, "not one number a class");
}

/* Nodes in any order run. */
static void test_nodes_out_of_order_are_put_in_order(void **state)
{
    (void)state;
    struct str g = {0};
    add_node(&g, "Softmax", "v", "y", NULL, 0, NULL);
    add_node(&g, "Flatten", "r", "v", NULL, 0, NULL);
    add_node(&g, "Relu", "x", "r", NULL, 0, NULL);
    expect(&g, NULL);
}

static void expect_constant(int type, int rank, const int64_t *dims, const void *raw, size_t size,
                            const char *says)
{
    struct str g = {0};
    add_tensor(&g, "c", type, rank, dims, raw, size);
    add_node(&g, "Flatten", "x", "v", NULL, 0, NULL);
    add_node(&g, "Add", "v c", "y", NULL, 0, NULL);
    expect(&g, says);
}

static void test_tensors_that_lie_are_refused(void **state)
{
    (void)state;
    const float one[2] = {1, NAN};
    const int64_t vast = 10LL << 30, wide[3] = {1 << 28, 1 << 28, 1 << 28};
    expect_constant(1, 1, (int64_t[]){1}, one, 4, NULL);
    expect_constant(1, 1, (int64_t[]){5}, one, 4, "tensor 'c': it should hold 5 values but has 4 bytes");
    expect_constant(1, 1, (int64_t[]){-1}, one, 4, "tensor 'c': its size is impossible");
    expect_constant(1, 1, &vast, one, 4, "tensor 'c': its size is impossible");
    expect_constant(1, 3, wide, one, 4, "tensor 'c': its size is impossible");
    expect_constant(1, 4, (int64_t[]){0, 1 << 28, 1 << 28, 1 << 28}, one, 0, "its size is impossible");
    expect_constant(1, 9, (int64_t[]){1, 1, 1, 1, 1, 1, 1, 1, 1}, one, 4, "9 dimensions");
    expect_constant(1, 1, (int64_t[]){2}, one, 8, "values that are not numbers");
    expect_constant(10, 1, (int64_t[]){1}, one, 2, "export the model in float32");
    struct str g = {0}, t = {0}, key = {0};
    add_number(&t, 1, 1);
    add_number(&t, 2, 1);
    add_text(&t, 8, "c");
    add_text(&key, 1, "location");
    add_text(&key, 2, "/etc/passwd");
    add_message(&t, 13, &key);
    add_number(&t, 14, 1);
    add_message(&g, 5, &t);
    add_node(&g, "Add", "x c", "y", NULL, 0, NULL);
    expect(&g, "tensor 'c': it lies in another file");
}

static void expect_shape(const char *type, int count, const int64_t *list, const char *says)
{
    struct str g = {0};
    int64_t length = count;
    add_tensor(&g, "c", 7, 1, &length, list, (size_t)count * sizeof *list);
    add_node(&g, type, strcmp(type, "ConstantOfShape") == 0 ? "c" : "x c", "v", NULL, 0, NULL);
    add_node(&g, "Flatten", "v", "y", NULL, 0, NULL);
    expect(&g, says);
}

static void test_sizes_that_are_only_claimed_are_not_allocated(void **state)
{
    (void)state;
    const int64_t huge = INT64_MAX;
    expect_shape("ConstantOfShape", 2, (int64_t[]){100000, 100000}, "MB of the limit");
    expect_shape("ConstantOfShape", 3, (int64_t[]){1 << 30, 1 << 30, 1 << 30}, "beyond all memory");
    expect_shape("ConstantOfShape", 1, &huge, "impossible");
    expect_shape("ConstantOfShape", 1, (int64_t[]){-3}, "impossible");
    expect_shape("Expand", 4, (int64_t[]){100000, 100000, 8, 8}, "node 'Expand' (Expand): ");
    expect_shape("Reshape", 2, (int64_t[]){-1, -1}, "a dimension of -1 is impossible");
    expect_shape("Reshape", 2, (int64_t[]){7, -1}, "cannot be laid out in rows of 7");
    expect_shape("Reshape", 2, (int64_t[]){INT64_MAX, INT64_MAX}, "impossible");
    expect_shape("Pad", 8, (int64_t[]){0, 0, 0, INT64_MAX, 0, 0, 0, 0}, "impossible");
    expect_shape("Pad", 8, (int64_t[]){0, 0, 1 << 30, 1 << 30, 0, 0, 0, 0}, "node 'Pad' (Pad): ");
    expect_shape("Gather", 1, &huge, "is not one of 1");
}

static void test_kernels_that_make_no_sense_are_refused(void **state)
{
    (void)state;
    static const struct {
        int64_t numbers[2];
        const char *attribute, *says;
    } cases[] = {
        {{0, 2}, "kernel_shape", "makes no sense"},
        {{-4, 2}, "kernel_shape", "makes no sense"},
        {{9, 2}, "kernel_shape", "does not fit"},
        {{INT64_MAX, INT64_MAX}, "kernel_shape", "makes no sense"},
        {{2, 2}, "strides", "makes no sense"}, /* no kernel */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct str g = {0};
        add_node(&g, "MaxPool", "x", "v", cases[i].attribute, 2, cases[i].numbers);
        add_node(&g, "Flatten", "v", "y", NULL, 0, NULL);
        expect(&g, cases[i].says);
    }
}

/* Each node doubles a row: work and memory end in a sentence, not in hours. */
static void test_work_without_end_is_refused(void **state)
{
    (void)state;
    struct str g = {0};
    char from[16] = "x", to[16], inputs[40];
    for (int i = 0; i < 40; i++) {
        snprintf(to, sizeof to, "v%d", i);
        snprintf(inputs, sizeof inputs, "%s %s", from, from);
        add_node(&g, "Concat", inputs, to, "axis", 1, (int64_t[]){1});
        strcpy(from, to);
    }
    add_node(&g, "Flatten", from, "y", NULL, 0, NULL);
    expect(&g, "MB of the limit are left");
}

/* Whatever becomes of the bytes: a graph that can run, or a sentence. */
static void test_damaged_files_never_crash(void **state)
{
    (void)state;
    size_t size;
    unsigned char *bytes = case_bytes(json_object_get(network_case("torch"), "model"), &size),
                  *damaged = malloc(size);
    for (size_t i = 0; i < 600; i++) {
        memcpy(damaged, bytes, size);
        size_t at = i * 2654435761u % size;
        damaged[at] = (unsigned char)(damaged[at] + 1 + i % 254);
        struct err e = {0};
        struct graph *g = graph_load(damaged, size - (i % 3 ? 0 : at), "damaged.onnx", &e);
        assert_true(g || strncmp(e.text, "damaged.onnx: ", 14) == 0);
        graph_free(g);
    }
    free(bytes);
    free(damaged);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_convolutions_are_right),
        cmocka_unit_test(test_pooling_is_right),
        cmocka_unit_test(test_pointwise_operators_and_softmax_are_right),
        cmocka_unit_test(test_arithmetic_and_reductions_are_right),
        cmocka_unit_test(test_products_are_right),
        cmocka_unit_test(test_shapes_are_right),
        cmocka_unit_test(test_moving_values_is_right),
        cmocka_unit_test(test_forms_of_old_and_new_operator_sets_are_read),
        cmocka_unit_test(test_whole_networks_are_right),
        cmocka_unit_test(test_images_run_with_open_and_with_fixed_batches),
        cmocka_unit_test(test_graph_tells_how_it_begins_and_ends),
        cmocka_unit_test(test_scaled_pixels_are_found_behind_a_transpose),
        cmocka_unit_test(test_graphs_that_do_not_hold_together_are_refused),
        cmocka_unit_test(test_nodes_out_of_order_are_put_in_order),
        cmocka_unit_test(test_tensors_that_lie_are_refused),
        cmocka_unit_test(test_sizes_that_are_only_claimed_are_not_allocated),
        cmocka_unit_test(test_kernels_that_make_no_sense_are_refused),
        cmocka_unit_test(test_work_without_end_is_refused),
        cmocka_unit_test(test_damaged_files_never_crash),
    };
    return cmocka_run_group_tests(tests, load_golden, free_golden);
}
