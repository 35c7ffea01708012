/* Near-duplicates as stored, and what columns say of them. */
#include "ferlab/store/columns.h"
#include "ferlab/store/duplicates.h"
#include "ferlab/store/reasons.h"
#include "ferlab/store/reviews.h"
#include "ferlab/train/duplicates.h"
#include "store_fixture.h"

#include <math.h>

enum { SAMPLES = 20 };

/* Samples 1, 3 and 9 are one photograph, the last of them in valid; 2 and 10, of train and test, another. */
static void write_groups(struct fixture *f)
{
    int64_t ids[SAMPLES];
    uint32_t group[SAMPLES];

    for (uint32_t i = 0; i < SAMPLES; i++) {
        ids[i] = i + 1;
        group[i] = i;
    }
    group[2] = group[8] = 0;
    group[9] = 1;
    MUST(f, duplicates_write(f->ws, ids, group, SAMPLES, &f->e));
}

static struct columns *load(struct fixture *f)
{
    struct columns *c;

    MUST(f, columns_load(&c, f->ws, RULE_MAJORITY, -1, &f->e));
    return c;
}

static void relabel(struct fixture *f, int64_t sample, const char *class)
{
    struct event *events;
    struct review review = {.sample = sample, .kind = EVENT_RELABEL, .value = class};

    MUST(f, reviews_append(f->ws, &review, 1, &f->arena, &events, &f->e));
}

static void test_groups_read_back_for_any_samples(void **state)
{
    struct fixture f;
    const int64_t some[] = {2, 3, 9, 10, 11};
    uint32_t group[5];

    (void)state;
    fixture_open(&f, SAMPLES);
    write_groups(&f);
    MUST(&f, duplicates_read(f.ws, some, 5, group, &f.e));
    /* the first of the group, sample 1, is not among these */
    const uint32_t expected[] = {0, 1, 1, 0, 4};
    assert_memory_equal(group, expected, sizeof group);
    write_groups(&f); /* anew, not on top */
    assert_int_equal(plain_number(f.path, "SELECT count(*) FROM duplicate"), 5);
    fixture_close(&f);
}

static void test_columns_know_rings_disagreement_and_leaks(void **state)
{
    struct fixture f;

    (void)state;
    fixture_open(&f, SAMPLES);
    struct columns *c = load(&f);
    bool changed;

    assert_false(c->copies_known);
    assert_int_equal(c->next_copy[0], 0);
    write_groups(&f);
    MUST(&f, columns_refresh(c, f.ws, &changed, &f.e));
    assert_true(changed && c->copies_known);
    assert_int_equal(c->next_copy[0], 2);
    assert_int_equal(c->next_copy[2], 8);
    assert_int_equal(c->next_copy[8], 0);
    assert_int_equal(c->next_copy[3], 3);
    assert_true(c->leaks[0] && c->leaks[8] && c->leaks[1] && !c->leaks[3]);
    assert_true(isnan(c->disagreement[3]));
    for (int64_t sample = 1; sample <= 9; sample += sample == 1 ? 2 : 6)
        relabel(&f, sample, sample == 9 ? "fear" : "anger");
    MUST(&f, columns_refresh(c, f.ws, &changed, &f.e));
    assert_float_equal(c->disagreement[0], 0.5, 0);
    assert_float_equal(c->disagreement[8], 1, 0);
    relabel(&f, 9, "nf"); /* no emotion: it says nothing of the others */
    MUST(&f, columns_refresh(c, f.ws, &changed, &f.e));
    assert_float_equal(c->disagreement[0], 0, 0);
    assert_true(isnan(c->disagreement[8]));
    columns_free(c);
    fixture_close(&f);
}

static void test_reasons_name_votes_and_copies(void **state)
{
    struct fixture f;
    char text[REASONS_SIZE];

    (void)state;
    fixture_open(&f, SAMPLES);
    write_groups(&f);
    relabel(&f, 3, "sadness");
    relabel(&f, 9, "sadness");
    struct columns *c = load(&f);

    sample_reasons(c, 0, text);
    assert_non_null(strstr(text, "votes "));
    assert_non_null(strstr(text, "; 2 near-duplicates labelled sadness, not all in one split"));
    assert_null(strstr(text, "model"));
    assert_null(strstr(sample_reasons(c, 3, text), "near-duplicate"));
    columns_free(c);
    fixture_close(&f);
}

/* The fixture's pixels are one ramp, begun elsewhere: all that is asked here is that it happens once. */
static void test_groups_are_found_once_for_a_set_of_samples(void **state)
{
    struct fixture f;
    bool complete;
    char name[32];
    uint8_t pixels[FACE_PIXELS];
    struct sample s;

    (void)state;
    fixture_open(&f, SAMPLES);
    MUST(&f, duplicates_are_complete(f.ws, &complete, &f.e));
    assert_false(complete);
    MUST(&f, duplicates_complete(f.ws, 1, &f.e));
    MUST(&f, duplicates_are_complete(f.ws, &complete, &f.e));
    assert_true(complete);
    write_groups(&f); /* stays: nothing is looked for again */
    MUST(&f, duplicates_complete(f.ws, 1, &f.e));
    assert_int_equal(plain_number(f.path, "SELECT count(*) FROM duplicate"), 5);

    /* until a sample comes, here a copy of the first byte by byte */
    struct sample_writer *w = sample_writer_new(f.ws, &f.e);
    fixture_sample(0, &s, name, pixels);
    s.name = "again.png";
    assert_int_equal(sample_add(w, &s, &f.e), SAMPLE_NEW);
    sample_writer_free(w);
    MUST(&f, duplicates_are_complete(f.ws, &complete, &f.e));
    assert_false(complete);
    MUST(&f, duplicates_complete(f.ws, 1, &f.e));
    struct columns *c = load(&f);
    uint32_t row = c->next_copy[SAMPLES];

    while (row != SAMPLES && row != 0)
        row = c->next_copy[row];
    assert_int_equal(row, 0);
    columns_free(c);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_groups_read_back_for_any_samples),
        cmocka_unit_test(test_columns_know_rings_disagreement_and_leaks),
        cmocka_unit_test(test_reasons_name_votes_and_copies),
        cmocka_unit_test(test_groups_are_found_once_for_a_set_of_samples),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
