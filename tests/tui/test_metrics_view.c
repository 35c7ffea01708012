/* The metrics view on a terminal: its numbers are those of `ferlab eval`, under the protocol that it names,
 * and follow what changes. */
#include "workbench_fixture.h"

static struct fixture f, bare;

static int setup(void **state)
{
    (void)state;
    fixture_make(&f, true);
    fixture_make(&bare, false);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fixture_remove(&f);
    fixture_remove(&bare);
    return 0;
}

static struct screen *start_metrics(struct fixture *fixture, int columns, int rows, const char *filter)
{
    struct screen_options o = full_screen;
    o.columns = columns;
    o.rows = rows;
    struct screen *s = fixture_start(fixture, &o, filter);
    screen_keys(s, "M");
    expect_text(s, "ceiling");
    return s;
}

static double score(json_t *e, const char *name)
{
    return json_number_value(json_object_get(e, name));
}

/* "87.8 %" or ".731", as the screen writes a score. */
static void write_score(char out[32], double x, bool percentage)
{
    snprintf(out, 32, percentage ? "%.1f %%" : "%.3f", percentage ? 100 * x : x);
    if (out[0] == '0' && !percentage)
        memmove(out, out + 1, strlen(out));
}

/* A row that begins with the title and has all these, in this order. */
static bool row_holds(struct screen *s, int rows, const char *title, const char *one, const char *other)
{
    for (int row = 0; row < rows; row++) {
        const char *at = strstr(screen_row(s, row), title);
        if (at != NULL && (at = strstr(at, one)) != NULL && strstr(at, other) != NULL)
            return true;
    }
    return false;
}

static void expect_row(struct screen *s, int rows, const char *title, const char *one, const char *other)
{
    for (int i = 0; i < WAIT_MS / 20; i++) {
        if (row_holds(s, rows, title, one, other))
            return;
        screen_settle(s, 20);
    }
    screen_dump(s);
    fail_msg("no row with '%s', '%s', '%s'", title, one, other);
}

static void expect_scores(struct screen *s, int rows, json_t *e)
{
    static const struct {
        const char *name, *title;
        bool percentage;
    } scores[] = {
        {"accuracy", "accuracy", true},
        {"macro_f1", "macro F1", false},
        {"weighted_f1", "weighted F1", false},
        {"top2", "top-2 accuracy", true},
        {"cross_entropy", "cross-entropy", false},
        {"brier", "Brier score", false},
        {"ece", "calibration error", true},
        {"kl_votes", "KL to the votes", false},
        {"js_votes", "JS to the votes", false},
    };
    for (size_t i = 0; i < sizeof scores / sizeof *scores; i++) {
        char text[32], low[32], interval[80];
        json_t *ends = json_object_get(json_object_get(e, "ci95"), scores[i].name);
        double from = json_number_value(json_array_get(ends, 0)),
               to = json_number_value(json_array_get(ends, 1));
        write_score(text, score(e, scores[i].name), scores[i].percentage);
        if (scores[i].percentage) {
            snprintf(interval, sizeof interval, "%.1f–%.1f", 100 * from, 100 * to);
        } else {
            char high[32];
            write_score(low, from, false);
            write_score(high, to, false);
            snprintf(interval, sizeof interval, "%s–%s", low, high);
        }
        expect_row(s, rows, scores[i].title, text, interval);
    }
}

static void expect_crowd(struct screen *s, int rows, json_t *e)
{
    static const struct {
        const char *name, *count, *title;
        bool percentage;
    } numbers[] = {
        {"human_ceiling", "human_ceiling_count", "human ceiling", true},
        {"crowd_share", "crowd_share_count", "share of label", true},
        {"krippendorff_alpha", "agreement_count", "Krippendorff alpha", false},
        {"fleiss_kappa", "agreement_count", "Fleiss kappa", false},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        char text[32], count[32];
        write_score(text, score(e, numbers[i].name), numbers[i].percentage);
        snprintf(count, sizeof count, "%d", (int)score(e, numbers[i].count));
        expect_row(s, rows, numbers[i].title, text, count);
    }
}

static void test_numbers_equal_eval(void **state)
{
    (void)state;
    struct screen *s = start_metrics(&f, 140, 42, "");
    json_t *e = run_ferlab_json("eval", "-w", f.workspace, "--json", NULL);
    char faces[128];
    snprintf(faces, sizeof faces, "validation split · %d faces · labels reviewed, majority · model fixture",
             (int)score(e, "count"));
    expect_text(s, faces);
    expect_scores(s, 42, e);
    expect_crowd(s, 42, e);
    json_t *bands = json_object_get(e, "agreement_bands"), *band = json_array_get(bands, 6);
    char count[32], accuracy[32];
    snprintf(count, sizeof count, "%d", (int)score(band, "count"));
    write_score(accuracy, score(band, "accuracy"), true);
    expect_row(s, 42, "100 %", count, accuracy);
    json_t *class = json_array_get(json_object_get(e, "per_class"), 0);
    write_score(accuracy, score(class, "f1"), false);
    snprintf(count, sizeof count, "%d", (int)score(class, "support"));
    expect_row(s, 42, "neutral", count, accuracy);
    json_decref(e);
}

