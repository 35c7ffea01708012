/* What is similar, on a real pty: S opens the faces most alike, the face view has a strip of them, and S
 * means something else where trainings are started. */
#include "workbench_fixture.h"

#include "ferlab/store/embeddings.h"

static struct fixture f;

/* The samples lie on a quarter of a circle in the order of their ids, so that those nearest to one have the
 * ids next to it. Those from `first` on. */
static void add_embeddings(int64_t first)
{
    struct workspace *ws;
    struct err e;
    float vectors[FIXTURE_FACES][2];
    int64_t ids[FIXTURE_FACES], count = 0;
    if (!workspace_open(&ws, f.workspace, WORKSPACE_WRITE, &e))
        fail_msg("%s", e.text);
    for (int64_t id = first; id <= FIXTURE_FACES; id++, count++) {
        double angle = 1.5 * (double)id / FIXTURE_FACES;
        vectors[count][0] = (float)cos(angle);
        vectors[count][1] = (float)sin(angle);
        ids[count] = id;
    }
    if (!embeddings_write(ws, model_current(ws), ids, vectors[0], 2, (size_t)count, &e))
        fail_msg("%s", e.text);
    workspace_close(ws);
}

static int setup(void **state)
{
    (void)state;
    fixture_make(&f, true);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fixture_remove(&f);
    return 0;
}

static void test_similar_faces_open_and_going_back_restores(void **state)
{
    (void)state;
    add_embeddings(1);
    struct screen *s = fixture_start(&f, &full_screen, "split:valid");
    type_keys(s, "S");
    expect_text(s, "similar:241 ");
    expect_text(s, "200 of 300");
    type_keys(s, "q");
    expect_text(s, "split:valid");
    type_keys(s, ":filter similar:150 id<=152\r");
    expect_text(s, "similar:150 id<=152");
    type_keys(s, "g\r");
    expect_text(s, "id 150 ");
    type_keys(s, "j");
    expect_text(s, "2 of ");
}

static void test_the_face_view_has_a_strip_of_them(void **state)
{
    (void)state;
    add_embeddings(1);
    struct screen *s = fixture_start(&f, &full_screen, "");
    type_keys(s, "\r");
    expect_text(s, "alike  the nearest by fixture");
    type_keys(s, "S");
    expect_text(s, "similar:1 ");
}

static void test_without_embeddings_there_is_no_strip(void **state)
{
    (void)state;
    struct screen *s = fixture_start(&f, &full_screen, "");
    type_keys(s, "\r");
    expect_text(s, "votes of ten");
    assert_false(screen_has(s, "alike"));
}

/* The fixture's model is no ONNX file: its process ends with a sentence, and is not started over and over. */
static void test_a_model_that_cannot_tell_says_why(void **state)
{
    (void)state;
    add_embeddings(2);
    struct screen *s = fixture_start(&f, &full_screen, "");
    type_keys(s, "S");
    expect_text(s, "has not looked at all samples");
    expect_text(s, "no sample passes this filter");
    screen_settle(s, 600);
    assert_false(screen_has(s, "embedding"));
    type_keys(s, "q");
    expect_text(s, "everything");
}

static void test_the_same_key_starts_trainings_in_their_view(void **state)
{
    (void)state;
    add_embeddings(1);
    struct screen *s = fixture_start(&f, &full_screen, "");
    type_keys(s, "?");
    expect_text(s, "the faces most alike to this one");
    type_keys(s, "qtS");
    screen_settle(s, 100);
    assert_false(screen_has(s, "similar:"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_similar_faces_open_and_going_back_restores, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_face_view_has_a_strip_of_them, setup, teardown),
        cmocka_unit_test_setup_teardown(test_without_embeddings_there_is_no_strip, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_model_that_cannot_tell_says_why, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_same_key_starts_trainings_in_their_view, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
