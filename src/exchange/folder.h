/* Folder: an export of many files, filled under a temporary name. Faces lie as PNG files in one folder a
 * split. */
#ifndef FERLAB_EXCHANGE_FOLDER_H
#define FERLAB_EXCHANGE_FOLDER_H

#include "ferlab/exchange/export.h"
#include "ferlab/face/emotion.h"

#include "output.h"
#include "sample_name.h"

/* train, validation, test, none: what datasets and FiftyOne call splits. */
extern const char *const folder_split_names[SPLIT_COUNT];

struct folder {
    const struct export_request *request;
    struct output output;   /* output.temporary is the folder being filled */
    int root;               /* it, opened */
    int split[SPLIT_COUNT]; /* where the faces of a split lie; -1: none of it is exported */
};

/* Makes the folder, and in it those of the splits that have samples. `splits` are their paths in it, such as
 * "data/train"; NULL: none. On failure nothing is left. */
bool folder_begin(struct folder *f, const struct export_request *request,
                  const char *const splits[SPLIT_COUNT], struct err *e);

/* Calls `put` for each sample in the order wanted, with a bar, until Ctrl-C. */
bool folder_rows(struct folder *f, bool (*put)(void *context, size_t row, struct err *e), void *context,
                 struct err *e);

/* Writes all faces, side by side, by their sample_png_name. */
bool folder_faces(struct folder *f, struct err *e);

/* Puts the folder in its place; when not all went fine, removes it and returns false. */
bool folder_end(struct folder *f, bool fine, struct err *e);

#endif
