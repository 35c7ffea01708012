/* Jobs: the program's own trainer as a process that outlives the one that started it. */
#include "ferlab/train/job.h"

#include "ferlab/base/arena.h"
#include "ferlab/base/path.h"
#include "ferlab/base/str.h"
#include "ferlab/store/runs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <float.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    ARGUMENTS_MAX = 80,
    COMMAND_WIDTH = 72, /* columns of a command that people read, from which on a line is broken */
    TRAINER_NICE = 5,   /* keys come before batches */
};

struct arguments {
    char *word[ARGUMENTS_MAX + 1];
    int count;
    struct arena arena;
    bool failed;
};

static void add_word(struct arguments *a, const char *word)
{
    char *copy = a->count < ARGUMENTS_MAX ? arena_strdup(&a->arena, word) : NULL;
    a->failed |= copy == NULL;
    if (copy != NULL)
        a->word[a->count++] = copy;
}

static void add_text(struct arguments *a, const char *option, const char *value)
{
    if (value == NULL || value[0] == '\0')
        return;
    add_word(a, option);
    add_word(a, value);
}

static void add_integer(struct arguments *a, const char *option, int64_t value)
{
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long)value);
    add_text(a, option, text);
}

/* With the fewest digits that read back as the same number, 0.1 and not 0.10000000000000001; a float as the
 * same float, to which the trainer rounds what it reads. */
static void add_real(struct arguments *a, const char *option, double value, bool is_float)
{
    char text[40];
    for (int digits = 6; digits <= DBL_DECIMAL_DIG; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        double back = strtod(text, NULL);
        if (is_float ? (float)back == (float)value : back == value)
            break;
    }
    add_text(a, option, text);
}

static void add_number(struct arguments *a, const struct recipe *r, const struct recipe_number *number)
{
    char option[40];
    double value = recipe_get(r, number);
    snprintf(option, sizeof option, "--%s", number->option);
    if (recipe_number_is_whole(number))
        add_integer(a, option, (int64_t)value);
    else
        add_real(a, option, value, number->type == RECIPE_FLOAT);
}

static void add_flag(struct arguments *a, const char *option, bool given)
{
    if (given)
        add_word(a, option);
}

static void describe_command(struct arguments *a, const char *workspace)
{
    add_word(a, "ferlab");
    add_word(a, "-w");
    add_word(a, workspace);
    add_word(a, "train");
    add_word(a, "--quiet");
}

static void describe_resume(struct arguments *a, const char *workspace, int64_t run)
{
    describe_command(a, workspace);
    add_integer(a, "--resume", run);
}

static void describe_recipe(struct arguments *a, const struct recipe *r)
{
    if (r->from[0] != '\0')
        add_text(a, "--from", r->from);
    else
        add_text(a, "--arch", r->arch);
    add_text(a, "--name", r->name);
    for (const struct recipe_number *n = recipe_numbers; n < recipe_numbers + RECIPE_NUMBERS; n++)
        add_number(a, r, n);
    add_text(a, "--rule", rule_name(r->rule));
    add_text(a, "--labels", r->labels == LABELS_CROWD ? "crowd" : "reviewed");
    add_flag(a, "--no-flip", !r->augmentation.flip);
    add_flag(a, "--no-calibrate", !r->calibrate);
    add_flag(a, "--no-use", !r->use);
}

bool job_training_command(const char *workspace, const struct recipe *recipe, struct str *out, struct err *e)
{
    struct arguments a = {0};
    add_word(&a, "ferlab");
    add_text(&a, "-w", path_base(workspace));
    add_word(&a, "train");
    describe_recipe(&a, recipe);
    size_t line = out->length; /* where it began */
    for (int i = 0; i < a.count; i++) {
        bool breaks = a.word[i][0] == '-' && out->length - line > COMMAND_WIDTH;
        str_append(out, i == 0 ? "" : breaks ? " \\\n  " : " ");
        if (breaks)
            line = out->length;
        str_append_shell(out, a.word[i]);
    }
    bool fine = !a.failed && !out->failed;
    arena_free(&a.arena);
    return fine || err_memory(e, "writing a command");
}

