/* The filter line, the command line and help: what is typed, what it says while typing, what is wrong and
 * where. */
#include "workbench_fixture.h"

#include "../../src/tui/action.h"

#include <unistd.h>

static struct fixture f;

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

/* "N sample" as `ferlab list` counts them. */
static void listed(const char *filter, char out[32])
{
    json_t *rows = run_ferlab_json("list", filter, "-w", f.workspace, "--json", NULL);
    snprintf(out, 32, "%zu sample", json_array_size(rows));
    json_decref(rows);
}

static void test_applying_says_how_many_samples(void **state)
{
    (void)state;
    struct screen *s = fixture_start(&f, &full_screen, "pred!=label");
    char count[32];
    listed("split:valid", count);
    type_keys(s, "/split:valid"); /* the present filter stands selected: typing replaces it */
    expect_text(s, "filter split:valid");
    expect_text(s, count);
    type_keys(s, "\r");
    expect_text(s, count);
    char of[48];
    snprintf(of, sizeof of, "%d of 300", atoi(count));
    expect_text(s, of);
}

static void test_a_mistake_is_pointed_at_and_the_line_kept(void **state)
{
    (void)state;
    struct screen *s = fixture_start(&f, &full_screen, "split:train");
    type_keys(s, "/label:fear pred!!x (\r");
    expect_text(s, "filter label:fear pred!!x (");
    bool caret = false;
    for (int row = 41; row < 42; row++) {
        const char *line = screen_row(s, row);
        const char *at = strchr(line, '^');
        caret = at != NULL && at - line >= 8 + 11 && at - line <= 8 + 19; /* "filter " starts in column 1 */
    }
    assert_true(caret);
    type_keys(s, "\033");
    expect_no_text(s, "pred!!x");
    expect_text(s, "split:train");
    type_keys(s, "/\033[A"); /* nothing was applied, so nothing is remembered */
    expect_text(s, "filter split:train");
    type_keys(s, "\033");
}

static void test_the_line_can_be_edited(void **state)
{
    (void)state;
    struct screen *s = fixture_start(&f, &full_screen, "split:train");
    type_keys(s, "/\033[F label:fea"); /* End keeps the text */
    expect_text(s, "filter split:train label:fea");
    type_keys(s, "\t");
    expect_text(s, "filter split:train label:fear");
    type_keys(s, "\027\027split:test"); /* Ctrl-W twice */
    expect_text(s, "filter split:test");
    type_keys(s, "\033[H\033[3~\033[3~x"); /* Home, Delete twice */
    expect_text(s, "filter xlit:test");
    type_keys(s, "\025\013split:valid\r"); /* Ctrl-U, Ctrl-K */
    expect_text(s, "split:valid");
    type_keys(s, "/split:test\r");
    type_keys(s, "/\033[A\033[A\r"); /* two back in the history */
    char count[32];
    listed("split:valid", count);
    expect_text(s, count);
}

static void test_who_decided_completes(void **state)
{
    (void)state;
    setenv("FERLAB_REVIEWER", "ana b", 1);
    struct screen *s = fixture_start(&f, &full_screen, "split:train sort:id");
    unsetenv("FERLAB_REVIEWER");
    type_keys(s, "1");
    expect_text(s, "neutral");
    type_keys(s, "/\025revi\t\t\t");
    expect_text(s, "filter reviewer:");
    type_keys(s, "\025reviewer:\t");
    expect_text(s, "filter reviewer:\"ana b\"");
    type_keys(s, "\r");
    expect_text(s, "1 sample");
    type_keys(s, "/\025reviewer:nobody\r");
    expect_text(s, "0 samples");
    type_keys(s, "u");
}

static void test_commands_run_and_complete(void **state)
{
    (void)state;
    struct screen *s = fixture_start(&f, &full_screen, "");
    type_keys(s, ":conf");
    expect_text(s, "confusion matrix");
    type_keys(s, "\t\r");
    expect_text(s, "precision");
    json_t *log = fixture_log(&f);
    size_t events = json_array_size(log);
    json_decref(log);
    type_keys(s, "q:label sadness\r");
    expect_text(s, "sadness");
    expect_events(&f, events + 1, "relabel", "sadness");
    type_keys(s, ":undo\r");
    expect_text(s, "undone");
    type_keys(s, ":frobnicate\r");
    expect_text(s, "no command is called \"frobnicate\"");
    type_keys(s, ":rule distribution\r");
    expect_text(s, "labels under the rule distribution");
    type_keys(s, ":rule x\r");
    expect_text(s, "majority, distribution, probability or multi-target");
    type_keys(s, ":model nothing\r");
    expect_text(s, "none is called \"nothing\"");
    type_keys(s, ":set size 72\r");
    expect_text(s, "row 1 of 25"); /* 12 across */
    screen_keys(s, ":q\r");
    assert_int_equal(screen_wait_exit(s, WAIT_MS), 0);
}

