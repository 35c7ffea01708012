/* Reviews: appending actions to the log, undo, redo. */
#include "ferlab/store/reviews.h"
#include "review_values.h"
#include "reviews_freeze.h"
#include "workspace_sql.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const kind_names[EVENT_KINDS] = {
    [EVENT_RELABEL] = "relabel", [EVENT_ACCEPT] = "accept", [EVENT_VOTES] = "votes", [EVENT_FLAG] = "flag",
    [EVENT_UNFLAG] = "unflag",   [EVENT_NOTE] = "note",     [EVENT_TAG] = "tag",     [EVENT_UNTAG] = "untag",
    [EVENT_UNLOCK] = "unlock",   [EVENT_UNDO] = "undo",     [EVENT_REDO] = "redo",
};

const char *event_kind_name(enum event_kind k)
{
    return (unsigned)k < EVENT_KINDS ? kind_names[k] : "?";
}

const char *reviews_reviewer(void)
{
    static char name[REVIEWER_MAX * 4];
    const char *wish = getenv("FERLAB_REVIEWER");

    if (wish && *wish)
        return wish;
    const struct passwd *login = getpwuid(getuid());

    if (login && login->pw_name[0])
        snprintf(name, sizeof name, "%s", login->pw_name);
    else
        snprintf(name, sizeof name, "uid%ld", (long)getuid());
    return name;
}

/* The events of one action while they are written: id, time, batch and reviewer are filled in here. */
struct action {
    struct workspace *ws;
    const char *reviewer;
    char time[CLOCK_STAMP];
    int64_t next; /* id of the next event */
    int64_t batch;
};

static bool action_begin(struct action *a, struct workspace *ws, const char *reviewer, struct err *e)
{
    *a = (struct action){.ws = ws, .reviewer = reviewer};
    clock_stamp(a->time);
    struct sql_statement *s = sql_prepare(workspace_sql(ws), "SELECT coalesce(max(id), 0) + 1 FROM event", e);
    bool good = s && sql_next(s, e) == SQL_ROW;

    if (good)
        a->next = a->batch = sql_int(s, 0);
    sql_done(s);
    return good;
}

static bool action_write(struct action *a, struct event *event, struct err *e)
{
    struct sql_statement *s =
        sql_prepare(workspace_sql(a->ws),
                    "INSERT INTO event (id, batch, time, reviewer, sample, kind, value, undoes) "
                    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                    e);

    if (!s)
        return false;
    event->id = a->next++;
    event->batch = a->batch;
    event->reviewer = a->reviewer;
    memcpy(event->time, a->time, sizeof event->time);
    sql_bind_int(s, 1, event->id);
    sql_bind_int(s, 2, event->batch);
    sql_bind_text(s, 3, event->time);
    sql_bind_text(s, 4, event->reviewer);
    if (event->sample)
        sql_bind_int(s, 5, event->sample);
    sql_bind_text(s, 6, event_kind_name(event->kind));
    sql_bind_text(s, 7, event->value);
    if (event->undoes)
        sql_bind_int(s, 8, event->undoes);
    return sql_finish(s, e);
}

static bool sample_exists(struct workspace *ws, int64_t id, struct err *e)
{
    struct sql_statement *s = sql_prepare(workspace_sql(ws), "SELECT 1 FROM sample WHERE id = ?1", e);

    if (!s)
        return false;
    sql_bind_int(s, 1, id);
    enum sql_step step = sql_next(s, e);

    sql_done(s);
    if (step == SQL_END)
        err_set(e, ERR_INPUT, "%s: there is no sample %lld; 'ferlab list' shows them with their ids",
                workspace_path(ws), (long long)id);
    return step == SQL_ROW;
}

/* Opening the test split concerns the workspace, not a sample. */
static bool may_lack_sample(const struct review *r)
{
    return r->kind == EVENT_UNLOCK && r->sample == 0;
}

static bool append_all(struct workspace *ws, const struct review *reviews, const char *reviewer,
                       struct event *events, size_t count, struct err *e)
{
    struct action action;
    size_t frozen;

    if (!reviews_frozen(ws, reviews, count, &frozen, e))
        return false;
    if (frozen > 0)
        return reviews_refuse_frozen(ws, frozen, count, e);
    if (!action_begin(&action, ws, reviewer, e))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!may_lack_sample(&reviews[i]) && !sample_exists(ws, reviews[i].sample, e))
            return false;
        if (!action_write(&action, &events[i], e))
            return false;
    }
    return true;
}

bool reviews_append(struct workspace *ws, const struct review *reviews, size_t count, struct arena *arena,
                    struct event **out, struct err *e)
{
    struct sql_scope scope;
    struct event *events = arena_alloc(arena, (count + 1) * sizeof *events);
    const char *reviewer = arena_strdup(arena, reviews_reviewer());

    *out = events;
    if (!events || !reviewer)
        return err_memory(e, "writing reviews");
    if (!review_check_reviewer(reviewer, e))
        return false;
    for (size_t i = 0; i < count; i++) {
        const char *value = reviews[i].value ? reviews[i].value : "";

        if (!review_check(&reviews[i], e))
            return false;
        events[i] = (struct event){.sample = reviews[i].sample, .kind = reviews[i].kind};
        events[i].value = *value ? arena_strdup(arena, value) : "";
        if (!events[i].value)
            return err_memory(e, "writing reviews");
    }
    if (count == 0)
        return true;
    if (!sql_enter(&scope, workspace_sql(ws), e))
        return false;
    return sql_leave(&scope, append_all(ws, reviews, reviewer, events, count, e), e);
}

