/* ONNX: networks written and read back, models of other writers, checks by ONNX's own tools, and hostile
 * files. */
#include "nn_fixture.h"

#include "ferlab/nn/onnx.h"

#include <unistd.h>

static const char *const names[] = {"neutral", "happiness", "surprise", "sadness",
                                    "anger",   "disgust",   "fear",     "contempt"};
enum { CLASSES = 8, SIDE = 12, IMAGES = 6 };

struct model {
    void *bytes;
    size_t size;
};

/* A network whose running statistics and biases are no longer the initial ones. */
static struct network *make_used(const char *arch, int size)
{
    struct err e;
    struct network *net = network_create(arch, size, CLASSES, 3, &e);
    if (!net)
        fail_msg("%s", e.text);
    for (size_t i = 0; i < network_parameter_count(net); i++) {
        struct parameter *p = network_parameter(net, i);
        struct rng r;
        rng_seed(&r, 11, i);
        for (size_t k = 0; k < p->count && !p->decays; k++)
            p->value[k] += 0.5f * rng_uniform(&r);
    }
    return net;
}

static struct model write_model(const struct network *net)
{
    const struct onnx_note notes[] = {{.key = "label_revision", .value = "abc"}};
    struct model m;
    struct err e;
    if (!onnx_write(net, names, notes, 1, &m.bytes, &m.size, &e))
        fail_msg("%s", e.text);
    return m;
}

static void predict(struct network *net, const float *x, int count, float *p)
{
    struct session *s = session_create(net, count, false, 1, NULL);
    assert_non_null(s);
    session_predict(s, x, count, p);
    session_free(s);
}

static void test_what_is_written_reads_back_bit_for_bit(void **state)
{
    (void)state;
    static const char *const archs[] = {"8,P,16x1,P",       "6b,P,D25,9b,F20,D50", "8,P,V",
                                        "5,P,G,F20,D20,F7", "12,P,D10,3x1b,P,D30", "7,P,P,P"};
    for (size_t i = 0; i < sizeof archs / sizeof *archs; i++) {
        struct err e;
        struct network *net = make_used(archs[i], SIDE);
        struct model m = write_model(net);
        struct network *back = onnx_read(m.bytes, m.size, "back.onnx", &e);
        if (!back)
            fail_msg("%s: %s", archs[i], e.text);
        assert_string_equal(network_arch(back), network_arch(net)); /* dropout too, by the note */
        assert_int_equal(network_parameter_count(back), network_parameter_count(net));
        for (size_t k = 0; k < network_parameter_count(net); k++) {
            const struct parameter *a = network_parameter(net, k), *b = network_parameter(back, k);
            assert_string_equal(a->name, b->name);
            assert_int_equal(a->count, b->count);
            assert_memory_equal(a->value, b->value, a->count * sizeof *a->value);
        }
        network_free(back);
        network_free(net);
        free(m.bytes);
    }
}

static struct model read_golden(const char *name)
{
    struct err e;
    struct model m;
    m.bytes = file_read(name, 1 << 20, &m.size, &e);
    if (!m.bytes)
        fail_msg("%s", e.text);
    return m;
}

static void expect_file(const char *path, const json_t *c, const char *arch)
{
    struct model m = read_golden(path);
    struct err e;
    struct network *net = onnx_read(m.bytes, m.size, "golden.onnx", &e);
    if (!net)
        fail_msg("%s", e.text);
    assert_string_equal(network_arch(net), arch);
    assert_int_equal(network_input_size(net), golden_int(c, "size"));
    assert_int_equal(network_classes(net), golden_int(c, "classes"));
    float *x = golden_take(c, "x"), p[64];
    predict(net, x, golden_int(c, "count"), p);
    expect_golden(c, "probabilities", p, 1e-9);
    network_free(net);
    free(m.bytes);
    free(x);
}

static bool holds(const struct model *m, const char *text)
{
    return memmem(m->bytes, m->size, text, strlen(text)) != NULL;
}

