/* Saliency: faces to maps of what speaks for an emotion, and the command that shows them. */
#include "support.h"

#include "ferlab/face/emotion.h"
#include "ferlab/nn/onnx.h"
#include "ferlab/term/heat.h"
#include "ferlab/train/saliency.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[] = {"neutral", "happiness", "surprise", "sadness",
                                    "anger",   "disgust",   "fear",     "contempt"};

static void *write_onnx(struct network *net, size_t *size)
{
    struct err e = {0};
    void *bytes = NULL;
    if (net == NULL || !onnx_write(net, names, NULL, 0, &bytes, size, &e))
        fail_msg("%s", e.text);
    network_free(net);
    return bytes;
}

static struct saliency *saliency(struct network *net)
{
    struct err e = {0};
    size_t size;
    void *bytes = write_onnx(net, &size);
    struct saliency *s = saliency_from_onnx(bytes, size, "made.onnx", &e);
    if (s == NULL)
        fail_msg("%s", e.text);
    free(bytes);
    return s;
}

static void look(struct saliency *s, const uint8_t *pixels, int emotion, float *heat)
{
    struct err e = {0};
    if (!saliency_face(s, pixels, emotion, heat, &e))
        fail_msg("%s", e.text);
}

/* One map of the pixels as they are, where they are bright: it speaks for happiness and against all others.
 */
static struct network *bright_for_happiness(void)
{
    struct network *net = network_create("1b", FACE_SIZE, 8, 1, NULL);
    assert_non_null(net);
    for (size_t i = 0; i < network_parameter_count(net); i++) {
        struct parameter *p = network_parameter(net, i);
        for (size_t k = 0; k < p->count; k++)
            p->value[k] = strcmp(p->name, "conv1.weight") == 0    ? (k == 4 ? 1.0f : 0.0f)
                          : strcmp(p->name, "dense1.weight") == 0 ? (k == 1 ? 1.0f : -1.0f)
                                                                  : 0.0f;
    }
    return net;
}

/* A bright square of 10 x 10 on black. */
static void draw_square(uint8_t *pixels, int left, int top)
{
    memset(pixels, 0, FACE_PIXELS);
    for (int y = top; y < top + 10; y++)
        memset(pixels + y * FACE_SIZE + left, 250, 10);
}

static void test_heat_lies_where_the_reason_is(void **state)
{
    (void)state;
    struct saliency *s = saliency(bright_for_happiness());
    uint8_t pixels[FACE_PIXELS];
    float heat[FACE_PIXELS];
    draw_square(pixels, 6, 20);
    look(s, pixels, CLASS_HAPPINESS, heat);
    for (int y = 0; y < FACE_SIZE; y++)
        for (int x = 0; x < FACE_SIZE; x++)
            assert_float_equal(heat[y * FACE_SIZE + x], x >= 6 && x < 16 && y >= 20 && y < 30, 1e-6);
    saliency_free(s);
}

static void test_nothing_is_hot_where_nothing_speaks_for_it(void **state)
{
    (void)state;
    struct saliency *s = saliency(bright_for_happiness());
    uint8_t pixels[FACE_PIXELS];
    float heat[FACE_PIXELS];
    draw_square(pixels, 6, 20);
    look(s, pixels, CLASS_ANGER, heat);
    for (int i = 0; i < FACE_PIXELS; i++)
        assert_true(heat[i] == 0.0f);
    saliency_free(s);
}

/* The map of a mirrored face is the mirror image of the map: both are looked at, as in predictions. */
static void test_a_mirrored_face_has_the_mirrored_map(void **state)
{
    (void)state;
    struct saliency *s = saliency(network_create("6,P,8,P,8,P", FACE_SIZE, 8, 4, NULL));
    uint8_t pixels[FACE_PIXELS], mirrored[FACE_PIXELS];
    float heat[FACE_PIXELS], other[FACE_PIXELS], most = 0;
    for (int i = 0; i < FACE_PIXELS; i++)
        pixels[i] = (uint8_t)(i * i % 251);
    for (int i = 0; i < FACE_PIXELS; i++)
        mirrored[i] = pixels[i - i % FACE_SIZE + FACE_SIZE - 1 - i % FACE_SIZE];
    for (int k = 0; k < EMOTION_COUNT; k++) {
        look(s, pixels, k, heat);
        look(s, mirrored, k, other);
        for (int i = 0; i < FACE_PIXELS; i++) {
            most = fmaxf(most, heat[i]);
            assert_float_equal(heat[i], other[i - i % FACE_SIZE + FACE_SIZE - 1 - i % FACE_SIZE], 1e-5);
        }
    }
    assert_float_equal(most, 1.0f, 1e-6);
    saliency_free(s);
}

