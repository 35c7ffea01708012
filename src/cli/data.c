/* Data: what commands that read samples begin with. */
#include "command.h"

#include "ferlab/base/str.h"
#include "ferlab/store/filter.h"
#include "ferlab/store/runs.h"
#include "ferlab/train/duplicates.h"
#include "ferlab/train/embedding.h"
#include "ferlab/train/inference.h"
#include "ferlab/train/shipped.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool fail(const struct err *e, int *status)
{
    *status = cli_fail(e);
    return false;
}

/* Predictions, embeddings and near-duplicates that are found are kept, so that the workspace is opened for
 * writing where it can be. */
static enum workspace_mode mode_for(const struct cli *cli, const struct cli_asked *asked, bool finds)
{
    bool keeps = (asked->predicted || finds) && access(cli->workspace, W_OK) == 0;
    return asked->write || keeps ? WORKSPACE_WRITE : WORKSPACE_READ;
}

bool cli_find_model(struct workspace *ws, const char *word, int64_t *id, struct err *e)
{
    struct arena arena = {0};
    struct model model;
    struct run run;
    bool fine = true;
    if (model_by_name(ws, word, &arena, &model, NULL)) {
        *id = model.id;
    } else if (run_find(ws, word, &arena, &run, NULL)) {
        *id = run.model;
        fine = run.model != 0 ||
               err_set(e, ERR_INPUT, "%s: run %.80s has no model%s", workspace_path(ws), word,
                       run.state == RUN_RUNNING ? " yet; wait for it, or stop it" : "; see 'ferlab runs'");
    } else {
        fine = model_resolve(ws, word, id, e);
    }
    arena_free(&arena);
    return fine;
}

/* NULL or "": the current one. */
static bool predict(struct cli *cli, struct workspace *ws, const char *word, const struct filter *where,
                    int64_t *model, struct err *e)
{
    bool named = word != NULL && word[0] != '\0';
    return (named ? cli_find_model(ws, word, model, e) : model_resolve(ws, NULL, model, e)) &&
           predictions_complete(ws, *model, where, cli->quiet || cli->json, e);
}

/* The columns with the predictions and near-duplicates that are asked for; where the workspace may not be
 * written, with the near-duplicates that are known. */
static bool load(struct cli *cli, const struct cli_asked *asked, enum rule rule, const struct filter *where,
                 struct cli_data *out, struct err *e)
{
    int64_t model = 0, beside = 0;
    bool copies = where && filter_asks_copies(where), similar = where && filter_similar(where) != 0;
    enum workspace_mode mode = mode_for(cli, asked, copies || similar);
    return workspace_open(&out->workspace, cli->workspace, mode, e) &&
           (!copies || mode == WORKSPACE_READ || duplicates_complete(out->workspace, 0, e)) &&
           (asked->beside == NULL || predict(cli, out->workspace, asked->beside, where, &beside, e)) &&
           (!asked->predicted || predict(cli, out->workspace, asked->model, where, &model, e)) &&
           columns_load(&out->columns, out->workspace, rule, model, e) &&
           columns_use_beside(out->columns, out->workspace, beside, e) &&
           (!where || embeddings_for_filter(out->workspace, out->columns, where, cli->quiet || cli->json, e));
}

bool cli_open(struct cli *cli, const struct cli_asked *asked, struct cli_data *out, int *status)
{
    struct err e = {0};
    struct cli_asked a = *asked;
    struct filter *where = NULL;
    *out = (struct cli_data){0};
    a.predicted |= (a.model && *a.model) || a.beside;
    enum rule rule = RULE_MAJORITY;
    if (a.rule && !rule_parse(a.rule, &rule)) {
        *status = cli_usage(
            cli, "there is no rule '%s'; take majority, distribution, probability or multi-target", a.rule);
        return false;
    }
    if (a.where && !filter_parse(a.where, &where, &e))
        return fail(&e, status);
    bool fine = load(cli, &a, rule, where, out, &e);
    filter_free(where);
    *status = EXIT_FINE;
    if (fine)
        return true;
    cli_close(out);
    return fail(&e, status);
}

void cli_close(struct cli_data *d)
{
    if (d->columns)
        columns_free(d->columns);
    workspace_close(d->workspace);
    *d = (struct cli_data){0};
}

