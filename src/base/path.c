/* Whole files and where they lie. */
#include "ferlab/base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool path_join(char out[PATH_MAX], const char *dir, const char *name, struct err *e)
{
    size_t length = strlen(dir);
    const char *slash = length > 0 && dir[length - 1] != '/' ? "/" : "";
    if (snprintf(out, PATH_MAX, "%s%s%s", dir, slash, name) >= PATH_MAX)
        return err_set(e, ERR_INPUT, "%.200s: the path is too long; use a shorter folder name", name);
    return true;
}

const char *path_base(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

bool path_is_own_dir(const char *path)
{
    struct stat status;
    return lstat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

bool path_is_dir(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

bool path_is_file(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISREG(status.st_mode);
}

bool path_make_dirs(const char *path, struct err *e)
{
    char part[PATH_MAX];
    size_t length = strlen(path);
    if (length == 0 || length >= sizeof part)
        return err_set(e, ERR_INPUT, "%.200s: not a usable folder name; give a shorter one", path);
    for (size_t i = 1; i <= length; i++) {
        if (path[i] != '/' && path[i] != '\0')
            continue;
        memcpy(part, path, i);
        part[i] = '\0';
        if (mkdir(part, 0777) != 0 && !(errno == EEXIST && path_is_dir(part)))
            return err_errno(e, part, "create the folder", "choose a place you may write to");
    }
    return true;
}

static bool read_all(int fd, char *data, size_t size)
{
    size_t done = 0;
    while (done < size) {
        ssize_t count = read(fd, data + done, size - done);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0) {
            if (count == 0)
                errno = EIO;
            return false;
        }
        done += (size_t)count;
    }
    return true;
}

char *file_read(const char *path, size_t max, size_t *size, struct err *e)
{
    char *data = NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        err_errno(e, path, "open", "check the name and that you may read it");
        return NULL;
    }
    struct stat status;
    if (fstat(fd, &status) != 0) {
        err_errno(e, path, "read", "check that you may read it");
    } else if (!S_ISREG(status.st_mode)) {
        err_set(e, ERR_INPUT, "%s: not a regular file; give the file itself", path);
    } else if ((uintmax_t)status.st_size > max) {
        err_set(e, ERR_INPUT,
                "%s: %jd bytes are more than the %zu this can be; check that it is the right file", path,
                (intmax_t)status.st_size, max);
    } else if ((data = malloc((size_t)status.st_size + 1)) == NULL) {
        err_memory(e, "reading a file");
    } else if (!read_all(fd, data, (size_t)status.st_size)) {
        err_errno(e, path, "read", "check the disk, then try again");
        free(data);
        data = NULL;
    } else {
        *size = (size_t)status.st_size;
        data[*size] = '\0';
    }
    close(fd);
    return data;
}

static bool write_all(int fd, const char *data, size_t size)
{
    while (size > 0) {
        ssize_t count = write(fd, data, size);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return false;
        data += count;
        size -= (size_t)count;
    }
    return true;
}

/* A rename is durable once its folder is. */
static bool sync_folder_of(const char *path)
{
    char folder[PATH_MAX];
    int length = (int)(path_base(path) - path);
    snprintf(folder, sizeof folder, "%.*s", length > 0 ? length : 1, length > 0 ? path : ".");
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return false;
    bool fine = fsync(fd) == 0 || errno == EINVAL;
    close(fd);
    return fine;
}

bool path_rename_new(const char *from, const char *to)
{
    struct stat status;
    if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
        return true;
    if (errno != EINVAL && errno != ENOSYS)
        return false;
    if (lstat(to, &status) == 0) {
        errno = EEXIST;
        return false;
    }
    return rename(from, to) == 0;
}

static bool write_beside(const char *path, const void *data, size_t size, bool replace, struct err *e)
{
    char temporary[PATH_MAX];
    if (snprintf(temporary, sizeof temporary, "%s.XXXXXX", path) >= (int)sizeof temporary)
        return err_set(e, ERR_INPUT, "%.200s: the path is too long; use a shorter one", path);
    int fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0)
        return err_errno(e, path, "write", "choose a place you may write to");
    mode_t mask = umask(0);
    umask(mask);
    bool fine = write_all(fd, data, size) && fchmod(fd, 0666 & ~mask) == 0 && fsync(fd) == 0;
    int number = errno;
    if (close(fd) != 0 && fine) {
        number = errno;
        fine = false;
    }
    if (fine && !(replace ? rename(temporary, path) == 0 : path_rename_new(temporary, path))) {
        number = errno;
        fine = false;
    }
    if (!fine) {
        unlink(temporary);
        errno = number;
        return err_errno(e, path, "write", "make room or choose another place; nothing was changed");
    }
    if (!sync_folder_of(path))
        return err_errno(e, path, "make the new file durable", "check the disk");
    return true;
}

bool file_write(const char *path, const void *data, size_t size, struct err *e)
{
    return write_beside(path, data, size, true, e);
}

bool file_create(const char *path, const void *data, size_t size, struct err *e)
{
    struct stat status;
    if (lstat(path, &status) == 0)
        return err_set(e, ERR_INPUT, "%s: is there already; remove it or choose another name", path);
    return write_beside(path, data, size, false, e);
}

bool path_of_program(char out[PATH_MAX], struct err *e)
{
    ssize_t length = readlink("/proc/self/exe", out, PATH_MAX - 1);
    if (length < 0)
        return err_errno(e, "/proc/self/exe", "read", "mount /proc");
    out[length] = '\0';
    return true;
}

bool path_of_data(char out[PATH_MAX], const char *name)
{
    const char *chosen = getenv("FERLAB_DATA");
    if (chosen != NULL && chosen[0] != '\0')
        return path_join(out, chosen, name, NULL) && access(out, R_OK) == 0;
    char program[PATH_MAX], beside[PATH_MAX];
    if (path_of_program(program, NULL)) {
        program[path_base(program) - program] = '\0';
        if (path_join(beside, program, "../share/ferlab", NULL) && path_join(out, beside, name, NULL) &&
            access(out, R_OK) == 0)
            return true;
    }
    return path_join(out, FERLAB_SOURCE_DIR, name, NULL) && access(out, R_OK) == 0;
}
