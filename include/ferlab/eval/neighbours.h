/* Neighbours: the vectors that point nearest to where a given one does. */
#ifndef FERLAB_EVAL_NEIGHBOURS_H
#define FERLAB_EVAL_NEIGHBOURS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct neighbour {
    uint32_t row;
    float similarity; /* the cosine: -1 to 1, and 1 only of the query itself */
};

/* The `k` rows of vectors [count][width], of length 1 in half precision (base/half.h), with the largest
 * cosines to row `query`, which is among them and is the first: nearest first, equal ones in the order of
 * rows. Rows of zeros are left out. Every row is looked at; returns how many were found. out[k]; where memory
 * runs out none are found. */
size_t neighbours_of(const uint16_t *vectors, size_t count, size_t width, size_t query, size_t k,
                     struct neighbour *out);

/* The same of rows `first` to first + n - 1, without themselves: near [n][k], each row's nearest first; where
 * fewer are known, and for rows of zeros, the rest has the row itself with similarity 0. By matrix products,
 * so that a cosine may be a rounding away from that of neighbours_of. False: out of memory. */
bool neighbours_of_block(const uint16_t *vectors, size_t count, size_t width, size_t first, size_t n,
                         size_t k, struct neighbour *near);

#endif
