/* ferlab eval: what a model's predictions are worth, under a protocol that the output names. */
#include "evaluation_report.h"
#include "protocol.h"

#include "ferlab/base/interrupt.h"
#include "ferlab/base/str.h"

#include <stdio.h>

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
    printf("model %s%s, %s%s, %s rule, %s labels (revision %s), %lld face%s, each averaged with its mirror "
           "image\n\n",
           c->model_name, c->model_folds > 0 ? " (folds: each face by a model that did not see it)" : "",
           kind, what, rule_name(c->rule), p->labels, revision, (long long)v->metrics.count,
           str_plural(v->metrics.count));
    evaluation_print(v, b);
}

static int evaluate(struct cli *cli, const struct protocol *p)
{
    struct judged j;
    int status;
    if (!protocol_open(cli, p, &j, &status))
        return status;
    if (cli->json)
        print_json(p, j.data.columns, j.revision, &j.evaluation, j.bootstrap);
    else
        print_text(p, j.data.columns, j.revision, &j.evaluation, j.bootstrap);
    protocol_close(&j);
    return EXIT_FINE;
}

int cmd_eval(struct cli *cli, int argc, char **argv)
{
    struct protocol p = {0};
    const struct option_row options[] = {
        PROTOCOL_OPTIONS(p, "a second model, of which flip:, beside: and former: speak"), {0}};
    enum parsed parsed = cli_parse(cli, options, &argc, argv);
    if (parsed != PARSED_GO)
        return cli_parse_status(parsed);
    if (argc > 1)
        return cli_usage(cli, "'%s' is one word too many; name the model with --model", argv[1]);
    int status;
    if (!protocol_check(cli, &p, &status))
        return status;
    interrupt_install();
    return evaluate(cli, &p);
}
