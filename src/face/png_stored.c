/* PNG without compression, for small gray images. Compressing a 48x48 face gains one part in a hundred and
 * takes ten times as long as everything else that writing it does; FER+'s own files are stored too. */
#include "decoders.h"

#include <stdlib.h>
#include <string.h>

enum {
    SIGNATURE = 8,
    OVERHEAD = 12, /* of a chunk: length, type, CRC */
    IHDR_BYTES = 13,
    BLOCK = 65535, /* bytes in a stored deflate block (RFC 1951, 3.2.4) */
    BLOCK_HEADER = 5,
    ZLIB_BYTES = 6, /* header and checksum (RFC 1950) */
    ADLER = 65521,
};

static uint8_t *put32(uint8_t *to, uint32_t x)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        *to++ = (uint8_t)(x >> shift);
    return to;
}

/* Length and CRC of the chunk whose type is at chunk + 4 and whose content ends at `end`. */
static uint8_t *close_chunk(uint8_t *chunk, uint8_t *end)
{
    put32(chunk, (uint32_t)(end - chunk - 8));
    return put32(end, png_crc32(chunk + 4, (size_t)(end - chunk - 4)));
}

static uint8_t *put_header(uint8_t *to, int width, int height)
{
    static const uint8_t kind[] = {8, 0, 0, 0,
                                   0}; /* depth, gray, deflate, adaptive filters, no interlacing */
    uint8_t *chunk = to;
    memcpy(chunk + 4, "IHDR", 4);
    to = put32(put32(chunk + 8, (uint32_t)width), (uint32_t)height);
    memcpy(to, kind, sizeof kind);
    return close_chunk(chunk, to + sizeof kind);
}

/* The rows as one stored block, each behind its filter byte 0. */
static uint8_t *put_image(uint8_t *to, const uint8_t *pixels, size_t width, size_t height)
{
    uint8_t *chunk = to, *rows = chunk + 8 + 2 + BLOCK_HEADER;
    size_t size = (width + 1) * height;
    const uint8_t start[] = {
        0x78, 1, 1, (uint8_t)size, (uint8_t)(size >> 8), (uint8_t)~size, (uint8_t)(~size >> 8)};
    memcpy(chunk + 4, "IDAT", 4);
    memcpy(chunk + 8, start, sizeof start);
    for (size_t y = 0; y < height; y++) {
        rows[y * (width + 1)] = 0;
        memcpy(rows + y * (width + 1) + 1, pixels + y * width, width);
    }
    uint64_t a = 1, b = 0; /* Adler-32; neither overflows within one block */
    for (size_t i = 0; i < size; i++)
        b += a += rows[i];
    return close_chunk(chunk, put32(rows + size, (uint32_t)(b % ADLER << 16 | a % ADLER)));
}

bool png_is_storable(int width, int height)
{
    return ((int64_t)width + 1) * height <= BLOCK;
}

uint8_t *png_store(const uint8_t *pixels, int width, int height, size_t *count)
{
    size_t rows = ((size_t)width + 1) * (size_t)height;
    *count = SIGNATURE + 3 * OVERHEAD + IHDR_BYTES + ZLIB_BYTES + BLOCK_HEADER + rows;
    uint8_t *bytes = malloc(*count);
    if (!bytes)
        return NULL;
    memcpy(bytes, "\x89PNG\r\n\x1a\n", SIGNATURE);
    uint8_t *end =
        put_image(put_header(bytes + SIGNATURE, width, height), pixels, (size_t)width, (size_t)height);
    memcpy(end + 4, "IEND", 4);
    close_chunk(end, end + 8);
    return bytes;
}
