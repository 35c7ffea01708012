/* Files under construction: they have a name of their own beside the place where they will stand, and appear
 * there when they are complete. */
#ifndef FERLAB_STORE_BUILDING_H
#define FERLAB_STORE_BUILDING_H

#include "ferlab/base/err.h"

/* FOLDER/.NAME.PID.tmp for FOLDER/NAME, malloc'ed; NULL when memory runs out. */
char *building_name(const char *path);

/* Whether the folder of `path` is there and takes new files. */
bool building_is_possible(const char *path, struct err *e);

/* Removes what killed processes left of building `path`. */
void building_sweep(const char *path);

/* Flushes `from` to the disk and renames it to `to`, replacing nothing. */
bool building_place(const char *from, const char *to, struct err *e);

#endif
