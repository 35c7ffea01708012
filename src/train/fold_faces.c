/* The faces of a training in folds. */
#include "fold_faces.h"

#include "folds.h"

#include "ferlab/store/duplicates.h"
#include "ferlab/store/samples.h"
#include "ferlab/train/duplicates.h"
#include "ferlab/train/trainer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

bool fold_faces_make(struct fold_faces *f, size_t count, struct err *e)
{
    *f = (struct fold_faces){.count = count,
                             .ids = malloc((count + 1) * sizeof *f->ids),
                             .fold = malloc(count + 1),
                             .learnt = calloc(count + 1, 1),
                             .reviewed = calloc(count + 1, 1),
                             .labels = malloc(count + 1),
                             .targets = calloc((count + 1) * EMOTION_COUNT, sizeof *f->targets),
                             .probabilities = calloc(count + 1, sizeof *f->probabilities)};
    return (f->ids && f->fold && f->learnt && f->reviewed && f->labels && f->targets && f->probabilities) ||
           err_memory(e, "gathering the faces of the folds");
}

void fold_faces_free(struct fold_faces *f)
{
    free(f->ids);
    free(f->fold);
    free(f->learnt);
    free(f->reviewed);
    free(f->labels);
    free(f->targets);
    free(f->probabilities);
    *f = (struct fold_faces){0};
}

/* --- dealing --- */

static bool take_targets(struct fold_faces *f, const struct columns *c, const struct recipe *recipe,
                         enum split split, struct err *e)
{
    uint32_t *rows;
    float *targets;
    size_t count;
    if (!train_targets(c, 1U << split, recipe->rule, recipe->labels, &rows, &targets, &count, e))
        return false;
    for (size_t i = 0; i < count; i++) {
        f->learnt[rows[i]] = 1;
        f->reviewed[rows[i]] = recipe->labels == LABELS_REVIEWED && c->reviewed[rows[i]];
        memcpy(f->targets + (size_t)rows[i] * EMOTION_COUNT, targets + i * EMOTION_COUNT,
               EMOTION_COUNT * sizeof *targets);
    }
    free(rows);
    free(targets);
    return true;
}

/* Those that are dealt, one after the other. */
struct dealt {
    uint32_t *row, *group;
    int64_t *ids;
    int8_t *label;
    uint8_t *fold;
    size_t count;
};

static void dealt_free(struct dealt *d)
{
    free(d->row);
    free(d->group);
    free(d->ids);
    free(d->label);
    free(d->fold);
}

static bool is_dealt(const struct fold_faces *f, const struct columns *c, size_t row)
{
    return c->split[row] == SPLIT_TRAIN || c->split[row] == SPLIT_VALID || f->learnt[row];
}

static bool gather_dealt(struct dealt *d, const struct fold_faces *f, const struct columns *c, struct err *e)
{
    size_t count = 0;
    for (size_t i = 0; i < c->count; i++)
        count += is_dealt(f, c, i);
    *d = (struct dealt){.row = malloc((count + 1) * sizeof *d->row),
                        .group = malloc((count + 1) * sizeof *d->group),
                        .ids = malloc((count + 1) * sizeof *d->ids),
                        .label = malloc(count + 1),
                        .fold = malloc(count + 1)};
    if (!(d->row && d->group && d->ids && d->label && d->fold))
        return err_memory(e, "gathering the faces of the folds");
    for (size_t i = 0; i < c->count; i++) {
        if (!is_dealt(f, c, i))
            continue;
        d->row[d->count] = (uint32_t)i;
        d->ids[d->count] = c->id[i];
        d->label[d->count++] = f->labels[i];
    }
    return true;
}

static bool deal(struct fold_faces *f, struct workspace *ws, const struct columns *c,
                 const struct recipe *recipe, struct err *e)
{
    struct dealt d;
    bool fine = gather_dealt(&d, f, c, e) && duplicates_complete(ws, recipe->threads, e) &&
                duplicates_read(ws, d.ids, d.count, d.group, e) &&
                folds_deal(d.label, d.group, d.count, recipe->folds, recipe->seed, d.fold, e);
    memset(f->fold, NO_FOLD, f->count);
    for (size_t i = 0; fine && i < d.count; i++)
        f->fold[d.row[i]] = d.fold[i];
    dealt_free(&d);
    return fine;
}

static size_t count_learnt(const struct fold_faces *f, int without)
{
    size_t count = 0;
    for (size_t i = 0; i < f->count; i++)
        count += f->learnt[i] && f->fold[i] != without - 1;
    return count;
}

size_t fold_faces_learnt(const struct fold_faces *f)
{
    return count_learnt(f, 0);
}

