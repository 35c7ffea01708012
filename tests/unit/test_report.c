/* The report: read back by an XML parser, its numbers are those of `eval --json`, it needs nothing from
 * outside, and nothing that a name or a note holds becomes part of the page. */
#include "store_fixture.h"

#include "ferlab/store/columns.h"
#include "ferlab/store/models.h"
#include "ferlab/store/reasons.h"
#include "ferlab/store/reviews.h"
#include "ferlab/store/runs.h"

#include <expat.h>
#include <math.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SAMPLES = 200, ROWS = 128, VALUES = 12 };

static struct fixture f;
static char out[PATH_MAX + 16];

/* --- a workspace: predictions that follow the votes, but for every seventh face --- */

static void predict(int64_t model)
{
    for (uint32_t i = 0; i < SAMPLES; i++) {
        int64_t id = i + 1;
        bool in_sample = i % 10 < 8;
        float p[EMOTION_COUNT], sum = 0;
        for (int k = 0; k < EMOTION_COUNT; k++)
            sum += p[k] = (float)(1 + (i * 7 + (uint32_t)k * 5) % 6) / 40;
        int said = (int)(i % 7 == 0 ? (i + 2) % 8 : i % 8);
        p[said] += 1.01f - sum;
        MUST(&f, predictions_write(f.ws, model, &id, p, &in_sample, 1, &f.e));
    }
}

static void review(int64_t sample, enum event_kind kind, const char *value)
{
    struct event *events;
    struct review r = {.sample = sample, .kind = kind, .value = value};
    MUST(&f, reviews_append(f.ws, &r, 1, &f.arena, &events, &f.e));
}

static int setup(void **state)
{
    (void)state;
    int64_t model;
    const struct model_new m = {
        .name = "small", .onnx = "none", .size = 4, .arch = "8", .parameters = 1, .input_size = 48};
    fixture_open(&f, SAMPLES);
    snprintf(out, sizeof out, "%s/report.html", f.dir);
    MUST(&f, model_add(f.ws, &m, &model, &f.e));
    predict(model);
    review(9, EVENT_RELABEL, "fear");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fixture_close(&f);
    return 0;
}

/* --- the page, parsed --- */

struct row { /* a <tr> with its id, or the name of the table it is in where it has none */
    char id[64];
    double value[VALUES]; /* of its <data> */
    int values;
};

struct page {
    struct row rows[ROWS];
    int row_count, images, figures, scripts, outside;
    bool in_row;
    char text[1 << 20];
    size_t length;
};
static struct page page;

static const char *attribute(const char **attributes, const char *name)
{
    for (; *attributes != NULL; attributes += 2)
        if (strcmp(attributes[0], name) == 0)
            return attributes[1];
    return "";
}

static void begin(void *data, const char *tag, const char **attributes)
{
    const char *source = attribute(attributes, "src"), *link = attribute(attributes, "href");
    (void)data;
    page.images += strcmp(tag, "img") == 0;
    page.figures += strcmp(tag, "figure") == 0;
    page.scripts += strcmp(tag, "script") == 0;
    page.outside += (source[0] != '\0' && strncmp(source, "data:image/png;base64,", 22) != 0) ||
                    (link[0] != '\0' && link[0] != '#') || strcmp(tag, "link") == 0;
    if (strcmp(tag, "img") == 0 && attribute(attributes, "alt")[0] == '\0')
        fail_msg("an image has no alternative text");
    for (; *attributes != NULL; attributes += 2)
        page.scripts += strncmp(attributes[0], "on", 2) == 0;
}

static void begin_rows(void *data, const char *tag, const char **attributes)
{
    begin(data, tag, attributes);
    if (strcmp(tag, "tr") == 0) {
        assert_true(page.row_count < ROWS);
        snprintf(page.rows[page.row_count++].id, 64, "%s", attribute(attributes, "id"));
        page.in_row = true;
    }
    struct row *row = page.in_row ? &page.rows[page.row_count - 1] : NULL;
    if (row != NULL && strcmp(tag, "data") == 0 && row->values < VALUES)
        row->value[row->values++] = atof(attribute(attributes, "value"));
}

static void end(void *data, const char *tag)
{
    (void)data;
    if (strcmp(tag, "tr") == 0)
        page.in_row = false;
}

