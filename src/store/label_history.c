/* Rebuilding the labels that a run began with. */
#include "ferlab/store/label_history.h"
#include "columns_own.h"
#include "review_values.h"
#include "workspace_sql.h"

#include <stdlib.h>
#include <string.h>

struct start {
    char time[CLOCK_STAMP], revision[13];
};

static bool read_start(struct sql *db, int64_t run, struct start *out, struct err *e)
{
    struct sql_statement *s = sql_prepare(db, "SELECT started, label_revision FROM run WHERE id = ?1", e);

    *out = (struct start){0};
    if (!s)
        return false;
    sql_bind_int(s, 1, run);
    enum sql_step step = sql_next(s, e);

    if (step == SQL_ROW) {
        strncpy(out->time, sql_text(s, 0), sizeof out->time - 1);
        strncpy(out->revision, sql_text(s, 1), sizeof out->revision - 1);
    }
    sql_done(s);
    return step == SQL_ROW ||
           (step == SQL_END && err_set(e, ERR_INPUT, "%s: there is no run %lld; see 'ferlab runs'",
                                       sql_path(db), (long long)run));
}

static void take_crowd(const struct columns *c, enum rule rule, int8_t *label)
{
    for (size_t row = 0; row < c->count; row++)
        label[row] = (int8_t)votes_label(&c->votes[row], rule);
}

static int label_of_event(const struct event *event, enum rule rule, int label)
{
    struct votes votes;

    if (event->kind == EVENT_VOTES)
        return votes_from_text(event->value, &votes) ? votes_label(&votes, rule) : label;
    if (event->kind == EVENT_RELABEL || event->kind == EVENT_ACCEPT)
        class_parse(event->value, &label);
    return label;
}

struct past {
    const struct columns *c;
    const struct event *events; /* the whole log, oldest first */
    bool *standing;             /* room for it */
};

/* The labels after the first `count` events. */
static bool replay(const struct past *p, size_t count, enum rule rule, int8_t *label, struct err *e)
{
    if (!reviews_standing(p->events, count, p->standing, e))
        return false;
    take_crowd(p->c, rule, label);
    for (size_t i = 0; i < count; i++) {
        int64_t row = p->standing[i] ? columns_row(p->c, p->events[i].sample) : -1;

        if (row >= 0)
            label[row] = (int8_t)label_of_event(&p->events[i], rule, label[row]);
    }
    return true;
}

static bool have_revision(const struct columns *c, const int8_t *label, const char *revision)
{
    char now[13];

    columns_digest_labels(c, label, now);
    return strcmp(now, revision) == 0;
}

/* How many events came before the labels were read. That was a little before the run was recorded, and
 * stamps count seconds; so the last few events are left out one by one until the revision, which is of
 * majority labels, comes out right. */
static bool find_moment(const struct past *p, size_t all, const struct start *start, int8_t *label,
                        size_t *count, bool *known, struct err *e)
{
    enum { STEPS = 16 };
    size_t latest = all;

    while (latest > 0 && strcmp(p->events[latest - 1].time, start->time) > 0)
        latest--;
    *known = false;
    *count = latest;
    for (size_t left_out = 0; !*known && left_out <= STEPS && left_out <= latest; left_out++) {
        if (!replay(p, latest - left_out, RULE_MAJORITY, label, e))
            return false;
        *known = have_revision(p->c, label, start->revision);
        if (*known)
            *count = latest - left_out;
    }
    return true;
}

static bool rebuild(const struct columns *c, struct workspace *ws, const struct start *start, int8_t *label,
                    bool *known, struct err *e)
{
    struct arena arena = {0};
    struct event *events;
    size_t all, count;

    if (!reviews_log(ws, 0, 0, 0, &arena, &events, &all, e)) {
        arena_free(&arena);
        return false;
    }
    struct past past = {.c = c, .events = events, .standing = malloc(all + 1)};
    bool good = (past.standing || err_memory(e, "replaying the reviews")) &&
                find_moment(&past, all, start, label, &count, known, e) &&
                replay(&past, count, c->rule, label, e);

    free(past.standing);
    arena_free(&arena);
    return good;
}

bool labels_of_run(const struct columns *c, struct workspace *ws, int64_t run, int8_t *label, bool *known,
                   struct err *e)
{
    struct start start;

    *known = true;
    if (run != 0) {
        if (!read_start(workspace_sql(ws), run, &start, e))
            return false;
        take_crowd(c, RULE_MAJORITY, label);
        if (!have_revision(c, label, start.revision))
            return rebuild(c, ws, &start, label, known, e);
    }
    take_crowd(c, c->rule, label);
    return true;
}
