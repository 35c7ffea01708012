/* Decisions, read from the log and the turns. */
#include "ferlab/store/decisions.h"
#include "list.h"
#include "review_values.h"
#include "workspace_sql.h"

#include <string.h>

static int label_of(const char *kind, const char *value)
{
    struct votes votes;
    int label = CLASS_NONE;

    if (strcmp(kind, event_kind_name(EVENT_VOTES)) == 0)
        return votes_from_text(value, &votes) ? votes_label(&votes, RULE_MAJORITY) : CLASS_NONE;
    return class_parse(value, &label) ? label : CLASS_NONE;
}

static void take_decision(struct sql_statement *s, struct decision *d)
{
    *d = (struct decision){.event = sql_int(s, 0),
                           .batch = sql_int(s, 1),
                           .sample = sql_int(s, 3),
                           .label = label_of(sql_text(s, 4), sql_text(s, 5)),
                           .before = label_of(sql_text(s, 7), sql_text(s, 8)),
                           .blind = sql_int(s, 6) != 0};
    strncpy(d->time, sql_text(s, 2), sizeof d->time - 1);
}

bool decisions_list(struct workspace *ws, const char *reviewer, int64_t queue, struct arena *arena,
                    struct decision **out, size_t *count, struct err *e)
{
    struct list list = {.size = sizeof(struct decision)};
    enum sql_step step;
    /* `former`: the standing decision of the turn before, where the sample was put back. */
    struct sql_statement *s = sql_prepare(
        workspace_sql(ws),
        "SELECT made.id, made.batch, made.time, made.sample, made.kind, made.value,\n"
        "  coalesce(turn.blind, 0), former.kind, former.value\n"
        "FROM standing AS made LEFT JOIN turn ON turn.event = made.id\n"
        "  LEFT JOIN standing AS former ON former.id = CASE WHEN turn.again THEN\n"
        "    (SELECT event FROM turn AS earlier WHERE earlier.queue = turn.queue\n"
        "       AND earlier.sample = turn.sample AND earlier.id < turn.id AND earlier.event IS NOT NULL\n"
        "     ORDER BY earlier.id DESC LIMIT 1) END\n"
        "WHERE made.kind IN ('relabel', 'accept', 'votes') AND made.reviewer = ?1\n"
        "  AND (?2 = 0 OR turn.queue = ?2) ORDER BY made.id",
        e);

    if (!s)
        return false;
    sql_bind_text(s, 1, reviewer);
    sql_bind_int(s, 2, queue);
    while ((step = sql_next(s, e)) == SQL_ROW) {
        struct decision *d = list_add(&list);

        if (!d) {
            err_memory(e, "reading the decisions");
            break;
        }
        take_decision(s, d);
    }
    sql_done(s);
    *count = list.count;
    *out = step == SQL_END ? list_move(&list, arena) : NULL;
    list_free(&list);
    return *out || (step == SQL_END && err_memory(e, "reading the decisions"));
}

bool decisions_reviewers(struct workspace *ws, struct arena *arena, const char ***out, size_t *count,
                         struct err *e)
{
    struct list list = {.size = sizeof(char *)};
    enum sql_step step;
    struct sql_statement *s = sql_prepare(workspace_sql(ws),
                                          "SELECT DISTINCT reviewer FROM standing WHERE kind IN ('relabel', "
                                          "'accept', 'votes') ORDER BY reviewer",
                                          e);

    if (!s)
        return false;
    while ((step = sql_next(s, e)) == SQL_ROW) {
        const char **name = list_add(&list);

        if (!name || !(*name = arena_strdup(arena, sql_text(s, 0)))) {
            err_memory(e, "reading the reviewers");
            break;
        }
    }
    sql_done(s);
    *count = list.count;
    *out = step == SQL_END ? list_move(&list, arena) : NULL;
    list_free(&list);
    return *out || (step == SQL_END && err_memory(e, "reading the reviewers"));
}
