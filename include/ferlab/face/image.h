/* Gray images: decoding (stb_image), resizing, normalising, PNG writing. Pixels are 8-bit, row-major. */
#ifndef FERLAB_FACE_IMAGE_H
#define FERLAB_FACE_IMAGE_H

#include "ferlab/base/err.h"

#include <stddef.h>
#include <stdint.h>

enum {
    FACE_SIZE = 48, /* width and height of every sample */
    FACE_PIXELS = FACE_SIZE * FACE_SIZE,
    IMAGE_MAX_SIDE = 16384, /* images with a longer side are refused */
};

struct gray {
    int width, height;
    uint8_t *pixels; /* malloc'ed */
};

/* Decodes PNG, JPEG, BMP or PGM of any depth to 8-bit gray (Rec. 601 luma). `name` is for messages. The
 * header is checked against IMAGE_MAX_SIDE before anything is allocated. */
bool image_decode(const void *bytes, size_t count, const char *name, struct gray *out, struct err *e);
bool image_load(const char *path, struct gray *out, struct err *e);
void image_free(struct gray *image);

/* Whether a file of that name is a picture that can be decoded, by its ending. */
bool image_is_named(const char *name);
/* Whether it is a picture of a kind that is not decoded: HEIC, WebP, GIF, TIFF, raw. */
bool image_is_foreign(const char *name);

/* The largest centred square of `in`, filtered to size x size (area average down, bilinear up; a copy where
 * it has that size already). */
void image_square(const struct gray *in, int size, uint8_t *out);

/* Filters width x height pixels to w x h (as above). in and out do not overlap. */
void image_resize(const uint8_t *in, int width, int height, uint8_t *out, int w, int h);

/* Zero mean and unit deviation over `count` pixels: (x - mean) / (deviation + 1e-3 * 255). */
void image_standardise(const uint8_t *in, float *out, size_t count);

/* 8-bit gray PNG. image_png_bytes mallocs *out. */
bool image_png_bytes(const uint8_t *pixels, int width, int height, uint8_t **out, size_t *count,
                     struct err *e);
bool image_png_write(const char *path, const uint8_t *pixels, int width, int height, struct err *e);
/* The same of colours, [height][width][3]. */
bool image_png_write_rgb(const char *path, const uint8_t *pixels, int width, int height, struct err *e);

#endif
