/* The command line: the real program's words, documents, exit statuses and sentences. */
#include "support.h"

#include "ferlab/base/path.h"
#include "ferlab/face/image.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char dir[PATH_MAX], ws[PATH_MAX + 16];
static char
    made_dir[PATH_MAX]; /* the workspace that each test gets a copy of, and what it was imported from */

/* Twenty faces in each of train and valid: even ones happy, odd ones sad; the first of each split without a
 * majority. */
enum { FACES = 20 };

static void write_split(const char *folder)
{
    char csv[FACES * 64], *to = csv, name[64];
    uint8_t pixels[FACE_PIXELS], *png;
    size_t size;
    for (int i = 0; i < FACES; i++) {
        const char *counts = i == 0  ? "3,3,0,4,0,0,0,0,0,0"
                             : i % 2 ? "0,0,0,10,0,0,0,0,0,0"
                                     : "0,8,2,0,0,0,0,0,0,0";
        to += sprintf(to, "%s%02d.png,\"(0, 0, 48, 48)\",%s\n", folder + 7, i, counts);
        for (int k = 0; k < FACE_PIXELS; k++)
            pixels[k] = (uint8_t)(k * 3 + i * 11);
        assert_true(image_png_bytes(pixels, FACE_SIZE, FACE_SIZE, &png, &size, NULL));
        snprintf(name, sizeof name, "in/%s/%s%02d.png", folder, folder + 7, i);
        write_file(made_dir, name, png, size);
        free(png);
    }
    snprintf(name, sizeof name, "in/%s/label.csv", folder);
    write_file(made_dir, name, csv, (size_t)(to - csv));
}

static int make(void **state)
{
    (void)state;
    char in[PATH_MAX + 16];
    temp_dir_make(made_dir);
    snprintf(ws, sizeof ws, "%s/w.ferlab", made_dir);
    snprintf(in, sizeof in, "%s/in", made_dir);
    write_split("FER2013Train");
    write_split("FER2013Valid");
    json_decref(run_ferlab_json("import", in, "-w", ws, "--json", NULL));
    return 0;
}

static int unmake(void **state)
{
    (void)state;
    temp_dir_remove(made_dir);
    return 0;
}

static int setup(void **state)
{
    (void)state;
    char made[PATH_MAX + 16];
    struct err e;
    size_t size;
    temp_dir_make(dir);
    snprintf(made, sizeof made, "%s/w.ferlab", made_dir);
    snprintf(ws, sizeof ws, "%s/w.ferlab", dir);
    char *bytes = file_read(made, 1 << 24, &size, &e);
    if (!bytes)
        fail_msg("%s", e.text);
    write_file(dir, "w.ferlab", bytes, size);
    free(bytes);
    setenv("FERLAB_WORKSPACE", ws, 1);
    setenv("FERLAB_REVIEWER", "ana", 1);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    unsetenv("FERLAB_WORKSPACE");
    unsetenv("FERLAB_REVIEWER");
    temp_dir_remove(dir);
    return 0;
}

/* A call that fails with this status, a sentence with this in it, and nothing on standard output. */
#define EXPECT_FAILURE(expected_status, part, ...)                                                           \
    do {                                                                                                     \
        struct output o_;                                                                                    \
        run_ferlab(&o_, __VA_ARGS__, NULL);                                                                  \
        expect_failed(&o_, expected_status, part);                                                           \
    } while (0)

static void expect_failed(struct output *o, int status, const char *part)
{
    if (o->status != status)
        fail_msg("exit status %d, expected %d: %s", o->status, status, o->err);
    if (strncmp(o->err, "ferlab: ", 8) != 0 || !strstr(o->err, part))
        fail_msg("'%s' does not say '%s'", o->err, part);
    for (const char *p = o->err; *p; p++)
        assert_true((unsigned char)*p >= 0x20 || *p == '\n');
    assert_string_equal(o->out, "");
    output_free(o);
}

static char *run_text(const char *first, const char *second, const char *third)
{
    struct output o;
    run_ferlab(&o, first, second, third, NULL);
    if (o.status != 0)
        fail_msg("ferlab %s: %s", first, o.err);
    char *text = o.out;
    free(o.err);
    return text;
}

static json_t *sample(const char *id)
{
    return run_ferlab_json("show", id, "--json", NULL);
}

static const char *word(const json_t *d, const char *key)
{
    const char *text = json_string_value(json_object_get(d, key));
    return text ? text : "(null)";
}

static void expect_label(const char *id, const char *label)
{
    json_t *d = sample(id);
    assert_string_equal(word(d, "label"), label);
    json_decref(d);
}

/* The program itself */

static void test_version_and_help(void **state)
{
    (void)state;
    char *text = run_text("--version", NULL, NULL);
    assert_string_equal(text, "ferlab " FERLAB_VERSION "\n");
    free(text);
    text = run_text("--help", NULL, NULL);
    assert_non_null(strstr(text, "import PATH..."));
    assert_non_null(strstr(text, "FERLAB_WORKSPACE"));
    free(text);
    text = run_text("help", "list", NULL);
    assert_non_null(strstr(text, "--limit N"));
    assert_non_null(strstr(text, "Filters:"));
    free(text);
}

