/* How a camera was held, as its JPEG says. Private to this folder. */
#ifndef FERLAB_FACE_EXIF_H
#define FERLAB_FACE_EXIF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The orientation (Exif 2.32, tag 0x0112) in a JPEG's APP1 segment: 1 to 8; 1, upright, where it says none or
 * nonsense. */
int exif_orientation(const uint8_t *segment, size_t count);

/* Whether width and height change places in the upright picture. */
bool exif_turns(int orientation);

/* The upright picture of `width` x `height` stored pixels, malloc'ed; NULL: out of memory. */
uint8_t *exif_upright(const uint8_t *pixels, int width, int height, int orientation);

#endif
