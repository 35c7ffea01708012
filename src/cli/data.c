/* Data: what commands that read samples begin with. */
#include "command.h"

#include "ferlab/base/str.h"
#include "ferlab/store/filter.h"
#include "ferlab/train/inference.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool fail(const struct err *e, int *status)
{
    *status = cli_fail(e);
    return false;
}

/* A model given by its path is computed with and remembered, so that the workspace is opened for writing
 * where it can be. */
static enum workspace_mode mode_for(const struct cli *cli, const char *model, bool write)
{
    return write || (model && access(cli->workspace, W_OK) == 0) ? WORKSPACE_WRITE : WORKSPACE_READ;
}

static bool find_model(struct cli *cli, struct workspace *ws, const char *word, int64_t *model, struct err *e)
{
    return model_resolve(ws, word, model, e) && predictions_complete(ws, *model, cli->quiet || cli->json, e);
}

bool cli_open(struct cli *cli, const char *rule, const char *model, bool write, struct cli_data *out,
              int *status)
{
    struct err e = {0};
    *out = (struct cli_data){0};
    if (model && !*model)
        model = NULL;
    enum rule r = RULE_MAJORITY;
    if (rule && !rule_parse(rule, &r)) {
        *status = cli_usage(
            cli, "there is no rule '%s'; take majority, distribution, probability or multi-target", rule);
        return false;
    }
    if (!workspace_open(&out->workspace, cli->workspace, mode_for(cli, model, write), &e))
        return fail(&e, status);
    int64_t id = 0;
    if ((model && !find_model(cli, out->workspace, model, &id, &e)) ||
        !columns_load(&out->columns, out->workspace, r, id, &e)) {
        cli_close(out);
        return fail(&e, status);
    }
    *status = EXIT_FINE;
    return true;
}

void cli_close(struct cli_data *d)
{
    if (d->columns)
        columns_free(d->columns);
    workspace_close(d->workspace);
    *d = (struct cli_data){0};
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
        return err_set(e, ERR_INPUT, "there is no sample with id or name '%s'; 'ferlab list' shows them",
                       name);
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
    if (!filter_parse(text ? text : "", &filter, &e)) {
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