static void text(void *data, const char *bytes, int count)
{
    (void)data;
    assert_true(page.length + (size_t)count < sizeof page.text);
    memcpy(page.text + page.length, bytes, (size_t)count);
    page.length += (size_t)count;
}

static void parse(const char *bytes, size_t count)
{
    XML_Parser parser = XML_ParserCreate("UTF-8");
    memset(&page, 0, sizeof page);
    XML_SetElementHandler(parser, begin_rows, end);
    XML_SetCharacterDataHandler(parser, text);
    if (XML_Parse(parser, bytes, (int)count, 1) != XML_STATUS_OK)
        fail_msg("line %lu: %s", XML_GetCurrentLineNumber(parser), XML_ErrorString(XML_GetErrorCode(parser)));
    XML_ParserFree(parser);
}

static void report_of(const char *option, const char *value)
{
    struct output o;
    run_ferlab(&o, "-w", f.path, "report", "-", option, value, NULL);
    if (o.status != 0)
        fail_msg("%s", o.err);
    parse(o.out, strlen(o.out));
    output_free(&o);
}

static const struct row *row_with_id(const char *id)
{
    for (int i = 0; i < page.row_count; i++)
        if (strcmp(page.rows[i].id, id) == 0)
            return &page.rows[i];
    fail_msg("the page has no row %s", id);
    return NULL;
}

static void expect_text(const char *words)
{
    if (strstr(page.text, words) == NULL)
        fail_msg("the page lacks '%s'", words);
}

/* --- its numbers --- */

static double number(const json_t *d, const char *key)
{
    const json_t *value = json_object_get(d, key);
    if (!json_is_number(value))
        fail_msg("eval --json has no number %s", key);
    return json_number_value(value);
}

static void expect_values(const struct row *row, const double *values, int count)
{
    assert_int_equal(row->values, count);
    for (int i = 0; i < count; i++)
        if (row->value[i] != values[i])
            fail_msg("%s has %.17g where eval has %.17g", row->id, row->value[i], values[i]);
}

static void expect_scores(const json_t *d)
{
    static const char *const names[] = {"accuracy", "macro_f1", "weighted_f1", "top2",    "cross_entropy",
                                        "brier",    "ece",      "kl_votes",    "js_votes"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const json_t *interval = json_object_get(json_object_get(d, "ci95"), names[i]);
        const double values[] = {number(d, names[i]), json_number_value(json_array_get(interval, 0)),
                                 json_number_value(json_array_get(interval, 1))};
        expect_values(row_with_id(names[i]), values, 3);
    }
    static const struct {
        const char *name, *count;
    } crowd[] = {{"human_ceiling", "human_ceiling_count"},
                 {"crowd_share", "crowd_share_count"},
                 {"krippendorff_alpha", "agreement_count"},
                 {"fleiss_kappa", "agreement_count"},
                 {"krippendorff_alpha_emotions", "agreement_emotions_count"},
                 {"fleiss_kappa_emotions", "agreement_emotions_count"}};
    for (size_t i = 0; i < sizeof crowd / sizeof *crowd; i++) {
        const double values[] = {number(d, crowd[i].name), number(d, crowd[i].count)};
        expect_values(row_with_id(crowd[i].name), values, 2);
    }
}

/* Numbers of an object that are not null, in this order. */
static void expect_object(const char *id, const json_t *d, const char *const *keys)
{
    double values[VALUES];
    int count = 0;
    for (; *keys != NULL; keys++)
        if (json_is_number(json_object_get(d, *keys)))
            values[count++] = number(d, *keys);
    expect_values(row_with_id(id), values, count);
}

static void expect_classes(const json_t *d)
{
    static const char *const keys[] = {"support", "predicted", "right", "precision", "recall", "f1", NULL};
    for (size_t k = 0; k < EMOTION_COUNT; k++) {
        json_t *class = json_array_get(json_object_get(d, "per_class"), k),
               *cells = json_array_get(json_object_get(d, "confusion"), k);
        char id[64];
        double values[EMOTION_COUNT + 1] = {0};
        json_object_set(class, "right", json_array_get(cells, k));
        snprintf(id, sizeof id, "class-%s", class_name((int)k));
        expect_object(id, class, keys);
        for (size_t i = 0; i < EMOTION_COUNT; i++)
            values[EMOTION_COUNT] += values[i] = json_number_value(json_array_get(cells, i));
        snprintf(id, sizeof id, "row-%s", class_name((int)k));
        expect_values(row_with_id(id), values, EMOTION_COUNT + 1);
    }
}

