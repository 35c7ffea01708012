/* Columns: what follows from votes, log and predictions, and that refreshing equals loading anew. */
#include "ferlab/eval/suspects.h"
#include "ferlab/store/columns.h"
#include "ferlab/store/models.h"
#include "ferlab/store/reasons.h"
#include "ferlab/store/reviews.h"
#include "store_fixture.h"

#include <math.h>

enum { SAMPLES = 80 };

static struct columns *load(struct fixture *f, int64_t model)
{
    struct columns *c;

    MUST(f, columns_load(&c, f->ws, RULE_MAJORITY, model, &f->e));
    return c;
}

static void append(struct fixture *f, int64_t sample, enum event_kind kind, const char *value)
{
    struct event *events;
    struct review review = {.sample = sample, .kind = kind, .value = value};

    MUST(f, reviews_append(f->ws, &review, 1, &f->arena, &events, &f->e));
}

static void refresh(struct fixture *f, struct columns *c, bool expect_changed)
{
    bool changed = !expect_changed;

    MUST(f, columns_refresh(c, f->ws, &changed, &f->e));
    assert_int_equal(changed, expect_changed);
}

/* Predictions for the first `count` samples: 0.65 on class id % 8, 0.05 elsewhere; every second one in
 * sample. */
static int64_t add_model(struct fixture *f, const char *name, int shift, int count)
{
    int64_t model, ids[SAMPLES];
    float p[SAMPLES][EMOTION_COUNT];
    bool in_sample[SAMPLES];

    MUST(f, model_add(f->ws, &(struct model_new){.name = name, .onnx = name, .size = strlen(name)}, &model,
                      &f->e));
    for (int i = 0; i < count; i++) {
        ids[i] = i + 1;
        in_sample[i] = i % 2 == 0;
        for (int k = 0; k < EMOTION_COUNT; k++)
            p[i][k] = k == (i + shift) % 8 ? 0.65F : 0.05F;
    }
    MUST(f, predictions_write(f->ws, model, ids, p[0], in_sample, (size_t)count, &f->e));
    return model;
}

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool same_float(float a, float b)
{
    return a == b || (isnan(a) && isnan(b));
}

static void assert_same_columns(const struct columns *a, const struct columns *b)
{
    assert_int_equal(a->count, b->count);
    assert_int_equal(a->model, b->model);
    assert_int_equal(a->rule, b->rule);
    assert_int_equal(a->last_event, b->last_event);
    assert_int_equal(a->event_count, b->event_count);
    assert_string_equal(a->model_name, b->model_name);
    for (size_t i = 0; i < a->count; i++) {
        assert_int_equal(a->id[i], b->id[i]);
        assert_int_equal(a->split[i], b->split[i]);
        assert_string_equal(a->name[i], b->name[i]);
        assert_memory_equal(&a->votes[i], &b->votes[i], sizeof a->votes[i]);
        assert_int_equal(a->crowd[i], b->crowd[i]);
        if (a->label[i] != b->label[i])
            fail_msg("sample %lld: label %d and %d", (long long)a->id[i], a->label[i], b->label[i]);
        assert_int_equal(a->reviewed[i], b->reviewed[i]);
        assert_int_equal(a->flagged[i], b->flagged[i]);
        char contest[2][REASONS_SIZE];
        assert_int_equal(a->contested[i], b->contested[i]);
        assert_string_equal(sample_contest(a, i, contest[0]), sample_contest(b, i, contest[1]));
        if (!same_text(a->note[i], b->note[i]) || !same_text(a->tags[i], b->tags[i]))
            fail_msg("sample %lld: notes or tags differ", (long long)a->id[i]);
        assert_int_equal(a->edited[i] != NULL, b->edited[i] != NULL);
        assert_memory_equal(columns_votes(a, i), columns_votes(b, i), sizeof(struct votes));
        assert_int_equal(a->prediction[i], b->prediction[i]);
        assert_int_equal(a->in_sample[i], b->in_sample[i]);
        assert_true(same_float(a->confidence[i], b->confidence[i]));
        assert_true(same_float(a->divergence[i], b->divergence[i]));
        assert_true(same_float(a->entropy[i], b->entropy[i]));
        assert_true(same_float(a->suspect[i], b->suspect[i]));
        assert_int_equal(a->issue[i], b->issue[i]);
        assert_int_equal(a->next_copy[i], b->next_copy[i]);
        assert_int_equal(a->leaks[i], b->leaks[i]);
        assert_true(same_float(a->disagreement[i], b->disagreement[i]));
    }
}

