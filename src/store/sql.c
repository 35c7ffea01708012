/* Statements, values, columns, transactions and errors over SQLite. Opening is in sql_open.c. */
#include "sql.h"
#include "sql_sqlite.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct sql_statement {
    struct sql *db;
    sqlite3_stmt *handle;
    const char *text;
    struct sql_statement *next;
    int bind_error;
    bool busy;
};

bool sql_fail(struct sql *db, int code, struct err *e)
{
    const char *path = db->path;
    int error = sqlite3_system_errno(db->handle);
    bool no_space = (code & 0xff) == SQLITE_IOERR && (error == ENOSPC || error == EDQUOT);

    if ((code & 0xff) == SQLITE_FULL || no_space)
        return err_set(e, ERR_SPACE, "%s: the disk is full; free some space and try again", path);
    switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return err_set(e, ERR_BUSY,
                       "%s: another process has been writing for %d seconds; try again when it is done", path,
                       SQL_BUSY_MS / 1000);
    case SQLITE_READONLY:
        return err_set(e, ERR_IO, "%s: may not be written; check the permissions of the file and its folder",
                       path);
    case SQLITE_CORRUPT:
        return err_set(e, ERR_INPUT, "%s: is damaged (%s); restore it from a copy", path,
                       sqlite3_errmsg(db->handle));
    case SQLITE_NOTADB:
        return err_set(e, ERR_INPUT, "%s: is not a workspace (no SQLite database)", path);
    case SQLITE_NOMEM:
        return err_memory(e, "working on the workspace");
    case SQLITE_INTERRUPT:
        return err_set(e, ERR_INTERRUPTED, "%s: interrupted", path);
    case SQLITE_CANTOPEN:
    case SQLITE_IOERR:
        return err_set(e, ERR_IO,
                       "%s: cannot be read or written (%s); check the disk and the permissions of its folder",
                       path, error ? strerror(error) : sqlite3_errmsg(db->handle));
    default:
        return err_set(e, ERR_INPUT, "%s: %s", path, sqlite3_errmsg(db->handle));
    }
}

const char *sql_path(const struct sql *db)
{
    return db->path;
}

bool sql_is_writable(const struct sql *db)
{
    return db->writable;
}

bool sql_exec(struct sql *db, const char *text, struct err *e)
{
    int code = sqlite3_exec(db->handle, text, NULL, NULL, NULL);

    return code == SQLITE_OK || sql_fail(db, code, e);
}

/* A kept statement that is free, or NULL. */
static struct sql_statement *statement_find(struct sql *db, const char *text)
{
    for (struct sql_statement *s = db->statements; s; s = s->next) {
        if (!s->busy && (s->text == text || strcmp(s->text, text) == 0))
            return s;
    }
    return NULL;
}

struct sql_statement *sql_prepare(struct sql *db, const char *text, struct err *e)
{
    struct sql_statement *s = statement_find(db, text);

    if (!s) {
        s = calloc(1, sizeof *s);
        if (!s) {
            err_memory(e, "preparing a statement");
            return NULL;
        }
        int code = sqlite3_prepare_v3(db->handle, text, -1, SQLITE_PREPARE_PERSISTENT, &s->handle, NULL);

        if (code != SQLITE_OK) {
            sql_fail(db, code, e);
            free(s);
            return NULL;
        }
        s->db = db;
        s->text = text;
        s->next = db->statements;
        db->statements = s;
    }
    s->busy = true;
    s->bind_error = SQLITE_OK;
    return s;
}

void sql_done(struct sql_statement *s)
{
    if (!s)
        return;
    sqlite3_reset(s->handle);
    sqlite3_clear_bindings(s->handle);
    s->busy = false;
}

void sql_again(struct sql_statement *s)
{
    sqlite3_reset(s->handle);
}

void sql_finalize_all(struct sql *db)
{
    while (db->statements) {
        struct sql_statement *s = db->statements;

        db->statements = s->next;
        sqlite3_finalize(s->handle);
        free(s);
    }
}

static void note_bind(struct sql_statement *s, int code)
{
    if (code != SQLITE_OK)
        s->bind_error = code;
}

void sql_bind_int(struct sql_statement *s, int place, int64_t value)
{
    note_bind(s, sqlite3_bind_int64(s->handle, place, value));
}

