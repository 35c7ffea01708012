/* Groups of near-duplicates, as rows of those that are not alone. */
#include "ferlab/store/duplicates.h"
#include "workspace_sql.h"

#include <stdio.h>
#include <stdlib.h>

static const char until_key[] = "duplicates_until";

int64_t duplicates_until(struct workspace *ws)
{
    char *value = workspace_setting(ws, until_key);
    int64_t until = value ? strtoll(value, NULL, 10) : 0;

    free(value);
    return until;
}

bool duplicates_are_complete(struct workspace *ws, bool *complete, struct err *e)
{
    struct sql_statement *s = sql_prepare(workspace_sql(ws), "SELECT coalesce(max(id), 0) FROM sample", e);
    bool good = s && sql_next(s, e) == SQL_ROW;

    if (good)
        *complete = sql_int(s, 0) == duplicates_until(ws);
    sql_done(s);
    return good;
}

/* The members of groups: faces that are tied to another, and those that another is tied to. */
static bool write_members(struct sql_statement *s, const int64_t *ids, const uint32_t *group, size_t count,
                          struct err *e)
{
    for (size_t i = 0; i < count; i++) {
        if (group[i] == i)
            continue;
        for (int first = 0; first < 2; first++) {
            sql_bind_int(s, 1, first ? ids[group[i]] : ids[i]);
            sql_bind_int(s, 2, ids[group[i]]);
            if (sql_next(s, e) != SQL_END)
                return false;
            sql_again(s);
        }
    }
    return true;
}

bool duplicates_write(struct workspace *ws, const int64_t *ids, const uint32_t *group, size_t count,
                      struct err *e)
{
    struct sql_scope scope;
    char until[24];

    snprintf(until, sizeof until, "%lld", count > 0 ? (long long)ids[count - 1] : 0);
    if (!sql_enter(&scope, workspace_sql(ws), e))
        return false;
    struct sql_statement *s = NULL;
    bool good =
        sql_exec(workspace_sql(ws), "DELETE FROM duplicate", e) &&
        (s = sql_prepare(
             workspace_sql(ws),
             "INSERT INTO duplicate (sample, first) VALUES (?1, ?2) ON CONFLICT (sample) DO NOTHING", e)) &&
        write_members(s, ids, group, count, e) && workspace_set_setting(ws, until_key, until, e);

    sql_done(s);
    return sql_leave(&scope, good, e);
}

static int compare_ids(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

bool duplicates_read(struct workspace *ws, const int64_t *ids, size_t count, uint32_t *group, struct err *e)
{
    enum sql_step step;
    struct sql_statement *s =
        sql_prepare(workspace_sql(ws), "SELECT sample, first FROM duplicate ORDER BY first, sample", e);
    int64_t first_id = 0; /* of the group, whether it is one of these samples or not */
    uint32_t first = 0;   /* the first of these samples in it */

    if (!s)
        return false;
    for (size_t i = 0; i < count; i++)
        group[i] = (uint32_t)i;
    while ((step = sql_next(s, e)) == SQL_ROW) {
        int64_t sample = sql_int(s, 0);
        const int64_t *found = bsearch(&sample, ids, count, sizeof *ids, compare_ids);

        if (!found)
            continue;
        uint32_t i = (uint32_t)(found - ids);

        if (sql_int(s, 1) != first_id)
            first = i;
        first_id = sql_int(s, 1);
        group[i] = first;
    }
    sql_done(s);
    return step != SQL_FAILED;
}
