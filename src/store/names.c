/* Checking names of models and runs. */
#include "names.h"

#include <string.h>

enum { NAME_MAX_BYTES = 80 };

bool name_check(const char *what, const char *name, struct err *e)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    size_t length = strlen(name);

    if (length == 0 || length > NAME_MAX_BYTES || strspn(name, letters) != length)
        return err_set(e, ERR_INPUT,
                       "'%s' is no name for a %s; up to %d letters, digits, dots, dashes and underscores",
                       name, what, NAME_MAX_BYTES);
    return true;
}

bool name_check_free(struct sql *db, const char *what, const char *name, struct err *e)
{
    if (!name_check(what, name, e))
        return false;
    struct sql_statement *s =
        sql_prepare(db,
                    "SELECT 1 FROM (SELECT 'model' AS what, name FROM model UNION ALL "
                    "SELECT 'run', name FROM run) AS taken WHERE what = ?1 AND name = ?2",
                    e);

    if (!s)
        return false;
    sql_bind_text(s, 1, what);
    sql_bind_text(s, 2, name);
    enum sql_step step = sql_next(s, e);

    sql_done(s);
    if (step == SQL_ROW)
        err_set(e, ERR_INPUT, "%s: there is a %s named '%s' already; choose another name", sql_path(db), what,
                name);
    return step == SQL_END;
}
