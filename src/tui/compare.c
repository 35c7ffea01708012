/* Comparing two models on the same faces. */
#include "compare.h"

#include <jansson.h>
#include <math.h>
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

bool compare_predictions(struct app *app, int64_t model, int8_t **out, struct err *e)
{
    const struct columns *c = app->columns;
    int8_t *prediction = malloc(c->count > 0 ? c->count : 1);
    if (prediction == NULL)
        return err_memory(e, "comparing two models");
    if (model == c->model) {
        memcpy(prediction, c->prediction, c->count);
        *out = prediction;
        return true;
    }
    struct columns *other;
    if (!columns_load(&other, app->workspace, c->rule, model, e)) {
        free(prediction);
        return false;
    }
    for (size_t row = 0, o = 0; row < c->count; row++) { /* both ascend by id */
        while (o < other->count && other->id[o] < c->id[row])
            o++;
        prediction[row] = o < other->count && other->id[o] == c->id[row] ? other->prediction[o] : CLASS_NONE;
    }
    columns_free(other);
    *out = prediction;
    return true;
}

double compare_mcnemar(int64_t b, int64_t c)
{
    int64_t n = b + c, k = b < c ? b : c;
    if (n == 0)
        return 1;
    double tail = 0;
    for (int64_t i = 0; i <= k; i++)
        tail += exp(lgamma((double)n + 1) - lgamma((double)i + 1) - lgamma((double)(n - i) + 1) -
                    (double)n * M_LN2);
    return fmin(1, 2 * tail);
}

/* --- labels as they stood when a model was trained --- */

/* "4,0,0,1,3,2,0,0,0,0" under a rule. */
static int8_t label_of_counts(const char *value, enum rule rule)
{
    struct votes votes = {0};
    for (int k = 0; k < CLASS_COUNT; k++) {
        char *end;
        unsigned long count = strtoul(value, &end, 10);
        votes.count[k] = (uint8_t)(count < UINT8_MAX ? count : UINT8_MAX);
        value = *end == ',' ? end + 1 : end;
    }
    return (int8_t)votes_label(&votes, rule);
}

/* The label in force of each row at a moment (RFC 3339 stamps compare as text), by replaying the log up to
 * it. */
static bool labels_at(const struct app *app, const struct event *events, size_t count, const char *moment,
                      int8_t *label, struct err *e)
{
    const struct columns *c = app->columns;
    memcpy(label, c->crowd, c->count);
    while (count > 0 && strcmp(events[count - 1].time, moment) > 0)
        count--;
    bool *standing = calloc(count + 1, sizeof *standing);
    if (standing == NULL)
        return err_memory(e, "replaying the reviews");
    bool fine = reviews_standing(events, count, standing, e);
    for (size_t i = 0; fine && i < count; i++) {
        int64_t row = standing[i] ? columns_row(c, events[i].sample) : -1;
        if (row < 0)
            continue;
        int class = CLASS_NONE;
        if (events[i].kind == EVENT_RELABEL || events[i].kind == EVENT_ACCEPT)
            label[row] = (int8_t)(class_parse(events[i].value, &class) ? class : CLASS_NONE);
        else if (events[i].kind == EVENT_VOTES)
            label[row] = label_of_counts(events[i].value, c->rule);
    }
    free(standing);
    return fine;
}

/* When a model's labels were read: the start of its run. A model from elsewhere never saw these reviews. */
static const char *model_moment(const struct app *app, int64_t model)
{
    const struct model *m = compare_model(app, model);
    const struct run *run = m != NULL ? compare_run(app, m->run) : NULL;
    return run != NULL && run->started != NULL ? run->started : "";
}

static bool count_labels_changed(struct app *app, int64_t before, int64_t after, int64_t *changed,
                                 struct err *e)
{
    size_t rows = app->columns->count, count = 0;
    struct arena arena = {0};
    struct event *events;
    int8_t *labels = malloc(2 * rows + 1);
    bool fine = labels != NULL || err_memory(e, "comparing two models");
    fine = fine && reviews_log(app->workspace, 0, 0, 0, &arena, &events, &count, e) &&
           labels_at(app, events, count, model_moment(app, before), labels, e) &&
           labels_at(app, events, count, model_moment(app, after), labels + rows, e);
    *changed = 0;
    for (size_t row = 0; fine && row < rows; row++)
        *changed += labels[row] != labels[rows + row];
    arena_free(&arena);
    free(labels);
    return fine;
}

/* --- the comparison --- */

static void compare_recall(struct comparison *out, const struct confusion *before,
                           const struct confusion *after)
{
    struct metrics b, a;
    metrics_of(before, &b);
    metrics_of(after, &a);
    out->count = a.count;
    out->accuracy_before = b.accuracy;
    out->accuracy_after = a.accuracy;
    out->moved = CLASS_NONE;
    double most = 0;
    for (int k = 0; k < EMOTION_COUNT; k++) {
        double move = fabs(a.per_class[k].recall - b.per_class[k].recall);
        if (move > most) { /* false for NaN */
            most = move;
            out->moved = k;
            out->recall_before = b.per_class[k].recall;
            out->recall_after = a.per_class[k].recall;
        }
    }
}

bool compare_models(struct app *app, int64_t before, int64_t after, struct comparison *out, struct err *e)
{
    const struct columns *c = app->columns;
    int8_t *old = NULL, *new = NULL;
    *out = (struct comparison){.moved = CLASS_NONE};
    const struct model *m = compare_model(app, before);
    snprintf(out->before_name, sizeof out->before_name, "%s", m != NULL ? m->name : "");
    if (!compare_predictions(app, before, &old, e) || !compare_predictions(app, after, &new, e)) {
        free(old);
        return false;
    }
    struct confusion first = {0}, second = {0};
    for (size_t row = 0; row < c->count; row++) {
        int label = c->label[row];
        if (c->split[row] != SPLIT_VALID || label < 0 || label >= EMOTION_COUNT || old[row] < 0 ||
            new[row] < 0)
            continue;
        confusion_add(&first, label, old[row]);
        confusion_add(&second, label, new[row]);
        bool was = old[row] == label, is = new[row] == label;
        out->fixed += !was && is;
        out->broken += was && !is;
        out->still_wrong += !was && !is;
    }
    free(old);
    free(new);
    compare_recall(out, &first, &second);
    out->p = compare_mcnemar(out->fixed, out->broken);
    return count_labels_changed(app, before, after, &out->labels_changed, e);
}
