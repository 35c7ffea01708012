/* Groups of near-duplicates (face/duplicates.h), kept with the samples: they follow from the pixels, which
 * never change, and take seconds to find. */
#ifndef FERLAB_STORE_DUPLICATES_H
#define FERLAB_STORE_DUPLICATES_H

#include "ferlab/store/workspace.h"

#include <stddef.h>

/* The newest sample there was when groups were written; 0 before. They are complete while no sample is newer.
 */
int64_t duplicates_until(struct workspace *ws);
bool duplicates_are_complete(struct workspace *ws, bool *complete, struct err *e);

/* Writes all groups anew. `ids` are all samples, ascending; group[i]: as duplicates_group has it, an index
 * into ids. Own transaction unless one is open. */
bool duplicates_write(struct workspace *ws, const int64_t *ids, const uint32_t *group, size_t count,
                      struct err *e);

/* group[i] for these samples, ascending: the index of the first of them in its group, i itself where it
 * stands alone, or came after the groups were written. */
bool duplicates_read(struct workspace *ws, const int64_t *ids, size_t count, uint32_t *group, struct err *e);

#endif
