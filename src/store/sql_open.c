/* Opening SQLite databases: what may be refused is refused here, before the first query, with its own
 * sentence. */
#include "sql.h"
#include "sql_sqlite.h"

#include "ferlab/base/str.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum {
    HEADER_BYTES = 100,
    PAGE_SIZE = 16384, /* seven faces of 2304 bytes fill a page to 99 %; see schema.c */
    CHECKPOINT_PAGES = 256,
};

/* SQLite takes ":memory:" and "file:…" for something else than a file; "./" before relative names prevents
 * it. */
static void append_plain_path(struct str *out, const char *path)
{
    if (path[0] != '/')
        str_append(out, "./");
    str_append(out, path);
}

/* The same file as a URI that promises nobody changes it, so that SQLite needs no files beside it. */
static void append_immutable_uri(struct str *out, const char *path)
{
    str_append(out, path[0] == '/' ? "file:" : "file:./");
    for (const char *p = path; *p; p++) {
        if (strchr("%?#", *p))
            str_appendf(out, "%%%02X", (unsigned char)*p);
        else
            str_append_bytes(out, p, 1);
    }
    str_append(out, "?immutable=1");
}

static bool wal_is_live(const char *path)
{
    struct str wal = {0};
    struct stat s;

    str_append(&wal, path);
    str_append(&wal, "-wal");
    bool live = !wal.failed && stat(wal.data, &s) == 0 && s.st_size > 0;

    str_free(&wal);
    return live;
}

static bool check_is_file(const char *path, struct err *e)
{
    struct stat s;

    if (stat(path, &s) != 0) {
        if (errno == ENOENT)
            return err_set(e, ERR_INPUT,
                           "%s: there is no such workspace; 'ferlab import' makes one, -w names another",
                           path);
        return err_errno(e, path, "open", "check the path and its permissions");
    }
    if (S_ISDIR(s.st_mode))
        return err_set(e, ERR_INPUT, "%s: is a folder; a workspace is one file, such as %s/faces.ferlab",
                       path, path);
    if (!S_ISREG(s.st_mode))
        return err_set(e, ERR_INPUT, "%s: is not a regular file; a workspace is one", path);
    if (s.st_size == 0)
        return err_set(e, ERR_INPUT, "%s: is empty, not a workspace; remove it and import again", path);
    return true;
}

static uint32_t big_endian(const unsigned char *p, int bytes)
{
    uint32_t value = 0;

    for (int i = 0; i < bytes; i++)
        value = value << 8 | p[i];
    return value;
}

/* Whether the file is shorter than its header says (fields of the SQLite file format, section 1.3). Read
 * through SQLite's own handle: closing another descriptor of the file would drop this process's locks on it.
 */
static bool header_says_cut(sqlite3_file *file, bool *is_database)
{
    unsigned char header[HEADER_BYTES];
    sqlite3_int64 size = 0;

    *is_database = false;
    if (file->pMethods->xRead(file, header, sizeof header, 0) != SQLITE_OK ||
        file->pMethods->xFileSize(file, &size) != SQLITE_OK || memcmp(header, "SQLite format 3", 16) != 0)
        return false;
    *is_database = true;
    int64_t page = big_endian(header + 16, 2) == 1 ? 65536 : big_endian(header + 16, 2);
    bool count_is_valid = big_endian(header + 24, 4) == big_endian(header + 92, 4);

    return count_is_valid && size < page * (int64_t)big_endian(header + 28, 4);
}

static bool check_header(struct sql *db, struct err *e)
{
    sqlite3_file *file = NULL;
    bool is_database = false;

    sqlite3_file_control(db->handle, "main", SQLITE_FCNTL_FILE_POINTER, &file);
    if (!file || !file->pMethods)
        return err_set(e, ERR_IO, "%s: cannot be opened; check its permissions", db->path);
    bool cut = header_says_cut(file, &is_database);

    if (!is_database)
        return err_set(e, ERR_INPUT, "%s: is not a workspace (no SQLite database)", db->path);
    /* While another process moves its log into the file, the header may run ahead of the file's end. */
    for (int attempt = 0; cut && attempt < 3 && !wal_is_live(db->path); attempt++) {
        nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
        cut = header_says_cut(file, &is_database);
    }
    if (cut && !wal_is_live(db->path))
        return err_set(e, ERR_INPUT, "%s: is truncated, its end is missing; restore it from a copy",
                       db->path);
    return true;
}

