/* What happens to the workspace while it is on the screen: reviews, models and runs, by this process or by
 * others. */
#include "compare.h"
#include "parts.h"

#include "ferlab/base/clock.h"
#include "ferlab/base/str.h"
#include "ferlab/store/beside.h"
#include "ferlab/train/job.h"
#include "ferlab/train/shipped.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool refresh_lists(struct app *app, struct err *e)
{
    struct arena arena = {0};
    struct model *models = NULL;
    struct run *runs = NULL;
    size_t model_count = 0, run_count = 0;
    if (!models_list(app->workspace, &arena, &models, &model_count, e) ||
        !runs_list(app->workspace, &arena, &runs, &run_count, e)) {
        arena_free(&arena);
        return false;
    }
    arena_free(&app->shared_arena);
    app->shared_arena = arena;
    app->models = models;
    app->model_count = model_count;
    app->runs = runs;
    app->run_count = run_count;
    return true;
}

/* Samples came in: rows of columns may mean other samples now. */
static bool grow(struct app *app)
{
    size_t count = app->columns->count;
    uint32_t *rows = realloc(app->rows, (count ? count : 1) * sizeof *rows);
    if (rows == NULL || !face_cache_reset(app->faces, count)) {
        app->rows = rows != NULL ? rows : app->rows;
        app->row_count = 0;
        app_complain(app, "out of memory while taking in new samples");
        return false;
    }
    app->rows = rows;
    app->row_count = 0;
    rows_apply(app);
    app_changed(app, CHANGE_ROWS);
    refresh_offer(app);
    return true;
}

void refresh_reviews(struct app *app)
{
    struct err e;
    bool changed = false;
    size_t before = app->columns->count;
    if (!columns_refresh(app->columns, app->workspace, &changed, &e)) {
        app_complain(app, "%s", e.text);
        return;
    }
    if (app->columns->count != before && !grow(app))
        return;
    if (!changed)
        return;
    if (!reviews_unlocked(app->workspace, &app->unlocked, &e))
        app_complain(app, "%s", e.text);
    rows_measure(app);
    app_changed(app, CHANGE_LABELS);
}

static const struct model *find_model(const struct app *app, int64_t model)
{
    for (size_t i = 0; i < app->model_count; i++)
        if (app->models[i].id == model)
            return &app->models[i];
    return NULL;
}

static int64_t predictions_of(const struct app *app, int64_t model)
{
    const struct model *m = find_model(app, model);
    return m != NULL ? m->predictions : 0;
}

int64_t app_unpredicted(const struct app *app, int64_t model)
{
    const struct model *m = find_model(app, model);
    return m != NULL && m->folds == 0 ? (int64_t)app->columns->count - m->predictions : 0;
}

/* The model that stands beside the one in use has more predictions, or is gone. */
static void renew_beside(struct app *app, int64_t predictions)
{
    const struct beside *b = app->columns->beside;
    if (b != NULL && predictions_of(app, b->model) != predictions)
        compare_with(app, find_model(app, b->model) != NULL ? b->model : 0);
}

static bool show_model(struct app *app, int64_t model)
{
    struct err e;
    const struct beside *b = app->columns->beside;
    int64_t former = app->columns->model;
    if (!columns_use_model(app->columns, app->workspace, model, &e)) {
        app_complain(app, "%s", e.text);
        return false;
    }
    if (b != NULL && b->model == model) /* they change places */
        return compare_with(app, former);
    rows_apply(app);
    app_changed(app, CHANGE_MODEL | CHANGE_ROWS);
    return true;
}

/* A training that ran while this was open and has made the model in use: what it changed is to be shown. */
static void notice_training(struct app *app)
{
    for (size_t i = 0; i < app->run_count; i++) {
        const struct run *run = &app->runs[i];
        bool running = run->state == RUN_RUNNING;
        if (run->folds == 0 && (running || run->id > app->newest_run))
            app->training = run->id;
        if (run->id > app->newest_run)
            app->newest_run = run->id;
        if (!running && run->id == app->training && run->model != 0 && run->model == app->columns->model) {
            app->training = 0;
            if (isnan(run->best_valid_accuracy))
                app_message(
                    app, "%s is now in use, not validated: no face of valid has a label; m lists the others",
                    run->model_name);
            else
                app->comparison_due = clock_seconds();
        }
    }
}

void refresh_look(struct app *app)
{
    int64_t version = workspace_version(app->workspace);
    if (version == 0 || version == app->version)
        return;
    app->version = version;
    refresh_reviews(app);
    const struct beside *b = app->columns->beside;
    int64_t shown = app->columns->model, predictions = predictions_of(app, shown);
    int64_t beside = b != NULL ? predictions_of(app, b->model) : 0;
    struct err e;
    if (!refresh_lists(app, &e)) {
        app_complain(app, "%s", e.text);
        return;
    }
    int64_t current = model_current(app->workspace);
    if (!app->model_chosen && current != shown) {
        if (show_model(app, current) && current != 0)
            app_message(app, "model %s is now the current one", app->columns->model_name);
    } else if (predictions_of(app, shown) != predictions) {
        show_model(app, shown);
    }
    renew_beside(app, beside);
    notice_training(app);
    app_changed(app, CHANGE_RUNS);
}

/* --- predictions that a model lacks: a process of its own computes them and then makes the model the current
 * one, which shows here as any change of the workspace does --- */