const char *cli_program(const struct cli *cli, char out[CLI_PROGRAM])
{
    char name[PATH_MAX];
    snprintf(out, CLI_PROGRAM, "ferlab%s%s", cli->workspace_named ? " -w " : "",
             cli->workspace_named ? str_escape(name, sizeof name, cli->workspace) : "");
    return out;
}

static size_t count_open(const struct columns *c, const struct filter *f, const bool *possible)
{
    size_t count = 0;
    for (size_t i = 0; i < c->count; i++)
        count += possible[i] && c->prediction[i] == CLASS_NONE && !filter_matches(f, c, i);
    return count;
}

void cli_remark_unpredicted(const struct cli *cli, const struct cli_data *d, const char *text)
{
    const struct columns *c = d->columns;
    struct filter *filter = NULL;
    bool *possible = malloc(c->count + 1);
    size_t count = 0;
    if (!cli->quiet && possible && filter_parse(text, &filter, NULL) &&
        filter_possible(filter, c, possible, NULL))
        count = count_open(c, filter, possible);
    filter_free(filter);
    free(possible);
    char program[CLI_PROGRAM];
    if (count > 0 && c->model == 0)
        fprintf(stderr, "ferlab: there is no model yet, so nothing is predicted; '%s %s' brings one in\n",
                cli_program(cli, program), shipped_command());
    else if (count > 0 && c->model_folds > 0)
        fprintf(
            stderr,
            "ferlab: %s has no prediction of %zu sample%s that came after it and that the filter could pick; "
            "'%s train --folds %lld' makes a new one\n",
            c->model_name, count, str_plural((int64_t)count), cli_program(cli, program),
            (long long)c->model_folds);
    else if (count > 0)
        fprintf(
            stderr,
            "ferlab: model %s has not predicted %zu sample%s that the filter could pick; '%s model use %s' "
            "computes what lacks\n",
            c->model_name, count, str_plural((int64_t)count), cli_program(cli, program), c->model_name);
}

void cli_remark_in_sample(const struct cli *cli, const struct cli_data *d, const uint32_t *rows, size_t count)
{
    size_t seen = 0;
    char program[CLI_PROGRAM];
    for (size_t i = 0; i < count; i++)
        seen += d->columns->in_sample[rows[i]];
    if (seen > 0 && !cli->quiet)
        fprintf(stderr,
                "ferlab: the model was, or may have been, trained on %zu of %zu sample%s, so that its "
                "scores say little of their labels; '%s train --folds 5' predicts them without\n",
                seen, count, str_plural((int64_t)count), cli_program(cli, program));
}

static bool find_name(const struct columns *c, const char *name, size_t *row, struct err *e)
{
    size_t found = 0;
    for (size_t i = 0; i < c->count; i++)
        if (strcmp(c->name[i], name) == 0) {
            *row = i;
            found++;
        }
    if (found == 0)
        return err_set(e, ERR_INPUT, "there is no sample with id or name '%s'; 'ferlab list' shows them%s",
                       name, strchr(name, ',') != NULL ? ", and spaces part several" : "");
    return found == 1 ||
           err_set(e, ERR_INPUT, "'%s' is the name of %zu samples in different splits; give an id", name,
                   found);
}

bool cli_find_sample(const struct cli_data *d, const char *word, size_t *row, struct err *e)
{
    int64_t id, found = -1;
    if (str_to_int(word, 1, INT64_MAX, &id))
        found = columns_row(d->columns, id);
    *row = (size_t)found;
    return found >= 0 || find_name(d->columns, word, row, e);
}

bool cli_filter(const struct cli_data *d, const char *text, uint32_t **rows, size_t *count, int *status)
{
    struct err e = {0};
    struct filter *filter;
    bool fine = filter_parse(text ? text : "", &filter, &e);
    if (!fine || !filter_check(filter, d->columns, &e)) {
        if (fine)
            filter_free(filter);
        e.code = e.code == ERR_MEMORY ? ERR_MEMORY : ERR_USAGE;
        return fail(&e, status);
    }
    *rows = malloc((d->columns->count + 1) * sizeof **rows);
    if (!*rows) {
        filter_free(filter);
        err_memory(&e, "filtering samples");
        return fail(&e, status);
    }
    *count = filter_apply(filter, d->columns, *rows);
    filter_free(filter);
    *status = EXIT_FINE;
    return true;
}
