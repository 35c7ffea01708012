/* Why a label is suspected, as a sentence: what the model says and whether it had seen the face, the votes in
 * force, and the labels of near-duplicates. */
#ifndef FERLAB_STORE_REASONS_H
#define FERLAB_STORE_REASONS_H

#include "ferlab/store/columns.h"

enum { REASONS_SIZE = 512 };

/* "model 0.97 happiness out of sample; votes 4 neutral 3 sadness; 2 near-duplicates labelled happiness"; what
 * is not known is left out. Returns out, "" where nothing is known. */
char *sample_reasons(const struct columns *c, size_t row, char out[REASONS_SIZE]);

/* "ana: sadness, ben: fear; the latest counts" where reviewers decided differently, the latest last; else "".
 * Returns out. */
char *sample_contest(const struct columns *c, size_t row, char out[REASONS_SIZE]);

#endif
