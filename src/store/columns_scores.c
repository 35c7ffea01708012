/* What follows from the predictions: divergence, suspects, label issues. */
#include "columns_own.h"

#include "ferlab/eval/confident.h"
#include "ferlab/eval/suspects.h"

#include <math.h>
#include <stdlib.h>

/* Only what a model says that never saw a face speaks of its label. */
static bool is_fair(const struct columns *c, size_t row)
{
    return c->prediction[row] != CLASS_NONE && !c->in_sample[row] && class_is_emotion(c->label[row]);
}

static bool derive_issues(struct columns *c, struct err *e)
{
    struct confident_joint joint;
    int8_t *label = malloc(c->count + 1);

    if (!label)
        return err_memory(e, "looking for label issues");
    for (size_t row = 0; row < c->count; row++)
        label[row] = is_fair(c, row) ? c->label[row] : CLASS_NONE;
    confident_joint(label, c->probabilities, c->count, &joint);
    bool good = confident_issues(&joint, label, c->probabilities, c->count, c->issue, e);

    free(label);
    return good;
}

bool columns_derive_suspects(struct columns *c, struct err *e)
{
    for (size_t row = 0; row < c->count; row++)
        c->suspect[row] =
            is_fair(c, row) ? 1 - (float)suspect_margin(c->label[row], c->probabilities[row]) : NAN;
    return derive_issues(c, e);
}

bool columns_derive_scores(struct columns *c, struct err *e)
{
    for (size_t row = 0; row < c->count; row++)
        c->divergence[row] = c->prediction[row] != CLASS_NONE
                                 ? (float)votes_divergence(&c->votes[row], c->probabilities[row])
                                 : NAN;
    return columns_derive_suspects(c, e);
}