static void predicting_ended(struct app *app, int64_t model)
{
    char line[sizeof app->message];
    refresh_look(app);
    const struct model *m = find_model(app, model);
    if (m == NULL)
        return;
    job_predicts(workspace_path(app->workspace), m->name, line, sizeof line);
    if (app_unpredicted(app, model) > 0)
        app_complain(app, "%s has not seen all samples: %s; p tries again", m->name,
                     line[0] != '\0' ? line : "its process was ended");
    else if (app->filter_text[0] == '\0')
        app_message(app, "%s has seen all samples; r goes through them, the most suspicious first", m->name);
    else
        app_message(app, "%s has seen all samples", m->name);
}

void refresh_predicting(struct app *app)
{
    static const char label[] = "predict: ";
    int64_t before = app->predicting;
    char line[sizeof app->predicting_line];
    app->predicting = 0;
    for (size_t i = 0; i < app->model_count && app->predicting == 0; i++) {
        const struct model *m = &app->models[i];
        if ((m->id == before || app_unpredicted(app, m->id) > 0) &&
            job_predicts(workspace_path(app->workspace), m->name, line, sizeof line))
            app->predicting = m->id;
    }
    bool told = app->predicting != 0 && strncmp(line, label, strlen(label)) == 0;
    const char *now = told ? line + strlen(label) : "";
    app->redraw |= app->predicting != before || strcmp(now, app->predicting_line) != 0;
    snprintf(app->predicting_line, sizeof app->predicting_line, "%s", now);
    if (before != 0 && app->predicting == 0)
        predicting_ended(app, before);
}

static bool refuse_read_only(struct app *app)
{
    if (app->read_only)
        app_complain(app, "%s may only be read; copy it to where you may write, and predict there",
                     workspace_path(app->workspace));
    return app->read_only;
}

bool app_offers_shipped(const struct app *app)
{
    char path[PATH_MAX];
    return app->model_count == 0 && app->columns->count > 0 && shipped_find(path, NULL);
}

void refresh_offer(struct app *app)
{
    char accuracy[64] = "";
    if (app->read_only || !app_offers_shipped(app))
        return;
    double valid = shipped_accuracy();
    if (!isnan(valid))
        snprintf(accuracy, sizeof accuracy, " (%.1f %% of FER+ valid)", 100 * valid);
    app_message(app, "no model yet: p predicts with %s, which ships%s", SHIPPED_NAME, accuracy);
}

/* The model that ships as the workspace's first; 0 where it could not be had, which was then said. */
static int64_t take_shipped(struct app *app)
{
    int64_t model = 0;
    struct err e;
    if (refuse_read_only(app))
        return 0;
    if (!shipped_import(app->workspace, &model, &e) || !model_use(app->workspace, model, &e) ||
        !refresh_lists(app, &e)) {
        app_complain(app, "%s", e.text);
        return 0;
    }
    return show_model(app, model) ? model : 0;
}

bool app_predict(struct app *app, int64_t model)
{
    if (app_offers_shipped(app)) {
        model = take_shipped(app);
        if (model == 0)
            return false;
    }
    const struct model *m = find_model(app, model), *busy = find_model(app, app->predicting);
    char count[32];
    struct err e;
    if (m == NULL) {
        app_message(app, "no model yet; t trains one, 'ferlab %s' brings one in", shipped_command());
    } else if (app_unpredicted(app, model) == 0) {
        app_message(app,
                    m->folds > 0 ? "%s is what folds said; a new training of folds predicts what came since"
                                 : "%s has seen all samples",
                    m->name);
    } else if (refuse_read_only(app)) {
        return false;
    } else if (busy != NULL) {
        app_message(app, "%s is predicting already: %s", busy->name,
                    app->predicting_line[0] != '\0' ? app->predicting_line : "it begins");
    } else if (!job_start_predictions(workspace_path(app->workspace), m->name, &e)) {
        app_complain(app, "%s", e.text);
    } else {
        app->predicting = model;
        app->predicting_line[0] = '\0';
        app->model_chosen = false;
        app_message(app, "%s looks at %s sample%s, validation first; %s", m->name,
                    draw_count(count, app_unpredicted(app, model)), str_plural(app_unpredicted(app, model)),
                    model == app->columns->model ? "the list follows when it is done"
                                                 : "it is shown when it has seen them");
        return true;
    }
    return false;
}

bool app_use_model(struct app *app, int64_t model)
{
    struct err e;
    if (!app->read_only && app_unpredicted(app, model) > 0)
        return app_predict(app, model);
    if (!app->read_only && !model_use(app->workspace, model, &e)) {
        app_complain(app, "%s", e.text);
        return false;
    }
    app->model_chosen = app->read_only;
    if (!show_model(app, model) || !refresh_lists(app, &e))
        return false;
    app_message(app, "model %s", app->columns->model_name);
    return true;
}

void app_use_rule(struct app *app, enum rule rule)
{
    struct err e;
    if (!columns_use_rule(app->columns, rule, &e)) {
        app_complain(app, "%s", e.text);
        return;
    }
    if (app->columns->beside != NULL)
        compare_with(app, app->columns->beside->model);
    rows_apply(app);
    app_changed(app, CHANGE_LABELS | CHANGE_ROWS);
    app_message(app, "labels under the rule %s", rule_name(rule));
}
