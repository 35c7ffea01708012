/* The pictures that a command's operands name: files, those of folders, and standard input. */
#ifndef FERLAB_CLI_PHOTOS_H
#define FERLAB_CLI_PHOTOS_H

#include "ferlab/base/arena.h"
#include "ferlab/base/err.h"
#include "ferlab/face/image.h"

#define PHOTO_STDIN "-"

struct photos {
    const char **paths; /* as named, or FOLDER/…/NAME; "-" is standard input */
    size_t count;
    size_t foreign; /* pictures in the latest folder of kinds that are not read */
    struct arena arena;
};

/* Of folders every .png, .jpg, .jpeg, .bmp and .pgm by name, with those of the folders in them but for hidden
 * ones and links to folders. What cannot be read is said on stderr, pictures of other kinds by their number
 * in a folder, and makes *complete false; the rest is listed all the same. False: out of memory. */
bool photos_list(struct photos *p, char **operands, size_t count, bool *complete, struct err *e);
void photos_free(struct photos *p);

bool photo_load(const char *path, struct gray *out, struct err *e);

#endif
