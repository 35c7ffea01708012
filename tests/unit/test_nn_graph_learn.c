/* Learning in whole graphs: loss, gradients and steps of SGD against PyTorch; the same bits again; the file
 * with what was learnt; what cannot be learnt, in a sentence. */
#include "support.h"

#include "graph_case.h"
#include "graph_file.h"

#include "ferlab/nn/graph_learn.h"
#include "ferlab/nn/onnx.h"

static json_t *golden;

static int load_golden(void **state)
{
    (void)state;
    golden = json_load_file(FERLAB_GOLDEN "/graph_learn.json", 0, NULL);
    return golden ? 0 : -1;
}

static int free_golden(void **state)
{
    (void)state;
    json_decref(golden);
    return 0;
}

static json_t *find_case(const char *name)
{
    json_t *c;
    size_t i;
    json_array_foreach(golden, i, c)
    {
        if (strcmp(json_string_value(json_object_get(c, "name")), name) == 0)
            return c;
    }
    fail_msg("no golden '%s'", name);
    return NULL;
}

/* A case with its graph, ready to learn. */
struct lesson {
    const json_t *c;
    void *bytes;
    size_t size;
    struct graph *graph;
    struct graph_session *session;
    struct sgd sgd;
    float *images, *targets;
    int count;
};

static struct graph *load_graph(const void *bytes, size_t size)
{
    struct err e = {0};
    struct graph *g = graph_load(bytes, size, "golden.onnx", &e);
    if (!g || !graph_learn(g, &e))
        fail_msg("%s", e.text);
    return g;
}

static void open_lesson(struct lesson *l, const char *name, int threads)
{
    struct err e = {0};
    size_t size;
    *l = (struct lesson){.c = find_case(name)};
    l->bytes = case_bytes(json_object_get(l->c, "model"), &l->size);
    l->images = case_bytes(json_object_get(l->c, "images"), &size);
    l->targets = case_bytes(json_object_get(l->c, "targets"), &size);
    l->count = (int)json_integer_value(json_object_get(l->c, "count"));
    l->graph = load_graph(l->bytes, l->size);
    l->session =
        graph_session_create(l->graph, json_is_true(json_object_get(l->c, "logits")), l->count, threads, &e);
    if (!l->session || !sgd_init(&l->sgd, graph_parameter_list(l->graph),
                                 (float)json_real_value(json_object_get(l->c, "momentum")),
                                 (float)json_real_value(json_object_get(l->c, "decay")), &e))
        fail_msg("%s", e.text);
}

static void close_lesson(struct lesson *l)
{
    sgd_free(&l->sgd);
    graph_session_free(l->session);
    graph_free(l->graph);
    free(l->bytes);
    free(l->images);
    free(l->targets);
}

static double gradients_of(struct lesson *l)
{
    struct err e = {0};
    double loss;
    enum loss kind =
        json_is_true(json_object_get(l->c, "multi_target")) ? LOSS_MULTI_TARGET : LOSS_CROSS_ENTROPY;
    if (!graph_session_train(l->session, l->images, l->targets, l->count, kind, NULL, &loss, &e))
        fail_msg("%s", e.text);
    return loss;
}

static double step(struct lesson *l)
{
    double loss = gradients_of(l);
    sgd_step(&l->sgd, graph_parameter_list(l->graph), (float)json_real_value(json_object_get(l->c, "rate")));
    return loss;
}

/* Each tensor's error against its own size. */
static void expect_tensor(const char *name, const float *got, size_t count, const json_t *text)
{
    size_t size;
    float *want = case_bytes(text, &size);
    double error = 0.0, norm = 0.0;
    assert_int_equal(size, count * sizeof *want);
    for (size_t i = 0; i < count; i++) {
        error += ((double)got[i] - (double)want[i]) * ((double)got[i] - (double)want[i]);
        norm += (double)want[i] * (double)want[i];
    }
    free(want);
    if (!(error <= 1e-9 * norm + 1e-14))
        fail_msg("%s: squared error %g of %g", name, error, norm);
}

