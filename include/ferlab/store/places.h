/* Places: where each face lies on a model's map, once that has been worked out. */
#ifndef FERLAB_STORE_PLACES_H
#define FERLAB_STORE_PLACES_H

#include "ferlab/store/columns.h"

/* Replaces the model's map: places [count][2] of these samples, ascending. */
bool places_write(struct workspace *ws, int64_t model, const int64_t *ids, const float (*places)[2],
                  size_t count, struct err *e);

/* Into places [columns->count][2], those of the columns' model; NaN where there is none. *found: how many
 * there are. */
bool places_load(struct workspace *ws, const struct columns *c, float (*places)[2], size_t *found,
                 struct err *e);

#endif
