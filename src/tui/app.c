/* The app: opening and closing the workbench, the stack of views, and where each event goes. */
#include "ask.h"
#include "compare.h"
#include "parts.h"
#include "scope.h"
#include "terminal.h"
#include "theme.h"
#include "why.h"

#include "ferlab/base/clock.h"
#include "ferlab/base/str.h"
#include "ferlab/tui/workbench.h"

#include <curses.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { STACK_DEPTH = sizeof((struct app *)NULL)->stack / sizeof *((struct app *)NULL)->stack };

/* --- messages --- */

static void say(struct app *app, bool bad, const char *format, va_list arguments)
    __attribute__((format(printf, 3, 0)));
static void say(struct app *app, bool bad, const char *format, va_list arguments)
{
    char text[sizeof app->message];
    vsnprintf(text, sizeof text, format, arguments);
    str_escape(app->message, sizeof app->message, text);
    app->message_is_bad = bad;
    app->redraw = true;
}

void app_message(struct app *app, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say(app, false, format, arguments);
    va_end(arguments);
}

void app_complain(struct app *app, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say(app, true, format, arguments);
    va_end(arguments);
}

/* --- views --- */

static struct view *top(struct app *app)
{
    return &app->stack[app->depth - 1];
}

void app_changed(struct app *app, unsigned changes)
{
    for (int i = 0; i < app->depth; i++)
        if (app->stack[i].ops->changed != NULL)
            app->stack[i].ops->changed(app, app->stack[i].state, changes);
    app->redraw = true;
}

static bool push(struct app *app, const struct view_ops *ops)
{
    if (app->depth == STACK_DEPTH) {
        app_complain(app, "too many views are open; q goes back");
        return false;
    }
    struct view view = {.ops = ops};
    if (ops->open != NULL && !ops->open(app, &view.state))
        return false;
    app->stack[app->depth++] = view;
    app->redraw = true;
    return true;
}

/* Views other than grids of samples are opened once: asked for again, one goes back to them. */
void app_push(struct app *app, const struct view_ops *ops)
{
    if (ops != &view_grid)
        for (int i = 0; i < app->depth; i++)
            if (app->stack[i].ops == ops) {
                while (app->depth > i + 1)
                    app_pop(app);
                return;
            }
    push(app, ops);
}

/* A view that counts: once more, where one is open, for samples that were named since. */
static void push_counting(struct app *app, const struct view_ops *ops)
{
    bool named_since = false;
    for (int i = app->depth - 1; i > 0 && app->stack[i].ops != ops; i--)
        named_since |= app->stack[i].former_filter != NULL && scope_is_named(app);
    if (named_since)
        push(app, ops);
    else
        app_push(app, ops);
}

void app_pop(struct app *app)
{
    struct view gone = *top(app);
    if (app->depth == 1) {
        app->quit = true;
        return;
    }
    app->depth--;
    if (gone.ops->close != NULL)
        gone.ops->close(app, gone.state);
    app->range_anchor = -1;
    app->redraw = true;
    if (gone.former_filter != NULL) {
        app_set_filter(app, gone.former_filter);
        app_move_to(app, gone.former_cursor);
        app->message[0] = '\0';
        free(gone.former_filter);
    }
}

bool app_open_samples(struct app *app, const char *filter)
{
    char *former = strdup(app->filter_text);
    size_t cursor = app->cursor;
    app->aside = true;
    bool set = former != NULL && app_set_filter(app, filter);
    app->aside = false;
    if (!set) {
        free(former);
        return false;
    }
    if (!push(app, &view_grid)) {
        app_set_filter(app, former);
        app_move_to(app, cursor);
        free(former);
        return false;
    }
    top(app)->former_filter = former;
    top(app)->former_cursor = cursor;
    return true;
}

/* --- actions --- */