static void test_folded_networks_predict_the_same_without_normalisation(void **state)
{
    (void)state;
    static const char *const archs[][2] = {{"8,P,16x1,P,G,F9,D20", "8b,P,16x1b,P,G,F9,D20"},
                                           {"6b,P,D25,9,10x1b,V", "6b,P,D25,9b,10x1b,V"},
                                           {"5b,P,F7", "5b,P,F7"}};
    float *x = random_floats(IMAGES * SIDE * SIDE, 5), want[IMAGES * CLASSES], got[IMAGES * CLASSES];
    for (size_t i = 0; i < sizeof archs / sizeof *archs; i++) {
        struct err e;
        struct network *net = make_used(archs[i][0], SIDE), *folded = network_fold(net, &e);
        if (!folded)
            fail_msg("%s: %s", archs[i][0], e.text);
        assert_string_equal(network_arch(folded), archs[i][1]);
        struct model m = write_model(folded);
        assert_false(holds(&m, "BatchNormalization"));
        struct network *back = onnx_read(m.bytes, m.size, "folded.onnx", &e);
        if (!back)
            fail_msg("%s: %s", archs[i][0], e.text);
        assert_string_equal(network_arch(back), archs[i][1]);
        predict(net, x, IMAGES, want);
        predict(back, x, IMAGES, got);
        for (size_t k = 0; k < IMAGES * CLASSES; k++)
            assert_float_equal(got[k], want[k], 1e-5);
        network_free(back);
        network_free(folded);
        network_free(net);
        free(m.bytes);
    }
    free(x);
}

/* Presets without normalisation stay what they are called. */
static void test_folding_what_has_no_normalisation_keeps_its_bits(void **state)
{
    (void)state;
    struct err e;
    struct network *net = make_used("vgg13", 0), *folded = network_fold(net, &e);
    assert_non_null(folded);
    assert_string_equal(network_arch(folded), "vgg13");
    struct model a = write_model(net), b = write_model(folded);
    assert_int_equal(a.size, b.size);
    assert_memory_equal(a.bytes, b.bytes, a.size);
    free(a.bytes), free(b.bytes);
    network_free(folded);
    network_free(net);
}

static void test_notes_of_another_file_take_the_place_of_its_own(void **state)
{
    (void)state;
    struct network *net = make_used("4", SIDE);
    struct model m = write_model(net), bare, both;
    struct err e;
    assert_true(onnx_write(net, NULL, NULL, 0, &bare.bytes, &bare.size, &e));
    assert_null(onnx_note_read(bare.bytes, bare.size, "classes"));
    assert_true(onnx_notes_copy(bare.bytes, bare.size, m.bytes, m.size, &both.bytes, &both.size, &e));
    assert_int_equal(both.size, m.size);
    assert_memory_equal(both.bytes, m.bytes, m.size);
    free(both.bytes), free(bare.bytes), free(m.bytes);
    network_free(net);
}

static void test_models_of_other_writers_predict_what_they_should(void **state)
{
    (void)state;
    json_t *golden = golden_load();
    expect_file(FERLAB_GOLDEN "/nn_torch.onnx", json_object_get(golden, "network"), "6b,10x1b,P,9b,P,G,F7");
    expect_file(FERLAB_GOLDEN "/nn_others.onnx", json_object_get(golden, "others"), "5,P,V");
    json_decref(golden);
}

static const char check_script[] =
    "import sys\n"
    "try:\n"
    "    import onnx, numpy as np, cv2\n"
    "except ImportError as e:\n"
    "    print(e); sys.exit(77)\n"
    "d, side = sys.argv[1], int(sys.argv[2])\n"
    "m = onnx.load(d + '/m.onnx'); onnx.checker.check_model(m, full_check=True)\n"
    "notes = {p.key: p.value for p in m.metadata_props}\n"
    "assert notes['classes'].startswith('neutral,happiness,surprise,'), notes\n"
    "assert notes['label_revision'] == 'abc' and notes['arch'] and notes['producer'] and notes['input'], "
    "notes\n"
    "assert m.opset_import[0].version == 13 and m.ir_version <= 8\n"
    "assert m.graph.input[0].name == 'image' and m.graph.output[0].name == 'probabilities'\n"
    "x = np.fromfile(d + '/x', np.float32).reshape(-1, 1, side, side)\n"
    "p = np.fromfile(d + '/p', np.float32).reshape(len(x), -1)\n"
    "net = cv2.dnn.readNetFromONNX(d + '/m.onnx')\n"
    "for i in range(len(x)):\n"
    "    net.setInput(x[i:i+1]); q = net.forward()\n"
    "    assert abs(q - p[i]).max() < 1e-5, abs(q - p[i]).max()\n";

