/* A photograph with the faces in it: boxes in the colours of the emotions, and their names. */
#ifndef FERLAB_CLI_DRAW_PHOTO_H
#define FERLAB_CLI_DRAW_PHOTO_H

#include "photo_faces.h"

/* On the terminal where it can, as large as fits; else nothing. */
void draw_photo(const struct gray *image, const struct photo_face *faces, size_t count);

/* As a PNG file of the photograph's size. */
bool draw_photo_png(const char *path, const struct gray *image, const struct photo_face *faces, size_t count,
                    struct err *e);

#endif
