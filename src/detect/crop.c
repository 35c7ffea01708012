/* The square that a model wants of a face, and what is wrong with it. */
#include "ferlab/detect/detect.h"

#include <math.h>
#include <stdlib.h>

enum { SMALL_SIDE = 32, DARK_LEVEL = 40 };

static const double blurred_share = 0.01; /* of the Laplacian's variance in that of the pixels */

static int within(int value, int count)
{
    return value < 0 ? 0 : value >= count ? count - 1 : value;
}

bool face_square(const struct gray *image, const struct box *box, double margin, struct gray *out)
{
    int longer = box->width > box->height ? box->width : box->height;
    int side = (int)lrint(fmin(fmax(longer * margin, 1), IMAGE_MAX_SIDE));
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

static double mean_of(const uint8_t *pixels)
{
    double sum = 0;
    for (int i = 0; i < FACE_PIXELS; i++)
        sum += pixels[i];
    return sum / FACE_PIXELS;
}

/* The variance of the Laplacian tells sharp from blurred (Pech-Pacheco et al. 2000); divided by that of the
 * pixels it does not depend on contrast. */
static bool is_blurred(const uint8_t *pixels, double mean)
{
    double variance = 0, edges = 0;
    for (int y = 1; y < FACE_SIZE - 1; y++)
        for (int x = 1; x < FACE_SIZE - 1; x++) {
            const uint8_t *p = pixels + y * FACE_SIZE + x;
            double laplacian = p[-1] + p[1] + p[-FACE_SIZE] + p[FACE_SIZE] - 4.0 * p[0];
            edges += laplacian * laplacian;
            variance += (p[0] - mean) * (p[0] - mean);
        }
    return edges < blurred_share * variance;
}

unsigned face_flaws(const uint8_t crop[FACE_PIXELS], int side)
{
    double mean = mean_of(crop);
    return (side < SMALL_SIDE ? FACE_SMALL : 0U) | (mean < DARK_LEVEL ? FACE_DARK : 0U) |
           (is_blurred(crop, mean) ? FACE_BLURRED : 0U);
}

const char *face_flaw_name(int i)
{
    static const char *const names[] = {"small", "dark", "blurred", NULL};
    return names[i];
}
