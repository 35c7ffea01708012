/* Layouts of tensors by size and lifetime. */
#include "layout.h"

#include <stdbool.h>
#include <stdlib.h>

static int larger_first(const void *a, const void *b)
{
    const struct tensor *x = a, *y = b;
    if (x->size != y->size)
        return x->size < y->size ? 1 : -1;
    return x->first < y->first ? -1 : x->first > y->first;
}

static bool meet(const struct tensor *a, const struct tensor *b)
{
    return a->first <= b->last && b->first <= a->last;
}

static bool overlap(const struct tensor *a, const struct tensor *b)
{
    return *a->at < *b->at + b->size && *b->at < *a->at + a->size;
}

/* The lowest place for the tensor among the `placed` before it: 0, or right behind one of them. */
static void place(struct tensor *tensors, size_t placed)
{
    struct tensor *t = &tensors[placed];
    *t->at = 0;
    for (size_t i = 0; i < placed;) {
        const struct tensor *other = &tensors[i];
        if (meet(t, other) && overlap(t, other)) {
            *t->at = *other->at + other->size;
            i = 0;
        } else {
            i++;
        }
    }
}

size_t layout_tensors(struct tensor *tensors, size_t count)
{
    size_t need = 0;
    qsort(tensors, count, sizeof *tensors, larger_first);
    for (size_t i = 0; i < count; i++) {
        place(tensors, i);
        size_t end = *tensors[i].at + tensors[i].size;
        need = end > need ? end : need;
    }
    return need;
}