static enum outcome go_back(struct app *app)
{
    bool escape = app->last_key != 'q';
    if (app->range_anchor >= 0 && escape)
        app->range_anchor = -1;
    else if (app->depth > 1 || !escape)
        app_pop(app);
    else
        app_message(app, "q leaves");
    return OUTCOME_REDRAW;
}

static enum outcome act_on_app(struct app *app, enum action action)
{
    switch (action) {
    case ACTION_BACK:
        return go_back(app);
    case ACTION_FILTER:
        ask_filter(app);
        break;
    case ACTION_COMMAND:
        ask_command(app);
        break;
    case ACTION_CONFUSION:
        push_counting(app, &view_confusion);
        break;
    case ACTION_METRICS:
        push_counting(app, &view_metrics);
        break;
    case ACTION_COMPARE:
        app_push(app, &view_compare);
        break;
    case ACTION_MAP:
        app_push(app, &view_map);
        break;
    case ACTION_TRAINING:
        app_push(app, &view_training);
        break;
    case ACTION_MODELS:
        app_push(app, &view_models);
        break;
    case ACTION_PREDICT:
        app_predict(app, app->columns->model);
        break;
    case ACTION_HELP:
        app_push(app, &view_help);
        break;
    case ACTION_QUEUE:
        app_push(app, &view_queue);
        break;
    case ACTION_SIMILAR:
        alike_open(app);
        break;
    case ACTION_UNDO:
    case ACTION_REDO:
        return app_review(app, action);
    case ACTION_LEGEND:
        app->legend = !app->legend;
        app_changed(app, CHANGE_SIZE);
        break;
    case ACTION_SMOOTH:
        app->smooth = !app->smooth;
        app_changed(app, CHANGE_SIZE);
        break;
    case ACTION_REDRAW:
        clearok(curscr, TRUE);
        images_invalidate(app->images);
        break;
    case ACTION_QUIT:
        app->quit = true;
        break;
    default:
        return OUTCOME_IGNORED;
    }
    return OUTCOME_REDRAW;
}

enum outcome app_act(struct app *app, enum action action)
{
    struct view *view = top(app);
    enum outcome outcome =
        view->ops->act != NULL ? view->ops->act(app, view->state, action) : OUTCOME_IGNORED;
    if (outcome == OUTCOME_IGNORED)
        outcome = act_on_app(app, action);
    app->redraw |= outcome == OUTCOME_REDRAW;
    return outcome;
}

/* --- events --- */

/* Once the end of a training has been seen. Who has typed lately is at something, which a view that opens by
 * itself would take the keys of: that one is told, at the first pause. */
static void show_training_effect(struct app *app)
{
    enum { SEEN_SECONDS = 1, IDLE_SECONDS = 5, PAUSE_SECONDS = 1 };
    double now = clock_seconds();
    if (app->comparison_due == 0 || now - app->comparison_due < SEEN_SECONDS ||
        now - app->last_key_at < PAUSE_SECONDS)
        return;
    bool idle = app->last_key_at < app->comparison_due - IDLE_SECONDS;
    int64_t before = compare_baseline(app, app->columns->model);
    app->comparison_due = 0;
    if (before == 0)
        return;
    if (idle) {
        compare_open_with(app, before);
        app->opened_itself_at = now;
    } else {
        app_message(app, "%s is trained; b shows what it changed", app->columns->model_name);
    }
}

/* Whether the view on top opened by itself so shortly ago that a key was meant for what stood there before.
 */
static bool came_too_soon(struct app *app)
{
    enum { SETTLE_SECONDS = 2 };
    if (app->opened_itself_at == 0 || clock_seconds() - app->opened_itself_at > SETTLE_SECONDS)
        return false;
    app_message(app, "this opened by itself just now; press the key again if it is meant for this view");
    return true;
}

