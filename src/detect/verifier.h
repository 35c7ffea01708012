/* A small network that says of a window whether it holds a face, for what a cascade has found. Private to
 * this folder. */
#ifndef FERLAB_DETECT_VERIFIER_H
#define FERLAB_DETECT_VERIFIER_H

#include "ferlab/detect/box.h"

#include "ferlab/base/err.h"
#include "ferlab/face/image.h"

struct verifier;

/* From an ONNX file of two classes, the second "face"; its note "threshold" is the least probability of a
 * face. threads 0: all the machine has. */
struct verifier *verifier_load(const char *path, int threads, struct err *e);
void verifier_free(struct verifier *v);

/* Leaves the boxes that hold a face, the surest of those that overlap by more than a third of the smaller;
 * the score becomes the face's probability. */
bool verifier_keep(struct verifier *v, const struct gray *image, struct boxes *boxes, struct err *e);

#endif
