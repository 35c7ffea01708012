/* ferlab eval: what a model's predictions are worth, under a protocol that the output names. */
#include "command.h"
#include "evaluation_report.h"

#include "ferlab/base/interrupt.h"
#include "ferlab/train/inference.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct protocol {
    const char *model, *split, *where, *rule, *labels; /* as said; NULL where not */
};

static bool measure(const struct columns *c, enum label_source labels, const uint32_t *rows, size_t count,
                    struct evaluation *v, struct bootstrap **b, struct err *e)
{
    const struct evaluation_faces faces = {
        .label = labels == LABELS_CROWD ? c->crowd : c->label,
        .crowd = c->crowd,
        .prediction = c->prediction,
        .probabilities = c->probabilities,
        .in_sample = c->in_sample,
        .votes = c->votes,
        .rows = rows,
        .count = count,
    };
    evaluation_of(&faces, v);
    if (!bootstrap_new(b, &faces, e))
        return false;
    bootstrap_run(*b, BOOTSTRAP_DRAWS);
    return true;
}

static void print_json(const struct protocol *p, const struct columns *c, const char *revision,
                       const struct evaluation *v, const struct bootstrap *b)
{
    json_t *j = json_object();
    json_object_set_new(j, "model", json_text(c->model_name));
    json_object_set_new(j, "folds", json_integer(c->model_folds));
    json_object_set_new(j, "split", p->split != NULL ? json_text(p->split) : json_null());
    json_object_set_new(j, "where", p->where != NULL ? json_text(p->where) : json_null());
    json_object_set_new(j, "rule", json_string(rule_name(c->rule)));
    json_object_set_new(j, "labels", json_string(p->labels));
    json_object_set_new(j, "label_revision", json_string(revision));
    evaluation_json(j, v, b);
    json_print(stdout, j);
}

static void print_text(const struct protocol *p, const struct columns *c, const char *revision,
                       const struct evaluation *v, const struct bootstrap *b)
{
    const char *kind = p->split != NULL ? "split " : p->where[0] != '\0' ? "filter " : "";
    const char *what = p->split != NULL ? p->split : p->where[0] != '\0' ? p->where : "everything";
    printf("model %s%s, %s%s, %s rule, %s labels (revision %s), %lld faces, each averaged with its mirror "
           "image\n\n",
           c->model_name, c->model_folds > 0 ? " (folds: each face by a model that did not see it)" : "",
           kind, what, rule_name(c->rule), p->labels, revision, (long long)v->metrics.count);
    evaluation_print(v, b);
}

static void warn_in_sample(const struct cli *cli, const struct evaluation *v)
{
    if (v->in_sample > 0 && !cli->quiet)
        fprintf(
            stderr,
            "ferlab: %lld of these %lld faces were, or may have been, in the model's training set; what is "
            "said of them flatters\n",
            (long long)v->in_sample, (long long)v->metrics.count);
}

static int fail_empty(const struct cli *cli, const struct protocol *p, const struct columns *c)
{
    struct err e;
    if (p->split != NULL)
        err_set(&e, ERR_INPUT,
                "%s: no sample of split '%s' has an emotion for a label under rule '%s'; import that split "
                "or choose another --split",
                cli->workspace, p->split, rule_name(c->rule));
    else
        err_set(&e, ERR_INPUT,
                "%s: no sample that '%s' picks has an emotion for a label under rule '%s'; choose another "
                "--where",
                cli->workspace, p->where, rule_name(c->rule));
    return cli_fail(&e);
}

/* Of `count` rows of columns. */
static int report(const struct cli *cli, const struct protocol *p, const struct columns *c,
                  const uint32_t *rows, size_t count)
{
    enum label_source labels = strcmp(p->labels, "crowd") == 0 ? LABELS_CROWD : LABELS_REVIEWED;
    struct evaluation v;
    struct bootstrap *b;
    struct err e;
    char revision[13];
    if (!measure(c, labels, rows, count, &v, &b, &e))
        return cli_fail(&e);
    columns_label_revision(c, labels, revision);
    warn_in_sample(cli, &v);
    int status = EXIT_FINE;
    if (v.metrics.count == 0)
        status = fail_empty(cli, p, c);
    else if (cli->json)
        print_json(p, c, revision, &v, b);
    else
        print_text(p, c, revision, &v, b);
    bootstrap_free(b);
    return status;
}

static int evaluate(struct cli *cli, const struct protocol *p, const char *filter)
{
    struct cli_data d;
    uint32_t *rows;
    size_t count;
    int status;
    struct cli_asked asked = {.rule = p->rule, .model = p->model, .where = filter, .predicted = true};
    if (!cli_open(cli, &asked, &d, &status))
        return status;
    if (cli_filter(&d, filter, &rows, &count, &status)) {
        status = report(cli, p, d.columns, rows, count);
        free(rows);
    }
    cli_close(&d);
    return status;
}

int cmd_eval(struct cli *cli, int argc, char **argv)
{
    struct protocol p = {.labels = "reviewed"};
    const struct option_row options[] = {
        {"model", OPTION_TEXT, &p.model, "M", "a model's name or an ONNX file; else the current model", 0, 0},
        {"split", OPTION_TEXT, &p.split, "S", "train, valid (the default), test or none", 0, 0},
        {"where", OPTION_TEXT, &p.where, "FILTER", "what the filter picks, instead of a split", 0, 0},
        {"rule", OPTION_TEXT, &p.rule, "R", "majority (the default), distribution, probability, multi-target",
         0, 0},
        {"labels", OPTION_TEXT, &p.labels, "L", "reviewed (the default) or crowd", 0, 0},
        {0},
    };
    enum parsed parsed = cli_parse(cli, options, &argc, argv);
    if (parsed != PARSED_GO)
        return cli_parse_status(parsed);
    if (argc > 1)
        return cli_usage(cli, "'%s' is one word too many; name the model with --model", argv[1]);
    if (p.split != NULL && p.where != NULL)
        return cli_usage(cli, "take --split or --where, not both");
    if (strcmp(p.labels, "reviewed") != 0 && strcmp(p.labels, "crowd") != 0)
        return cli_usage(cli, "--labels takes reviewed or crowd, not '%s'", p.labels);
    if (p.where == NULL && p.split == NULL)
        p.split = "valid";
    enum split split;
    if (p.split != NULL && !split_parse(p.split, &split))
        return cli_usage(cli, "there is no split '%s'; take train, valid, test or none", p.split);
    char filter[32] = "";
    if (p.split != NULL)
        snprintf(filter, sizeof filter, "split:%s", p.split);
    interrupt_install();
    return evaluate(cli, &p, p.split != NULL ? filter : p.where);
}
