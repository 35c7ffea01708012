/* What speaks for a class, over the face: asked for, of another class, stronger, and where there is nothing
 * to ask. */
#include "workbench_fixture.h"

#include "ferlab/nn/onnx.h"
#include "ferlab/term/heat.h"
#include "ferlab/train/saliency.h"

static struct fixture f;
static void *onnx;
static size_t onnx_size;

/* A workspace whose model is a real one, untrained. */
static int setup(void **state)
{
    (void)state;
    static const char *const names[] = {"neutral", "happiness", "surprise", "sadness",
                                        "anger",   "disgust",   "fear",     "contempt"};
    char path[PATH_MAX];
    struct err e;
    struct network *net = network_create("6,P,8", FACE_SIZE, EMOTION_COUNT, 3, &e);
    if (net == NULL || !onnx_write(net, names, NULL, 0, &onnx, &onnx_size, &e))
        fail_msg("%s", e.text);
    network_free(net);
    fixture_make(&f, false);
    write_file(f.dir, "looker.onnx", onnx, onnx_size);
    snprintf(path, sizeof path, "%.4000s/looker.onnx", f.dir);
    json_decref(run_ferlab_json("-w", f.workspace, "model", "import", path, "--json", NULL));
    json_decref(run_ferlab_json("-w", f.workspace, "model", "use", "looker", "--json", NULL));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    free(onnx);
    fixture_remove(&f);
    return 0;
}

static struct screen *open_face(const struct screen_options *o, const char *filter)
{
    struct screen *s = fixture_start(&f, o, filter);
    type_keys(s, "\r");
    expect_text(s, "votes of ten");
    return s;
}

/* How many pixels of the face on the screen are not those of sample 1 under the heat of an emotion. */
static int heat_off(struct screen *s, int emotion, int strength)
{
    enum { SIDE = 9 * FACE_SIZE, X = 9, Y = 2 * 19 };
    struct err e;
    uint8_t face[FACE_PIXELS];
    float heat[FACE_PIXELS];
    struct saliency *looker = saliency_from_onnx(onnx, onnx_size, "looker", &e);
    fixture_pixels(&f, 1, face);
    if (looker == NULL || !saliency_face(looker, face, emotion, heat, &e))
        fail_msg("%s", e.text);
    saliency_free(looker);
    struct canvas c = {0};
    assert_true(canvas_resize(&c, SIDE, SIDE));
    canvas_heat(&c, 0, 0, SIDE, SIDE, face, heat, FACE_SIZE, strength, false);
    int width, height, off = 0;
    const uint8_t *rgb = screen_pixels(s, &width, &height);
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++) {
            const uint8_t *seen = rgb + ((size_t)(Y + y) * (size_t)width + (size_t)(X + x)) * 3,
                          *wanted = canvas_color(&c, c.pixels[y * SIDE + x]);
            for (int i = 0; i < 3; i++)
                off += abs(seen[i] - wanted[i]) > 2;
        }
    canvas_free(&c);
    return off;
}

static void test_heat_lies_over_the_face_and_goes_again(void **state)
{
    (void)state;
    struct screen *s = open_face(&full_screen, "");
    json_t *shown = run_ferlab_json("show", "1", "-w", f.workspace, "--json", NULL);
    int predicted;
    assert_true(class_parse(json_string_value(json_object_get(shown, "prediction")), &predicted));
    json_decref(shown);
    type_keys(s, "w");
    expect_text(s, "(predicted): Grad-CAM of looker, heat 0.5");
    screen_settle(s, 100);
    assert_int_equal(heat_off(s, predicted, 1), 0);
    type_keys(s, "A");
    expect_text(s, "heat 0.7");
    screen_settle(s, 100);
    assert_int_equal(heat_off(s, predicted, 2), 0);
    type_keys(s, "w");
    expect_no_text(s, "Grad-CAM");
    uint8_t face[FACE_PIXELS];
    fixture_pixels(&f, 1, face);
    assert_int_equal(pixels_off(s, face, (struct shown_face){.x = 9, .y = 38, .side = 432, .rows = 432}), 0);
}

/* Every class comes in turn, with a map or the sentence that nothing speaks for it. */
static void test_the_class_is_chosen(void **state)
{
    (void)state;
    struct screen *s = open_face(&full_screen, "id:1");
    type_keys(s, "w");
    expect_text(s, "(predicted)");
    type_keys(s, "W");
    expect_text(s, "(label)");
    static const char *const classes[] = {
        "why neutral: ", "why happiness: ", "why surprise: ", "why sadness: ",
        "why anger: ",   "why disgust: ",   "why fear: ",     "why contempt: "};
    int maps = 0;
    for (int k = 0; k < EMOTION_COUNT; k++) {
        type_keys(s, "W");
        expect_text(s, classes[k]);
        expect_no_text(s, "looking");
        screen_settle(s, 100);
        if (!screen_has(s, "nothing in this face")) {
            assert_int_equal(heat_off(s, k, 1), 0);
            maps++;
        }
    }
    assert_true(maps > 0);
    type_keys(s, "W");
    expect_text(s, "(predicted)");
}

static void test_it_follows_to_the_next_face(void **state)
{
    (void)state;
    struct screen *s = open_face(&full_screen, "");
    type_keys(s, "wjjk");
    expect_text(s, "2 of 300");
    expect_text(s, "why ");
    type_keys(s, "k");
    expect_text(s, "Grad-CAM of looker");
}

static void test_it_fits_80x24_in_half_blocks(void **state)
{
    (void)state;
    const struct screen_options small = {.columns = 80, .rows = 24, .cell_width = 9, .cell_height = 19};
    struct screen *s = open_face(&small, "id:1");
    type_keys(s, "w");
    expect_text(s, "Grad-CAM of looker");
    expect_text(s, "w off");
}

static void test_without_something_to_ask_it_says_so(void **state)
{
    (void)state;
    struct fixture other;
    fixture_make(&other, true); /* its model has no network */
    struct screen *s = fixture_start(&other, &full_screen, "id:2");
    type_keys(s, "\rw");
    expect_text(s, "fixture: ");
    expect_no_text(s, "looking");
    fixture_remove(&other);
    fixture_make(&other, false);
    s = fixture_start(&other, &full_screen, "id:2");
    type_keys(s, "\rw");
    expect_text(s, "why: there is no model to ask");
    fixture_remove(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_heat_lies_over_the_face_and_goes_again),
        cmocka_unit_test(test_the_class_is_chosen),
        cmocka_unit_test(test_it_follows_to_the_next_face),
        cmocka_unit_test(test_it_fits_80x24_in_half_blocks),
        cmocka_unit_test(test_without_something_to_ask_it_says_so),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
