/* ferlab predict over photographs, with the model and the detector that ship. */
#include "scenes.h"
#include "support.h"

#include "ferlab/base/path.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SCENE_INDEX = 4 };

#define TINY                                                                                                 \
    "P5\n8 8\n255\n"                                                                                         \
    "0123456701234567012345670123456701234567012345670123456701234567" /* the least that is a face */

static char dir[PATH_MAX], photo[PATH_MAX + 16];
static struct scene scene; /* of two faces or more, all of them found */

static void write_photo(const char *name)
{
    char header[32];
    int length = snprintf(header, sizeof header, "P5\n%d %d\n255\n", SCENE_WIDTH, SCENE_HEIGHT);
    uint8_t bytes[sizeof header + sizeof scene.pixels];
    memcpy(bytes, header, (size_t)length);
    memcpy(bytes + length, scene.pixels, sizeof scene.pixels);
    write_file(dir, name, bytes, (size_t)length + sizeof scene.pixels);
}

static int set_up(void **state)
{
    (void)state;
    temp_dir_make(dir);
    snprintf(photo, sizeof photo, "%s/photo.pgm", dir);
    scene_draw(SCENE_INDEX, &scene);
    write_photo("photo.pgm");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    temp_dir_remove(dir);
    return 0;
}

static void check_photo(const json_t *document)
{
    const json_t *faces = json_object_get(document, "faces");
    assert_int_equal(json_array_size(faces), scene.face_count);
    for (size_t i = 0; i < json_array_size(faces); i++) {
        const json_t *face = json_array_get(faces, i), *box = json_object_get(face, "box");
        double score = json_number_value(json_object_get(face, "score"));
        assert_true(score > 0 && score <= 1);
        assert_int_equal(json_array_size(json_object_get(face, "probabilities")), 8);
        assert_true(json_is_array(json_object_get(face, "flaws")));
        bool on_face = false;
        for (int f = 0; f < scene.face_count; f++) {
            int dx = (int)json_integer_value(json_array_get(box, 0)) - scene.faces[f].x,
                dy = (int)json_integer_value(json_array_get(box, 1)) - scene.faces[f].y;
            on_face = on_face || (abs(dx) < scene.faces[f].side / 3 && abs(dy) < scene.faces[f].side / 3);
        }
        assert_true(on_face);
    }
}

static void test_every_face_of_a_photograph_is_told(void **state)
{
    (void)state;
    json_t *j = run_ferlab_json("predict", photo, "--json", NULL);
    assert_int_equal(json_array_size(j), 1);
    assert_string_equal(json_string_value(json_object_get(json_array_get(j, 0), "file")), photo);
    check_photo(json_array_get(j, 0));
    json_decref(j);
    struct output o;
    run_ferlab(&o, "predict", photo, NULL);
    assert_int_equal(o.status, 0);
    assert_non_null(strstr(o.out, " at "));
    output_free(&o);
}

static void test_emotions_of_a_face_are_told_the_most_probable_first(void **state)
{
    (void)state;
    struct output o;
    double before = 100, share;
    int emotions = 0;
    run_ferlab(&o, "predict", "--no-detect", FERLAB_GOLDEN "/images/rgb.jpg", NULL);
    for (char *word = strtok(o.out, " "); word != NULL; word = strtok(NULL, " ")) {
        if (sscanf(word, "%lf", &share) != 1)
            continue;
        assert_true(share <= before);
        before = share;
        emotions++;
    }
    assert_true(emotions > 2);
    output_free(&o);
}

static void test_no_detect_takes_the_whole_picture(void **state)
{
    (void)state;
    json_t *j = run_ferlab_json("predict", photo, "--no-detect", "--json", NULL);
    json_t *faces = json_object_get(json_array_get(j, 0), "faces"), *face = json_array_get(faces, 0);
    assert_int_equal(json_array_size(faces), 1);
    const int box[] = {(SCENE_WIDTH - SCENE_HEIGHT) / 2, 0, SCENE_HEIGHT, SCENE_HEIGHT};
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(json_integer_value(json_array_get(json_object_get(face, "box"), i)), box[i]);
    assert_true(json_is_null(json_object_get(face, "score")));
    json_decref(j);
}

