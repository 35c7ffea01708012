/* Documents: samples and events as the JSON objects that commands and exports share. */
#ifndef FERLAB_EXCHANGE_DOCUMENTS_H
#define FERLAB_EXCHANGE_DOCUMENTS_H

#include "ferlab/base/json.h"
#include "ferlab/store/columns.h"
#include "ferlab/store/reviews.h"
#include "ferlab/store/scores.h"

/* One sample: id, name, split, votes, crowd, label, reviewed, flagged, prediction, confidence, divergence and
 * more. What is not known is null. New reference; NULL when memory runs out. */
json_t *sample_document(const struct columns *c, size_t row);

/* The eight probabilities of a sample, or null. */
json_t *probabilities_document(const struct columns *c, size_t row);

/* The scores of a sample, by sample_score_name; null where one is not known. */
json_t *scores_document(const struct columns *c, size_t row);

/* The group of near-duplicates that a sample is of: the smallest id in it; 0 where it stands alone. */
int64_t copies_group(const struct columns *c, size_t row);

/* Counts of votes, in the order of the classes. */
json_t *votes_document(const struct votes *v);

/* What ",a,b," holds: ["a","b"]; [] for NULL. */
json_t *tags_document(const char *tags);

/* Where a face was found, [x,y,width,height] in its source; null where it has none. */
json_t *box_document(const struct columns *c, size_t row);

/* What enum face_flaw says: ["small","dark"]. */
json_t *flaws_document(unsigned flaws);

/* One event: id, time, reviewer, sample, kind, value, undoes (null unless undo or redo). */
json_t *event_document(const struct event *event);

#endif