static void test_every_command_has_help(void **state)
{
    (void)state;
    static const char *const names[] = {"import", "report", "export", "list",  "show",  "label", "accept",
                                        "flag",   "unflag", "note",   "tag",   "untag", "undo",  "redo",
                                        "unlock", "lock",   "log",    "train", "runs",  "eval",  "predict",
                                        "models", "model",  "synth",  "demo",  "bench", "doctor"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char *text = run_text(names[i], "--help", NULL), start[64];
        snprintf(start, sizeof start, "Usage: ferlab [-w FILE] %s ", names[i]);
        assert_memory_equal(text, start, strlen(start));
        free(text);
    }
}

static void test_misspelt_words_are_answered_with_the_nearest(void **state)
{
    (void)state;
    EXPECT_FAILURE(2, "did you mean 'list'", "lsit");
    EXPECT_FAILURE(2, "did you mean --limit", "list", "--limt", "3");
    EXPECT_FAILURE(2, "there is no command", "frobnicate");
    EXPECT_FAILURE(2, "there is no option '-x'", "list", "-x");
    EXPECT_FAILURE(2, "filter:1: 'lable' is nothing to filter by; did you mean 'label:'?", "list",
                   "lable:fear");
    EXPECT_FAILURE(2, "filter:7: 'hapiness' is no label; did you mean 'happiness'?", "list",
                   "label:hapiness");
    EXPECT_FAILURE(2, "there is no class 'Hapiness'; did you mean 'happiness'", "label", "1", "Hapiness");
}

static void test_option_values_are_checked(void **state)
{
    (void)state;
    EXPECT_FAILURE(2, "'foo': no such layer or preset", "bench", "--arch", "foo");
    EXPECT_FAILURE(2, "whole number", "list", "--limit", "-3");
    EXPECT_FAILURE(2, "whole number", "list", "--limit=many");
    EXPECT_FAILURE(2, "needs a value", "list", "--limit");
    EXPECT_FAILURE(2, "takes no value", "list", "--json=yes");
    EXPECT_FAILURE(2, "no rule", "list", "--rule", "coin");
}

static void test_workspace_option_stands_before_or_behind_the_command(void **state)
{
    (void)state;
    unsetenv("FERLAB_WORKSPACE");
    json_t *before = run_ferlab_json("-w", ws, "list", "--json", NULL);
    json_t *behind = run_ferlab_json("list", "--json", "--workspace", ws, NULL);
    assert_int_equal(json_array_size(before), 2 * FACES);
    assert_true(json_equal(before, behind));
    json_decref(before);
    json_decref(behind);
}

static void test_missing_workspace_says_how_to_make_one(void **state)
{
    (void)state;
    EXPECT_FAILURE(1, "ferlab import", "-w", "/nonexistent/x.ferlab");
    EXPECT_FAILURE(1, "import", "-w", "/nonexistent/x.ferlab", "list");
}

static void test_reader_that_leaves_early_is_no_failure(void **state)
{
    (void)state;
    char command[4 * PATH_MAX];
    snprintf(command, sizeof command,
             "{ %s list --json; test $? = 0 || echo failed >&2; } 2>'%s/noise' | head -c 10 >'%s/head'",
             FERLAB_PROGRAM, dir, dir);
    assert_int_equal(system(command), 0);
    char path[PATH_MAX + 16], noise[256] = "";
    snprintf(path, sizeof path, "%s/noise", dir);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    assert_int_equal(fread(noise, 1, sizeof noise - 1, f), 0);
    fclose(f);
}

static void test_full_disk_on_standard_output_is_a_failure(void **state)
{
    (void)state;
    char command[4 * PATH_MAX];
    snprintf(command, sizeof command,
             "%s list --json >/dev/full 2>'%s/noise'; test $? = 1 && grep -q '^ferlab: standard output' "
             "'%s/noise'",
             FERLAB_PROGRAM, dir, dir);
    assert_int_equal(system(command), 0);
}

/* Samples */

