/* Growing lists. */
#include "list.h"

#include <stdlib.h>
#include <string.h>

void *list_add(struct list *l)
{
    if (l->count == l->capacity) {
        size_t capacity = l->capacity ? l->capacity * 2 : 16;
        void *items = reallocarray(l->items, capacity, l->size);

        if (!items)
            return NULL;
        l->items = items;
        l->capacity = capacity;
    }
    void *added = (char *)l->items + l->count++ * l->size;

    return memset(added, 0, l->size);
}

void *list_move(struct list *l, struct arena *arena)
{
    void *items = arena_alloc(arena, l->count * l->size + 1);

    if (items && l->count)
        memcpy(items, l->items, l->count * l->size);
    list_free(l);
    return items;
}

void list_free(struct list *l)
{
    free(l->items);
    *l = (struct list){.size = l->size};
}
