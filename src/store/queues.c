/* Review queues: finding them, and keeping their turns. */
#include "ferlab/store/queues.h"
#include "ferlab/base/clock.h"
#include "ferlab/store/reviews.h"
#include "list.h"
#include "workspace_sql.h"

#include <string.h>

static const char *const state_names[] = {"waiting", "skipped", "decided"};

/* The schema allows no other words than these. */
static enum turn_state state_of(const char *word)
{
    int state = TURN_DECIDED;

    while (state > TURN_WAITING && strcmp(word, state_names[state]) != 0)
        state--;
    return (enum turn_state)state;
}

static void take_turn(struct sql_statement *s, struct turn *turn)
{
    *turn = (struct turn){.id = sql_int(s, 0),
                          .sample = sql_int(s, 1),
                          .event = sql_int(s, 3),
                          .state = state_of(sql_text(s, 2)),
                          .again = sql_int(s, 4) != 0,
                          .blind = sql_int(s, 5) != 0};
    bool stands = sql_int(s, 6) != 0;

    if (turn->state == TURN_DECIDED && !stands)
        turn->state = TURN_WAITING;
}

static bool read_turns(struct sql *db, struct arena *arena, struct queue *out, struct err *e)
{
    struct list turns = {.size = sizeof(struct turn)};
    enum sql_step step;
    struct sql_statement *s = sql_prepare(db,
                                          "SELECT id, sample, state, coalesce(event, 0), again, blind,\n"
                                          "  EXISTS (SELECT 1 FROM standing WHERE standing.id = turn.event)\n"
                                          "FROM turn WHERE queue = ?1 ORDER BY id",
                                          e);

    if (!s)
        return false;
    sql_bind_int(s, 1, out->id);
    while ((step = sql_next(s, e)) == SQL_ROW) {
        struct turn *turn = list_add(&turns);

        if (!turn) {
            err_memory(e, "reading the queue");
            break;
        }
        take_turn(s, turn);
    }
    sql_done(s);
    out->count = turns.count;
    out->turns = step == SQL_END ? list_move(&turns, arena) : NULL;
    list_free(&turns);
    return out->turns || (step == SQL_END && err_memory(e, "reading the queue"));
}

static bool find(struct workspace *ws, const char *filter, struct arena *arena, struct queue *out,
                 struct err *e)
{
    struct sql_statement *s = sql_prepare(workspace_sql(ws),
                                          "SELECT id, blind FROM queue WHERE reviewer = ?1 AND filter = ?2 "
                                          "ORDER BY id DESC LIMIT 1",
                                          e);

    if (!s)
        return false;
    sql_bind_text(s, 1, reviews_reviewer());
    sql_bind_text(s, 2, filter);
    enum sql_step step = sql_next(s, e);

    if (step == SQL_ROW) {
        out->id = sql_int(s, 0);
        out->blind = sql_int(s, 1) != 0;
    }
    sql_done(s);
    return step == SQL_ROW ? read_turns(workspace_sql(ws), arena, out, e) : step == SQL_END;
}

bool queue_find(struct workspace *ws, const char *filter, struct arena *arena, struct queue *out,
                struct err *e)
{
    struct sql_scope scope;

    *out = (struct queue){0};
    return sql_enter_reading(&scope, workspace_sql(ws), e) &&
           sql_leave(&scope, find(ws, filter, arena, out, e), e);
}

bool queue_start(struct workspace *ws, const char *filter, bool blind, int64_t *id, struct err *e)
{
    char now[CLOCK_STAMP];
    struct sql_statement *s = sql_prepare(
        workspace_sql(ws), "INSERT INTO queue (reviewer, filter, started, blind) VALUES (?1, ?2, ?3, ?4)", e);

    if (!s)
        return false;
    clock_stamp(now);
    sql_bind_text(s, 1, reviews_reviewer());
    sql_bind_text(s, 2, filter);
    sql_bind_text(s, 3, now);
    sql_bind_int(s, 4, blind);
    if (!sql_finish(s, e))
        return false;
    *id = sql_last_id(workspace_sql(ws));
    return true;
}

bool queue_set_blind(struct workspace *ws, int64_t id, bool blind, struct err *e)
{
    struct sql_statement *s = sql_prepare(workspace_sql(ws), "UPDATE queue SET blind = ?2 WHERE id = ?1", e);

    if (!s)
        return false;
    sql_bind_int(s, 1, id);
    sql_bind_int(s, 2, blind);
    return sql_finish(s, e);
}

bool turn_write(struct workspace *ws, int64_t queue, struct turn *turn, struct err *e)
{
    static const char add[] = "INSERT INTO turn (queue, sample, state, event, again, blind) "
                              "VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    static const char change[] =
        "UPDATE turn SET queue = ?1, sample = ?2, state = ?3, event = ?4, again = ?5, blind = ?6 "
        "WHERE id = ?7";
    struct sql_statement *s = sql_prepare(workspace_sql(ws), turn->id ? change : add, e);

    if (!s)
        return false;
    sql_bind_int(s, 1, queue);
    sql_bind_int(s, 2, turn->sample);
    sql_bind_text(s, 3, state_names[turn->state]);
    if (turn->event)
        sql_bind_int(s, 4, turn->event);
    sql_bind_int(s, 5, turn->again);
    sql_bind_int(s, 6, turn->blind);
    if (turn->id)
        sql_bind_int(s, 7, turn->id);
    if (!sql_finish(s, e))
        return false;
    if (!turn->id)
        turn->id = sql_last_id(workspace_sql(ws));
    return true;
}

bool turn_remove(struct workspace *ws, int64_t id, struct err *e)
{
    struct sql_statement *s = sql_prepare(workspace_sql(ws), "DELETE FROM turn WHERE id = ?1", e);

    if (!s)
        return false;
    sql_bind_int(s, 1, id);
    return sql_finish(s, e);
}
