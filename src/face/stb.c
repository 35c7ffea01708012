/* PNG and BMP by the stb libraries, whose code is compiled here, once. */
#include "decoders.h"

#include <limits.h>
#include <stdio.h>

#pragma GCC diagnostic ignored "-Wpragmas"
#pragma GCC diagnostic ignored "-Wunknown-warning-option"
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wmissing-prototypes"
#pragma GCC diagnostic ignored "-Wshadow"

/* Not its JPEG: Debian's version (2.27) writes beyond its tables on a malformed Huffman segment. Its asserts
 * speak of its own bugs; on hostile bytes an error return is wanted, never an abort. */
#define STBI_ONLY_PNG
#define STBI_ONLY_BMP
#define STBI_NO_STDIO
#define STBI_MAX_DIMENSIONS IMAGE_MAX_SIDE
#define STBI_FAILURE_USERMSG
#define STBI_ASSERT(x) ((void)0)
#define STB_IMAGE_IMPLEMENTATION
#include <stb/stb_image.h>

#define STBI_WRITE_NO_STDIO
#define STBIW_ASSERT(x) ((void)0)
#define STB_IMAGE_WRITE_IMPLEMENTATION
#include <stb/stb_image_write.h>

static bool stb_header(const uint8_t *bytes, size_t count, int *width, int *height)
{
    int channels;
    return count <= INT_MAX && stbi_info_from_memory(bytes, (int)count, width, height, &channels);
}

static uint8_t *stb_pixels(const uint8_t *bytes, size_t count, int width, int height,
                           char reason[DECODER_REASON])
{
    if (png_is(bytes, count) && !png_is_intact(bytes, count)) {
        snprintf(reason, DECODER_REASON, "cut short, or a checksum in it is wrong");
        return NULL;
    }
    int w = 0, h = 0, channels = 0;
    uint8_t *pixels = stbi_load_from_memory(bytes, (int)count, &w, &h, &channels, 1);
    if (pixels && w == width && h == height)
        return pixels;
    const char *why = pixels ? "two sizes in one file" : stbi_failure_reason();
    snprintf(reason, DECODER_REASON, "%s", why ? why : "cannot be decoded");
    stbi_image_free(pixels);
    return NULL;
}

const struct decoder decoder_stb = {.header = stb_header, .pixels = stb_pixels};

uint8_t *png_encode(const uint8_t *pixels, int width, int height, int channels, size_t *count)
{
    int size = 0;
    uint8_t *bytes = stbi_write_png_to_mem(pixels, width * channels, width, height, channels, &size);
    *count = bytes ? (size_t)size : 0;
    return bytes;
}
