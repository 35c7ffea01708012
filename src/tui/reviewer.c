/* A reviewer in numbers. */
#include "ferlab/tui/reviewer.h"

#include "ferlab/base/clock.h"

#include <stdlib.h>
#include <string.h>

static void count_times(struct reviewer *r, const struct decision *d, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (i == 0 || d[i].batch != d[i - 1].batch)
            pace_step(&r->pace, clock_of_stamp(d[i].time));
    if (count == 0)
        return;
    memcpy(r->first, d[0].time, sizeof r->first);
    memcpy(r->last, d[count - 1].time, sizeof r->last);
}

static void compare(struct reviewer *r, const struct columns *c, const struct decision *d, size_t row)
{
    int crowd = c->crowd[row], model = c->in_sample[row] ? CLASS_NONE : c->prediction[row];
    ratings_add(&r->crowd, d->label, crowd);
    int emotion = class_is_emotion(d->label) ? d->label : CLASS_NONE; /* all that a model can say */
    ratings_add(&r->model, emotion, model);
    r->changed += columns_voted(c, row) && d->label != crowd;
    r->unvoted += !columns_voted(c, row);
    if (!d->blind)
        return;
    ratings_add(&r->blind_crowd, d->label, crowd);
    ratings_add(&r->blind_model, emotion, model);
}

/* From the newest back, so that the first decision met of a face is the latest. */
static bool count_faces(struct reviewer *r, const struct columns *c, const struct decision *d, size_t count,
                        struct err *e)
{
    bool *met = calloc(c->count > 0 ? c->count : 1, sizeof *met);
    if (met == NULL)
        return err_memory(e, "measuring reviews");
    for (size_t i = count; i-- > 0;) {
        int64_t row = columns_row(c, d[i].sample);
        ratings_add(&r->self, d[i].before, d[i].label);
        if (row < 0 || met[row])
            continue;
        met[row] = true;
        r->faces++;
        compare(r, c, &d[i], (size_t)row);
    }
    free(met);
    return true;
}

bool reviewer_measure(struct workspace *ws, const struct columns *c, const char *name, int64_t queue,
                      struct reviewer *out, struct err *e)
{
    struct arena arena = {0};
    struct decision *decisions;
    size_t count;
    *out = (struct reviewer){0};
    bool fine = decisions_list(ws, name, queue, &arena, &decisions, &count, e);
    if (fine) {
        out->decisions = (int64_t)count;
        count_times(out, decisions, count);
        fine = count_faces(out, c, decisions, count, e);
    }
    arena_free(&arena);
    return fine;
}

static void compare_decisions(const struct columns *c, const char *name, struct colleague *other,
                              const uint32_t *rows, size_t row_count)
{
    for (size_t i = 0; i < row_count; i++) {
        size_t row = rows != NULL ? rows[i] : i;
        int mine, theirs;
        if (columns_decided_by(c, row, name, &mine) && columns_decided_by(c, row, other->name, &theirs))
            ratings_add(&other->ratings, mine, theirs);
    }
}

bool reviewer_colleagues(struct workspace *ws, const struct columns *c, const char *name,
                         const uint32_t *rows, size_t row_count, struct arena *arena, struct colleague **out,
                         size_t *count, struct err *e)
{
    const char **names;
    size_t all;
    *count = 0;
    if (!decisions_reviewers(ws, arena, &names, &all, e))
        return false;
    *out = arena_alloc(arena, (all + 1) * sizeof **out);
    if (*out == NULL)
        return err_memory(e, "comparing reviewers");
    for (size_t i = 0; i < all; i++) {
        struct colleague *other = &(*out)[*count];
        if (strcmp(names[i], name) == 0)
            continue;
        *other = (struct colleague){.name = names[i]};
        compare_decisions(c, name, other, rows, rows != NULL ? row_count : c->count);
        *count += 1;
    }
    return true;
}
