/* The connection behind a workspace, for the modules of this folder. */
#ifndef FERLAB_STORE_WORKSPACE_SQL_H
#define FERLAB_STORE_WORKSPACE_SQL_H

#include "ferlab/store/workspace.h"
#include "sql.h"

struct sql *workspace_sql(struct workspace *ws);

#endif
