/* One frame: the top line (where I am, under which protocol), the view, its status line, and the keys that
 * matter here with the message beside them, or the prompt being answered. */
#include "parts.h"
#include "theme.h"

#include "ferlab/base/path.h"
#include "ferlab/base/str.h"

#include <curses.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Views lay themselves out for 80x24, and with less down to this. */
enum { COLUMNS_LEAST = 60, ROWS_LEAST = 16 };
enum { FILTER_LEAST = 16 /* columns of a filter without its middle */ };

/* " 38 %" of "1024 of 2700 faces …"; "" where nothing is said yet. */
static void describe_share(const char *line, char out[16])
{
    unsigned long long done = 0, all = 0;
    out[0] = '\0';
    if (sscanf(line, "%llu of %llu", &done, &all) == 2 && all > 0)
        snprintf(out, 16, " %llu %%", 100 * done / all);
}

static void describe_export(const struct app *app, bool wide, char *out, size_t size)
{
    char share[16];
    describe_share(app->export_line, share);
    snprintf(out, size, "%s%sing%s", wide ? "  " : " ", app->export_word, share);
}

/* "predicting 38 %", with the model's name where it is not the one shown; else that predictions lack. */
static void describe_predictions(const struct app *app, bool wide, char *out, size_t size)
{
    const char *gap = wide ? "  " : " ", *name = "";
    int64_t lacking = app_unpredicted(app, app->columns->model);
    char count[32], share[16];
    out[0] = '\0';
    if (app->predicting != 0) {
        describe_share(app->predicting_line, share);
        for (size_t i = 0; i < app->model_count; i++)
            if (app->models[i].id == app->predicting && app->predicting != app->columns->model)
                name = app->models[i].name;
        snprintf(out, size, "%spredicting%s%.24s%s", gap, name[0] != '\0' ? " " : "", name, share);
    } else if (app->embedding != 0) {
        describe_share(app->embedding_line, share);
        snprintf(out, size, "%sembedding%s", gap, share);
    } else if (lacking > 0 && wide) {
        snprintf(out, size, "%s%s unpredicted", gap, draw_count(count, lacking));
    } else if (lacking > 0) {
        snprintf(out, size, "%sunpredicted", gap);
    }
}

/* How much of the place and of the protocol the top line says; less leaves the filter more room. */
enum less { LESS_NOTHING, LESS_PLACE, LESS_WORDS, LESS_MODEL };

/* "412 of 3,191    model ferplus-m  valid 88.1 %   majority"; "412  ferplus-m valid 88.1 %  majority" where
 * the screen is narrow; "412  ferplus…  majority" where that leaves the filter no room. */
static void describe_protocol(const struct app *app, enum less less, char *out, size_t size)
{
    enum { NAME_LEAST = 12 };
    bool wide = less < LESS_WORDS;
    char rows[32], all[32], accuracy[32] = "", predictions[80], exporting[32] = "";
    const struct columns *c = app->columns;
    const char *model = c->model != 0 ? c->model_name : wide ? "none" : "no model";
    bool cut = less == LESS_MODEL && str_columns(model) > NAME_LEAST;
    if (!isnan(app->valid_accuracy) && less < LESS_MODEL)
        snprintf(accuracy, sizeof accuracy, "%svalid %.1f %%", wide ? "  " : " ", 100 * app->valid_accuracy);
    describe_predictions(app, wide, predictions, sizeof predictions);
    if (app->exporting)
        describe_export(app, wide, exporting, sizeof exporting);
    draw_count(rows, (int64_t)app->row_count);
    draw_count(all, (int64_t)c->count);
    if (wide)
        snprintf(out, size, "%s of %s    model %s%s%s%s   %s%s", rows, all, model, predictions, accuracy,
                 exporting, rule_name(c->rule), app->read_only ? "   read-only" : "");
    else
        snprintf(out, size, "%s  %.*s%s%s%s%s  %s%s", rows, cut ? NAME_LEAST - 1 : (int)strlen(model), model,
                 cut ? "…" : "", predictions, accuracy, exporting, rule_name(c->rule),
                 app->read_only ? "  read-only" : "");
}

/* The workspace's file name, without its usual ending where space is short. */
static int draw_workspace(const struct app *app, int column, bool wide)
{
    const char *name = path_base(workspace_path(app->workspace)), *end = strstr(name, ".ferlab");
    int length = (int)strlen(name);
    if (!wide && end != NULL && end > name && end[7] == '\0')
        length -= 7;
    return draw_text(0, column, wide ? 30 : 14, STYLE_BAR_STRONG, "%.*s", length, name);
}

/* The filter whole, or without its middle. */
static void draw_filter(const char *filter, int column, int room)
{
    int length = (int)strlen(filter);
    if (str_columns(filter) <= room || room < FILTER_LEAST) {
        draw_text(0, column, room, STYLE_BAR_STRONG, "%s", filter);
        return;
    }
    int tail = room / 3;
    char end[sizeof((struct app *)NULL)->filter_text];
    while (tail > 0 && (filter[length - tail] & 0xc0) == 0x80)
        tail--;
    snprintf(end, sizeof end, "%s", filter + length - tail);
    column += draw_text(0, column, room - str_columns(end), STYLE_BAR_STRONG, "%s", filter); /* and … */
    draw_text(0, column, 0, STYLE_BAR_STRONG, "%s", end);
}

