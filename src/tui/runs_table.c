/* The table of runs. */
#include "runs_table.h"

#include "align.h"
#include "number.h"
#include "parts.h"

#include "ferlab/base/clock.h"
#include "ferlab/base/str.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* Columns from left to right; the last ones fall away on a narrow screen, and the labels' revision for names
 * that are long. */
static const struct {
    const char *title;
    int at, width;
    bool right;
} table[] = {
    {"run", 1, 4, true},     {"name", 6, 22, false},       {"state", 29, 9, false},
    {"epochs", 38, 8, true}, {"best valid", 47, 11, true}, {"started (UTC)", 60, 16, false},
    {"took", 77, 8, true},   {"labels", 87, 12, false},    {"from", 101, 24, false},
};
enum {
    COLUMN_RUN,
    COLUMN_NAME,
    COLUMN_STATE,
    COLUMN_EPOCHS,
    COLUMN_BEST,
    COLUMN_STARTED,
    COLUMN_TOOK,
    COLUMN_LABELS,
    COLUMN_FROM,
    COLUMNS
};

/* Columns that names take beyond theirs: what the longest needs, as far as the others up to "took" leave
 * that. */
static int name_extra(const struct app *app)
{
    int last = COLUMN_TOOK, longest = 0;
    while (table[last].at + table[last].width > draw_columns())
        last--;
    for (size_t i = 0; i < app->run_count; i++) {
        int width = str_columns(app->runs[i].name);
        longest = width > longest ? width : longest;
    }
    int free = draw_columns() - table[last].at - table[last].width;
    int extra = longest > table[COLUMN_NAME].width ? longest - table[COLUMN_NAME].width : 0;
    return extra < free ? extra : free;
}

static void draw_cell(int row, int column, int extra, enum style style, const char *text)
{
    int at = table[column].at + (column > COLUMN_NAME ? extra : 0);
    int width = table[column].width + (column == COLUMN_NAME ? extra : 0);
    if (at + width > draw_columns())
        return;
    if (table[column].right)
        align_right(row, at, width, style, text);
    else
        draw_text(row, at, width, style, "%s", text);
}

static bool parse_stamp(const char *stamp, time_t *out)
{
    struct tm tm = {0};
    if (stamp == NULL || strptime(stamp, "%Y-%m-%dT%H:%M:%SZ", &tm) == NULL)
        return false;
    *out = timegm(&tm);
    return true;
}

/* 2026-11-22T21:04:05Z as 2026-11-22 21:04. */
static void stamp_short(const char *stamp, char *out, size_t size)
{
    if (stamp != NULL && strlen(stamp) > 16)
        snprintf(out, size, "%.10s %.5s", stamp, stamp + 11);
    else
        out[0] = '\0';
}

static void run_took(const struct run *run, char out[16])
{
    time_t start, end;
    out[0] = '\0';
    if (run->state == RUN_RUNNING)
        end = time(NULL);
    else if (!parse_stamp(run->finished, &end))
        return;
    if (parse_stamp(run->started, &start))
        clock_span(out, difftime(end, start));
}

static enum style state_style(enum run_state state)
{
    static const enum style styles[] = {
        [RUN_RUNNING] = STYLE_ACCENT,
        [RUN_DONE] = STYLE_GOOD,
        [RUN_STOPPED] = STYLE_NORMAL,
        [RUN_FAILED] = STYLE_BAD,
    };
    return styles[state];
}

static void draw_run(const struct run *run, int row, int extra, bool selected)
{
    enum style style = selected ? STYLE_SELECTED : STYLE_NORMAL;
    char text[64];
    if (selected)
        draw_fill(row, 0, 1, draw_columns(), style);
    snprintf(text, sizeof text, "%" PRId64, run->id);
    draw_cell(row, COLUMN_RUN, extra, style, text);
    draw_cell(row, COLUMN_NAME, extra, style, run->name);
    draw_cell(row, COLUMN_STATE, extra, selected ? style : state_style(run->state),
              run_state_name(run->state));
    if (run->folds > 0)
        snprintf(text, sizeof text, "%" PRId64 "/%" PRId64 "×%" PRId64, run->epochs_done, run->folds,
                 run_epochs_of_fold(run));
    else
        snprintf(text, sizeof text, "%" PRId64 "/%" PRId64, run->epochs_done, run->epochs_planned);
    draw_cell(row, COLUMN_EPOCHS, extra, style, text);
    draw_cell(row, COLUMN_BEST, extra, style, number_percent(text, run->best_valid_accuracy));
    stamp_short(run->started, text, sizeof text);
    draw_cell(row, COLUMN_STARTED, extra, style, text);
    run_took(run, text);
    draw_cell(row, COLUMN_TOOK, extra, style, text);
    draw_cell(row, COLUMN_LABELS, extra, style, run->label_revision != NULL ? run->label_revision : "");
    snprintf(text, sizeof text, "%" PRId64 " folds", run->folds);
    draw_cell(row, COLUMN_FROM, extra, style,
              run->folds > 0                          ? text
              : run->parent != NULL && run->parent[0] ? run->parent
                                                      : "fresh weights");
}

static int first_shown(int rows, int selected)
{
    return selected >= rows ? selected - rows + 1 : 0;
}

const struct run *runs_table_run(const struct app *app, int index)
{
    return index >= 0 && (size_t)index < app->run_count ? &app->runs[app->run_count - 1 - (size_t)index]
                                                        : NULL;
}

void runs_table_draw(const struct app *app, int row, int rows, int selected)
{
    int extra = name_extra(app);
    for (int column = 0; column < COLUMNS; column++)
        draw_cell(row, column, extra, STYLE_DIM, table[column].title);
    if (app->run_count == 0)
        draw_text(row + 1, table[COLUMN_NAME].at, 0, STYLE_DIM, "no trainings yet");
    int first = first_shown(rows, selected);
    for (int i = 0; i < rows; i++) {
        const struct run *run = runs_table_run(app, first + i);
        if (run != NULL)
            draw_run(run, row + 1 + i, extra, first + i == selected);
    }
}

int runs_table_at(const struct app *app, int table_row, int rows, int selected, int row)
{
    if (row <= table_row || row > table_row + rows)
        return -1;
    int index = first_shown(rows, selected) + row - table_row - 1;
    return runs_table_run(app, index) != NULL ? index : -1;
}

void runs_notice_deaths(struct app *app)
{
    bool died = false;
    struct err e;
    for (size_t i = 0; i < app->run_count; i++) {
        const struct run *run = &app->runs[i];
        died |= run->state == RUN_RUNNING && run->pid > 0 && kill((pid_t)run->pid, 0) != 0 && errno == ESRCH;
    }
    if (died && !app->read_only && refresh_lists(app, &e)) /* reading the runs marks those as failed */
        app_changed(app, CHANGE_RUNS);
}
