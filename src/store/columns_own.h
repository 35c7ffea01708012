/* What the columns keep for themselves, shared by columns.c (loading, refreshing) and columns_reviews.c (what
 * follows from the log for a row) and columns_scores.c. */
#ifndef FERLAB_STORE_COLUMNS_OWN_H
#define FERLAB_STORE_COLUMNS_OWN_H

#include "ferlab/store/columns.h"
#include "sql.h"

enum decided_by { DECIDED_BY_CROWD, DECIDED_BY_CLASS, DECIDED_BY_VOTES };

/* What a reviewer last decided of a row, in a list of which the latest decision is the last. */
struct opinion {
    const char *reviewer;
    int8_t label;
    const struct votes *votes; /* edited votes that say so under a rule; NULL: a class did */
    struct opinion *next;
};

struct columns_private {
    struct arena names;   /* as old as the rows */
    struct arena reviews; /* notes, tags, edited votes */
    char *model_name;
    const char *last_reviewer; /* one copy of the name for decisions in a row; in `reviews` */
    uint8_t *decided;          /* enum decided_by, per row */
    struct opinion **opinions; /* per row, in `reviews`; NULL: nobody decided */
    uint32_t *group;           /* the first row of its near-duplicates, itself where it stands alone */
    int64_t duplicates_until;
};

/* Arrays over the rows for one model's predictions, as struct columns has them. */
struct predictions {
    float (*probabilities)[EMOTION_COUNT];
    int8_t *prediction;
    bool *in_sample;
};
bool columns_read_predictions(const struct columns *c, struct sql *db, int64_t model,
                              const struct predictions *out, struct err *e);

/* The row as if nobody had reviewed it. */
void columns_forget_reviews(struct columns *c, size_t row);

struct standing_review {
    const char *kind, *value, *reviewer;
};

/* Takes one standing event into the row; it is newer than all taken in before. A value that says nothing
 * (written by other hands than ours) has no effect. False when memory runs out. */
bool columns_apply(struct columns *c, size_t row, struct standing_review review);

/* What follows from votes and rule. */
void columns_derive_crowd(struct columns *c, size_t row);

/* What follows from the predictions; of it, what follows from the labels too: suspect, issue. Of all rows. */
bool columns_derive_scores(struct columns *c, struct err *e);
bool columns_derive_suspects(struct columns *c, struct err *e);

/* The groups of near-duplicates as stored now. */
bool columns_load_copies(struct columns *c, struct workspace *ws, struct err *e);

/* The standing events of one sample, or of all (sample 0), taken into rows that were forgotten before. */
bool columns_replay(struct columns *c, struct sql *db, int64_t sample, struct err *e);

#endif