static void test_samples_load_as_imported(void **state)
{
    struct fixture f;

    (void)state;
    fixture_open(&f, SAMPLES);
    struct columns *c = load(&f, 0);

    assert_int_equal(c->count, SAMPLES);
    for (uint32_t i = 0; i < SAMPLES; i++) {
        struct sample s;
        char name[32];
        uint8_t pixels[FACE_PIXELS];

        fixture_sample(i, &s, name, pixels);
        assert_int_equal(c->id[i], i + 1);
        assert_int_equal(c->split[i], s.split);
        assert_string_equal(c->name[i], name);
        assert_memory_equal(&c->votes[i], &s.votes, sizeof s.votes);
        /* five of ten are no majority */
        assert_int_equal(c->crowd[i], i % 5 == 4 ? CLASS_NONE : (int)(i % 8));
        assert_int_equal(c->label[i], c->crowd[i]);
        assert_false(c->reviewed[i]);
        assert_int_equal(c->prediction[i], CLASS_NONE);
        assert_true(isnan(c->confidence[i]) && isnan(c->suspect[i]) && isnan(c->divergence[i]));
        assert_int_equal(columns_row(c, i + 1), i);
    }
    assert_int_equal(columns_row(c, 0), -1);
    assert_int_equal(columns_row(c, SAMPLES + 1), -1);
    assert_int_equal(c->model, 0);
    assert_string_equal(c->model_name, "");
    columns_free(c);
    fixture_close(&f);
}

static void test_an_empty_workspace_loads(void **state)
{
    struct fixture f;
    char revision[13];

    (void)state;
    fixture_open(&f, 0);
    struct columns *c = load(&f, 0);

    assert_int_equal(c->count, 0);
    refresh(&f, c, false);
    columns_label_revision(c, LABELS_REVIEWED, revision);
    assert_string_equal(revision, "e3b0c44298fc"); /* SHA-256 of nothing */
    fixture_add(&f, f.ws, 0, 5);
    refresh(&f, c, true);
    assert_int_equal(c->count, 5);
    columns_free(c);
    fixture_close(&f);
}

static void test_the_latest_decision_gives_the_label(void **state)
{
    struct fixture f;

    (void)state;
    fixture_open(&f, SAMPLES);
    struct columns *c = load(&f, 0);

    append(&f, 1, EVENT_RELABEL, "fear");
    append(&f, 2, EVENT_RELABEL, "unknown");
    append(&f, 3, EVENT_RELABEL, "nf");
    append(&f, 4, EVENT_ACCEPT, "sadness");
    append(&f, 5, EVENT_VOTES, "0,0,0,0,0,8,2,0,0,0");
    append(&f, 6, EVENT_VOTES, "0,0,0,0,0,5,5,0,0,0");
    append(&f, 7, EVENT_VOTES, "0,0,0,0,0,8,2,0,0,0");
    append(&f, 7, EVENT_RELABEL, "anger");
    append(&f, 8, EVENT_VOTES, "0,0,0,0,0,8,2,0,0,0");
    append(&f, 8, EVENT_ACCEPT, "disgust");
    refresh(&f, c, true);
    static const int8_t expected[] = {CLASS_FEAR,    CLASS_UNKNOWN, CLASS_NF,    CLASS_SADNESS,
                                      CLASS_DISGUST, CLASS_NONE,    CLASS_ANGER, CLASS_DISGUST};

    for (size_t i = 0; i < sizeof expected; i++) {
        assert_int_equal(c->label[i], expected[i]);
        assert_true(c->reviewed[i]);
    }
    assert_int_equal(columns_votes(c, 4)->count[CLASS_DISGUST], 8);
    assert_null(c->edited[6]); /* relabelled since */
    assert_non_null(c->edited[7]);
    assert_int_equal(columns_votes(c, 0), &c->votes[0]);
    assert_int_equal(c->crowd[0], CLASS_NEUTRAL);
    columns_free(c);
    fixture_close(&f);
}