static void test_onnx_checker_and_opencv_agree(void **state)
{
    (void)state;
    static const char *const archs[] = {"default", "8b,P,D25,6x1b,P,F20,D50,F9"};
    char dir[PATH_MAX], command[3 * PATH_MAX];
    temp_dir_make(dir);
    write_file(dir, "check.py", check_script, strlen(check_script));
    for (size_t i = 0; i < sizeof archs / sizeof *archs; i++) {
        struct network *net = make_used(archs[i], 0);
        struct model m = write_model(net);
        int side = network_input_size(net);
        size_t values = (size_t)(IMAGES * side * side);
        float *x = random_floats(values, 5), p[IMAGES * CLASSES];
        predict(net, x, IMAGES, p);
        write_file(dir, "m.onnx", m.bytes, m.size);
        write_file(dir, "x", x, values * sizeof *x);
        write_file(dir, "p", p, sizeof p);
        /* The interpreter must not get a sanitizer's library from the environment, nor leak checks of its
         * own. */
        snprintf(command, sizeof command, "env -u LD_PRELOAD /usr/bin/python3 '%s/check.py' '%s' %d", dir,
                 dir, side);
        int status = system(command);
        free(m.bytes), free(x);
        network_free(net);
        if (WEXITSTATUS(status) == 77 || WEXITSTATUS(status) == 127) {
            temp_dir_remove(dir);
            print_message("skipped: needs python3-onnx and python3-opencv\n");
            skip();
        }
        assert_int_equal(status, 0);
    }
    temp_dir_remove(dir);
}

/* Replaces the first occurrence of a byte string by another of the same length. */
static void replace(struct model *m, const char *old, const char *new)
{
    size_t length = strlen(old);
    assert_int_equal(length, strlen(new));
    unsigned char *at = memmem(m->bytes, m->size, old, length);
    assert_non_null(at);
    memcpy(at, new, length);
}

static void expect_refusal(const struct model *m, const char *says)
{
    struct err e = {0};
    struct network *net = onnx_read(m->bytes, m->size, "bad.onnx", &e);
    assert_null(net);
    if (strncmp(e.text, "bad.onnx: ", 10) != 0 || !strstr(e.text, says))
        fail_msg("'%s' does not say '%s'", e.text, says);
}

static void test_what_is_not_supported_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *old, *new, *says;
    } cases[] = {
        /* 0x22 and a length come before the operator of a node. */
        {"\x22\x07MaxPool", "\x22\x07MinPool",
         "node 'MaxPool_pool1' (MinPool): this operator is not supported"},
        {"\x22\x12"
         "BatchNormalization",
         "\x22\x12"
         "BatchNormalisation",
         "(BatchNormalisation): this operator"},
        {"\x22\x11GlobalAveragePool", "\x22\x11GlobalAveragePooL", "(GlobalAveragePooL): this operator"},
        {"bn1.variance", "bn1.variancy", "'bn1.variancy', is not a stored tensor"},
        {"conv1.weight", "relu3.weight", "'relu3.weight', is not a stored tensor"},
        {"\x12\x05pool1", "\x12\x05pool7", "reads 'pool1' rather than the node before it"},
    };
    struct network *net = make_used("8,P,16", SIDE);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct model m = write_model(net);
        replace(&m, cases[i].old, cases[i].new);
        expect_refusal(&m, cases[i].says);
        free(m.bytes);
    }
    static const char text[] = "this is not a model at all, it is a sentence";
    expect_refusal(&(struct model){.bytes = (void *)text, .size = sizeof text}, "not a whole ONNX file");
    expect_refusal(&(struct model){.bytes = (void *)text, .size = 0}, "not a whole ONNX file");
    network_free(net);
}

static void test_values_that_are_not_numbers_are_refused(void **state)
{
    (void)state;
    struct network *net = make_used("8,P,16", SIDE);
    network_parameter(net, 0)->value[5] = NAN;
    struct model m = write_model(net);
    expect_refusal(&m, "'conv1.weight' holds values that are not finite");
    free(m.bytes);
    network_parameter(net, 0)->value[5] = 0.0f;
    network_parameter(net, 4)->value[2] = -1.0f;
    assert_string_equal(network_parameter(net, 4)->name, "bn1.variance");
    m = write_model(net);
    expect_refusal(&m, "'bn1.variance' holds a negative variance");
    free(m.bytes);
    network_free(net);
}

/* Messages within messages without end: graph (7) > node (1) > attribute (5) > graph (6) > node (1) > ... */
static void test_deep_nesting_does_not_exhaust_the_stack(void **state)
{
    (void)state;
    enum { SIZE = 1 << 20 };
    unsigned char *bytes = malloc(SIZE);
    assert_non_null(bytes);
    static const unsigned char fields[] = {1, 5, 6};
    size_t at = SIZE, depth = 0;
    while (at > 16) {
        size_t inside = SIZE - at, length = inside;
        unsigned char varint[5];
        int n = 0;
        do {
            varint[n++] = (unsigned char)((length & 127) | (length > 127 ? 128 : 0));
            length >>= 7;
        } while (length);
        at -= (size_t)n;
        memcpy(bytes + at, varint, (size_t)n);
        bytes[--at] = (unsigned char)(fields[depth++ % 3] << 3 | 2);
    }
    /* The outermost field must be the model's graph. */
    bytes[at] = 7 << 3 | 2;
    struct err e;
    assert_null(onnx_read(bytes + at, SIZE - at, "deep.onnx", &e));
    free(bytes);
}