void sql_bind_real(struct sql_statement *s, int place, double value)
{
    note_bind(s, isnan(value) ? sqlite3_bind_null(s->handle, place)
                              : sqlite3_bind_double(s->handle, place, value));
}

void sql_bind_text(struct sql_statement *s, int place, const char *value)
{
    note_bind(s, sqlite3_bind_text(s->handle, place, value, -1, SQLITE_STATIC));
}

void sql_bind_blob(struct sql_statement *s, int place, const void *bytes, size_t size)
{
    note_bind(s, sqlite3_bind_blob64(s->handle, place, bytes, size, SQLITE_STATIC));
}

enum sql_step sql_next(struct sql_statement *s, struct err *e)
{
    if (s->bind_error != SQLITE_OK) {
        sql_fail(s->db, s->bind_error, e);
        return SQL_FAILED;
    }
    int code = sqlite3_step(s->handle);

    if (code == SQLITE_ROW)
        return SQL_ROW;
    if (code == SQLITE_DONE)
        return SQL_END;
    sql_fail(s->db, code, e);
    return SQL_FAILED;
}

bool sql_finish(struct sql_statement *s, struct err *e)
{
    if (!s)
        return false;
    bool good = sql_next(s, e) != SQL_FAILED;

    sql_done(s);
    return good;
}

int64_t sql_int(struct sql_statement *s, int column)
{
    return sqlite3_column_int64(s->handle, column);
}

double sql_real(struct sql_statement *s, int column)
{
    if (sqlite3_column_type(s->handle, column) == SQLITE_NULL)
        return NAN;
    return sqlite3_column_double(s->handle, column);
}

const char *sql_text(struct sql_statement *s, int column)
{
    const char *text = (const char *)sqlite3_column_text(s->handle, column);

    return text ? text : "";
}

const void *sql_blob(struct sql_statement *s, int column, size_t *size)
{
    const void *bytes = sqlite3_column_blob(s->handle, column);

    *size = bytes ? (size_t)sqlite3_column_bytes(s->handle, column) : 0;
    return bytes;
}

bool sql_is_null(struct sql_statement *s, int column)
{
    return sqlite3_column_type(s->handle, column) == SQLITE_NULL;
}

int64_t sql_last_id(struct sql *db)
{
    return sqlite3_last_insert_rowid(db->handle);
}

int64_t sql_changes(struct sql *db)
{
    return sqlite3_changes64(db->handle);
}

bool sql_begin(struct sql *db, struct err *e)
{
    return sql_exec(db, "BEGIN IMMEDIATE", e);
}

bool sql_commit(struct sql *db, struct err *e)
{
    if (sql_exec(db, "COMMIT", e))
        return true;
    sql_rollback(db);
    return false;
}

void sql_rollback(struct sql *db)
{
    if (sql_in_transaction(db))
        sql_exec(db, "ROLLBACK", NULL);
}

bool sql_in_transaction(const struct sql *db)
{
    return !sqlite3_get_autocommit(db->handle);
}

bool sql_enter(struct sql_scope *scope, struct sql *db, struct err *e)
{
    *scope = (struct sql_scope){.db = db, .nested = sql_in_transaction(db)};
    return scope->nested ? sql_exec(db, "SAVEPOINT ferlab", e) : sql_begin(db, e);
}

bool sql_enter_reading(struct sql_scope *scope, struct sql *db, struct err *e)
{
    *scope = (struct sql_scope){.db = db, .nested = sql_in_transaction(db), .reading = true};
    return scope->nested || sql_exec(db, "BEGIN", e);
}

bool sql_leave(struct sql_scope *scope, bool good, struct err *e)
{
    struct sql *db = scope->db;

    if (scope->reading) {
        if (!scope->nested)
            sql_rollback(db);
        return good;
    }
    if (!scope->nested) {
        if (good)
            return sql_commit(db, e);
        sql_rollback(db);
        return false;
    }
    if (good)
        return sql_exec(db, "RELEASE ferlab", e);
    /* After a full disk SQLite has rolled everything back by itself, and there is no savepoint left. */
    if (sql_in_transaction(db))
        sql_exec(db, "ROLLBACK TO ferlab; RELEASE ferlab", NULL);
    return false;
}
