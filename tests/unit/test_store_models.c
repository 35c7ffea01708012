/* Models: names, digests, the current one, predictions. */
#include "ferlab/base/digest.h"
#include "ferlab/store/models.h"
#include "store_fixture.h"

#include <math.h>

static int64_t add(struct fixture *f, const char *name, const char *onnx, bool external)
{
    int64_t id = 0;
    struct model_new m = {.name = name,
                          .onnx = onnx,
                          .size = strlen(onnx),
                          .arch = "32,P",
                          .parameters = 1000,
                          .input_size = 48,
                          .valid_accuracy = NAN,
                          .external = external};

    MUST(f, model_add(f->ws, &m, &id, &f->e));
    return id;
}

static void test_a_model_comes_back_as_it_was_added(void **state)
{
    struct fixture f;
    struct model m;
    void *bytes;
    size_t size;
    bool found;
    /* sha256sum of "abc" */
    static const char digest[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    (void)state;
    fixture_open(&f, 3);
    int64_t id = add(&f, "net-1.2_b", "abc", false);

    MUST(&f, model_by_name(f.ws, "net-1.2_b", &f.arena, &m, &f.e));
    assert_int_equal(m.id, id);
    assert_int_equal(m.run, 0);
    assert_string_equal(m.digest, digest);
    assert_string_equal(m.arch, "32,P");
    assert_int_equal(m.parameters, 1000);
    assert_int_equal(m.size_bytes, 3);
    assert_int_equal(m.input_size, 48);
    assert_true(isnan(m.valid_accuracy));
    assert_true(m.current);
    assert_false(m.external);
    MUST(&f, model_onnx(f.ws, id, &bytes, &size, &f.e));
    assert_int_equal(size, 3);
    assert_memory_equal(bytes, "abc", 3);
    free(bytes);
    MUST(&f, model_by_digest(f.ws, digest, &f.arena, &m, &found, &f.e));
    assert_true(found);
    assert_string_equal(m.name, "net-1.2_b");
    MUST(&f, model_by_digest(f.ws, "0000", &f.arena, &m, &found, &f.e));
    assert_false(found);
    REFUSED(&f, model_by_name(f.ws, "nobody", &f.arena, &m, &f.e), "there is no model named 'nobody'");
    REFUSED(&f, model_onnx(f.ws, 99, &bytes, &size, &f.e), "there is no model 99");
    fixture_close(&f);
}

static void test_names_are_checked_and_unique(void **state)
{
    static const char *const bad[] = {"", "two words", "a/b", "ü", "semi;colon", "\033[31m"};
    struct fixture f;
    int64_t id;

    (void)state;
    fixture_open(&f, 1);
    add(&f, "a", "x", false);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        REFUSED(&f, model_add(f.ws, &(struct model_new){.name = bad[i], .onnx = "x", .size = 1}, &id, &f.e),
                "is no name for a model");
    REFUSED(&f, model_add(f.ws, &(struct model_new){.name = "a", .onnx = "x", .size = 1}, &id, &f.e),
            "a model named 'a' already");
    assert_string_equal(model_free_name(f.ws, "b", &f.arena), "b");
    assert_string_equal(model_free_name(f.ws, "a", &f.arena), "a-2");
    add(&f, "a-2", "y", false);
    assert_string_equal(model_free_name(f.ws, "a", &f.arena), "a-3");
    fixture_close(&f);
}

static void test_the_first_model_is_current_until_another_is_used(void **state)
{
    struct fixture f;
    struct model *models;
    size_t count;

    (void)state;
    fixture_open(&f, 1);
    assert_int_equal(model_current(f.ws), 0);
    add(&f, "elsewhere", "e", true);
    assert_int_equal(model_current(f.ws), 0);
    int64_t first = add(&f, "first", "1", false);

    assert_int_equal(model_current(f.ws), first);
    int64_t second = add(&f, "second", "2", false), third = add(&f, "third", "3", false);

    assert_int_equal(model_current(f.ws), first);
    MUST(&f, model_use(f.ws, second, &f.e));
    assert_int_equal(model_current(f.ws), second);
    REFUSED(&f, model_use(f.ws, 99, &f.e), "there is no model 99");
    MUST(&f, models_list(f.ws, &f.arena, &models, &count, &f.e));
    assert_int_equal(count, 3); /* without the external one */
    assert_string_equal(models[0].name, "first");
    assert_false(models[0].current);
    assert_true(models[1].current);

    MUST(&f, model_remove(f.ws, first, &f.e));
    assert_int_equal(model_current(f.ws), second);
    MUST(&f, model_remove(f.ws, second, &f.e));
    assert_int_equal(model_current(f.ws), third);
    MUST(&f, model_remove(f.ws, third, &f.e));
    assert_int_equal(model_current(f.ws), 0);
    REFUSED(&f, model_remove(f.ws, third, &f.e), "there is no model");
    fixture_close(&f);
}

static void test_predictions_replace_each_other_and_go_with_their_model(void **state)
{
    struct fixture f;
    struct model m;
    int64_t ids[] = {1, 2, 3};
    float p[3][EMOTION_COUNT] = {{1}, {0, 1}, {0, 0, 1}};
    bool in_sample[] = {true, false, false};

    (void)state;
    fixture_open(&f, 3);
    int64_t model = add(&f, "m", "m", false);

    MUST(&f, predictions_write(f.ws, model, ids, p[0], in_sample, 3, &f.e));
    p[1][1] = 0.5F;
    p[1][2] = 0.5F;
    MUST(&f, predictions_write(f.ws, model, ids + 1, p[1], in_sample + 1, 1, &f.e));
    MUST(&f, model_by_name(f.ws, "m", &f.arena, &m, &f.e));
    assert_int_equal(m.predictions, 3);
    /* 0.5 as little-endian float32 is 00 00 00 3f */
    assert_int_equal(plain_number(f.path, "SELECT hex(probabilities) = '000000000000003F0000003F"
                                          "0000000000000000000000000000000000000000' "
                                          "FROM prediction WHERE sample = 2"),
                     1);
    assert_int_equal(plain_number(f.path, "SELECT sum(in_sample) FROM prediction"), 1);
    MUST(&f, model_remove(f.ws, model, &f.e));
    assert_int_equal(plain_number(f.path, "SELECT count(*) FROM prediction"), 0);
    fixture_close(&f);
}

/* Version 1 called everything out of sample that a model from elsewhere had predicted. */
static void test_predictions_of_version_1_are_marked_when_migrated(void **state)
{
    struct fixture f;
    const int64_t ids[] = {8, 9, 10}; /* train, valid, test */
    const float p[3][EMOTION_COUNT] = {{1}, {1}, {1}};
    const bool in_sample[3] = {false};

    (void)state;
    fixture_open(&f, 10);
    int64_t model = add(&f, "m", "m", false);

    MUST(&f, predictions_write(f.ws, model, ids, p[0], in_sample, 3, &f.e));
    workspace_close(f.ws);
    plain_sql_works(f.path, "ALTER TABLE model DROP COLUMN unseen; ALTER TABLE model DROP COLUMN folds; "
                            "ALTER TABLE run DROP COLUMN folds; DROP TABLE turn; DROP TABLE queue; "
                            "DROP TABLE embedding; DROP TABLE map; "
                            "DROP INDEX event_unlocks; DROP TABLE duplicate; DROP INDEX sample_of_source; "
                            "ALTER TABLE sample DROP COLUMN source; ALTER TABLE sample DROP COLUMN flaws; "
                            "PRAGMA user_version = 1");
    MUST(&f, workspace_open(&f.ws, f.path, WORKSPACE_WRITE, &f.e));
    assert_int_equal(plain_number(f.path, "SELECT sum(in_sample * sample) FROM prediction"), 8);
    fixture_close(&f);
}

/* What several models said together has a name and predictions, but no file that could be taken for
 * another's.
 */
static void test_folds_have_no_file(void **state)
{
    struct fixture f;
    const struct model_new m = {.name = "folds-1", .folds = 5, .valid_accuracy = 0.75};
    int64_t id = 0;
    struct model found;
    void *bytes;
    size_t size;
    bool known = true;
    char digest[DIGEST_HEX];

    (void)state;
    fixture_open(&f, 1);
    MUST(&f, model_add(f.ws, &m, &id, &f.e));
    MUST(&f, model_by_name(f.ws, "folds-1", &f.arena, &found, &f.e));
    assert_int_equal(found.folds, 5);
    assert_int_equal(found.size_bytes, 0);
    assert_string_equal(found.digest, "");
    REFUSED(&f, model_onnx(f.ws, id, &bytes, &size, &f.e), "folds-1: it has no file");
    digest_of("", 0, digest);
    MUST(&f, model_by_digest(f.ws, digest, &f.arena, &found, &known, &f.e));
    assert_false(known);
    fixture_close(&f);
}

static void test_predictions_that_cannot_be_are_refused_whole(void **state)
{
    static const float wrong[] = {NAN, INFINITY, -0.1F, 1.5F};
    struct fixture f;
    int64_t ids[] = {1, 2}, stranger[] = {1, 77};
    float p[2][EMOTION_COUNT] = {{1}, {1}};
    bool in_sample[2] = {false};

    (void)state;
    fixture_open(&f, 3);
    int64_t model = add(&f, "m", "m", false);

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        p[1][3] = wrong[i];
        REFUSED(&f, predictions_write(f.ws, model, ids, p[0], in_sample, 2, &f.e), "as a probability");
    }
    p[1][3] = 0;
    REFUSED(&f, predictions_write(f.ws, model, stranger, p[0], in_sample, 2, &f.e), "FOREIGN KEY");
    REFUSED(&f, predictions_write(f.ws, 99, ids, p[0], in_sample, 2, &f.e), "FOREIGN KEY");
    assert_int_equal(plain_number(f.path, "SELECT count(*) FROM prediction"), 0);
    fixture_close(&f);
}

static void test_a_failure_inside_a_transaction_spares_what_was_done_before(void **state)
{
    struct fixture f;
    int64_t id;

    (void)state;
    fixture_open(&f, 1);
    MUST(&f, workspace_begin(f.ws, &f.e));
    add(&f, "a", "x", false);
    REFUSED(&f, model_add(f.ws, &(struct model_new){.name = "a", .onnx = "y", .size = 1}, &id, &f.e),
            "already");
    add(&f, "b", "y", false);
    MUST(&f, workspace_commit(f.ws, &f.e));
    assert_int_equal(plain_number(f.path, "SELECT count(*) FROM model"), 2);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_model_comes_back_as_it_was_added),
        cmocka_unit_test(test_names_are_checked_and_unique),
        cmocka_unit_test(test_the_first_model_is_current_until_another_is_used),
        cmocka_unit_test(test_predictions_replace_each_other_and_go_with_their_model),
        cmocka_unit_test(test_predictions_of_version_1_are_marked_when_migrated),
        cmocka_unit_test(test_folds_have_no_file),
        cmocka_unit_test(test_predictions_that_cannot_be_are_refused_whole),
        cmocka_unit_test(test_a_failure_inside_a_transaction_spares_what_was_done_before),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
