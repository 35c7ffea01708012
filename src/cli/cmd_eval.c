/* ferlab eval: a model's confusion matrix and what follows from it, under a protocol that the output names.
 */
#include "command.h"
#include "confusion_report.h"

#include "ferlab/base/interrupt.h"
#include "ferlab/base/json.h"
#include "ferlab/eval/calibration.h"
#include "ferlab/eval/metrics.h"
#include "ferlab/train/inference.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct protocol {
    const char *model, *split, *where, *rule, *labels; /* as said; NULL where not */
};

struct evaluation {
    char label_revision[13];
    struct confusion confusion;
    struct metrics metrics;
    struct calibration calibration;
    double kl_sum;              /* of the divergences of the predictions from the votes, in nats */
    size_t in_sample, kl_count; /* of those counted: seen in training; with votes for an emotion */
};

static void count_rows(const struct columns *c, enum label_source labels, const uint32_t *rows, size_t count,
                       struct evaluation *out)
{
    const int8_t *label = labels == LABELS_CROWD ? c->crowd : c->label;
    for (size_t i = 0; i < count; i++) {
        size_t row = rows[i];
        if (label[row] < 0 || label[row] >= EMOTION_COUNT)
            continue;
        confusion_add(&out->confusion, label[row], c->prediction[row]);
        calibration_add(&out->calibration, label[row], c->probabilities[row]);
        out->in_sample += c->in_sample[row];
        double kl = votes_kl(&c->votes[row], c->probabilities[row]);
        out->kl_sum += isnan(kl) ? 0 : kl;
        out->kl_count += !isnan(kl);
    }
    metrics_of(&out->confusion, &out->metrics);
    columns_label_revision(c, labels, out->label_revision);
}

/* Mean KL divergence of the predictions from the votes; NaN where no face has votes. */
static double kl_votes(const struct evaluation *v)
{
    return v->kl_count > 0 ? v->kl_sum / (double)v->kl_count : NAN;
}

static json_t *class_json(int k, const struct class_score *s)
{
    json_t *j = json_object();
    json_object_set_new(j, "class", json_string(class_name(k)));
    json_object_set_new(j, "support", json_integer(s->support));
    json_object_set_new(j, "predicted", json_integer(s->predicted));
    json_object_set_new(j, "precision", json_number(s->precision));
    json_object_set_new(j, "recall", json_number(s->recall));
    json_object_set_new(j, "f1", json_number(s->f1));
    return j;
}

static int64_t count_right(const struct metrics *m)
{
    int64_t right = 0;
    for (int k = 0; k < EMOTION_COUNT; k++)
        right += m->per_class[k].right;
    return right;
}

static void print_json(const struct protocol *p, const struct columns *c, const struct evaluation *v)
{
    const struct metrics *m = &v->metrics;
    double low, high;
    metrics_wilson(count_right(m), m->count, &low, &high);
    json_t *j = json_object(), *classes = json_array();
    for (int k = 0; k < EMOTION_COUNT; k++)
        json_array_append_new(classes, class_json(k, &m->per_class[k]));
    json_object_set_new(j, "model", json_text(c->model_name));
    json_object_set_new(j, "folds", json_integer(c->model_folds));
    json_object_set_new(j, "split", p->split != NULL ? json_text(p->split) : json_null());
    json_object_set_new(j, "where", p->where != NULL ? json_text(p->where) : json_null());
    json_object_set_new(j, "rule", json_string(rule_name(c->rule)));
    json_object_set_new(j, "labels", json_string(p->labels));
    json_object_set_new(j, "label_revision", json_string(v->label_revision));
    json_object_set_new(j, "count", json_integer(m->count));
    json_object_set_new(j, "in_sample", json_integer((json_int_t)v->in_sample));
    json_object_set_new(j, "accuracy", json_number(m->accuracy));
    json_object_set_new(j, "accuracy_95", json_pack("[o, o]", json_number(low), json_number(high)));
    json_object_set_new(j, "macro_f1", json_number(m->macro_f1));
    json_object_set_new(j, "cross_entropy", json_number(calibration_cross_entropy(&v->calibration)));
    json_object_set_new(j, "kl_votes", json_number(kl_votes(v)));
    json_object_set_new(j, "ece", json_number(calibration_error(&v->calibration)));
    json_object_set_new(j, "per_class", classes);
    json_object_set_new(j, "confusion", confusion_json(&v->confusion));
    json_print(stdout, j);
}

static void print_text(const struct protocol *p, const struct columns *c, const struct evaluation *v)
{
    const struct metrics *m = &v->metrics;
    printf(
        "model %s%s, %s %s, %s rule, %s labels (revision %s), each face averaged with its mirror image\n\n",
        c->model_name, c->model_folds > 0 ? " (folds: each face by a model that did not see it)" : "",
        p->split != NULL ? "split" : "filter", p->split != NULL ? p->split : p->where, rule_name(c->rule),
        p->labels, v->label_revision);
    double low, high;
    metrics_wilson(count_right(m), m->count, &low, &high);
    confusion_print(&v->confusion, m);
    printf("\naccuracy %.2f %%  [%.1f, %.1f] at 95 %%   macro F1 %.3f   %lld faces\n", 100 * m->accuracy,
           100 * low, 100 * high, m->macro_f1, (long long)m->count);
    printf("calibration error %.2f %%   cross-entropy %.3f   divergence from the votes (KL) %.3f nats\n",
           100 * calibration_error(&v->calibration), calibration_cross_entropy(&v->calibration), kl_votes(v));
}

static void warn_in_sample(const struct cli *cli, const struct evaluation *v)
{
    if (v->in_sample > 0 && !cli->quiet)
        fprintf(
            stderr,
            "ferlab: %zu of these %lld faces were, or may have been, in the model's training set; what is "
            "said of them flatters\n",
            v->in_sample, (long long)v->metrics.count);
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
        struct evaluation v = {0};
        count_rows(d.columns, strcmp(p->labels, "crowd") == 0 ? LABELS_CROWD : LABELS_REVIEWED, rows, count,
                   &v);
        free(rows);
        warn_in_sample(cli, &v);
        if (v.metrics.count == 0)
            status = fail_empty(cli, p, d.columns);
        else if (cli->json)
            print_json(p, d.columns, &v);
        else
            print_text(p, d.columns, &v);
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
