/* The confusion view on a terminal: its numbers are those of `ferlab eval`, a cell opens its faces, and what
 * changes elsewhere shows at once. */
#include "screen.h"
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EMOTIONS = 8 };
static const char *const emotions[EMOTIONS] = {"neutral", "happiness", "surprise", "sadness",
                                               "anger",   "disgust",   "fear",     "contempt"};

static char dir[PATH_MAX], workspace[PATH_MAX], bare[PATH_MAX];

static int setup(void **state)
{
    (void)state;
    char other[PATH_MAX];
    temp_dir_make(dir);
    snprintf(other, sizeof other, "%.4000s/bare", dir);
    make_workspace(dir, 600, workspace);
    write_file(dir, "bare/note", "", 0);
    make_workspace(other, 40, bare);
    json_t *run = run_ferlab_json("train", "-w", workspace, "--arch", "8,P,8", "--epochs", "2", "--seed", "1",
                                  "--name", "first", "--json", "--quiet", NULL);
    json_decref(run);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    temp_dir_remove(dir);
    return 0;
}

static struct screen *start(const char *file, int columns, int rows)
{
    struct screen_options o = {
        .columns = columns, .rows = rows, .cell_width = 9, .cell_height = 19, .sixel = true};
    struct screen *s = screen_start(&o, (const char *[]){"-w", file, NULL});
    if (!screen_wait_text(s, "? help", 10000)) {
        screen_dump(s);
        fail_msg("the workbench does not open");
    }
    screen_settle(s, 100);
    return s;
}

/* The workbench with the matrix open. */
static struct screen *start_matrix(int columns, int rows)
{
    struct screen *s = start(workspace, columns, rows);
    screen_keys(s, "c");
    if (!screen_wait_text(s, "precision", 10000)) {
        screen_dump(s);
        fail_msg("c does not show the matrix");
    }
    screen_settle(s, 100);
    return s;
}

static void expect_text(struct screen *s, const char *text)
{
    if (!screen_wait_text(s, text, 10000)) {
        screen_dump(s);
        fail_msg("the screen lacks '%s'", text);
    }
}

static json_t *eval(void)
{
    return run_ferlab_json("eval", "-w", workspace, "--split", "valid", "--json", NULL);
}

static int eval_cell(json_t *e, int label, int prediction)
{
    json_t *row = json_array_get(json_object_get(e, "confusion"), (size_t)label);
    return (int)json_integer_value(json_array_get(row, (size_t)prediction));
}

/* The numbers of the screen's row for an emotion: eight cells and the total. Counts only; "·" is none. */
static bool row_numbers(struct screen *s, const char *emotion, int rows, int out[EMOTIONS + 1])
{
    for (int row = 0; row < rows; row++) {
        char line[1024];
        snprintf(line, sizeof line, "%s", screen_row(s, row));
        char *name = strstr(line, emotion);
        if (name == NULL || name - line > 6)
            continue;
        int count = 0;
        for (char *word = strtok(name + strlen(emotion), " ["); word != NULL && count <= EMOTIONS;
             word = strtok(NULL, " [")) {
            char digits[32] = "";
            for (const char *p = word; *p != '\0' && strlen(digits) < sizeof digits - 1; p++) {
                if (*p >= '0' && *p <= '9')
                    strncat(digits, p, 1);
            }
            out[count++] = atoi(digits);
        }
        if (count == EMOTIONS + 1)
            return true;
    }
    return false;
}

static void test_numbers_equal_eval(void **state)
{
    (void)state;
    struct screen *s = start_matrix(140, 42);
    json_t *e = eval();
    for (int label = 0; label < EMOTIONS; label++) {
        int shown[EMOTIONS + 1], total = 0;
        if (!row_numbers(s, emotions[label], 42, shown)) {
            screen_dump(s);
            fail_msg("no row for %s", emotions[label]);
        }
        for (int prediction = 0; prediction < EMOTIONS; prediction++) {
            assert_int_equal(shown[prediction], eval_cell(e, label, prediction));
            total += shown[prediction];
        }
        assert_int_equal(shown[EMOTIONS], total);
    }
    char text[64];
    snprintf(text, sizeof text, "accuracy %.1f %%", 100 * json_real_value(json_object_get(e, "accuracy")));
    expect_text(s, text);
    snprintf(text, sizeof text, "macro F1 %.3f", json_real_value(json_object_get(e, "macro_f1")));
    memmove(strstr(text, "0."), strstr(text, "0.") + 1, strlen(strstr(text, "0.")));
    expect_text(s, text);
    json_decref(e);
    screen_end(s);
}