static void expect_export(struct screen *s, const char *format, const char *name)
{
    char keys[PATH_MAX + 48], path[PATH_MAX + 16];
    snprintf(path, sizeof path, "%s/%s", f.dir, name);
    snprintf(keys, sizeof keys, ":export %s%s\r", format, path);
    type_keys(s, keys);
    expect_text(s, name);
    expect_text(s, "written to");
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    int lines = 0;
    for (int c; (c = fgetc(file)) != EOF;)
        lines += c == '\n';
    fclose(file);
    char count[32];
    listed("split:valid", count);
    assert_int_equal(lines, atoi(count));
}

static void test_export_writes_what_the_filter_picks(void **state)
{
    (void)state;
    struct screen *s = fixture_start(&f, &full_screen, "split:valid");
    expect_export(s, "jsonl ", "out");
    expect_export(s, "", "by-its-name.jsonl");
}

static void test_export_of_a_folder_leaves_the_keys_alone(void **state)
{
    (void)state;
    struct screen *s = fixture_start(&f, &full_screen, "");
    char keys[PATH_MAX + 48], path[PATH_MAX + 64];
    snprintf(keys, sizeof keys, ":export imagefolder %s/folder\rj", f.dir); /* j is answered meanwhile */
    type_keys(s, keys);
    expect_text(s, "row 2 of");
    expect_text(s, "300 samples written to");
    expect_no_text(s, "exporting");
    for (int i = 0; i < 3; i++) {
        static const char *const splits[] = {"train", "validation", "test"};
        snprintf(path, sizeof path, "%s/folder/%s/metadata.jsonl", f.dir, splits[i]);
        assert_int_equal(access(path, R_OK), 0);
    }
}

static void test_report_is_of_what_the_filter_picks(void **state)
{
    (void)state;
    struct screen *s = fixture_start(&f, &full_screen, "split:valid sort:-suspect");
    char keys[PATH_MAX + 48], path[PATH_MAX + 16], count[32], written[64];
    snprintf(path, sizeof path, "%s/page.html", f.dir);
    snprintf(keys, sizeof keys, ":report %s\rj", path); /* j is answered meanwhile */
    type_keys(s, keys);
    expect_text(s, "row 2 of");
    json_t *d = run_ferlab_json("-w", f.workspace, "eval", "--split", "valid", "--json", NULL);
    snprintf(count, sizeof count, "%lld", json_integer_value(json_object_get(d, "count")));
    json_decref(d);
    snprintf(written, sizeof written, "%s samples written to", count);
    expect_text(s, written);
    expect_no_text(s, "reporting");
    FILE *file = fopen(path, "r");
    char start[64] = "";
    assert_non_null(file);
    assert_non_null(fgets(start, sizeof start, file));
    fclose(file);
    assert_string_equal(start, "<!DOCTYPE html>\n");
    type_keys(s, keys);
    expect_text(s, "report: ");
    expect_text(s, "is there already");
    type_keys(s, ":report\r");
    expect_text(s, "report: say a path that does not exist yet");
}

static void test_export_says_what_is_wrong(void **state)
{
    (void)state;
    struct screen *s = fixture_start(&f, &full_screen, "split:valid");
    char keys[PATH_MAX + 48];
    screen_keys(s, ":export parquet out\r");
    expect_text(s, "export: no format is called \"parquet\"; ferplus, csv, jsonl, ");
    snprintf(keys, sizeof keys, ":export fiftyone %s\r", f.dir);
    type_keys(s, keys);
    expect_text(s, "is there already");
    type_keys(s, ":export csv -\r");
    expect_text(s, "export: say a format (ferplus, csv, jsonl, imagefolder, labelstudio or fiftyone)");
}

/* At 120 columns the top line gives the filter what it needs; where that is too much, its middle goes. */
static void test_a_long_filter_has_the_room_there_is(void **state)
{
    (void)state;
    const struct screen_options middle = {
        .columns = 120, .rows = 30, .cell_width = 9, .cell_height = 19, .sixel = true};
    const char *whole = "split:valid or (conf>0.1 reviewed:no) sort:-suspect",
               *longer =
                   "(split:train or split:valid or split:test) not label:none conf>0.1 flag:no sort:-suspect";
    struct screen *s = fixture_start(&f, &middle, whole);
    assert_non_null(strstr(screen_row(s, 0), whole));
    s = fixture_start(&f, &middle, longer);
    assert_non_null(strstr(screen_row(s, 0), "(split:train or split:valid"));
    assert_non_null(strstr(screen_row(s, 0), "flag:no sort:-suspect  276"));
    type_keys(s, "/");
    expect_text(s, longer);
}

