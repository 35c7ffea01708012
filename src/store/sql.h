/* SQL: a thin layer over one database connection: prepared statements kept for reuse, binding, stepping,
 * columns, transactions, and errors as sentences that name the file. SQLite is its first driver; nothing else
 * in the folder includes sqlite3.h. The SQL itself lives with the modules that need it. */
#ifndef FERLAB_STORE_SQL_H
#define FERLAB_STORE_SQL_H

#include "ferlab/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sql;           /* one connection, for one thread */
struct sql_statement; /* prepared; belongs to its connection */

enum sql_mode {
    SQL_READ,   /* must exist; a file or folder that may not be written is fine */
    SQL_WRITE,  /* must exist and be writable */
    SQL_CREATE, /* a new file, without journal and without flushing: for building under a temporary name */
};

/* Opens `file`, of which messages speak as `path`; refuses with a sentence what is missing, a folder, no
 * database, truncated, or (SQL_WRITE) not writable. */
bool sql_open(struct sql **out, const char *file, const char *path, enum sql_mode mode, struct err *e);
void sql_close(struct sql *db); /* NULL is fine; rolls back what is open */

const char *sql_path(const struct sql *db);
bool sql_is_writable(const struct sql *db);

/* From now on every write fails, whatever the file's permissions. */
bool sql_refuse_writes(struct sql *db, struct err *e);

/* What the file says of itself: whose format it is and in which version. */
bool sql_format(struct sql *db, int64_t *application, int64_t *version, struct err *e);

/* Changes when another connection has committed; 0 on error. */
int64_t sql_data_version(struct sql *db);

/* From now on commits are durable when they return, and several processes may share the file (a write-ahead
 * log). Not part of opening, which must leave a file that turns out to be somebody else's as it is. */
bool sql_make_durable(struct sql *db, struct err *e);

/* The engine's own checks of the file and of references. False with the first complaint. */
bool sql_check(struct sql *db, struct err *e);

/* One or more statements without values. */
bool sql_exec(struct sql *db, const char *text, struct err *e);

/* A statement ready to bind. `text` is one statement and lives as long as the program (a literal): statements
 * are kept by it. NULL with *e set on failure. Give each back with sql_done, after failures too. */
struct sql_statement *sql_prepare(struct sql *db, const char *text, struct err *e);
void sql_done(struct sql_statement *s);  /* NULL is fine */
void sql_again(struct sql_statement *s); /* the same values may be bound anew and the statement run again */

/* Values for ?1, ?2, … Texts and blobs must live until the statement ran. A failed bind fails the next step.
 */
void sql_bind_int(struct sql_statement *s, int place, int64_t value);
void sql_bind_real(struct sql_statement *s, int place, double value);      /* NaN as NULL */
void sql_bind_text(struct sql_statement *s, int place, const char *value); /* NULL as NULL */
void sql_bind_blob(struct sql_statement *s, int place, const void *bytes, size_t size);

enum sql_step { SQL_ROW, SQL_END, SQL_FAILED };
enum sql_step sql_next(struct sql_statement *s, struct err *e);

/* Runs a statement that gives no rows, and gives it back. Takes NULL (a failed prepare) as failure. */
bool sql_finish(struct sql_statement *s, struct err *e);

/* Columns of the present row, from 0. Texts and blobs live until the next step; text is "" for NULL. */
int64_t sql_int(struct sql_statement *s, int column);
double sql_real(struct sql_statement *s, int column); /* NaN for NULL */
const char *sql_text(struct sql_statement *s, int column);
const void *sql_blob(struct sql_statement *s, int column, size_t *size);
bool sql_is_null(struct sql_statement *s, int column);

int64_t sql_last_id(struct sql *db); /* of the latest insert */
int64_t sql_changes(struct sql *db); /* rows the latest statement touched */

/* Transactions. A write transaction takes the lock at once and waits up to ten seconds for it. */
bool sql_begin(struct sql *db, struct err *e);
bool sql_commit(struct sql *db, struct err *e);
void sql_rollback(struct sql *db); /* fine when none is open */
bool sql_in_transaction(const struct sql *db);

/* A stretch of work that succeeds or fails as a whole: a transaction of its own, or a savepoint in the one
 * that is open already. */
struct sql_scope {
    struct sql *db;
    bool nested, reading;
};
bool sql_enter(struct sql_scope *scope, struct sql *db, struct err *e);
bool sql_enter_reading(struct sql_scope *scope, struct sql *db,
                       struct err *e); /* one snapshot for several reads */
bool sql_leave(struct sql_scope *scope, bool good,
               struct err *e); /* commits when good; false unless committed */

#endif