/* Another size than the face's: the map covers all of the face. */
static void test_models_of_another_size_are_looked_at_too(void **state)
{
    (void)state;
    struct saliency *s = saliency(network_create("4b,P,4b", 64, 8, 2, NULL));
    uint8_t pixels[FACE_PIXELS];
    float heat[FACE_PIXELS], most = 0;
    draw_square(pixels, 30, 8);
    for (int k = 0; k < EMOTION_COUNT; k++) {
        look(s, pixels, k, heat);
        for (int i = 0; i < FACE_PIXELS; i++)
            most = fmaxf(most, heat[i]);
    }
    assert_float_equal(most, 1.0f, 1e-6);
    saliency_free(s);
}

static void test_a_model_without_convolutions_says_so(void **state)
{
    (void)state;
    struct saliency *s = saliency(network_create("V,F9", FACE_SIZE, 8, 2, NULL));
    uint8_t pixels[FACE_PIXELS] = {0};
    float heat[FACE_PIXELS];
    struct err e = {0};
    assert_false(saliency_face(s, pixels, 0, heat, &e));
    assert_string_equal(e.text,
                        "made.onnx: the model has no convolution with maps of several places, so that it "
                        "cannot be shown where it looks");
    saliency_free(s);
}

/* ---- ferlab show --cam ---- */

struct place {
    char dir[PATH_MAX], workspace[PATH_MAX], onnx[PATH_MAX], png[PATH_MAX];
};

static int set_up(void **state)
{
    struct place *p = calloc(1, sizeof *p);
    size_t size;
    temp_dir_make(p->dir);
    make_workspace(p->dir, 40, p->workspace);
    void *bytes = write_onnx(bright_for_happiness(), &size);
    write_file(p->dir, "bright.onnx", bytes, size);
    free(bytes);
    snprintf(p->onnx, sizeof p->onnx, "%.4000s/bright.onnx", p->dir);
    snprintf(p->png, sizeof p->png, "%.4000s/face.png", p->dir);
    json_decref(run_ferlab_json("-w", p->workspace, "model", "import", p->onnx, "--json", NULL));
    *state = p;
    return 0;
}

static int tear_down(void **state)
{
    struct place *p = *state;
    temp_dir_remove(p->dir);
    free(p);
    return 0;
}

static void test_show_gives_the_map_and_a_picture(void **state)
{
    const struct place *p = *state;
    json_t *shown = run_ferlab_json("-w", p->workspace, "show", "3", "--cam", "predicted", "--png", p->png,
                                    "--json", NULL),
           *cam = json_object_get(shown, "cam"), *map = json_object_get(cam, "map");
    assert_string_equal(json_string_value(json_object_get(cam, "emotion")),
                        json_string_value(json_object_get(shown, "prediction")));
    assert_int_equal(json_array_size(map), FACE_SIZE);
    double most = 0;
    for (size_t y = 0; y < FACE_SIZE; y++)
        for (size_t x = 0; x < FACE_SIZE; x++)
            most = fmax(most, json_number_value(json_array_get(json_array_get(map, y), x)));
    assert_float_equal(most, 1.0, 1e-9);
    json_decref(shown);
    struct gray picture;
    struct err e = {0};
    if (!image_load(p->png, &picture, &e))
        fail_msg("%s", e.text);
    assert_int_equal(picture.width, 8 * FACE_SIZE);
    image_free(&picture);
}

