/* Networks and sessions: architecture strings, a training trajectory of PyTorch's, repeatability. */
#include "nn_fixture.h"

#include "ferlab/nn/bench.h"
#include "ferlab/nn/network.h"

#include <dirent.h>
#include <omp.h>

static struct network *make(const char *arch, int size, int classes, uint64_t seed)
{
    struct err e;
    struct network *net = network_create(arch, size, classes, seed, &e);
    if (!net)
        fail_msg("%s", e.text);
    return net;
}

static struct session *open_session(struct network *net, int batch, bool training, int threads)
{
    struct err e;
    struct session *s = session_create(net, batch, training, threads, &e);
    if (!s)
        fail_msg("%s", e.text);
    return s;
}

static int count_threads(void)
{
    int count = 0;
    DIR *tasks = opendir("/proc/self/task");
    assert_non_null(tasks);
    for (const struct dirent *entry; (entry = readdir(tasks));)
        count += entry->d_name[0] != '.';
    closedir(tasks);
    return count;
}

/* Runs first: what an earlier test started would still be there. An emulator has threads of its own. */
static void test_a_session_of_one_thread_starts_none(void **state)
{
    (void)state;
    int most = omp_get_max_threads(), before = count_threads();
    struct network *net = make("8,P,16", 12, 8, 1);
    struct session *s = open_session(net, 4, true, 1);
    float *x = random_floats(4 * 12 * 12, 1), targets[4 * 8] = {1.0f}, p[4 * 8];
    session_train(s, x, targets, 4, LOSS_CROSS_ENTROPY, 1, 1, NULL);
    session_predict(s, x, 4, p);
    assert_int_equal(count_threads(), before);
    assert_int_equal(omp_get_max_threads(), most); /* other users of OpenMP keep theirs */
    session_free(s);
    network_free(net);
    free(x);
}

static void test_bench_measures_every_layer(void **state)
{
    (void)state;
    struct bench b;
    struct err e;
    if (!bench_run(&(struct bench_plan){"8,P", 1, 16, 32, 0.01}, &b, &e))
        fail_msg("%s", e.text);
    assert_int_equal(b.layer_count, 6); /* conv, norm, pool, average, dropout, dense */
    assert_int_equal(b.threads, 1);
    assert_true(b.train_img_s > 0.0 && b.infer_img_s > 0.0 && b.sgemm_gflops > 0.0);
    assert_string_equal(b.layers[0].kind, "conv");
    assert_true(b.layers[0].forward_flops == 2.0 * 9 * 8 * 48 * 48 * 16);
    for (size_t i = 0; i < b.layer_count; i++)
        assert_true(b.layers[i].forward_ms > 0.0);
    bench_free(&b);
    assert_false(bench_run(&(struct bench_plan){"8,nonsense", 1, 16, 32, 0.01}, &b, &e));
    assert_int_equal(e.code, ERR_USAGE);
}

static void test_presets_have_their_known_sizes(void **state)
{
    (void)state;
    struct network *net = make("default", 0, 8, 1);
    assert_int_equal(network_input_size(net), 48);
    assert_int_equal(network_parameters(net), 1174696); /* PyTorch's count of the same network */
    assert_string_equal(network_arch(net), "default");
    assert_true(fabs(network_flops(net) - 0.235e9) < 0.005e9);
    network_free(net);
    net = make("wide", 0, 8, 1);
    assert_int_equal(network_input_size(net), 48);
    assert_int_equal(network_parameters(net), 2639864);
    network_free(net);
    net = make("vgg13", 0, 8, 1);
    assert_int_equal(network_input_size(net), 64);
    assert_int_equal(network_parameters(net), 8757704);
    network_free(net);
}

static void test_a_string_that_is_a_preset_gets_its_name(void **state)
{
    (void)state;
    struct network *net = make(" 32, 32 ,P,64,64,P,128x3,128,P,256,256,P", 48, 8, 1);
    assert_string_equal(network_arch(net), "default");
    network_free(net);
    net = make("default", 40, 8, 1);
    assert_string_equal(network_arch(net), "32,32,P,64,64,P,128,128,P,256,256,P");
    network_free(net);
    net = make("8,16x1b,P,D25,V,F20,D50", 12, 3, 1);
    assert_string_equal(network_arch(net), "8,16x1b,P,D25,V,F20,D50");
    network_free(net);
}