static void expect_pytorch(const char *name)
{
    struct lesson l;
    open_lesson(&l, name, 2);
    struct parameter_list list = graph_parameter_list(l.graph);
    const json_t *losses = json_object_get(l.c, "losses"), *gradients = json_object_get(l.c, "gradients"),
                 *values = json_object_get(l.c, "values"), *decays = json_object_get(l.c, "decays");
    assert_int_equal(list.count, json_array_size(gradients));
    for (size_t i = 0; i < json_array_size(losses); i++) {
        assert_float_equal(step(&l), json_real_value(json_array_get(losses, i)), 1e-5);
        for (size_t k = 0; k < list.count && i == 0; k++) {
            expect_tensor(list.items[k].name, list.items[k].gradient, list.items[k].count,
                          json_array_get(gradients, k));
            assert_int_equal(list.items[k].decays, json_is_true(json_array_get(decays, k)));
        }
    }
    for (size_t k = 0; k < list.count; k++)
        expect_tensor(list.items[k].name, list.items[k].value, list.items[k].count,
                      json_array_get(values, k));
    close_lesson(&l);
}

static void test_residual_network_with_normalisation_learns_as_in_pytorch(void **state)
{
    (void)state;
    expect_pytorch("residual");
}

static void test_folded_network_of_colour_and_ten_classes_learns_as_in_pytorch(void **state)
{
    (void)state;
    expect_pytorch("colour");
}

static void test_cntk_network_with_reshaped_weights_learns_as_in_pytorch(void **state)
{
    (void)state;
    expect_pytorch("cntk");
}

static float *learnt_bits(const char *name, int threads, int steps, size_t *count)
{
    struct lesson l;
    open_lesson(&l, name, threads);
    for (int i = 0; i < steps; i++)
        step(&l);
    struct parameter_list list = graph_parameter_list(l.graph);
    *count = 0;
    float *all = NULL;
    for (size_t i = 0; i < list.count; i++) {
        all = realloc(all, (*count + list.items[i].count) * sizeof *all);
        memcpy(all + *count, list.items[i].value, list.items[i].count * sizeof *all);
        *count += list.items[i].count;
    }
    close_lesson(&l);
    return all;
}

static void test_same_thread_count_gives_the_same_bits(void **state)
{
    (void)state;
    for (int threads = 1; threads <= 3; threads++) {
        size_t count, again;
        float *first = learnt_bits("residual", threads, 5, &count),
              *second = learnt_bits("residual", threads, 5, &again);
        assert_int_equal(count, again);
        assert_memory_equal(first, second, count * sizeof *first);
        free(first);
        free(second);
    }
}

/* The file, read again, gives the outputs of the graph that learnt; and can learn on. */
static void expect_file(const char *name)
{
    struct lesson l;
    struct err e = {0};
    void *bytes;
    size_t size;
    open_lesson(&l, name, 2);
    step(&l);
    assert_true(graph_write(l.graph, &bytes, &size, &e));
    struct graph *again = load_graph(bytes, size);
    struct parameter_list list = graph_parameter_list(l.graph), read = graph_parameter_list(again);
    assert_int_equal(list.count, read.count);
    for (size_t i = 0; i < list.count; i++) {
        assert_string_equal(list.items[i].name, read.items[i].name);
        assert_int_equal(list.items[i].rank, read.items[i].rank);
        assert_memory_equal(list.items[i].value, read.items[i].value, list.items[i].count * sizeof(float));
    }
    size_t classes = (size_t)graph_classes(again), values = (size_t)l.count * classes;
    float *here = malloc(values * sizeof *here), *there = malloc(values * sizeof *there);
    assert_true(graph_run(l.graph, l.images, l.count, 1, here, &e));
    assert_true(graph_run(again, l.images, l.count, 1, there, &e));
    assert_memory_equal(here, there, values * sizeof *here);
    free(here);
    free(there);
    graph_free(again);
    free(bytes);
    close_lesson(&l);
}

static void test_files_hold_what_was_learnt(void **state)
{
    (void)state;
    expect_file("residual");
    expect_file("colour");
    expect_file("cntk");
}

/* Whether the bytes have the name, and not only as the beginning of a longer one. */
static bool has_name(const char *bytes, size_t size, const char *name)
{
    size_t length = strlen(name);
    for (const char *at = bytes; (at = memmem(at, size - (size_t)(at - bytes), name, length)); at++)
        if (at + length == bytes + size || at[length] != '_')
            return true;
    return false;
}

