/* The faces of a photograph and what a model says of each; told as text and as JSON. */
#ifndef FERLAB_CLI_PHOTO_FACES_H
#define FERLAB_CLI_PHOTO_FACES_H

#include "ferlab/base/err.h"
#include "ferlab/detect/detect.h"
#include "ferlab/face/emotion.h"
#include "ferlab/face/flaws.h"
#include "ferlab/face/image.h"
#include "ferlab/train/inference.h"

#include <jansson.h>

struct cli;

/* The model called `model` or the ONNX file of that path; NULL: the one that ships, else the workspace's
 * current one. Only a model's name needs a workspace. NULL, with a sentence, where there is none. */
struct predictor *cli_predictor(const struct cli *cli, const char *model, struct err *e);

struct photo_face {
    struct box box; /* as the detector gave it */
    bool found;     /* by a detector; else the box is the largest centred square of the picture */
    unsigned flaws; /* enum face_flaw */
    float probabilities[EMOTION_COUNT];
};

struct photo_faces {
    struct photo_face *items;
    size_t count, capacity;
};

/* Fills *out, emptied first, with the faces of picture_find_faces. */
bool photo_predict(struct detector *detector, struct predictor *predictor, const struct gray *image,
                   int longest, struct photo_faces *out, struct err *e);
void photo_faces_free(struct photo_faces *f);

json_t *photo_json(const char *path, const struct photo_faces *faces); /* new reference */
json_t *photo_faces_json(const struct photo_faces *faces);             /* the array alone */
void photo_print(const char *path, const struct photo_faces *faces);

#endif
