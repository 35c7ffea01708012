/* Import: files of others become samples of a workspace, in one transaction. Microsoft's FER+ folders,
 * Kaggle's fer2013.csv with its label file, folders named by class. Image decoding runs in parallel. */
#ifndef FERLAB_EXCHANGE_IMPORT_H
#define FERLAB_EXCHANGE_IMPORT_H

#include "ferlab/base/arena.h"
#include "ferlab/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct import_rejection {
    const char *file; /* as found below the path given */
    int64_t line;     /* 0 where the file as a whole is meant */
    const char *reason;
};

struct import_request {
    const char *workspace; /* path; created when it is not there */
    const char *const *paths;
    size_t path_count;
    const char *labels; /* fer2013new.csv, or NULL */
    bool strict, quiet;
};

struct import_result {
    int64_t imported, skipped, rejected; /* skipped: already there, or rows without an image name */
    double seconds;
    struct import_rejection *rejections;
    size_t rejection_count;
    struct arena arena; /* owns the strings; free with import_result_free */
};

/* What kind a path is follows from what lies there. Bad rows are rejected and listed, good ones kept. Returns
 * false with nothing changed and no workspace created when nothing was good or, with strict, when anything
 * was rejected; the result then still lists the rejections. */
bool import_run(const struct import_request *request, struct import_result *result, struct err *e);
void import_result_free(struct import_result *r);

#endif