/* Two bytes make an empty message of hundreds: memory must stay in proportion to the file. */
static void test_a_flood_of_empty_messages_is_refused(void **state)
{
    (void)state;
    enum { SIZE = 8 << 20, LENGTH = 4 };
    unsigned char *bytes = malloc(SIZE);
    assert_non_null(bytes);
    size_t inside = SIZE - 1 - LENGTH;
    bytes[0] = 7 << 3 | 2;
    for (int i = 0; i < LENGTH; i++)
        bytes[1 + i] = (unsigned char)((inside >> (7 * i) & 127) | (i + 1 < LENGTH ? 128 : 0));
    for (size_t i = 1 + LENGTH; i + 1 < SIZE; i += 2) {
        bytes[i] = 1 << 3 | 2;
        bytes[i + 1] = 0;
    }
    bytes[SIZE - 1] = 0;
    expect_refusal(&(struct model){.bytes = bytes, .size = SIZE}, "");
    free(bytes);
}

/* Whatever becomes of the bytes: a network that can run, or a sentence. */
static void read_damaged(const void *bytes, size_t size)
{
    struct err e = {0};
    struct network *net = onnx_read(bytes, size, "damaged.onnx", &e);
    if (!net) {
        assert_int_not_equal(e.code, ERR_NONE);
        assert_true(strncmp(e.text, "damaged.onnx: ", 14) == 0);
        return;
    }
    int side = network_input_size(net);
    float *x = random_floats((size_t)(side * side), 1);
    float *p = new_floats((size_t)network_classes(net));
    if (side <= 64)
        predict(net, x, 1, p);
    free(x), free(p);
    network_free(net);
}

static void each_golden(void (*visit)(const struct model *m))
{
    struct network *net = make_used("6,P,5x1b,P,F9", SIDE);
    struct model own = write_model(net);
    visit(&own);
    free(own.bytes);
    network_free(net);
    static const char *const files[] = {FERLAB_GOLDEN "/nn_torch.onnx", FERLAB_GOLDEN "/nn_others.onnx"};
    for (size_t i = 0; i < 2; i++) {
        struct model m = read_golden(files[i]);
        visit(&m);
        free(m.bytes);
    }
}

static void truncate_everywhere(const struct model *m)
{
    for (size_t size = 0; size < m->size; size += size < 400 ? 1 : 50) {
        void *part = malloc(size ? size : 1); /* so that the sanitizer sees a read behind it */
        memcpy(part, m->bytes, size);
        read_damaged(part, size);
        free(part);
    }
}

static void test_truncated_models_are_refused(void **state)
{
    (void)state;
    each_golden(truncate_everywhere);
}

static void damage_at_random(const struct model *m)
{
    struct rng r;
    rng_seed(&r, 21, m->size);
    unsigned char *bytes = malloc(m->size);
    for (int round = 0; round < 3000; round++) {
        memcpy(bytes, m->bytes, m->size);
        for (uint32_t flips = 1 + rng_below(&r, 6); flips; flips--) {
            /* Mostly where structure is rather than weights: both ends of the file. */
            uint32_t reach = rng_below(&r, 4) ? 1500 : (uint32_t)m->size,
                     at = rng_below(&r, reach) % (uint32_t)m->size;
            at = rng_below(&r, 2) ? at : (uint32_t)m->size - 1 - at;
            bytes[at] = rng_below(&r, 2) ? (unsigned char)rng_next(&r)
                                         : bytes[at] ^ (unsigned char)(1u << rng_below(&r, 8));
        }
        read_damaged(bytes, m->size);
    }
    free(bytes);
}

static void test_damaged_models_never_crash(void **state)
{
    (void)state;
    each_golden(damage_at_random);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_written_reads_back_bit_for_bit),
        cmocka_unit_test(test_folded_networks_predict_the_same_without_normalisation),
        cmocka_unit_test(test_folding_what_has_no_normalisation_keeps_its_bits),
        cmocka_unit_test(test_notes_of_another_file_take_the_place_of_its_own),
        cmocka_unit_test(test_models_of_other_writers_predict_what_they_should),
        cmocka_unit_test(test_onnx_checker_and_opencv_agree),
        cmocka_unit_test(test_what_is_not_supported_is_named),
        cmocka_unit_test(test_values_that_are_not_numbers_are_refused),
        cmocka_unit_test(test_deep_nesting_does_not_exhaust_the_stack),
        cmocka_unit_test(test_a_flood_of_empty_messages_is_refused),
        cmocka_unit_test(test_truncated_models_are_refused),
        cmocka_unit_test(test_damaged_models_never_crash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
