/* ferlab live without a terminal: the faces of each frame of a film, and what cannot be watched. */
#include "film.h"

#include <string.h>

enum { FRAMES = 5 };

static void test_the_faces_of_each_frame_are_told(void **state)
{
    (void)state;
    char dir[PATH_MAX], path[PATH_MAX];
    temp_dir_make(dir);
    write_film(dir, 1, FRAMES, path);
    json_t *j = run_ferlab_json("live", "--frames", path, "--json", NULL),
           *pictures = json_object_get(j, "pictures");
    assert_int_equal(json_integer_value(json_object_get(j, "frames")), FRAMES);
    assert_true(json_number_value(json_object_get(j, "frames_per_second")) > 0);
    assert_int_equal(json_array_size(pictures), FRAMES);
    json_t *first = json_object_get(json_array_get(pictures, 0), "faces");
    assert_true(json_array_size(first) > 0);
    for (size_t i = 0; i < FRAMES; i++) {
        json_t *picture = json_array_get(pictures, i);
        assert_int_equal(json_integer_value(json_object_get(picture, "frame")), i + 1);
        assert_true(json_is_null(json_object_get(picture, "file")));
        assert_true(json_equal(json_object_get(picture, "faces"), first)); /* it is the same picture */
    }
    json_decref(j);
    j = run_ferlab_json("live", "--frames", path, "--limit", "2", "--json", NULL);
    assert_int_equal(json_integer_value(json_object_get(j, "frames")), 2);
    json_decref(j);
    temp_dir_remove(dir);
}

static void test_a_picture_that_cannot_be_read_does_not_end_the_others(void **state)
{
    (void)state;
    static const char gray[] = "P5\n3 1\n255\nabc";
    char dir[PATH_MAX];
    struct output o;
    temp_dir_make(dir);
    write_file(dir, "a.pgm", gray, sizeof gray - 1);
    write_file(dir, "b.pgm", gray, sizeof gray - 3);
    write_file(dir, "c.pgm", gray, sizeof gray - 1);
    run_ferlab(&o, "live", "--frames", dir, NULL);
    assert_int_equal(o.status, 1);
    assert_non_null(strstr(o.err, "b.pgm: the image is damaged"));
    assert_non_null(strstr(o.out, "frame 1 a.pgm"));
    assert_non_null(strstr(o.out, "frame 3 c.pgm"));
    assert_non_null(strstr(o.out, "2 frames"));
    output_free(&o);
    temp_dir_remove(dir);
}

static void expect_refusal(int status, const char *sentence, const char *option, const char *value,
                           const char *more, const char *another)
{
    struct output o;
    run_ferlab(&o, "live", option, value, more, another, NULL);
    assert_int_equal(o.status, status);
    if (strstr(o.err, sentence) == NULL)
        fail_msg("'%s' does not say '%s'", o.err, sentence);
    output_free(&o);
}

static void test_what_cannot_be_watched_is_a_sentence(void **state)
{
    (void)state;
    char dir[PATH_MAX];
    temp_dir_make(dir);
    expect_refusal(
        1, "/dev/ferlab-has-none: there is no camera; connect the camera, or play files with --frames",
        "--device", "/dev/ferlab-has-none", NULL, NULL);
    expect_refusal(1, "/nowhere.y4m: cannot open", "--frames", "/nowhere.y4m", NULL, NULL);
    expect_refusal(1, "there is no picture in this folder", "--frames", dir, NULL, NULL);
    expect_refusal(2, "say one of them", "--frames", "a.y4m", "--device", "/dev/video0");
    temp_dir_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_faces_of_each_frame_are_told),
        cmocka_unit_test(test_a_picture_that_cannot_be_read_does_not_end_the_others),
        cmocka_unit_test(test_what_cannot_be_watched_is_a_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
