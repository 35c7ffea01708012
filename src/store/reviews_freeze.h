/* The frozen test split, for reviews.c. */
#ifndef FERLAB_STORE_REVIEWS_FREEZE_H
#define FERLAB_STORE_REVIEWS_FREEZE_H

#include "ferlab/store/reviews.h"

/* How many decisions on the frozen split undoing or redoing this batch would change. */
bool reviews_frozen_batch(struct workspace *ws, int64_t batch, size_t *frozen, struct err *e);

#endif
