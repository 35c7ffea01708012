/* ferlab runs diff. The columns hold what came after, and beside them what was before. */
#include "runs_diff.h"
#include "comparison_report.h"

#include "ferlab/base/interrupt.h"
#include "ferlab/base/str.h"
#include "ferlab/store/beside.h"
#include "ferlab/store/label_history.h"
#include "ferlab/store/runs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct side {
    char model[512];    /* the word for it */
    const char *labels; /* the word for them */
    int8_t *label;      /* against which it is measured, one a row; malloc'ed */
    int8_t *learnt;     /* from which it learnt; malloc'ed */
    bool learnt_known;
    int64_t run;
    char revision[13];
};

/* MODEL[@LABELS] */
static bool split_word(struct side *s, const char *word, const char *labels)
{
    const char *at = strrchr(word, '@');
    size_t length = at != NULL ? (size_t)(at - word) : strlen(word);
    s->labels = at != NULL ? at + 1 : labels;
    if (length == 0 || length >= sizeof s->model || s->labels[0] == '\0')
        return false;
    memcpy(s->model, word, length);
    s->model[length] = '\0';
    return true;
}

static bool read_labels(struct side *s, const struct cli_data *d, struct err *e)
{
    const struct columns *c = d->columns;
    struct arena arena = {0};
    struct run run;
    bool known = true, fine = true;
    int8_t *label = malloc(c->count + 1);
    if (label == NULL)
        return err_memory(e, "comparing two models");
    if (strcmp(s->labels, "reviewed") == 0 || strcmp(s->labels, "crowd") == 0)
        memcpy(label, s->labels[0] == 'c' ? c->crowd : c->label, c->count);
    else
        fine = run_find(d->workspace, s->labels, &arena, &run, e) &&
               labels_of_run(c, d->workspace, run.id, label, &known, e);
    if (fine && !known)
        fine =
            err_set(e, ERR_INPUT,
                    "the labels that run %s began with cannot be rebuilt: the log, or the samples, are not "
                    "those of then; compare with the crowd's or the reviewed ones",
                    s->labels);
    arena_free(&arena);
    if (fine)
        columns_digest_labels(c, label, s->revision);
    s->label = label;
    return fine;
}

static bool read_learnt(struct side *s, const struct cli_data *d, int64_t model, struct err *e)
{
    struct beside *b;
    if (!beside_load(&b, d->columns, d->workspace, model, e))
        return false;
    s->run = b->run;
    s->learnt = b->former;
    s->learnt_known = b->former_known;
    b->former = NULL;
    beside_free(b);
    return true;
}

static int64_t count_different(const int8_t *a, const int8_t *b, size_t count)
{
    int64_t different = 0;
    for (size_t i = 0; i < count; i++)
        different += a[i] != b[i];
    return different;
}

struct result {
    struct side before, after;
    struct comparison comparison;
    struct bootstrap *bootstrap;
    int64_t labels_learnt; /* samples whose label was another in what the two models learnt from */
};

static bool measure(struct result *r, const struct cli_data *d, const uint32_t *rows, size_t count,
                    struct err *e)
{
    const struct columns *c = d->columns;
    const struct evaluation_faces after = {
        .label = r->after.label,
        .crowd = c->crowd,
        .prediction = c->prediction,
        .probabilities = c->probabilities,
        .in_sample = c->in_sample,
        .votes = c->votes,
        .rows = rows,
        .count = count,
    };
    struct evaluation_faces before = after;
    before.label = r->before.label;
    before.prediction = c->beside->prediction;
    before.probabilities = c->beside->probabilities;
    before.in_sample = c->beside->in_sample;
    comparison_of(&before, &after, &r->comparison);
    if (!bootstrap_new_paired(&r->bootstrap, &before, &after, e))
        return false;
    bootstrap_run(r->bootstrap, BOOTSTRAP_DRAWS);
    return true;
}

/* --- saying it --- */

static json_t *side_json(const struct side *s, const char *model, int64_t folds,
                         const struct comparison_side *scores)
{
    json_t *j = json_object();
    json_object_set_new(j, "model", json_text(model));
    json_object_set_new(j, "run", s->run != 0 ? json_integer(s->run) : json_null());
    json_object_set_new(j, "folds", json_integer(folds));
    json_object_set_new(j, "labels", json_text(s->labels));
    json_object_set_new(j, "label_revision", json_string(s->revision));
    comparison_side_json(j, scores);
    return j;
}

static json_t *text_or_null(const char *s)
{
    return s != NULL ? json_text(s) : json_null();
}

static void print_json(const struct runs_diff *d, const struct columns *c, const struct result *r)
{
    bool known = r->before.learnt_known && r->after.learnt_known;
    json_t *j = json_object();
    json_object_set_new(j, "split", text_or_null(d->split));
    json_object_set_new(j, "where", text_or_null(d->where));
    json_object_set_new(j, "rule", json_string(rule_name(c->rule)));
    json_object_set_new(j, "before",
                        side_json(&r->before, c->beside->name, c->beside->folds, &r->comparison.before));
    json_object_set_new(j, "after",
                        side_json(&r->after, c->model_name, c->model_folds, &r->comparison.after));
    json_object_set_new(j, "labels_differ", json_integer(r->comparison.relabelled));
    json_object_set_new(j, "learnt_labels_differ", known ? json_integer(r->labels_learnt) : json_null());
    comparison_json(j, &r->comparison, r->bootstrap);
    json_print(stdout, j);
}

