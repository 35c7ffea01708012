/* Photographs: the pictures below the paths that an import was given, each once. */
#ifndef FERLAB_EXCHANGE_PHOTOGRAPHS_H
#define FERLAB_EXCHANGE_PHOTOGRAPHS_H

#include "import_plan.h"

struct photograph {
    const char *source; /* its absolute path */
    const char *place;  /* the path given, with what lies below it */
    const char *name;   /* what the names of its faces begin with: what lies below it as one plain name */
    size_t order;       /* in which it was found */
};

struct photographs { /* start from {0}; the strings are of the result's arena */
    struct photograph *items;
    size_t count, capacity;
};

/* Adds the picture `path`, or all those in that folder and the folders in it but for hidden ones and links to
 * folders. What cannot be one is rejected: names that no sample may have, folders that may not be read,
 * pictures of kinds that are not read. */
bool photographs_add(struct photographs *list, struct import_plan *p, const char *path, struct err *e);

/* In the order of their sources, each once. */
void photographs_sort(struct photographs *list);
void photographs_free(struct photographs *list);

#endif
