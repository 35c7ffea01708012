/* Faces that are alike: the embeddings of the model shown, the process that computes what lacks of them, and
 * what the filter's `similar:` picks by them. */
#include "parts.h"

#include "ferlab/train/embedding.h"
#include "ferlab/train/job.h"

#include <stdio.h>
#include <string.h>

static bool are_current(const struct app *app)
{
    const struct embeddings *m = app->embeddings;
    return m != NULL && m->model == app->columns->model && m->count == app->columns->count;
}

static void forget(struct app *app)
{
    embeddings_free(app->embeddings);
    app->embeddings = NULL;
}

const struct embeddings *app_embeddings(struct app *app)
{
    struct err e;
    if (!are_current(app)) {
        forget(app);
        if (app->columns->model != 0 && !embeddings_load(&app->embeddings, app->workspace, app->columns, &e))
            app_complain(app, "%s", e.text);
    }
    return app->embeddings != NULL && app->embeddings->known > 0 ? app->embeddings : NULL;
}

/* A process for what lacks, unless one runs, of this workbench or another: that is watched then. */
static void compute(struct app *app)
{
    const struct columns *c = app->columns;
    struct err e;
    if (app->embedding != 0 || app->embedding_failed == c->model)
        return;
    if (c->model_folds > 0) {
        app->embedding_failed = c->model;
        app_complain(app,
                     "%s is what the models of its folds said, and there is no file to look at faces with; m "
                     "chooses another model",
                     c->model_name);
        return;
    }
    if (app->read_only)
        app_complain(app,
                     "%s may only be read, and what is similar by %s is not kept there; copy it to where you "
                     "may write",
                     workspace_path(app->workspace), c->model_name);
    else if (!job_start_embeddings(workspace_path(app->workspace), c->model_name, &e) && e.code != ERR_BUSY)
        app_complain(app, "%s", e.text);
    else
        app->embedding = c->model;
    app->embedding_line[0] = '\0';
}

const struct embeddings *alike_need(struct app *app)
{
    const struct embeddings *m = app_embeddings(app);
    if (app->columns->model != 0 && (m == NULL || m->known < m->count))
        compute(app);
    return m;
}

void alike_resolve(struct app *app)
{
    struct columns *c = app->columns;
    int64_t sample = app->filter != NULL ? filter_similar(app->filter) : 0;
    struct err e;
    if (sample == 0 || sample == c->similar_to)
        return;
    if (c->model == 0) {
        app_complain(app, "what is similar follows from a model, and there is none yet; p brings in the one "
                          "that ships, t trains one");
        return;
    }
    const struct embeddings *m = alike_need(app);
    int64_t row = columns_row(c, sample);
    bool whole = m != NULL && m->known == m->count;
    if (m == NULL || (!whole && row >= 0 && !embeddings_has(m, (size_t)row)))
        return; /* the process will tell */
    if (!embeddings_find_similar(c, m, sample, &e))
        app_complain(app, "%s", e.text);
}

void alike_open(struct app *app)
{
    char filter[40];
    int64_t row = app_row(app);
    if (row < 0) {
        app_message(app, "no face is selected");
        return;
    }
    app->embedding_failed = 0; /* asked for again */
    snprintf(filter, sizeof filter, "similar:%lld", (long long)app->columns->id[row]);
    if (strcmp(filter, app->filter_text) == 0)
        app_message(app, "these are the faces most alike to it");
    else if (app_open_samples(app, filter) && app->embedding != 0 && app->row_count == 0)
        app_message(app, "%s looks at all faces first", app->columns->model_name);
}

/* Whether the filter picks its group and no more. */
static bool shows_copies(const struct app *app, size_t row)
{
    static const char term[] = "dup:";
    const char *id = app->filter_text + strlen(term);
    return strncmp(app->filter_text, term, strlen(term)) == 0 && strspn(id, "0123456789") == strlen(id) &&
           filter_matches(app->filter, app->columns, row);
}

enum outcome alike_open_copies(struct app *app)
{
    const struct columns *c = app->columns;
    char filter[40];
    int64_t row = app_row(app);
    if (row < 0) {
        app_message(app, "no face is selected");
        return OUTCOME_REDRAW;
    }
    snprintf(filter, sizeof filter, "dup:%lld", (long long)c->id[row]);
    if (c->next_copy[row] == (uint32_t)row)
        app_message(app,
                    c->copies_known ? "%s has no near-duplicates"
                                    : "no near-duplicates known; p or a training in folds looks for them",
                    c->name[row]);
    else if (shows_copies(app, (size_t)row))
        app_message(app, "these are its near-duplicates");
    else
        app_open_samples(app, filter);
    return OUTCOME_REDRAW;
}

static const char *name_of(const struct app *app, int64_t model)
{
    for (size_t i = 0; i < app->model_count; i++)
        if (app->models[i].id == model)
            return app->models[i].name;
    return NULL;
}

static void ended(struct app *app, const char *model, const char *line)
{
    forget(app);
    const struct embeddings *m = app_embeddings(app);
    if (m == NULL || m->known < m->count) {
        app->embedding_failed = app->columns->model;
        app_complain(app, "%s has not looked at all samples: %s", model,
                     line[0] != '\0' ? line : "its process was ended");
    }
    if (filter_similar(app->filter) != 0) {
        columns_forget_similar(app->columns); /* more may be near than was known */
        rows_apply(app);
    }
    app_changed(app, CHANGE_MODEL | CHANGE_ROWS);
}

void alike_look(struct app *app)
{
    static const char label[] = "embed: ";
    char line[sizeof app->embedding_line];
    const char *model = name_of(app, app->embedding);
    if (app->embedding == 0)
        return;
    if (model != NULL && job_embeds(workspace_path(app->workspace), model, line, sizeof line)) {
        const char *now = strncmp(line, label, strlen(label)) == 0 ? line + strlen(label) : "";
        app->redraw |= strcmp(now, app->embedding_line) != 0;
        snprintf(app->embedding_line, sizeof app->embedding_line, "%s", now);
        return;
    }
    app->embedding = 0;
    app->redraw = true;
    if (model != NULL)
        ended(app, model, line);
}