static void expect_calibration(const json_t *d)
{
    static const char *const bin[] = {"count", "right", "confidence", "accuracy", NULL};
    static const char *const band[] = {"count", "right", "accuracy", NULL};
    char id[32];
    for (size_t b = 0; b < json_array_size(json_object_get(d, "reliability")); b++) {
        json_t *all = json_array_get(json_object_get(d, "reliability"), b),
               *parts = json_array_get(json_object_get(d, "confidence_histogram"), b);
        json_object_set(all, "right", json_object_get(parts, "right"));
        snprintf(id, sizeof id, "bin-%zu", b);
        if (number(all, "count") > 0)
            expect_object(id, all, bin);
    }
    for (size_t b = 0; b < json_array_size(json_object_get(d, "agreement_bands")); b++) {
        snprintf(id, sizeof id, "band-%zu", b);
        expect_object(id, json_array_get(json_object_get(d, "agreement_bands"), b), band);
    }
}

static void expect_same_as_eval(const char *option, const char *value)
{
    report_of(option, value);
    json_t *d = run_ferlab_json("-w", f.path, "eval", "--json", "--quiet", option, value, NULL);
    expect_scores(d);
    expect_classes(d);
    expect_calibration(d);
    expect_text(json_string_value(json_object_get(d, "label_revision")));
    json_decref(d);
}

static void test_every_number_is_that_of_eval(void **state)
{
    (void)state;
    expect_same_as_eval("--where", "");
    expect_same_as_eval("--labels", "crowd");
    expect_same_as_eval("--where", "votes.fear>0 sort:-conf");
}

/* --- the page itself --- */

static void test_nothing_is_fetched_and_no_script_runs(void **state)
{
    (void)state;
    report_of("--split", "valid");
    assert_int_equal(page.scripts, 0);
    assert_int_equal(page.outside, 0);
    assert_true(page.figures >= 2);
    expect_text("prefers-color-scheme:dark");
    assert_null(strstr(page.text, "url("));
    assert_null(strstr(page.text, "@import"));
}

static void test_in_sample_faces_are_warned_of(void **state)
{
    (void)state;
    report_of("--where", "split:train");
    expect_text("\u26a0 In sample.");
    report_of("--split", "valid");
    expect_text("Out of sample.");
    assert_null(strstr(page.text, "In sample."));
}

static void test_hostile_texts_stay_texts(void **state)
{
    (void)state;
    review(9, EVENT_NOTE, "<script>alert(2)</script> <img src=x onerror=y> it's");
    plain_sql_works(f.path, "DROP TRIGGER sample_is_immutable");
    plain_sql_works(f.path, "UPDATE sample SET name = '''><script src=//x>' WHERE id = 9");
    report_of("--faces", "100");
    assert_int_equal(page.scripts, 0);
    assert_int_equal(page.outside, 0);
    expect_text("<script>alert(2)</script> <img src=x onerror=y> it's");
    expect_text("'><script src=//x>");
    report_of("--title", "<script>alert('1')</script> & \"\x01\xff\xef\xbf\xbf");
    assert_int_equal(page.scripts, 0);
    expect_text("<script>alert('1')</script> & \"\\x01\\xff\ufffd");
    report_of("--where", "not name:\"<script>*&\"");
    expect_text("not name:\"<script>*&\"");
    assert_int_equal(page.scripts, 0);
}

static int errors_of(int label)
{
    char id[32];
    snprintf(id, sizeof id, "class-%s", class_name(label));
    const struct row *row = row_with_id(id);
    return (int)(row->value[0] - row->value[2]);
}

static void test_as_many_faces_are_shown_as_are_asked_for(void **state)
{
    (void)state;
    for (int most = 0; most <= 2; most++) {
        char number[8];
        snprintf(number, sizeof number, "%d", most);
        report_of("--faces", number);
        int errors = 0, reviews = 1, suspects = 2 * most; /* of the 20 validation faces */
        for (int k = 0; k < EMOTION_COUNT; k++)
            errors += errors_of(k) < most ? errors_of(k) : most;
        assert_true(most == 0 || errors > 0);
        assert_int_equal(page.images, errors + suspects + reviews);
    }
}

