/* Comparing two models on the same faces. */
#include "compare.h"

#include "parts.h"

#include "ferlab/store/beside.h"
#include "ferlab/store/label_history.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct model *compare_model(const struct app *app, int64_t id)
{
    for (size_t i = 0; i < app->model_count; i++) {
        if (app->models[i].id == id)
            return &app->models[i];
    }
    return NULL;
}

const struct run *compare_run(const struct app *app, int64_t id)
{
    for (size_t i = 0; i < app->run_count; i++) {
        if (app->runs[i].id == id)
            return &app->runs[i];
    }
    return NULL;
}

/* The model that a run started from, else the one in use when it began; "" where the run does not say. */
static void name_before(const struct run *run, char *out, size_t size)
{
    json_t *recipe = run != NULL ? json_loads(run->recipe, 0, NULL) : NULL;
    const char *in_use = json_string_value(json_object_get(recipe, "in_use"));
    bool has_parent = run != NULL && run->parent != NULL && run->parent[0] != '\0';
    snprintf(out, size, "%s", has_parent ? run->parent : in_use != NULL ? in_use : "");
    json_decref(recipe);
}

int64_t compare_baseline(const struct app *app, int64_t model)
{
    const struct model *m = compare_model(app, model);
    char before[128];
    if (m == NULL)
        return 0;
    name_before(compare_run(app, m->run), before, sizeof before);
    int64_t newest = 0;
    for (size_t i = 0; i < app->model_count; i++) {
        const struct model *other = &app->models[i];
        if (other->id == model || other->external || other->folds > 0 || other->predictions == 0)
            continue;
        if (strcmp(other->name, before) == 0)
            return other->id;
        if (other->id < model && other->id > newest)
            newest = other->id;
    }
    return newest;
}

/* --- the model beside the one in use --- */

bool compare_with(struct app *app, int64_t model)
{
    struct err e;
    bool fine = columns_use_beside(app->columns, app->workspace, model, &e);
    if (!fine)
        app_complain(app, "%s", e.text);
    rows_apply(app);
    app_changed(app, CHANGE_MODEL | CHANGE_ROWS);
    return fine;
}

bool compare_with_former(struct app *app)
{
    const struct columns *c = app->columns;
    int64_t former = compare_baseline(app, c->model);
    if (c->beside != NULL && c->beside->model != c->model)
        return true;
    if (former != 0)
        return compare_with(app, former);
    app_complain(app,
                 c->model != 0 ? "there is no model before %s to compare with"
                               : "there is no model yet%s; t trains one",
                 c->model_name);
    return false;
}

void compare_open_with(struct app *app, int64_t model)
{
    if (model == 0 || model == app->columns->model || compare_with(app, model))
        app_push(app, &view_compare);
}

/* --- what a training changed --- */

struct evaluation_faces compare_faces(const struct columns *c, const struct beside *b, const int8_t *label,
                                      const uint32_t *rows, size_t count)
{
    return (struct evaluation_faces){
        .label = label,
        .crowd = c->crowd,
        .prediction = b != NULL ? b->prediction : c->prediction,
        .probabilities = b != NULL ? b->probabilities : c->probabilities,
        .in_sample = b != NULL ? b->in_sample : c->in_sample,
        .votes = c->votes,
        .rows = rows,
        .count = count,
    };
}

static size_t take_valid(const struct columns *c, uint32_t *rows)
{
    size_t count = 0;
    for (size_t row = 0; row < c->count; row++) {
        if (c->split[row] == SPLIT_VALID)
            rows[count++] = (uint32_t)row;
    }
    return count;
}

int64_t compare_labels(const struct columns *c, const struct beside *before, const struct beside *after)
{
    int64_t different = 0;
    if (!before->former_known || !after->former_known)
        return -1;
    for (size_t row = 0; row < c->count; row++)
        different += before->former[row] != after->former[row];
    return different;
}

bool compare_models(struct app *app, int64_t before, int64_t after, struct retraining *out, struct err *e)
{
    const struct columns *c = app->columns;
    struct beside *old = NULL, *new = NULL;
    uint32_t *rows = malloc((c->count + 1) * sizeof *rows);
    bool fine = (rows != NULL || err_memory(e, "comparing two models")) &&
                beside_load(&old, c, app->workspace, before, e) &&
                beside_load(&new, c, app->workspace, after, e);
    *out = (struct retraining){0};
    if (fine) {
        size_t count = take_valid(c, rows);
        struct evaluation_faces was = compare_faces(c, old, c->label, rows, count);
        struct evaluation_faces is = compare_faces(c, new, c->label, rows, count);
        comparison_of(&was, &is, &out->comparison);
        out->labels = compare_labels(c, old, new);
        snprintf(out->before_name, sizeof out->before_name, "%s", old->name);
    }
    beside_free(old);
    beside_free(new);
    free(rows);
    return fine;
}