static void append_by(struct fixture *f, const char *reviewer, int64_t sample, enum event_kind kind,
                      const char *value)
{
    setenv("FERLAB_REVIEWER", reviewer, 1);
    append(f, sample, kind, value);
    setenv("FERLAB_REVIEWER", "ana", 1);
}

static void test_reviewers_that_disagree_are_told(void **state)
{
    struct fixture f;
    struct arena arena = {0};
    struct event *events;
    size_t count;
    char text[REASONS_SIZE];

    (void)state;
    fixture_open(&f, SAMPLES);
    struct columns *c = load(&f, -1);

    append_by(&f, "ana", 1, EVENT_RELABEL, "fear");
    append_by(&f, "ana", 1, EVENT_RELABEL, "sadness"); /* who changes her mind contests nothing */
    refresh(&f, c, true);
    assert_false(c->contested[0]);
    append_by(&f, "ben", 1, EVENT_FLAG, "");
    append_by(&f, "ben", 1, EVENT_ACCEPT, "sadness");
    refresh(&f, c, true);
    assert_false(c->contested[0]);
    append_by(&f, "ben", 1, EVENT_RELABEL, "fear");
    append_by(&f, "cleo", 2, EVENT_RELABEL, "nf");
    append_by(&f, "ana", 2, EVENT_VOTES, "0,6,0,4,0,0,0,0,0,0");
    refresh(&f, c, true);
    assert_true(c->contested[0] && c->contested[1] && !c->contested[2]);
    assert_string_equal(sample_contest(c, 0, text), "ana: sadness, ben: fear; the latest counts");
    assert_string_equal(sample_contest(c, 1, text), "cleo: not a face, ana: happiness; the latest counts");
    assert_string_equal(sample_contest(c, 2, text), "");
    MUST(&f, columns_use_rule(c, RULE_MULTI_TARGET, &f.e)); /* what edited votes say follows the rule */
    assert_true(c->contested[1]);
    MUST(&f, columns_use_rule(c, RULE_MAJORITY, &f.e));
    struct columns *anew = load(&f, -1);
    assert_same_columns(c, anew);
    columns_free(anew);
    append_by(&f, "ana", 1, EVENT_ACCEPT, "fear"); /* ana gives in */
    refresh(&f, c, true);
    assert_false(c->contested[0]);
    MUST(&f, reviews_undo(f.ws, &arena, &events, &count, &f.e));
    refresh(&f, c, true);
    assert_true(c->contested[0]);
    arena_free(&arena);
    columns_free(c);
    fixture_close(&f);
}

static void test_flags_notes_and_tags_come_and_go(void **state)
{
    struct fixture f;

    (void)state;
    fixture_open(&f, SAMPLES);
    struct columns *c = load(&f, 0);

    append(&f, 1, EVENT_FLAG, NULL);
    append(&f, 1, EVENT_NOTE, "tears");
    append(&f, 1, EVENT_TAG, "wet");
    append(&f, 1, EVENT_TAG, "we");
    append(&f, 1, EVENT_TAG, "wet");
    append(&f, 1, EVENT_TAG, "dark");
    append(&f, 1, EVENT_UNTAG, "absent");
    refresh(&f, c, true);
    assert_true(c->flagged[0]);
    assert_string_equal(c->note[0], "tears");
    assert_string_equal(c->tags[0], ",wet,we,dark,");
    assert_false(c->reviewed[0]); /* nothing of this decides the label */
    append(&f, 1, EVENT_UNTAG, "we");
    refresh(&f, c, true);
    assert_string_equal(c->tags[0], ",wet,dark,");
    append(&f, 1, EVENT_UNTAG, "wet");
    append(&f, 1, EVENT_UNTAG, "dark");
    append(&f, 1, EVENT_UNFLAG, NULL);
    append(&f, 1, EVENT_NOTE, "");
    refresh(&f, c, true);
    assert_false(c->flagged[0]);
    assert_null(c->note[0]);
    assert_null(c->tags[0]);
    refresh(&f, c, false);
    columns_free(c);
    fixture_close(&f);
}