static void test_draw_writes_the_photograph_with_boxes(void **state)
{
    (void)state;
    char png[PATH_MAX + 16];
    struct output o;
    struct err e = {0};
    snprintf(png, sizeof png, "%s/drawn.png", dir);
    run_ferlab(&o, "predict", photo, "--draw", png, NULL);
    assert_int_equal(o.status, 0);
    output_free(&o);
    struct gray drawn;
    assert_true(image_load(png, &drawn, &e));
    assert_int_equal(drawn.width, SCENE_WIDTH);
    assert_int_equal(drawn.height, SCENE_HEIGHT);
    size_t changed = 0;
    for (size_t i = 0; i < sizeof scene.pixels; i++)
        changed += drawn.pixels[i] != scene.pixels[i];
    assert_in_range(changed, 200, sizeof scene.pixels / 4);
    image_free(&drawn);
}

static void test_draw_takes_no_other_file_s_place(void **state)
{
    (void)state;
    char png[PATH_MAX + 16];
    struct output o;
    write_file(dir, "mine.png", "mine", 4);
    snprintf(png, sizeof png, "%s/mine.png", dir);
    run_ferlab(&o, "predict", photo, "--draw", png, NULL);
    assert_int_equal(o.status, 1);
    assert_non_null(strstr(o.err, "replace it with --force"));
    output_free(&o);
    run_ferlab(&o, "predict", photo, "--draw", png, "--force", NULL);
    assert_int_equal(o.status, 0);
    output_free(&o);
    run_ferlab(&o, "predict", photo, "--draw", "drawn.jpg", NULL);
    assert_int_equal(o.status, 2);
    assert_non_null(strstr(o.err, "drawn.jpg: --draw writes a PNG; give a name that ends in .png"));
    output_free(&o);
    run_ferlab(&o, "predict", photo, photo, "--draw", png, NULL);
    assert_int_equal(o.status, 2);
    assert_non_null(strstr(o.err, "--draw writes one picture, and these are 2"));
    output_free(&o);
    run_ferlab(&o, "predict", png, "--draw", png, "--force", NULL);
    assert_int_equal(o.status, 2);
    assert_non_null(strstr(o.err, "--draw would replace the photograph; name another file"));
    output_free(&o);
}

static void test_folders_are_walked_with_those_in_them(void **state)
{
    (void)state;
    char folder[PATH_MAX], inner[PATH_MAX], path[PATH_MAX + 16];
    struct output o;
    struct err e = {0};
    assert_true(path_join(folder, dir, "album", &e) && path_join(inner, folder, "b", &e));
    assert_true(path_make_dirs(inner, &e));
    snprintf(path, sizeof path, "%s/loop", inner);
    assert_int_equal(symlink(folder, path), 0);
    write_file(inner, "2.pgm", TINY, sizeof TINY - 1);
    write_file(inner, ".hidden.pgm", TINY, sizeof TINY - 1);
    write_file(folder, "1.pgm", TINY, sizeof TINY - 1);
    write_file(folder, "notes.txt", "none", 4);
    json_t *photos = run_ferlab_json("predict", "--json", "--no-detect", folder, NULL);
    assert_int_equal(json_array_size(photos), 2);
    for (size_t i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, i == 0 ? "1.pgm" : "b/2.pgm");
        assert_string_equal(json_string_value(json_object_get(json_array_get(photos, i), "file")), path);
    }
    json_decref(photos);
    assert_true(path_join(inner, folder, "empty", &e) && path_make_dirs(inner, &e));
    run_ferlab(&o, "predict", inner, NULL);
    assert_int_equal(o.status, 1);
    assert_non_null(strstr(o.err, "empty: there is no picture in this folder or those in it"));
    output_free(&o);
}

static void test_a_picture_too_small_for_a_face_is_refused(void **state)
{
    (void)state;
    char path[PATH_MAX + 16];
    struct output o;
    write_file(dir, "dot.pgm", "P5\n7 9\n255\n" TINY, 11 + 63);
    snprintf(path, sizeof path, "%s/dot.pgm", dir);
    run_ferlab(&o, "predict", path, NULL);
    assert_int_equal(o.status, 1);
    assert_string_equal(o.out, "");
    assert_non_null(
        strstr(o.err, "dot.pgm: 7 x 9 pixels are too few for a face; take pictures of 8 or more"));
    output_free(&o);
}

