/* A face on a plain terminal, outside the workbench: as sixel, or as half blocks; and as a PNG file. */
#ifndef FERLAB_CLI_DRAW_FACE_H
#define FERLAB_CLI_DRAW_FACE_H

#include "ferlab/face/image.h"
#include "ferlab/term/caps.h"

/* Whether standard input and output are a terminal that can draw, and how. */
bool draw_caps(struct caps *caps);

/* heat: 0 to 1 of each pixel, laid over the face; NULL: none. */

/* Draws where standard input and output are a terminal that can; else does nothing. */
void draw_face(const uint8_t pixels[FACE_PIXELS], const float *heat);

/* Eight times as large, smooth. */
bool draw_face_png(const char *path, const uint8_t pixels[FACE_PIXELS], const float *heat, struct err *e);

#endif
