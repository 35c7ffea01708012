/* Models and runs: which models the workspace has, which one is in use, and the trainings they came from. */
#include "align.h"
#include "compare.h"
#include "number.h"
#include "parts.h"
#include "runs_table.h"

#include "ferlab/base/str.h"
#include "ferlab/store/beside.h"
#include "ferlab/train/job.h"
#include "ferlab/train/model_read.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct models_view {
    bool in_runs;
    int model, run; /* selected: models in the order shown, runs with 0 the newest */

    struct metrics metrics; /* of the model in use, on the validation split */

    struct arena arena; /* of read */
    int64_t read_model; /* whose reading that is; 0: none yet */
    const char *read;   /* how it is read, NULL where that is not known */
};

struct layout {
    int models, model_rows, detail, runs, run_rows;
};

static int clamp(int x, int low, int high)
{
    return x < low ? low : x > high ? high : x;
}

/* Both tables keep their places however many rows they hold. */
static struct layout layout_now(void)
{
    int rows = draw_last(), gap = draw_rows() >= 34 ? 1 : 0;
    struct layout l = {.models = 1 + gap};
    int rest = rows - l.models - 2 - 4 - 3 * gap; /* headings, detail, failure */
    l.model_rows = clamp(rest / 2, 3, 40);
    l.detail = l.models + 1 + l.model_rows + gap;
    l.runs = l.detail + 3 + gap;
    l.run_rows = clamp(rows - l.runs - 2 - gap, 2, 60);
    return l;
}

/* The models offered, newest first; NULL beyond. */
static const struct model *model_shown(const struct app *app, int index)
{
    for (size_t i = app->model_count; i-- > 0;) {
        if (!app->models[i].external && index-- == 0)
            return &app->models[i];
    }
    return NULL;
}

static int models_shown(const struct app *app)
{
    int count = 0;
    while (model_shown(app, count) != NULL)
        count++;
    return count;
}

/* --- life --- */

static void models_measure(struct app *app, struct models_view *v)
{
    const struct columns *c = app->columns;
    struct confusion confusion = {0};
    for (size_t row = 0; row < c->count; row++) {
        if (c->split[row] == SPLIT_VALID)
            confusion_add(&confusion, c->label[row], c->prediction[row]);
    }
    metrics_of(&confusion, &v->metrics);
}

static bool models_open(struct app *app, void **state)
{
    struct models_view *v = calloc(1, sizeof *v);
    if (v == NULL) {
        app_complain(app, "out of memory");
        return false;
    }
    v->in_runs = models_shown(app) == 0 && app->run_count > 0;
    models_measure(app, v);
    *state = v;
    return true;
}

static void models_close(struct app *app, void *state)
{
    struct models_view *v = state;
    (void)app;
    arena_free(&v->arena);
    free(v);
}

static void models_clamp(const struct app *app, struct models_view *v)
{
    int models = models_shown(app), runs = (int)app->run_count;
    v->model = clamp(v->model, 0, models > 0 ? models - 1 : 0);
    v->run = clamp(v->run, 0, runs > 0 ? runs - 1 : 0);
    if (models == 0)
        v->in_runs = runs > 0;
    else if (runs == 0)
        v->in_runs = false;
}

static void models_changed(struct app *app, void *state, unsigned changes)
{
    struct models_view *v = state;
    models_clamp(app, v);
    if (changes & (CHANGE_LABELS | CHANGE_MODEL))
        models_measure(app, v);
}

static void models_tick(struct app *app, void *state)
{
    (void)state;
    runs_notice_deaths(app);
}

/* --- drawing --- */

static const struct {
    const char *title;
    int at, width;
    bool right;
} table[] = {
    {"model", 3, 24, false},     {"valid", 28, 8, true},
    {"predicted", 37, 10, true}, {"parameters", 48, 11, true},
    {"run", 60, 4, true},        {"created (UTC)", 66, 16, false},
    {"size", 83, 9, true},       {"architecture", 94, 60, false},
};
enum {
    COLUMN_NAME,
    COLUMN_VALID,
    COLUMN_PREDICTED,
    COLUMN_PARAMETERS,
    COLUMN_RUN,
    COLUMN_CREATED,
    COLUMN_SIZE,
    COLUMN_ARCH,
    COLUMNS
};

/* Columns that names take beyond theirs: what the longest needs, as far as the others leave that. */
static int name_extra(const struct app *app)
{
    int last = COLUMN_SIZE, longest = table[COLUMN_NAME].width;
    while (table[last].at + table[last].width > draw_columns())
        last--;
    const struct model *m;
    for (int i = 0; (m = model_shown(app, i)) != NULL; i++)
        longest = str_columns(m->name) > longest ? str_columns(m->name) : longest;
    return clamp(longest - table[COLUMN_NAME].width, 0, draw_columns() - table[last].at - table[last].width);
}

