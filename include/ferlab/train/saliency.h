/* Saliency: where in a face a model sees what speaks for an emotion, by Grad-CAM (nn/graph_cam.h). As a
 * prediction is averaged over the face and its mirror image, so are the maps of both. */
#ifndef FERLAB_TRAIN_SALIENCY_H
#define FERLAB_TRAIN_SALIENCY_H

#include "ferlab/face/image.h"

struct saliency; /* a model with its buffers */

/* From ONNX bytes, ours or others'; `name` is for messages. */
struct saliency *saliency_from_onnx(const void *bytes, size_t size, const char *name, struct err *e);
void saliency_free(struct saliency *s);

/* Begins with a face (copied) and an emotion. */
void saliency_begin(struct saliency *s, const uint8_t pixels[FACE_PIXELS], int emotion);
/* Goes on by one operator of the model, a few milliseconds at most in small ones. When *done, heat holds 0
 * to 1 for each pixel, 1 where most speaks for the emotion, and 0 everywhere where nothing does. Fails with a
 * sentence where the model has no convolution that could be looked at. */
bool saliency_work(struct saliency *s, bool *done, float heat[FACE_PIXELS], struct err *e);

/* All of it at once. */
bool saliency_face(struct saliency *s, const uint8_t pixels[FACE_PIXELS], int emotion,
                   float heat[FACE_PIXELS], struct err *e);

#endif