static void test_suspects_tell_their_reasons(void **state)
{
    (void)state;
    char why[REASONS_SIZE];
    struct columns *c;
    report_of("--split", "valid");
    expect_text("suspect 0.");
    MUST(&f, columns_load(&c, f.ws, RULE_MAJORITY, 0, &f.e));
    expect_text(sample_reasons(c, 8, why)); /* of sample 9, relabelled against votes and model */
    assert_non_null(strstr(why, " out of sample"));
    columns_free(c);
}

static void test_faces_show_votes_and_prediction(void **state)
{
    (void)state;
    report_of("--where", "id:1 or id:4 or id:9"); /* 1 is predicted wrongly */
    expect_text("neutral \u2192 surprise");
    expect_text("votes 9\u00a0neu 1\u00a0sad");
    expect_text("1 face00000.png");
    assert_null(strstr(page.text, "4 face00003.png"));
}

static void test_reviews_are_counted_and_their_effect_told(void **state)
{
    (void)state;
    struct event *events;
    size_t count;
    review(19, EVENT_RELABEL, "disgust");
    review(29, EVENT_ACCEPT, "contempt");
    review(39, EVENT_RELABEL, "fear");
    MUST(&f, reviews_undo(f.ws, &f.arena, &events, &count, &f.e));
    report_of("--split", "valid");
    const double relabels[] = {3, 2}, accepts[] = {1, 1};
    expect_values(row_with_id("reviews-relabel"), relabels, 2);
    expect_values(row_with_id("reviews-accept"), accepts, 2);
    json_t *crowd = run_ferlab_json("-w", f.path, "eval", "--json", "--labels", "crowd", NULL);
    json_t *reviewed = run_ferlab_json("-w", f.path, "eval", "--json", NULL);
    assert_true(number(crowd, "accuracy") != number(reviewed, "accuracy"));
    assert_true(row_with_id("labels-crowd")->value[2] == number(crowd, "accuracy"));
    assert_true(row_with_id("labels-reviewed")->value[2] == number(reviewed, "accuracy"));
    expect_text("relabel undone");
    json_decref(crowd);
    json_decref(reviewed);
}

/* A model of a run that began with the other one: right but for the validation faces 19, 59, … */
static void add_successor(void)
{
    int64_t run, model;
    const struct run_new r = {.name = "second",
                              .recipe = "{\"from\": \"small\", \"augmentation\": {\"flip\": true}}",
                              .label_revision = "0123456789ab",
                              .parent = "small",
                              .seed = 3,
                              .threads = 2,
                              .epochs_planned = 2};
    const struct run_epoch epochs[] = {
        {.epoch = 1, .loss = 1.5, .train_accuracy = 0.4, .valid_accuracy = 0.5, .seconds = 1},
        {.epoch = 2, .loss = 0.9, .train_accuracy = 0.6, .valid_accuracy = 0.7, .seconds = 1}};
    MUST(&f, run_start(f.ws, &r, &run, &f.e));
    MUST(&f, run_add_epoch(f.ws, run, &epochs[0], &f.e) && run_add_epoch(f.ws, run, &epochs[1], &f.e));
    const struct model_new m = {.name = "second",
                                .onnx = "none",
                                .size = 4,
                                .arch = "8",
                                .run = run,
                                .parameters = 1,
                                .input_size = 48};
    MUST(&f, model_add(f.ws, &m, &model, &f.e));
    MUST(&f, run_finish(f.ws, run, RUN_DONE, model, "", &f.e));
    for (uint32_t i = 0; i < SAMPLES; i++) {
        int64_t id = i + 1;
        bool in_sample = false;
        float p[EMOTION_COUNT] = {0};
        p[i % 40 == 18 ? (i + 1) % 8 : i % 8] = 1;
        MUST(&f, predictions_write(f.ws, model, &id, p, &in_sample, 1, &f.e));
    }
    MUST(&f, model_use(f.ws, model, &f.e));
}

