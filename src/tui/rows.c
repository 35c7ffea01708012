/* The filter in force, the rows it picks, the cursor among them, and what can be said of them in numbers. */
#include "parts.h"

#include "ferlab/base/str.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool rows_start(struct app *app, struct err *e)
{
    size_t count = app->columns->count;
    app->rows = malloc((count ? count : 1) * sizeof *app->rows);
    if (app->rows == NULL)
        return err_memory(e, "listing samples");
    app->range_anchor = -1;
    return true;
}

int64_t app_row(const struct app *app)
{
    return app->row_count > 0 ? (int64_t)app->rows[app->cursor] : -1;
}

void app_move_to(struct app *app, size_t cursor)
{
    size_t last = app->row_count > 0 ? app->row_count - 1 : 0;
    app->cursor = cursor < last ? cursor : last;
}

int64_t rows_find(const struct app *app, size_t row)
{
    for (size_t i = 0; i < app->row_count; i++)
        if (app->rows[i] == row)
            return (int64_t)i;
    return -1;
}

void rows_measure(struct app *app)
{
    const struct columns *c = app->columns;
    app->filter_confusion = (struct confusion){0};
    app->outdated = 0;
    for (size_t i = 0; i < app->row_count; i++) {
        confusion_add(&app->filter_confusion, c->label[app->rows[i]], c->prediction[app->rows[i]]);
        app->outdated += !filter_matches(app->filter, c, app->rows[i]);
    }
    metrics_of(&app->filter_confusion, &app->filter_metrics);

    size_t count = 0, right = 0;
    for (size_t i = 0; i < c->count; i++) {
        bool counts = c->split[i] == SPLIT_VALID && class_is_emotion(c->label[i]) && c->prediction[i] >= 0;
        count += counts;
        right += counts && c->label[i] == c->prediction[i];
    }
    app->valid_accuracy = count > 0 ? (double)right / (double)count : (double)NAN;
}

void rows_apply(struct app *app)
{
    int64_t row = app_row(app);
    size_t cursor = app->cursor;
    alike_resolve(app);
    app->row_count = app->filter != NULL ? filter_apply(app->filter, app->columns, app->rows) : 0;
    app->range_anchor = -1;
    int64_t place = row >= 0 ? rows_find(app, (size_t)row) : -1;
    app_move_to(app, place >= 0 ? (size_t)place : cursor);
    rows_measure(app);
}

bool app_set_filter(struct app *app, const char *text)
{
    struct filter *filter = NULL;
    struct err e;
    if (!filter_parse(text, &filter, &e) || !filter_check(filter, app->columns, &e)) {
        app_complain(app, "%s", e.text);
        filter_free(filter);
        return false;
    }
    bool same = app->filter != NULL && strcmp(text, app->filter_text) == 0;
    filter_free(app->filter);
    app->filter = filter;
    if (!same) {
        snprintf(app->filter_text, sizeof app->filter_text, "%s", text);
        app->row_count = app->cursor = 0;
        app->counts_valid = false;
    }
    rows_apply(app);
    app_changed(app, CHANGE_ROWS);
    char count[32];
    app_message(app, "%s sample%s%s", draw_count(count, (int64_t)app->row_count),
                str_plural((int64_t)app->row_count),
                filter_asks_copies(filter) && !app->columns->copies_known
                    ? "; near-duplicates are not known of all: p or a training in folds finds them"
                    : "");
    return true;
}

void rows_queue_filter(const struct app *app, char *out, size_t size)
{
    const char *text = app->filter_text;
    bool ordered = strncmp(text, "sort:", 5) == 0 || strstr(text, " sort:") != NULL;
    snprintf(out, size, "%s%s%s", text, text[0] != '\0' && !ordered ? " " : "",
             ordered ? "" : "sort:-suspect");
}
