/* The log of a training. */
#include "log.h"

#include "ferlab/base/path.h"
#include "ferlab/base/str.h"

#include <stdarg.h>

bool train_log_open(struct train_log *l, struct workspace *ws, int64_t run, bool quiet, struct err *e)
{
    char path[PATH_MAX];
    *l = (struct train_log){.quiet = quiet};
    if (!run_dir(ws, run, l->dir, e) || !path_join(path, l->dir, "log.txt", e))
        return false;
    l->file = fopen(path, "ae");
    if (l->file == NULL)
        return err_errno(e, path, "open the run's log", "check that you may write beside the workspace");
    setvbuf(l->file, NULL, _IOLBF, 0);
    progress_start(&l->bar, "train", "faces", 0, quiet);
    return true;
}

void train_log_close(struct train_log *l)
{
    if (l->file == NULL)
        return;
    progress_end(&l->bar);
    fclose(l->file);
    l->file = NULL;
}

void train_log_bar(struct train_log *l, size_t total, const char *label, ...)
{
    va_list arguments;
    va_start(arguments, label);
    vsnprintf(l->label, sizeof l->label, label, arguments);
    va_end(arguments);
    progress_end(&l->bar);
    progress_start(&l->bar, l->label, "faces", total, l->quiet);
}

void train_log_say(struct train_log *l, const char *format, ...)
{
    char text[1024], shown[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    str_escape(shown, sizeof shown, text);
    progress_line(&l->bar, "%s", shown);
    train_log_write(l, shown);
}

void train_log_write(struct train_log *l, const char *line)
{
    if (l->file != NULL)
        fprintf(l->file, "%s\n", line);
}