static bool is_gone(pid_t pid)
{
    return kill(pid, 0) != 0 && errno == ESRCH;
}

/* Logs of launches whose process is gone have been read by whoever waited for them. */
static void sweep_launch_logs(const char *dir)
{
    DIR *d = opendir(dir);
    if (d == NULL)
        return;
    for (struct dirent *entry; (entry = readdir(d)) != NULL;) {
        int pid, end = 0;
        if (sscanf(entry->d_name, "launch-%d.log%n", &pid, &end) == 1 && end > 0 &&
            entry->d_name[end] == '\0' && is_gone(pid))
            unlinkat(dirfd(d), entry->d_name, 0);
    }
    closedir(d);
}

struct launched {
    pid_t pid;
    int error; /* errno of a failed exec; 0: it runs */
};

/* In the child of a process that may have threads: only calls that are safe there. */
static void become_trainer(const char *program, struct arguments *a, int log, int report)
{
    struct launched l = {.pid = getpid()};
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    int null = open("/dev/null", O_RDONLY);
    dup2(null, STDIN_FILENO);
    dup2(log, STDOUT_FILENO);
    dup2(log, STDERR_FILENO);
    close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
    if (nice(TRAINER_NICE) == -1)
        errno = 0; /* it trains at full priority then */
    if (write(report, &l, sizeof l) == (ssize_t)sizeof l)
        execv(program, a->word);
    l.error = errno;
    ssize_t told = write(report, &l, sizeof l);
    _exit(told == (ssize_t)sizeof l ? 127 : 126);
}

/* Forks twice, so that the trainer is nobody's zombie, in a session without a terminal. */
static bool launch(const char *program, struct arguments *a, int log, struct launched *l, struct err *e)
{
    int report[2];
    if (pipe2(report, O_CLOEXEC) != 0)
        return err_errno(e, program, "start", "close some programs");
    pid_t between = fork();
    if (between == 0) {
        setsid();
        pid_t trainer = fork();
        if (trainer == 0)
            become_trainer(program, a, log, report[1]);
        _exit(trainer < 0);
    }
    int number = errno;
    close(report[1]);
    struct launched said;
    l->pid = 0;
    l->error = between < 0 ? number : EAGAIN;
    while (between > 0) { /* once when it runs, twice when exec failed */
        ssize_t got = read(report[0], &said, sizeof said);
        if (got < 0 && errno == EINTR)
            continue;
        if (got != (ssize_t)sizeof said)
            break;
        *l = said;
    }
    close(report[0]);
    while (between > 0 && waitpid(between, NULL, 0) < 0 && errno == EINTR)
        continue;
    errno = l->error;
    return l->error == 0 ||
           err_errno(e, program, "start", "close some programs, or see that the program is still there");
}

/* A log under a passing name: the trainer's pid is known once it runs. */
static int open_log(const char *workspace, char dir[PATH_MAX], char path[PATH_MAX], struct err *e)
{
    if (snprintf(dir, PATH_MAX, "%s.runs", workspace) >= PATH_MAX) {
        err_set(e, ERR_INPUT, "%.200s: the path is too long; move the workspace", workspace);
        return -1;
    }
    if (!path_make_dirs(dir, e) || !path_join(path, dir, "launch-XXXXXX", e))
        return -1;
    sweep_launch_logs(dir);
    int log = mkostemp(path, O_CLOEXEC | O_APPEND);
    if (log < 0)
        err_errno(e, path, "write", "make room, or choose a folder you may write to");
    return log;
}

/* Starts the program with these arguments, which are freed; it prints into `log`, which is closed. */
static bool start(struct arguments *a, int log, struct launched *l, struct err *e)
{
    char program[PATH_MAX];
    bool fine = log >= 0 && (!a->failed || err_memory(e, "starting a job")) && path_of_program(program, e) &&
                launch(program, a, log, l, e);
    if (log >= 0)
        close(log);
    arena_free(&a->arena);
    return fine;
}