static void test_nonsense_is_refused_by_item_and_place(void **state)
{
    (void)state;
    static const struct {
        const char *arch;
        int size;
        const char *says;
    } cases[] = {
        {"32,banana,P", 0, "item 2 'banana'"},
        {"", 0, "item 1 ''"},
        {"32,,P", 0, "item 2 ''"},
        {"32,P,", 0, "item 3 ''"},
        {"32,4097", 0, "item 2 '4097': a convolution has 1 to 4096"},
        {"0", 0, "item 1 '0'"},
        {"99999999999999999999", 0, "item 1"},
        {"64x5", 0, "item 1 '64x5'"},
        {"-3", 0, "item 1 '-3'"},
        {"8,P,P,P,P,P,P", 48, "item 7 'P': a 1x1 map"},
        {"D10,8", 0, "item 1 'D10'"},
        {"8,D100", 0, "item 2 'D100'"},
        {"8,F0", 0, "item 2 'F0'"},
        {"8,F9,8", 0, "item 3 '8'"},
        {"8,G,V", 0, "item 3 'V'"},
        {"4096,4096,4096", 0, "134 million"},
        {"8,8,8,8,8,8,8,8,8,8,8,8,8,8,8,8,8,8,8,8,8,8,8,8,8,8,8,8,8,8,8,8,8,8,8,8,8,8,8,8,8,8,8,8,8,8,8,8,8,"
         "8,8,8,8,8,8,"
         "8,8,8,8,8,8,8,8,8,8",
         0, "item 65"},
        {"8,\x1b[2J,8", 0, "\\x1b"},
        {"8", 3, "3x3"},
        {"8", 100000, "100000x100000"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err e = {0};
        assert_null(network_create(cases[i].arch, cases[i].size, 8, 1, &e));
        if (!strstr(e.text, cases[i].says))
            fail_msg("'%s' gave '%s', not '%s'", cases[i].arch, e.text, cases[i].says);
        assert_int_equal(e.code, ERR_USAGE);
    }
}

static struct parameter *find(struct network *net, const char *name)
{
    for (size_t i = 0; i < network_parameter_count(net); i++)
        if (strcmp(network_parameter(net, i)->name, name) == 0)
            return network_parameter(net, i);
    fail_msg("no parameter '%s'", name);
    return NULL;
}

static void test_training_follows_pytorch(void **state)
{
    (void)state;
    json_t *golden = golden_load(), *c = json_object_get(golden, "network"), *value;
    int count = golden_int(c, "count");
    const char *name;
    for (int threads = 1; threads <= 4; threads++) {
        struct network *net = make(json_string_value(json_object_get(c, "arch")), golden_int(c, "size"),
                                   golden_int(c, "classes"), 1);
        json_object_foreach(json_object_get(c, "before"), name, value)
        {
            struct parameter *p = find(net, name);
            assert_int_equal(p->count, json_array_size(value));
            for (size_t i = 0; i < p->count; i++)
                p->value[i] = (float)json_number_value(json_array_get(value, i));
        }
        float *x = golden_take(c, "x"), *targets = golden_take(c, "targets"),
              *probabilities = new_floats(100);
        struct session *s = open_session(net, count, true, threads);
        struct sgd o;
        assert_true(sgd_init(&o, network_parameter_list(net), 0.9f, 5e-4f, NULL));
        for (int step = 0; step < 3; step++) {
            double loss = session_train(s, x, targets, count, LOSS_CROSS_ENTROPY, 1, (uint64_t)step, NULL);
            double want = json_number_value(json_array_get(json_object_get(c, "losses"), (size_t)step));
            assert_true(fabs(loss - want) < 1e-5);
            if (step == 0)
                json_object_foreach(json_object_get(c, "gradients"), name, value)
                    expect_golden(json_object_get(c, "gradients"), name, find(net, name)->gradient, 1e-9);
            sgd_step(&o, network_parameter_list(net), 0.1f);
        }
        json_object_foreach(json_object_get(c, "after"), name, value)
            expect_golden(json_object_get(c, "after"), name, find(net, name)->value, 1e-9);
        session_predict(s, x, count, probabilities);
        expect_golden(c, "probabilities", probabilities, 1e-9);
        sgd_free(&o);
        session_free(s);
        network_free(net);
        free(x), free(targets), free(probabilities);
    }
    json_decref(golden);
}

enum { SIDE = 13, CLASSES = 8, BATCH = 11 };

static float *some_targets(int count)
{
    float *t = random_floats((size_t)count * CLASSES, 77);
    for (int i = 0; i < count; i++) {
        float sum = 0.0f;
        for (int k = 0; k < CLASSES; k++)
            sum += t[i * CLASSES + k] = t[i * CLASSES + k] > 0.5f ? t[i * CLASSES + k] : 0.0f;
        if (sum == 0.0f)
            sum = t[i * CLASSES] = 1.0f;
        for (int k = 0; k < CLASSES; k++)
            t[i * CLASSES + k] /= sum;
    }
    return t;
}

/* One random direction through all learnt weights at once (as kann does): the loss's slope along it is the
 * dot product of direction and gradient, whatever the layers. */
static void test_whole_gradients_match_finite_differences(void **state)
{
    (void)state;
    static const char *const archs[] = {"12,P,20x1,7,P", "8b,P,D25,12b,P,F20,D50", "10,P,V,D20", "9,G,F11"};
    float *x = random_floats(BATCH * SIDE * SIDE, 3), *shares = some_targets(BATCH),
          *sets = some_targets(BATCH);
    for (int i = 0; i < BATCH * CLASSES; i++)
        sets[i] = sets[i] > 0.0f;
    for (size_t a = 0; a < sizeof archs / sizeof *archs; a++)
        for (int kind = LOSS_CROSS_ENTROPY; kind <= LOSS_MULTI_TARGET; kind++) {
            const float *targets = kind == LOSS_MULTI_TARGET ? sets : shares;
            struct network *net = make(archs[a], SIDE, CLASSES, 5);
            struct session *s = open_session(net, BATCH, true, 2);
            session_train(s, x, targets, BATCH, (enum loss)kind, 4, 2, NULL);
            size_t parameters = network_parameter_count(net);
            float **ways = calloc(parameters, sizeof *ways);
            double slope = 0.0, size = 0.0, sides[2], step = 3e-5;
            for (size_t i = 0; i < parameters; i++) {
                struct parameter *p = network_parameter(net, i);
                if (!p->gradient)
                    continue;
                ways[i] = random_floats(p->count, 100 + i);
                slope += dot(ways[i], p->gradient, p->count);
                size += dot(p->gradient, p->gradient, p->count);
            }
            for (int side = 0; side < 2; side++) {
                for (size_t i = 0; i < parameters; i++)
                    if (ways[i])
                        add_scaled(network_parameter(net, i)->value, ways[i], side ? -2.0 * step : step,
                                   network_parameter(net, i)->count, network_parameter(net, i)->value);
                sides[side] = session_train(s, x, targets, BATCH, (enum loss)kind, 4, 2, NULL);
            }
            double measured = (sides[0] - sides[1]) / (2.0 * step);
            if (!(fabs(measured - slope) < 0.01 * sqrt(size)))
                fail_msg("%s, loss %d: slope %g, measured %g", archs[a], kind, slope, measured);
            for (size_t i = 0; i < parameters; i++)
                free(ways[i]);
            free(ways);
            session_free(s);
            network_free(net);
        }
    free(x), free(shares), free(sets);
}

/* Five steps on uneven batches; every parameter's bits, and the predictions'. */
static float *train_bits(const char *arch, int threads, size_t *count)
{
    struct network *net = make(arch, SIDE, CLASSES, 5);
    struct session *s = open_session(net, BATCH, true, threads);
    float *x = random_floats(BATCH * SIDE * SIDE, 3), *targets = some_targets(BATCH);
    struct sgd o;
    assert_true(sgd_init(&o, network_parameter_list(net), 0.9f, 5e-4f, NULL));
    for (int step = 0; step < 5; step++) {
        session_train(s, x, targets, BATCH - step, LOSS_CROSS_ENTROPY, 1, (uint64_t)step, NULL);
        sgd_step(&o, network_parameter_list(net), 0.05f);
    }
    *count = BATCH * CLASSES;
    for (size_t i = 0; i < network_parameter_count(net); i++)
        *count += network_parameter(net, i)->count;
    float *bits = new_floats(*count), *at = bits;
    for (size_t i = 0; i < network_parameter_count(net); i++) {
        struct parameter *p = network_parameter(net, i);
        memcpy(at, p->value, p->count * sizeof *at);
        at += p->count;
    }
    session_predict(s, x, BATCH, at);
    sgd_free(&o);
    session_free(s);
    network_free(net);
    free(x), free(targets);
    return bits;
}

static void test_the_same_seed_and_threads_give_the_same_bits(void **state)
{
    (void)state;
    for (int threads = 1; threads <= 3; threads++) {
        size_t count;
        float *first = train_bits("32,P,33,P,D25", threads, &count);
        for (int again = 0; again < 3; again++) {
            float *bits = train_bits("32,P,33,P,D25", threads, &count);
            assert_memory_equal(bits, first, count * sizeof *bits);
            free(bits);
        }
        free(first);
    }
}

static void test_thread_counts_agree_up_to_rounding(void **state)
{
    (void)state;
    size_t count;
    float *one = train_bits("32,P,33,P,D25", 1, &count);
    for (int threads = 2; threads <= 16; threads += 7) { /* more threads than images too */
        float *more = train_bits("32,P,33,P,D25", threads, &count);
        expect_near("parameters", more, one, count, 1e-7);
        free(more);
    }
    free(one);
}

static void test_prediction_does_not_depend_on_company(void **state)
{
    (void)state;
    enum { COUNT = 37 };
    struct network *net = make("16,P,24x1b,P", SIDE, CLASSES, 2);
    struct session *all = open_session(net, COUNT, false, 2), *single = open_session(net, 1, false, 1);
    float *x = random_floats(COUNT * SIDE * SIDE, 8), *p = new_floats(COUNT * CLASSES), alone[CLASSES];
    session_predict(all, x, COUNT, p);
    for (int i = 0; i < COUNT; i++) {
        float sum = 0.0f;
        session_predict(single, x + i * SIDE * SIDE, 1, alone);
        expect_near("probabilities", alone, p + i * CLASSES, CLASSES, 1e-9);
        for (int k = 0; k < CLASSES; k++)
            sum += alone[k];
        assert_true(fabsf(sum - 1.0f) < 1e-5f);
    }
    session_free(all), session_free(single);
    network_free(net);
    free(x), free(p);
}

/* Of groups of images, and of few that all threads share. */
static void test_the_last_layer_of_an_embedding_is_the_prediction(void **state)
{
    (void)state;
    enum { COUNT = 19, WIDTH = 24 };
    struct network *net = make("16,P,24", SIDE, CLASSES, 2);
    struct session *s = open_session(net, COUNT, false, 2);
    float *x = random_floats(COUNT * SIDE * SIDE, 8), *p = new_floats(COUNT * CLASSES),
          *v = new_floats(COUNT * WIDTH), want[CLASSES];
    assert_int_equal(network_embedding_values(net), WIDTH);
    const struct parameter *weight = network_parameter(net, network_parameter_count(net) - 2),
                           *bias = network_parameter(net, network_parameter_count(net) - 1);
    for (int count = 3; count <= COUNT; count += COUNT - 3) {
        session_embed(s, x, count, p, v);
        for (int i = 0; i < count; i++) {
            double sum = 0;
            for (int k = 0; k < CLASSES; k++) {
                double logit = dot(weight->value + k * WIDTH, v + i * WIDTH, WIDTH) + (double)bias->value[k];
                want[k] = (float)exp(logit);
                sum += exp(logit);
            }
            for (int k = 0; k < CLASSES; k++)
                want[k] /= (float)sum;
            expect_near("probabilities", p + i * CLASSES, want, CLASSES, 1e-10);
        }
    }
    session_free(s);
    network_free(net);
    free(x), free(p), free(v);
}

static void test_a_copy_predicts_the_same(void **state)
{
    (void)state;
    struct network *net = make("16,P,24", SIDE, CLASSES, 2), *copy = network_copy(net, NULL);
    assert_non_null(copy);
    struct session *s = open_session(net, 4, false, 1), *t = open_session(copy, 4, false, 1);
    float *x = random_floats(4 * SIDE * SIDE, 8), p[4 * CLASSES], q[4 * CLASSES];
    session_predict(s, x, 4, p);
    network_free(net);
    session_free(s);
    session_predict(t, x, 4, q);
    assert_memory_equal(p, q, sizeof p);
    session_free(t);
    network_free(copy);
    free(x);
}

static void test_training_learns_a_small_task(void **state)
{
    (void)state;
    enum { COUNT = 32 };
    struct network *net = make("8,P,16,P", SIDE, 2, 3);
    struct session *s = open_session(net, COUNT, true, 0);
    float *x = random_floats(COUNT * SIDE * SIDE, 4), targets[COUNT * 2] = {0}, p[COUNT * 2];
    for (int i = 0; i < COUNT; i++) { /* the class is whether the left half is brighter */
        targets[2 * i + i % 2] = 1.0f;
        for (int k = 0; k < SIDE * SIDE; k++)
            x[i * SIDE * SIDE + k] += (k % SIDE < SIDE / 2) == (i % 2) ? 0.5f : -0.5f;
    }
    struct sgd o;
    assert_true(sgd_init(&o, network_parameter_list(net), 0.9f, 5e-4f, NULL));
    double loss = 0.0;
    for (uint64_t step = 0; step < 60; step++) {
        loss = session_train(s, x, targets, COUNT, LOSS_CROSS_ENTROPY, 1, step, NULL);
        sgd_step(&o, network_parameter_list(net), 0.05f);
    }
    session_predict(s, x, COUNT, p);
    int right = 0;
    for (int i = 0; i < COUNT; i++)
        right += p[2 * i + i % 2] > 0.5f;
    assert_true(loss < 0.2);
    assert_int_equal(right, COUNT);
    sgd_free(&o);
    session_free(s);
    network_free(net);
    free(x);
}

static void test_a_session_says_its_bytes_and_refuses_absurd_batches(void **state)
{
    (void)state;
    struct err e;
    struct network *net = make("default", 0, 8, 1);
    struct session *s = open_session(net, 32, true, 2);
    /* Four maps of 48x48x32 an image alone. */
    assert_true(session_bytes(s) > 32u * 48 * 48 * 32 * 4 * 4);
    assert_true(session_bytes(s) < 32u * 48 * 48 * 32 * 4 * 16);
    session_free(s);
    assert_null(session_create(net, 0, true, 1, &e));
    assert_int_equal(e.code, ERR_USAGE);
    assert_null(session_create(net, 1 << 20, true, 1, &e));
    network_free(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_session_of_one_thread_starts_none),
        cmocka_unit_test(test_bench_measures_every_layer),
        cmocka_unit_test(test_presets_have_their_known_sizes),
        cmocka_unit_test(test_a_string_that_is_a_preset_gets_its_name),
        cmocka_unit_test(test_nonsense_is_refused_by_item_and_place),
        cmocka_unit_test(test_training_follows_pytorch),
        cmocka_unit_test(test_whole_gradients_match_finite_differences),
        cmocka_unit_test(test_the_same_seed_and_threads_give_the_same_bits),
        cmocka_unit_test(test_thread_counts_agree_up_to_rounding),
        cmocka_unit_test(test_prediction_does_not_depend_on_company),
        cmocka_unit_test(test_the_last_layer_of_an_embedding_is_the_prediction),
        cmocka_unit_test(test_a_copy_predicts_the_same),
        cmocka_unit_test(test_training_learns_a_small_task),
        cmocka_unit_test(test_a_session_says_its_bytes_and_refuses_absurd_batches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