static void test_files_keep_the_rest(void **state)
{
    (void)state;
    struct lesson l;
    struct err e = {0};
    void *bytes;
    size_t size;
    open_lesson(&l, "cntk", 1);
    assert_true(graph_write(l.graph, &bytes, &size, &e));
    char *note = onnx_note_read(bytes, size, "note");
    assert_string_equal(note, "kept as it is");
    /* The tensor that a Reshape made a weight of is the weight now, and is not there a second time. */
    assert_true(has_name(l.bytes, l.size, "Parameter87") && has_name(l.bytes, l.size, "flat"));
    assert_false(has_name(bytes, size, "Parameter87") || has_name(bytes, size, "flat"));
    assert_true(has_name(bytes, size, "Parameter87_reshape1") && has_name(bytes, size, "Parameter115"));
    free(note);
    free(bytes);
    close_lesson(&l);
}

/* ---- graphs made here ---- */

static const int64_t four[4] = {1, 1, 3, 3};

static const float nine[9] = {0.1f, -0.2f, 0.3f, 0.1f, 0.5f, -0.4f, 0.2f, 0.1f, -0.3f};

/* x [1, 1, 8, 8] to y [1, 8]: the mean of each row. */
static void add_tail(struct str *g, const char *from)
{
    add_node(g, "ReduceMean", from, "rows", "axes", 2, (int64_t[]){1, 3});
    add_node(g, "Flatten", "rows", "y", NULL, 0, NULL);
}

static void add_conv(struct str *g, const char *inputs, const char *output)
{
    add_node(g, "Conv", inputs, output, "pads", 4, (int64_t[]){1, 1, 1, 1});
}

static struct graph *loaded(struct str *graph, int batch)
{
    struct err e = {0};
    struct str model = {0};
    close_model(graph, batch, &model);
    struct graph *g = graph_load(model.data, model.length, "made.onnx", &e);
    if (!g)
        fail_msg("%s", e.text);
    str_free(&model);
    return g;
}

/* Names with spaces between them, in the order of their use. */
static void expect_learnt(struct str *graph, const char *names)
{
    struct err e = {0};
    struct str got = {0};
    struct graph *g = loaded(graph, 1);
    if (!graph_learn(g, &e))
        fail_msg("%s", e.text);
    struct parameter_list list = graph_parameter_list(g);
    for (size_t i = 0; i < list.count; i++)
        str_appendf(&got, "%s%s", i ? " " : "", list.items[i].name);
    assert_string_equal(got.data, names);
    str_free(&got);
    graph_free(g);
}

static void expect_refusal(struct str *graph, const char *sentence)
{
    struct err e = {0};
    struct graph *g = loaded(graph, 1);
    assert_false(graph_learn(g, &e));
    assert_string_equal(e.text, sentence);
    graph_free(g);
}

enum { IMAGES = 3, PIXELS = 64, CLASSES = 8 };

/* Loss of some images that are as good as random, gradients left in the graph. */
static double made_loss(struct graph_session *s)
{
    static float images[IMAGES * PIXELS], targets[IMAGES * CLASSES];
    struct err e = {0};
    double loss;
    for (int i = 0; i < IMAGES * PIXELS; i++)
        images[i] = (float)(i * 37 % 64) / 32 - 1;
    for (int i = 0; i < IMAGES * CLASSES; i++)
        targets[i] = (float)(i * 5 % 7) / 21;
    if (!graph_session_train(s, images, targets, IMAGES, LOSS_CROSS_ENTROPY, NULL, &loss, &e))
        fail_msg("%s", e.text);
    return loss;
}

static struct graph_session *made_session(struct graph *g, bool logits)
{
    struct err e = {0};
    struct graph_session *s = graph_learn(g, &e) ? graph_session_create(g, logits, IMAGES, 2, &e) : NULL;
    if (!s)
        fail_msg("%s", e.text);
    return s;
}

static struct graph *made_graph(const char *ending, int batch)
{
    struct str g = {0};
    add_tensor(&g, "w", 1, 4, four, nine, sizeof nine);
    add_conv(&g, "x w", "c");
    add_node(&g, "Tanh", "c", "d", NULL, 0, NULL);
    add_node(&g, ending, "d", "e", NULL, 0, NULL);
    add_tail(&g, "e");
    return loaded(&g, batch);
}

