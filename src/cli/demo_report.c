/* The demo's report: accuracy, confusion matrix, suspects, planted errors found. */
#include "demo_report.h"
#include "confusion_report.h"

#include "ferlab/base/json.h"
#include "ferlab/base/path.h"
#include "ferlab/base/str.h"
#include "ferlab/eval/metrics.h"
#include "ferlab/store/filter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN = 10, TRUTH_BYTES = 1 << 30 };

/* Validation faces whose label is an emotion, the most suspicious first. */
static const char ranking[] = "split:valid not label:none not label:unknown not label:nf sort:-suspect";

struct suspect {
    size_t row;
    int truth; /* CLASS_NONE where truth.csv does not say */
    bool planted;
};

struct report {
    const struct columns *columns;
    char label_revision[13];
    struct suspect *suspects;
    size_t count, reviewed;
    size_t planted, found, found_twice; /* k; among the first k, and the first 2k */
    struct confusion confusion, drawn;  /* against the labels, and against what was drawn */
    struct metrics metrics, drawn_metrics;
};

/* ---- truth.csv ---- */

/* The row of `rows` whose sample has that name; -1 where there is none. */
static int64_t find_name(const struct report *r, const char *name)
{
    for (size_t i = 0; i < r->count; i++) {
        if (strcmp(r->columns->name[r->suspects[i].row], name) == 0)
            return (int64_t)i;
    }
    return -1;
}

/* "name,split,truth,planted" */
static bool take_truth_line(struct report *r, char *line)
{
    char *field[4], *rest = line;
    for (int i = 0; i < 4; i++) {
        field[i] = strsep(&rest, ",");
        if (!field[i])
            return false;
    }
    int truth;
    if (rest || !class_parse(field[2], &truth) || (strcmp(field[3], "0") != 0 && strcmp(field[3], "1") != 0))
        return false;
    int64_t at = strcmp(field[1], "valid") == 0 ? find_name(r, field[0]) : -1;
    if (at >= 0) {
        r->suspects[at].truth = truth;
        r->suspects[at].planted = field[3][0] == '1';
    }
    return true;
}

static bool read_truth(struct report *r, const char *path, struct err *e)
{
    size_t size;
    char *text = file_read(path, TRUTH_BYTES, &size, e), *rest = text;
    if (!text)
        return false;
    bool fine = true;
    strsep(&rest, "\n"); /* the header */
    for (long line = 2; fine && rest && *rest; line++) {
        fine = take_truth_line(r, strsep(&rest, "\n"));
        if (!fine)
            err_set(e, ERR_INPUT, "%s:%ld: not name,split,truth,planted; run the demo with --fresh", path,
                    line);
    }
    free(text);
    return fine;
}

/* ---- measuring ---- */

static bool rank(struct report *r, struct err *e)
{
    struct filter *filter;
    const struct columns *c = r->columns;
    if (!filter_parse(ranking, &filter, e))
        return false;
    uint32_t *rows = malloc((c->count ? c->count : 1) * sizeof *rows);
    size_t count = rows ? filter_apply(filter, c, rows) : 0;
    filter_free(filter);
    r->suspects = calloc(count ? count : 1, sizeof *r->suspects);
    if (!rows || !r->suspects) {
        free(rows);
        return err_memory(e, "ranking the suspects");
    }
    for (size_t i = 0; i < count; i++)
        r->suspects[i] = (struct suspect){.row = rows[i], .truth = CLASS_NONE};
    r->count = count;
    free(rows);
    return true;
}

static void measure(struct report *r)
{
    const struct columns *c = r->columns;
    for (size_t i = 0; i < r->count; i++) {
        const struct suspect *s = &r->suspects[i];
        confusion_add(&r->confusion, c->label[s->row], c->prediction[s->row]);
        confusion_add(&r->drawn, s->truth, c->prediction[s->row]);
        r->planted += s->planted;
        r->reviewed += c->reviewed[s->row];
    }
    for (size_t i = 0; i < r->count && i < 2 * r->planted; i++) {
        r->found += i < r->planted && r->suspects[i].planted;
        r->found_twice += r->suspects[i].planted;
    }
    metrics_of(&r->confusion, &r->metrics);
    metrics_of(&r->drawn, &r->drawn_metrics);
    columns_label_revision(c, LABELS_REVIEWED, r->label_revision);
}

/* ---- as text ---- */

static void print_suspect(const struct columns *c, const struct suspect *s)
{
    char name[64];
    printf("  %-16s %-9s -> %-9s  %.2f     %.3f   ", str_escape(name, sizeof name, c->name[s->row]),
           class_name(c->label[s->row]), class_name(c->prediction[s->row]), (double)c->confidence[s->row],
           (double)c->suspect[s->row]);
    for (int k = 0; k < CLASS_COUNT; k++) {
        if (c->votes[s->row].count[k] > 0)
            printf(" %s %d", class_name(k), c->votes[s->row].count[k]);
    }
    puts(s->planted ? "   (planted)" : "");
}

static void print_seconds(const char *what, double seconds)
{
    if (seconds >= 0)
        printf("%s %.1f s   ", what, seconds);
}

