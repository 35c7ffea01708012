/* The training view: a form to start from, the running training live, its curves, what it changed, and past
 * runs. */
#include "compare.h"
#include "curves.h"
#include "runs_table.h"
#include "training_form.h"
#include "training_progress.h"

#include "ferlab/base/str.h"
#include "ferlab/train/job.h"
#include "ferlab/train/trainer.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum focus { FOCUS_FORM, FOCUS_RUNS };

struct training_view {
    struct training_form form;
    enum focus focus;
    int selected;  /* in the table of runs; 0 is the newest */
    int64_t shown; /* the run that progress, curves and summary speak of; 0: none */
    struct curves curves;

    pid_t launched;       /* a trainer started here whose run is not there yet; 0: none */
    int64_t launch_after; /* the newest run when it was started */
    char log[PATH_MAX];

    /* what the run shown changed; run 0: nothing to compare. Worked out anew only when one of these differs
     */
    struct compared {
        int64_t run, before, after, predictions, last_event;
    } compared;
    struct retraining retraining;
};

struct layout {
    int form, progress, curves, curve_rows, summary, table, table_rows;
};

static int clamp(int x, int low, int high)
{
    return x < low ? low : x > high ? high : x;
}

static struct layout layout_now(void)
{
    int rows = draw_rows(), gap = rows >= 34 ? 1 : 0;
    struct layout l = {.form = 1 + gap};
    l.progress = l.form + FORM_ROWS + 1 + gap;
    l.curves = l.progress + 2 + gap;
    int rest = draw_last() + 1 - l.curves; /* title, charts, x axis, summary, heading, runs */
    l.table_rows = clamp(rest / 4, 2, 12);
    l.curve_rows = rest - 2 - 2 - 1 - l.table_rows - 2 * gap;
    l.summary = l.curves + 2 + l.curve_rows + gap;
    l.table = l.summary + 2 + gap;
    return l;
}

/* --- what is shown --- */

static void training_compare(struct app *app, struct training_view *v)
{
    const struct run *run = compare_run(app, v->shown);
    const struct model *model = run != NULL ? compare_model(app, run->model) : NULL;
    struct compared wanted = {0};
    struct err e;
    if (model != NULL && model->folds == 0 && model->predictions > 0 && run->state != RUN_RUNNING) {
        int64_t before = compare_baseline(app, model->id);
        if (before != 0)
            wanted =
                (struct compared){run->id, before, model->id, model->predictions, app->columns->last_event};
    }
    if (memcmp(&wanted, &v->compared, sizeof wanted) == 0)
        return;
    v->compared = (struct compared){0};
    if (wanted.run == 0)
        return;
    if (compare_models(app, wanted.before, wanted.after, &v->retraining, &e))
        v->compared = wanted;
    else
        app_complain(app, "%s", e.text);
}

/* Follows the selection of the table. */
static void training_show(struct app *app, struct training_view *v)
{
    const struct run *run = runs_table_run(app, v->selected);
    struct err e;
    v->shown = run != NULL ? run->id : 0;
    if (!curves_load(&v->curves, app, v->shown, &e))
        app_complain(app, "%s", e.text);
    training_compare(app, v);
}

/* --- life --- */

static bool training_open(struct app *app, void **state)
{
    struct training_view *v = calloc(1, sizeof *v);
    if (v == NULL) {
        app_complain(app, "out of memory");
        return false;
    }
    v->form.field = FIELD_START;
    training_form_defaults(&v->form, app);
    training_show(app, v);
    *state = v;
    return true;
}

static void training_close(struct app *app, void *state)
{
    (void)app;
    struct training_view *v = state;
    curves_free(&v->curves);
    free(v);
}

/* A trainer may end before its run exists, for instance when a name is taken; then only its log says why. */
static void training_watch_launch(struct app *app, struct training_view *v)
{
    if (v->launched == 0)
        return;
    for (size_t i = 0; i < app->run_count; i++) {
        if (app->runs[i].pid == v->launched && app->runs[i].id > v->launch_after) {
            v->launched = 0;
            v->selected = 0;
            return;
        }
    }
    if (kill(v->launched, 0) == 0 || errno != ESRCH)
        return;
    char line[512];
    job_last_line(v->log, line, sizeof line);
    v->launched = 0;
    app_complain(app, "the training did not start: %s (log: %s)", line[0] ? line : "no reason given", v->log);
}

