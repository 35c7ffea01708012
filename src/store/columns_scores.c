/* What follows from predictions and near-duplicates: divergence, suspects, label issues, copies that
 * disagree. */
#include "columns_own.h"

#include "ferlab/eval/confident.h"
#include "ferlab/eval/suspects.h"
#include "ferlab/store/duplicates.h"

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

/* --- near-duplicates --- */

bool columns_load_copies(struct columns *c, struct workspace *ws, struct err *e)
{
    uint32_t *group = c->own->group;

    c->own->duplicates_until = duplicates_until(ws);
    c->copies_known = c->own->duplicates_until == (c->count > 0 ? c->id[c->count - 1] : 0);
    if (!duplicates_read(ws, c->id, c->count, group, e))
        return false;
    for (size_t row = c->count; row-- > 0;) {
        c->next_copy[row] = (uint32_t)row;
        c->disagreement[row] = NAN;
        c->leaks[row] = false;
    }
    for (size_t row = c->count; row-- > 0;) { /* rings ascend */
        if (group[row] != row) {
            c->next_copy[row] = c->next_copy[group[row]];
            c->next_copy[group[row]] = (uint32_t)row;
        }
    }
    return true;
}

static void derive_group(struct columns *c, size_t first)
{
    int labelled[EMOTION_COUNT] = {0}, all = 0;
    unsigned splits = 0;
    size_t row = first;

    do {
        if (class_is_emotion(c->label[row])) {
            labelled[c->label[row]]++;
            all++;
        }
        if (c->split[row] != SPLIT_NONE)
            splits |= 1U << c->split[row];
        row = c->next_copy[row];
    } while (row != first);
    do {
        c->disagreement[row] = class_is_emotion(c->label[row]) && all > 1
                                   ? (float)(all - labelled[c->label[row]]) / (float)(all - 1)
                                   : NAN;
        c->leaks[row] = (splits & (splits - 1)) != 0;
        row = c->next_copy[row];
    } while (row != first);
}

static void derive_copies(struct columns *c)
{
    for (size_t row = 0; row < c->count; row++) {
        if (c->own->group[row] == row && c->next_copy[row] != row)
            derive_group(c, row);
    }
}

/* --- all --- */

/* Of what stands for the label: the votes behind it, or a reviewer's word alone, which is all of them. */
static double label_divergence(const struct columns *c, size_t row)
{
    struct votes word = {0};

    if (!c->edited[row] && c->label[row] == c->crowd[row])
        return (double)c->divergence[row];
    word.count[c->label[row]] = 1;
    return votes_divergence(c->edited[row] ? c->edited[row] : &word, c->probabilities[row]);
}

bool columns_derive_suspects(struct columns *c, struct err *e)
{
    derive_copies(c);
    for (size_t row = 0; row < c->count; row++)
        c->suspect[row] = is_fair(c, row)
                              ? (float)suspect_score(c->label[row], c->probabilities[row],
                                                     label_divergence(c, row), (double)c->disagreement[row])
                              : NAN;
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
