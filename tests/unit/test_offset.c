/* Where a face lies in a window, as classes and back. */
#include "support.h"

#include "ferlab/detect/offset.h"

#include <math.h>

static void assert_close(double a, double b)
{
    assert_true(fabs(a - b) < 1e-6);
}

static void test_classes_within_reach_tell_the_place_and_size(void **state)
{
    (void)state;
    static const struct offset offsets[] = {{0, 0, 0},
                                            {.right = 0.11, .down = -0.2, .growth = 0.33},
                                            {.right = -0.25, .down = 0.07, .growth = -0.4}};
    for (size_t i = 0; i < sizeof offsets / sizeof *offsets; i++) {
        float classes[OFFSET_CLASSES];
        struct offset back;
        assert_true(offset_in_reach(&offsets[i]));
        offset_classes(&offsets[i], classes);
        assert_close(offset_read(classes, &back), 1);
        assert_close(back.right, offsets[i].right);
        assert_close(back.down, offsets[i].down);
        assert_close(back.growth, offsets[i].growth);
    }
}

static void test_what_is_too_far_off_is_out_of_reach_and_at_the_border(void **state)
{
    (void)state;
    struct offset far = {.right = 0.5, .down = -0.6, .growth = 1}, back;
    float classes[OFFSET_CLASSES];
    assert_false(offset_in_reach(&far));
    offset_classes(&far, classes);
    offset_read(classes, &back);
    assert_close(back.right, 0.25);
    assert_close(back.down, -0.25);
    assert_close(back.growth, 0.4);
}

static void test_no_face_is_nowhere(void **state)
{
    (void)state;
    float classes[OFFSET_CLASSES] = {[OFFSET_OTHER] = 1};
    struct offset o;
    assert_close(offset_read(classes, &o), 0);
    assert_close(o.right, 0);
    assert_close(o.growth, 0);
}

static void test_a_window_moves_to_its_face(void **state)
{
    (void)state;
    struct box window = {.x = 100, .y = 80, .width = 60, .height = 60, .score = 0.5F},
               face = {.x = 110, .y = 70, .width = 50, .height = 50};
    struct offset o = offset_between(&window, &face);
    struct box moved = offset_apply(&window, &o);
    assert_int_equal(moved.x, face.x);
    assert_int_equal(moved.y, face.y);
    assert_int_equal(moved.width, face.width);
    assert_int_equal(moved.height, face.height);
    assert_true(moved.score == window.score);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_classes_within_reach_tell_the_place_and_size),
        cmocka_unit_test(test_what_is_too_far_off_is_out_of_reach_and_at_the_border),
        cmocka_unit_test(test_no_face_is_nowhere),
        cmocka_unit_test(test_a_window_moves_to_its_face),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
