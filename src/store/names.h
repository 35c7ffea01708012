/* Names of models and runs: words that are safe in commands and file names, unique in their table. */
#ifndef FERLAB_STORE_NAMES_H
#define FERLAB_STORE_NAMES_H

#include "sql.h"

/* Refuses what is not [A-Za-z0-9._-]+ of at most 80 bytes. `what` is "model" or "run", also the table's name.
 */
bool name_check(const char *what, const char *name, struct err *e);

/* Refuses a malformed name and one that its table has already. */
bool name_check_free(struct sql *db, const char *what, const char *name, struct err *e);

#endif
