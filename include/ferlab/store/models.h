/* Models and their predictions: ONNX files the workspace knows by name, and eight probabilities per sample.
 */
#ifndef FERLAB_STORE_MODELS_H
#define FERLAB_STORE_MODELS_H

#include "ferlab/base/arena.h"
#include "ferlab/face/emotion.h"
#include "ferlab/store/workspace.h"

#include <stddef.h>

struct model {
    int64_t id, run; /* run 0: imported or external */
    const char *name, *digest, *arch, *created;
    int64_t parameters, size_bytes, input_size;
    double valid_accuracy; /* NaN where not known */
    int64_t predictions;   /* how many samples have one */
    int64_t folds;         /* 0; else it is the predictions of so many models, and has no file */
    bool external;         /* computed on demand from a file path; not offered in lists */
    bool unseen;           /* made elsewhere, but known not to have been trained on samples here */
    bool current;
};

struct model_new {
    const char *name; /* [A-Za-z0-9._-]{1,80}, unique */
    const void *onnx;
    size_t size;
    const char *arch;
    int64_t run, parameters, input_size;
    double valid_accuracy;
    bool external, unseen;
    int64_t folds; /* onnx and size mean nothing then */
};

/* Adds a model; inside the caller's transaction when one is open. Fails when the name is taken or malformed.
 * The first that is not external becomes the current one. */
bool model_add(struct workspace *ws, const struct model_new *m, int64_t *id, struct err *e);

/* Without external ones, oldest first. */
bool models_list(struct workspace *ws, struct arena *arena, struct model **out, size_t *count, struct err *e);
bool model_by_name(struct workspace *ws, const char *name, struct arena *arena, struct model *out,
                   struct err *e);
bool model_by_digest(struct workspace *ws, const char *digest, struct arena *arena, struct model *out,
                     bool *found, struct err *e);
/* What was measured on the validation split after the model was added. */
bool model_set_accuracy(struct workspace *ws, int64_t model, double accuracy, struct err *e);
/* Mallocs *bytes. Fails with a sentence for the predictions of folds, which have no file. */
bool model_onnx(struct workspace *ws, int64_t model, void **bytes, size_t *size, struct err *e);

/* With its predictions and embeddings. Where it was the current one, the newest of those left takes its
 * place. */
bool model_remove(struct workspace *ws, int64_t model, struct err *e);

/* A name that no model and no run has: `wish`, or wish-2, wish-3, … In the arena; NULL when memory runs out.
 */
const char *model_free_name(struct workspace *ws, const char *wish, struct arena *arena);

/* The current model, what `pred`, `conf` and the scores speak of; id 0 where none. */
int64_t model_current(struct workspace *ws);
/* An external model is one of the lists from then on. */
bool model_use(struct workspace *ws, int64_t model, struct err *e);

/* Writes predictions of one model for `count` samples, replacing what it had for them. probabilities:
 * count x EMOTION_COUNT; in_sample[i]: the sample was in the model's training set. Own transaction unless one
 * is open. */
bool predictions_write(struct workspace *ws, int64_t model, const int64_t *ids, const float *probabilities,
                       const bool *in_sample, size_t count, struct err *e);

#endif