static bool open_handle(struct sql *db, const char *name, int flags, struct err *e)
{
    if (!name)
        return err_memory(e, "opening the workspace");
    int code = sqlite3_open_v2(name, &db->handle, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);

    if (code != SQLITE_OK) {
        if (!db->handle)
            return err_memory(e, "opening the workspace");
        return sql_fail(db, code, e);
    }
    sqlite3_busy_timeout(db->handle, SQL_BUSY_MS);
    sqlite3_db_config(db->handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    return true;
}

/* The first read takes locks and opens the log, so this is where an unwritable folder shows. */
static int first_read(struct sql *db)
{
    return sqlite3_exec(db->handle, "PRAGMA schema_version", NULL, NULL, NULL);
}

static bool reopen_immutable(struct sql *db, struct err *e)
{
    struct str uri = {0};

    if (wal_is_live(db->path))
        return err_set(
            e, ERR_IO,
            "%s: has recent changes in %s-wal, which cannot be read in a folder that may not be written; "
            "copy both elsewhere and open the copy",
            db->path, db->path);
    sqlite3_close(db->handle);
    db->handle = NULL;
    append_immutable_uri(&uri, db->path);
    bool good = open_handle(db, uri.failed ? NULL : uri.data, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, e);

    str_free(&uri);
    if (!good)
        return false;
    int code = first_read(db);

    return code == SQLITE_OK || sql_fail(db, code, e);
}

static bool open_existing(struct sql *db, const char *name, enum sql_mode mode, struct err *e)
{
    if (!check_is_file(db->path, e) || !open_handle(db, name, SQLITE_OPEN_READWRITE, e) ||
        !check_header(db, e))
        return false;
    sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    db->writable = sqlite3_db_readonly(db->handle, "main") == 0;
    if (mode == SQL_WRITE && !db->writable)
        return err_set(e, ERR_IO, "%s: may not be written; check the permissions of the file", db->path);
    int code = first_read(db);

    if (code != SQLITE_OK && mode == SQL_READ &&
        ((code & 0xff) == SQLITE_CANTOPEN || (code & 0xff) == SQLITE_READONLY)) {
        db->writable = false;
        if (!reopen_immutable(db, e))
            return false;
    } else if ((code & 0xff) == SQLITE_CANTOPEN) {
        return err_set(e, ERR_IO, "%s: its folder may not be written; a workspace keeps its log there",
                       db->path);
    } else if (code != SQLITE_OK) {
        return sql_fail(db, code, e);
    }
    return sql_exec(db, "PRAGMA foreign_keys=ON", e);
}

static bool open_new(struct sql *db, const char *name, struct err *e)
{
    char text[160];

    if (!open_handle(db, name, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, e))
        return false;
    db->writable = true;
    sqlite3_snprintf(sizeof text, text,
                     "PRAGMA page_size=%d; PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=OFF; "
                     "PRAGMA synchronous=OFF; PRAGMA foreign_keys=ON",
                     PAGE_SIZE);
    return sql_exec(db, text, e);
}

bool sql_open(struct sql **out, const char *file, const char *path, enum sql_mode mode, struct err *e)
{
    struct str name = {0};
    struct sql *db = calloc(1, sizeof *db);

    *out = NULL;
    if (!db || !(db->path = strdup(path))) {
        free(db);
        return err_memory(e, "opening the workspace");
    }
    append_plain_path(&name, file);
    const char *plain = name.failed ? NULL : name.data;
    bool good = mode == SQL_CREATE ? open_new(db, plain, e) : open_existing(db, plain, mode, e);

    str_free(&name);
    if (!good) {
        sql_close(db);
        return false;
    }
    *out = db;
    return true;
}

void sql_close(struct sql *db)
{
    if (!db)
        return;
    if (db->handle) {
        sql_finalize_all(db);
        sql_rollback(db);
        sqlite3_close(db->handle);
    }
    free(db->path);
    free(db);
}

bool sql_refuse_writes(struct sql *db, struct err *e)
{
    db->writable = false;
    return sql_exec(db, "PRAGMA query_only=ON", e);
}

bool sql_make_durable(struct sql *db, struct err *e)
{
    char text[160];

    sqlite3_snprintf(sizeof text, text,
                     "PRAGMA locking_mode=NORMAL; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; "
                     "PRAGMA wal_autocheckpoint=%d",
                     CHECKPOINT_PAGES);
    return sql_exec(db, text, e);
}

static bool read_number(struct sql *db, const char *text, int64_t *out, struct err *e)
{
    struct sql_statement *s = sql_prepare(db, text, e);
    bool good = s && sql_next(s, e) == SQL_ROW;

    if (good)
        *out = sql_int(s, 0);
    sql_done(s);
    return good;
}

bool sql_format(struct sql *db, int64_t *application, int64_t *version, struct err *e)
{
    return read_number(db, "PRAGMA application_id", application, e) &&
           read_number(db, "PRAGMA user_version", version, e);
}

int64_t sql_data_version(struct sql *db)
{
    int64_t version = 0;

    return read_number(db, "PRAGMA data_version", &version, NULL) ? version : 0;
}

bool sql_check(struct sql *db, struct err *e)
{
    struct sql_statement *s = sql_prepare(db, "PRAGMA integrity_check(1)", e);
    bool good = s && sql_next(s, e) == SQL_ROW;

    if (good && strcmp(sql_text(s, 0), "ok") != 0)
        good = err_set(e, ERR_INPUT, "%s: is damaged (%s); restore it from a copy", db->path, sql_text(s, 0));
    sql_done(s);
    if (!good)
        return false;
    s = sql_prepare(db, "PRAGMA foreign_key_check", e);
    enum sql_step step = s ? sql_next(s, e) : SQL_FAILED;

    if (step == SQL_ROW)
        err_set(e, ERR_INPUT, "%s: is damaged (row %lld of %s refers to a row of %s that is not there)",
                db->path, (long long)sql_int(s, 1), sql_text(s, 0), sql_text(s, 2));
    sql_done(s);
    return step == SQL_END;
}