/* As evaluations read them: divided by their sum. */
static void test_probabilities_without_softmax_learn_by_their_logarithms(void **state)
{
    (void)state;
    struct graph *g = made_graph("Sigmoid", 1);
    struct graph_session *s = made_session(g, false);
    struct parameter *w = &graph_parameter_list(g).items[0];
    for (size_t i = 0; i < w->count; i++) {
        const float before = w->value[i], h = 1e-2f;
        w->value[i] = before + h;
        double up = made_loss(s);
        w->value[i] = before - h;
        double down = made_loss(s);
        w->value[i] = before;
        made_loss(s);
        assert_float_equal(w->gradient[i], (up - down) / (2 * (double)h), 1e-4);
    }
    graph_session_free(s);
    graph_free(g);
}

/* Through the bias, the mean and the softmax to the convolution. */
static void test_logits_are_scaled_where_a_last_layer_makes_them(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool logits;
    } cases[] = {{"residual", true}, {"colour", false}, {"cntk", true}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct lesson l;
        struct err e = {0};
        float before[80], after[80];
        open_lesson(&l, cases[i].name, 1);
        size_t classes = (size_t)graph_classes(l.graph);
        assert_true(graph_run(l.graph, l.images, l.count, 1, before, &e));
        assert_true(graph_scale_logits(l.graph, cases[i].logits, 0.5f));
        assert_true(graph_run(l.graph, l.images, l.count, 1, after, &e));
        for (size_t k = 0; k < (size_t)l.count * classes; k++) { /* against the first class of each image */
            size_t first = k / classes * classes;
            float was = cases[i].logits ? before[k] - before[first] : logf(before[k] / before[first]),
                  is = cases[i].logits ? after[k] - after[first] : logf(after[k] / after[first]);
            assert_float_equal(is, 0.5f * was, 1e-4);
        }
        close_lesson(&l);
    }
    struct graph *g = made_graph("Relu", 1);
    graph_session_free(made_session(g, true));
    const float weight = graph_parameter_list(g).items[0].value[0];
    assert_false(graph_scale_logits(g, true, 0.5f));
    assert_true(graph_parameter_list(g).items[0].value[0] == weight);
    graph_free(g);
}

static void test_graphs_of_fixed_batches_learn_the_same(void **state)
{
    (void)state;
    struct graph *one = made_graph("Relu", 1), *two = made_graph("Relu", 2);
    struct graph_session *ones = made_session(one, true), *twos = made_session(two, true);
    assert_float_equal(made_loss(ones), made_loss(twos), 1e-6);
    struct parameter *a = &graph_parameter_list(one).items[0], *b = &graph_parameter_list(two).items[0];
    for (size_t i = 0; i < a->count; i++)
        assert_float_equal(a->gradient[i], b->gradient[i], 1e-6);
    graph_session_free(ones);
    graph_session_free(twos);
    graph_free(one);
    graph_free(two);
}