static void test_a_small_screen_has_all_of_it(void **state)
{
    (void)state;
    static const char *const words[] = {"accuracy", "macro F1", "weighted F1", "top-2",   "cross-entropy",
                                        "Brier",    "KL",       "JS",          "ceiling", "share",
                                        "alpha",    "kappa",    "under 50 %",  "100 %",   "contempt",
                                        "prec.",    "recall",   "■ right",     "■ wrong", "confidence"};
    struct screen *s = start_metrics(&f, 80, 24, "");
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        expect_text(s, words[i]);
    assert_true(screen_images(s) > 0);
    json_t *e = run_ferlab_json("eval", "-w", f.workspace, "--json", NULL);
    expect_scores(s, 24, e);
    json_decref(e);
}

static void test_tab_counts_what_the_filter_picks(void **state)
{
    (void)state;
    struct screen *s = start_metrics(&f, 140, 42, "split:train");
    expect_text(s, "filter split:train"); /* at once, for it names another split */
    screen_keys(s, "\t");
    expect_text(s, "validation split");
    expect_no_text(s, "in-sample");
    screen_keys(s, "\t");
    expect_text(s, "filter split:train");
    json_t *e = run_ferlab_json("eval", "-w", f.workspace, "--split", "train", "--json", NULL);
    char warning[64];
    snprintf(warning, sizeof warning, "! %d in-sample", (int)score(e, "in_sample"));
    expect_text(s, warning);
    expect_scores(s, 42, e);
    json_decref(e);
    screen_keys(s, "c"); /* the matrix counts the same */
    expect_text(s, "precision");
    expect_text(s, "filter split:train");
}

static void test_faces_picked_by_their_predictions_are_no_measure(void **state)
{
    (void)state;
    struct screen *s = start_metrics(&f, 140, 42, "pred!=label");
    assert_false(screen_has(s, "no measure of the model"));
    screen_keys(s, "\t");
    expect_text(s, "picked by their predictions: no measure of the model");
    s = start_metrics(&f, 140, 42, "label:happiness");
    screen_keys(s, "\t");
    expect_text(s, "filter label:happiness");
    expect_no_text(s, "no measure of the model");
}

static void test_moving_has_nothing_to_say_where_all_is_shown(void **state)
{
    (void)state;
    struct screen *s = start_metrics(&f, 140, 42, "");
    screen_keys(s, "jk\033[6~\033[5~");
    screen_settle(s, 200);
    assert_false(screen_has(s, "no action"));
    screen_keys(s, "x");
    expect_text(s, "no action on 'x'");
}

static void test_reviews_move_the_numbers_but_not_the_crowds(void **state)
{
    (void)state;
    struct screen *s = start_metrics(&f, 140, 42, "");
    json_t *before = run_ferlab_json("eval", "-w", f.workspace, "--json", NULL);
    expect_scores(s, 42, before);
    json_t *events = run_ferlab_json("label", "-w", f.workspace, "--where", "split:valid pred!=label", "nf",
                                     "--yes", "--json", NULL);
    assert_true(json_array_size(events) > 0);
    json_t *after = run_ferlab_json("eval", "-w", f.workspace, "--json", NULL);
    assert_true(score(after, "accuracy") == 1);
    expect_scores(s, 42, after);
    screen_keys(s, "C");
    expect_text(s, "labels of the crowd");
    expect_scores(s, 42, before);
    json_decref(after);
    json_decref(before);
    json_decref(events);
    json_decref(run_ferlab_json("undo", "-w", f.workspace, "--json", NULL));
}

static void test_without_a_model_the_crowd_still_speaks(void **state)
{
    (void)state;
    struct screen *s = start_metrics(&bare, 140, 42, "");
    expect_text(s, "no model yet");
    expect_text(s, "Krippendorff alpha");
    type_keys(s, "q");
    type_keys(s, ":metrics\r");
    expect_text(s, "no model yet");
}

static void test_a_filter_that_picks_nothing_has_no_numbers(void **state)
{
    (void)state;
    struct screen *s = start_metrics(&f, 140, 42, "");
    type_keys(s, "\t");
    type_keys(s, "/\x15id:999999\r");
    expect_text(s, "None of these faces");
    type_keys(s, "/\x15id:1\r");
    expect_text(s, "1 face ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers_equal_eval),
        cmocka_unit_test(test_a_small_screen_has_all_of_it),
        cmocka_unit_test(test_tab_counts_what_the_filter_picks),
        cmocka_unit_test(test_moving_has_nothing_to_say_where_all_is_shown),
        cmocka_unit_test(test_faces_picked_by_their_predictions_are_no_measure),
        cmocka_unit_test(test_reviews_move_the_numbers_but_not_the_crowds),
        cmocka_unit_test(test_without_a_model_the_crowd_still_speaks),
        cmocka_unit_test(test_a_filter_that_picks_nothing_has_no_numbers),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
