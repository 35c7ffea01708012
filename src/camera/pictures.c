/* A folder of pictures, in the order of their names, as the frames of a film. */
#include "source.h"

#include "ferlab/base/path.h"
#include "ferlab/face/image.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RATE = 25 };

struct pictures {
    struct source source;
    char *folder;
    struct dirent **entries;
    int count, at;
    struct gray image;
    char path[PATH_MAX]; /* of the image */
};

static void close_folder(struct source *s)
{
    struct pictures *p = (struct pictures *)s;
    for (int i = 0; i < p->count; i++)
        free(p->entries[i]);
    free(p->entries);
    free(p->folder);
    image_free(&p->image);
    free(p);
}

static int is_picture(const struct dirent *entry)
{
    return image_is_named(entry->d_name);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strverscmp((*a)->d_name, (*b)->d_name); /* 2.png before 10.png */
}

static enum camera_step next_picture(struct source *s, int wait_ms, struct frame *out, struct err *e)
{
    struct pictures *p = (struct pictures *)s;
    (void)wait_ms;
    if (p->at == p->count)
        return CAMERA_END;
    image_free(&p->image);
    const char *name = p->entries[p->at++]->d_name;
    if (!path_join(p->path, p->folder, name, e) || !image_load(p->path, &p->image, e))
        return CAMERA_BAD;
    out->width = p->image.width;
    out->height = p->image.height;
    out->gray = p->image.pixels;
    out->file = p->path;
    return CAMERA_FRAME;
}

static bool skip_picture(struct source *s)
{
    struct pictures *p = (struct pictures *)s;
    bool more = p->at + 1 < p->count; /* the last one is shown, however late */
    p->at += more;
    return more;
}

struct source *pictures_open(const char *folder, struct err *e)
{
    static const struct source_ops ops = {next_picture, skip_picture, close_folder};
    struct pictures *p = calloc(1, sizeof *p);
    if (p == NULL || (p->folder = strdup(folder)) == NULL) {
        err_memory(e, "opening a folder of pictures");
        free(p);
        return NULL;
    }
    p->source = (struct source){.ops = &ops, .rate = RATE};
    snprintf(p->source.name, sizeof p->source.name, "%s", folder);
    p->count = scandir(folder, &p->entries, is_picture, by_name);
    if (p->count > 0)
        return &p->source;
    if (p->count < 0)
        err_errno(e, folder, "be read", "see that it may be");
    else
        err_set(e, ERR_INPUT, "%s: there is no picture in this folder (.png, .jpg, .jpeg, .bmp or .pgm)",
                folder);
    p->count = p->count < 0 ? 0 : p->count;
    close_folder(&p->source);
    return NULL;
}
