/* Operands to pictures. */
#include "photos.h"

#include "command.h"

#include "ferlab/base/path.h"
#include "ferlab/base/str.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { STDIN_MOST = 256 << 20 };

static bool add(struct photos *p, const char *path, struct err *e)
{
    /* Doubled whenever it is full: at powers of two. */
    if ((p->count & (p->count - 1)) == 0) {
        const char **paths = arena_alloc(&p->arena, 2 * (p->count + 1) * sizeof *paths);
        if (paths == NULL)
            return err_memory(e, "listing pictures");
        if (p->count > 0)
            memcpy(paths, p->paths, p->count * sizeof *paths);
        p->paths = paths;
    }
    p->paths[p->count] = arena_strdup(&p->arena, path);
    return p->paths[p->count++] != NULL || err_memory(e, "listing pictures");
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static bool say(const struct err *e)
{
    cli_fail(e);
    return false;
}

static bool walk(struct photos *p, const char *folder, bool *complete, struct err *e);

static bool walk_entry(struct photos *p, const char *folder, const char *name, bool *complete, struct err *e)
{
    char path[PATH_MAX];
    struct err said;
    if (!path_join(path, folder, name, &said)) {
        *complete = say(&said);
        return true;
    }
    if (path_is_own_dir(path))
        return walk(p, path, complete, e);
    p->foreign += image_is_foreign(name);
    return !image_is_named(name) || add(p, path, e);
}

static bool walk(struct photos *p, const char *folder, bool *complete, struct err *e)
{
    struct dirent **entries;
    struct err said;
    int count = scandir(folder, &entries, is_visible, by_name);
    if (count < 0) {
        err_errno(&said, folder, "be read", "see that it may be");
        *complete = say(&said);
        return true;
    }
    bool fine = true;
    for (int i = 0; i < count; i++) {
        fine = fine && walk_entry(p, folder, entries[i]->d_name, complete, e);
        free(entries[i]);
    }
    free(entries);
    return fine;
}

static bool add_folder(struct photos *p, const char *folder, bool *complete, struct err *e)
{
    struct err said;
    size_t before = p->count;
    p->foreign = 0;
    bool all = *complete;
    *complete = true;
    if (!walk(p, folder, complete, e))
        return false;
    if (p->foreign > 0) {
        err_set(
            &said, ERR_INPUT,
            "%s: passed over %zu picture%s of other kinds than PNG, JPEG, BMP and PGM; convert %s to PNG or "
            "JPEG",
            folder, p->foreign, str_plural((int64_t)p->foreign), p->foreign == 1 ? "it" : "them");
        *complete = say(&said);
    }
    if (p->count == before && *complete) {
        err_set(&said, ERR_INPUT,
                "%s: there is no picture in this folder or those in it (.png, .jpg, .jpeg, .bmp or .pgm)",
                folder);
        *complete = say(&said);
    }
    *complete = *complete && all;
    return true;
}

bool photos_list(struct photos *p, char **operands, size_t count, bool *complete, struct err *e)
{
    *p = (struct photos){0};
    *complete = true;
    bool fine = true;
    for (size_t i = 0; i < count && fine; i++)
        fine = path_is_dir(operands[i]) ? add_folder(p, operands[i], complete, e) : add(p, operands[i], e);
    return fine;
}

void photos_free(struct photos *p)
{
    arena_free(&p->arena);
    *p = (struct photos){0};
}

static bool load_stdin(struct gray *out, struct err *e)
{
    struct str bytes = {0};
    char part[1 << 16];
    ssize_t got;
    while ((got = read(STDIN_FILENO, part, sizeof part)) > 0 && bytes.length <= STDIN_MOST)
        str_append_bytes(&bytes, part, (size_t)got);
    bool fine = got < 0        ? err_errno(e, "standard input", "be read", "name a file")
                : bytes.failed ? err_memory(e, "reading standard input")
                : bytes.length == 0
                    ? err_set(e, ERR_INPUT, "standard input: nothing came; pipe a picture into it")
                    : image_decode(bytes.data, bytes.length, "standard input", out, e);
    str_free(&bytes);
    return fine;
}

bool photo_load(const char *path, struct gray *out, struct err *e)
{
    *out = (struct gray){0};
    return strcmp(path, PHOTO_STDIN) == 0 ? load_stdin(out, e) : image_load(path, out, e);
}
