/* Reading the log, and which of its events stand. */
#include "ferlab/store/reviews.h"
#include "list.h"
#include "workspace_sql.h"

#include <limits.h>
#include <string.h>

/* The schema allows no other kinds than these. */
static enum event_kind kind_of(const char *word)
{
    int k = 0;

    while (k < EVENT_KINDS - 1 && strcmp(word, event_kind_name((enum event_kind)k)) != 0)
        k++;
    return (enum event_kind)k;
}

static bool take_event(struct sql_statement *s, struct arena *arena, struct event *event)
{
    const char *value = sql_text(s, 7);

    *event = (struct event){.id = sql_int(s, 0),
                            .batch = sql_int(s, 1),
                            .sample = sql_int(s, 4),
                            .kind = kind_of(sql_text(s, 5)),
                            .undoes = sql_int(s, 6)};
    strncpy(event->time, sql_text(s, 2), sizeof event->time - 1);
    event->reviewer = arena_strdup(arena, sql_text(s, 3));
    event->value = *value ? arena_strdup(arena, value) : "";
    return event->reviewer && event->value;
}

/* Rows come newest first, so that a limit keeps the newest; the caller wants the oldest first. */
static void reverse(struct event *events, size_t count)
{
    for (size_t i = 0; i < count / 2; i++) {
        struct event swapped = events[i];

        events[i] = events[count - 1 - i];
        events[count - 1 - i] = swapped;
    }
}

static bool read_log(struct sql_statement *s, struct arena *arena, struct list *events, struct err *e)
{
    enum sql_step step;

    while ((step = sql_next(s, e)) == SQL_ROW) {
        struct event *event = list_add(events);

        if (!event || !take_event(s, arena, event))
            return err_memory(e, "reading the reviews");
    }
    return step == SQL_END;
}

#define LOG_COLUMNS                                                                                          \
    "SELECT id, batch, time, reviewer, coalesce(sample, 0), kind, coalesce(undoes, 0), value FROM event "

bool reviews_log(struct workspace *ws, int64_t after, int64_t sample, size_t limit, struct arena *arena,
                 struct event **out, size_t *count, struct err *e)
{
    static const char all[] = LOG_COLUMNS "WHERE id > ?1 ORDER BY id DESC LIMIT ?2";
    static const char of_sample[] = LOG_COLUMNS "WHERE id > ?1 AND sample = ?3 ORDER BY id DESC LIMIT ?2";
    struct list events = {.size = sizeof(struct event)};
    struct sql_statement *s = sql_prepare(workspace_sql(ws), sample ? of_sample : all, e);

    *out = NULL;
    *count = 0;
    if (!s)
        return false;
    sql_bind_int(s, 1, after);
    sql_bind_int(s, 2, limit > 0 && limit < INT64_MAX ? (int64_t)limit : INT64_MAX);
    if (sample)
        sql_bind_int(s, 3, sample);
    bool good = read_log(s, arena, &events, e);

    sql_done(s);
    if (!good) {
        list_free(&events);
        return false;
    }
    *count = events.count;
    *out = list_move(&events, arena);
    if (!*out)
        return err_memory(e, "reading the reviews");
    reverse(*out, *count);
    return true;
}

/* The place of the event with that id among events[0..count), which ascend; -1 where there is none. */
static int64_t find_event(const struct event *events, size_t count, int64_t id)
{
    size_t low = 0, high = count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (events[middle].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low < count && events[low].id == id ? (int64_t)low : -1;
}

static bool points_nowhere(const struct event *event, struct err *e)
{
    return err_set(e, ERR_INPUT, "event %lld: undoes %lld, which is no such event of the log",
                   (long long)event->id, (long long)event->undoes);
}

bool reviews_standing(const struct event *events, size_t count, bool *standing, struct err *e)
{
    for (size_t i = 0; i < count; i++) {
        const struct event *event = &events[i];

        standing[i] = event->kind != EVENT_UNDO && event->kind != EVENT_REDO;
        if (standing[i])
            continue;
        int64_t target = find_event(events, i, event->undoes);

        if (target >= 0 && event->kind == EVENT_REDO)
            target = events[target].kind == EVENT_UNDO ? find_event(events, i, events[target].undoes) : -1;
        if (target < 0 || events[target].kind == EVENT_UNDO || events[target].kind == EVENT_REDO)
            return points_nowhere(event, e);
        standing[target] = event->kind == EVENT_REDO;
    }
    return true;
}
