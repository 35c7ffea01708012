/* The confusion matrix behind the screen. */
#include "matrix.h"

#include "compare.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_emotion(int class)
{
    return class >= 0 && class < EMOTION_COUNT;
}

static bool matrix_in_scope(const struct matrix *m, const struct columns *c, size_t row)
{
    if (!is_emotion(c->label[row]))
        return false;
    if (m->scope == MATRIX_VALID)
        return c->split[row] == SPLIT_VALID;
    return m->filter != NULL && filter_matches(m->filter, c, row);
}

void matrix_take_filter(struct matrix *m, const struct app *app)
{
    struct filter *filter;
    if (!filter_parse(app->filter_text, &filter, NULL))
        return;
    filter_free(m->filter);
    m->filter = filter;
    snprintf(m->base, sizeof m->base, "%s", app->filter_text);
}

void matrix_count(struct matrix *m, const struct app *app)
{
    const struct columns *c = app->columns;
    if (m->baseline_rows != c->count)
        matrix_drop_baseline(m);
    m->counts = m->before = (struct confusion){0};
    m->faces = m->in_sample = 0;
    for (size_t row = 0; row < c->count; row++) {
        if (!matrix_in_scope(m, c, row))
            continue;
        m->faces++;
        m->in_sample += is_emotion(c->prediction[row]) && c->in_sample[row];
        confusion_add(&m->counts, c->label[row], c->prediction[row]);
        if (m->baseline != 0)
            confusion_add(&m->before, c->label[row], m->baseline_prediction[row]);
    }
    metrics_of(&m->counts, &m->metrics);
    metrics_of(&m->before, &m->metrics_before);
}

bool matrix_load_baseline(struct matrix *m, struct app *app, struct err *e)
{
    matrix_drop_baseline(m);
    int64_t baseline = compare_baseline(app, app->columns->model);
    if (baseline == 0)
        return err_set(e, ERR_INPUT, "there is no model before %s to compare with", app->columns->model_name);
    if (!compare_predictions(app, baseline, &m->baseline_prediction, e))
        return false;
    const struct model *before = compare_model(app, baseline);
    snprintf(m->baseline_name, sizeof m->baseline_name, "%s", before != NULL ? before->name : "");
    m->baseline = baseline;
    m->baseline_rows = app->columns->count;
    return true;
}

void matrix_drop_baseline(struct matrix *m)
{
    free(m->baseline_prediction);
    m->baseline_prediction = NULL;
    m->baseline = 0;
    m->baseline_rows = 0;
}

void matrix_free(struct matrix *m)
{
    matrix_drop_baseline(m);
    filter_free(m->filter);
}

/* --- cells --- */

static bool cell_wants_errors(struct matrix_cell cell)
{
    return cell.label == MATRIX_WRONG || cell.prediction == MATRIX_WRONG;
}

static bool cell_holds(struct matrix_cell cell, int label, int prediction)
{
    if (!is_emotion(label) || !is_emotion(prediction) || (cell_wants_errors(cell) && label == prediction))
        return false;
    return (!is_emotion(cell.label) || cell.label == label) &&
           (!is_emotion(cell.prediction) || cell.prediction == prediction);
}

int64_t matrix_cell_count(const struct confusion *c, struct matrix_cell cell)
{
    int64_t count = 0;
    for (int label = 0; label < EMOTION_COUNT; label++) {
        for (int prediction = 0; prediction < EMOTION_COUNT; prediction++)
            count += cell_holds(cell, label, prediction) ? c->cell[label][prediction] : 0;
    }
    return count;
}

void matrix_cell_title(struct matrix_cell cell, char *out, size_t size)
{
    bool errors = cell_wants_errors(cell);
    if (is_emotion(cell.label) && is_emotion(cell.prediction))
        snprintf(out, size, "label %s, predicted %s", class_name(cell.label), class_name(cell.prediction));
    else if (is_emotion(cell.label))
        snprintf(out, size, "label %s%s", class_name(cell.label), errors ? ", predicted otherwise" : "");
    else if (is_emotion(cell.prediction))
        snprintf(out, size, "predicted %s%s", class_name(cell.prediction),
                 errors ? ", labelled otherwise" : "");
    else
        snprintf(out, size, "%s", errors ? "prediction differs from label" : "all that count");
}

/* The base filter without its sort, in parentheses where needed, with a blank behind. */
static void matrix_scope_terms(const struct matrix *m, char *out, size_t size)
{
    if (m->scope == MATRIX_VALID) {
        snprintf(out, size, "split:valid ");
        return;
    }
    char terms[sizeof m->base];
    snprintf(terms, sizeof terms, "%s", m->base);
    char *sort = strstr(terms, "sort:");
    if (sort != NULL)
        *sort = '\0';
    size_t length = strlen(terms);
    while (length > 0 && terms[length - 1] == ' ')
        terms[--length] = '\0';
    snprintf(out, size, length == 0 ? "%s" : strstr(terms, "or") != NULL ? "(%s) " : "%s ", terms);
}

bool matrix_cell_filter(const struct matrix *m, struct matrix_cell cell, char *out, size_t size)
{
    char scope[sizeof m->base + 4], label[32] = "", prediction[32] = "";
    matrix_scope_terms(m, scope, sizeof scope);
    if (is_emotion(cell.label))
        snprintf(label, sizeof label, "label:%s ", class_name(cell.label));
    if (is_emotion(cell.prediction))
        snprintf(prediction, sizeof prediction, "pred:%s ", class_name(cell.prediction));
    /* pred!=label holds only where the label is an emotion and there is a prediction; so both together mean
     * "counts" */
    const char *kind = cell_wants_errors(cell)     ? "pred!=label "
                       : label[0] && prediction[0] ? ""
                                                   : "(pred=label or pred!=label) ";
    int length = snprintf(out, size, "%s%s%s%ssort:-suspect", scope, label, prediction, kind);
    return length >= 0 && (size_t)length < size;
}

size_t matrix_cell_rows(const struct matrix *m, const struct columns *c, struct matrix_cell cell,
                        uint32_t *rows, size_t max)
{
    size_t count = 0;
    for (size_t row = 0; max > 0 && row < c->count; row++) {
        if (!cell_holds(cell, c->label[row], c->prediction[row]) || !matrix_in_scope(m, c, row))
            continue;
        size_t at = count;
        while (at > 0 && c->suspect[rows[at - 1]] < c->suspect[row])
            at--;
        if (at >= max)
            continue;
        size_t kept = count < max ? count : max - 1;
        memmove(&rows[at + 1], &rows[at], (kept - at) * sizeof *rows);
        rows[at] = (uint32_t)row;
        count = kept + 1;
    }
    return count;
}
