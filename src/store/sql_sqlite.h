/* What the two halves of the SQLite driver share: sql.c and sql_open.c. */
#ifndef FERLAB_STORE_SQL_SQLITE_H
#define FERLAB_STORE_SQL_SQLITE_H

#include "sql.h"

#include <sqlite3.h>

enum { SQL_BUSY_MS = 10000 };

struct sql {
    sqlite3 *handle;
    char *path;    /* as the caller gave it, for messages */
    bool writable; /* the file may be written through this connection */
    struct sql_statement *statements;
};

/* Turns an SQLite result code into a sentence. Returns false. */
bool sql_fail(struct sql *db, int code, struct err *e);

void sql_finalize_all(struct sql *db);

#endif