static void test_list_joins_words_of_a_filter_and_limits(void **state)
{
    (void)state;
    json_t *list = run_ferlab_json("list", "split:valid", "label:sadness", "--limit", "3", "--json", NULL);
    assert_int_equal(json_array_size(list), 3);
    json_t *first = json_array_get(list, 0);
    static const char *const keys[] = {"id",         "name",       "split",     "votes",
                                       "crowd",      "label",      "reviewed",  "flagged",
                                       "prediction", "confidence", "divergence"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        assert_non_null(json_object_get(first, keys[i]));
    assert_string_equal(word(first, "split"), "valid");
    assert_string_equal(word(first, "crowd"), "sadness");
    assert_int_equal(json_array_size(json_object_get(first, "votes")), 10);
    assert_true(json_is_null(json_object_get(first, "prediction")));
    json_decref(list);
}

static void test_list_of_nothing_is_an_empty_array(void **state)
{
    (void)state;
    json_t *list = run_ferlab_json("list", "label:contempt", "--json", NULL);
    assert_true(json_is_array(list));
    assert_int_equal(json_array_size(list), 0);
    json_decref(list);
}

static void test_bad_filter_points_at_its_character(void **state)
{
    (void)state;
    EXPECT_FAILURE(2, "filter:13:", "list", "--json", "split:valid (");
    EXPECT_FAILURE(2, "filter:", "list", "pred!!label (");
    EXPECT_FAILURE(2, "filter:1: 'lable' is nothing to filter by; did you mean 'label:'?", "--filter",
                   "lable:sad");
}

static void test_show_by_id_and_by_unique_name(void **state)
{
    (void)state;
    json_t *by_id = sample("5"), *by_name = sample("Train04.png");
    assert_true(json_equal(by_id, by_name));
    assert_true(json_is_null(json_object_get(by_id, "probabilities")));
    assert_true(json_is_array(json_object_get(by_id, "history")));
    assert_true(json_is_array(json_object_get(by_id, "near_duplicates")));
    assert_non_null(json_object_get(json_object_get(by_id, "scores"), "self_confidence"));
    assert_non_null(strstr(word(by_id, "reasons"), "votes "));
    json_decref(by_id);
    json_decref(by_name);
    EXPECT_FAILURE(1, "no sample", "show", "99999999", "--json");
    EXPECT_FAILURE(1, "no sample", "show", "nobody.png");
    EXPECT_FAILURE(2, "which sample", "show");
    char *text = run_text("show", "5", NULL);
    assert_non_null(strstr(text, "Train04.png"));
    assert_non_null(strstr(text, "happiness"));
    assert_non_null(strstr(text, "\nwhy    votes "));
    free(text);
}

/* A filter that asks for near-duplicates has them found, once. */
static void test_near_duplicates_are_found_when_asked_for(void **state)
{
    (void)state;
    json_t *every = run_ferlab_json("list", "--json", NULL);
    json_t *with = run_ferlab_json("list", "dup:yes", "--json", NULL),
           *without = run_ferlab_json("list", "dup:no", "--json", NULL);
    assert_int_equal(json_array_size(with) + json_array_size(without), json_array_size(every));
    assert_true(json_array_size(with) > 0); /* its faces are alike */
    json_decref(every);
    json_decref(with);
    json_decref(without);
}

/* Reviews */

static void test_label_gives_its_events_and_stands(void **state)
{
    (void)state;
    json_t *events = run_ferlab_json("label", "3", "4", "fear", "--json", NULL);
    assert_int_equal(json_array_size(events), 2);
    json_t *first = json_array_get(events, 0);
    assert_string_equal(word(first, "kind"), "relabel");
    assert_string_equal(word(first, "value"), "fear");
    assert_string_equal(word(first, "reviewer"), "ana");
    assert_int_equal(json_integer_value(json_object_get(first, "sample")), 3);
    json_decref(events);
    expect_label("3", "fear");
    expect_label("4", "fear");
    json_t *log = run_ferlab_json("log", "--json", NULL);
    assert_int_equal(json_array_size(log), 2);
    json_decref(log);
}

static void test_label_refuses_classes_and_samples_that_do_not_exist(void **state)
{
    (void)state;
    EXPECT_FAILURE(2, "neutral, happiness, surprise", "label", "1", "joyful", "--json");
    EXPECT_FAILURE(2, "CLASS is missing: type 'ferlab label 1 2 CLASS', CLASS being neutral, happiness",
                   "label", "1", "2");
    EXPECT_FAILURE(2, "too little", "label");
    EXPECT_FAILURE(2, "which samples", "label", "fear");
    EXPECT_FAILURE(1, "no sample", "label", "1", "99999999", "fear", "--json");
    json_t *log = run_ferlab_json("log", "--json", NULL);
    assert_int_equal(json_array_size(log), 0);
    json_decref(log);
}

static void test_where_needs_yes_off_a_terminal(void **state)
{
    (void)state;
    EXPECT_FAILURE(2, "--yes", "label", "--where", "split:valid", "fear");
    EXPECT_FAILURE(2, "not both", "label", "1", "--where", "split:valid", "--yes", "fear");
    json_t *events =
        run_ferlab_json("label", "--where", "split:valid label:sadness", "--yes", "fear", "--json", NULL);
    assert_int_equal(json_array_size(events), FACES / 2);
    json_decref(events);
    json_t *undone = run_ferlab_json("undo", "--json", NULL);
    assert_int_equal(json_array_size(undone), FACES / 2);
    json_decref(undone);
    json_t *list = run_ferlab_json("list", "label:fear", "--json", NULL);
    assert_int_equal(json_array_size(list), 0);
    json_decref(list);
}

static void test_accept_takes_the_label_in_force(void **state)
{
    (void)state;
    json_decref(run_ferlab_json("label", "3", "disgust", "--json", NULL));
    json_t *events = run_ferlab_json("accept", "3", "4", "--json", NULL);
    assert_string_equal(word(json_array_get(events, 0), "value"), "disgust");
    assert_string_equal(word(json_array_get(events, 1), "value"), "sadness");
    json_decref(events);
    EXPECT_FAILURE(1, "no label to accept", "accept", "1");
    events = run_ferlab_json("accept", "--where", "split:train", "--yes", "--json", NULL);
    assert_int_equal(json_array_size(events), FACES - 1);
    json_decref(events);
}

static void test_flag_note_and_tag_show(void **state)
{
    (void)state;
    json_decref(run_ferlab_json("flag", "7", "--json", NULL));
    json_decref(run_ferlab_json("note", "7", "bad", "crop", "--json", NULL));
    json_decref(run_ferlab_json("tag", "7", "Train07.png", "blur", "--json", NULL));
    json_t *d = sample("7");
    assert_true(json_is_true(json_object_get(d, "flagged")));
    assert_string_equal(word(d, "note"), "bad crop");
    assert_string_equal(json_string_value(json_array_get(json_object_get(d, "tags"), 0)), "blur");
    assert_int_equal(json_array_size(json_object_get(d, "history")), 3);
    json_decref(d);
    json_decref(run_ferlab_json("unflag", "7", "--json", NULL));
    json_decref(run_ferlab_json("untag", "7", "blur", "--json", NULL));
    json_decref(run_ferlab_json("note", "7", "", "--json", NULL));
    d = sample("7");
    assert_true(json_is_false(json_object_get(d, "flagged")));
    assert_true(json_is_null(json_object_get(d, "note")));
    assert_int_equal(json_array_size(json_object_get(d, "tags")), 0);
    json_decref(d);
    EXPECT_FAILURE(2, "TEXT is missing: type 'ferlab note 7 TEXT'", "note", "7");
    EXPECT_FAILURE(2, "NAME is missing: type 'ferlab tag 7 NAME'", "tag", "7");
    EXPECT_FAILURE(2, "one tag is taken at a time: type 'ferlab tag 7 a'", "tag", "7", "a", "b");
    EXPECT_FAILURE(1, "no tag", "tag", "7", "two words");
}

/* Runs a review command and gives the number of its events. */
static size_t count_events(const char *command, const char *sample, const char *value)
{
    json_t *events = run_ferlab_json(command, "--json", sample, value, NULL);
    size_t count = json_array_size(events);
    json_decref(events);
    return count;
}

static void test_flags_and_tags_that_change_nothing_write_nothing(void **state)
{
    (void)state;
    assert_int_equal(count_events("unflag", "7", NULL), 0);
    assert_int_equal(count_events("flag", "7", "Train06.png"), 1);
    assert_int_equal(count_events("flag", "7", "8"), 1);
    assert_int_equal(count_events("untag", "7", "blur"), 0);
    assert_int_equal(count_events("tag", "7", "blur"), 1);
    assert_int_equal(count_events("tag", "7", "blur"), 0);
    assert_int_equal(count_events("label", "7", "fear"), 1);
    assert_int_equal(count_events("label", "7", "fear"), 1);
    json_t *log = run_ferlab_json("log", "--json", NULL);
    assert_int_equal(json_array_size(log), 5);
    json_decref(log);
    char *text = run_text("flag", "7", "9");
    assert_string_equal(text, "1 sample flagged\n1 sample already flagged\n");
    free(text);
    text = run_text("tag", "7", "blur");
    assert_string_equal(text, "1 sample already tagged as blur\n");
    free(text);
}

static void test_classes_are_taken_in_any_case_and_kept_in_one(void **state)
{
    (void)state;
    json_t *events = run_ferlab_json("label", "3", "FEAR", "--json", NULL);
    assert_string_equal(word(json_array_get(events, 0), "value"), "fear");
    json_decref(events);
    events = run_ferlab_json("label", "3", "afraid", "--json", NULL);
    assert_string_equal(word(json_array_get(events, 0), "value"), "fear");
    json_decref(events);
    json_t *list = run_ferlab_json("list", "label:fea", "votes.happy>=8", "--json", NULL);
    assert_int_equal(json_array_size(list), 1);
    json_decref(list);
}

static void test_help_shows_filters_beside_ids(void **state)
{
    (void)state;
    static const char *const names[] = {"label", "accept", "flag", "unflag", "note", "tag", "untag"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char *text = run_text(names[i], "--help", NULL);
        char line[96];
        snprintf(line, sizeof line, "\n       ferlab [-w FILE] %s [OPTION]... --where FILTER", names[i]);
        assert_non_null(strstr(text, line));
        free(text);
    }
}

static void test_notes_never_reach_the_terminal_raw(void **state)
{
    (void)state;
    json_decref(run_ferlab_json("note", "7", "red \033[31m alert", "--json", NULL));
    static const char *const commands[][2] = {{"show", "7"}, {"log", NULL}, {"list", "id:7"}};
    for (size_t i = 0; i < 3; i++) {
        char *text = run_text(commands[i][0], commands[i][1], NULL);
        assert_null(strchr(text, '\033'));
        free(text);
    }
}

static void test_undo_and_redo_walk_without_limit(void **state)
{
    (void)state;
    static const char *const classes[] = {"fear", "anger", "disgust"};
    for (int i = 0; i < 3; i++)
        json_decref(run_ferlab_json("label", "3", classes[i], "--json", NULL));
    json_decref(run_ferlab_json("undo", "--json", NULL));
    expect_label("3", "anger");
    json_decref(run_ferlab_json("undo", "--json", NULL));
    json_decref(run_ferlab_json("undo", "--json", NULL));
    expect_label("3", "happiness");
    EXPECT_FAILURE(1, "nothing to undo", "undo", "--json");
    char *text = run_text("redo", NULL, NULL);
    assert_non_null(strstr(text, "relabel fear"));
    free(text);
    json_decref(run_ferlab_json("redo", "--json", NULL));
    json_decref(run_ferlab_json("redo", "--json", NULL));
    expect_label("3", "disgust");
    EXPECT_FAILURE(1, "nothing to redo", "redo");
}

static void test_log_limit_gives_the_newest_oldest_first(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++)
        json_decref(run_ferlab_json("note", "7", "again", "--json", NULL));
    json_t *log = run_ferlab_json("log", "--limit", "2", "--json", NULL);
    assert_int_equal(json_array_size(log), 2);
    assert_int_equal(json_integer_value(json_object_get(json_array_get(log, 0), "id")), 2);
    static const char *const keys[] = {"id", "time", "reviewer", "sample", "kind", "value", "undoes"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        assert_non_null(json_object_get(json_array_get(log, 1), keys[i]));
    json_decref(log);
}

static void test_votes_are_edited_and_the_label_follows(void **state)
{
    (void)state;
    json_t *events = run_ferlab_json("votes", "3", "0,0,0,0,0,0,8,2,0,0", "--json", NULL);
    assert_string_equal(word(json_array_get(events, 0), "kind"), "votes");
    json_decref(events);
    json_t *d = run_ferlab_json("show", "3", "--json", NULL);
    assert_string_equal(word(d, "label"), "fear");
    assert_string_equal(word(d, "crowd"), "happiness");
    json_decref(d);
    EXPECT_FAILURE(1, "are no votes; ten counts", "votes", "3", "1,2,3");
    EXPECT_FAILURE(1, "ten counts of zero", "votes", "3", "0,0,0,0,0,0,0,0,0,0");
    EXPECT_FAILURE(2, "COUNTS is missing", "votes", "3");
}

static double real(const json_t *d, const char *part, const char *key)
{
    return json_number_value(json_object_get(json_object_get(d, part), key));
}

static void test_stats_count_the_latest_decision_of_each_face(void **state)
{
    (void)state;
    setenv("FERLAB_REVIEWER", "ana", 1);
    json_decref(run_ferlab_json("label", "3", "5", "fear", "--json", NULL)); /* of happy faces */
    json_decref(run_ferlab_json("label", "3", "happiness", "--json", NULL));
    json_decref(run_ferlab_json("accept", "2", "--json", NULL));        /* a sad one */
    json_decref(run_ferlab_json("label", "1", "fear", "--json", NULL)); /* the crowd is undecided */
    setenv("FERLAB_REVIEWER", "ben", 1);
    json_decref(run_ferlab_json("label", "3", "fear", "--json", NULL));
    json_decref(run_ferlab_json("undo", "--json", NULL));
    json_t *all = run_ferlab_json("stats", "--json", NULL), *ana = json_array_get(all, 0);
    json_t *ruled = run_ferlab_json("stats", "--rule", "distribution", "--json", NULL),
           *same = json_array_get(ruled, 0);
    unsetenv("FERLAB_REVIEWER");
    assert_int_equal(json_array_size(all), 1); /* what ben did is undone */
    assert_string_equal(word(ana, "reviewer"), "ana");
    assert_int_equal(json_integer_value(json_object_get(ana, "decisions")), 5);
    assert_int_equal(json_integer_value(json_object_get(ana, "faces")), 4);
    assert_int_equal(json_integer_value(json_object_get(ana, "changed")), 2);
    assert_int_equal((int)real(ana, "crowd", "faces"), 3);
    assert_float_equal(real(ana, "crowd", "agreement"), 2.0 / 3, 1e-12);
    /* happiness, fear, sadness against happiness, happiness, sadness: chance is 1/3 of 2/3 and of 1/3 */
    assert_float_equal(real(ana, "crowd", "kappa"), (2.0 / 3 - 1.0 / 3) / (1 - 1.0 / 3), 1e-12);
    assert_int_equal((int)real(ana, "model", "faces"), 0);
    assert_true(json_is_null(json_object_get(json_object_get(ana, "self"), "kappa")));
    assert_string_equal(word(ana, "rule"), "majority");
    assert_string_equal(word(same, "rule"), "distribution");
    assert_int_equal((int)real(same, "crowd", "faces"), 4); /* it is of one mind there */
    json_decref(ruled);
    json_decref(all);
    EXPECT_FAILURE(2, "there is no rule 'loudest'", "stats", "--rule", "loudest");
    EXPECT_FAILURE(1, "'ben' has decided nothing that stands; those who have are ana", "stats", "--reviewer",
                   "ben");
}

/* The second case of raters.txt: scikit-learn's cohen_kappa_score on these twelve faces. */
static void test_stats_compare_two_reviewers_on_the_faces_both_decided(void **state)
{
    (void)state;
    static const int decided[2][12] = {{1, 0, 0, 0, 0, 1, 2, 1, 0, 0, 2, 2},
                                       {0, 0, 0, 0, 0, 1, 1, 2, 0, 0, 2, 1}};
    static const char *const names[] = {"ana", "ben"}, *const classes[] = {"neutral", "happiness",
                                                                           "surprise"};
    for (int who = 0; who < 2; who++) {
        setenv("FERLAB_REVIEWER", names[who], 1);
        for (int i = 0; i < 12; i++) {
            char id[16];
            snprintf(id, sizeof id, "%d", i + 1);
            json_decref(run_ferlab_json("label", id, classes[decided[who][i]], "--json", NULL));
        }
        json_decref(run_ferlab_json("label", who ? "14" : "13", "fear", "--json", NULL)); /* alone */
    }
    setenv("FERLAB_REVIEWER", "cleo", 1);
    json_decref(run_ferlab_json("flag", "1", "--json", NULL)); /* decides nothing */
    unsetenv("FERLAB_REVIEWER");
    json_t *all = run_ferlab_json("stats", "--json", NULL);
    assert_int_equal(json_array_size(all), 2);
    for (size_t who = 0; who < 2; who++) {
        json_t *others = json_object_get(json_array_get(all, who), "reviewers"),
               *other = json_array_get(others, 0);
        assert_int_equal(json_array_size(others), 1);
        assert_string_equal(word(other, "reviewer"), names[1 - who]);
        assert_int_equal(json_integer_value(json_object_get(other, "faces")), 12);
        assert_float_equal(json_number_value(json_object_get(other, "agreement")), 0.6666666666666666, 1e-12);
        assert_float_equal(json_number_value(json_object_get(other, "kappa")), 0.4482758620689655, 1e-12);
    }
    json_decref(all);
    struct output o;
    run_ferlab(&o, "stats", "--reviewer", "ben", NULL);
    assert_non_null(strstr(o.out, "with ana                66.7 %  kappa  0.45  of 12\n"));
    output_free(&o);
}

static void test_the_test_split_is_frozen_until_unlocked(void **state)
{
    (void)state;
    char faces[PATH_MAX + 32], first[32], filter[] = "split:test label:happiness";
    snprintf(faces, sizeof faces, "%s/synth", dir);
    json_decref(run_ferlab_json("synth", faces, "--count", "60", "--seed", "1", "--json", NULL));
    json_decref(run_ferlab_json("import", faces, "--json", NULL));
    json_t *test = run_ferlab_json("list", filter, "--json", NULL);
    assert_true(json_array_size(test) > 0);
    snprintf(first, sizeof first, "%lld",
             (long long)json_integer_value(json_object_get(json_array_get(test, 0), "id")));
    EXPECT_FAILURE(1, "which is frozen; 'ferlab unlock' opens it", "label", first, "fear");
    EXPECT_FAILURE(1, "so nothing was changed", "accept", "--where", "label:happiness", "--yes");
    json_decref(run_ferlab_json("flag", first, "--json", NULL));
    EXPECT_FAILURE(2, "add --yes", "unlock");
    json_t *events = run_ferlab_json("unlock", "second", "opinion", "--yes", "--json", NULL);
    assert_string_equal(word(json_array_get(events, 0), "kind"), "unlock");
    assert_string_equal(word(json_array_get(events, 0), "value"), "second opinion");
    json_decref(events);
    EXPECT_FAILURE(1, "is unlocked already", "unlock", "--yes");
    json_decref(run_ferlab_json("label", first, "fear", "--json", NULL));
    events = run_ferlab_json("lock", "--json", NULL);
    assert_string_equal(word(json_array_get(events, 0), "kind"), "undo");
    json_decref(events);
    EXPECT_FAILURE(1, "is frozen already", "lock");
    EXPECT_FAILURE(1, "which is frozen", "undo");
    json_decref(test);
}

static void test_kill_during_labelling_keeps_what_was_acknowledged(void **state)
{
    (void)state;
    int acknowledged = 0;
    for (int i = 1; i <= 2 * FACES; i++) {
        char id[16];
        snprintf(id, sizeof id, "%d", i);
        pid_t pid = fork();
        if (pid == 0) {
            int null = open("/dev/null", O_WRONLY);
            dup2(null, STDOUT_FILENO);
            execl(FERLAB_PROGRAM, "ferlab", "label", id, "surprise", (char *)NULL);
            _exit(127);
        }
        if (i % 2) {
            usleep((useconds_t)(i * 500));
            kill(pid, SIGKILL);
        }
        int status;
        waitpid(pid, &status, 0);
        if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
            acknowledged++;
            expect_label(id, "surprise");
        }
    }
    assert_true(acknowledged >= FACES);
}