/* What stands before the filter; returns the columns used. `full`: with the program's and the view's name. */
static int draw_place(const struct app *app, bool full)
{
    int column = 1;
    if (full)
        column += draw_text(0, column, 0, STYLE_BAR, "ferlab · ");
    column += draw_workspace(app, column, full);
    if (full)
        column += draw_text(0, column, 0, STYLE_BAR, " · %s", app->stack[app->depth - 1].ops->name);
    return column + (full ? 4 : 2);
}

/* What stands beside the filter takes less where the filter would be cut: first the place, then the protocol;
 * model and accuracy only where nothing readable of the filter would be left. */
static void draw_top(const struct app *app)
{
    int columns = draw_columns(), column = 0, right = 0;
    const char *filter = app->filter_text[0] != '\0' ? app->filter_text : "everything";
    bool wide = columns >= 110;
    char protocol[256];
    for (int less = wide ? LESS_NOTHING : LESS_WORDS; less <= LESS_MODEL; less++) {
        describe_protocol(app, (enum less)less, protocol, sizeof protocol);
        draw_fill(0, 0, 1, columns, STYLE_BAR);
        column = draw_place(app, less == LESS_NOTHING);
        right = columns - str_columns(protocol) - 1;
        int room = right - column - 2;
        if (room >= str_columns(filter) || (less == LESS_WORDS && room >= FILTER_LEAST))
            break;
    }
    if (right > column + 2)
        draw_filter(filter, column, right - column - 2);
    draw_text(0, right > 0 ? right : 0, 0, STYLE_BAR, "%s", protocol);
}

/* Messages stand at the right end of the key line, so that they hide nothing of the view; what is wrong, and
 * what is too long for that, in the line above. */
static bool message_fits_keys(const struct app *app)
{
    enum { HELP = sizeof "  ? help  " };
    return !app->message_is_bad && str_columns(app->message) <= draw_columns() * 2 / 3 - HELP;
}

/* "1-8 label  9 unknown": groups two spaces apart, of which the first word is the key. What does not fit is
 * left out from the right, but not the last group, which says how to get help. */
static void draw_keys(const char *keys, int columns)
{
    int row = draw_rows() - 1, column = 1;
    draw_fill(row, 0, 1, draw_columns(), STYLE_BAR);
    const char *last = keys;
    for (const char *p = keys; (p = strstr(p, "  ")) != NULL;) {
        p += strspn(p, " ");
        if (*p != '\0')
            last = p;
    }
    int reserved = str_columns(last) + 2;
    for (const char *p = keys; *p != '\0';) {
        const char *end = strstr(p, "  ");
        size_t length = end != NULL ? (size_t)(end - p) : strlen(p);
        char group[128];
        snprintf(group, sizeof group, "%.*s", (int)length, p);
        if (p == last || column + str_columns(group) + reserved < columns) {
            size_t word = strcspn(group, " ");
            bool spelt = !theme_is_utf8() && strncmp(group, "⏎", strlen("⏎")) == 0;
            column += draw_text(row, column, 0, STYLE_BAR_STRONG, "%.*s", spelt ? 5 : (int)word,
                                spelt ? "Enter" : group);
            column += draw_text(row, column, 0, STYLE_BAR, "%s  ", group + word);
        }
        p += length;
        p += strspn(p, " ");
    }
}

static void draw_bottom(const struct app *app, const char *keys)
{
    int width = str_columns(app->message), row = draw_rows() - 2;
    bool beside = width > 0 && message_fits_keys(app);
    draw_keys(keys, draw_columns() - (beside ? width + 2 : 0));
    if (beside) {
        draw_text(row + 1, draw_columns() - width - 1, 0, STYLE_BAR_STRONG, "%s", app->message);
    } else if (width > 0) {
        draw_fill(row, 0, 1, draw_columns(), STYLE_NORMAL);
        draw_text(row, 1, draw_columns() - 2, app->message_is_bad ? STYLE_BAD : STYLE_ACCENT, "%s",
                  app->message);
    }
}

void frame_draw(struct app *app)
{
    const struct view *view = &app->stack[app->depth - 1];
    images_begin(app->images);
    erase();
    if (draw_rows() < ROWS_LEAST || draw_columns() < COLUMNS_LEAST) {
        draw_text(0, 0, 0, STYLE_NORMAL, "too small:");
        draw_text(1, 0, 0, STYLE_NORMAL, "%dx%d will do", COLUMNS_LEAST, ROWS_LEAST);
    } else {
        view->ops->draw(app, view->state);
        draw_top(app);
        draw_bottom(app, view->ops->keys != NULL ? view->ops->keys(app, view->state) : "? help");
        if (app->ask != NULL)
            ask_draw(app);
    }
    wnoutrefresh(stdscr);
    images_show(app->images);
    app->redraw = false;
}
