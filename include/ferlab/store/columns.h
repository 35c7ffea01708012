/* Columns: all samples of a workspace in memory, as arrays, with what reviews and the chosen model say of
 * each. What screens, filters, metrics and training read. A row is an index 0..count-1, in ascending order of
 * sample id. */
#ifndef FERLAB_STORE_COLUMNS_H
#define FERLAB_STORE_COLUMNS_H

#include "ferlab/base/arena.h"
#include "ferlab/face/votes.h"
#include "ferlab/store/reviews.h"
#include "ferlab/store/workspace.h"

#include <stddef.h>

enum label_source { LABELS_REVIEWED, LABELS_CROWD };

struct columns {
    size_t count;
    enum rule rule;
    int64_t model;          /* whose predictions these are; 0: none */
    const char *model_name; /* "" when none */
    int64_t model_folds;    /* as struct model has it */

    /* as imported */
    int64_t *id;
    uint8_t *split; /* enum split */
    const char **name;
    const char **source; /* the file it was found in; NULL: faces were imported */
    int32_t (*box)[4];   /* x0 y0 x1 y1, in the file it was found in or as the import gave it */
    uint8_t *flaws;      /* enum face_flaw, of a face that was found */
    struct votes *votes;
    int8_t *crowd; /* emotion under the rule, or CLASS_NONE */

    /* as reviewed: the latest standing decisions */
    int8_t *label;   /* class 0..9, or CLASS_NONE */
    bool *reviewed;  /* a standing relabel, accept or votes event decides the label */
    bool *contested; /* the latest standing decisions of two reviewers give it different labels */
    bool *flagged;
    bool *selected;        /* by hand, on the map: selection.h */
    const char **note;     /* NULL: none */
    const char **tags;     /* ",a,b," or NULL */
    struct votes **edited; /* counts of a standing votes event that no relabel has followed, else NULL */

    /* as predicted by the model */
    float (*probabilities)[EMOTION_COUNT]; /* NaN where there is no prediction */
    int8_t *prediction;                    /* CLASS_NONE where there is none */
    float *confidence;                     /* largest probability; NaN where there is none */
    bool *in_sample;
    float *divergence; /* votes_divergence */
    float *entropy;    /* votes_entropy, of the votes as imported; NaN where there are none */
    /* of the label in force; from predictions by a model that was not trained on the sample only */
    float *suspect; /* suspect_score; NaN where there is none */
    int8_t *issue;  /* the emotion it should be by confident_issues over all these samples, else CLASS_NONE */

    struct beside *beside; /* a second model to compare with (beside.h); NULL: none */

    /* near-duplicates (store/duplicates.h) */
    bool copies_known;   /* of all samples; else those that came later stand alone */
    uint32_t *next_copy; /* the next row of the group, in a ring; the row itself where it stands alone */
    float
        *disagreement; /* share of its copies labelled with an emotion whose label is another; NaN of none */
    bool *leaks;       /* the group has samples of several splits */

    /* what `similar:` of filters speaks of; no columns_ function but columns_forget_similar touches it */
    int64_t similar_to; /* a sample's id; 0: nothing was looked for */
    float *similarity;  /* to its face, of the nearest faces by the model's embeddings; NaN of others */

    int64_t last_event; /* id of the newest event taken in */
    int64_t event_count;
    struct columns_private *own;
};

/* Loads everything. model 0: the workspace's current model; -1: no model. */
bool columns_load(struct columns **out, struct workspace *ws, enum rule rule, int64_t model, struct err *e);
void columns_free(struct columns *c);

/* Takes in events written since (by anybody, this process included). *changed: whether anything was. Also
 * reloads when samples were added (rows may then be more). */
bool columns_refresh(struct columns *c, struct workspace *ws, bool *changed, struct err *e);

/* Other predictions, or another rule, for the same samples. */
bool columns_use_model(struct columns *c, struct workspace *ws, int64_t model, struct err *e);
bool columns_use_rule(struct columns *c, enum rule rule, struct err *e);
/* A second model to compare with; 0: none, which is also left where this fails. What it learnt from is as of
 * the rule in force: after another rule, call this again. */
bool columns_use_beside(struct columns *c, struct workspace *ws, int64_t model, struct err *e);

/* Other predictions forget what was similar. */
void columns_forget_similar(struct columns *c);

/* The row with that sample id, or -1. */
int64_t columns_row(const struct columns *c, int64_t id);

/* Votes in force for training and export: edited, else as imported. */
const struct votes *columns_votes(const struct columns *c, size_t row);

/* Whether a crowd has seen it: somebody's vote came with it. */
bool columns_voted(const struct columns *c, size_t row);

bool columns_has_tag(const struct columns *c, size_t row, const char *tag);

/* Whether that reviewer decided it and the decision stands, whoever decided later. *label (NULL: unasked):
 * the latest such. */
bool columns_decided_by(const struct columns *c, size_t row, const char *reviewer, int *label);

/* Whether a flag, unflag, tag or untag would change the row; of other kinds always. */
bool columns_review_changes(const struct columns *c, size_t row, enum event_kind kind, const char *value);

/* First 12 hex digits of the SHA-256 over (split, name, label) of all samples: equal exactly when every label
 * in force is. For LABELS_CROWD over the crowd's labels. */
void columns_label_revision(const struct columns *c, enum label_source labels, char out[13]);
/* The same of any labels, one a row. */
void columns_digest_labels(const struct columns *c, const int8_t *label, char out[13]);

#endif