/* The largest cell off the diagonal. */
static int largest_error(json_t *e, int *label, int *prediction)
{
    int most = 0;
    for (int l = 0; l < EMOTIONS; l++) {
        for (int p = 0; p < EMOTIONS; p++) {
            if (l != p && eval_cell(e, l, p) > most) {
                most = eval_cell(e, l, p);
                *label = l;
                *prediction = p;
            }
        }
    }
    assert_true(most > 0);
    return most;
}

static void go_to_cell(struct screen *s, int label, int prediction)
{
    for (int i = 0; i < label; i++)
        screen_keys(s, "j");
    for (int i = 0; i < prediction; i++)
        screen_keys(s, "l");
    screen_settle(s, 80);
}

static void test_cell_opens_its_samples(void **state)
{
    (void)state;
    int label, prediction;
    json_t *e = eval();
    int count = largest_error(e, &label, &prediction);
    struct screen *s = start_matrix(140, 42);
    go_to_cell(s, label, prediction);
    char text[160];
    snprintf(text, sizeof text, "label %s, predicted %s: %d face%s", emotions[label], emotions[prediction],
             count, count == 1 ? "" : "s");
    expect_text(s, text);
    screen_keys(s, "\r");
    snprintf(text, sizeof text, "split:valid label:%s pred:%s", emotions[label], emotions[prediction]);
    expect_text(s, text);
    snprintf(text, sizeof text, "%d of 600", count);
    expect_text(s, text);
    screen_keys(s, "q");
    expect_text(s, "precision");
    json_decref(e);
    screen_end(s);
}

static void test_totals_and_errors_open_their_samples(void **state)
{
    (void)state;
    struct screen *s = start_matrix(140, 42);
    json_t *e = eval();
    int wrong = 0;
    for (int label = 1; label < EMOTIONS; label++)
        wrong += eval_cell(e, label, 0);
    assert_true(wrong > 0);
    go_to_cell(s, 9, 0); /* the precision of neutral: what was called neutral and is not */
    char text[96];
    snprintf(text, sizeof text, "predicted neutral, labelled otherwise: %d face%s", wrong,
             wrong == 1 ? "" : "s");
    expect_text(s, text);
    screen_keys(s, "\r");
    snprintf(text, sizeof text, "%d of 600", wrong);
    expect_text(s, text);
    screen_keys(s, "q");
    expect_text(s, "precision");
    screen_keys(s, "kl"); /* the total of what was predicted happiness */
    screen_settle(s, 80);
    int total = 0;
    for (int label = 0; label < EMOTIONS; label++)
        total += eval_cell(e, label, 1);
    if (total > 0) {
        screen_keys(s, "\r");
        snprintf(text, sizeof text, "%d of 600", total);
        expect_text(s, text);
    }
    json_decref(e);
    screen_end(s);
}

/* The id of a validation face with that label and prediction. */
static void sample_of(int label, int prediction, char id[16])
{
    char filter[96];
    snprintf(filter, sizeof filter, "split:valid label:%s pred:%s", emotions[label], emotions[prediction]);
    json_t *list = run_ferlab_json("list", "-w", workspace, filter, "--json", NULL);
    assert_true(json_array_size(list) > 0);
    snprintf(id, 16, "%d", (int)json_integer_value(json_object_get(json_array_get(list, 0), "id")));
    json_decref(list);
}

static void expect_cell(struct screen *s, int label, int prediction, int count)
{
    int shown[EMOTIONS + 1] = {0};
    for (int i = 0; i < 50; i++) {
        if (row_numbers(s, emotions[label], 42, shown) && shown[prediction] == count)
            return;
        screen_settle(s, 100);
    }
    screen_dump(s);
    fail_msg("%s predicted %s: %d on the screen, %d expected", emotions[label], emotions[prediction],
             shown[prediction], count);
}

