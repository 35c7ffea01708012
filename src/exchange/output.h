/* Output: a file or folder written under a temporary name beside its place, which it takes when it is whole.
 */
#ifndef FERLAB_EXCHANGE_OUTPUT_H
#define FERLAB_EXCHANGE_OUTPUT_H

#include "ferlab/base/err.h"
#include "ferlab/base/str.h"

#include <jansson.h>
#include <limits.h>
#include <stdio.h>

struct output {
    char path[PATH_MAX], temporary[PATH_MAX];
    FILE *file;    /* of output_file; standard output for "-" */
    bool standard; /* it is standard output */
    int failure;   /* errno of the first failed write, 0: none */
};

/* Each fails when something is there already. */
bool output_file(struct output *o, const char *path, struct err *e);
bool output_folder(struct output *o, const char *path, struct err *e);

/* Writes to o->file; false from the first failure on, which output_finish will tell. */
bool output_write(struct output *o, const void *bytes, size_t count);

bool output_finish(struct output *o, struct err *e); /* on failure everything was removed */
void output_abandon(struct output *o);

/* A file of a folder that is being filled: its name may not be there yet, and output_close ends it. */
bool output_entry(struct output *o, int folder, const char *name, struct err *e);
bool output_close(struct output *o, struct err *e);
/* Such a file in one go. */
bool output_entry_bytes(int folder, const char *name, const void *bytes, size_t count, struct err *e);

/* Writes a document on one line, without the newline; takes over the reference. */
bool output_json(struct output *o, json_t *document, struct err *e);

/* Appends one CSV field, quoted where RFC 4180 asks for it. */
void output_csv_field(struct str *line, const char *field);

#endif
