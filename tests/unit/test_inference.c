/* Predictions: what a predictor computes, which model a word means, what the workspace keeps. */
#include "support.h"

#include "ferlab/base/rng.h"
#include "ferlab/nn/onnx.h"
#include "ferlab/store/runs.h"
#include "ferlab/train/inference.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FACES = 120 };

struct place {
    char dir[PATH_MAX], path[PATH_MAX], onnx[PATH_MAX];
    struct workspace *ws;
};

/* The bytes of an untrained network. */
static void *make_onnx(const char *arch, int size, int classes, uint64_t seed, size_t *bytes)
{
    static const char *const names[] = {"neutral", "happiness", "surprise", "sadness",
                                        "anger",   "disgust",   "fear",     "contempt"};
    struct err e = {0};
    struct network *net = network_create(arch, size, classes, seed, &e);
    void *out = NULL;
    if (net == NULL || !onnx_write(net, names, NULL, 0, &out, bytes, &e))
        fail_msg("%s", e.text);
    network_free(net);
    return out;
}

static int set_up(void **state)
{
    struct place *p = calloc(1, sizeof *p);
    struct err e = {0};
    size_t size;
    temp_dir_make(p->dir);
    make_workspace(p->dir, FACES, p->path);
    if (!workspace_open(&p->ws, p->path, WORKSPACE_WRITE, &e))
        fail_msg("%s", e.text);
    void *bytes = make_onnx("8,P,8", 48, EMOTION_COUNT, 3, &size);
    write_file(p->dir, "fresh net.onnx", bytes, size);
    free(bytes);
    snprintf(p->onnx, sizeof p->onnx, "%.4000s/fresh net.onnx", p->dir);
    *state = p;
    return 0;
}

static int tear_down(void **state)
{
    struct place *p = *state;
    workspace_close(p->ws);
    temp_dir_remove(p->dir);
    free(p);
    return 0;
}

static struct predictor *predictor(const char *arch, int size)
{
    struct err e = {0};
    size_t count;
    void *bytes = make_onnx(arch, size, EMOTION_COUNT, 3, &count);
    struct predictor *p = predictor_from_onnx(bytes, count, "net", 2, &e);
    if (p == NULL)
        fail_msg("%s", e.text);
    free(bytes);
    return p;
}

static void draw_faces(uint8_t *pixels, size_t count)
{
    struct rng r;
    rng_seed(&r, 5, 0);
    for (size_t i = 0; i < count * FACE_PIXELS; i++)
        pixels[i] = (uint8_t)rng_below(&r, 256);
}

static void mirror(const uint8_t *in, uint8_t *out)
{
    for (int y = 0; y < FACE_SIZE; y++)
        for (int x = 0; x < FACE_SIZE; x++)
            out[y * FACE_SIZE + x] = in[y * FACE_SIZE + FACE_SIZE - 1 - x];
}

static void expect_same(const float *a, const float *b)
{
    for (int k = 0; k < EMOTION_COUNT; k++)
        assert_float_equal(a[k], b[k], 1e-6);
}

/* Against the engine alone: standardised face and mirror image, averaged. */
static void test_prediction_averages_face_and_mirror_image(void **state)
{
    (void)state;
    struct err e = {0};
    uint8_t pixels[FACE_PIXELS], mirrored[FACE_PIXELS];
    draw_faces(pixels, 1);
    mirror(pixels, mirrored);
    float got[1][EMOTION_COUNT], images[2 * FACE_PIXELS], both[2 * EMOTION_COUNT], expected[EMOTION_COUNT];
    struct predictor *p = predictor("8,P,8", 48);
    assert_true(predictor_faces(p, pixels, 1, got, &e));
    predictor_free(p);

    struct network *net = network_create("8,P,8", 48, EMOTION_COUNT, 3, &e);
    struct session *s = session_create(net, 2, false, 1, &e);
    assert_non_null(s);
    image_standardise(pixels, images, FACE_PIXELS);
    image_standardise(mirrored, images + FACE_PIXELS, FACE_PIXELS);
    session_predict(s, images, 2, both);
    for (int k = 0; k < EMOTION_COUNT; k++)
        expected[k] = (both[k] + both[EMOTION_COUNT + k]) / 2;
    expect_same(got[0], expected);
    session_free(s);
    network_free(net);
}

