/* Faces found in pictures: no crowd has voted on them, a reviewer labels them, and then they train. */
#include "store_fixture.h"

#include "ferlab/exchange/documents.h"
#include "ferlab/face/flaws.h"
#include "ferlab/store/filter.h"
#include "ferlab/train/trainer.h"

#include <math.h>

enum { VOTED = 20, FOUND = 3 };

static void add_found(struct fixture *f)
{
    struct sample_writer *w;
    uint8_t pixels[FACE_PIXELS];
    char name[32];
    MUST(f, workspace_begin(f->ws, &f->e));
    MUST(f, w = sample_writer_new(f->ws, &f->e));
    for (int i = 0; i < FOUND; i++) {
        fixture_pixels(100 + (uint32_t)i, pixels);
        snprintf(name, sizeof name, "party.jpg#%d", i + 1);
        struct sample s = {.split = SPLIT_NONE,
                           .name = name,
                           .box = {10 * i, 20, 10 * i + 90, 110},
                           .pixels = pixels,
                           .source = i < 2 ? "/photos/party.jpg" : "/photos/tree.png",
                           .flaws = i == 0 ? FACE_SMALL | FACE_DARK : 0};
        assert_int_equal(sample_add(w, &s, &f->e), SAMPLE_NEW);
    }
    sample_writer_free(w);
    MUST(f, workspace_commit(f->ws, &f->e));
}

static void open_with_found(struct fixture *f, struct columns **c)
{
    fixture_open(f, VOTED);
    add_found(f);
    MUST(f, columns_load(c, f->ws, RULE_MAJORITY, 0, &f->e));
}

static void review(struct fixture *f, struct columns *c, size_t row, enum event_kind kind, const char *value)
{
    struct review r = {.sample = c->id[row], .kind = kind, .value = value};
    struct event *events;
    bool changed;
    MUST(f, reviews_append(f->ws, &r, 1, &f->arena, &events, &f->e));
    MUST(f, columns_refresh(c, f->ws, &changed, &f->e));
}

static size_t picked(struct fixture *f, const struct columns *c, const char *text, uint32_t *rows)
{
    struct filter *filter;
    MUST(f, filter_parse(text, &filter, &f->e));
    size_t count = filter_apply(filter, c, rows);
    filter_free(filter);
    return count;
}

static size_t trained_on(struct fixture *f, const struct columns *c, enum label_source labels,
                         uint32_t last[1])
{
    uint32_t *rows;
    float *targets;
    size_t count;
    MUST(f, train_targets(c, 1U << SPLIT_TRAIN | 1U << SPLIT_NONE, RULE_DISTRIBUTION, labels, &rows, &targets,
                          &count, &f->e));
    last[0] = rows[count - 1];
    free(rows);
    free(targets);
    return count;
}

static void test_no_votes_are_no_label_and_no_entropy(void **state)
{
    (void)state;
    struct fixture f;
    struct columns *c;
    open_with_found(&f, &c);
    assert_int_equal(c->count, VOTED + FOUND);
    for (size_t row = VOTED; row < c->count; row++) {
        assert_int_equal(c->crowd[row], CLASS_NONE);
        assert_int_equal(c->label[row], CLASS_NONE);
        assert_true(isnan(c->entropy[row]));
        assert_true(isnan(c->suspect[row]));
    }
    assert_null(c->source[0]);
    json_t *d = sample_document(c, VOTED);
    assert_int_equal(json_array_size(json_object_get(d, "flaws")), 2);
    assert_int_equal(json_integer_value(json_array_get(json_object_get(d, "box"), 2)), 90);
    assert_string_equal(json_string_value(json_object_get(d, "source")), "/photos/party.jpg");
    assert_true(json_is_null(json_object_get(d, "entropy")));
    json_decref(d);
    d = sample_document(c, 0);
    assert_true(json_is_null(json_object_get(d, "source")));
    assert_true(json_is_null(json_object_get(d, "box")));
    json_decref(d);
    columns_free(c);
    fixture_close(&f);
}

