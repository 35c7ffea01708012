/* How a model of the workspace is read: what goes in of a face, and what its outputs mean. Noted in its file
 * or guessed from it, as `model import` tells. */
#ifndef FERLAB_TRAIN_MODEL_READ_H
#define FERLAB_TRAIN_MODEL_READ_H

#include "ferlab/base/json.h"
#include "ferlab/store/models.h"

struct model_read {
    int size, channels;          /* of its images */
    const char *scale;           /* of their pixels: raw, unit, standard */
    float mean[3], deviation[3]; /* (scaled - mean) / deviation, of each channel */
    const char *classes;         /* of the outputs, in order, with commas between them; in the arena */
    bool logits;                 /* else the outputs are probabilities */
    bool usual;                  /* they are the eight emotions in their order */
};

/* Reads the model's file for it: some milliseconds a megabyte. Fails with a sentence for the predictions of
 * folds, which have none, and for files that are no model. */
bool model_read(struct workspace *ws, const struct model *m, struct arena *arena, struct model_read *out,
                struct err *e);

/* "48x48 gray, unit, mean 0.5, std 0.25; logits of the eight emotions", in the words of `model import`'s
 * options; what would change nothing is left out. In the arena; NULL when memory runs out. */
const char *model_read_text(const struct model_read *r, struct arena *arena);

/* size, channels, scale, mean[], std[], classes[], output. New reference. */
json_t *model_read_json(const struct model_read *r);

#endif