static void test_preparation_of_pixels_is_not_learnt(void **state)
{
    (void)state;
    const float row[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    const int64_t eight = 8, one = 1;
    struct str g = {0};
    add_tensor(&g, "means", 1, 1, &eight, row, sizeof row);
    add_tensor(&g, "gains", 1, 1, &eight, row, sizeof row);
    add_tensor(&g, "shift", 1, 1, &eight, row, sizeof row);
    add_tensor(&g, "deviation", 1, 1, &eight, row, sizeof row);
    add_tensor(&g, "half", 1, 1, &one, row, sizeof *row);
    add_tensor(&g, "w", 1, 4, four, nine, sizeof nine);
    add_node(&g, "Add", "x means", "a", NULL, 0, NULL);
    add_node(&g, "Mul", "a gains", "b", NULL, 0, NULL);
    add_conv(&g, "b w", "c");
    add_node(&g, "Add", "c shift", "d", NULL, 0, NULL);
    add_node(&g, "Mul", "d half", "h", NULL, 0, NULL);
    add_node(&g, "Div", "h deviation", "f", NULL, 0, NULL);
    add_node(&g, "Mul", "f gains", "e", NULL, 0, NULL);
    add_tail(&g, "e");
    expect_learnt(&g, "w shift gains");
}

static void test_weights_are_learnt_as_they_are_used(void **state)
{
    (void)state;
    const int64_t flat = 9, shape[4] = {1, 1, 3, 3}, list = 4;
    struct str g = {0};
    add_tensor(&g, "stored", 1, 1, &flat, nine, sizeof nine);
    add_tensor(&g, "shape", 7, 1, &list, shape, sizeof shape);
    add_node(&g, "Reshape", "stored shape", "kernel", NULL, 0, NULL);
    add_conv(&g, "x kernel", "c");
    add_tail(&g, "c");
    expect_learnt(&g, "kernel");
}

static void test_operators_without_gradient_are_named(void **state)
{
    (void)state;
    struct str g = {0};
    add_tensor(&g, "w", 1, 4, four, nine, sizeof nine);
    add_node(&g, "Cast", "x", "numbers", "to", 1, (int64_t[]){1});
    add_conv(&g, "numbers w", "c");
    add_tail(&g, "c");
    expect_learnt(&g, "w"); /* before the first weight it does not matter */
    add_tensor(&g, "w", 1, 4, four, nine, sizeof nine);
    add_conv(&g, "x w", "c");
    add_node(&g, "Cast", "c", "numbers", "to", 1, (int64_t[]){1});
    add_tail(&g, "numbers");
    expect_refusal(&g,
                   "made.onnx: node 'Cast' (Cast): this operator has no gradient, so that what lies before "
                   "it can neither be learnt nor explained");
}

static void test_models_that_cannot_be_trained_say_why(void **state)
{
    (void)state;
    struct str g = {0};
    add_node(&g, "Relu", "x", "c", NULL, 0, NULL);
    add_tail(&g, "c");
    expect_refusal(&g, "made.onnx: the model has no weights that could be learnt");
    add_tensor(&g, "w", 1, 4, four, nine, sizeof nine);
    add_node(&g, "Transpose", "w", "turned", NULL, 0, NULL);
    add_node(&g, "Transpose", "turned", "back", NULL, 0, NULL);
    add_conv(&g, "x w", "c");
    add_conv(&g, "c back", "d");
    add_tail(&g, "d");
    expect_refusal(&g,
                   "made.onnx: tensor 'w' is a weight and a part of the constant 'turned' too; such models "
                   "cannot be trained; export it so that equal tensors stay apart (PyTorch: "
                   "training=torch.onnx.TrainingMode.PRESERVE)");
    const double wide[9] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    add_tensor(&g, "w", 11, 4, four, wide, sizeof wide);
    add_conv(&g, "x w", "c");
    add_tail(&g, "c");
    expect_refusal(&g, "made.onnx: the weight 'w' is of float64; export the model in float32");
}

/* Whatever becomes of the bytes: a step, or a sentence. */
static void test_damaged_files_never_crash_learning(void **state)
{
    (void)state;
    size_t size;
    unsigned char *bytes = case_bytes(json_object_get(find_case("cntk"), "model"), &size),
                  *damaged = malloc(size);
    for (size_t i = 0; i < 300; i++) {
        memcpy(damaged, bytes, size);
        size_t at = i * 2654435761u % size;
        damaged[at] = (unsigned char)(damaged[at] + 1 + i % 254);
        struct err e = {0};
        struct graph *g = graph_load(damaged, size, "damaged.onnx", &e);
        struct graph_session *s = g && graph_learn(g, &e) ? graph_session_create(g, i % 2, 3, 2, &e) : NULL;
        assert_true(s || strncmp(e.text, "damaged.onnx: ", 14) == 0);
        graph_session_free(s);
        graph_free(g);
    }
    free(bytes);
    free(damaged);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_residual_network_with_normalisation_learns_as_in_pytorch),
        cmocka_unit_test(test_folded_network_of_colour_and_ten_classes_learns_as_in_pytorch),
        cmocka_unit_test(test_cntk_network_with_reshaped_weights_learns_as_in_pytorch),
        cmocka_unit_test(test_same_thread_count_gives_the_same_bits),
        cmocka_unit_test(test_files_hold_what_was_learnt),
        cmocka_unit_test(test_files_keep_the_rest),
        cmocka_unit_test(test_probabilities_without_softmax_learn_by_their_logarithms),
        cmocka_unit_test(test_logits_are_scaled_where_a_last_layer_makes_them),
        cmocka_unit_test(test_graphs_of_fixed_batches_learn_the_same),
        cmocka_unit_test(test_preparation_of_pixels_is_not_learnt),
        cmocka_unit_test(test_weights_are_learnt_as_they_are_used),
        cmocka_unit_test(test_operators_without_gradient_are_named),
        cmocka_unit_test(test_models_that_cannot_be_trained_say_why),
        cmocka_unit_test(test_damaged_files_never_crash_learning),
    };
    return cmocka_run_group_tests(tests, load_golden, free_golden);
}