static void test_a_training_is_told_with_what_it_changed(void **state)
{
    (void)state;
    add_successor();
    report_of("--labels", "crowd");
    json_t *d = run_ferlab_json("-w", f.path, "runs", "diff", "small", "second", "--json", "--labels",
                                "crowd", NULL),
           *flips = json_object_get(d, "flips");
    static const char *const names[] = {"fixed", "broken", "changed", "wrong", "right"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char id[32];
        snprintf(id, sizeof id, "flips-%s", names[i]);
        assert_true(row_with_id(id)->value[0] == number(flips, names[i]));
    }
    assert_true(number(flips, "fixed") > 0 && number(flips, "broken") > 0);
    const struct row *accuracy = row_with_id("compared-accuracy");
    const json_t *interval = json_object_get(json_object_get(d, "ci95"), "accuracy");
    assert_true(accuracy->value[0] == number(json_object_get(d, "before"), "accuracy"));
    assert_true(accuracy->value[1] == number(json_object_get(d, "after"), "accuracy"));
    assert_true(accuracy->value[3] == json_number_value(json_array_get(interval, 0)));
    assert_true(accuracy->value[4] == json_number_value(json_array_get(interval, 1)));
    expect_text("From model small to second");
    expect_text("augmentation: flip");
    expect_text("ring: epoch 2, which was kept");
    json_decref(d);
}

static void test_any_model_can_be_compared_with(void **state)
{
    (void)state;
    add_successor();
    struct output o;
    run_ferlab(&o, "-w", f.path, "report", "-", "--model", "small", "--beside", "second", "--where",
               "flip:broken", NULL);
    assert_int_equal(o.status, 0);
    parse(o.out, strlen(o.out));
    const struct row *broken = row_with_id("flips-broken"), *right = row_with_id("flips-right");
    assert_true(broken->value[0] > 0 && right->value[0] == 0);
    expect_text("From model second to small");
    expect_text("--beside second");
    output_free(&o);
}

static char *digest_of_model(const char *workspace, const char *name)
{
    json_t *models = run_ferlab_json("-w", workspace, "models", "--json", NULL), *m;
    char *digest = NULL;
    size_t i;
    json_array_foreach(models, i, m)
    {
        if (strcmp(json_string_value(json_object_get(m, "name")), name) == 0)
            digest = strdup(json_string_value(json_object_get(m, "digest")));
    }
    json_decref(models);
    if (digest == NULL)
        fail_msg("%s has no model %s", workspace, name);
    return digest;
}

/* The command of the training, as the page has it, run by a shell on the same faces elsewhere. */
static void test_the_commands_lead_to_the_same_model(void **state)
{
    (void)state;
    char first[PATH_MAX + 8], second[PATH_MAX], again[PATH_MAX + 8], script[3 * PATH_MAX];
    struct output o;
    snprintf(first, sizeof first, "%s/1", f.dir);
    snprintf(again, sizeof again, "%s/2", f.dir);
    write_file(f.dir, "1/here", "", 0);
    write_file(f.dir, "2/here", "", 0);
    make_workspace(again, 100, second);
    make_workspace(first, 100, f.path);
    run_ferlab(&o, "-w", f.path, "train", "--arch", "8,P", "--epochs", "2", "--lr", "0.03", "--threads", "1",
               "--name", "tiny", "--quiet", NULL);
    assert_int_equal(o.status, 0);
    output_free(&o);
    report_of("--split", "valid");
    const char *command = strstr(page.text, "ferlab -w faces.ferlab train");
    assert_non_null(command);
    const char *end_of_it = strstr(command, "\nferlab ");
    assert_non_null(end_of_it);
    snprintf(script, sizeof script, "cd '%s' || exit 1; ferlab() { '%s' \"$@\"; }; %.*s --quiet", again,
             FERLAB_PROGRAM, (int)(end_of_it - command), command);
    assert_int_equal(system(script), 0);
    char *made = digest_of_model(f.path, "tiny"), *repeated = digest_of_model(second, "tiny");
    assert_string_equal(made, repeated);
    free(made);
    free(repeated);
}

static void test_the_same_workspace_gives_the_same_page(void **state)
{
    (void)state;
    struct output first, second;
    setenv("SOURCE_DATE_EPOCH", "1764201599", 1); /* date -ud 2025-11-26T23:59:59 +%s */
    run_ferlab(&first, "-w", f.path, "report", "-", NULL);
    run_ferlab(&second, "-w", f.path, "report", "-", NULL);
    unsetenv("SOURCE_DATE_EPOCH");
    assert_int_equal(first.status, 0);
    assert_string_equal(first.out, second.out);
    assert_non_null(strstr(first.out, "2025-11-26"));
    output_free(&first);
    output_free(&second);
}