static void test_the_filter_knows_sources(void **state)
{
    (void)state;
    struct fixture f;
    struct columns *c;
    uint32_t rows[VOTED + FOUND];
    open_with_found(&f, &c);
    assert_int_equal(picked(&f, c, "source:*", rows), FOUND);
    assert_int_equal(picked(&f, c, "source:*party.jpg", rows), 2);
    assert_int_equal(picked(&f, c, "not source:*", rows), VOTED);
    assert_int_equal(picked(&f, c, "source:/photos/tree.png", rows), 1);
    assert_int_equal(rows[0], VOTED + 2);
    int64_t count;
    MUST(&f, samples_of_source(f.ws, "/photos/party.jpg", &count, &f.e));
    assert_int_equal(count, 2);
    MUST(&f, samples_of_source(f.ws, "", &count, &f.e));
    assert_int_equal(count, 0);
    columns_free(c);
    fixture_close(&f);
}

/* Nobody's votes are no zeros: they are neither few nor many. */
static void test_the_filter_compares_no_votes_with_nothing(void **state)
{
    (void)state;
    struct fixture f;
    struct columns *c;
    uint32_t rows[VOTED + FOUND];
    struct err e = {0};
    struct filter *filter;
    open_with_found(&f, &c);
    assert_int_equal(picked(&f, c, "voted:no", rows), FOUND);
    assert_int_equal(picked(&f, c, "voted:yes", rows), VOTED);
    assert_int_equal(picked(&f, c, "votes.happiness<1 or votes.happiness>=1", rows), VOTED);
    assert_int_equal(picked(&f, c, "ent>=0 or div>=0 or kl>=0 or suspect>=0", rows), VOTED);
    assert_int_equal(picked(&f, c, "source:* crowd:none label:none", rows), FOUND);
    assert_int_equal(picked(&f, c, "sort:votes.fear", rows), VOTED + FOUND);
    assert_int_equal(rows[VOTED], VOTED); /* they come last, either way */
    picked(&f, c, "sort:-votes.fear", rows);
    assert_int_equal(rows[VOTED], VOTED);
    picked(&f, c, "sort:ent", rows);
    assert_int_equal(rows[VOTED], VOTED);
    assert_int_equal(picked(&f, c, "flaw:small", rows), 1);
    assert_int_equal(picked(&f, c, "flaw:blurred or flaw!=no", rows), 1);
    assert_int_equal(picked(&f, c, "source:* flaw:no", rows), FOUND - 1);
    assert_false(filter_parse("flaw:ugly", &filter, &e));
    assert_non_null(strstr(e.text, "filter:6: 'ugly' is no flaw of a face; write flaw:small"));
    columns_free(c);
    fixture_close(&f);
}

static void test_a_reviewer_s_label_makes_them_train(void **state)
{
    (void)state;
    struct fixture f;
    struct columns *c;
    uint32_t last;
    open_with_found(&f, &c);
    size_t before = trained_on(&f, c, LABELS_REVIEWED, &last);
    assert_true(last < VOTED);
    review(&f, c, VOTED + 1, EVENT_RELABEL, "fear");
    assert_int_equal(c->label[VOTED + 1], 6);
    assert_int_equal(trained_on(&f, c, LABELS_REVIEWED, &last), before + 1);
    assert_int_equal(last, VOTED + 1);
    assert_int_equal(trained_on(&f, c, LABELS_CROWD, &last), before);
    review(&f, c, VOTED + 1, EVENT_RELABEL, "nf");
    assert_int_equal(trained_on(&f, c, LABELS_REVIEWED, &last), before);
    columns_free(c);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_votes_are_no_label_and_no_entropy),
        cmocka_unit_test(test_the_filter_knows_sources),
        cmocka_unit_test(test_the_filter_compares_no_votes_with_nothing),
        cmocka_unit_test(test_a_reviewer_s_label_makes_them_train),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