static void training_tick(struct app *app, void *state)
{
    training_watch_launch(app, state);
    runs_notice_deaths(app);
}

static void training_changed(struct app *app, void *state, unsigned changes)
{
    struct training_view *v = state;
    if (changes & (CHANGE_MODEL | CHANGE_LABELS))
        training_form_defaults(&v->form, app);
    if (changes & CHANGE_RUNS) {
        /* keep showing the run chosen in the table, though newer ones push it down; a shown newest run gives
         * way */
        int64_t shown = v->shown;
        bool newest = v->selected == 0;
        for (int i = 0; !newest && runs_table_run(app, i) != NULL; i++) {
            if (runs_table_run(app, i)->id == shown)
                v->selected = i;
        }
        training_watch_launch(app, v);
    }
    if (changes & (CHANGE_RUNS | CHANGE_MODEL | CHANGE_LABELS))
        training_show(app, v);
}

/* --- drawing --- */

static const struct run *shown_run(const struct app *app, const struct training_view *v)
{
    return compare_run(app, v->shown);
}

static void draw_progress(const struct app *app, const struct training_view *v, int row)
{
    const struct run *run = shown_run(app, v);
    if (v->launched != 0) {
        draw_text(row, 1, 0, STYLE_ACCENT, "starting the trainer …");
        return;
    }
    if (run == NULL) {
        draw_text(row, 1, 0, STYLE_DIM,
                  "No training yet. Enter on “start training” begins one with these settings.");
        return;
    }
    training_progress_draw(run, curves_latest(&v->curves), row);
}

/* Whether nobody knows what the model in use is worth, which that run made. */
static bool is_unvalidated(const struct app *app, const struct run *run)
{
    return run->folds == 0 && run->state != RUN_RUNNING && run->model != 0 &&
           run->model == app->columns->model && isnan(run->best_valid_accuracy);
}

static void draw_unvalidated(const struct app *app, const char *before, int row)
{
    const struct columns *c = app->columns;
    char learnt[32], text[256];
    int64_t count = 0;
    for (size_t i = 0; i < c->count; i++)
        count += c->in_sample[i];
    snprintf(text, sizeof text,
             "%s was not validated: no face of valid has a label; it learnt from %s face%s", c->model_name,
             draw_count(learnt, count), str_plural(count));
    draw_clauses(row, 1, STYLE_BAD, text);
    draw_text(row + 1, 1, 0, STYLE_DIM, "m takes another model%s%s", before[0] != '\0' ? ", such as " : "",
              before);
}

static void draw_summary(const struct app *app, const struct training_view *v, int row)
{
    const struct run *run = shown_run(app, v);
    if (run != NULL && run->folds > 0 && v->curves.count > 0 && v->curves.runs[0].run == run->id)
        training_folds_draw(run, v->curves.runs[0].epochs, v->curves.runs[0].count, row);
    if (run == NULL)
        return;
    bool compared = v->compared.run == run->id;
    if (is_unvalidated(app, run))
        draw_unvalidated(app, compared ? v->retraining.before_name : "", row);
    else if (compared)
        compare_draw_sentence(&v->retraining, row);
}

static void training_draw(struct app *app, void *state)
{
    struct training_view *v = state;
    struct layout l = layout_now();
    training_form_draw(&v->form, l.form, v->focus == FOCUS_FORM);
    draw_progress(app, v, l.progress);
    curves_draw(&v->curves, app, l.curves, l.curve_rows);
    draw_summary(app, v, l.summary);
    runs_table_draw(app, l.table, l.table_rows, v->focus == FOCUS_RUNS ? v->selected : -1);
}

/* --- acting --- */

static bool any_running(const struct app *app)
{
    for (size_t i = 0; i < app->run_count; i++) {
        if (app->runs[i].state == RUN_RUNNING)
            return true;
    }
    return false;
}

static enum outcome training_start(struct app *app, struct training_view *v)
{
    struct err e;
    if (app->read_only) {
        app_complain(app, "this workspace is read-only; training needs to write to it");
        return OUTCOME_REDRAW;
    }
    if ((any_running(app) || v->launched != 0) &&
        !app_ask_yes(app, "A training is running; start another beside it?"))
        return OUTCOME_REDRAW;
    if (!recipe_check(&v->form.recipe, &e) ||
        !job_start_training(workspace_path(app->workspace), &v->form.recipe, &v->launched, v->log, &e)) {
        app_complain(app, "%s", e.text);
        return OUTCOME_REDRAW;
    }
    v->launch_after = app->run_count > 0 ? app->runs[app->run_count - 1].id : 0;
    v->selected = 0;
    v->focus = FOCUS_FORM;
    app_message(app, "training started; it goes on when you leave ferlab");
    return OUTCOME_REDRAW;
}