/* Import and export */

static void test_import_document_lists_rejections(void **state)
{
    (void)state;
    char in[PATH_MAX + 48], to[PATH_MAX + 64];
    static const char csv[] =
        "Train00.png,\"(0, 0, 48, 48)\",3,3,0,4,0,0,0,0,0,0\nx.png,\"(0, 0, 48, 48)\",1\n";
    write_file(dir, "FER2013Train/label.csv", csv, strlen(csv));
    snprintf(in, sizeof in, "%s/in/FER2013Train/Train00.png", made_dir);
    snprintf(to, sizeof to, "%s/FER2013Train/Train00.png", dir);
    assert_int_equal(link(in, to), 0);
    snprintf(in, sizeof in, "%s/FER2013Train", dir);
    json_t *d = run_ferlab_json("import", in, "--json", NULL);
    assert_int_equal(json_integer_value(json_object_get(d, "imported")), 0);
    assert_int_equal(json_integer_value(json_object_get(d, "skipped")), 1);
    assert_int_equal(json_integer_value(json_object_get(d, "rejected")), 1);
    assert_true(json_is_real(json_object_get(d, "seconds")));
    json_t *r = json_array_get(json_object_get(d, "rejections"), 0);
    snprintf(to, sizeof to, "%s/label.csv", in);
    assert_string_equal(word(r, "file"), to);
    assert_int_equal(json_integer_value(json_object_get(r, "line")), 2);
    assert_non_null(strstr(word(r, "reason"), "3 fields"));
    json_decref(d);
    EXPECT_FAILURE(1, "--strict", "import", in, "--strict", "--json");
    EXPECT_FAILURE(2, "what to import", "import");
}