static void draw_table_cell(int row, int column, int extra, enum style style, const char *text)
{
    int at = table[column].at + (column > COLUMN_NAME ? extra : 0);
    int width = table[column].width + (column == COLUMN_NAME ? extra : 0), rest = draw_columns() - at;
    if (column == COLUMN_ARCH && rest > 16 && rest < width)
        width = rest;
    if (width > rest)
        return;
    if (table[column].right)
        align_right(row, at, width, style, text);
    else
        draw_text(row, at, width, style, "%s", text);
}

static void draw_model(const struct app *app, const struct model *m, int row, int extra, bool selected)
{
    bool current = m->id == app->columns->model;
    enum style style = selected ? STYLE_SELECTED : current ? STYLE_BOLD : STYLE_NORMAL;
    char text[64];
    if (selected)
        draw_fill(row, 0, 1, draw_columns(), style);
    draw_text(row, 1, 1, selected ? style : STYLE_ACCENT, current ? "●" : " ");
    draw_table_cell(row, COLUMN_NAME, extra, style, m->name);
    draw_table_cell(row, COLUMN_VALID, extra, style, number_percent(text, m->valid_accuracy));
    long long done = 0;
    if (m->id == app->predicting && sscanf(app->predicting_line, "%lld", &done) != 1)
        done = 0;
    draw_table_cell(row, COLUMN_PREDICTED, extra, style, draw_count(text, m->predictions + done));
    draw_table_cell(row, COLUMN_PARAMETERS, extra, style, draw_count(text, m->parameters));
    snprintf(text, sizeof text, "%" PRId64, m->run);
    draw_table_cell(row, COLUMN_RUN, extra, style, m->run != 0 ? text : "–");
    snprintf(text, sizeof text, "%.10s %.5s", m->created, m->created[0] ? m->created + 11 : "");
    draw_table_cell(row, COLUMN_CREATED, extra, style, text);
    snprintf(text, sizeof text, "%.1f MB", (double)m->size_bytes / 1e6);
    draw_table_cell(row, COLUMN_SIZE, extra, style, m->folds > 0 ? "–" : text);
    draw_table_cell(row, COLUMN_ARCH, extra, style, m->arch);
}

static int first_model(const struct models_view *v, int rows)
{
    return v->model >= rows ? v->model - rows + 1 : 0;
}

static void draw_models(const struct app *app, const struct models_view *v, const struct layout *l)
{
    int first = first_model(v, l->model_rows);
    int extra = name_extra(app);
    for (int column = 0; column < COLUMNS; column++)
        draw_table_cell(l->models, column, extra, STYLE_DIM, table[column].title);
    if (app_offers_shipped(app))
        draw_text(l->models + 1, 3, 0, STYLE_NORMAL,
                  "No model yet. p predicts with the one that ships; t trains one");
    else if (model_shown(app, 0) == NULL)
        draw_text(l->models + 1, 3, 0, STYLE_NORMAL,
                  "No model yet. t trains one; in a shell: ferlab model import FILE.onnx");
    for (int i = 0; i < l->model_rows; i++) {
        const struct model *m = model_shown(app, first + i);
        if (m != NULL)
            draw_model(app, m, l->models + 1 + i, extra, !v->in_runs && first + i == v->model);
    }
}

/* How the selected model is read. Its file does not change, so that it is read once for each selection. */
static const char *find_reading(const struct app *app, struct models_view *v, const struct model *m)
{
    struct model_read read;
    struct err e;
    if (v->read_model == m->id)
        return v->read;
    arena_free(&v->arena);
    v->read_model = m->id;
    v->read = model_read(app->workspace, m, &v->arena, &read, &e) ? model_read_text(&read, &v->arena) : NULL;
    return v->read;
}

