/* The square that a model wants of a face. */
#include "ferlab/detect/detect.h"

#include <math.h>
#include <stdlib.h>

static int within(int value, int count)
{
    return value < 0 ? 0 : value >= count ? count - 1 : value;
}

int face_side(const struct box *box, double margin)
{
    int longer = box->width > box->height ? box->width : box->height;
    return (int)lrint(fmin(fmax(longer * margin, 1), IMAGE_MAX_SIDE));
}

bool face_square(const struct gray *image, const struct box *box, double margin, struct gray *out)
{
    int side = face_side(box, margin);
    int left = (int)floor(box->x + (box->width - side) / 2.0),
        top = (int)floor(box->y + (box->height - side) / 2.0);
    *out = (struct gray){.width = side, .height = side, .pixels = malloc((size_t)side * (size_t)side)};
    for (int y = 0; y < side && out->pixels != NULL; y++) {
        const uint8_t *row = image->pixels + (size_t)within(top + y, image->height) * (size_t)image->width;
        for (int x = 0; x < side; x++)
            out->pixels[(size_t)y * (size_t)side + (size_t)x] = row[within(left + x, image->width)];
    }
    return out->pixels != NULL;
}

bool face_crop(const struct gray *image, const struct box *box, double margin, int size, uint8_t *out)
{
    struct gray square;
    if (!face_square(image, box, margin, &square))
        return false;
    image_square(&square, size, out);
    image_free(&square);
    return true;
}