/* The batch that a statement with the reviewer as ?1 picks; 0 where there is none. */
static bool find_batch(struct workspace *ws, const char *text, const char *reviewer, int64_t *batch,
                       struct err *e)
{
    struct sql_statement *s = sql_prepare(workspace_sql(ws), text, e);

    *batch = 0;
    if (!s)
        return false;
    sql_bind_text(s, 1, reviewer);
    enum sql_step step = sql_next(s, e);

    if (step == SQL_ROW)
        *batch = sql_int(s, 0);
    sql_done(s);
    return step != SQL_FAILED;
}

static bool count_batch(struct workspace *ws, int64_t batch, size_t *count, struct err *e)
{
    struct sql_statement *s =
        sql_prepare(workspace_sql(ws), "SELECT count(*) FROM event WHERE id >= ?1 AND batch = ?1", e);

    if (!s)
        return false;
    sql_bind_int(s, 1, batch);
    bool good = sql_next(s, e) == SQL_ROW;

    if (good)
        *count = (size_t)sql_int(s, 0);
    sql_done(s);
    return good;
}

/* Writes one event of `kind` against each event of the batch. A batch's ids follow one another. */
static bool answer_batch(struct workspace *ws, int64_t batch, enum event_kind kind, const char *reviewer,
                         struct event *events, size_t count, struct err *e)
{
    struct action action;
    struct sql_statement *s = sql_prepare(
        workspace_sql(ws), "SELECT coalesce(sample, 0) FROM event WHERE id = ?1 AND batch = ?2", e);
    bool good = s && action_begin(&action, ws, reviewer, e);

    for (size_t i = 0; good && i < count; i++) {
        events[i] = (struct event){.kind = kind, .value = "", .undoes = batch + (int64_t)i};
        sql_bind_int(s, 1, events[i].undoes);
        sql_bind_int(s, 2, batch);
        good = sql_next(s, e) == SQL_ROW;
        if (good)
            events[i].sample = sql_int(s, 0);
        sql_again(s);
        good = good && action_write(&action, &events[i], e);
    }
    sql_done(s);
    return good;
}

static bool answer_latest(struct workspace *ws, const char *find, enum event_kind kind, const char *reviewer,
                          struct arena *arena, struct event **out, size_t *count, struct err *e)
{
    int64_t batch;
    size_t found = 0, frozen = 0;

    if (!find_batch(ws, find, reviewer, &batch, e))
        return false;
    if (batch == 0)
        return true;
    if (!count_batch(ws, batch, &found, e) || !reviews_frozen_batch(ws, batch, &frozen, e))
        return false;
    if (frozen > 0)
        return reviews_refuse_frozen(ws, frozen, found, e);
    *out = arena_alloc(arena, found * sizeof **out);
    if (!*out)
        return err_memory(e, "undoing");
    if (!answer_batch(ws, batch, kind, reviewer, *out, found, e))
        return false;
    *count = found;
    return true;
}

static bool answer(struct workspace *ws, const char *find, enum event_kind kind, struct arena *arena,
                   struct event **out, size_t *count, struct err *e)
{
    struct sql_scope scope;
    const char *reviewer = arena_strdup(arena, reviews_reviewer());

    *out = NULL;
    *count = 0;
    if (!reviewer)
        return err_memory(e, "undoing");
    if (!review_check_reviewer(reviewer, e) || !sql_enter(&scope, workspace_sql(ws), e))
        return false;
    if (sql_leave(&scope, answer_latest(ws, find, kind, reviewer, arena, out, count, e), e))
        return true;
    *count = 0;
    return false;
}

bool reviews_undo(struct workspace *ws, struct arena *arena, struct event **out, size_t *count, struct err *e)
{
    static const char latest_standing[] =
        "SELECT batch FROM standing WHERE reviewer = ?1 ORDER BY id DESC LIMIT 1";

    return answer(ws, latest_standing, EVENT_UNDO, arena, out, count, e);
}

bool reviews_redo(struct workspace *ws, struct arena *arena, struct event **out, size_t *count, struct err *e)
{
    /* The latest own undo that is not redone, unless the reviewer has acted since. */
    static const char latest_undone[] =
        "SELECT batch FROM event WHERE reviewer = ?1 AND kind = 'undo' "
        "AND id > (SELECT coalesce(max(id), 0) FROM event WHERE reviewer = ?1 AND kind NOT IN ('undo', "
        "'redo')) "
        "AND NOT EXISTS (SELECT 1 FROM event AS redo WHERE redo.undoes = event.id) "
        "ORDER BY id DESC LIMIT 1";

    return answer(ws, latest_undone, EVENT_REDO, arena, out, count, e);
}

bool reviews_lock(struct workspace *ws, struct arena *arena, struct event **out, size_t *count, struct err *e)
{
    static const char latest_unlock[] = "SELECT batch FROM standing WHERE kind = 'unlock' AND ?1 IS NOT NULL "
                                        "ORDER BY id DESC LIMIT 1";

    return answer(ws, latest_unlock, EVENT_UNDO, arena, out, count, e);
}