static bool start_trainer(struct arguments *a, const char *workspace, pid_t *pid, char log[PATH_MAX],
                          struct err *e)
{
    struct launched l = {0};
    char dir[PATH_MAX], passing[PATH_MAX], name[64];
    int fd = open_log(workspace, dir, passing, e);
    if (!start(a, fd, &l, e)) {
        if (fd >= 0)
            unlink(passing);
        return false;
    }
    snprintf(name, sizeof name, "launch-%d.log", (int)l.pid);
    if (!path_join(log, dir, name, NULL) || rename(passing, log) != 0)
        snprintf(log, PATH_MAX, "%s", passing);
    *pid = l.pid;
    return true;
}

bool job_start_training(const char *workspace, const struct recipe *recipe, pid_t *pid, char log[PATH_MAX],
                        struct err *e)
{
    struct arguments a = {0};
    if (!recipe_check(recipe, e))
        return false;
    describe_command(&a, workspace);
    describe_recipe(&a, recipe);
    return start_trainer(&a, workspace, pid, log, e);
}

bool job_resume_training(const char *workspace, int64_t run, pid_t *pid, char log[PATH_MAX], struct err *e)
{
    struct arguments a = {0};
    describe_resume(&a, workspace, run);
    return start_trainer(&a, workspace, pid, log, e);
}

void job_last_line(const char *log, char *out, size_t size)
{
    size_t length;
    char *text = file_read(log, 1 << 20, &length, NULL);
    out[0] = '\0';
    if (text == NULL)
        return;
    while (length > 0 && text[length - 1] == '\n')
        text[--length] = '\0';
    const char *line = strrchr(text, '\n');
    snprintf(out, size, "%s", line != NULL ? line + 1 : text);
    free(text);
}

/* --- predictions and embeddings --- */

/* What one process at a time computes of a model, and the word that names its log. */
struct work {
    const char *word, *what;
};
static const struct work predicting = {"predict", "predictions"}, embedding = {"embed", "embeddings"},
                         mapping = {"map", "places on the map"};

static bool work_log(const struct work *w, const char *workspace, const char *model, char log[PATH_MAX])
{
    return snprintf(log, PATH_MAX, "%s.runs/%s-%s.log", workspace, w->word, model) < PATH_MAX;
}

/* The log, locked by its open file, which the process inherits: the lock goes when the process does. */
static int open_work_log(const struct work *w, const char *workspace, const char *model, struct err *e)
{
    char dir[PATH_MAX], log[PATH_MAX];
    if (!work_log(w, workspace, model, log) || snprintf(dir, PATH_MAX, "%s.runs", workspace) >= PATH_MAX) {
        err_set(e, ERR_INPUT, "%.200s: the path is too long; move the workspace", workspace);
        return -1;
    }
    int fd = path_make_dirs(dir, e) ? open(log, O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0666) : -1;
    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0 && ftruncate(fd, 0) == 0)
        return fd;
    if (fd >= 0 && errno == EWOULDBLOCK)
        err_set(e, ERR_BUSY, "%s: its %s are being computed already", model, w->what);
    else
        err_errno(e, log, "write", "make room, or choose a folder you may write to");
    if (fd >= 0)
        close(fd);
    return -1;
}

static bool start_work(const struct work *w, const char *workspace, const char *model, struct arguments *a,
                       struct err *e)
{
    struct launched l;
    return start(a, open_work_log(w, workspace, model, e), &l, e);
}

bool job_start_predictions(const char *workspace, const char *model, struct err *e)
{
    const char *const words[] = {"ferlab", "-w", workspace, "model", "use", model};
    struct arguments a = {0};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        add_word(&a, words[i]);
    return start_work(&predicting, workspace, model, &a, e);
}

bool job_start_embeddings(const char *workspace, const char *model, struct err *e)
{
    const char *const words[] = {"ferlab", "-w", workspace, "embed", "--model", model};
    struct arguments a = {0};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        add_word(&a, words[i]);
    return start_work(&embedding, workspace, model, &a, e);
}

static bool works(const struct work *w, const char *workspace, const char *model, char *line, size_t size)
{
    char log[PATH_MAX];
    line[0] = '\0';
    int fd = work_log(w, workspace, model, log) ? open(log, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0)
        return false;
    bool locked = flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    close(fd);
    job_last_line(log, line, size);
    return locked;
}

