/* Flaws: what makes a face that was found in a picture doubtful, to look at and to predict. */
#ifndef FERLAB_FACE_FLAWS_H
#define FERLAB_FACE_FLAWS_H

#include "ferlab/face/image.h"

#include <stdbool.h>

enum face_flaw { FACE_SMALL = 1, FACE_DARK = 2, FACE_BLURRED = 4 };

/* The flaws of a face that took `side` pixels of a picture, from its crop: fewer than 32 pixels; a mean gray
 * level below 40; edges that carry less than a hundredth of what its tones do. */
unsigned face_flaws(const uint8_t crop[FACE_PIXELS], int side);

/* Their words by number from 0, NULL behind the last; flaw i is 1 << i. */
const char *face_flaw_name(int i);
bool face_flaw_parse(const char *word, unsigned *flaw); /* in any case; false: it is none */

#endif