static void test_pictures_of_other_kinds_in_a_folder_are_counted(void **state)
{
    (void)state;
    char folder[PATH_MAX], inner[PATH_MAX];
    struct output o;
    struct err e = {0};
    assert_true(path_join(folder, dir, "kinds", &e) && path_join(inner, folder, "b", &e));
    assert_true(path_make_dirs(inner, &e));
    write_file(folder, "1.pgm", TINY, sizeof TINY - 1);
    write_file(inner, "2.webp", "RIFF", 4);
    write_file(folder, "3.HEIC", "ftyp", 4);
    write_file(folder, "notes.txt", "none", 4);
    run_ferlab(&o, "predict", folder, NULL);
    assert_int_equal(o.status, 1);
    assert_non_null(strstr(o.out, "1.pgm"));
    assert_non_null(
        strstr(o.err, "kinds: passed over 2 pictures of other kinds than PNG, JPEG, BMP and PGM"));
    output_free(&o);
}

static void test_standard_input_is_a_picture_too(void **state)
{
    (void)state;
    char command[3 * PATH_MAX], out[1 << 16] = "";
    snprintf(command, sizeof command, "'%s' predict --json - < '%s'", FERLAB_PROGRAM, photo);
    FILE *f = popen(command, "r");
    assert_non_null(f);
    size_t length = fread(out, 1, sizeof out - 1, f);
    assert_int_equal(pclose(f), 0);
    json_t *j = json_loadb(out, length, 0, NULL);
    assert_string_equal(json_string_value(json_object_get(json_array_get(j, 0), "file")), "-");
    check_photo(json_array_get(j, 0));
    json_decref(j);
    struct output o;
    run_ferlab(&o, "predict", "-", NULL);
    assert_int_equal(o.status, 1);
    assert_non_null(strstr(o.err, "standard input: nothing came"));
    output_free(&o);
}

static void test_a_picture_without_faces_says_so(void **state)
{
    (void)state;
    static const char header[] = "P5\n200 200\n255\n";
    uint8_t bytes[sizeof header - 1 + 200 * 200] = {0};
    char path[PATH_MAX + 16];
    memcpy(bytes, header, sizeof header - 1);
    write_file(dir, "empty.pgm", bytes, sizeof bytes);
    snprintf(path, sizeof path, "%s/empty.pgm", dir);
    struct output o;
    run_ferlab(&o, "predict", path, NULL);
    assert_int_equal(o.status, 0);
    assert_non_null(strstr(o.out, "no face found"));
    output_free(&o);
    json_t *j = run_ferlab_json("predict", path, "--json", NULL);
    assert_int_equal(json_array_size(json_object_get(json_array_get(j, 0), "faces")), 0);
    json_decref(j);
}

static void test_cascades_are_chosen_by_name_or_file_and_refused_in_a_sentence(void **state)
{
    (void)state;
    char bad[PATH_MAX + 16];
    struct output o;
    write_file(dir, "bad.xml", "<opencv_storage>", 16);
    snprintf(bad, sizeof bad, "%s/bad.xml", dir);
    run_ferlab(&o, "predict", photo, "--cascade", bad, NULL);
    assert_int_equal(o.status, 1);
    assert_non_null(strstr(o.err, "bad.xml:1: "));
    output_free(&o);
    run_ferlab(&o, "predict", photo, "--cascade", "no_such_cascade", NULL);
    assert_int_equal(o.status, 1);
    assert_non_null(strstr(o.err, "opencv-data"));
    output_free(&o);
    run_ferlab(&o, "predict", photo, "--cascade", "x", "--no-detect", NULL);
    assert_int_equal(o.status, 2);
    output_free(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_face_of_a_photograph_is_told),
        cmocka_unit_test(test_emotions_of_a_face_are_told_the_most_probable_first),
        cmocka_unit_test(test_no_detect_takes_the_whole_picture),
        cmocka_unit_test(test_draw_writes_the_photograph_with_boxes),
        cmocka_unit_test(test_draw_takes_no_other_file_s_place),
        cmocka_unit_test(test_folders_are_walked_with_those_in_them),
        cmocka_unit_test(test_a_picture_too_small_for_a_face_is_refused),
        cmocka_unit_test(test_pictures_of_other_kinds_in_a_folder_are_counted),
        cmocka_unit_test(test_standard_input_is_a_picture_too),
        cmocka_unit_test(test_a_picture_without_faces_says_so),
        cmocka_unit_test(test_cascades_are_chosen_by_name_or_file_and_refused_in_a_sentence),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