static void draw_detail(const struct app *app, struct models_view *v, const struct layout *l)
{
    const struct model *m = model_shown(app, v->model);
    char text[NUMBER_TEXT], count[NUMBER_TEXT];
    if (m == NULL)
        return;
    const char *read = find_reading(app, v, m);
    if (read != NULL)
        draw_text(l->detail + 1, 1, draw_columns() - 2, STYLE_DIM, "read as %s", read);
    if (m->folds > 0)
        draw_text(l->detail, 1, draw_columns() - 2, STYLE_DIM,
                  "%s: what %" PRId64 " models said, each of the faces that it did not see; no file, %s",
                  m->name, m->folds, m->arch);
    else
        draw_text(l->detail, 1, draw_columns() - 2, STYLE_DIM, "%s: %s, sha256 %.12s", m->name, m->arch,
                  m->digest);
    if (m->id == app->predicting) {
        draw_text(l->detail + 2, 1, 0, STYLE_ACCENT, "predicting: %s",
                  app->predicting_line[0] != '\0' ? app->predicting_line : "it begins");
    } else if (app_unpredicted(app, m->id) > 0) {
        draw_text(l->detail + 2, 1, 0, STYLE_DIM,
                  "⏎ or p computes the %s prediction%s it lacks, then uses it",
                  draw_count(count, app_unpredicted(app, m->id)), str_plural(app_unpredicted(app, m->id)));
    } else if (m->id == app->columns->model && v->metrics.count > 0) {
        int at = 1 + draw_text(l->detail + 2, 1, 0, STYLE_ACCENT, "● in use");
        at += draw_text(l->detail + 2, at, 0, STYLE_NORMAL, "   on %s validation face%s: accuracy %s",
                        draw_count(count, v->metrics.count), str_plural(v->metrics.count),
                        number_percent(text, v->metrics.accuracy));
        draw_text(l->detail + 2, at, 0, STYLE_NORMAL, ", macro F1 %s",
                  number_fraction(text, v->metrics.macro_f1));
    } else if (m->id != app->columns->model) {
        draw_text(l->detail + 2, 1, 0, STYLE_DIM,
                  "⏎ uses it: predictions, scores and filters will speak of it");
    }
}

/* What the selected run has to say: why it failed, else which model it made. */
static void draw_run_detail(const struct app *app, const struct models_view *v, const struct layout *l)
{
    const struct run *run = v->in_runs ? runs_table_run(app, v->run) : NULL;
    int row = l->runs + l->run_rows + 1;
    if (run == NULL)
        return;
    if (run->state == RUN_FAILED)
        draw_clauses(row, 1 + draw_text(row, 1, 0, STYLE_BAD, "✗ "), STYLE_BAD,
                     run->failure != NULL ? run->failure : "failed");
    else if (run->model != 0)
        draw_text(row, 1, draw_columns() - 2, STYLE_DIM, "made %s, seed %" PRId64 ", %" PRId64 " thread%s",
                  run->model_name, run->seed, run->threads, str_plural(run->threads));
}

static void models_draw(struct app *app, void *state)
{
    struct models_view *v = state;
    struct layout l = layout_now();
    draw_models(app, v, &l);
    draw_detail(app, v, &l);
    runs_table_draw(app, l.runs, l.run_rows, v->in_runs ? v->run : -1);
    draw_run_detail(app, v, &l);
}

/* --- acting --- */

static enum outcome models_use(struct app *app, struct models_view *v)
{
    const struct model *m = model_shown(app, v->model);
    if (m == NULL)
        return OUTCOME_DONE;
    app_use_model(app, m->id);
    return OUTCOME_REDRAW;
}

/* The selected model, or that of the selected run, beside the one in use; where they are the same, the one
 * before. */
static enum outcome models_compare(struct app *app, struct models_view *v)
{
    const struct run *run = v->in_runs ? runs_table_run(app, v->run) : NULL;
    const struct model *m =
        v->in_runs ? run != NULL ? compare_model(app, run->model) : NULL : model_shown(app, v->model);
    if (v->in_runs && m == NULL)
        app_message(app, "the selected run has no model to compare with");
    else
        compare_open_with(app, m != NULL ? m->id : 0);
    return OUTCOME_REDRAW;
}

static bool remove_model(struct app *app, int64_t model)
{
    struct err e;
    if (app->columns->beside != NULL && app->columns->beside->model == model)
        compare_with(app, 0);
    if (!model_remove(app->workspace, model, &e) || !refresh_lists(app, &e)) {
        app_complain(app, "%s", e.text);
        return false;
    }
    app_changed(app, CHANGE_RUNS);
    return true;
}

static enum outcome models_remove(struct app *app, struct models_view *v)
{
    const struct model *m = v->in_runs ? NULL : model_shown(app, v->model);
    char name[64];
    if (m == NULL) {
        app_message(app, "runs stay, as the record of what was trained; models can be removed");
        return OUTCOME_REDRAW;
    }
    int64_t id = m->id;
    snprintf(name, sizeof name, "%s", m->name);
    if (id == app->columns->model) {
        app_message(app, "%s is in use; use another model before removing it", name);
        return OUTCOME_REDRAW;
    }
    if (app_ask_yes(app, "Remove model %s with its predictions? This cannot be undone.", name) &&
        remove_model(app, id))
        app_message(app, "%s was removed", name);
    return OUTCOME_REDRAW;
}