static void test_relabelling_elsewhere_moves_a_count(void **state)
{
    (void)state;
    int label, prediction;
    char id[16];
    json_t *e = eval();
    int wrong = largest_error(e, &label, &prediction), right = eval_cell(e, prediction, prediction);
    struct screen *s = start_matrix(140, 42);
    sample_of(label, prediction, id);
    json_t *events = run_ferlab_json("label", "-w", workspace, id, emotions[prediction], "--json", NULL);
    json_decref(events);
    expect_cell(s, label, prediction, wrong - 1);
    expect_cell(s, prediction, prediction, right + 1);
    screen_keys(s, "u"); /* the same reviewer: undone from inside the matrix */
    expect_cell(s, label, prediction, wrong);
    expect_cell(s, prediction, prediction, right);
    json_decref(e);
    screen_end(s);
}

static void test_relabelling_in_the_opened_cell_moves_a_count(void **state)
{
    (void)state;
    int label, prediction;
    json_t *e = eval();
    int wrong = largest_error(e, &label, &prediction), right = eval_cell(e, prediction, prediction);
    struct screen *s = start_matrix(140, 42);
    go_to_cell(s, label, prediction);
    screen_keys(s, "\r");
    expect_text(s, "grid");
    char key[2] = {(char)('1' + prediction), '\0'};
    screen_keys(s, key);
    screen_settle(s, 150);
    screen_keys(s, "q");
    expect_cell(s, label, prediction, wrong - 1);
    expect_cell(s, prediction, prediction, right + 1);
    screen_keys(s, "u");
    expect_cell(s, label, prediction, wrong);
    json_decref(e);
    screen_end(s);
}

static void test_small_screen_has_all_words_and_faces(void **state)
{
    (void)state;
    static const char *const words[] = {
        "precision", "recall", "F1", "contempt", "accuracy", "macro F1", "sad", "validation split", "total"};
    struct screen *s = start_matrix(80, 24);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        expect_text(s, words[i]);
    int before = screen_images(s), label, prediction;
    json_t *e = eval();
    largest_error(e, &label, &prediction);
    go_to_cell(s, label, prediction);
    screen_settle(s, 200);
    assert_true(screen_images(s) > before);
    json_decref(e);
    screen_end(s);
}

static void test_shares_replace_counts(void **state)
{
    (void)state;
    json_t *e = eval();
    int total = 0, label = 0;
    while (label < EMOTIONS && eval_cell(e, label, label) == 0)
        label++;
    assert_true(label < EMOTIONS);
    for (int p = 0; p < EMOTIONS; p++)
        total += eval_cell(e, label, p);
    struct screen *s = start_matrix(80, 24);
    screen_keys(s, "%");
    char share[16];
    snprintf(share, sizeof share, "%.1f", 100.0 * eval_cell(e, label, label) / total);
    expect_text(s, share);
    screen_keys(s, "#");
    int shown[EMOTIONS + 1];
    screen_settle(s, 150);
    assert_true(row_numbers(s, emotions[label], 24, shown));
    assert_int_equal(shown[label], eval_cell(e, label, label));
    json_decref(e);
    screen_end(s);
}

static void expect_share(struct screen *s, const char *head, int part, int whole)
{
    char share[16];
    expect_text(s, head);
    snprintf(share, sizeof share, "%.1f", 100.0 * part / whole);
    expect_text(s, share);
}

static void test_shares_are_of_the_row_the_column_or_all(void **state)
{
    (void)state;
    int label, prediction, all = 0, row = 0, column = 0;
    json_t *e = eval();
    int wrong = largest_error(e, &label, &prediction);
    for (int k = 0; k < EMOTIONS * EMOTIONS; k++)
        all += eval_cell(e, k / EMOTIONS, k % EMOTIONS);
    for (int k = 0; k < EMOTIONS; k++) {
        row += eval_cell(e, label, k);
        column += eval_cell(e, k, prediction);
    }
    struct screen *s = start_matrix(140, 42);
    screen_keys(s, "%");
    expect_share(s, "% of the row", wrong, row);
    screen_keys(s, "%");
    expect_share(s, "% of the column", wrong, column);
    screen_keys(s, "%");
    expect_share(s, "% of all", wrong, all);
    screen_keys(s, "#");
    screen_settle(s, 100);
    assert_false(screen_has(s, "% of "));
    json_decref(e);
    screen_end(s);
}