static enum outcome training_resume(struct app *app, struct training_view *v)
{
    const struct run *run = shown_run(app, v);
    struct err e;
    if (run == NULL || !train_can_resume(app->workspace, run)) {
        app_message(app, "no run that was stopped or has failed is selected (Tab leads to the runs)");
        return OUTCOME_REDRAW;
    }
    if (app->read_only) {
        app_complain(app, "this workspace is read-only; training needs to write to it");
        return OUTCOME_REDRAW;
    }
    int64_t id = run->id;
    if ((any_running(app) || v->launched != 0) &&
        !app_ask_yes(app, "A training is running; resume run %" PRId64 " beside it?", id))
        return OUTCOME_REDRAW;
    if (!job_resume_training(workspace_path(app->workspace), id, &v->launched, v->log, &e)) {
        app_complain(app, "%s", e.text);
        return OUTCOME_REDRAW;
    }
    v->launch_after = id - 1;
    app_message(app, "run %" PRId64 " goes on, also when you leave ferlab", id);
    return OUTCOME_REDRAW;
}

/* The run to stop: the one shown, else the newest that runs. */
static const struct run *run_to_stop(const struct app *app, const struct training_view *v)
{
    const struct run *run = shown_run(app, v);
    if (run != NULL && run->state == RUN_RUNNING)
        return run;
    for (int i = 0; (run = runs_table_run(app, i)) != NULL; i++) {
        if (run->state == RUN_RUNNING)
            return run;
    }
    return NULL;
}

static enum outcome training_stop(struct app *app, struct training_view *v)
{
    const struct run *run = run_to_stop(app, v);
    struct err e;
    if (run == NULL) {
        app_message(app, "no training is running");
        return OUTCOME_REDRAW;
    }
    int64_t id = run->id; /* the runs may be read anew while the question stands */
    if (!app_ask_yes(app,
                     run->folds > 0 ? "Stop run %" PRId64 " (%s)? R goes on with it later"
                                    : "Stop run %" PRId64 " (%s), keeping its best model so far?",
                     id, run->name))
        return OUTCOME_REDRAW;
    if (job_stop_run(app->workspace, id, &e))
        app_message(app, "run %" PRId64 " was asked to stop", id);
    else
        app_complain(app, "%s", e.text);
    return OUTCOME_REDRAW;
}

/* Enter on a past run: the matrix of what it learnt, with the difference it made. */
static enum outcome training_open_run(struct app *app, struct training_view *v)
{
    const struct run *run = shown_run(app, v);
    if (run == NULL)
        return OUTCOME_DONE;
    if (run->model == 0 || compare_model(app, run->model) == NULL) {
        app_message(app, "run %" PRId64 " has no model%s", run->id, run->state == RUN_RUNNING ? " yet" : "");
        return OUTCOME_REDRAW;
    }
    int64_t model = run->model;
    if (model != app->columns->model) {
        if (!app_ask_yes(app, "%s is not the model in use; use it?", run->model_name) ||
            !app_use_model(app, model))
            return OUTCOME_REDRAW;
    }
    app_push(app, &view_confusion);
    return OUTCOME_REDRAW;
}

/* The model of the run shown, beside the one in use. */
static enum outcome training_compare_run(struct app *app, struct training_view *v)
{
    const struct run *run = shown_run(app, v);
    const struct model *model = run != NULL ? compare_model(app, run->model) : NULL;
    compare_open_with(app, model != NULL ? model->id : 0);
    return OUTCOME_REDRAW;
}

static void training_select(struct app *app, struct training_view *v, int index)
{
    int last = app->run_count > 0 ? (int)app->run_count - 1 : 0;
    v->selected = clamp(index, 0, last);
    training_show(app, v);
}

static enum outcome training_move_runs(struct app *app, struct training_view *v, enum action action)
{
    struct layout l = layout_now();
    if (action == ACTION_UP && v->selected == 0)
        v->focus = FOCUS_FORM;
    else if (action == ACTION_UP || action == ACTION_DOWN)
        training_select(app, v, v->selected + (action == ACTION_UP ? -1 : 1));
    else if (action == ACTION_PAGE_UP || action == ACTION_PAGE_DOWN)
        training_select(app, v, v->selected + (action == ACTION_PAGE_UP ? -l.table_rows : l.table_rows));
    else if (action == ACTION_FIRST)
        training_select(app, v, 0);
    else if (action == ACTION_LAST)
        training_select(app, v, (int)app->run_count);
    return OUTCOME_REDRAW;
}

