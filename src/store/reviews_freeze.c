/* Whether the test split is open for review, and what concerns it while it is not. */
#include "reviews_freeze.h"
#include "workspace_sql.h"

#include <string.h>

bool event_decides(enum event_kind k)
{
    return k == EVENT_RELABEL || k == EVENT_ACCEPT || k == EVENT_VOTES;
}

bool reviews_unlocked(struct workspace *ws, bool *unlocked, struct err *e)
{
    struct sql_statement *s =
        sql_prepare(workspace_sql(ws), "SELECT 1 FROM standing WHERE kind = 'unlock' LIMIT 1", e);

    if (!s)
        return false;
    enum sql_step step = sql_next(s, e);

    sql_done(s);
    *unlocked = step == SQL_ROW;
    return step != SQL_FAILED;
}

static bool is_of_test(struct sql_statement *s, int64_t sample, bool *test, struct err *e)
{
    sql_bind_int(s, 1, sample);
    enum sql_step step = sql_next(s, e);

    *test = step == SQL_ROW;
    sql_again(s);
    return step != SQL_FAILED;
}

bool reviews_frozen(struct workspace *ws, const struct review *reviews, size_t count, size_t *frozen,
                    struct err *e)
{
    bool unlocked = false, good = reviews_unlocked(ws, &unlocked, e);

    *frozen = 0;
    if (!good || unlocked)
        return good;
    struct sql_statement *s =
        sql_prepare(workspace_sql(ws), "SELECT 1 FROM sample WHERE id = ?1 AND split = 'test'", e);

    good = s != NULL;
    for (size_t i = 0; good && i < count; i++) {
        bool test = false;

        if (event_decides(reviews[i].kind))
            good = is_of_test(s, reviews[i].sample, &test, e);
        *frozen += test;
    }
    sql_done(s);
    return good;
}

bool reviews_frozen_batch(struct workspace *ws, int64_t batch, size_t *frozen, struct err *e)
{
    bool unlocked = false, good = reviews_unlocked(ws, &unlocked, e);

    *frozen = 0;
    if (!good || unlocked)
        return good;
    struct sql_statement *s =
        sql_prepare(workspace_sql(ws),
                    "SELECT count(*) FROM event JOIN sample ON sample.id = event.sample\n"
                    "  LEFT JOIN event AS undone ON undone.id = event.undoes\n"
                    "WHERE event.id >= ?1 AND event.batch = ?1 AND sample.split = 'test'\n"
                    "  AND coalesce(undone.kind, event.kind) IN ('relabel', 'accept', 'votes')",
                    e);

    if (!s)
        return false;
    sql_bind_int(s, 1, batch);
    good = sql_next(s, e) == SQL_ROW;
    if (good)
        *frozen = (size_t)sql_int(s, 0);
    sql_done(s);
    return good;
}

bool reviews_refuse_frozen(const struct workspace *ws, size_t frozen, size_t count, struct err *e)
{
    if (count == 1)
        return err_set(e, ERR_INPUT,
                       "%s: this sample is of the test split, which is frozen; 'ferlab unlock' opens it for "
                       "review",
                       workspace_path(ws));
    return err_set(e, ERR_INPUT,
                   "%s: %zu of these %zu samples are of the test split, which is frozen, so nothing was "
                   "changed; leave them out ('not split:test' in a filter), or open it with 'ferlab unlock'",
                   workspace_path(ws), frozen, count);
}
