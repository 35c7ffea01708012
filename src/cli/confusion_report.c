/* The confusion matrix as text and as JSON: eval's and the demo's. */
#include "confusion_report.h"

#include <math.h>
#include <stdio.h>

/* A share as percent, right-aligned in nine columns; a dash where there is none. */
static void print_percent(double share)
{
    if (isnan(share))
        printf("%9s", "-");
    else
        printf("%7.1f %%", 100 * share);
}

void confusion_print(const struct confusion *c, const struct metrics *m)
{
    printf("%-10s", "label");
    for (int k = 0; k < EMOTION_COUNT; k++)
        printf("%6s", class_short(k));
    printf("%7s%9s%6s\n", "total", "recall", "F1");
    for (int i = 0; i < EMOTION_COUNT; i++) {
        const struct class_score *s = &m->per_class[i];
        printf("%-10s", class_title(i));
        for (int k = 0; k < EMOTION_COUNT; k++)
            printf("%6lld", (long long)c->cell[i][k]);
        printf("%7lld", (long long)s->support);
        print_percent(s->recall);
        if (isnan(s->f1))
            printf("%6s\n", "-");
        else
            printf("%6.2f\n", s->f1);
    }
    printf("%-10s", "predicted");
    for (int k = 0; k < EMOTION_COUNT; k++)
        printf("%6lld", (long long)m->per_class[k].predicted);
    printf("%7lld\n%-10s", (long long)m->count, "prec. %");
    for (int k = 0; k < EMOTION_COUNT; k++) {
        if (isnan(m->per_class[k].precision))
            printf("%6s", "-");
        else
            printf("%6.1f", 100 * m->per_class[k].precision);
    }
    putchar('\n');
}

json_t *confusion_json(const struct confusion *c)
{
    json_t *rows = json_array();
    for (int i = 0; i < EMOTION_COUNT; i++) {
        json_t *row = json_array();
        for (int k = 0; k < EMOTION_COUNT; k++)
            json_array_append_new(row, json_integer(c->cell[i][k]));
        json_array_append_new(rows, row);
    }
    return rows;
}
