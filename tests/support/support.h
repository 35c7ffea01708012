/* What tests share: temporary folders, running the program, synthetic workspaces, goldens. */
#ifndef FERLAB_TESTS_SUPPORT_H
#define FERLAB_TESTS_SUPPORT_H

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>

/* A new folder under $TMPDIR, removed with all in it by temp_dir_remove. */
void temp_dir_make(char out[PATH_MAX]);
void temp_dir_remove(const char *path);

struct output {
    int status;      /* exit status; 128 + signal when killed */
    char *out, *err; /* whole streams, NUL-terminated */
};
/* Runs FERLAB_PROGRAM with arguments up to NULL, stdin from /dev/null. */
void run_ferlab(struct output *o, ...);
void output_free(struct output *o);
/* Runs it, expects exit 0 and gives the JSON it printed (caller decrefs). */
json_t *run_ferlab_json(const char *first, ...);

/* Writes text to DIR/NAME (folders made as needed). */
void write_file(const char *dir, const char *name, const void *bytes, size_t count);

/* The real FER+ folder, or NULL where it is missing: then say so and skip(). */
const char *real_ferplus(void);

/* DIR/faces.ferlab with `count` synthetic faces (seed 1, 5 % planted), made by the program's own synth and
 * import. */
void make_workspace(const char *dir, int count, char path[PATH_MAX]);

#endif
