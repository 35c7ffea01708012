/* The confusion matrix behind the screen. */
#include "matrix.h"

#include "ferlab/store/beside.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static bool matrix_takes(const struct matrix *m, const struct columns *c, size_t row)
{
    return class_is_emotion(scope_labels(&m->scope, c)[row]) && scope_holds(&m->scope, c, row);
}

void matrix_count(struct matrix *m, const struct app *app)
{
    const struct columns *c = app->columns;
    const int8_t *label = scope_labels(&m->scope, c);
    m->counts = m->before = (struct confusion){0};
    m->faces = m->in_sample = 0;
    for (size_t row = 0; row < c->count; row++) {
        if (!matrix_takes(m, c, row))
            continue;
        m->faces++;
        m->in_sample += class_is_emotion(c->prediction[row]) && c->in_sample[row];
        confusion_add(&m->counts, label[row], c->prediction[row]);
        if (c->beside != NULL)
            confusion_add(&m->before, label[row], c->beside->prediction[row]);
    }
    metrics_of(&m->counts, &m->metrics);
    metrics_of(&m->before, &m->metrics_before);
}

void matrix_free(struct matrix *m)
{
    scope_free(&m->scope);
}

/* --- cells --- */

static bool cell_wants_errors(struct matrix_cell cell)
{
    return cell.label == MATRIX_WRONG || cell.prediction == MATRIX_WRONG;
}

static bool cell_holds(struct matrix_cell cell, int label, int prediction)
{
    if (!class_is_emotion(label) || !class_is_emotion(prediction) ||
        (cell_wants_errors(cell) && label == prediction))
        return false;
    return (!class_is_emotion(cell.label) || cell.label == label) &&
           (!class_is_emotion(cell.prediction) || cell.prediction == prediction);
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

double matrix_share(const struct confusion *c, const struct metrics *m, enum matrix_whole whole, int label,
                    int prediction)
{
    int64_t total = whole == MATRIX_ROW      ? m->per_class[label].support
                    : whole == MATRIX_COLUMN ? m->per_class[prediction].predicted
                                             : m->count;
    return total > 0 ? (double)c->cell[label][prediction] / (double)total : NAN;
}

const char *matrix_whole_name(enum matrix_whole whole)
{
    static const char *const names[MATRIX_WHOLES] = {
        [MATRIX_ROW] = "the row", [MATRIX_COLUMN] = "the column", [MATRIX_ALL] = "all"};
    return names[whole];
}

/* What a label is called, on the screen and in filters. */
static const char *label_word(const struct matrix *m)
{
    return m->scope.labels == LABELS_CROWD ? "crowd" : "label";
}

void matrix_cell_title(const struct matrix *m, struct matrix_cell cell, char *out, size_t size)
{
    bool errors = cell_wants_errors(cell);
    const char *word = label_word(m);
    if (class_is_emotion(cell.label) && class_is_emotion(cell.prediction))
        snprintf(out, size, "%s %s, predicted %s", word, class_name(cell.label), class_name(cell.prediction));
    else if (class_is_emotion(cell.label))
        snprintf(out, size, "%s %s%s", word, class_name(cell.label), errors ? ", predicted otherwise" : "");
    else if (class_is_emotion(cell.prediction))
        snprintf(out, size, "predicted %s%s", class_name(cell.prediction),
                 errors ? ", labelled otherwise" : "");
    else
        snprintf(out, size, errors ? "prediction differs from %s" : "all that count", word);
}

bool matrix_cell_filter(const struct matrix *m, struct matrix_cell cell, char *out, size_t size)
{
    char scope[sizeof m->scope.base + 4], label[32] = "", prediction[32] = "", kind[64] = "";
    const char *word = label_word(m);
    scope_terms(&m->scope, scope, sizeof scope);
    if (class_is_emotion(cell.label))
        snprintf(label, sizeof label, "%s:%s ", word, class_name(cell.label));
    if (class_is_emotion(cell.prediction))
        snprintf(prediction, sizeof prediction, "pred:%s ", class_name(cell.prediction));
    /* pred!=label holds only where the label is an emotion and there is a prediction; so both together mean
     * "counts" */
    if (cell_wants_errors(cell))
        snprintf(kind, sizeof kind, "pred!=%s ", word);
    else if (label[0] == '\0' || prediction[0] == '\0')
        snprintf(kind, sizeof kind, "(pred=%s or pred!=%s) ", word, word);
    int length = snprintf(out, size, "%s%s%s%ssort:-suspect", scope, label, prediction, kind);
    return length >= 0 && (size_t)length < size;
}

size_t matrix_cell_rows(const struct matrix *m, const struct columns *c, struct matrix_cell cell,
                        uint32_t *rows, size_t max)
{
    const int8_t *label = scope_labels(&m->scope, c);
    size_t count = 0;
    for (size_t row = 0; max > 0 && row < c->count; row++) {
        if (!cell_holds(cell, label[row], c->prediction[row]) || !matrix_takes(m, c, row))
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