static void test_many_faces_are_predicted_as_one_by_one(void **state)
{
    (void)state;
    enum { MANY = 150 };
    struct err e = {0};
    uint8_t *pixels = malloc((size_t)MANY * FACE_PIXELS);
    float(*all)[EMOTION_COUNT] = malloc(MANY * sizeof *all), one[1][EMOTION_COUNT];
    draw_faces(pixels, MANY);
    struct predictor *p = predictor("8,P,8", 48);
    assert_true(predictor_faces(p, pixels, MANY, all, &e));
    for (size_t i = 0; i < MANY; i += 29) {
        assert_true(predictor_faces(p, pixels + i * FACE_PIXELS, 1, one, &e));
        expect_same(one[0], all[i]);
    }
    predictor_free(p);
    free(pixels);
    free(all);
}

static void test_wide_image_is_its_centred_square(void **state)
{
    (void)state;
    enum { WIDE = 80 };
    struct err e = {0};
    uint8_t face[FACE_PIXELS], wide[FACE_SIZE * WIDE] = {0};
    float one[1][EMOTION_COUNT], other[EMOTION_COUNT];
    draw_faces(face, 1);
    for (int y = 0; y < FACE_SIZE; y++)
        memcpy(wide + y * WIDE + (WIDE - FACE_SIZE) / 2, face + y * FACE_SIZE, FACE_SIZE);
    struct predictor *p = predictor("8,P,8", 48);
    struct gray image = {.width = WIDE, .height = FACE_SIZE, .pixels = wide};
    assert_true(predictor_faces(p, face, 1, one, &e));
    assert_true(predictor_image(p, &image, other, &e));
    expect_same(one[0], other);
    predictor_free(p);
}

static void test_other_input_sizes_are_resized_to(void **state)
{
    (void)state;
    struct err e = {0};
    uint8_t face[FACE_PIXELS];
    float one[1][EMOTION_COUNT], other[EMOTION_COUNT], sum = 0;
    draw_faces(face, 1);
    struct predictor *p = predictor("8,P,8", 64);
    struct gray image = {.width = FACE_SIZE, .height = FACE_SIZE, .pixels = face};
    assert_true(predictor_faces(p, face, 1, one, &e));
    assert_true(predictor_image(p, &image, other, &e));
    expect_same(one[0], other);
    for (int k = 0; k < EMOTION_COUNT; k++)
        sum += one[0][k];
    assert_float_equal(sum, 1, 1e-5);
    predictor_free(p);
}

static void test_other_class_counts_are_refused(void **state)
{
    (void)state;
    struct err e = {0};
    size_t size;
    void *bytes = make_onnx("8", 48, 7, 1, &size);
    assert_null(predictor_from_onnx(bytes, size, "seven.onnx", 1, &e));
    assert_non_null(strstr(e.text, "seven.onnx"));
    assert_non_null(strstr(e.text, "7 classes"));
    free(bytes);
}

static void expect_unresolved(struct workspace *ws, const char *word, const char *sentence)
{
    struct err e = {0};
    int64_t id;
    assert_false(model_resolve(ws, word, &id, &e));
    if (strstr(e.text, sentence) == NULL)
        fail_msg("'%s' is not in '%s'", sentence, e.text);
}

static void test_words_that_mean_no_model_get_a_sentence(void **state)
{
    struct place *p = *state;
    char path[PATH_MAX + 32];
    expect_unresolved(p->ws, NULL, "no model yet");
    expect_unresolved(p->ws, "nobody", "nobody");
    expect_unresolved(p->ws, "missing.onnx", "missing.onnx");
    write_file(p->dir, "noise.onnx", "\x08\x07\x12\xff\xff\xff\xff\x0fnoise", 13);
    snprintf(path, sizeof path, "%s/noise.onnx", p->dir);
    expect_unresolved(p->ws, path, "noise.onnx");
    expect_unresolved(p->ws, p->dir, "regular file");
}

