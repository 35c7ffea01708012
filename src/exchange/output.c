/* Output: all or nothing. */
#include "output.h"

#include "ferlab/base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OPEN_FOLDERS = 8 };

static bool prepare(struct output *o, const char *path, struct err *e)
{
    *o = (struct output){0};
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/')
        length--;
    if (length == 0 || length + 32 >= PATH_MAX)
        return err_set(e, ERR_USAGE, "%s: not a usable name for an export", path);
    memcpy(o->path, path, length);
    struct stat st;
    if (lstat(o->path, &st) == 0)
        return err_set(e, ERR_INPUT, "%s: is there already; remove it or choose another name", o->path);
    const char *base = path_base(o->path);
    snprintf(o->temporary, sizeof o->temporary, "%.*s.%s.partial-%ld", (int)(base - o->path), o->path, base,
             (long)getpid());
    return true;
}

bool output_file(struct output *o, const char *path, struct err *e)
{
    if (strcmp(path, "-") == 0) {
        *o = (struct output){.file = stdout, .standard = true, .path = "standard output"};
        return true;
    }
    if (!prepare(o, path, e))
        return false;
    int fd = open(o->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    o->file = fd < 0 ? NULL : fdopen(fd, "w");
    if (o->file)
        return true;
    if (fd >= 0)
        close(fd);
    return err_errno(e, o->path, "be created", "see that its folder is there and may be written");
}

bool output_folder(struct output *o, const char *path, struct err *e)
{
    return prepare(o, path, e) &&
           (mkdir(o->temporary, 0777) == 0 ||
            err_errno(e, o->path, "be created", "see that its folder is there and may be written"));
}

bool output_write(struct output *o, const void *bytes, size_t count)
{
    if (!o->failure && fwrite(bytes, 1, count, o->file) != count)
        o->failure = errno ? errno : EIO;
    return !o->failure;
}

static bool tell_failure(const struct output *o, struct err *e)
{
    errno = o->failure;
    return err_errno(e, o->path, "be written", "see whether the disk is full");
}

static void note_failure(struct output *o, bool fine)
{
    if (!fine && !o->failure)
        o->failure = errno ? errno : EIO;
}

/* Everything on disk, or at the reader. What a reader of standard output no longer wants is not missed. */
static bool flush(struct output *o, struct err *e)
{
    note_failure(o, fflush(o->file) == 0);
    if (!o->standard) {
        note_failure(o, fsync(fileno(o->file)) == 0);
        note_failure(o, fclose(o->file) == 0);
        o->file = NULL;
    }
    return !o->failure || (o->standard && o->failure == EPIPE) || tell_failure(o, e);
}

bool output_finish(struct output *o, struct err *e)
{
    bool fine = !o->file || flush(o, e);
    if (o->standard)
        return fine;
    fine = fine && (path_rename_new(o->temporary, o->path) ||
                    err_errno(e, o->path, "be put in place", "remove what is there or choose another name"));
    if (!fine)
        output_abandon(o);
    return fine;
}

static int remove_entry(const char *path, const struct stat *st, int kind, struct FTW *walk)
{
    (void)st;
    (void)kind;
    (void)walk;
    remove(path);
    return 0;
}

void output_abandon(struct output *o)
{
    if (o->standard)
        return;
    if (o->file)
        fclose(o->file);
    o->file = NULL;
    nftw(o->temporary, remove_entry, OPEN_FOLDERS, FTW_DEPTH | FTW_PHYS);
}

/* Files of a folder */

static int create_entry(int folder, const char *name, struct err *e)
{
    int fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0 && errno == EEXIST)
        err_set(e, ERR_INPUT, "%s: two files of the export would have this name; leave one out with --where",
                name);
    else if (fd < 0)
        err_errno(e, name, "be created", "see whether the disk is full");
    return fd;
}

bool output_entry(struct output *o, int folder, const char *name, struct err *e)
{
    *o = (struct output){0};
    snprintf(o->path, sizeof o->path, "%s", name);
    int fd = create_entry(folder, name, e);
    o->file = fd < 0 ? NULL : fdopen(fd, "w");
    if (fd >= 0 && !o->file) {
        close(fd);
        err_memory(e, "exporting");
    }
    return o->file != NULL;
}

bool output_close(struct output *o, struct err *e)
{
    if (!o->file)
        return true;
    note_failure(o, fclose(o->file) == 0);
    o->file = NULL;
    return !o->failure || tell_failure(o, e);
}

bool output_entry_bytes(int folder, const char *name, const void *bytes, size_t count, struct err *e)
{
    int fd = create_entry(folder, name, e);
    if (fd < 0)
        return false;
    size_t done = 0;
    while (done < count) {
        ssize_t n = write(fd, (const char *)bytes + done, count - done);
        if (n < 0 && errno != EINTR)
            break;
        done += n > 0 ? (size_t)n : 0;
    }
    bool fine = done == count || err_errno(e, name, "be written", "see whether the disk is full");
    return (close(fd) == 0 || err_errno(e, name, "be written", "see whether the disk is full")) && fine;
}

static int put_json(const char *bytes, size_t count, void *output)
{
    return output_write(output, bytes, count) ? 0 : -1;
}

bool output_json(struct output *o, json_t *document, struct err *e)
{
    bool fine =
        document && json_dump_callback(document, put_json, o, JSON_COMPACT | JSON_REAL_PRECISION(7)) == 0;
    json_decref(document);
    return fine || (o->failure ? tell_failure(o, e) : err_memory(e, "exporting"));
}

/* CSV */

void output_csv_field(struct str *line, const char *field)
{
    size_t length = strlen(field);
    bool quoted = strpbrk(field, ",\"\r\n") || (length && (field[0] == ' ' || field[length - 1] == ' '));
    if (!quoted) {
        str_append_bytes(line, field, length);
        return;
    }
    str_append(line, "\"");
    for (const char *p = field; *p; p++)
        str_append_bytes(line, *p == '"' ? "\"\"" : p, *p == '"' ? 2 : 1);
    str_append(line, "\"");
}