static void test_import_says_plainly_what_was_rejected_and_what_comes_next(void **state)
{
    (void)state;
    struct output o;
    char in[PATH_MAX + 48];
    static const char csv[] =
        "Train00.png,\"(0, 0, 48, 48)\",3,3,0,4,0,0,0,0,0,0\nx.png,\"(0, 0, 48, 48)\",1\n";
    write_file(dir, "some/FER2013Train/label.csv", csv, strlen(csv));
    snprintf(in, sizeof in, "%s/in/FER2013Train", made_dir);
    run_ferlab(&o, "import", in, NULL);
    assert_int_equal(o.status, 0);
    assert_non_null(strstr(o.out, "20 skipped, 0 rejected in"));
    assert_non_null(strstr(o.err, "no model yet: 'ferlab model use ferplus' predicts every face with the one "
                                  "that ships\n"));
    output_free(&o);
    snprintf(in, sizeof in, "%s/in/FER2013Train/Train00.png", made_dir);
    char to[PATH_MAX + 48];
    snprintf(to, sizeof to, "%s/some/FER2013Train/Train00.png", dir);
    assert_int_equal(link(in, to), 0);
    snprintf(in, sizeof in, "%s/some", dir);
    run_ferlab(&o, "import", in, NULL);
    assert_int_equal(o.status, 0);
    assert_string_equal(o.out, "");
    assert_non_null(strstr(o.err, "/some/FER2013Train/label.csv:2: "));
    assert_non_null(strstr(o.err, "0 imported, 1 skipped, 1 rejected in"));
    output_free(&o);
    run_ferlab(&o, "import", in, "--quiet", NULL);
    assert_null(strstr(o.err, "no model"));
    output_free(&o);
}