static void test_events_that_say_nothing_have_no_effect(void **state)
{
    struct fixture f;

    (void)state;
    fixture_open(&f, 3);
    plain_sql_works(f.path, "INSERT INTO event VALUES (1, 1, '', 'eve', 1, 'relabel', 'joyful', NULL);"
                            "INSERT INTO event VALUES (2, 2, '', 'eve', 1, 'votes', '1,2', NULL);"
                            "INSERT INTO event VALUES (3, 3, '', 'eve', 1, 'tag', 'a,b', NULL);"
                            "INSERT INTO event VALUES (4, 4, '', 'eve', 1, 'redo', '', 1);");
    struct columns *c = load(&f, 0);

    assert_false(c->reviewed[0]);
    assert_null(c->tags[0]);
    assert_int_equal(c->last_event, 4);
    columns_free(c);
    fixture_close(&f);
}

static void test_predictions_and_scores(void **state)
{
    struct fixture f;

    (void)state;
    fixture_open(&f, SAMPLES);
    int64_t model = add_model(&f, "m", 1, 60);
    struct columns *c = load(&f, 0);

    assert_int_equal(c->model, model);
    assert_string_equal(c->model_name, "m");
    for (int i = 0; i < SAMPLES; i++) {
        if (i >= 60) {
            assert_int_equal(c->prediction[i], CLASS_NONE);
            assert_true(isnan(c->probabilities[i][0]) && isnan(c->divergence[i]) && isnan(c->suspect[i]));
            assert_false(c->in_sample[i]);
            continue;
        }
        assert_int_equal(c->prediction[i], (i + 1) % 8);
        assert_float_equal(c->confidence[i], 0.65, 1e-6);
        assert_float_equal(c->divergence[i], votes_divergence(&c->votes[i], c->probabilities[i]), 1e-6);
        assert_float_equal(c->entropy[i], votes_entropy(&c->votes[i]), 1e-6);
        assert_int_equal(c->in_sample[i], i % 2 == 0);
        /* What the model was trained on says nothing about the label; without an emotion there is no score
         * either. */
        if (i % 2 == 0 || c->label[i] == CLASS_NONE)
            assert_true(isnan(c->suspect[i]));
        else
            assert_float_equal(c->suspect[i],
                               suspect_score(c->label[i], c->probabilities[i], (double)c->divergence[i], NAN),
                               1e-6);
    }
    append(&f, 2, EVENT_RELABEL, class_name(2));
    refresh(&f, c, true);
    /* the reviewer's word stands for the label then, not the votes */
    const struct votes word = {.count = {[2] = 10}};
    double divergence = votes_divergence(&word, c->probabilities[1]);
    assert_float_equal(c->suspect[1], suspect_score(2, c->probabilities[1], divergence, NAN), 1e-6);
    columns_free(c);
    c = load(&f, -1);
    assert_int_equal(c->model, 0);
    assert_int_equal(c->prediction[0], CLASS_NONE);
    columns_free(c);
    REFUSED(&f, columns_load(&c, f.ws, RULE_MAJORITY, 99, &f.e), "there is no model 99");
    fixture_close(&f);
}

