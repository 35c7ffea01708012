/* Files and places: whole-file reads, atomic writes, where the program's own data lies. */
#ifndef FERLAB_BASE_PATH_H
#define FERLAB_BASE_PATH_H

#include "ferlab/base/err.h"

#include <limits.h>
#include <stddef.h>

/* dir + "/" + name into out[PATH_MAX]; false when too long. */
bool path_join(char out[PATH_MAX], const char *dir, const char *name, struct err *e);
const char *path_base(const char *path); /* what follows the last '/' */
bool path_is_dir(const char *path);
bool path_is_own_dir(const char *path); /* a folder, no link to one: what a walk goes into */
bool path_is_file(const char *path);

/* The directories needed for PATH itself to exist as a directory (mkdir -p). */
bool path_make_dirs(const char *path, struct err *e);

/* The whole file, malloc'ed with a NUL behind it, *size without it; refuses more than max bytes and anything
 * that is not a regular file. The caller frees. */
char *file_read(const char *path, size_t max, size_t *size, struct err *e);

/* Writes a temporary file beside PATH, fsyncs, renames over PATH, fsyncs the folder: PATH holds the old or
 * the new content, never a part. */
bool file_write(const char *path, const void *data, size_t size, struct err *e);
/* The same, but refuses to replace anything. */
bool file_create(const char *path, const void *data, size_t size, struct err *e);
/* rename, but never over something that is there, or appears meanwhile (errno EEXIST). File systems without
 * RENAME_NOREPLACE get a check. */
bool path_rename_new(const char *from, const char *to);

/* The file NAME (such as "models/ferplus.onnx") of the program's own data: under $FERLAB_DATA, else
 * ../share/ferlab beside the program, else the source tree it was built from. False when it is in none. */
bool path_of_data(char out[PATH_MAX], const char *name);

/* The absolute path of the running program. */
bool path_of_program(char out[PATH_MAX], struct err *e);

#endif