static void print_side(const char *name, const struct side *s, const char *model, int64_t folds)
{
    printf("%-8s%s", name, model);
    if (s->run != 0)
        printf(" (run %lld)", (long long)s->run);
    printf("%s, %s labels%s (revision %s)\n", folds > 0 ? ", folds" : "",
           strcmp(s->labels, "crowd") == 0      ? "the crowd's"
           : strcmp(s->labels, "reviewed") == 0 ? "reviewed"
                                                : "the",
           strcmp(s->labels, "crowd") == 0 || strcmp(s->labels, "reviewed") == 0 ? "" : " of a run's start",
           s->revision);
}

static void print_text(const struct runs_diff *d, const struct columns *c, const struct result *r)
{
    const char *what = d->split != NULL ? d->split : d->where[0] != '\0' ? d->where : "everything";
    print_side("before", &r->before, c->beside->name, c->beside->folds);
    print_side("after", &r->after, c->model_name, c->model_folds);
    printf("%s%s, %s rule, %lld face%s, each averaged with its mirror image",
           d->split != NULL      ? "split "
           : d->where[0] != '\0' ? "filter "
                                 : "",
           what, rule_name(c->rule), (long long)r->comparison.count, str_plural(r->comparison.count));
    if (r->comparison.relabelled > 0)
        printf(", %lld of them with another label", (long long)r->comparison.relabelled);
    if (c->model == c->beside->model)
        puts("\n");
    else if (!r->before.learnt_known || !r->after.learnt_known)
        printf("\nwhich labels they learnt from cannot be rebuilt from the log\n\n");
    else
        printf("\n%lld label%s differ%s between what they learnt from\n\n", (long long)r->labels_learnt,
               str_plural(r->labels_learnt), r->labels_learnt == 1 ? "s" : "");
    comparison_print(&r->comparison, r->bootstrap);
}

static void warn_in_sample(const struct cli *cli, const char *model, const struct comparison_side *side,
                           int64_t count)
{
    if (side->in_sample > 0 && !cli->quiet)
        fprintf(
            stderr,
            "ferlab: %s was, or may have been, trained on %lld of %lld face%s; what is said of it flatters\n",
            model, (long long)side->in_sample, (long long)count, str_plural(count));
}

static int report(const struct cli *cli, const struct runs_diff *d, const struct cli_data *data,
                  struct result *r, const uint32_t *rows, size_t count)
{
    const struct columns *c = data->columns;
    struct err e;
    if (c->model == c->beside->model && strcmp(r->before.labels, r->after.labels) == 0)
        return cli_usage(cli,
                         "both are %s against the same labels; name two, or other labels as in %s@crowd %s",
                         c->model_name, c->model_name, c->model_name);
    if (!read_labels(&r->before, data, &e) || !read_labels(&r->after, data, &e) ||
        !read_learnt(&r->before, data, c->beside->model, &e) || !read_learnt(&r->after, data, c->model, &e) ||
        !measure(r, data, rows, count, &e))
        return cli_fail(&e);
    if (r->comparison.count == 0) {
        err_set(&e, ERR_INPUT,
                "%s: no sample of these has an emotion for a label and both predictions; choose another "
                "--where or --split",
                cli->workspace);
        return cli_fail(&e);
    }
    r->labels_learnt = count_different(r->before.learnt, r->after.learnt, c->count);
    warn_in_sample(cli, c->beside->name, &r->comparison.before, r->comparison.count);
    if (c->model != c->beside->model)
        warn_in_sample(cli, c->model_name, &r->comparison.after, r->comparison.count);
    if (cli->json)
        print_json(d, c, r);
    else
        print_text(d, c, r);
    return EXIT_FINE;
}

static void free_side(struct side *s)
{
    free(s->label);
    free(s->learnt);
}

int runs_diff(struct cli *cli, const struct runs_diff *asked)
{
    struct runs_diff d = *asked;
    struct result r = {0};
    struct cli_data data;
    uint32_t *rows = NULL;
    size_t count;
    int status;
    char filter[32];
    enum split split;
    const char *labels = d.labels != NULL ? d.labels : "reviewed";
    if (d.split != NULL && d.where != NULL)
        return cli_usage(cli, "take --split or --where, not both");
    if (d.split == NULL && d.where == NULL)
        d.split = "valid";
    if (d.split != NULL && !split_parse(d.split, &split))
        return cli_usage(cli, "there is no split '%s'; take train, valid, test or none", d.split);
    if (!split_word(&r.before, d.before, labels) || !split_word(&r.after, d.after, labels))
        return cli_usage(cli, "'%s' and '%s' do not read MODEL or MODEL@LABELS", d.before, d.after);
    if (d.split != NULL)
        snprintf(filter, sizeof filter, "split:%s", d.split);
    interrupt_install();
    struct cli_asked open = {.rule = d.rule,
                             .model = r.after.model,
                             .beside = r.before.model,
                             .where = d.split != NULL ? filter : d.where,
                             .predicted = true};
    if (!cli_open(cli, &open, &data, &status))
        return status;
    if (cli_filter(&data, open.where, &rows, &count, &status))
        status = report(cli, &d, &data, &r, rows, count);
    free(rows);
    free_side(&r.before);
    free_side(&r.after);
    bootstrap_free(r.bootstrap);
    cli_close(&data);
    return status;
}
