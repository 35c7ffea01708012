/* Values of reviews: which are valid for which kind, and how votes are written. */
#ifndef FERLAB_STORE_REVIEW_VALUES_H
#define FERLAB_STORE_REVIEW_VALUES_H

#include "ferlab/face/votes.h"
#include "ferlab/store/reviews.h"

enum { VOTES_TEXT = 4 * CLASS_COUNT, NOTE_MAX = 4096, REVIEWER_MAX = 64 };

/* Ten counts 0..255 as "4,0,0,1,3,2,0,0,0,0". */
bool votes_from_text(const char *text, struct votes *out);

/* Refuses, with a sentence that names the sample, a value its kind cannot have. */
bool review_check(const struct review *r, struct err *e);

/* Refuses a reviewer's name that is empty, too long, or would not print. */
bool review_check_reviewer(const char *name, struct err *e);

#endif
