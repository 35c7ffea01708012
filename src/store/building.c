/* Building files under a temporary name. */
#include "building.h"
#include "ferlab/base/path.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char ending[] = ".tmp";

/* The folder of `path`, "." where it names none; malloc'ed. */
static char *folder_of(const char *path)
{
    size_t length = (size_t)(path_base(path) - path);

    return length ? strndup(path, length) : strdup(".");
}

bool building_is_possible(const char *path, struct err *e)
{
    char *folder = folder_of(path);
    bool good = folder ? access(folder, W_OK | X_OK) == 0 ||
                             err_errno(e, path, "create",
                                       "the folder it shall lie in must be there and yours to write")
                       : err_memory(e, "making the workspace");

    free(folder);
    return good;
}

char *building_name(const char *path)
{
    char *name = NULL;
    int folder = (int)(path_base(path) - path);

    if (asprintf(&name, "%.*s.%s.%ld%s", folder, path, path_base(path), (long)getpid(), ending) < 0)
        return NULL;
    return name;
}

/* Whether `entry` is a name that building_name gives for `base` in some process. */
static bool is_building_name(const char *entry, const char *base)
{
    size_t length = strlen(base);

    if (entry[0] != '.' || strncmp(entry + 1, base, length) != 0 || entry[1 + length] != '.')
        return false;
    const char *digits = entry + length + 2, *rest = digits;

    while (isdigit((unsigned char)*rest))
        rest++;
    return rest > digits && strcmp(rest, ending) == 0;
}

/* Whoever builds a database holds SQLite's lock on it, from any host. */
static bool is_abandoned(int folder, const char *entry)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int fd = openat(folder, entry, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

    if (fd < 0)
        return false;
    bool abandoned = fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type == F_UNLCK;

    close(fd);
    return abandoned;
}

void building_sweep(const char *path)
{
    char *folder = folder_of(path), *own = building_name(path);
    DIR *dir = folder && own ? opendir(folder) : NULL;
    struct dirent *entry;

    while (dir && (entry = readdir(dir))) {
        /* This process may be building there in another connection, whose lock closing a file would drop. */
        if (is_building_name(entry->d_name, path_base(path)) && strcmp(entry->d_name, path_base(own)) != 0 &&
            is_abandoned(dirfd(dir), entry->d_name))
            unlinkat(dirfd(dir), entry->d_name, 0);
    }
    if (dir)
        closedir(dir);
    if (own)
        unlink(own); /* left by a process that had this number */
    free(folder);
    free(own);
}

static bool sync_path(const char *path, int flags, struct err *e)
{
    int fd = open(path, flags | O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return err_errno(e, path, "open", "check the disk");
    bool good = fsync(fd) == 0;

    if (!good)
        err_errno(e, path, "flush", "check the disk");
    close(fd);
    return good;
}

static bool sync_folder_of(const char *path, struct err *e)
{
    char *folder = folder_of(path);
    bool good = folder ? sync_path(folder, O_DIRECTORY, e) : err_memory(e, "making the workspace");

    free(folder);
    return good;
}

/* Where the file system cannot rename without replacing in one step, a hard link can. */
static bool rename_new(const char *from, const char *to, struct err *e)
{
    int failed = renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE);

    if (failed && (errno == EINVAL || errno == ENOSYS)) {
        failed = link(from, to);
        if (!failed)
            unlink(from);
    }
    if (failed && errno == EEXIST)
        return err_set(e, ERR_INPUT,
                       "%s: appeared while it was being made, so nothing was written; run it again, or give "
                       "another name",
                       to);
    return !failed || err_errno(e, to, "create", "check the permissions of its folder");
}

bool building_place(const char *from, const char *to, struct err *e)
{
    return sync_path(from, 0, e) && rename_new(from, to, e) && sync_folder_of(to, e);
}