static void test_reviews_leave_the_crowds_matrix_as_it_was(void **state)
{
    (void)state;
    int label, prediction;
    char id[16], text[128];
    json_t *e = eval();
    int wrong = largest_error(e, &label, &prediction);
    struct screen *s = start_matrix(140, 42);
    sample_of(label, prediction, id);
    json_t *events = run_ferlab_json("label", "-w", workspace, id, emotions[prediction], "--json", NULL);
    json_decref(events);
    expect_cell(s, label, prediction, wrong - 1);
    screen_keys(s, "C");
    expect_text(s, "labels of the crowd");
    expect_cell(s, label, prediction, wrong);
    go_to_cell(s, label, prediction);
    screen_keys(s, "\r");
    snprintf(text, sizeof text, "split:valid crowd:%s pred:%s", emotions[label], emotions[prediction]);
    expect_text(s, text);
    snprintf(text, sizeof text, "%d of 600", wrong);
    expect_text(s, text);
    screen_keys(s, "q");
    expect_text(s, "labels of the crowd");
    screen_keys(s, "Cu");
    expect_cell(s, label, prediction, wrong);
    json_decref(e);
    screen_end(s);
}

static void test_filter_scope_counts_the_filter(void **state)
{
    (void)state;
    struct screen *s = start(workspace, 140, 42);
    screen_keys(s, "/");
    screen_settle(s, 80);
    screen_keys(s, "\x15split:train or split:test\r");
    screen_settle(s, 150);
    screen_keys(s, "c");
    expect_text(s, "filter split:train or split:test"); /* at once, for it names other splits */
    screen_keys(s, "\t");
    expect_text(s, "validation split");
    screen_keys(s, "\t");
    expect_text(s, "filter split:train or split:test");
    expect_text(s, "faces trained on, numbers flatter");
    json_t *e =
        run_ferlab_json("eval", "-w", workspace, "--where", "split:train or split:test", "--json", NULL);
    for (int label = 0; label < EMOTIONS; label++) {
        int shown[EMOTIONS + 1];
        assert_true(row_numbers(s, emotions[label], 42, shown));
        for (int p = 0; p < EMOTIONS; p++)
            assert_int_equal(shown[p], eval_cell(e, label, p));
    }
    int label, prediction, count = largest_error(e, &label, &prediction);
    go_to_cell(s, label, prediction);
    screen_keys(s, "\r");
    char text[64];
    snprintf(text, sizeof text, "%d of 600", count);
    expect_text(s, text);
    screen_keys(s, "q"); /* the matrix is still that of the filter, not of the cell */
    expect_text(s, "filter split:train or split:test");
    expect_cell(s, label, prediction, count);
    json_decref(e);
    screen_end(s);
}

static void test_difference_needs_a_model_before(void **state)
{
    (void)state;
    struct screen *s = start_matrix(140, 42);
    screen_keys(s, "D");
    expect_text(s, "no model before");
    screen_end(s);
}

static void test_without_a_model_it_says_how_to_get_one(void **state)
{
    (void)state;
    struct screen *s = start(bare, 80, 24);
    screen_keys(s, "c");
    expect_text(s, "no model yet");
    expect_text(s, "ferlab train");
    screen_end(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers_equal_eval),
        cmocka_unit_test(test_cell_opens_its_samples),
        cmocka_unit_test(test_totals_and_errors_open_their_samples),
        cmocka_unit_test(test_relabelling_elsewhere_moves_a_count),
        cmocka_unit_test(test_relabelling_in_the_opened_cell_moves_a_count),
        cmocka_unit_test(test_small_screen_has_all_words_and_faces),
        cmocka_unit_test(test_shares_replace_counts),
        cmocka_unit_test(test_shares_are_of_the_row_the_column_or_all),
        cmocka_unit_test(test_reviews_leave_the_crowds_matrix_as_it_was),
        cmocka_unit_test(test_filter_scope_counts_the_filter),
        cmocka_unit_test(test_difference_needs_a_model_before),
        cmocka_unit_test(test_without_a_model_it_says_how_to_get_one),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
