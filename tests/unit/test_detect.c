/* The detector that ships, crops of faces and what is wrong with them. */
#include "scenes.h"
#include "support.h"

#include "ferlab/base/rng.h"
#include "ferlab/detect/detect.h"
#include "ferlab/face/flaws.h"
#include "ferlab/face/synth.h"

#include <stdlib.h>
#include <string.h>

static struct detector *detector;

static int open_default(void **state)
{
    (void)state;
    struct err e = {0};
    detector = detector_open(NULL, 1, &e);
    if (detector == NULL)
        print_error("%s\n", e.text);
    return detector == NULL;
}

static int close_default(void **state)
{
    (void)state;
    detector_close(detector);
    return 0;
}

/* The faces of a scene with a box on them, and the boxes on none. */
static void count(const struct scene *s, const struct boxes *found, int *right, int *wrong)
{
    for (size_t i = 0; i < found->count; i++) {
        bool on_face = false;
        for (int f = 0; f < s->face_count; f++) {
            struct box face = {.x = s->faces[f].x,
                               .y = s->faces[f].y,
                               .width = s->faces[f].side,
                               .height = s->faces[f].side};
            on_face = on_face || box_overlap(&face, &found->items[i]) >= 0.4;
        }
        ++*(on_face ? right : wrong);
    }
}

static void test_most_faces_of_scenes_are_found_and_little_else(void **state)
{
    (void)state;
    static struct scene scene;
    struct boxes found = {0};
    int faces = 0, right = 0, wrong = 0;
    for (int i = 0; i < SCENE_COUNT; i++) {
        struct err e = {0};
        scene_draw(i, &scene);
        struct gray image = {.width = SCENE_WIDTH, .height = SCENE_HEIGHT, .pixels = scene.pixels};
        assert_true(detector_find(detector, &image, &found, &e));
        count(&scene, &found, &right, &wrong);
        faces += scene.face_count;
    }
    print_message("%d of %d faces, %d others\n", right, faces, wrong);
    assert_true(10 * right >= 8 * faces);
    assert_true(5 * wrong <= SCENE_COUNT);
    boxes_free(&found);
}

static void test_forty_faces_are_found_at_once_and_the_surest_come_first(void **state)
{
    (void)state;
    enum { ACROSS = 8, DOWN = 5, CELL = 120, SIDE = 96, WIDTH = ACROSS * CELL, HEIGHT = DOWN * CELL };
    struct synth_set *set = synth_set_new(5, ACROSS * DOWN, 0);
    uint8_t *pixels = malloc((size_t)WIDTH * HEIGHT), large[SIDE * SIDE];
    memset(pixels, 128, (size_t)WIDTH * HEIGHT);
    for (int i = 0; i < ACROSS * DOWN; i++) {
        struct synth_face face;
        synth_set_face(set, (uint32_t)i, &face);
        image_resize(face.pixels, FACE_SIZE, FACE_SIZE, large, SIDE, SIDE);
        for (int y = 0; y < SIDE; y++)
            memcpy(pixels + (size_t)(i / ACROSS * CELL + 12 + y) * WIDTH + i % ACROSS * CELL + 12,
                   large + y * SIDE, SIDE);
    }
    struct gray image = {.width = WIDTH, .height = HEIGHT, .pixels = pixels};
    struct boxes found = {0};
    struct err e = {0};
    assert_true(detector_find(detector, &image, &found, &e));
    print_message("%zu of %d\n", found.count, ACROSS * DOWN);
    assert_in_range(found.count, ACROSS * DOWN * 8 / 10, ACROSS * DOWN);
    for (size_t i = 1; i < found.count; i++)
        assert_true(found.items[i - 1].score >= found.items[i].score);
    boxes_free(&found);
    synth_set_free(set);
    free(pixels);
}

static void test_nothing_is_found_where_nothing_is(void **state)
{
    (void)state;
    enum { WIDTH = 320, HEIGHT = 240 };
    static uint8_t pixels[WIDTH * HEIGHT];
    struct gray image = {.width = WIDTH, .height = HEIGHT, .pixels = pixels};
    struct boxes found = {0};
    struct err e = {0};
    assert_true(detector_find(detector, &image, &found, &e));
    assert_int_equal(found.count, 0);
    struct rng r;
    rng_seed(&r, 3, 0);
    for (int i = 0; i < WIDTH * HEIGHT; i++)
        pixels[i] = (uint8_t)rng_below(&r, 256);
    assert_true(detector_find(detector, &image, &found, &e));
    assert_int_equal(found.count, 0);
    boxes_free(&found);
}

static void test_a_cascade_that_is_not_there_is_named_with_the_mend(void **state)
{
    (void)state;
    struct err e = {0};
    assert_null(detector_open("haarcascade_none", 1, &e));
    assert_non_null(strstr(e.text, "haarcascade_none"));
    assert_non_null(strstr(e.text, "opencv-data"));
    assert_non_null(strstr(e.text, "--no-detect"));
}

static void test_crops_repeat_the_edge_beyond_the_picture(void **state)
{
    (void)state;
    uint8_t pixels[] = {10, 20, 30, 40};
    struct gray image = {.width = 2, .height = 2, .pixels = pixels}, square;
    struct box box = {.x = 0, .y = 0, .width = 2, .height = 2};
    assert_true(face_square(&image, &box, 2, &square));
    assert_int_equal(square.width, 4);
    const uint8_t expected[] = {10, 10, 20, 20, 10, 10, 20, 20, 30, 30, 40, 40, 30, 30, 40, 40};
    assert_memory_equal(square.pixels, expected, sizeof expected);
    image_free(&square);
    uint8_t same[4];
    assert_true(face_crop(&image, &box, 1, 2, same));
    assert_memory_equal(same, pixels, sizeof same);
}

static void test_flaws_are_told(void **state)
{
    (void)state;
    struct synth_set *set = synth_set_new(5, 10, 0);
    struct synth_face face;
    synth_set_face(set, 0, &face);
    synth_set_free(set);
    assert_int_equal(face_flaws(face.pixels, 48), 0);
    assert_int_equal(face_flaws(face.pixels, 20), FACE_SMALL);
    uint8_t dark[FACE_PIXELS], few[6 * 6], blurred[FACE_PIXELS];
    for (int i = 0; i < FACE_PIXELS; i++)
        dark[i] = face.pixels[i] / 8;
    assert_true(face_flaws(dark, 48) & FACE_DARK);
    image_resize(face.pixels, FACE_SIZE, FACE_SIZE, few, 6, 6);
    image_resize(few, 6, 6, blurred, FACE_SIZE, FACE_SIZE);
    assert_int_equal(face_flaws(blurred, 48), FACE_BLURRED);
    assert_string_equal(face_flaw_name(2), "blurred");
    assert_null(face_flaw_name(3));
    unsigned flaw;
    assert_true(face_flaw_parse("Dark", &flaw));
    assert_int_equal(flaw, FACE_DARK);
    assert_false(face_flaw_parse("darker", &flaw));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_most_faces_of_scenes_are_found_and_little_else),
        cmocka_unit_test(test_forty_faces_are_found_at_once_and_the_surest_come_first),
        cmocka_unit_test(test_nothing_is_found_where_nothing_is),
        cmocka_unit_test(test_a_cascade_that_is_not_there_is_named_with_the_mend),
        cmocka_unit_test(test_crops_repeat_the_edge_beyond_the_picture),
        cmocka_unit_test(test_flaws_are_told),
    };
    return cmocka_run_group_tests(tests, open_default, close_default);
}
