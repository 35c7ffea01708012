/* Inference: models resolved from names or paths, predictions for images and for the workspace's samples. */
#ifndef FERLAB_TRAIN_INFERENCE_H
#define FERLAB_TRAIN_INFERENCE_H

#include "ferlab/face/image.h"
#include "ferlab/store/columns.h"
#include "ferlab/store/filter.h"
#include "ferlab/store/models.h"

struct predictor; /* a model with its buffers */

/* How a model's input is made and what its outputs mean; NULL: as its file says, else guessed. */
struct model_reading {
    const char *scale; /* of pixels: raw (0 to 255), unit (0 to 1), standard (per image) */
    const char *mean,
        *deviation;      /* (scaled - mean) / deviation: a number, or three with commas between them */
    const char *classes; /* the outputs' names, with commas between them */
    const char *output;  /* logits, probabilities */
};

/* From ONNX bytes, by the engine where it can, else as a graph of operators; `name` is for messages. threads
 * 0: all. */
struct predictor *predictor_from_onnx(const void *bytes, size_t size, const char *name, int threads,
                                      struct err *e);
void predictor_free(struct predictor *p);

/* Probabilities of `count` faces of FACE_PIXELS, averaged over each face and its mirror image. */
bool predictor_faces(struct predictor *p, const uint8_t *pixels, size_t count,
                     float (*probabilities)[EMOTION_COUNT], struct err *e);
/* One image of any size: its largest centred square. */
bool predictor_image(struct predictor *p, const struct gray *image, float probabilities[EMOTION_COUNT],
                     struct err *e);

/* A model's file without batch normalisation, which is folded into the convolutions; its notes are kept but
 * for the architecture's. Fails with a sentence where it is a graph of other operators. mallocs *out. */
bool model_fold(const void *bytes, size_t size, const char *name, void **out, size_t *out_size,
                struct err *e);

/* Whether `word` names a file rather than a model: it has a '/', ends in .onnx, or is an existing file. */
bool model_is_path(const char *word);

/* The model that `word` means in this workspace: NULL or "" the current one, else a model's name, that of
 * the one that ships too before it was brought in, else the path of an ONNX file, remembered by its digest.
 * Fails with a sentence where there is none. *id is its row in the workspace. */
bool model_resolve(struct workspace *ws, const char *word, int64_t *id, struct err *e);

/* Sees to it that the model has a prediction for every sample that `asked` could pick (NULL: all): computes
 * what is missing, the validation split first, then test, then train, and keeps what was done when
 * interrupted. Train samples are marked as in sample where a run here made the model and had them, and where
 * the model comes from elsewhere and is not known to be unseen. The latter's validation accuracy is kept with
 * it as soon as that split is complete. Of folds nothing is computed: samples that came after them lack a
 * prediction. */
bool predictions_complete(struct workspace *ws, int64_t model, const struct filter *asked, bool quiet,
                          struct err *e);

/* Imports an ONNX file as a model named `name` (NULL: after the file), not predicted with until asked.
 * unseen: it was trained on none of the workspace's samples. How it is read is noted in the model's bytes;
 * *told, malloc'ed, is what of that was guessed and why, NULL where nothing was; told may be NULL. */
bool model_import(struct workspace *ws, const char *path, const char *name, bool unseen,
                  const struct model_reading *reading, int64_t *id, char **told, struct err *e);

#endif
