/* History: all events of a workspace, grouped by sample. */
#ifndef FERLAB_EXCHANGE_HISTORY_H
#define FERLAB_EXCHANGE_HISTORY_H

#include "ferlab/store/reviews.h"

#include <jansson.h>

struct history {
    struct arena arena;
    struct event *events; /* oldest first */
    bool *standing;
    const struct event **grouped; /* by sample, oldest first */
    size_t count;
};

bool history_load(struct history *h, struct workspace *ws, struct err *e);
void history_free(struct history *h);

/* The events of one sample: `count` pointers from the one returned. */
const struct event **history_of(const struct history *h, int64_t sample, size_t *count);

/* The same as documents, in an array. New reference; NULL when memory runs out. */
json_t *history_document(const struct history *h, int64_t sample);

/* The standing event that decides a sample's label: its latest relabel, accept or vote edit; NULL where there
 * is none. */
const struct event *history_decision(const struct history *h, int64_t sample);

#endif
