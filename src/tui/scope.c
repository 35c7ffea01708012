/* The scope of views that count. */
#include "scope.h"

#include "number.h"

#include "ferlab/base/str.h"

#include <stdio.h>
#include <string.h>

static bool any_valid(const struct columns *c)
{
    for (size_t row = 0; row < c->count; row++) {
        if (c->split[row] == SPLIT_VALID)
            return true;
    }
    return false;
}

bool scope_is_named(const struct app *app)
{
    return !app->counts_valid && app->filter != NULL && filter_names_samples(app->filter);
}

void scope_start(struct scope *s, const struct app *app, bool named)
{
    bool filter = app->counts_filter || (named && scope_is_named(app)) || !any_valid(app->columns);
    *s = (struct scope){.faces = filter ? SCOPE_FILTER : SCOPE_VALID,
                        .labels = app->counts_crowd ? LABELS_CROWD : LABELS_REVIEWED};
    scope_take_filter(s, app);
}

void scope_free(struct scope *s)
{
    filter_free(s->filter);
}

void scope_take_filter(struct scope *s, const struct app *app)
{
    struct filter *filter;
    if (!filter_parse(app->filter_text, &filter, NULL))
        return;
    filter_free(s->filter);
    s->filter = filter;
    snprintf(s->base, sizeof s->base, "%s", app->filter_text);
}

void scope_switch_faces(struct scope *s, struct app *app)
{
    s->faces = s->faces == SCOPE_VALID ? SCOPE_FILTER : SCOPE_VALID;
    app->counts_filter = s->faces == SCOPE_FILTER;
    app->counts_valid = s->faces == SCOPE_VALID;
}

void scope_switch_labels(struct scope *s, struct app *app)
{
    s->labels = s->labels == LABELS_CROWD ? LABELS_REVIEWED : LABELS_CROWD;
    app->counts_crowd = s->labels == LABELS_CROWD;
}

bool scope_holds(const struct scope *s, const struct columns *c, size_t row)
{
    if (s->faces == SCOPE_VALID)
        return c->split[row] == SPLIT_VALID;
    return s->filter != NULL && filter_matches(s->filter, c, row);
}

bool scope_asks_predictions(const struct scope *s)
{
    return s->faces == SCOPE_FILTER && s->filter != NULL && filter_asks_predictions(s->filter);
}

const int8_t *scope_labels(const struct scope *s, const struct columns *c)
{
    return s->labels == LABELS_CROWD ? c->crowd : c->label;
}

/* The filter without its order, in parentheses where needed. */
void scope_terms(const struct scope *s, char *out, size_t size)
{
    if (s->faces == SCOPE_VALID) {
        snprintf(out, size, "split:valid ");
        return;
    }
    char terms[sizeof s->base];
    snprintf(terms, sizeof terms, "%s", s->base);
    char *sort = strstr(terms, "sort:");
    if (sort != NULL)
        *sort = '\0';
    size_t length = strlen(terms);
    while (length > 0 && terms[length - 1] == ' ')
        terms[--length] = '\0';
    snprintf(out, size, length == 0 ? "%s" : strstr(terms, "or") != NULL ? "(%s) " : "%s ", terms);
}

int scope_draw_faces(const struct scope *s, int row, int column, int room, int64_t count)
{
    char faces[NUMBER_TEXT], number[NUMBER_TEXT + 16], of[sizeof s->base + 16];
    bool valid = s->faces == SCOPE_VALID;
    snprintf(number, sizeof number, " · %s face%s", draw_count(faces, count), str_plural(count));
    snprintf(of, sizeof of, "%s%s", valid ? "validation split" : "filter ",
             valid        ? ""
             : s->base[0] ? s->base
                          : "everything");
    if (str_columns(of) + str_columns(number) > room)
        snprintf(of, sizeof of, "%s", valid ? "valid" : "filter");
    int at = column + draw_text(row, column, 0, STYLE_BOLD, "%s", of);
    return at + draw_text(row, at, 0, STYLE_NORMAL, "%s", number) - column;
}

void scope_draw_protocol(const struct scope *s, const struct app *app, int row, int column)
{
    const struct columns *c = app->columns;
    bool crowd = s->labels == LABELS_CROWD;
    const char *labels = crowd ? " · labels of the crowd" : " · labels reviewed";
    char rule[32], model[128];
    snprintf(rule, sizeof rule, ", %s", rule_name(c->rule));
    snprintf(model, sizeof model, " · model %.100s", c->model != 0 ? c->model_name : "none");
    int with_labels = column + str_columns(labels), with_rule = with_labels + str_columns(rule);
    if (with_labels <= draw_columns())
        draw_text(row, column, 0, crowd ? STYLE_ACCENT : STYLE_DIM, "%s", labels);
    if (with_rule <= draw_columns())
        draw_text(row, with_labels, 0, STYLE_DIM, "%s", rule);
    if (with_rule + str_columns(model) <= draw_columns())
        draw_text(row, with_rule, 0, STYLE_DIM, "%s", model);
}

void scope_draw_missing(const struct scope *s, const struct app *app, int row, int64_t labelled)
{
    if (app->columns->model == 0) {
        draw_text(row, 1, 0, STYLE_NORMAL,
                  "There is no model yet, so no predictions to set against the labels.");
        draw_text(row + 2, 1, 0, STYLE_NORMAL, "%s",
                  app_offers_shipped(app)
                      ? "p  predicts with the one that ships;  t  trains one;  in a shell: ferlab train"
                      : "t  trains one here;  in a shell: ferlab train, or ferlab model import FILE.onnx");
        draw_text(row + 4, 1, 0, STYLE_DIM,
                  "Then this shows precision, recall and F1 for neutral … contempt.");
    } else if (labelled > 0) {
        draw_text(row, 1, 0, STYLE_NORMAL, "%s has no predictions for these faces.",
                  app->columns->model_name);
        draw_text(row + 2, 1, 0, STYLE_NORMAL, "In a shell, ferlab eval --model %s computes them.",
                  app->columns->model_name);
    } else {
        draw_text(row, 1, 0, STYLE_NORMAL, "None of these faces has an emotion as its label.");
        draw_text(row + 2, 1, 0, STYLE_NORMAL, "Tab counts %s instead.",
                  s->faces == SCOPE_VALID ? "what the filter picks" : "the validation split");
    }
}