static enum outcome models_stop(struct app *app, struct models_view *v)
{
    const struct run *run = v->in_runs ? runs_table_run(app, v->run) : NULL;
    struct err e;
    if (run == NULL || run->state != RUN_RUNNING) {
        app_message(app, "no running training is selected");
        return OUTCOME_REDRAW;
    }
    int64_t id = run->id;
    if (!app_ask_yes(app,
                     run->folds > 0 ? "Stop run %" PRId64 " (%s)? It can be resumed"
                                    : "Stop run %" PRId64 " (%s), keeping its best model so far?",
                     id, run->name))
        return OUTCOME_REDRAW;
    if (job_stop_run(app->workspace, id, &e))
        app_message(app, "run %" PRId64 " was asked to stop", id);
    else
        app_complain(app, "%s", e.text);
    return OUTCOME_REDRAW;
}

/* Down from the last model leads to the first run, and back. */
static enum outcome models_move(struct app *app, struct models_view *v, int by)
{
    int models = models_shown(app);
    if (!v->in_runs && v->model + by >= models && by == 1 && app->run_count > 0)
        v->in_runs = true;
    else if (v->in_runs && v->run + by < 0 && by == -1 && models > 0)
        v->in_runs = false;
    else if (v->in_runs)
        v->run += by;
    else
        v->model += by;
    models_clamp(app, v);
    return OUTCOME_REDRAW;
}

static enum outcome models_act(struct app *app, void *state, enum action action)
{
    struct models_view *v = state;
    struct layout l = layout_now();
    int page = v->in_runs ? l.run_rows : l.model_rows, all = (int)(app->model_count + app->run_count);
    switch (action) {
    case ACTION_UP:
        return models_move(app, v, -1);
    case ACTION_DOWN:
        return models_move(app, v, 1);
    case ACTION_PAGE_UP:
        return models_move(app, v, -page);
    case ACTION_PAGE_DOWN:
        return models_move(app, v, page);
    case ACTION_FIRST:
        return models_move(app, v, -all - 2);
    case ACTION_LAST:
        return models_move(app, v, all + 2);
    case ACTION_SWITCH:
        v->in_runs = !v->in_runs;
        models_clamp(app, v);
        return OUTCOME_REDRAW;
    case ACTION_OPEN:
        if (!v->in_runs)
            return models_use(app, v);
        app_push(app, &view_training);
        return OUTCOME_REDRAW;
    case ACTION_PREDICT:
        if (v->in_runs || model_shown(app, v->model) == NULL)
            return OUTCOME_IGNORED;
        app_predict(app, model_shown(app, v->model)->id);
        return OUTCOME_REDRAW;
    case ACTION_COMPARE:
        return models_compare(app, v);
    case ACTION_REMOVE:
        return models_remove(app, v);
    case ACTION_STOP:
        return models_stop(app, v);
    default:
        return OUTCOME_IGNORED;
    }
}

static enum outcome models_mouse(struct app *app, void *state, int row, int column, bool doubled)
{
    (void)column;
    struct models_view *v = state;
    struct layout l = layout_now();
    int run = runs_table_at(app, l.runs, l.run_rows, v->in_runs ? v->run : -1, row);
    int model = row > l.models && row <= l.models + l.model_rows
                    ? first_model(v, l.model_rows) + row - l.models - 1
                    : -1;
    if (run >= 0) {
        v->in_runs = true;
        v->run = run;
    } else if (model >= 0 && model_shown(app, model) != NULL) {
        v->in_runs = false;
        v->model = model;
    } else {
        return OUTCOME_IGNORED;
    }
    return doubled ? models_act(app, state, ACTION_OPEN) : OUTCOME_REDRAW;
}

static const char *models_keys(struct app *app, void *state)
{
    (void)app;
    const struct models_view *v = state;
    return v->in_runs
               ? "jk run  ⏎ training view  b compare  x stop  Tab models  t train  c confusion  q back  ? "
                 "help"
               : "jk model  ⏎ use it  b compare  d remove  Tab runs  t train  c confusion  q back  ? help";
}

const struct view_ops view_models = {
    .name = "models",
    .group = "models",
    .open = models_open,
    .close = models_close,
    .draw = models_draw,
    .act = models_act,
    .mouse = models_mouse,
    .changed = models_changed,
    .keys = models_keys,
    .tick = models_tick,
};
