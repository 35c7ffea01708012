/* Maps of a model's embeddings, worked out from who is whose neighbour. */
#ifndef FERLAB_TRAIN_MAPPING_H
#define FERLAB_TRAIN_MAPPING_H

#include "ferlab/store/embeddings.h"

enum { MAP_NEIGHBOURS = 15, MAP_JUDGED = 10 };

struct map_report {
    size_t faces;
    /* Of 2,000 faces, the mean share of their MAP_JUDGED nearest that are among their nearest in the plane:
     * of the principal components where it began, and of the map. */
    double kept_before, kept;
};

/* Computes embeddings that lack, lays the model's map out and keeps it in the workspace. */
bool map_refine(struct workspace *ws, int64_t model, bool quiet, struct map_report *report, struct err *e);

#endif