static void test_file_is_remembered_by_its_digest(void **state)
{
    struct place *p = *state;
    struct err e = {0};
    int64_t first, again, by_name;
    assert_true(model_resolve(p->ws, p->onnx, &first, &e));
    assert_true(model_resolve(p->ws, p->onnx, &again, &e));
    assert_int_equal(first, again);
    assert_true(model_resolve(p->ws, "fresh-net", &by_name, &e));
    assert_int_equal(first, by_name);
    struct arena arena = {0};
    struct model m;
    assert_true(model_by_name(p->ws, "fresh-net", &arena, &m, &e));
    assert_true(m.external);
    arena_free(&arena);
}

static void test_imported_model_has_its_name_and_size(void **state)
{
    struct place *p = *state;
    struct err e = {0};
    int64_t id;
    struct arena arena = {0};
    struct model m;
    assert_true(model_import(p->ws, p->onnx, "mine", false, NULL, &id, NULL, &e));
    assert_true(model_by_name(p->ws, "mine", &arena, &m, &e));
    assert_int_equal(m.id, id);
    assert_string_equal(m.arch, "8,P,8");
    assert_int_equal(m.input_size, 48);
    assert_false(m.external);
    assert_true(isnan(m.valid_accuracy));
    arena_free(&arena);
}

static struct columns *load(struct place *p, int64_t model)
{
    struct err e = {0};
    struct columns *c;
    if (!columns_load(&c, p->ws, RULE_MAJORITY, model, &e))
        fail_msg("%s", e.text);
    return c;
}

static void expect_completed(struct place *p, bool unseen)
{
    struct err e = {0};
    int64_t id;
    assert_true(model_import(p->ws, p->onnx, NULL, unseen, NULL, &id, NULL, &e));
    assert_true(predictions_complete(p->ws, id, NULL, true, &e));
    struct columns *c = load(p, id);
    assert_int_equal(c->count, FACES);
    for (size_t i = 0; i < c->count; i++) {
        assert_false(isnan(c->probabilities[i][0]));
        assert_int_equal(c->in_sample[i], !unseen && c->split[i] == SPLIT_TRAIN);
        assert_true(!c->in_sample[i] || isnan(c->suspect[i]));
    }
    columns_free(c);
}

/* Nobody knows what a model from elsewhere was trained on, unless somebody says so. */
static void test_model_from_elsewhere_counts_as_trained_on_the_train_split(void **state)
{
    expect_completed(*state, false);
}

static void test_unseen_model_is_out_of_sample_everywhere(void **state)
{
    expect_completed(*state, true);
}

static void complete(struct place *p, int64_t model, const char *text)
{
    struct err e = {0};
    struct filter *filter;
    assert_true(filter_parse(text, &filter, &e));
    if (!predictions_complete(p->ws, model, filter, true, &e))
        fail_msg("%s", e.text);
    filter_free(filter);
}

static void test_only_what_a_filter_could_pick_is_computed(void **state)
{
    struct place *p = *state;
    struct err e = {0};
    int64_t id;
    assert_true(model_import(p->ws, p->onnx, NULL, false, NULL, &id, NULL, &e));
    complete(p, id, "split:test pred!=label");
    struct columns *c = load(p, id);
    for (size_t i = 0; i < c->count; i++)
        assert_int_equal(c->prediction[i] != CLASS_NONE, c->split[i] == SPLIT_TEST);
    columns_free(c);
}

static double accuracy_of(struct place *p, const char *name)
{
    struct arena arena = {0};
    struct err e = {0};
    struct model m;
    assert_true(model_by_name(p->ws, name, &arena, &m, &e));
    arena_free(&arena);
    return m.valid_accuracy;
}