static void test_a_date_that_is_none_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {"yesterday", "-1", "1e9", "99999999999999"};
    struct output o;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        setenv("SOURCE_DATE_EPOCH", wrong[i], 1);
        run_ferlab(&o, "-w", f.path, "report", out, NULL);
        unsetenv("SOURCE_DATE_EPOCH");
        assert_int_equal(o.status, 2);
        assert_non_null(strstr(o.err, "SOURCE_DATE_EPOCH"));
        assert_int_equal(access(out, F_OK), -1);
        output_free(&o);
    }
}

/* --- the file --- */

static size_t file_size(void)
{
    FILE *file = fopen(out, "rb");
    if (file == NULL)
        return 0;
    fseek(file, 0, SEEK_END);
    size_t size = (size_t)ftell(file);
    fclose(file);
    return size;
}

static void run_report(int status, const char *words, const char *option)
{
    struct output o;
    run_ferlab(&o, "-w", f.path, "report", out, option, NULL);
    if (o.status != status || strstr(status == 0 ? o.out : o.err, words) == NULL)
        fail_msg("exit %d: %s%s", o.status, o.out, o.err);
    output_free(&o);
}

static void test_a_report_never_replaces_a_file_unless_told(void **state)
{
    (void)state;
    write_file(f.dir, "report.html", "mine", 4);
    run_report(1, "is there already; remove it, choose another name, or replace it with --force", NULL);
    assert_int_equal(file_size(), 4);
    run_report(0, "20 samples written as a report", "--force");
    assert_true(file_size() > 10000);
}

static void test_the_document_says_what_was_written(void **state)
{
    (void)state;
    json_t *d = run_ferlab_json("-w", f.path, "report", "--json", "--where", "", "--quiet", out, NULL);
    assert_string_equal(json_string_value(json_object_get(d, "model")), "small");
    assert_int_equal(number(d, "bytes"), file_size());
    assert_int_equal(number(d, "count"), SAMPLES * 8 / 10); /* every fifth face has no majority */
    assert_int_equal(number(d, "in_sample"), SAMPLES * 7 / 10);
    json_decref(d);
}

static void test_a_failed_write_leaves_nothing(void **state)
{
    (void)state;
    pid_t child = fork();
    if (child == 0) {
        struct rlimit few = {.rlim_cur = 5000, .rlim_max = 5000};
        setrlimit(RLIMIT_FSIZE, &few);
        signal(SIGXFSZ, SIG_IGN);
        fclose(stderr);
        execl(FERLAB_PROGRAM, "ferlab", "-w", f.path, "report", out, NULL);
        _exit(99);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(WEXITSTATUS(status), 1);
    assert_int_equal(access(out, F_OK), -1);
}

static void test_what_makes_no_sense_is_refused(void **state)
{
    (void)state;
    struct output o;
    static const struct {
        const char *option, *value, *words;
        int status;
    } cases[] = {
        {"--faces", "-1", "--faces", 2},
        {"--split", "all", "there is no split 'all'", 2},
        {"--where", "id:999", "no sample that 'id:999' picks", 1},
        {"--model", "nobody", "nobody", 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        run_ferlab(&o, "-w", f.path, "report", out, cases[i].option, cases[i].value, NULL);
        if (o.status != cases[i].status || strstr(o.err, cases[i].words) == NULL)
            fail_msg("%s %s: exit %d, %s", cases[i].option, cases[i].value, o.status, o.err);
        assert_int_equal(access(out, F_OK), -1);
        output_free(&o);
    }
    run_ferlab(&o, "-w", f.path, "report", NULL);
    assert_int_equal(o.status, 2);
    output_free(&o);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_every_number_is_that_of_eval),
        TEST(test_nothing_is_fetched_and_no_script_runs),
        TEST(test_in_sample_faces_are_warned_of),
        TEST(test_hostile_texts_stay_texts),
        TEST(test_as_many_faces_are_shown_as_are_asked_for),
        TEST(test_faces_show_votes_and_prediction),
        TEST(test_reviews_are_counted_and_their_effect_told),
        TEST(test_a_training_is_told_with_what_it_changed),
        TEST(test_any_model_can_be_compared_with),
        TEST(test_the_commands_lead_to_the_same_model),
        TEST(test_the_same_workspace_gives_the_same_page),
        TEST(test_a_date_that_is_none_is_refused),
        TEST(test_suspects_tell_their_reasons),
        TEST(test_a_report_never_replaces_a_file_unless_told),
        TEST(test_the_document_says_what_was_written),
        TEST(test_a_failed_write_leaves_nothing),
        TEST(test_what_makes_no_sense_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
