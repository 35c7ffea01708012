/* Import: files of others become samples of a workspace. Microsoft's FER+ folders, Kaggle's fer2013.csv with
 * its label file, folders named by class, in one transaction; and the faces of photographs, bit by bit.
 * Image decoding and the search for faces run in parallel. */
#ifndef FERLAB_EXCHANGE_IMPORT_H
#define FERLAB_EXCHANGE_IMPORT_H

#include "ferlab/base/arena.h"
#include "ferlab/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct import_rejection {
    const char *file; /* the path given, or with what lies below it */
    int64_t line;     /* 0 where the file as a whole is meant */
    const char *reason;
};

enum import_faces {
    IMPORT_LISTED,   /* faces with their votes, as FER+, fer2013.csv or class folders list them */
    IMPORT_DETECTED, /* the faces found in photographs, without votes, of split none */
    IMPORT_WHOLE,    /* each picture is one face, without votes, of split none */
};

struct import_request {
    const char *workspace; /* path; created when it is not there */
    const char *const *paths;
    size_t path_count;
    const char *labels; /* fer2013new.csv, or NULL */
    bool strict, quiet;
    enum import_faces faces;
    const char *cascade; /* of IMPORT_DETECTED, as detector_open has it */
    int64_t least_side;  /* faces that take fewer pixels of a photograph are left out; 0: none */
};

struct import_result {
    int64_t imported, skipped, rejected; /* skipped: already there, or rows without an image name */
    /* of photographs: all that were found; those whose faces were there already; those with no face to take;
     * faces smaller than least_side */
    int64_t photographs, known, faceless, too_small;
    double seconds;
    struct import_rejection *rejections;
    size_t rejection_count;
    struct arena arena; /* owns the strings; free with import_result_free */
};

/* What kind a path is follows from what lies there. Bad rows are rejected and listed, good ones kept. Returns
 * false with nothing changed and no workspace created when nothing was good or, with strict, when anything
 * was rejected; the result then still lists the rejections.
 *
 * Photographs: a PATH is a picture or a folder, with all pictures in it and in the folders of it. A sample's
 * source is the photograph's absolute path; one whose path is a source already is not looked at again. What
 * was found is written every few seconds, so that hours of work are not lost: Ctrl-C, a full disk or a kill
 * leave whole photographs behind, and the same import goes on from there. With strict it is written at the
 * end, in one transaction. */
bool import_run(const struct import_request *request, struct import_result *result, struct err *e);
void import_result_free(struct import_result *r);

#endif
