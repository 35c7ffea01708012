/* Embeddings: what a model makes of a face before it decides on a class. One vector per model and sample, of
 * length 1, so that the dot product of two is the cosine of their angle; in half precision, which is 27 MB of
 * 35,887 vectors of 384 values, and moves a cosine by some 1e-5. */
#ifndef FERLAB_STORE_EMBEDDINGS_H
#define FERLAB_STORE_EMBEDDINGS_H

#include "ferlab/store/columns.h"

enum { EMBEDDING_VALUES_MAX = 2048 };

struct embeddings {
    int64_t model;
    size_t count, known, width; /* rows of the columns they were loaded for; how many have one; values */
    uint16_t *vectors;          /* [count][width] of base/half.h; zeros where there is none */
};

/* Those of the columns' model, row by row. width is 0 where it has none. */
bool embeddings_load(struct embeddings **out, struct workspace *ws, const struct columns *c, struct err *e);
void embeddings_free(struct embeddings *m); /* NULL is fine */

/* Whether the sample's vector is there, and points anywhere. */
bool embeddings_has(const struct embeddings *m, size_t row);

/* Stores vectors [count][width], of any length, replacing what the samples had of that model; one that is 0
 * or not finite is all zeros then. Own transaction unless one is open. */
bool embeddings_write(struct workspace *ws, int64_t model, const int64_t *ids, const float *vectors,
                      size_t width, size_t count, struct err *e);

/* The samples that lack one, ascending, in the arena. */
bool embeddings_lacking(struct workspace *ws, int64_t model, struct arena *arena, int64_t **ids,
                        size_t *count, struct err *e);

#endif
