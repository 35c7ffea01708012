/* What tests share: temporary folders, running the program, synthetic workspaces. */
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ARGUMENTS_MAX = 64 };

void temp_dir_make(char out[PATH_MAX])
{
    const char *base = getenv("TMPDIR");
    snprintf(out, PATH_MAX, "%s/ferlab-test-XXXXXX", base && *base ? base : "/tmp");
    if (!mkdtemp(out))
        fail_msg("cannot make a folder like %s: %s", out, strerror(errno));
}

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *where)
{
    (void)info;
    (void)where;
    if (kind == FTW_DP)
        rmdir(path);
    else
        unlink(path);
    return 0;
}

void temp_dir_remove(const char *path)
{
    nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/* A growing byte buffer fed by one pipe. */
struct sink {
    int fd;
    char *data;
    size_t length, capacity;
};

static void sink_read(struct sink *s)
{
    if (s->capacity - s->length < 65536) {
        s->capacity = s->capacity * 2 + 65536;
        s->data = realloc(s->data, s->capacity + 1);
        if (!s->data)
            fail_msg("out of memory for the program's output");
    }
    ssize_t got = read(s->fd, s->data + s->length, s->capacity - s->length);
    if (got > 0) {
        s->length += (size_t)got;
    } else if (got == 0 || errno != EINTR) {
        close(s->fd);
        s->fd = -1;
    }
    s->data[s->length] = '\0';
}

static int wait_status(pid_t pid)
{
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void run_arguments(struct output *o, char *const argv[])
{
    int out[2], err[2];
    if (pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC))
        fail_msg("pipe: %s", strerror(errno));
    pid_t pid = fork();
    if (pid < 0)
        fail_msg("fork: %s", strerror(errno));
    if (pid == 0) {
        int null = open("/dev/null", O_RDONLY);
        dup2(null, STDIN_FILENO);
        dup2(out[1], STDOUT_FILENO);
        dup2(err[1], STDERR_FILENO);
        execv(FERLAB_PROGRAM, argv);
        _exit(127);
    }
    close(out[1]);
    close(err[1]);
    struct sink sinks[2] = {{.fd = out[0]}, {.fd = err[0]}};
    while (sinks[0].fd >= 0 || sinks[1].fd >= 0) {
        struct pollfd watch[2] = {{.fd = sinks[0].fd, .events = POLLIN},
                                  {.fd = sinks[1].fd, .events = POLLIN}};
        if (poll(watch, 2, -1) < 0 && errno != EINTR)
            fail_msg("poll: %s", strerror(errno));
        for (int i = 0; i < 2; i++) {
            if (sinks[i].fd >= 0 && watch[i].revents)
                sink_read(&sinks[i]);
        }
    }
    *o = (struct output){.status = wait_status(pid), .out = sinks[0].data, .err = sinks[1].data};
}

/* argv for execv from a list that ends with NULL. */
static void collect_arguments(char *argv[ARGUMENTS_MAX], const char *first, va_list rest)
{
    int count = 0;
    argv[count++] = "ferlab";
    for (const char *a = first; a; a = va_arg(rest, const char *)) {
        assert_true(count < ARGUMENTS_MAX - 1);
        argv[count++] = (char *)a;
    }
    argv[count] = NULL;
}

void run_ferlab(struct output *o, ...)
{
    char *argv[ARGUMENTS_MAX];
    va_list rest;
    va_start(rest, o);
    const char *first = va_arg(rest, const char *);
    collect_arguments(argv, first, rest);
    va_end(rest);
    run_arguments(o, argv);
}

void output_free(struct output *o)
{
    free(o->out);
    free(o->err);
    *o = (struct output){0};
}

json_t *run_ferlab_json(const char *first, ...)
{
    char *argv[ARGUMENTS_MAX];
    va_list rest;
    va_start(rest, first);
    collect_arguments(argv, first, rest);
    va_end(rest);
    struct output o;
    run_arguments(&o, argv);
    if (o.status != 0)
        fail_msg("ferlab %s ended with %d: %s", first, o.status, o.err);
    json_error_t error;
    json_t *document = json_loads(o.out, JSON_DECODE_ANY, &error);
    if (!document)
        fail_msg("ferlab %s printed no JSON (%s): %.400s", first, error.text, o.out);
    output_free(&o);
    return document;
}

void write_file(const char *dir, const char *name, const void *bytes, size_t count)
{
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s/%s", dir, name) >= (int)sizeof path)
        fail_msg("path too long: %s/%s", dir, name);
    for (char *slash = strchr(path + strlen(dir) + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(path, 0777) && errno != EEXIST)
            fail_msg("%s: %s", path, strerror(errno));
        *slash = '/';
    }
    FILE *file = fopen(path, "wb");
    if (!file)
        fail_msg("%s: %s", path, strerror(errno));
    size_t written = fwrite(bytes, 1, count, file);
    if (fclose(file) || written != count)
        fail_msg("%s: cannot write", path);
}

const char *real_ferplus(void)
{
    static const char path[] = FERLAB_SHARED "/ferplus";
    return access(FERLAB_SHARED "/ferplus/data", R_OK) == 0 ? path : NULL;
}

void make_workspace(const char *dir, int count, char path[PATH_MAX])
{
    char faces[PATH_MAX], number[16];
    if (snprintf(faces, sizeof faces, "%s/synth", dir) >= (int)sizeof faces ||
        snprintf(path, PATH_MAX, "%s/faces.ferlab", dir) >= PATH_MAX)
        fail_msg("path too long: %s", dir);
    snprintf(number, sizeof number, "%d", count);
    struct output o;
    run_ferlab(&o, "synth", faces, "--count", number, "--seed", "1", "--planted", "0.05", "--quiet", NULL);
    if (o.status != 0)
        fail_msg("ferlab synth ended with %d: %s", o.status, o.err);
    output_free(&o);
    run_ferlab(&o, "import", faces, "-w", path, "--quiet", NULL);
    if (o.status != 0)
        fail_msg("ferlab import ended with %d: %s", o.status, o.err);
    output_free(&o);
}
