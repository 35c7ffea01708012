/* ferlab predict --cascade: faces of a photograph with their boxes and emotions. */
#include "scenes.h"
#include "support.h"

#include "ferlab/base/path.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CASCADE "haarcascade_frontalface_default"
#define IS_THERE "/usr/share/opencv4/haarcascades/" CASCADE ".xml"

static void write_scene(const char *dir, int index, char path[PATH_MAX])
{
    static struct scene scene;
    struct err e = {0};
    scene_draw(index, &scene);
    snprintf(path, PATH_MAX, "%.4000s/scene.png", dir);
    if (!image_png_write(path, scene.pixels, SCENE_WIDTH, SCENE_HEIGHT, &e))
        fail_msg("%s", e.text);
}

static double number_at(const json_t *array, size_t i)
{
    return json_number_value(json_array_get(array, i));
}

static void test_each_face_has_its_box_and_emotion(void **state)
{
    (void)state;
    char dir[PATH_MAX], path[PATH_MAX];
    if (!path_is_file(IS_THERE)) {
        print_message("skipped: no " IS_THERE " (Debian: opencv-data)\n");
        skip();
    }
    temp_dir_make(dir);
    write_scene(dir, 1, path);
    json_t *j = run_ferlab_json("predict", "--cascade", CASCADE, path, "--json", NULL),
           *faces = json_object_get(json_array_get(j, 0), "faces");
    assert_int_equal(json_array_size(j), 1);
    assert_int_equal(json_array_size(faces), 2); /* as OpenCV finds: tests/golden/detections.txt */
    for (size_t i = 0; i < json_array_size(faces); i++) {
        json_t *face = json_array_get(faces, i), *box = json_object_get(face, "box");
        double sum = 0;
        assert_int_equal(json_array_size(box), 4);
        assert_true(number_at(box, 0) >= 0 && number_at(box, 0) + number_at(box, 2) <= SCENE_WIDTH);
        assert_true(number_at(box, 1) >= 0 && number_at(box, 1) + number_at(box, 3) <= SCENE_HEIGHT);
        for (size_t k = 0; k < 8; k++)
            sum += number_at(json_object_get(face, "probabilities"), k);
        assert_float_equal(sum, 1, 1e-5);
        assert_non_null(json_object_get(face, "emotion"));
    }
    json_decref(j);
    temp_dir_remove(dir);
}

/* A window that nothing is brighter in than this asks for. */
static void test_a_picture_without_faces_has_none(void **state)
{
    (void)state;
    static const char never[] =
        "<opencv_storage><cascade><featureType>HAAR</featureType><height>8</height><width>8</width>"
        "<stages><_><stageThreshold>9</stageThreshold><weakClassifiers><_><internalNodes>0 -1 0 0.5"
        "</internalNodes><leafValues>0 1</leafValues></_></weakClassifiers></_></stages>"
        "<features><_><rects><_>0 0 8 8 -1.</_><_>4 0 4 8 2.</_></rects></_></features>"
        "</cascade></opencv_storage>";
    char dir[PATH_MAX], path[PATH_MAX], cascade[PATH_MAX + 16];
    struct output o;
    temp_dir_make(dir);
    write_scene(dir, 1, path);
    write_file(dir, "never.xml", never, strlen(never));
    snprintf(cascade, sizeof cascade, "%s/never.xml", dir);
    run_ferlab(&o, "predict", "--cascade", cascade, path, NULL);
    assert_int_equal(o.status, 0);
    assert_non_null(strstr(o.out, "scene.png  no face"));
    output_free(&o);
    json_t *j = run_ferlab_json("predict", "--cascade", cascade, path, "--json", NULL);
    assert_int_equal(json_array_size(json_object_get(json_array_get(j, 0), "faces")), 0);
    json_decref(j);
    temp_dir_remove(dir);
}

static void test_a_cascade_that_is_not_there_is_a_sentence(void **state)
{
    (void)state;
    struct output o;
    run_ferlab(&o, "predict", "--cascade", "nonsense", "x.png", NULL);
    assert_int_equal(o.status, 1);
    assert_non_null(
        strstr(o.err, "nonsense: there is no such cascade; name an XML file, or install opencv-data"));
    output_free(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_face_has_its_box_and_emotion),
        cmocka_unit_test(test_a_picture_without_faces_has_none),
        cmocka_unit_test(test_a_cascade_that_is_not_there_is_a_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
