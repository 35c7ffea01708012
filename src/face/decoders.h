/* Decoders of image formats to 8-bit gray: stb_image for PNG and BMP, libjpeg for JPEG, our own for PGM and
 * PPM. Private to this folder; image.h is the way in.
 *
 * A decoder reads the header first (…_header: false when the bytes are not of this format or not readable)
 * and decodes when image.c has found the size acceptable. Pixels are malloc'ed and upright, NULL on failure,
 * with a few words in reason[]. */
#ifndef FERLAB_FACE_DECODERS_H
#define FERLAB_FACE_DECODERS_H

#include "ferlab/face/image.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DECODER_REASON = 200 };

struct decoder {
    bool (*header)(const uint8_t *bytes, size_t count, int *width, int *height);
    uint8_t *(*pixels)(const uint8_t *bytes, size_t count, int width, int height,
                       char reason[DECODER_REASON]);
};

extern const struct decoder decoder_png_gray, decoder_stb, decoder_jpeg, decoder_pnm;

/* Whether every chunk of a PNG up to IEND is whole and its CRC-32 right (PNG specification, section 5.3);
 * stb_image does not look. */
bool png_is(const uint8_t *bytes, size_t count);
bool png_is_intact(const uint8_t *bytes, size_t count);

uint32_t png_crc32(const uint8_t *p, size_t count);

/* A PNG without compression, for images small enough; otherwise as png_encode. */
bool png_is_storable(int width, int height);
uint8_t *png_store(const uint8_t *pixels, int width, int height, size_t *count);

/* An encoded PNG of 1 (gray) or 3 channels, malloc'ed; NULL when memory runs out. */
uint8_t *png_encode(const uint8_t *pixels, int width, int height, int channels, size_t *count);

#endif