static void test_accuracy_is_kept_once_the_validation_split_is_complete(void **state)
{
    struct place *p = *state;
    struct err e = {0};
    int64_t id;
    assert_true(model_import(p->ws, p->onnx, "mine", false, NULL, &id, NULL, &e));
    complete(p, id, "split:valid label:happiness");
    assert_true(isnan(accuracy_of(p, "mine")));
    complete(p, id, "split:valid");
    struct columns *c = load(p, id);
    size_t count = 0, right = 0;
    for (size_t i = 0; i < c->count; i++) {
        bool counts = c->split[i] == SPLIT_VALID && c->label[i] >= 0 && c->label[i] < EMOTION_COUNT;
        count += counts;
        right += counts && c->label[i] == c->prediction[i];
    }
    columns_free(c);
    assert_true(count > 0);
    assert_float_equal(accuracy_of(p, "mine"), (double)right / (double)count, 1e-12);
}

static void test_completing_leaves_what_is_there(void **state)
{
    struct place *p = *state;
    struct err e = {0};
    int64_t id;
    const float certain[EMOTION_COUNT] = {[CLASS_FEAR] = 1};
    assert_true(model_import(p->ws, p->onnx, NULL, false, NULL, &id, NULL, &e));
    struct columns *c = load(p, id);
    int64_t sample = c->id[7];
    columns_free(c);
    assert_true(predictions_write(p->ws, id, &sample, certain, &(bool){true}, 1, &e));
    assert_true(predictions_complete(p->ws, id, NULL, true, &e));
    c = load(p, id);
    assert_true(c->in_sample[7]);
    assert_float_equal(c->probabilities[7][CLASS_FEAR], 1, 1e-6);
    assert_false(isnan(c->probabilities[8][0]));
    columns_free(c);
}

/* A trainer cut off before it wrote its predictions: training faces must not pass for unseen. */
static void test_completing_for_a_run_marks_its_training_faces(void **state)
{
    struct place *p = *state;
    struct err e = {0};
    struct columns *c = load(p, -1);
    int64_t run, id, seen = c->id[FACES / 2];
    char recipe[64];
    snprintf(recipe, sizeof recipe, "{\"last_sample\": %lld}", (long long)seen);
    struct run_new r = {
        .name = "cut", .recipe = recipe, .label_revision = "", .parent = "", .epochs_planned = 1};
    assert_true(run_start(p->ws, &r, &run, &e));
    size_t size;
    void *bytes = make_onnx("8", 48, EMOTION_COUNT, 9, &size);
    struct model_new m = {.name = "cut",
                          .onnx = bytes,
                          .size = size,
                          .arch = "8",
                          .run = run,
                          .input_size = 48,
                          .valid_accuracy = NAN};
    if (!model_add(p->ws, &m, &id, &e))
        fail_msg("%s", e.text);
    free(bytes);
    columns_free(c);
    assert_true(predictions_complete(p->ws, id, NULL, true, &e));
    c = load(p, id);
    for (size_t i = 0; i < c->count; i++)
        assert_int_equal(c->in_sample[i], c->split[i] == SPLIT_TRAIN && c->id[i] <= seen);
    columns_free(c);
}

#define WITH_WORKSPACE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_prediction_averages_face_and_mirror_image),
        cmocka_unit_test(test_many_faces_are_predicted_as_one_by_one),
        cmocka_unit_test(test_wide_image_is_its_centred_square),
        cmocka_unit_test(test_other_input_sizes_are_resized_to),
        cmocka_unit_test(test_other_class_counts_are_refused),
        WITH_WORKSPACE(test_words_that_mean_no_model_get_a_sentence),
        WITH_WORKSPACE(test_file_is_remembered_by_its_digest),
        WITH_WORKSPACE(test_imported_model_has_its_name_and_size),
        WITH_WORKSPACE(test_model_from_elsewhere_counts_as_trained_on_the_train_split),
        WITH_WORKSPACE(test_unseen_model_is_out_of_sample_everywhere),
        WITH_WORKSPACE(test_only_what_a_filter_could_pick_is_computed),
        WITH_WORKSPACE(test_accuracy_is_kept_once_the_validation_split_is_complete),
        WITH_WORKSPACE(test_completing_leaves_what_is_there),
        WITH_WORKSPACE(test_completing_for_a_run_marks_its_training_faces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