static void expect_failure(const struct place *p, int status, const char *class, const char *sentence)
{
    struct output o;
    run_ferlab(&o, "-w", p->workspace, "show", "3", "--cam", class, NULL);
    assert_int_equal(o.status, status);
    if (strstr(o.err, sentence) == NULL)
        fail_msg("not '%s' but: %s", sentence, o.err);
    output_free(&o);
}

static void test_show_says_what_it_cannot_look_for(void **state)
{
    const struct place *p = *state;
    expect_failure(p, 2, "joy", "--cam takes predicted, label or an emotion, not 'joy'");
    expect_failure(p, 1, "unknown", "models tell emotions apart, and unknown is none");
    json_decref(run_ferlab_json("-w", p->workspace, "label", "3", "nf", "--json", NULL));
    expect_failure(p, 1, "label", "models tell emotions apart, and not a face is none");
}

/* ---- colours ---- */

static void test_colours_go_from_the_image_to_the_top_of_cividis(void **state)
{
    (void)state;
    uint8_t rgb[3];
    for (int s = 0; s < HEAT_STRENGTHS; s++) {
        heat_blend(100, 0.0f, heat_strengths[s], rgb);
        assert_true(rgb[0] == 100 && rgb[1] == 100 && rgb[2] == 100);
        heat_blend(100, 1.0f, heat_strengths[s], rgb);
        for (int i = 0; i < 3; i++)
            assert_in_range(rgb[i] + 1,
                            (int)(100 + heat_strengths[s] * ((float)cividis[CIVIDIS_STEPS - 1][i] - 100)),
                            (int)(102 + heat_strengths[s] * ((float)cividis[CIVIDIS_STEPS - 1][i] - 100)));
    }
}

/* Levels of gray and heat are near enough for the eye: every pixel within half a step of both. */
static void test_the_canvas_has_the_blended_colours(void **state)
{
    (void)state;
    enum { SIDE = 48, SCALE = 3 };
    uint8_t gray[SIDE * SIDE];
    float heat[SIDE * SIDE];
    for (int i = 0; i < SIDE * SIDE; i++) {
        gray[i] = (uint8_t)(i % SIDE * 255 / (SIDE - 1));
        heat[i] = (float)(i / SIDE) / (SIDE - 1);
    }
    for (int strength = 0; strength < HEAT_STRENGTHS; strength++) {
        /* Half a step of gray, and half a step of heat, along which both the share and the colour change by
         * as much as 255. */
        float slack = 127.5f / (PALETTE_HEAT_GRAYS - 1) +
                      heat_strengths[strength] * 255.0f / (PALETTE_HEATS - 1) + 2.0f;
        struct canvas c = {0};
        assert_true(canvas_resize(&c, SIDE * SCALE, SIDE * SCALE));
        canvas_heat(&c, 0, 0, c.width, c.height, gray, heat, SIDE, strength, false);
        for (int y = 0; y < c.height; y++)
            for (int x = 0; x < c.width; x++) {
                int at = y / SCALE * SIDE + x / SCALE;
                uint8_t want[3];
                const uint8_t *got = canvas_color(&c, c.pixels[y * c.width + x]);
                assert_non_null(got);
                heat_blend(gray[at], heat[at], heat_strengths[strength], want);
                for (int i = 0; i < 3; i++)
                    if (abs(got[i] - want[i]) > (int)slack)
                        fail_msg("%d,%d: %d, not %d", x, y, got[i], want[i]);
            }
        canvas_free(&c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_heat_lies_where_the_reason_is),
        cmocka_unit_test(test_nothing_is_hot_where_nothing_speaks_for_it),
        cmocka_unit_test(test_a_mirrored_face_has_the_mirrored_map),
        cmocka_unit_test(test_models_of_another_size_are_looked_at_too),
        cmocka_unit_test(test_a_model_without_convolutions_says_so),
        cmocka_unit_test(test_show_gives_the_map_and_a_picture),
        cmocka_unit_test(test_show_says_what_it_cannot_look_for),
        cmocka_unit_test(test_colours_go_from_the_image_to_the_top_of_cividis),
        cmocka_unit_test(test_the_canvas_has_the_blended_colours),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
