/* Arena: memory for what lives and dies together (a load, a frame, a batch). */
#ifndef FERLAB_BASE_ARENA_H
#define FERLAB_BASE_ARENA_H

#include <stddef.h>

struct arena_block;
struct arena {
    struct arena_block *blocks; /* newest first; start from {0} */
};

/* Zeroed memory aligned to 16 bytes, or NULL when memory runs out. */
void *arena_alloc(struct arena *a, size_t size);
char *arena_strdup(struct arena *a, const char *text);
char *arena_printf(struct arena *a, const char *format, ...) __attribute__((format(printf, 2, 3)));
void arena_free(struct arena *a); /* everything at once; the arena may be used again */

#endif