static void print_text(const struct report *r, const struct demo_seconds *seconds)
{
    double low, high;
    metrics_wilson(metrics_right(&r->metrics), r->metrics.count, &low, &high);
    printf("model %s, split valid, majority rule, reviewed labels (revision %s), %lld face%s not seen in "
           "training\n",
           r->columns->model_name, r->label_revision, (long long)r->metrics.count,
           str_plural(r->metrics.count));
    printf("validation accuracy %.1f %%  [%.1f, %.1f] at 95 %%   macro F1 %.3f   (%.1f %% against what was "
           "drawn)\n",
           100 * r->metrics.accuracy, 100 * low, 100 * high, r->metrics.macro_f1,
           100 * r->drawn_metrics.accuracy);
    putchar('\n');
    confusion_print(&r->confusion, &r->metrics);
    printf("\nmost suspicious validation faces\n  %-16s %-9s    %-9s  %s  %s  %s\n", "name", "label",
           "prediction", "conf", "suspect", "votes");
    for (size_t i = 0; i < r->count && i < SHOWN; i++)
        print_suspect(r->columns, &r->suspects[i]);
    printf("\nplanted errors among the top suspects: %zu of %zu in the top %zu, %zu in the top %zu\n",
           r->found, r->planted, r->planted, r->found_twice, 2 * r->planted);
    if (r->reviewed > 0)
        printf("%zu of these labels %s reviewed since\n", r->reviewed, r->reviewed == 1 ? "was" : "were");
    print_seconds("faces", seconds->synth);
    print_seconds("import", seconds->import);
    print_seconds("training", seconds->training);
    if (seconds->synth >= 0 || seconds->import >= 0 || seconds->training >= 0)
        putchar('\n');
}

/* ---- as JSON ---- */

static json_t *suspect_json(const struct columns *c, const struct suspect *s)
{
    json_t *j = json_object(), *votes = json_array();
    for (int k = 0; k < CLASS_COUNT; k++)
        json_array_append_new(votes, json_integer(c->votes[s->row].count[k]));
    json_object_set_new(j, "id", json_integer(c->id[s->row]));
    json_object_set_new(j, "name", json_text(c->name[s->row]));
    json_object_set_new(j, "label", json_string(class_name(c->label[s->row])));
    json_object_set_new(j, "prediction", json_string(class_name(c->prediction[s->row])));
    json_object_set_new(j, "confidence", json_number((double)c->confidence[s->row]));
    json_object_set_new(j, "suspect", json_number((double)c->suspect[s->row]));
    json_object_set_new(j, "votes", votes);
    json_object_set_new(j, "planted", json_boolean(s->planted));
    return j;
}

static json_t *seconds_json(double seconds)
{
    return seconds < 0 ? json_null() : json_number(seconds);
}

static void print_json(const struct report *r, const char *workspace, const struct demo_seconds *seconds)
{
    json_t *j = json_object(), *classes = json_array(), *suspects = json_array();
    for (int k = 0; k < EMOTION_COUNT; k++)
        json_array_append_new(classes, json_string(class_name(k)));
    for (size_t i = 0; i < r->count && i < SHOWN; i++)
        json_array_append_new(suspects, suspect_json(r->columns, &r->suspects[i]));
    json_object_set_new(j, "workspace", json_text(workspace));
    json_object_set_new(j, "model", json_text(r->columns->model_name));
    json_object_set_new(j, "split", json_string("valid"));
    json_object_set_new(j, "rule", json_string(rule_name(r->columns->rule)));
    json_object_set_new(j, "labels", json_string("reviewed"));
    json_object_set_new(j, "label_revision", json_string(r->label_revision));
    json_object_set_new(j, "count", json_integer(r->metrics.count));
    json_object_set_new(j, "accuracy", json_number(r->metrics.accuracy));
    json_object_set_new(j, "macro_f1", json_number(r->metrics.macro_f1));
    json_object_set_new(j, "accuracy_against_drawn", json_number(r->drawn_metrics.accuracy));
    json_object_set_new(j, "classes", classes);
    json_object_set_new(j, "confusion", confusion_json(&r->confusion));
    json_object_set_new(j, "suspects", suspects);
    json_object_set_new(j, "planted", json_integer((json_int_t)r->planted));
    json_object_set_new(j, "planted_in_top_k", json_integer((json_int_t)r->found));
    json_object_set_new(j, "planted_in_top_2k", json_integer((json_int_t)r->found_twice));
    json_object_set_new(j, "reviewed", json_integer((json_int_t)r->reviewed));
    json_object_set_new(j, "seconds",
                        json_pack("{s:o, s:o, s:o}", "synth", seconds_json(seconds->synth), "import",
                                  seconds_json(seconds->import), "training",
                                  seconds_json(seconds->training)));
    json_print(stdout, j);
}

bool demo_report(struct workspace *ws, const char *truth, const struct demo_seconds *seconds, bool json,
                 struct err *e)
{
    struct columns *columns;
    struct report r = {0};
    if (!columns_load(&columns, ws, RULE_MAJORITY, 0, e))
        return false;
    r.columns = columns;
    bool fine = rank(&r, e) && read_truth(&r, truth, e);
    if (fine) {
        measure(&r);
        if (json)
            print_json(&r, workspace_path(ws), seconds);
        else
            print_text(&r, seconds);
    }
    free(r.suspects);
    columns_free(columns);
    return fine;
}
