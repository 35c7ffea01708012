/* Near-duplicates: faces that show one photograph, found by their pixels alone, whatever they are labelled.
 *
 * Two faces are near-duplicates where their detail correlates by 0.8 or more at the best of all moves by up
 * to six pixels, one of the two perhaps mirrored. Detail is the face at half its size less the mean of the
 * 7x7 pixels around: brightness, contrast and the vignette that most portraits share take no part, and small
 * moves, crops, noise, compression and lettering little. On FER+, of the pairs at 0.8 nearly all are one
 * photograph or two of one moment, of those at 0.75 about half. Where the faces of a set are all alike, as
 * drawings from one template, the bar is higher: by the median and the 99th percentile of the correlations of
 * random pairs (as artanh r, after Fisher), it is what a stranger reaches in one of a thousand faces. Faces
 * without detail count only as copies byte by byte.
 *
 * Pairs to compare come from a perceptual hash: 128 signs of low frequencies of the detail's discrete cosine
 * transform, against their medians over the faces (after Zauner 2010, "Implementation and benchmarking of
 * perceptual image hash functions"). It is looked up in eight bands, whose width grows with the number of
 * faces so that the work stays nearly linear in it (Indyk & Motwani 1998), also with the least certain sign
 * of each turned (Lv et al. 2007, "Multi-probe LSH"), for 25 moves of the face and of its mirror image. About
 * two per cent of the pairs are missed. */
#ifndef FERLAB_FACE_DUPLICATES_H
#define FERLAB_FACE_DUPLICATES_H

#include "ferlab/base/err.h"

#include <stddef.h>
#include <stdint.h>

/* pixels: count faces of FACE_PIXELS, fewer than 2^31. group[i] becomes the first face that face i is tied
 * to, directly or through others; i itself where it stands alone. The same for every number of threads (0:
 * all the machine has). Takes about a kilobyte a face for the time being. Fails for want of memory only. */
bool duplicates_group(const uint8_t *pixels, size_t count, int threads, uint32_t *group, struct err *e);

#endif
