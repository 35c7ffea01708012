/* Targets: which rows a split trains on, and towards what, once reviews have had their say. */
#include "ferlab/train/trainer.h"

#include <stdlib.h>
#include <string.h>

/* A review that says what its votes say anyway keeps their distribution; one that says otherwise is certain.
 */
static bool row_target(const struct columns *c, size_t row, enum rule rule, enum label_source labels,
                       float target[EMOTION_COUNT])
{
    if (labels == LABELS_CROWD || !c->reviewed[row])
        return votes_target(&c->votes[row], rule, target);
    const struct votes *votes = columns_votes(c, row);
    int label = c->label[row];
    if (label == votes_label(votes, c->rule))
        return votes_target(votes, rule, target);
    memset(target, 0, EMOTION_COUNT * sizeof *target);
    if (label < 0 || label >= EMOTION_COUNT)
        return false;
    target[label] = 1;
    return true;
}

static bool takes_part(const struct columns *c, size_t row, unsigned splits, enum label_source labels)
{
    return (splits >> c->split[row] & 1U) != 0 &&
           (c->split[row] != SPLIT_NONE || (labels == LABELS_REVIEWED && c->reviewed[row]));
}

bool train_targets(const struct columns *c, unsigned splits, enum rule rule, enum label_source labels,
                   uint32_t **rows, float **targets, size_t *count, struct err *e)
{
    size_t most = 0;
    for (size_t i = 0; i < c->count; i++)
        most += takes_part(c, i, splits, labels);
    uint32_t *found = malloc((most + 1) * sizeof *found);
    float *wanted = malloc((most + 1) * EMOTION_COUNT * sizeof *wanted);
    if (found == NULL || wanted == NULL) {
        free(found);
        free(wanted);
        return err_memory(e, "gathering training targets");
    }
    size_t n = 0;
    for (size_t i = 0; i < c->count; i++) {
        if (!takes_part(c, i, splits, labels) || !row_target(c, i, rule, labels, wanted + n * EMOTION_COUNT))
            continue;
        found[n++] = (uint32_t)i;
    }
    *rows = found;
    *targets = wanted;
    *count = n;
    return true;
}

int64_t train_faces_with_target(const struct columns *c, enum rule rule, enum label_source labels)
{
    int64_t count = 0;
    float target[EMOTION_COUNT];
    for (size_t i = 0; i < c->count; i++)
        count += takes_part(c, i, 1U << SPLIT_TRAIN | 1U << SPLIT_VALID | 1U << SPLIT_NONE, labels) &&
                 row_target(c, i, rule, labels, target);
    return count;
}
