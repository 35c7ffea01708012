/* The protocol of an evaluation, and the evaluation. */
#include "protocol.h"

#include "ferlab/base/str.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool protocol_check(const struct cli *cli, struct protocol *p, int *status)
{
    enum split split;
    *status = EXIT_USAGE;
    if (p->labels == NULL)
        p->labels = "reviewed";
    if (p->split != NULL && p->where != NULL)
        cli_usage(cli, "take --split or --where, not both");
    else if (strcmp(p->labels, "reviewed") != 0 && strcmp(p->labels, "crowd") != 0)
        cli_usage(cli, "--labels takes reviewed or crowd, not '%s'", p->labels);
    else if (p->split != NULL && !split_parse(p->split, &split))
        cli_usage(cli, "there is no split '%s'; take train, valid, test or none", p->split);
    else
        *status = EXIT_FINE;
    if (p->where == NULL && p->split == NULL)
        p->split = "valid";
    return *status == EXIT_FINE;
}

static bool measure(struct judged *j, struct err *e)
{
    const struct columns *c = j->data.columns;
    const struct evaluation_faces faces = {
        .label = j->labels == LABELS_CROWD ? c->crowd : c->label,
        .crowd = c->crowd,
        .prediction = c->prediction,
        .probabilities = c->probabilities,
        .in_sample = c->in_sample,
        .votes = c->votes,
        .rows = j->rows,
        .count = j->count,
    };
    evaluation_of(&faces, &j->evaluation);
    if (!bootstrap_new(&j->bootstrap, &faces, e))
        return false;
    bootstrap_run(j->bootstrap, BOOTSTRAP_DRAWS);
    columns_label_revision(c, j->labels, j->revision);
    return true;
}

static bool refuse_empty(const struct cli *cli, const struct protocol *p, const struct columns *c,
                         struct err *e)
{
    if (p->split != NULL)
        return err_set(
            e, ERR_INPUT,
            "%s: no sample of split '%s' has an emotion for a label under rule '%s'; import that split "
            "or choose another --split",
            cli->workspace, p->split, rule_name(c->rule));
    return err_set(e, ERR_INPUT,
                   "%s: no sample that '%s' picks has an emotion for a label under rule '%s'; choose another "
                   "--where",
                   cli->workspace, p->where, rule_name(c->rule));
}

static void warn_in_sample(const struct cli *cli, const struct evaluation *v)
{
    if (v->in_sample > 0 && !cli->quiet)
        fprintf(
            stderr,
            "ferlab: the model was, or may have been, trained on %lld of %lld face%s; what is said of them "
            "flatters\n",
            (long long)v->in_sample, (long long)v->metrics.count, str_plural(v->metrics.count));
}

bool protocol_open(struct cli *cli, const struct protocol *p, struct judged *out, int *status)
{
    struct err e;
    char of_split[32];
    const char *filter = p->where;
    *out = (struct judged){.labels = strcmp(p->labels, "crowd") == 0 ? LABELS_CROWD : LABELS_REVIEWED};
    if (p->split != NULL) {
        snprintf(of_split, sizeof of_split, "split:%s", p->split);
        filter = of_split;
    }
    const struct cli_asked asked = {
        .rule = p->rule, .model = p->model, .beside = p->beside, .where = filter, .predicted = true};
    if (!cli_open(cli, &asked, &out->data, status))
        return false;
    bool fine = cli_filter(&out->data, filter, &out->rows, &out->count, status);
    if (fine) {
        fine = measure(out, &e);
        if (fine)
            warn_in_sample(cli, &out->evaluation);
        fine = fine && (out->evaluation.metrics.count > 0 || refuse_empty(cli, p, out->data.columns, &e));
        if (!fine)
            *status = cli_fail(&e);
    }
    if (!fine)
        protocol_close(out);
    return fine;
}

void protocol_close(struct judged *j)
{
    bootstrap_free(j->bootstrap);
    free(j->rows);
    cli_close(&j->data);
    *j = (struct judged){0};
}
