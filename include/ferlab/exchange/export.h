/* Export: samples of a workspace as files others read. One source file per format behind one table. */
#ifndef FERLAB_EXCHANGE_EXPORT_H
#define FERLAB_EXCHANGE_EXPORT_H

#include "ferlab/store/columns.h"

struct export_request {
    struct workspace *workspace;
    const struct columns *columns;
    const uint32_t *rows; /* which, in the order wanted */
    size_t row_count;
    enum label_source labels; /* whose votes, for formats that take them */
    const char *out;          /* path of a file or folder that must not exist yet */
    bool quiet;
};

struct export_format {
    const char *name, *help;
    bool takes_labels; /* writes one label or its votes, of request->labels; else both labels */
    bool (*write)(const struct export_request *request, int64_t *written, struct err *e);
};

extern const struct export_format export_formats[]; /* ends with name NULL */
const struct export_format *export_format_find(const char *name);
/* "ferplus, csv, … or fiftyone"; returns out. */
enum { EXPORT_NAMES = 128 };
const char *export_format_names(char out[EXPORT_NAMES]);
const struct export_format *
export_format_of_path(const char *path); /* by its ending; NULL: it says nothing */

#endif