static bool check_enough(const struct fold_faces *f, struct workspace *ws, const struct recipe *recipe,
                         struct err *e)
{
    for (int fold = 1; fold <= f->folds; fold++)
        if (count_learnt(f, fold) == 0)
            return err_set(
                e, ERR_INPUT,
                "%s: too few faces that are not of the test split have a label to learn from under the rule "
                "%s, or too many are copies of one, for %d folds; import more, or label some",
                workspace_path(ws), rule_name(recipe->rule), f->folds);
    return true;
}

bool fold_faces_load(struct fold_faces *f, struct workspace *ws, const struct columns *c,
                     const struct recipe *recipe, struct err *e)
{
    if (!fold_faces_make(f, c->count, e))
        return false;
    f->folds = recipe->folds;
    memcpy(f->ids, c->id, c->count * sizeof *f->ids);
    memcpy(f->labels, recipe->labels == LABELS_CROWD ? c->crowd : c->label, c->count);
    return take_targets(f, c, recipe, SPLIT_TRAIN, e) && take_targets(f, c, recipe, SPLIT_VALID, e) &&
           take_targets(f, c, recipe, SPLIT_NONE, e) && deal(f, ws, c, recipe, e) &&
           check_enough(f, ws, recipe, e);
}

/* --- one fold --- */

static bool make_set(struct training_set *t, size_t count, struct err *e)
{
    *t = (struct training_set){.ids = malloc((count + 1) * sizeof *t->ids),
                               .targets = malloc((count + 1) * EMOTION_COUNT * sizeof *t->targets),
                               .pixels = malloc((count + 1) * FACE_PIXELS),
                               .reviewed = malloc((count + 1) * sizeof *t->reviewed)};
    return (t->ids && t->targets && t->pixels && t->reviewed) || err_memory(e, "loading faces");
}

bool fold_faces_training_set(const struct fold_faces *f, int fold, struct workspace *ws,
                             const struct recipe *recipe, struct training_set *out, struct err *e)
{
    size_t count = count_learnt(f, fold), kept = 0;
    uint32_t *rows = malloc((count + 1) * sizeof *rows), *chosen = NULL;
    bool fine = (rows != NULL || err_memory(e, "loading faces")) &&
                training_set_draw(count, NULL, recipe, &chosen, &kept, e) && make_set(out, kept, e);
    for (size_t i = 0, n = 0; fine && i < f->count; i++)
        if (f->learnt[i] && f->fold[i] != fold - 1)
            rows[n++] = (uint32_t)i;
    for (; fine && out->count < kept; out->count++) {
        size_t row = rows[chosen[out->count]];
        out->ids[out->count] = f->ids[row];
        out->reviewed[out->count] = f->reviewed[row];
        memcpy(out->targets + out->count * EMOTION_COUNT, f->targets + row * EMOTION_COUNT,
               EMOTION_COUNT * sizeof *out->targets);
    }
    free(rows);
    free(chosen);
    return fine && sample_pixels_many(ws, out->ids, out->count, out->pixels, e);
}

size_t fold_faces_asked(const struct fold_faces *f, int fold, int64_t *ids)
{
    size_t count = 0;
    for (size_t i = 0; i < f->count; i++)
        if (f->fold[i] == fold - 1 || f->fold[i] == NO_FOLD)
            ids[count++] = f->ids[i];
    return count;
}

void fold_faces_take(struct fold_faces *f, int fold, float (*probabilities)[EMOTION_COUNT])
{
    size_t at = 0;
    for (size_t i = 0; i < f->count; i++) {
        if (f->fold[i] == fold - 1)
            memcpy(f->probabilities[i], probabilities[at++], sizeof *f->probabilities);
        else if (f->fold[i] == NO_FOLD)
            for (int k = 0, from = (int)at++; k < EMOTION_COUNT; k++) /* rounding may lead beyond 1 */
                f->probabilities[i][k] =
                    fminf(f->probabilities[i][k] + probabilities[from][k] / (float)f->folds, 1);
    }
    f->done = fold;
}

double fold_faces_accuracy(const struct fold_faces *f, int fold)
{
    size_t count = 0, right = 0;
    for (size_t i = 0; i < f->count; i++) {
        bool judged = fold == 0 ? f->fold[i] != NO_FOLD : f->fold[i] == fold - 1;
        if (!judged || f->labels[i] < 0 || f->labels[i] >= EMOTION_COUNT)
            continue;
        count++;
        right += emotion_most_probable(f->probabilities[i]) == f->labels[i];
    }
    return count > 0 ? (double)right / (double)count : NAN;
}
