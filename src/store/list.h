/* Lists that grow while rows of unknown number are read, and then move into the caller's arena. */
#ifndef FERLAB_STORE_LIST_H
#define FERLAB_STORE_LIST_H

#include "ferlab/base/arena.h"

#include <stdbool.h>
#include <stddef.h>

struct list { /* start from {.size = sizeof of an element} */
    void *items;
    size_t size, count, capacity;
};

/* A new element at the end, zeroed; NULL when memory runs out. Earlier elements may have moved. */
void *list_add(struct list *l);

/* The elements as an array in the arena (never NULL but when memory runs out), and the list freed. */
void *list_move(struct list *l, struct arena *arena);

void list_free(struct list *l);

#endif