static void test_changing_model_and_rule_equals_loading_so(void **state)
{
    struct fixture f;

    (void)state;
    fixture_open(&f, SAMPLES);
    int64_t first = add_model(&f, "first", 0, SAMPLES), second = add_model(&f, "second", 3, 40);

    append(&f, 1, EVENT_VOTES, "0,0,0,0,0,5,5,0,0,0");
    append(&f, 2, EVENT_RELABEL, "fear");
    struct columns *changed = load(&f, first), *fresh;

    MUST(&f, columns_use_model(changed, f.ws, second, &f.e));
    MUST(&f, columns_use_rule(changed, RULE_DISTRIBUTION, &f.e));
    MUST(&f, columns_load(&fresh, f.ws, RULE_DISTRIBUTION, second, &f.e));
    assert_same_columns(changed, fresh);
    assert_int_equal(changed->label[0],
                     CLASS_DISGUST); /* no majority, but the first of two in the distribution */
    columns_free(fresh);
    MUST(&f, columns_use_rule(changed, RULE_MAJORITY, &f.e));
    MUST(&f, columns_use_model(changed, f.ws, -1, &f.e));
    fresh = load(&f, -1);
    assert_same_columns(changed, fresh);
    assert_int_equal(changed->label[0], CLASS_NONE);
    columns_free(fresh);
    columns_free(changed);
    fixture_close(&f);
}

/* One random action of a random reviewer. */
static void act(struct fixture *f, struct rng *rng)
{
    static const char *const reviewers[] = {"ana", "bob", "eva"};
    static const char *const tags[] = {"a", "ab", "b"};
    struct review reviews[12];
    char values[12][48];
    struct event *events;
    size_t count, batch = rng_below(rng, 8) ? 1 : 1 + rng_below(rng, 12);

    setenv("FERLAB_REVIEWER", reviewers[rng_below(rng, 3)], 1);
    uint32_t choice = rng_below(rng, 10);

    if (choice < 3) {
        MUST(f, reviews_undo(f->ws, &f->arena, &events, &count, &f->e));
        return;
    }
    if (choice == 3) {
        MUST(f, reviews_redo(f->ws, &f->arena, &events, &count, &f->e));
        return;
    }
    for (size_t i = 0; i < batch; i++) {
        enum event_kind kind = (enum event_kind)rng_below(rng, EVENT_UNLOCK);

        values[i][0] = '\0';
        if (kind == EVENT_RELABEL || kind == EVENT_ACCEPT)
            strcpy(values[i], class_name((int)rng_below(rng, CLASS_COUNT)));
        else if (kind == EVENT_VOTES)
            snprintf(values[i], sizeof values[i], "%u,0,%u,0,0,0,0,1,0,0", rng_below(rng, 10),
                     rng_below(rng, 10));
        else if (kind == EVENT_NOTE)
            snprintf(values[i], sizeof values[i], "%s", rng_below(rng, 3) ? "a note" : "");
        else if (kind == EVENT_TAG || kind == EVENT_UNTAG)
            strcpy(values[i], tags[rng_below(rng, 3)]);
        reviews[i] = (struct review){.sample = 1 + rng_below(rng, 12), .kind = kind, .value = values[i]};
    }
    MUST(f, reviews_append(f->ws, reviews, batch, &f->arena, &events, &f->e));
}

/* The C walk over the log and the view in the file agree on what stands. */
static void check_standing(struct fixture *f)
{
    struct event *events;
    size_t count;
    int64_t sum = 0;

    MUST(f, reviews_log(f->ws, 0, 0, 0, &f->arena, &events, &count, &f->e));
    bool *standing = calloc(count + 1, sizeof *standing);

    MUST(f, reviews_standing(events, count, standing, &f->e));
    for (size_t i = 0; i < count; i++)
        sum += standing[i] ? events[i].id : 0;
    free(standing);
    assert_int_equal(sum, plain_number(f->path, "SELECT coalesce(sum(id), 0) FROM standing"));
}