bool job_predicts(const char *workspace, const char *model, char *line, size_t size)
{
    return works(&predicting, workspace, model, line, size);
}

bool job_start_map(const char *workspace, const char *model, struct err *e)
{
    const char *const words[] = {"ferlab", "-w", workspace, "embed", "--map", "--model", model};
    struct arguments a = {0};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        add_word(&a, words[i]);
    return start_work(&mapping, workspace, model, &a, e);
}

bool job_maps(const char *workspace, const char *model, char *line, size_t size)
{
    return works(&mapping, workspace, model, line, size);
}

bool job_embeds(const char *workspace, const char *model, char *line, size_t size)
{
    return works(&embedding, workspace, model, line, size);
}

/* --- exports and reports --- */

static void describe_export(struct arguments *a, const char *workspace, const struct job_export *x)
{
    bool report = x->format == NULL;
    add_word(a, "ferlab");
    add_text(a, "-w", workspace);
    add_word(a, report ? "report" : "export");
    add_text(a, "--format", report ? "" : x->format);
    add_word(a, "--where"); /* of a report, none would be the validation split */
    add_word(a, x->where);
    add_text(a, "--model", x->model);
    add_text(a, "--beside", x->beside);
    add_text(a, "--rule", x->rule);
    add_text(a, "--labels", x->reviewed ? "reviewed" : report ? "crowd" : "");
    add_text(a, "--", x->out);
}

/* The same file through a descriptor of its own, so that the other one's lock shows here. */
static int open_again(int fd)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    return open(path, O_RDWR | O_CLOEXEC);
}

bool job_start_export(const char *workspace, const struct job_export *x, int *log, struct err *e)
{
    struct arguments a = {0};
    struct launched l;
    int theirs = memfd_create("export", MFD_CLOEXEC);
    *log = theirs >= 0 && flock(theirs, LOCK_EX | LOCK_NB) == 0 ? open_again(theirs) : -1;
    if (*log < 0) {
        err_errno(e, "the log of an export", "be made", "close some programs");
        if (theirs >= 0)
            close(theirs);
        return false;
    }
    describe_export(&a, workspace, x);
    if (start(&a, theirs, &l, e))
        return true;
    close(*log);
    return false;
}

bool job_exports(int log, char *line, size_t size)
{
    char path[64];
    bool locked = flock(log, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    snprintf(path, sizeof path, "/proc/self/fd/%d", log);
    job_last_line(path, line, size);
    return locked;
}

/* Whether that process runs this program: a pid that a run left behind may be somebody else's by now. */
static bool runs_this_program(pid_t pid)
{
    char theirs[PATH_MAX], link[64], mine[PATH_MAX];
    snprintf(link, sizeof link, "/proc/%d/exe", (int)pid);
    ssize_t length = readlink(link, theirs, sizeof theirs - 1);
    if (length < 0 || !path_of_program(mine, NULL))
        return false;
    theirs[length] = '\0';
    char *deleted = strstr(theirs, " (deleted)"); /* rebuilt or upgraded since */
    if (deleted != NULL)
        *deleted = '\0';
    return strcmp(path_base(theirs), path_base(mine)) == 0;
}

static bool stop(const struct run *run, struct err *e)
{
    if (run->state != RUN_RUNNING)
        return err_set(e, ERR_INPUT, "run %d: it is not running; it is %s", (int)run->id,
                       run_state_name(run->state));
    if (!runs_this_program((pid_t)run->pid) || kill((pid_t)run->pid, SIGTERM) != 0)
        return err_set(
            e, ERR_INPUT,
            "run %d: its process %d cannot be stopped from here; stop it on the machine and as the "
            "user that train",
            (int)run->id, (int)run->pid);
    return true;
}

bool job_stop_run(struct workspace *ws, int64_t run, struct err *e)
{
    struct arena arena = {0};
    struct run found;
    char word[24];
    snprintf(word, sizeof word, "%lld", (long long)run);
    bool fine = run_find(ws, word, &arena, &found, e) && stop(&found, e);
    arena_free(&arena);
    return fine;
}
