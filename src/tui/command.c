/* The `:` commands: every action by its name, and the few that take arguments. */
#include "compare.h"
#include "parts.h"

#include "ferlab/face/emotion.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void run_filter(struct app *app, const char *arguments)
{
    app_set_filter(app, arguments);
}

static void run_label(struct app *app, const char *arguments)
{
    int class_index;
    if (!class_parse(arguments, &class_index)) {
        app_complain(
            app,
            "label: no class is called \"%s\"; one of neutral happiness surprise sadness anger disgust fear "
            "contempt unknown nf",
            arguments);
        return;
    }
    app_review(app, (enum action)(ACTION_LABEL_NEUTRAL + class_index));
}

static void run_model(struct app *app, const char *arguments)
{
    for (size_t i = 0; i < app->model_count; i++)
        if (strcmp(app->models[i].name, arguments) == 0) {
            app_use_model(app, app->models[i].id);
            return;
        }
    app_complain(app, "model: none is called \"%s\"; `m` lists them", arguments);
}

static void run_compare(struct app *app, const char *arguments)
{
    if (strcmp(arguments, "crowd") == 0 && app->columns->model != 0) {
        if (compare_with(app, app->columns->model))
            app_push(app, &view_compare);
        return;
    }
    for (size_t i = 0; i < app->model_count; i++)
        if (strcmp(app->models[i].name, arguments) == 0) {
            if (app->models[i].id == app->columns->model)
                app_complain(app, "compare: %s is the model in use; name another, or crowd", arguments);
            else
                compare_open_with(app, app->models[i].id);
            return;
        }
    app_complain(app, "compare: no model is called \"%s\"; `m` lists them", arguments);
}

static void run_rule(struct app *app, const char *arguments)
{
    enum rule rule;
    if (rule_parse(arguments, &rule))
        app_use_rule(app, rule);
    else
        app_complain(app, "rule: \"%s\" is none; majority, distribution, probability or multi-target",
                     arguments);
}

static void run_live(struct app *app, const char *arguments)
{
    snprintf(app->live_source, sizeof app->live_source, "%s", arguments);
    app_push(app, &view_live);
}

static void run_train(struct app *app, const char *arguments)
{
    if (arguments[0] != '\0')
        app_message(app, "the recipe is set in the form; 'ferlab train' takes options");
    app_push(app, &view_training);
}

static void run_set(struct app *app, const char *arguments)
{
    char word[32];
    int value = 0;
    int fields = sscanf(arguments, "%31s %d", word, &value);
    if (fields == 2 && strcmp(word, "size") == 0 && value >= 48 && value <= 432 && value % 24 == 0)
        app->face_scale = value / 24;
    else if (fields == 1 && (strcmp(word, "legend") == 0 || strcmp(word, "nolegend") == 0))
        app->legend = word[0] == 'l';
    else if (fields == 1 && (strcmp(word, "smooth") == 0 || strcmp(word, "nosmooth") == 0))
        app->smooth = word[0] == 's';
    else
        app_complain(
            app,
            "set: legend, nolegend, smooth, nosmooth, or size N (pixels, a multiple of 24 from 48 to 432)");
    app_changed(app, CHANGE_SIZE);
}

static void run_unlock(struct app *app, const char *arguments)
{
    (void)arguments;
    if (app->unlocked)
        app_message(app, "the test split is unlocked already; :lock freezes it");
    else if (app_unlock(app))
        app_message(app, "the test split may be reviewed now; :lock freezes it again");
}

static void run_lock(struct app *app, const char *arguments)
{
    (void)arguments;
    if (!app->unlocked)
        app_message(app, "the test split is frozen already; :unlock opens it");
    else if (app_lock(app))
        app_message(app, "the test split is frozen again");
}

static void run_quit(struct app *app, const char *arguments)
{
    (void)arguments;
    app->quit = true;
}

const struct command_row command_rows[] = {
    {"filter", "EXPR", "show the samples that EXPR picks; nothing: all", run_filter},
    {"label", "CLASS", "label what is selected", run_label},
    {"model", "NAME", "the model whose predictions are shown", run_model},
    {"compare", "MODEL",
     "compare with MODEL; nothing: the one before; crowd: labels in force with the crowd's", run_compare},
    {"rule", "RULE", "how votes become labels: majority distribution probability multi-target", run_rule},
    {"export", "FORMAT PATH", "write the samples of the filter", exporting_start},
    {"report", "PATH", "write a page about the model and the samples of the filter", exporting_report},
    {"unlock", "", "open the frozen test split for review; recorded", run_unlock},
    {"lock", "", "freeze the test split again", run_lock},
    {"train", "", "open the training form", run_train},
    {"live", "PATH", "watch a camera, a YUV4MPEG2 film or a folder of pictures; nothing: the first camera",
     run_live},
    {"set", "WORD", "legend nolegend smooth nosmooth size N", run_set},
    {"q", "", "leave ferlab", run_quit},
    {NULL, NULL, NULL, NULL},
};

static const struct command_row *find(const char *line, const char **arguments)
{
    size_t length = strcspn(line, " ");
    for (const struct command_row *row = command_rows; row->name != NULL; row++)
        if (strlen(row->name) == length && strncmp(row->name, line, length) == 0) {
            *arguments = line + length + strspn(line + length, " ");
            return row;
        }
    return NULL;
}

void command_run(struct app *app, const char *line)
{
    char text[512];
    line += strspn(line, " ");
    snprintf(text, sizeof text, "%s", line);
    for (size_t end = strlen(text); end > 0 && text[end - 1] == ' ';)
        text[--end] = '\0';
    if (text[0] == '\0')
        return;
    const char *arguments = "";
    const struct command_row *row = find(text, &arguments);
    bool takes = row != NULL && row->arguments[0] != '\0';
    enum action action = takes && arguments[0] != '\0' ? ACTION_NONE : action_of_name(text);
    if (action == ACTION_NONE && row == NULL)
        app_complain(app, "no command is called \"%s\"; ? lists them", text);
    else if (action == ACTION_NONE)
        row->run(app, arguments);
    else if (app_act(app, action) == OUTCOME_IGNORED)
        app_message(app, "no action \"%s\" here; ? lists them", text);
}

size_t command_candidates(const char *text, const char **out, size_t max)
{
    size_t length = strlen(text), count = 0;
    for (const struct command_row *row = command_rows; row->name != NULL && count < max; row++)
        if (strncmp(row->name, text, length) == 0)
            out[count++] = row->name;
    for (int a = ACTION_NONE + 1; a < ACTION_COUNT && count < max; a++) {
        bool listed = false; /* `filter` and `label …` are both */
        for (size_t i = 0; i < count; i++)
            listed |= strcmp(out[i], action_rows[a].name) == 0;
        if (!listed && strncmp(action_rows[a].name, text, length) == 0)
            out[count++] = action_rows[a].name;
    }
    return count;
}

const char *command_help(const char *name)
{
    enum action action = action_of_name(name);
    const char *arguments = "";
    const struct command_row *row = find(name, &arguments);
    return row != NULL ? row->help : action_rows[action].help;
}