static void test_import_into_a_folder_that_is_not_there_names_the_workspace(void **state)
{
    (void)state;
    char in[PATH_MAX + 48], wish[PATH_MAX + 48], said[2 * PATH_MAX];
    snprintf(in, sizeof in, "%s/in", made_dir);
    snprintf(wish, sizeof wish, "%s/nowhere/n.ferlab", dir);
    snprintf(said, sizeof said, "%s: cannot create: No such file or directory; ", wish);
    EXPECT_FAILURE(1, said, "-w", wish, "import", in);
}

static void test_list_says_where_predictions_lack(void **state)
{
    (void)state;
    struct output o;
    run_ferlab(&o, "list", "pred!=label", NULL);
    assert_int_equal(o.status, 0);
    assert_non_null(strstr(o.err, "there is no model yet, so nothing is predicted"));
    output_free(&o);
    run_ferlab(&o, "list", "label:contempt", NULL);
    assert_string_equal(o.err, "0 samples\n");
    output_free(&o);
}

static void test_import_shows_hostile_names_escaped(void **state)
{
    (void)state;
    char in[PATH_MAX + 32];
    static const char csv[] = "a\033]0;x\007.png,\"(0, 0, 48, 48)\",4,0,0,1,3,2,0,0,0,0\n";
    write_file(dir, "hostile/FER2013Train/label.csv", csv, strlen(csv));
    snprintf(in, sizeof in, "%s/hostile", dir);
    EXPECT_FAILURE(1, "a\\x1b]0;x\\x07.png", "import", in);
}