static enum outcome training_move_form(struct app *app, struct training_view *v, enum action action)
{
    struct training_form *f = &v->form;
    if (action == ACTION_DOWN && f->field == FIELD_START && app->run_count > 0)
        v->focus = FOCUS_RUNS;
    else if (action == ACTION_UP || action == ACTION_DOWN)
        f->field = clamp(f->field + (action == ACTION_UP ? -1 : 1), 0, FIELD_START);
    else if (action == ACTION_LEFT && f->field >= FORM_ROWS)
        f->field -= FORM_ROWS;
    else if (action == ACTION_RIGHT && f->field < (FORM_COLUMNS - 1) * FORM_ROWS)
        f->field = clamp(f->field + FORM_ROWS, 0, FIELD_START);
    else if (action == ACTION_FIRST)
        f->field = 0;
    else if (action == ACTION_LAST)
        f->field = FIELD_START;
    return OUTCOME_REDRAW;
}

static enum outcome training_enter(struct app *app, struct training_view *v)
{
    if (v->focus == FOCUS_RUNS)
        return training_open_run(app, v);
    if (v->form.field == FIELD_START)
        return training_start(app, v);
    training_form_edit(&v->form, app);
    return OUTCOME_REDRAW;
}

static enum outcome training_act(struct app *app, void *state, enum action action)
{
    struct training_view *v = state;
    switch (action) {
    case ACTION_UP:
    case ACTION_DOWN:
    case ACTION_LEFT:
    case ACTION_RIGHT:
    case ACTION_PAGE_UP:
    case ACTION_PAGE_DOWN:
    case ACTION_FIRST:
    case ACTION_LAST:
        return v->focus == FOCUS_RUNS ? training_move_runs(app, v, action)
                                      : training_move_form(app, v, action);
    case ACTION_SWITCH:
        v->focus = v->focus == FOCUS_FORM && app->run_count > 0 ? FOCUS_RUNS : FOCUS_FORM;
        return OUTCOME_REDRAW;
    case ACTION_ACCEPT:
        if (v->focus == FOCUS_FORM && !training_form_cycle(&v->form, app))
            app_message(app, v->form.field == FIELD_START ? "Enter starts" : "Enter edits");
        return OUTCOME_REDRAW;
    case ACTION_OPEN:
        return training_enter(app, v);
    case ACTION_START:
        return training_start(app, v);
    case ACTION_STOP:
        return training_stop(app, v);
    case ACTION_COMPARE:
        return training_compare_run(app, v);
    case ACTION_RESUME:
        return training_resume(app, v);
    default:
        return OUTCOME_IGNORED;
    }
}

static enum outcome training_mouse(struct app *app, void *state, int row, int column, bool doubled)
{
    struct training_view *v = state;
    struct layout l = layout_now();
    int field = training_form_at(l.form, row, column);
    int index = runs_table_at(app, l.table, l.table_rows, v->focus == FOCUS_RUNS ? v->selected : -1, row);
    if (field >= 0) {
        v->focus = FOCUS_FORM;
        v->form.field = field;
    } else if (index >= 0) {
        v->focus = FOCUS_RUNS;
        training_select(app, v, index);
    } else {
        return OUTCOME_IGNORED;
    }
    return doubled ? training_enter(app, v) : OUTCOME_REDRAW;
}

static const char *training_keys(struct app *app, void *state)
{
    const struct training_view *v = state;
    if (v->focus == FOCUS_RUNS)
        return "jk run  ⏎ its confusion matrix  b compare  x stop  R resume  Tab form  m models  q back  ? "
               "help";
    return any_running(app) ? "hjkl field  ⏎ edit  space next choice  x stop  Tab runs  q back  ? help"
                            : "hjkl field  ⏎ edit  space next choice  S start  Tab runs  q back  ? help";
}

const struct view_ops view_training = {
    .name = "training",
    .group = "training",
    .open = training_open,
    .close = training_close,
    .draw = training_draw,
    .act = training_act,
    .mouse = training_mouse,
    .changed = training_changed,
    .keys = training_keys,
    .tick = training_tick,
};
