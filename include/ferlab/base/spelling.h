/* Spelling: the nearest of the words that would have been right, for messages about one that is not. Near is
 * at most two letters more, less or other, and always fewer than the word has. */
#ifndef FERLAB_BASE_SPELLING_H
#define FERLAB_BASE_SPELLING_H

#include <stddef.h>

struct spelling {
    const char *word; /* as typed */
    const char *best; /* the nearest so far, NULL while none is near */
    size_t distance;
};

void spelling_start(struct spelling *s, const char *word);
void spelling_try(struct spelling *s, const char *candidate);

#endif
