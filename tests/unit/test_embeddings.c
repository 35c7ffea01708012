/* Embeddings: what the workspace keeps of them, how they come about, and what is similar by them. */
#include "store_fixture.h"

#include "ferlab/base/half.h"
#include "ferlab/nn/onnx.h"
#include "ferlab/store/places.h"
#include "ferlab/train/embedding.h"
#include "ferlab/train/inference.h"
#include "ferlab/train/mapping.h"

#include <math.h>

enum { SAMPLES = 60, VALUES = 8 };

/* A model that an untrained network is: its last layer sees the averages of VALUES maps. */
static int64_t add_model(struct fixture *f, const char *name, uint64_t seed)
{
    struct network *net = network_create("8,P,8", 48, EMOTION_COUNT, seed, &f->e);
    void *bytes;
    size_t size;
    int64_t id;
    assert_non_null(net);
    MUST(f, onnx_write(net, NULL, NULL, 0, &bytes, &size, &f->e));
    const struct model_new m = {.name = name, .onnx = bytes, .size = size, .valid_accuracy = NAN};
    MUST(f, model_add(f->ws, &m, &id, &f->e));
    network_free(net);
    free(bytes);
    return id;
}

static struct embeddings *load(struct fixture *f, struct columns **c, int64_t model)
{
    struct embeddings *m;
    MUST(f, columns_load(c, f->ws, RULE_MAJORITY, model, &f->e));
    MUST(f, embeddings_load(&m, f->ws, *c, &f->e));
    return m;
}

static void test_vectors_come_back_scaled_to_length_one(void **state)
{
    (void)state;
    struct fixture f;
    struct columns *c;
    fixture_open(&f, 5);
    int64_t model = add_model(&f, "net", 1), ids[] = {1, 3, 4};
    const float vectors[3][4] = {{3, 0, -4, 0}, {0, 0, 0, 0}, {1, INFINITY, 0, 0}};
    MUST(&f, embeddings_write(f.ws, model, ids, vectors[0], 4, 3, &f.e));
    struct embeddings *m = load(&f, &c, model);
    assert_int_equal(m->width, 4);
    assert_int_equal(m->count, 5);
    assert_int_equal(m->known, 3);
    assert_float_equal(half_to_float(m->vectors[0]), 0.6, 3e-4);
    assert_float_equal(half_to_float(m->vectors[2]), -0.8, 3e-4);
    assert_true(embeddings_has(m, 0));
    for (size_t row = 1; row < 5; row++)
        assert_false(embeddings_has(m, row));
    embeddings_free(m);
    columns_free(c);
    fixture_close(&f);
}

static void test_embeddings_go_with_their_model(void **state)
{
    (void)state;
    struct fixture f;
    fixture_open(&f, 5);
    int64_t model = add_model(&f, "net", 1), ids[] = {1, 3};
    const float vectors[2][2] = {{1, 0}, {0, 1}};
    int64_t *lacking;
    size_t count;
    MUST(&f, embeddings_write(f.ws, model, ids, vectors[0], 2, 2, &f.e));
    MUST(&f, embeddings_lacking(f.ws, model, &f.arena, &lacking, &count, &f.e));
    assert_int_equal(count, 3);
    assert_int_equal(lacking[0], 2);
    assert_int_equal(lacking[2], 5);
    MUST(&f, model_remove(f.ws, model, &f.e));
    assert_int_equal(plain_number(f.path, "SELECT count(*) FROM embedding"), 0);
    fixture_close(&f);
}

static void test_vectors_of_another_length_are_damage(void **state)
{
    (void)state;
    struct fixture f;
    struct columns *c;
    struct embeddings *m;
    fixture_open(&f, 5);
    int64_t model = add_model(&f, "net", 1), ids[] = {1, 3};
    const float vectors[2][2] = {{1, 0}, {0, 1}};
    MUST(&f, embeddings_write(f.ws, model, ids, vectors[0], 2, 2, &f.e));
    plain_sql_works(f.path, "UPDATE embedding SET vector = x'0000' WHERE sample = 3");
    MUST(&f, columns_load(&c, f.ws, RULE_MAJORITY, model, &f.e));
    REFUSED(&f, embeddings_load(&m, f.ws, c, &f.e), "differ in length");
    columns_free(c);
    fixture_close(&f);
}

/* Both ways to them: on demand, and beside predictions. */
static void test_predicting_leaves_the_embeddings_that_are_computed_on_demand(void **state)
{
    (void)state;
    struct fixture f;
    struct columns *c, *d;
    fixture_open(&f, SAMPLES);
    int64_t one = add_model(&f, "one", 1), other = add_model(&f, "other", 1);
    MUST(&f, embeddings_complete(f.ws, one, true, &f.e));
    MUST(&f, predictions_complete(f.ws, other, NULL, true, &f.e));
    struct embeddings *m = load(&f, &c, one), *n = load(&f, &d, other);
    assert_int_equal(m->known, SAMPLES);
    assert_int_equal(n->known, SAMPLES);
    assert_int_equal(m->width, VALUES);
    assert_memory_equal(m->vectors, n->vectors, SAMPLES * VALUES * sizeof *m->vectors);
    embeddings_free(m), embeddings_free(n);
    columns_free(c), columns_free(d);
    fixture_close(&f);
}

