/* A small network that says of a window whether and where it holds a face, for what a cascade has found.
 * Private to this folder. */
#ifndef FERLAB_DETECT_VERIFIER_H
#define FERLAB_DETECT_VERIFIER_H

#include "ferlab/detect/box.h"

#include "ferlab/base/err.h"
#include "ferlab/face/image.h"

struct verifier;

/* From an ONNX file of the classes of offset.h; its note "threshold" is the least probability of a face.
 * threads 0: all the machine has. */
struct verifier *verifier_load(const char *path, int threads, struct err *e);
void verifier_free(struct verifier *v);

/* Makes of windows the faces that they show, where the network says they are: none overlaps a surer one by
 * more than a third of the smaller. The score becomes the face's probability. */
bool verifier_find(struct verifier *v, const struct gray *image, struct boxes *boxes, struct err *e);

#endif
