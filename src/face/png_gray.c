/* PNG in 8-bit gray without interlacing, which is what FER+ is made of: stb_image inflates, the filters are
 * undone here. stb_image's own Paeth filter branches on every pixel, and that was a third of the time an
 * import took. */
#include "decoders.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <stb/stb_image.h>

enum { SIGNATURE = 8, OVERHEAD = 12, IHDR_BYTES = 13 }; /* overhead of a chunk: length, type, CRC */

enum filter { FILTER_NONE, FILTER_SUB, FILTER_UP, FILTER_AVERAGE, FILTER_PAETH };

static uint32_t big_endian(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static bool gray_header(const uint8_t *bytes, size_t count, int *width, int *height)
{
    const uint8_t *ihdr = bytes + SIGNATURE;
    if (count < SIGNATURE + OVERHEAD + IHDR_BYTES || count > INT_MAX || !png_is(bytes, count) ||
        big_endian(ihdr) != IHDR_BYTES || memcmp(ihdr + 4, "IHDR", 4) != 0)
        return false;
    static const uint8_t kind[] = {8, 0, 0, 0,
                                   0}; /* depth, gray, deflate, adaptive filters, no interlacing */
    uint32_t w = big_endian(ihdr + 8), h = big_endian(ihdr + 12);
    if (memcmp(ihdr + 16, kind, sizeof kind) != 0 || w > INT_MAX || h > INT_MAX)
        return false;
    *width = (int)w;
    *height = (int)h;
    return true;
}

/* The compressed image: the contents of all IDAT chunks. Points into `bytes` where there is one, else to
 * *joined, malloc'ed. The chunks are intact, as png_is_intact found. */
static const uint8_t *find_image(const uint8_t *bytes, size_t *size, uint8_t **joined)
{
    const uint8_t *first = NULL;
    size_t total = 0, chunks = 0;
    for (const uint8_t *at = bytes + SIGNATURE; memcmp(at + 4, "IEND", 4) != 0;
         at += big_endian(at) + OVERHEAD)
        if (memcmp(at + 4, "IDAT", 4) == 0) {
            first = first ? first : at + 8;
            total += big_endian(at);
            chunks++;
        }
    *size = total;
    if (chunks <= 1)
        return first;
    uint8_t *to = *joined = malloc(total + 1);
    for (const uint8_t *at = bytes + SIGNATURE; to && memcmp(at + 4, "IEND", 4) != 0;
         at += big_endian(at) + OVERHEAD)
        if (memcmp(at + 4, "IDAT", 4) == 0) {
            memcpy(to, at + 8, big_endian(at));
            to += big_endian(at);
        }
    return *joined;
}

/* The neighbour (left, above, above left) nearest to left + above - corner, without branches. */
static int paeth(int left, int above, int corner)
{
    int to_left = abs(above - corner), to_above = abs(left - corner),
        to_corner = abs(left + above - 2 * corner);
    int nearest = to_left <= to_above ? left : above;
    int distance = to_left <= to_above ? to_left : to_above;
    return distance <= to_corner ? nearest : corner;
}

/* One row (PNG specification, section 9): `above` is the row before, zeros for the first. */
static bool unfilter(enum filter filter, const uint8_t *in, const uint8_t *above, uint8_t *out, size_t width)
{
    int left = 0, corner = 0;
    switch (filter) {
    case FILTER_NONE:
        memcpy(out, in, width);
        return true;
    case FILTER_SUB:
        for (size_t x = 0; x < width; x++)
            out[x] = (uint8_t)(left = (in[x] + left) & 255);
        return true;
    case FILTER_UP:
        for (size_t x = 0; x < width; x++)
            out[x] = (uint8_t)(in[x] + above[x]);
        return true;
    case FILTER_AVERAGE:
        for (size_t x = 0; x < width; x++)
            out[x] = (uint8_t)(left = (in[x] + ((left + above[x]) >> 1)) & 255);
        return true;
    case FILTER_PAETH:
        for (size_t x = 0; x < width; x++) {
            left = (in[x] + paeth(left, above[x], corner)) & 255;
            corner = above[x];
            out[x] = (uint8_t)left;
        }
        return true;
    }
    return false;
}

static bool unfilter_all(const uint8_t *rows, uint8_t *pixels, size_t width, size_t height)
{
    uint8_t *zeros = calloc(1, width);
    const uint8_t *above = zeros;
    bool fine = zeros != NULL;
    for (size_t y = 0; fine && y < height; y++) {
        const uint8_t *row = rows + y * (width + 1);
        fine = unfilter((enum filter)row[0], row + 1, above, pixels + y * width, width);
        above = pixels + y * width;
    }
    free(zeros);
    return fine;
}

static uint8_t *gray_pixels(const uint8_t *bytes, size_t count, int width, int height,
                            char reason[DECODER_REASON])
{
    if (!png_is_intact(bytes, count)) {
        snprintf(reason, DECODER_REASON, "cut short, or a checksum in it is wrong");
        return NULL;
    }
    size_t size, w = (size_t)width, h = (size_t)height, inflated = (w + 1) * h;
    uint8_t *joined = NULL, *pixels = malloc(w * h), *rows = malloc(inflated);
    const uint8_t *image = find_image(bytes, &size, &joined);
    bool fine = image && pixels && rows && inflated <= INT_MAX &&
                stbi_zlib_decode_buffer((char *)rows, (int)inflated, (const char *)image, (int)size) ==
                    (int)inflated &&
                unfilter_all(rows, pixels, w, h);
    free(rows);
    free(joined);
    if (fine)
        return pixels;
    snprintf(reason, DECODER_REASON, "its image data cannot be decompressed");
    free(pixels);
    return NULL;
}

const struct decoder decoder_png_gray = {.header = gray_header, .pixels = gray_pixels};