static void test_help_lists_every_action(void **state)
{
    (void)state;
    const struct screen_options tall = {
        .columns = 140, .rows = 120, .cell_width = 9, .cell_height = 19, .sixel = true};
    struct screen *s = fixture_start(&f, &tall, "");
    type_keys(s, "?");
    expect_text(s, "Reviewing");
#define X(id, name, keys, group, help)                                                                       \
    if (!screen_has(s, help) && strlen(help) < 50)                                                           \
        fail_msg("help lacks '%s'", help);
    ACTIONS(X)
#undef X
    expect_text(s, "select a range; the next label, accept, flag, note or");
    expect_text(s, "sort:-suspect");
    for (int row = 0; row < 120; row++) /* examples end where what they mean begins */
        if (strstr(screen_row(s, row), "split:train label:fear") != NULL)
            assert_null(strstr(screen_row(s, row), "train valid test none"));
    expect_text(s, "train valid test none; an emotion, unknown, nf, none");
    type_keys(s, "\033");
    expect_no_text(s, "Reviewing");
}

static void expect_help_begins(struct screen *s, const char *head, const char *keys)
{
    expect_text(s, "jk scroll");
    if (strstr(screen_row(s, 2), head) == NULL || !screen_has(s, keys)) {
        screen_dump(s);
        fail_msg("help should begin with '%s' and have '%s'", head, keys);
    }
}

static void test_help_begins_with_the_view_it_was_called_from(void **state)
{
    (void)state;
    const struct screen_options small = {
        .columns = 80, .rows = 24, .cell_width = 9, .cell_height = 19, .sixel = true};
    struct screen *s = fixture_start(&f, &small, "");
    type_keys(s, "?");
    expect_help_begins(s, "Here: grid", "Enter       open");
    type_keys(s, "qm?");
    expect_help_begins(s, "Here: models", "d           remove");
    expect_text(s, "remove the selected model");
    type_keys(s, "qq"
                 "c?");
    expect_help_begins(s, "Here: confusion", "#           counts");
    type_keys(s, "qq\r?");
    expect_help_begins(s, "Here: face", "e           votes");
    type_keys(s, "qqr?");
    expect_help_begins(s, "Here: queue", "B           blind");
    type_keys(s, "q");
    expect_no_text(s, "Here:");
}

static void test_an_empty_result_says_so(void **state)
{
    (void)state;
    struct screen *s = fixture_start(&f, &full_screen, "");
    type_keys(s, "/id:999999\r");
    expect_text(s, "0 samples");
    expect_text(s, "no sample passes this filter");
    type_keys(s, "5");
    expect_text(s, "no sample is selected");
    type_keys(s, "\rjklh");
    expect_text(s, "no sample passes this filter");
}

static void test_a_key_without_an_action_says_so(void **state)
{
    (void)state;
    struct screen *s = fixture_start(&f, &full_screen, "");
    type_keys(s, "z");
    expect_text(s, "no action on 'z' here; ? lists the keys");
    type_keys(s, "\x18");
    expect_text(s, "no action on Ctrl-X here");
    type_keys(s, "\xc5\x82");
    expect_text(s, "no action on '\u0142' here");
    type_keys(s, "%"); /* an action, but the matrix's */
    expect_text(s, "no action on '%' here");
    type_keys(s, "c");
    type_keys(s, "%");
    expect_no_text(s, "no action");
    type_keys(s, ":remove\r");
    expect_text(s, "no action \"remove\" here");
}

static void test_the_command_line_takes_classes_in_any_case(void **state)
{
    (void)state;
    struct screen *s = fixture_start(&f, &full_screen, "");
    type_keys(s, ":label Fear\r");
    expect_text(s, "fear");
    json_t *log = fixture_log(&f), *last = json_array_get(log, json_array_size(log) - 1);
    assert_string_equal(json_string_value(json_object_get(last, "kind")), "relabel");
    assert_string_equal(json_string_value(json_object_get(last, "value")), "fear");
    json_decref(log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_applying_says_how_many_samples),
        cmocka_unit_test(test_a_mistake_is_pointed_at_and_the_line_kept),
        cmocka_unit_test(test_the_line_can_be_edited),
        cmocka_unit_test(test_who_decided_completes),
        cmocka_unit_test(test_commands_run_and_complete),
        cmocka_unit_test(test_export_writes_what_the_filter_picks),
        cmocka_unit_test(test_export_of_a_folder_leaves_the_keys_alone),
        cmocka_unit_test(test_report_is_of_what_the_filter_picks),
        cmocka_unit_test(test_export_says_what_is_wrong),
        cmocka_unit_test(test_a_long_filter_has_the_room_there_is),
        cmocka_unit_test(test_help_lists_every_action),
        cmocka_unit_test(test_help_begins_with_the_view_it_was_called_from),
        cmocka_unit_test(test_an_empty_result_says_so),
        cmocka_unit_test(test_a_key_without_an_action_says_so),
        cmocka_unit_test(test_the_command_line_takes_classes_in_any_case),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
