/* Exports and reports: a process of its own writes what the filter picks, so that keys are answered meanwhile
 * and the workbench may be left. */
#include "parts.h"

#include "ferlab/base/str.h"
#include "ferlab/exchange/export.h"
#include "ferlab/store/beside.h"
#include "ferlab/train/job.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* "FORMAT PATH", or a path that says the format. */
static const struct export_format *parse(const char *arguments, char path[PATH_MAX])
{
    char word[32];
    size_t length = strcspn(arguments, " ");
    snprintf(word, sizeof word, "%.*s", (int)length, arguments);
    const struct export_format *format = export_format_find(word);
    const char *rest = arguments;
    if (format != NULL)
        rest = arguments + length + strspn(arguments + length, " ");
    else
        format = export_format_of_path(arguments);
    snprintf(path, PATH_MAX, "%s", rest);
    return path[0] != '\0' && strcmp(path, "-") != 0 ? format : NULL;
}

/* format NULL: a report. */
static void start(struct app *app, const struct export_format *format, const char *path)
{
    char count[32];
    bool current = app->columns->model == model_current(app->workspace);
    struct err e;
    if (app->exporting) {
        app_complain(app, "%s: %s is being written still", app->export_word, app->export_out);
        return;
    }
    const struct job_export job = {
        .format = format != NULL ? format->name : NULL,
        .out = path,
        .where = app->filter_text,
        .model = current ? "" : app->columns->model_name,
        .beside = app->columns->beside != NULL ? app->columns->beside->name : "",
        .rule = rule_name(app->columns->rule),
        .reviewed = format != NULL ? format->takes_labels : !app->counts_crowd,
    };
    if (!job_start_export(workspace_path(app->workspace), &job, &app->export_log, &e)) {
        app_complain(app, "%s", e.text);
        return;
    }
    app->exporting = true;
    app->export_word = format != NULL ? "export" : "report";
    app->export_line[0] = '\0';
    snprintf(app->export_out, sizeof app->export_out, "%s", path);
    app_message(app, "writing %s sample%s to %s", draw_count(count, (int64_t)app->row_count),
                str_plural((int64_t)app->row_count), path);
}

static void refuse(struct app *app, const char *arguments)
{
    char word[32], names[EXPORT_NAMES];
    size_t length = strcspn(arguments, " ");
    snprintf(word, sizeof word, "%.*s", (int)length, arguments);
    export_format_names(names);
    if (arguments[length] != '\0' && export_format_find(word) == NULL)
        app_complain(app, "export: no format is called \"%s\"; %s", word, names);
    else
        app_complain(
            app, "export: say a format (%s) and a path that does not exist yet, or a path in .csv or .jsonl",
            names);
}

void exporting_start(struct app *app, const char *arguments)
{
    char path[PATH_MAX];
    const struct export_format *format = parse(arguments, path);
    if (format == NULL)
        refuse(app, arguments);
    else
        start(app, format, path);
}

void exporting_report(struct app *app, const char *path)
{
    if (path[0] == '\0' || strcmp(path, "-") == 0)
        app_complain(app, "report: say a path that does not exist yet, as in :report report.html");
    else if (app->columns->model == 0)
        app_complain(app,
                     "report: there is no model whose predictions it could be of; m lists them, p predicts");
    else
        start(app, NULL, path);
}

/* The process says last "OUT: 412 samples written as csv", or "… as a report", or what went wrong. */
static void ended(struct app *app, const char *line)
{
    static const char failure[] = "ferlab: ";
    const char *written = strrchr(line, ':');
    char count[32];
    long long samples;
    close(app->export_log);
    app->exporting = false;
    app->redraw = true;
    if (strncmp(line, failure, strlen(failure)) == 0)
        app_complain(app, "%s: %s", app->export_word, line + strlen(failure));
    else if (written != NULL && sscanf(written, ": %lld sample", &samples) == 1)
        app_message(app, "%s sample%s written to %s", draw_count(count, samples), str_plural(samples),
                    app->export_out);
    else
        app_complain(app, "%s: its process was ended; %s is not there", app->export_word, app->export_out);
}

void exporting_look(struct app *app)
{
    char line[PATH_MAX + 128];
    if (!app->exporting)
        return;
    bool runs = job_exports(app->export_log, line, sizeof line);
    if (!runs) {
        ended(app, line);
        return;
    }
    const char *colon = strstr(line, ": "), *now = colon != NULL ? colon + 2 : ""; /* "export: 12 of 40 …" */
    app->redraw |= strncmp(now, app->export_line, sizeof app->export_line - 1) != 0;
    snprintf(app->export_line, sizeof app->export_line, "%.*s", (int)sizeof app->export_line - 1, now);
}