static void test_export_document_and_standard_output(void **state)
{
    (void)state;
    char out[PATH_MAX + 16];
    snprintf(out, sizeof out, "%s/out", dir);
    json_t *d =
        run_ferlab_json("export", "--format", "ferplus", "--where", "split:valid", out, "--json", NULL);
    assert_int_equal(json_integer_value(json_object_get(d, "written")), FACES);
    json_decref(d);
    EXPECT_FAILURE(1, "is there already", "export", "--format", "csv", out, "--json");
    EXPECT_FAILURE(2, "--format is missing", "export", out);
    EXPECT_FAILURE(2, "no format 'xml'", "export", "--format", "xml", out);
    EXPECT_FAILURE(2, "do not go together", "export", "--format", "csv", "-", "--json");
    EXPECT_FAILURE(2, "--labels is for ferplus; csv carries both labels", "export", "--format", "csv",
                   "--labels", "reviewed", "-");
    EXPECT_FAILURE(2, "--labels is for ferplus; jsonl carries both labels", "export", "--format", "jsonl",
                   "--labels", "crowd", "-");
    struct output o;
    run_ferlab(&o, "export", "--format", "csv", "--where", "split:valid", "-", NULL);
    assert_int_equal(o.status, 0);
    int lines = 0;
    for (const char *p = o.out; *p; p++)
        lines += *p == '\n';
    assert_int_equal(lines, FACES + 1);
    output_free(&o);
}

