/* The workspace: one SQLite file with samples, votes, reviews, models, predictions and runs. This module
 * opens, creates, migrates and checks it; the other modules of the folder read and write its tables.
 *
 * Several processes work on one workspace at once (WAL). Reviews are committed with synchronous=FULL.
 * Creation is all or nothing: a new workspace is built under a temporary name beside its place and appears by
 * rename. */
#ifndef FERLAB_STORE_WORKSPACE_H
#define FERLAB_STORE_WORKSPACE_H

#include "ferlab/base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct workspace; /* one connection, for one thread */

enum workspace_mode {
    WORKSPACE_READ,  /* must exist; works on a read-only file or folder too */
    WORKSPACE_WRITE, /* must exist and be writable */
};

/* Refuses, each with its own sentence: nothing there, a folder, a file that is no SQLite database, a database
 * that is no workspace (application_id), one of a newer version, a truncated or damaged one, one that may not
 * be written. Older versions are migrated forward (WORKSPACE_WRITE). */
bool workspace_open(struct workspace **out, const char *path, enum workspace_mode mode, struct err *e);

/* A new empty workspace under a temporary name, without journal, for one large import. workspace_publish
 * makes it durable and renames it to `path` (refusing to replace anything), reopened in WORKSPACE_WRITE mode;
 * workspace_close without publish deletes it. */
bool workspace_create(struct workspace **out, const char *path, struct err *e);
bool workspace_publish(struct workspace *ws, struct err *e);

void workspace_close(struct workspace *ws); /* NULL is fine; rolls back an open transaction */

const char *workspace_path(const struct workspace *ws); /* as given; alive as long as ws */

/* Transactions. begin takes the write lock at once (waits up to ten seconds for another writer, then
 * ERR_BUSY). */
bool workspace_begin(struct workspace *ws, struct err *e);
bool workspace_commit(struct workspace *ws, struct err *e);
void workspace_rollback(struct workspace *ws); /* fine when none is open */

/* Changes whenever another connection has committed (PRAGMA data_version); 0 on error. */
int64_t workspace_version(struct workspace *ws);

/* PRAGMA integrity_check and foreign_key_check. False with the first complaint. */
bool workspace_check(struct workspace *ws, struct err *e);

/* The settings table: small words kept with the workspace. get mallocs, NULL when unset. */
char *workspace_setting(struct workspace *ws, const char *key);
bool workspace_set_setting(struct workspace *ws, const char *key, const char *value, struct err *e);

#endif
