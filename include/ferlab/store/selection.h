/* The selection: samples that somebody picked out by hand, on the map of the workbench, for the filter
 * in:map. It is kept with the workspace, so that exports and commands, which are other processes, know it
 * too. */
#ifndef FERLAB_STORE_SELECTION_H
#define FERLAB_STORE_SELECTION_H

#include "ferlab/store/columns.h"

/* These rows, ascending, and no others. Not kept: selected in these columns alone, where the workspace may
 * not be written. */
bool selection_set(struct columns *c, struct workspace *ws, bool keep, const uint32_t *rows, size_t count,
                   struct err *e);

/* The selection that is kept, into the columns. Ids that are no samples are passed over. */
void selection_load(struct columns *c, struct workspace *ws);

#endif
