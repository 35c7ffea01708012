/* Embeddings of the workspace's samples, and the faces that are alike by them. */
#ifndef FERLAB_TRAIN_EMBEDDING_H
#define FERLAB_TRAIN_EMBEDDING_H

#include "ferlab/store/embeddings.h"
#include "ferlab/store/filter.h"

enum { SIMILAR_FACES = 200 }; /* that `similar:` picks, the one it names included */

/* Sees to it that every sample has an embedding by the model: computes what is missing, and keeps what was
 * done when interrupted. Fails with a sentence for models that have none: folds, and graphs without a last
 * layer of weights or with one of more values than are kept. */
bool embeddings_complete(struct workspace *ws, int64_t model, bool quiet, struct err *e);

/* Fills the columns' similarity with what is nearest to that sample by its model's embeddings. Fails where
 * there is no such sample, or it has no embedding. */
bool embeddings_find_similar(struct columns *c, const struct embeddings *m, int64_t sample, struct err *e);

/* Both, as the filter asks; nothing where it has no `similar:`. */
bool embeddings_for_filter(struct workspace *ws, struct columns *c, const struct filter *f, bool quiet,
                           struct err *e);

#endif