static void handle_key(struct app *app, int key)
{
    struct view *view = top(app);
    app->redraw |= app->message[0] != '\0';
    app->message[0] = '\0';
    app->last_key = key;
    if (came_too_soon(app))
        return;
    enum outcome outcome = view->ops->key != NULL ? view->ops->key(app, view->state, key) : OUTCOME_IGNORED;
    if (outcome == OUTCOME_IGNORED)
        outcome = app_act(app, action_of_key(key, view->ops->group));
    if (outcome == OUTCOME_IGNORED) {
        char title[KEY_TITLE];
        key_title(key, title);
        app_message(app, "no action on %s here; ? lists the keys", title);
    }
    app->redraw |= outcome == OUTCOME_REDRAW;
}

static void handle_click(struct app *app, const struct input *input)
{
    struct view *view = top(app);
    if (app->ask == NULL && view->ops->mouse != NULL &&
        view->ops->mouse(app, view->state, input->row, input->column, input->doubled) == OUTCOME_REDRAW)
        app->redraw = true;
}

static void handle_resize(struct app *app)
{
    caps_resized(STDOUT_FILENO, &app->caps);
    clearok(curscr, TRUE);
    images_invalidate(app->images);
    app_changed(app, CHANGE_SIZE);
}

/* Text pasted by mistake would relabel faces. */
static void refuse_paste(struct app *app)
{
    app_message(app, "nothing was done with the pasted text; open a prompt first, such as / or :");
    app->redraw = true;
}

void app_handle(struct app *app, const struct input *input)
{
    if (input->type == INPUT_KEY || input->type == INPUT_CLICK || input->type == INPUT_WHEEL)
        app->last_key_at = clock_seconds();
    switch (input->type) {
    case INPUT_KEY:
        if (app->ask != NULL && input->pasted && app->ask->yes_no)
            ask_key(app, 'n');
        else if (app->ask != NULL)
            ask_key(app, input->pasted && input->key == '\n' ? ' ' : input->key);
        else if (input->pasted)
            refuse_paste(app);
        else
            handle_key(app, input->key);
        break;
    case INPUT_CLICK:
        handle_click(app, input);
        break;
    case INPUT_WHEEL:
        if (app->ask == NULL)
            app_act(app, input->key > 0 ? ACTION_DOWN : ACTION_UP);
        break;
    case INPUT_RESIZE:
        handle_resize(app);
        break;
    case INPUT_SUSPEND:
        terminal_suspend();
        loop_resumed(app->loop);
        handle_resize(app);
        break;
    case INPUT_TICK:
        if (app->ask == NULL) { /* what is asked about stays as it is until it is answered */
            refresh_look(app);
            refresh_predicting(app);
            exporting_look(app);
            show_training_effect(app);
            alike_look(app);
        }
        if (top(app)->ops->tick != NULL)
            top(app)->ops->tick(app, top(app)->state);
        break;
    case INPUT_HANGUP:
        app->quit = true;
        break;
    case INPUT_NONE:
        break;
    }
}

/* Keys typed ahead are all taken before the next frame, but a flood of them may not freeze the screen. */
enum { FLOOD_MS = 60 };

/* Whether the view on top goes on working, or has a result to draw, rather than wait. */
static bool work(struct app *app)
{
    const struct view *view = top(app);
    bool more = view->ops->work != NULL && view->ops->work(app, view->state);
    return more || app->redraw;
}

void app_turn(struct app *app)
{
    if (app->redraw)
        frame_draw(app);
    struct input input;
    loop_next(app->loop, !work(app), &input);
    double started = clock_seconds();
    while (input.type != INPUT_NONE) {
        app_handle(app, &input);
        bool answered = app->ask != NULL && app->ask->done; /* what follows is for whoever asked */
        if (app->quit || answered || clock_seconds() - started > FLOOD_MS / 1000.0)
            break;
        loop_next(app->loop, false, &input);
    }
}

/* --- the workbench --- */

static bool open_workspace(struct app *app, const struct workbench_options *options, struct err *e)
{
    struct err ignored;
    if (workspace_open(&app->workspace, options->workspace, WORKSPACE_WRITE, e))
        return true;
    app->read_only = true;
    return workspace_open(&app->workspace, options->workspace, WORKSPACE_READ, &ignored);
}