static void test_export_takes_its_format_from_the_file_name(void **state)
{
    (void)state;
    char out[PATH_MAX + 16];
    static const char *const formats[] = {"csv", "jsonl"};
    for (size_t i = 0; i < 2; i++) {
        snprintf(out, sizeof out, "%s/out.%s", dir, formats[i]);
        json_t *d = run_ferlab_json("export", out, "--json", NULL);
        assert_string_equal(word(d, "format"), formats[i]);
        json_decref(d);
    }
    snprintf(out, sizeof out, "%s/out.d/faces", dir);
    EXPECT_FAILURE(2, "--format is missing; take ferplus, csv, jsonl, imagefolder, labelstudio or fiftyone",
                   "export", out);
}

static void test_export_of_nothing_is_said(void **state)
{
    (void)state;
    struct output o;
    run_ferlab(&o, "export", "--format", "csv", "--where", "label:contempt", "-", NULL);
    assert_int_equal(o.status, 0);
    assert_string_equal(o.err, "ferlab: export: the filter picks no sample; what is written holds none\n");
    assert_memory_equal(o.out, "id,name", 7);
    output_free(&o);
    run_ferlab(&o, "export", "--format", "csv", "--where", "id:1", "-", NULL);
    assert_string_equal(o.err, "");
    output_free(&o);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_version_and_help),
        TEST(test_every_command_has_help),
        TEST(test_misspelt_words_are_answered_with_the_nearest),
        TEST(test_option_values_are_checked),
        TEST(test_workspace_option_stands_before_or_behind_the_command),
        TEST(test_missing_workspace_says_how_to_make_one),
        TEST(test_reader_that_leaves_early_is_no_failure),
        TEST(test_full_disk_on_standard_output_is_a_failure),
        TEST(test_list_joins_words_of_a_filter_and_limits),
        TEST(test_list_of_nothing_is_an_empty_array),
        TEST(test_bad_filter_points_at_its_character),
        TEST(test_show_by_id_and_by_unique_name),
        TEST(test_near_duplicates_are_found_when_asked_for),
        TEST(test_label_gives_its_events_and_stands),
        TEST(test_label_refuses_classes_and_samples_that_do_not_exist),
        TEST(test_where_needs_yes_off_a_terminal),
        TEST(test_accept_takes_the_label_in_force),
        TEST(test_flag_note_and_tag_show),
        TEST(test_flags_and_tags_that_change_nothing_write_nothing),
        TEST(test_classes_are_taken_in_any_case_and_kept_in_one),
        TEST(test_help_shows_filters_beside_ids),
        TEST(test_notes_never_reach_the_terminal_raw),
        TEST(test_undo_and_redo_walk_without_limit),
        TEST(test_log_limit_gives_the_newest_oldest_first),
        TEST(test_votes_are_edited_and_the_label_follows),
        TEST(test_stats_count_the_latest_decision_of_each_face),
        TEST(test_stats_compare_two_reviewers_on_the_faces_both_decided),
        TEST(test_the_test_split_is_frozen_until_unlocked),
        TEST(test_kill_during_labelling_keeps_what_was_acknowledged),
        TEST(test_import_document_lists_rejections),
        TEST(test_import_says_plainly_what_was_rejected_and_what_comes_next),
        TEST(test_import_into_a_folder_that_is_not_there_names_the_workspace),
        TEST(test_list_says_where_predictions_lack),
        TEST(test_import_shows_hostile_names_escaped),
        TEST(test_export_takes_its_format_from_the_file_name),
        TEST(test_export_document_and_standard_output),
        TEST(test_export_of_nothing_is_said),
    };
    return cmocka_run_group_tests(tests, make, unmake);
}