static void test_refreshing_equals_loading_anew(void **state)
{
    struct fixture f;
    struct rng rng;

    (void)state;
    fixture_open(&f, 12);
    fixture_unlock(&f);
    int64_t model = add_model(&f, "m", 2, 12);
    struct columns *kept = load(&f, model);

    rng_seed(&rng, 11, 0);
    for (int round = 0; round < 150; round++) {
        bool changed;

        for (uint32_t i = rng_below(&rng, 4) + 1; i > 0; i--)
            act(&f, &rng);
        MUST(&f, columns_refresh(kept, f.ws, &changed, &f.e));
        struct columns *fresh = load(&f, model);

        assert_same_columns(kept, fresh);
        columns_free(fresh);
    }
    assert_true(plain_number(f.path, "SELECT count(*) FROM event WHERE kind = 'redo'") > 10);
    check_standing(&f);
    columns_free(kept);
    fixture_close(&f);
}

static void test_refreshing_after_a_large_undo_equals_loading_anew(void **state)
{
    enum { MANY = 1200 };
    struct fixture f;
    struct event *events;
    size_t count;
    struct review *reviews = calloc(MANY, sizeof *reviews);

    (void)state;
    fixture_open(&f, MANY);
    fixture_unlock(&f);
    append(&f, 7, EVENT_NOTE, "kept");
    for (int i = 0; i < MANY; i++)
        reviews[i] = (struct review){.sample = i + 1, .kind = EVENT_RELABEL, .value = "contempt"};
    MUST(&f, reviews_append(f.ws, reviews, MANY, &f.arena, &events, &f.e));
    struct columns *c = load(&f, 0), *fresh;

    MUST(&f, reviews_undo(f.ws, &f.arena, &events, &count, &f.e));
    assert_int_equal(count, MANY);
    refresh(&f, c, true);
    fresh = load(&f, 0);
    assert_same_columns(c, fresh);
    assert_false(c->reviewed[MANY - 1]);
    assert_string_equal(c->note[6], "kept");
    columns_free(fresh);
    columns_free(c);
    free(reviews);
    fixture_close(&f);
}

static void test_samples_added_meanwhile_appear(void **state)
{
    struct fixture f;
    struct workspace *other;

    (void)state;
    fixture_open(&f, 20);
    int64_t model = add_model(&f, "m", 0, 20);
    struct columns *c = load(&f, 0), *fresh;

    append(&f, 3, EVENT_RELABEL, "fear");
    MUST(&f, workspace_open(&other, f.path, WORKSPACE_WRITE, &f.e));
    fixture_add(&f, other, 20, 15);
    workspace_close(other);
    refresh(&f, c, true);
    assert_int_equal(c->count, 35);
    fresh = load(&f, model);
    assert_same_columns(c, fresh);
    columns_free(fresh);
    columns_free(c);
    fixture_close(&f);
}

static void test_flags_and_tags_that_change_nothing_are_told_apart(void **state)
{
    struct fixture f;

    (void)state;
    fixture_open(&f, SAMPLES);
    append(&f, 1, EVENT_FLAG, NULL);
    append(&f, 1, EVENT_TAG, "dark");
    append(&f, 1, EVENT_TAG, "wet");
    struct columns *c = load(&f, 0);

    assert_true(columns_has_tag(c, 0, "wet"));
    assert_false(columns_has_tag(c, 0, "we"));
    assert_false(columns_has_tag(c, 0, "dark,wet"));
    assert_false(columns_has_tag(c, 1, "wet"));
    assert_false(columns_review_changes(c, 0, EVENT_FLAG, NULL));
    assert_true(columns_review_changes(c, 0, EVENT_UNFLAG, NULL));
    assert_true(columns_review_changes(c, 1, EVENT_FLAG, NULL));
    assert_false(columns_review_changes(c, 1, EVENT_UNFLAG, NULL));
    assert_false(columns_review_changes(c, 0, EVENT_TAG, "dark"));
    assert_true(columns_review_changes(c, 0, EVENT_UNTAG, "dark"));
    assert_true(columns_review_changes(c, 0, EVENT_TAG, "darker"));
    assert_false(columns_review_changes(c, 0, EVENT_UNTAG, "darker"));
    assert_true(columns_review_changes(c, 0, EVENT_RELABEL, "neutral"));
    columns_free(c);
    fixture_close(&f);
}

