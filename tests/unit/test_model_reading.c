/* Models of other makers from import to evaluation: how they are read, told, noted or guessed. */
#include "support.h"

#include "graph_case.h"

#include "ferlab/train/inference.h"

static char dir[PATH_MAX], ws[PATH_MAX];
static json_t *golden;

static const char *in_dir(const char *name)
{
    static char path[PATH_MAX];
    snprintf(path, sizeof path, "%.4000s/%s", dir, name);
    return path;
}

static int set_up(void **state)
{
    (void)state;
    temp_dir_make(dir);
    make_workspace(dir, 40, ws);
    golden = json_load_file(FERLAB_GOLDEN "/graph.json", 0, NULL);
    json_t *c;
    size_t i, size;
    json_array_foreach(json_object_get(golden, "networks"), i, c)
    {
        char name[64];
        void *bytes = case_bytes(json_object_get(c, "model"), &size);
        snprintf(name, sizeof name, "%s.onnx", json_string_value(json_object_get(c, "name")));
        write_file(dir, name, bytes, size);
        free(bytes);
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    json_decref(golden);
    temp_dir_remove(dir);
    return 0;
}

#define EXPECT(want, word, ...)                                                                              \
    do {                                                                                                     \
        struct output said;                                                                                  \
        run_ferlab(&said, __VA_ARGS__, NULL);                                                                \
        if (said.status != (want) || (strstr(said.err, word) == NULL && strstr(said.out, word) == NULL))     \
            fail_msg("status %d, said: %s%s", said.status, said.out, said.err);                              \
        output_free(&said);                                                                                  \
    } while (0)

static void test_a_reading_that_the_model_contradicts_is_refused_on_import(void **state)
{
    (void)state;
    char file[PATH_MAX];
    snprintf(file, sizeof file, "%s", in_dir("cntk.onnx"));
    EXPECT(1, "where a probability belongs; import it with --output logits", "-w", ws, "model", "import",
           file, "--name", "misread", "--output", "probabilities");
    EXPECT(1, "there is no model named 'misread'", "-w", ws, "model", "use", "misread");
}

/* CNTK's own writing of the public emotion-ferplus, in small. */
static void test_public_model_is_guessed_with_the_reason(void **state)
{
    (void)state;
    char file[PATH_MAX];
    snprintf(file, sizeof file, "%s", in_dir("cntk.onnx"));
    EXPECT(0, "pixels of 0 to 255, because its first node makes them smaller; logits", "-w", ws, "model",
           "import", file, "--name", "public");
    EXPECT(0, "current model", "-w", ws, "model", "use", "public");
    EXPECT(0, "accuracy", "-w", ws, "eval");
    EXPECT(0, "run 1 public-1: graph of 22 operators", "-w", ws, "train", "--from", "public", "--epochs", "1",
           "--no-use");
    snprintf(file, sizeof file, "%s", in_dir("folded.onnx"));
    EXPECT(1, "public: normalisation is folded in networks of ferlab's own kind only", "-w", ws, "model",
           "export", "public", file, "--fold-bn");
}

static const json_t *network_case(const char *name)
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

/* The golden's face, raw and of the model's own size, so that it goes in as it is, against the softmax of its
 * logits. */
static void test_prediction_is_the_softmax_of_the_golden(void **state)
{
    (void)state;
    const json_t *c = network_case("cntk");
    struct value x = case_value(json_array_get(json_object_get(c, "inputs"), 0));
    struct err e = {0};
    size_t size;
    void *bytes = case_bytes(json_object_get(c, "model"), &size);
    struct predictor *p = predictor_from_onnx(bytes, size, "public", 1, &e);
    assert_non_null(p);
    struct graph *g = graph_load(bytes, size, "public", &e);
    uint8_t pixels[64 * 64];
    float both[2 * 64 * 64], logits[16], got[EMOTION_COUNT], want[EMOTION_COUNT] = {0};
    for (int i = 0; i < 64 * 64; i++) {
        pixels[i] = (uint8_t)x.floats[i];
        both[i] = x.floats[i];
        both[64 * 64 + i / 64 * 64 + 63 - i % 64] = x.floats[i];
    }
    assert_true(graph_run(g, both, 2, 1, logits, &e));
    for (int i = 0; i < 2; i++) {
        float sum = 0;
        for (int k = 0; k < 8; k++)
            sum += expf(logits[8 * i + k]);
        for (int k = 0; k < 8; k++)
            want[k] += expf(logits[8 * i + k]) / sum / 2;
    }
    assert_true(predictor_image(p, &(struct gray){.width = 64, .height = 64, .pixels = pixels}, got, &e));
    for (int k = 0; k < 8; k++)
        assert_float_equal(got[k], want[k], 1e-5);
    predictor_free(p);
    graph_free(g);
    value_free(&x, NULL);
    free(bytes);
}

static void test_classes_are_named_in_any_order_and_more_than_eight(void **state)
{
    (void)state;
    char file[PATH_MAX];
    snprintf(file, sizeof file, "%s", in_dir("torch.onnx"));
    EXPECT(1, "tells 10 classes apart and does not name them", "-w", ws, "model", "import", file);
    EXPECT(1, "10 classes apart, but 2 are named", "-w", ws, "model", "import", file, "--classes",
           "happy,sad");
    EXPECT(1, "contempt is none of them", "-w", ws, "model", "import", file, "--classes",
           "a,b,c,happy,sad,neutral,anger,fear,surprise,disgust");
    EXPECT(1, "tells 4 classes apart; take one that knows the 8 emotions", "-w", ws, "model", "import",
           FERLAB_GOLDEN "/nn_others.onnx");
    EXPECT(2, "mean takes one number; the model reads gray faces", "-w", ws, "model", "import", file,
           "--mean", "0.1,0.2,0.3");
    EXPECT(2, "'grey' is not known", "-w", ws, "model", "import", file, "--scale", "grey");
    EXPECT(0, "imported ten", "-w", ws, "model", "import", file, "--name", "ten", "--scale", "unit", "--mean",
           "0.5", "--std", "0.5", "--classes",
           "unknown,happy,sad,neutral,anger,fear,surprise,disgust,contempt,nf");
    EXPECT(0, "accuracy", "-w", ws, "eval", "--model", "ten");
}

static void test_keras_model_with_channels_last_is_evaluated(void **state)
{
    (void)state;
    char file[PATH_MAX];
    snprintf(file, sizeof file, "%s", in_dir("keras.onnx"));
    EXPECT(0, "nothing tells otherwise; probabilities, because it ends in Softmax", "-w", ws, "model",
           "import", file, "--name", "guessed");
    EXPECT(0, "imported keras", "-w", ws, "model", "import", file, "--scale", "unit", "--classes",
           "angry,disgust,scared,happy,sad,surprised,neutral,contempt");
    EXPECT(0, "accuracy", "-w", ws, "eval", "--model", "keras");
}

static void test_colour_input_with_channels_last_is_fed_gray(void **state)
{
    (void)state;
    char file[PATH_MAX];
    snprintf(file, sizeof file, "%s", in_dir("colour.onnx"));
    EXPECT(0, "probabilities, because it ends in Softmax", "-w", ws, "model", "import", file, "--name",
           "colour");
    EXPECT(0, "accuracy", "-w", ws, "eval", "--model", "colour");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_reading_that_the_model_contradicts_is_refused_on_import),
        cmocka_unit_test(test_public_model_is_guessed_with_the_reason),
        cmocka_unit_test(test_prediction_is_the_softmax_of_the_golden),
        cmocka_unit_test(test_classes_are_named_in_any_order_and_more_than_eight),
        cmocka_unit_test(test_keras_model_with_channels_last_is_evaluated),
        cmocka_unit_test(test_colour_input_with_channels_last_is_fed_gray),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
