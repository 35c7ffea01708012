/* A second model beside the one whose predictions the columns hold: what it predicts and which labels it
 * learnt from. What comparisons and the filter terms flip:, beside: and former: read. */
#ifndef FERLAB_STORE_BESIDE_H
#define FERLAB_STORE_BESIDE_H

#include "ferlab/store/columns.h"

struct beside {
    int64_t model, folds, run; /* run 0: it was not trained here */
    char *name;
    /* one a row, as in struct columns */
    float (*probabilities)[EMOTION_COUNT];
    int8_t *prediction;
    bool *in_sample;
    int8_t *former;    /* the labels its run began with (labels_of_run); the crowd's where there was no run */
    bool former_known; /* as labels_of_run says */
};

bool beside_load(struct beside **out, const struct columns *c, struct workspace *ws, int64_t model,
                 struct err *e);
void beside_free(struct beside *b); /* NULL is fine */

#endif