static void test_the_label_revision_follows_the_labels_only(void **state)
{
    struct fixture f;
    char before[13], after[13], crowd[13];
    struct event *events;
    size_t count;

    (void)state;
    fixture_open(&f, SAMPLES);
    struct columns *c = load(&f, 0);

    columns_label_revision(c, LABELS_REVIEWED, before);
    columns_label_revision(c, LABELS_CROWD, crowd);
    assert_string_equal(before, crowd);
    assert_int_equal(strlen(before), 12);
    append(&f, 1, EVENT_ACCEPT, "neutral"); /* as it was */
    append(&f, 2, EVENT_FLAG, NULL);
    refresh(&f, c, true);
    columns_label_revision(c, LABELS_REVIEWED, after);
    assert_string_equal(after, before);
    append(&f, 1, EVENT_RELABEL, "fear");
    refresh(&f, c, true);
    columns_label_revision(c, LABELS_REVIEWED, after);
    assert_string_not_equal(after, before);
    columns_label_revision(c, LABELS_CROWD, after);
    assert_string_equal(after, crowd);
    MUST(&f, reviews_undo(f.ws, &f.arena, &events, &count, &f.e));
    refresh(&f, c, true);
    columns_label_revision(c, LABELS_REVIEWED, after);
    assert_string_equal(after, before);
    columns_free(c);
    fixture_close(&f);
}

/* SHA-256 over "train\0face00000.png\0neutral\0train\0face00001.png\0happiness\0", by sha256sum. */
static void test_the_label_revision_is_a_digest_anyone_can_make(void **state)
{
    struct fixture f;
    char revision[13];

    (void)state;
    fixture_open(&f, 2);
    struct columns *c = load(&f, 0);

    columns_label_revision(c, LABELS_REVIEWED, revision);
    assert_string_equal(revision, "8137e9b2b4bb");
    columns_free(c);
    fixture_close(&f);
}

static void test_hostile_numbers_are_refused(void **state)
{
    struct fixture f;
    struct columns *c;

    (void)state;
    fixture_open(&f, 3);
    add_model(&f, "m", 0, 3);
    plain_sql_works(f.path,
                    "UPDATE prediction SET probabilities = x'"
                    "0000c07f0000c07f0000c07f0000c07f0000c07f0000c07f0000c07f0000c07f' WHERE sample = 2");
    REFUSED(&f, columns_load(&c, f.ws, RULE_MAJORITY, 0, &f.e), "sample 2 has probabilities out of range");
    plain_sql_works(f.path, "PRAGMA ignore_check_constraints = 1; INSERT INTO sample VALUES "
                            "(9, 'train', 'n', 0, 0, 0, 0, 1000000, 0, 0, 0, 0, 0, 0, 0, 0, 0, '', 0)");
    REFUSED(&f, columns_load(&c, f.ws, RULE_MAJORITY, -1, &f.e), "sample 9 has votes out of range");
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_samples_load_as_imported),
        cmocka_unit_test(test_an_empty_workspace_loads),
        cmocka_unit_test(test_the_latest_decision_gives_the_label),
        cmocka_unit_test(test_reviewers_that_disagree_are_told),
        cmocka_unit_test(test_flags_notes_and_tags_come_and_go),
        cmocka_unit_test(test_events_that_say_nothing_have_no_effect),
        cmocka_unit_test(test_predictions_and_scores),
        cmocka_unit_test(test_changing_model_and_rule_equals_loading_so),
        cmocka_unit_test(test_refreshing_equals_loading_anew),
        cmocka_unit_test(test_refreshing_after_a_large_undo_equals_loading_anew),
        cmocka_unit_test(test_samples_added_meanwhile_appear),
        cmocka_unit_test(test_flags_and_tags_that_change_nothing_are_told_apart),
        cmocka_unit_test(test_the_label_revision_follows_the_labels_only),
        cmocka_unit_test(test_the_label_revision_is_a_digest_anyone_can_make),
        cmocka_unit_test(test_hostile_numbers_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
