/* Exif: a TIFF file within a JPEG segment, of which the first directory has the orientation. */
#include "exif.h"

#include <stdlib.h>
#include <string.h>

enum { TAG = 0x0112, TYPE_SHORT = 3, ENTRY = 12, TIFF_HEADER = 8 };

static const char magic[6] = {'E', 'x', 'i', 'f', '\0', '\0'};

static uint32_t number(const uint8_t *p, int bytes, bool little)
{
    uint32_t value = 0;
    for (int i = 0; i < bytes; i++)
        value = value << 8 | p[little ? bytes - 1 - i : i];
    return value;
}

int exif_orientation(const uint8_t *segment, size_t count)
{
    if (count < sizeof magic + TIFF_HEADER || memcmp(segment, magic, sizeof magic) != 0)
        return 1;
    const uint8_t *tiff = segment + sizeof magic;
    size_t size = count - sizeof magic;
    bool little = tiff[0] == 'I';
    size_t at = number(tiff + 4, 4, little);
    if ((memcmp(tiff, "II", 2) != 0 && memcmp(tiff, "MM", 2) != 0) || at > size - 2)
        return 1;
    size_t entries = number(tiff + at, 2, little);
    for (at += 2; entries > 0 && size - at >= ENTRY; entries--, at += ENTRY)
        if (number(tiff + at, 2, little) == TAG && number(tiff + at + 2, 2, little) == TYPE_SHORT) {
            uint32_t orientation = number(tiff + at + 8, 2, little);
            return orientation >= 1 && orientation <= 8 ? (int)orientation : 1;
        }
    return 1;
}

bool exif_turns(int orientation)
{
    return orientation >= 5;
}

/* From 1 to 8 the stored first row is the upright picture's top, top, bottom, bottom, left, right, right,
 * left side, and the first column its left, right, right, left, top, top, bottom, bottom. */
uint8_t *exif_upright(const uint8_t *pixels, int width, int height, int orientation)
{
    bool turned = exif_turns(orientation);
    bool mirrored = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
    bool upside_down = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
    int out_width = turned ? height : width, out_height = turned ? width : height;
    uint8_t *out = malloc((size_t)width * (size_t)height);
    for (int y = 0; y < out_height && out != NULL; y++)
        for (int x = 0; x < out_width; x++) {
            int column = turned ? y : x, row = turned ? x : y;
            if (mirrored)
                column = width - 1 - column;
            if (upside_down)
                row = height - 1 - row;
            out[(size_t)y * (size_t)out_width + (size_t)x] =
                pixels[(size_t)row * (size_t)width + (size_t)column];
        }
    return out;
}
