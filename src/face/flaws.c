/* What is wrong with a face. */
#include "ferlab/face/flaws.h"

#include <strings.h>

enum { SMALL_SIDE = 32, DARK_LEVEL = 40 };

static const double blurred_share = 0.01; /* of the Laplacian's variance in that of the pixels */

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

bool face_flaw_parse(const char *word, unsigned *flaw)
{
    for (int i = 0; face_flaw_name(i) != NULL; i++)
        if (strcasecmp(word, face_flaw_name(i)) == 0) {
            *flaw = 1U << i;
            return true;
        }
    return false;
}
