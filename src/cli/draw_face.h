/* A face on a plain terminal, outside the workbench: as sixel, or as half blocks. */
#ifndef FERLAB_CLI_DRAW_FACE_H
#define FERLAB_CLI_DRAW_FACE_H

#include "ferlab/face/image.h"

/* Draws where standard input and output are a terminal that can; else does nothing. */
void draw_face(const uint8_t pixels[FACE_PIXELS]);

#endif
