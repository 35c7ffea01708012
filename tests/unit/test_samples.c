/* Samples: added once, compared when they come again, pixels read one by one or in a sweep. */
#include "store_fixture.h"

#include "ferlab/store/columns.h"

static enum sample_added add_again(struct fixture *f, const struct sample *s)
{
    struct sample_writer *w;

    MUST(f, workspace_begin(f->ws, &f->e));
    MUST(f, w = sample_writer_new(f->ws, &f->e));
    enum sample_added added = sample_add(w, s, &f->e);

    sample_writer_free(w);
    MUST(f, workspace_commit(f->ws, &f->e));
    return added;
}

static void test_a_sample_that_comes_again_is_compared(void **state)
{
    struct fixture f;
    struct sample s;
    char name[32];
    uint8_t pixels[FACE_PIXELS];

    (void)state;
    fixture_open(&f, 10);
    fixture_sample(7, &s, name, pixels);
    assert_int_equal(add_again(&f, &s), SAMPLE_SAME);
    pixels[2303] ^= 1;
    assert_int_equal(add_again(&f, &s), SAMPLE_OTHER_PIXELS);
    s.votes.count[CLASS_NF]++;
    assert_int_equal(add_again(&f, &s), SAMPLE_OTHER_VOTES);
    s.split = SPLIT_NONE; /* another split is another sample */
    assert_int_equal(add_again(&f, &s), SAMPLE_NEW);
    assert_int_equal(plain_number(f.path, "SELECT count(*) FROM sample"), 11);
    fixture_close(&f);
}

static void test_the_writer_tells_the_id_of_what_it_added(void **state)
{
    struct fixture f;
    struct sample s;
    struct sample_writer *w;
    char name[32];
    uint8_t pixels[FACE_PIXELS];

    (void)state;
    fixture_open(&f, 10);
    MUST(&f, workspace_begin(f.ws, &f.e));
    MUST(&f, w = sample_writer_new(f.ws, &f.e));
    fixture_sample(10, &s, name, pixels);
    assert_int_equal(sample_add(w, &s, &f.e), SAMPLE_NEW);
    assert_int_equal(sample_added_id(w), 11);
    fixture_sample(3, &s, name, pixels);
    assert_int_equal(sample_add(w, &s, &f.e), SAMPLE_SAME);
    assert_int_equal(sample_added_id(w), 11);
    sample_writer_free(w);
    MUST(&f, workspace_commit(f.ws, &f.e));
    fixture_close(&f);
}

static void test_names_are_kept_byte_for_byte(void **state)
{
    static const char *const names[] = {"it's \"quoted\"; DROP TABLE sample; --", "naïve ✓.png",
                                        "a\033[31m\nb", "\xff\xfe"};
    struct fixture f;
    struct sample s;
    char name[32];
    uint8_t pixels[FACE_PIXELS];

    (void)state;
    fixture_open(&f, 0);
    fixture_sample(0, &s, name, pixels);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        s.name = names[i];
        assert_int_equal(add_again(&f, &s), SAMPLE_NEW);
        assert_int_equal(add_again(&f, &s), SAMPLE_SAME);
    }
    assert_int_equal(plain_number(f.path, "SELECT count(*) FROM sample WHERE name = 'naïve ✓.png'"), 1);
    fixture_close(&f);
}

static void test_an_abandoned_import_adds_nothing(void **state)
{
    struct fixture f;
    struct sample s;
    struct sample_writer *w;
    char name[32];
    uint8_t pixels[FACE_PIXELS];

    (void)state;
    fixture_open(&f, 3);
    MUST(&f, workspace_begin(f.ws, &f.e));
    MUST(&f, w = sample_writer_new(f.ws, &f.e));
    fixture_sample(50, &s, name, pixels);
    assert_int_equal(sample_add(w, &s, &f.e), SAMPLE_NEW);
    sample_writer_free(w);
    workspace_rollback(f.ws);
    assert_int_equal(plain_number(f.path, "SELECT count(*) FROM sample"), 3);
    assert_int_equal(plain_number(f.path, "SELECT count(*) FROM pixels"), 3);
    fixture_close(&f);
}

static void check_pixels(const int64_t *ids, size_t count, const uint8_t *pixels)
{
    uint8_t expected[FACE_PIXELS];

    for (size_t i = 0; i < count; i++) {
        fixture_pixels((uint32_t)ids[i] - 1, expected);
        assert_memory_equal(pixels + i * FACE_PIXELS, expected, FACE_PIXELS);
    }
}

static void test_pixels_come_back_one_by_one_sparse_and_dense(void **state)
{
    struct fixture f;
    int64_t all[200], some[] = {3, 17, 18, 199}, lone[] = {1, 200};
    uint8_t *pixels = malloc(200 * FACE_PIXELS);

    (void)state;
    fixture_open(&f, 200);
    for (int i = 0; i < 200; i++)
        all[i] = i + 1;
    MUST(&f, sample_pixels_many(f.ws, all, 200, pixels, &f.e));
    check_pixels(all, 200, pixels);
    MUST(&f, sample_pixels_many(f.ws, some, 4, pixels, &f.e));
    check_pixels(some, 4, pixels);
    MUST(&f, sample_pixels_many(f.ws, lone, 2, pixels, &f.e));
    check_pixels(lone, 2, pixels);
    MUST(&f, sample_pixels_many(f.ws, lone, 0, NULL, &f.e));
    MUST(&f, sample_pixels(f.ws, some[1], pixels, &f.e));
    check_pixels(some + 1, 1, pixels);
    free(pixels);
    fixture_close(&f);
}

static void test_pixels_of_a_sample_that_is_not_there_are_refused(void **state)
{
    struct fixture f;
    int64_t dense[] = {9, 10, 11}, sparse[] = {1, 4000000000};
    uint8_t pixels[3 * FACE_PIXELS];

    (void)state;
    fixture_open(&f, 10);
    REFUSED(&f, sample_pixels(f.ws, 11, pixels, &f.e), "there is no sample 11");
    REFUSED(&f, sample_pixels_many(f.ws, dense, 3, pixels, &f.e), "there is no sample 11");
    REFUSED(&f, sample_pixels_many(f.ws, sparse, 2, pixels, &f.e), "there is no sample 4000000000");
    fixture_close(&f);
}

static void test_the_box_comes_back(void **state)
{
    struct fixture f;
    struct sample s;
    char name[32];
    uint8_t pixels[FACE_PIXELS];
    const int32_t expected[4] = {-3, 2, 51, INT32_MAX};
    struct columns *c;

    (void)state;
    fixture_open(&f, 0);
    fixture_sample(0, &s, name, pixels);
    memcpy(s.box, expected, sizeof expected);
    assert_int_equal(add_again(&f, &s), SAMPLE_NEW);
    MUST(&f, columns_load(&c, f.ws, RULE_MAJORITY, -1, &f.e));
    assert_memory_equal(c->box[0], expected, sizeof expected);
    columns_free(c);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_sample_that_comes_again_is_compared),
        cmocka_unit_test(test_the_writer_tells_the_id_of_what_it_added),
        cmocka_unit_test(test_names_are_kept_byte_for_byte),
        cmocka_unit_test(test_an_abandoned_import_adds_nothing),
        cmocka_unit_test(test_pixels_come_back_one_by_one_sparse_and_dense),
        cmocka_unit_test(test_pixels_of_a_sample_that_is_not_there_are_refused),
        cmocka_unit_test(test_the_box_comes_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
