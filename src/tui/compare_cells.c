/* What the cells of the compare view's table hold: a number, and a filter that picks its faces. */
#include "compare_view.h"

#include <stdio.h>

int64_t compare_cell_change(const struct compare_view *v, int row, int column)
{
    const struct comparison *c = &v->what.comparison;
    static const enum flip flips[] = {
        [COMPARE_FIXED] = FLIP_FIXED, [COMPARE_BROKEN] = FLIP_BROKEN, [COMPARE_CHANGED] = FLIP_CHANGED};
    if (column == COMPARE_LABELS)
        return v->labels[row];
    if (column == COMPARE_RECALL)
        return 0;
    int64_t sum = 0;
    for (int k = 0; k < EMOTION_COUNT; k++) {
        if (row != COMPARE_ALL && row != k)
            continue;
        sum += column < EMOTION_COUNT
                   ? c->after.confusion.cell[k][column] - c->before.confusion.cell[k][column]
                   : c->flips[k][flips[column]];
    }
    return sum;
}

/* Two models against the labels in force, of which flip: speaks; against the crowd's; one model against both.
 */
enum against { AGAINST_LABELS, AGAINST_CROWD, AGAINST_BOTH };

static enum against against(const struct compare_view *v)
{
    return v->of_labels ? AGAINST_BOTH : v->scope.labels == LABELS_CROWD ? AGAINST_CROWD : AGAINST_LABELS;
}

/* What the columns pick: those of the matrix as that of recall, whatever moved; pred=label or pred!=label is
 * true of what counts. */
static const char *const terms[][3] = {
    [COMPARE_RECALL] = {"pred!=beside (pred=label or pred!=label) ",
                        "pred!=beside (pred=crowd or pred!=crowd) ",
                        "label!=crowd (pred=label or pred!=label) (pred=crowd or pred!=crowd) "},
    [COMPARE_FIXED] = {"flip:fixed ", "beside!=crowd pred=crowd ", "pred!=crowd pred=label "},
    [COMPARE_BROKEN] = {"flip:broken ", "beside=crowd pred!=crowd ", "pred=crowd pred!=label "},
    [COMPARE_CHANGED] = {"flip:changed ", "beside!=crowd pred!=crowd pred!=beside ", "pred!=beside "},
    [COMPARE_LABELS] = {"former!=label ", "former!=label ", "label!=crowd "},
};

bool compare_cell_filter(const struct compare_view *v, char *out, size_t size)
{
    bool in_matrix = v->column < EMOTION_COUNT;
    int column = in_matrix ? COMPARE_RECALL : v->column;
    const char *name = class_name(v->row), *predicted = class_name(v->column);
    enum against a = against(v);
    char scope[sizeof v->scope.base + 4] = "", label[64] = "", prediction[64] = "";
    if (column != COMPARE_LABELS)
        scope_terms(&v->scope, scope, sizeof scope);
    if (v->row != COMPARE_ALL && a == AGAINST_BOTH && column == COMPARE_RECALL)
        snprintf(label, sizeof label, "(label:%s or crowd:%s) ", name, name);
    else if (v->row != COMPARE_ALL)
        snprintf(label, sizeof label, "%s:%s ",
                 a == AGAINST_CROWD && column != COMPARE_LABELS ? "crowd" : "label", name);
    if (in_matrix)
        snprintf(prediction, sizeof prediction, "(pred:%s or beside:%s) ", predicted, predicted);
    int length = snprintf(out, size, "%s%s%s%ssort:-suspect", scope, label, prediction, terms[column][a]);
    return length >= 0 && (size_t)length < size;
}
