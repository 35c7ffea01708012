/* Layouts: rows of a graph of neighbours as points of a plane, near where the graph joins them.
 *
 * As UMAP does (McInnes, Healy & Melville 2018, arXiv 1802.03426): each row's distances to its neighbours
 * become weights that sum to log2 of their number; joined from both sides (a + b - a b) they are the chances
 * by which a pair attracts in a round of stochastic gradient descent, and each time some rows drawn at random
 * repel. The points' own closeness is 1 / (1 + d^2), as in t-SNE. Same input, same bits. */
#ifndef FERLAB_EVAL_LAYOUT_H
#define FERLAB_EVAL_LAYOUT_H

#include "ferlab/eval/neighbours.h"

#include <stdbool.h>

enum { LAYOUT_ROUNDS = 300 };

struct layout;

/* near [count][k]: of each row its neighbours but itself, as neighbours_of_all has them. places [count][2]:
 * where to begin, scaled by this; changed by each round. NULL: out of memory. */
struct layout *layout_new(const struct neighbour *near, size_t count, size_t k, float (*places)[2]);
void layout_free(struct layout *l);
/* One of LAYOUT_ROUNDS; false after the last. */
bool layout_round(struct layout *l);

/* Of `queries` rows, spread over all of them: the mean share of their k nearest by cosine that are among
 * their k nearest in the plane. near has at least k of each row. */
double layout_kept(const struct neighbour *near, size_t count, size_t near_k, const float (*places)[2],
                   size_t k, size_t queries);

#endif
