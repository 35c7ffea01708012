/* Workspaces: opening, creating, publishing, transactions, settings. */
#include "ferlab/store/workspace.h"
#include "building.h"
#include "ferlab/base/path.h"
#include "schema.h"
#include "workspace_sql.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct workspace {
    struct sql *db;
    char *path;
    char *building; /* the temporary name until workspace_publish; else NULL */
};

struct sql *workspace_sql(struct workspace *ws)
{
    return ws->db;
}

const char *workspace_path(const struct workspace *ws)
{
    return ws->path;
}

static struct workspace *workspace_new(const char *path, struct err *e)
{
    struct workspace *ws = calloc(1, sizeof *ws);

    if (ws)
        ws->path = strdup(path);
    if (!ws || !ws->path) {
        free(ws);
        err_memory(e, "opening the workspace");
        return NULL;
    }
    return ws;
}

static bool open_ready(struct workspace *ws, enum workspace_mode mode, struct err *e)
{
    if (!sql_open(&ws->db, ws->path, ws->path, mode == WORKSPACE_WRITE ? SQL_WRITE : SQL_READ, e) ||
        !schema_ready(ws->db, e))
        return false;
    return mode == WORKSPACE_WRITE ? sql_make_durable(ws->db, e) : sql_refuse_writes(ws->db, e);
}

bool workspace_open(struct workspace **out, const char *path, enum workspace_mode mode, struct err *e)
{
    struct workspace *ws = workspace_new(path, e);

    *out = NULL;
    if (!ws)
        return false;
    if (!open_ready(ws, mode, e)) {
        workspace_close(ws);
        return false;
    }
    *out = ws;
    return true;
}

bool workspace_create(struct workspace **out, const char *path, struct err *e)
{
    *out = NULL;
    if (*path_base(path) == '\0')
        return err_set(e, ERR_INPUT, "%s: is a folder; a workspace is one file", path);
    if (access(path, F_OK) == 0)
        return err_set(e, ERR_INPUT, "%s: is there already; give another name", path);
    struct workspace *ws = workspace_new(path, e);

    if (!ws)
        return false;
    if (!building_is_possible(path, e)) {
        workspace_close(ws);
        return false;
    }
    building_sweep(path);
    ws->building = building_name(path);
    if (!ws->building) {
        workspace_close(ws);
        return err_memory(e, "making the workspace");
    }
    if (!sql_open(&ws->db, ws->building, ws->path, SQL_CREATE, e) || !schema_create(ws->db, e)) {
        workspace_close(ws);
        return false;
    }
    *out = ws;
    return true;
}

bool workspace_publish(struct workspace *ws, struct err *e)
{
    if (!schema_guard(ws->db, e) || !sql_make_durable(ws->db, e))
        return false;
    sql_close(ws->db);
    ws->db = NULL;
    if (!building_place(ws->building, ws->path, e))
        return false;
    free(ws->building);
    ws->building = NULL;
    return open_ready(ws, WORKSPACE_WRITE, e);
}

void workspace_close(struct workspace *ws)
{
    if (!ws)
        return;
    sql_close(ws->db);
    if (ws->building)
        unlink(ws->building);
    free(ws->building);
    free(ws->path);
    free(ws);
}

bool workspace_begin(struct workspace *ws, struct err *e)
{
    return sql_begin(ws->db, e);
}

bool workspace_commit(struct workspace *ws, struct err *e)
{
    return sql_commit(ws->db, e);
}

void workspace_rollback(struct workspace *ws)
{
    sql_rollback(ws->db);
}

int64_t workspace_version(struct workspace *ws)
{
    return sql_data_version(ws->db);
}

bool workspace_check(struct workspace *ws, struct err *e)
{
    return sql_check(ws->db, e);
}

char *workspace_setting(struct workspace *ws, const char *key)
{
    char *value = NULL;
    struct sql_statement *s = sql_prepare(ws->db, "SELECT value FROM setting WHERE key = ?1", NULL);

    if (!s)
        return NULL;
    sql_bind_text(s, 1, key);
    if (sql_next(s, NULL) == SQL_ROW)
        value = strdup(sql_text(s, 0));
    sql_done(s);
    return value;
}

bool workspace_set_setting(struct workspace *ws, const char *key, const char *value, struct err *e)
{
    struct sql_statement *s = sql_prepare(ws->db,
                                          "INSERT INTO setting (key, value) VALUES (?1, ?2) "
                                          "ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                                          e);

    if (!s)
        return false;
    sql_bind_text(s, 1, key);
    sql_bind_text(s, 2, value);
    return sql_finish(s, e);
}