static void test_samples_that_came_later_get_theirs(void **state)
{
    (void)state;
    struct fixture f;
    struct columns *c;
    fixture_open(&f, SAMPLES);
    int64_t model = add_model(&f, "net", 1);
    MUST(&f, embeddings_complete(f.ws, model, true, &f.e));
    fixture_add(&f, f.ws, SAMPLES, 7);
    MUST(&f, embeddings_complete(f.ws, model, true, &f.e));
    struct embeddings *m = load(&f, &c, model);
    assert_int_equal(m->known, SAMPLES + 7);
    embeddings_free(m);
    columns_free(c);
    fixture_close(&f);
}

static size_t pick(struct fixture *f, struct columns *c, const char *text, uint32_t *rows)
{
    struct filter *filter;
    MUST(f, filter_parse(text, &filter, &f->e));
    MUST(f, embeddings_for_filter(f->ws, c, filter, true, &f->e));
    size_t count = filter_apply(filter, c, rows);
    filter_free(filter);
    return count;
}

static void test_similar_picks_the_nearest_first(void **state)
{
    (void)state;
    struct fixture f;
    struct columns *c;
    uint32_t rows[SAMPLES];
    fixture_open(&f, SAMPLES);
    int64_t model = add_model(&f, "net", 1);
    MUST(&f, columns_load(&c, f.ws, RULE_MAJORITY, model, &f.e));
    assert_int_equal(pick(&f, c, "similar:17", rows), SAMPLES);
    assert_int_equal(c->id[rows[0]], 17);
    assert_float_equal(c->similarity[rows[0]], 1, 0);
    for (size_t i = 1; i < SAMPLES; i++)
        assert_true(c->similarity[rows[i]] <= c->similarity[rows[i - 1]]);
    size_t count = pick(&f, c, "similar:17 split:valid", rows);
    assert_int_equal(count, SAMPLES / 10);
    for (size_t i = 1; i < count; i++)
        assert_true(c->similarity[rows[i]] <= c->similarity[rows[i - 1]]);
    pick(&f, c, "similar:17 sort:id", rows);
    assert_int_equal(c->id[rows[0]], 1);
    columns_free(c);
    fixture_close(&f);
}

static void test_another_model_forgets_what_was_similar(void **state)
{
    (void)state;
    struct fixture f;
    struct columns *c;
    uint32_t rows[SAMPLES];
    fixture_open(&f, SAMPLES);
    int64_t one = add_model(&f, "one", 1), other = add_model(&f, "other", 2);
    MUST(&f, columns_load(&c, f.ws, RULE_MAJORITY, one, &f.e));
    pick(&f, c, "similar:17", rows);
    MUST(&f, columns_use_model(c, f.ws, other, &f.e));
    assert_int_equal(c->similar_to, 0);
    assert_true(isnan(c->similarity[16]));
    columns_free(c);
    fixture_close(&f);
}

static void test_what_cannot_be_similar_is_told(void **state)
{
    (void)state;
    struct fixture f;
    struct columns *c;
    struct filter *filter;
    fixture_open(&f, 12);
    MUST(&f, filter_parse("similar:99", &filter, &f.e));
    MUST(&f, columns_load(&c, f.ws, RULE_MAJORITY, 0, &f.e));
    REFUSED(&f, embeddings_for_filter(f.ws, c, filter, true, &f.e), "there is none yet");
    columns_free(c);
    MUST(&f, columns_load(&c, f.ws, RULE_MAJORITY, add_model(&f, "net", 1), &f.e));
    REFUSED(&f, embeddings_for_filter(f.ws, c, filter, true, &f.e), "no sample with that id");
    columns_free(c);
    filter_free(filter);
    const struct model_new folds = {.name = "folds", .folds = 3, .valid_accuracy = NAN};
    int64_t id;
    MUST(&f, model_add(f.ws, &folds, &id, &f.e));
    REFUSED(&f, embeddings_complete(f.ws, id, true, &f.e), "it has no file");
    fixture_close(&f);
}

static void test_a_map_is_kept_and_goes_with_its_model(void **state)
{
    (void)state;
    struct fixture f;
    struct columns *c;
    struct map_report r;
    float places[SAMPLES + 3][2];
    size_t found;
    fixture_open(&f, SAMPLES);
    int64_t model = add_model(&f, "net", 1);
    MUST(&f, map_refine(f.ws, model, true, &r, &f.e));
    assert_int_equal(r.faces, SAMPLES);
    assert_true(r.kept > 0 && r.kept <= 1);
    fixture_add(&f, f.ws, SAMPLES, 3);
    MUST(&f, columns_load(&c, f.ws, RULE_MAJORITY, model, &f.e));
    MUST(&f, places_load(f.ws, c, places, &found, &f.e));
    assert_int_equal(found, SAMPLES);
    assert_false(isnan(places[SAMPLES - 1][1]));
    assert_true(isnan(places[SAMPLES][0]));
    columns_free(c);
    MUST(&f, model_remove(f.ws, model, &f.e));
    assert_int_equal(plain_number(f.path, "SELECT count(*) FROM map"), 0);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors_come_back_scaled_to_length_one),
        cmocka_unit_test(test_embeddings_go_with_their_model),
        cmocka_unit_test(test_vectors_of_another_length_are_damage),
        cmocka_unit_test(test_predicting_leaves_the_embeddings_that_are_computed_on_demand),
        cmocka_unit_test(test_samples_that_came_later_get_theirs),
        cmocka_unit_test(test_similar_picks_the_nearest_first),
        cmocka_unit_test(test_another_model_forgets_what_was_similar),
        cmocka_unit_test(test_what_cannot_be_similar_is_told),
        cmocka_unit_test(test_a_map_is_kept_and_goes_with_its_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
