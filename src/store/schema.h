/* The schema: the workspace's tables as text, one migration a version. */
#ifndef FERLAB_STORE_SCHEMA_H
#define FERLAB_STORE_SCHEMA_H

#include "sql.h"

enum { SCHEMA_APPLICATION = 0x4645524C }; /* "FERL" */

/* The version this program writes. */
int64_t schema_version(void);

/* Refuses what is no workspace or is newer; brings what is older forward, in one transaction. */
bool schema_ready(struct sql *db, struct err *e);

/* All tables in an empty database, and, when it is filled, the triggers that guard them: checking every row
 * of a first import against being a replacement would cost a fifth of its time. */
bool schema_create(struct sql *db, struct err *e);
bool schema_guard(struct sql *db, struct err *e);

#endif
