/* Scores of samples: one number each, to filter and sort by and to export. All follow from votes, label and
 * prediction as they stand; none is stored. */
#ifndef FERLAB_STORE_SCORES_H
#define FERLAB_STORE_SCORES_H

#include "ferlab/store/columns.h"

enum sample_score {
    SAMPLE_CONFIDENCE,
    SAMPLE_DIVERGENCE, /* votes_divergence of the crowd's votes */
    SAMPLE_SUSPECT,
    SAMPLE_ENTROPY, /* votes_entropy; the only one that needs no prediction */
    /* of eval/suspects.h, of the label in force */
    SAMPLE_SELF_CONFIDENCE,
    SAMPLE_MARGIN,
    SAMPLE_KL, /* votes_kl of the crowd's votes */
    SAMPLE_MISTAKENNESS,
    SAMPLE_HARDNESS,
    SAMPLE_SCORES
};

/* NaN where there is none. */
float sample_score(const struct columns *c, size_t row, enum sample_score s);

const char *sample_score_name(enum sample_score s); /* in JSON: "self_confidence" */

#endif