static bool find_model(struct app *app, const char *name, int64_t *id, struct err *e)
{
    for (size_t i = 0; i < app->model_count; i++)
        if (strcmp(app->models[i].name, name) == 0) {
            *id = app->models[i].id;
            app->model_chosen = true;
            return true;
        }
    return err_set(e, ERR_USAGE, "%s: no model is called \"%s\"; 'ferlab models' lists them",
                   workspace_path(app->workspace), name);
}

static bool load(struct app *app, const struct workbench_options *options, struct err *e)
{
    int64_t model = 0;
    if (!open_workspace(app, options, e) || !refresh_lists(app, e))
        return false;
    app->version = workspace_version(app->workspace);
    for (size_t i = 0; i < app->run_count; i++)
        app->newest_run = app->runs[i].id > app->newest_run ? app->runs[i].id : app->newest_run;
    if (options->model != NULL && !find_model(app, options->model, &model, e))
        return false;
    if (!columns_load(&app->columns, app->workspace, RULE_MAJORITY, model, e) ||
        !reviews_unlocked(app->workspace, &app->unlocked, e))
        return false;
    app->faces = face_cache_new(app->columns->count, e);
    return app->faces != NULL && rows_start(app, e);
}

static void unload(struct app *app)
{
    while (app->depth > 0) {
        struct view *view = &app->stack[--app->depth];
        if (view->ops->close != NULL)
            view->ops->close(app, view->state);
        free(view->former_filter);
    }
    ask_free(app);
    why_free(app->why);
    if (app->exporting)
        close(app->export_log);
    filter_free(app->filter);
    free(app->rows);
    face_cache_free(app->faces);
    embeddings_free(app->embeddings);
    columns_free(app->columns);
    arena_free(&app->shared_arena);
    workspace_close(app->workspace);
}

static bool run(struct app *app, const struct workbench_options *options, struct err *e)
{
    bool fine = false;
    app->loop = loop_new(e);
    app->images = app->loop != NULL ? images_new(&app->caps, STDOUT_FILENO) : NULL;
    if (app->images == NULL) {
        if (app->loop != NULL)
            err_memory(e, "starting the workbench");
        goto done;
    }
    const char *filter = options->filter;
    if (filter == NULL)
        filter = app->columns->model != 0 ? "pred!=label sort:-suspect" : "";
    bool set = app_set_filter(app, filter), asked = options->filter != NULL;
    bool says_why = asked || app->row_count > 0 || app_unpredicted(app, app->columns->model) > 0;
    if (!set || !says_why)
        app_set_filter(app, "");
    else
        app->message[0] = '\0';
    refresh_offer(app);
    if (app->read_only)
        app_message(app, "%s may only be read: looking works, reviewing does not",
                    workspace_path(app->workspace));
    if (!push(app, &view_grid)) {
        err_set(e, ERR_MEMORY, "%s", app->message);
        goto done;
    }
    if (options->live != NULL) {
        snprintf(app->live_source, sizeof app->live_source, "%s", options->live);
        app_push(app, &view_live);
    }
    loop_type_ahead(app->loop, app->caps.typed, app->caps.typed_count);
    while (!app->quit)
        app_turn(app);
    fine = true;
done:
    images_free(app->images);
    loop_free(app->loop);
    return fine;
}

bool workbench_run(const struct workbench_options *options, struct err *e)
{
    if (!terminal_usable(e))
        return false;
    struct app *app = calloc(1, sizeof *app);
    if (app == NULL)
        return err_memory(e, "starting the workbench");
    app->legend = true;
    bool fine = load(app, options, e);
    if (fine) {
        caps_query(STDIN_FILENO, &app->caps);
        terminal_start(app->caps.name);
        theme_start(app->caps.light);
        fine = run(app, options, e);
        terminal_stop();
    }
    unload(app);
    free(app);
    return fine;
}
