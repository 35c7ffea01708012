/* Help: the keys of the view it was called from, then every action with its keys, every `:` command and the
 * filter grammar, from the tables that make them work. */
#include "parts.h"

#include "ferlab/base/str.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEYS_WIDTH = 12, COLUMN_WIDTH = 66, INDENT = 4 };

enum { KEYS_TEXT = 512 };

enum kind { KIND_HEAD, KIND_ENTRY, KIND_EXAMPLE, KIND_BLANK };

struct entry {
    enum kind kind;
    const char *left, *right;
};

/* A line of the screen: part of an entry. */
struct line {
    const struct entry *entry;
    const char *text; /* of its right part, or NULL */
    int length;
    bool first;
};

struct help {
    struct entry entries[200];
    int entry_count;
    struct line lines[500]; /* the entries, wrapped to `width` */
    int line_count, width;
    char filters[4096];   /* the filter grammar, cut into its parts */
    char here[64];        /* the head of what the view below takes */
    char keys[KEYS_TEXT]; /* its bottom line, cut into keys and words */
    int top;
};

static void add(struct help *h, enum kind kind, const char *left, const char *right)
{
    if (h->entry_count < (int)(sizeof h->entries / sizeof *h->entries))
        h->entries[h->entry_count++] = (struct entry){kind, left, right};
}

static void add_group(struct help *h, const char *group, const char *title)
{
    add(h, KIND_HEAD, title, "");
    for (int a = ACTION_NONE + 1; a < ACTION_COUNT; a++)
        if (strcmp(action_rows[a].group, group) == 0)
            add(h, KIND_ENTRY, action_rows[a].keys[0] != '\0' ? action_rows[a].keys : ":quit",
                action_rows[a].help);
    add(h, KIND_BLANK, "", "");
}

/* What the view that help was called from says at the bottom, all of it: "⏎ open  v box" as entries. */
static void add_here(struct help *h, struct app *app)
{
    const struct view *below = &app->stack[app->depth - 1];
    if (below->ops->keys == NULL)
        return;
    snprintf(h->here, sizeof h->here, "Here: %s", below->ops->name);
    add(h, KIND_HEAD, h->here, "");
    snprintf(h->keys, sizeof h->keys, "%s", below->ops->keys(app, below->state));
    for (char *group = h->keys, *next; group != NULL; group = next) {
        next = strstr(group, "  ");
        if (next != NULL) {
            *next = '\0';
            next += 1 + strspn(next + 1, " ");
        }
        char *words = strchr(group, ' ');
        if (words == NULL)
            continue;
        *words = '\0';
        bool enter = strcmp(group, "⏎") == 0;
        add(h, KIND_ENTRY, enter ? "Enter" : group, words + 1);
    }
    add(h, KIND_BLANK, "", "");
}

/* The grammar's lines are examples, a gap of two blanks or more, and what they mean, which may go on in a
 * line without an example. */
static void add_filters(struct help *h)
{
    add(h, KIND_HEAD, "Filters", "");
    snprintf(h->filters, sizeof h->filters, "%s", filter_help);
    char *rest = h->filters;
    for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
        char *gap = strstr(line, "  ");
        if (line[0] == '\0')
            continue;
        const char *meaning = "";
        if (gap != NULL) {
            meaning = gap + strspn(gap, " ");
            *gap = '\0';
        }
        add(h, KIND_EXAMPLE, line, meaning);
    }
}

static bool help_open(struct app *app, void **state)
{
    struct help *h = calloc(1, sizeof *h);
    if (h == NULL) {
        app_complain(app, "out of memory");
        return false;
    }
    static const char *const groups[][2] = {
        {"review", "Reviewing"},  {"queue", "Review queue"}, {"move", "Moving"},
        {"view", "Views"},        {"face", "Over a face"},   {"matrix", "Confusion matrix and metrics"},
        {"training", "Training"}, {"models", "Models"},      {"map", "Map"},
        {"live", "Live"},
    };
    const char *own = app->stack[app->depth - 1].ops->group;
    add_here(h, app);
    for (int first = 1; first >= 0; first--) /* the group of the view below, then the others */
        for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
            if ((own != NULL && strcmp(groups[i][0], own) == 0) == (first == 1))
                add_group(h, groups[i][0], groups[i][1]);
    add(h, KIND_HEAD, "Commands: after : every action by its name, and", "");
    for (const struct command_row *row = command_rows; row->name != NULL; row++)
        add(h, KIND_ENTRY, row->name, row->help);
    add(h, KIND_BLANK, "", "");
    add_filters(h);
    *state = h;
    return true;
}

static void help_close(struct app *app, void *state)
{
    (void)app;
    free(state);
}

static void add_line(struct help *h, const struct entry *entry, const char *text, int length, bool first)
{
    if (h->line_count < (int)(sizeof h->lines / sizeof *h->lines))
        h->lines[h->line_count++] = (struct line){entry, text, length, first};
}

/* The right part in lines of at most `room` columns, broken at blanks. Its text is ASCII. */
static void wrap_right(struct help *h, const struct entry *entry, int room, bool first)
{
    for (const char *p = entry->right; *p != '\0';) {
        int length = (int)strlen(p);
        if (length > room) {
            length = room;
            while (length > 0 && p[length] != ' ')
                length--;
            if (length == 0)
                length = room;
        }
        add_line(h, entry, p, length, first);
        first = false;
        p += length;
        p += strspn(p, " ");
    }
}

static void wrap(struct help *h, int width)
{
    h->width = width;
    h->line_count = 0;
    for (int i = 0; i < h->entry_count; i++) {
        const struct entry *entry = &h->entries[i];
        if (entry->kind == KIND_ENTRY) {
            wrap_right(h, entry, width - KEYS_WIDTH, true);
            continue;
        }
        if (entry->kind != KIND_EXAMPLE || entry->left[0] != '\0')
            add_line(h, entry, NULL, 0, true);
        if (entry->kind == KIND_EXAMPLE)
            wrap_right(h, entry, width - INDENT, false);
    }
}

static void draw_line(int row, int column, int width, const struct line *line)
{
    const struct entry *entry = line->entry;
    int indent = entry->kind == KIND_ENTRY ? KEYS_WIDTH : INDENT;
    if (line->first)
        draw_text(row, column, entry->kind == KIND_ENTRY ? KEYS_WIDTH - 1 : width,
                  entry->kind == KIND_HEAD ? STYLE_ACCENT : STYLE_BOLD, "%s", entry->left);
    if (line->text != NULL)
        draw_text(row, column + indent, width - indent, entry->kind == KIND_ENTRY ? STYLE_NORMAL : STYLE_DIM,
                  "%.*s", line->length, line->text);
}

static int visible_lines(int *columns)
{
    *columns = draw_columns() / COLUMN_WIDTH > 0 ? draw_columns() / COLUMN_WIDTH : 1;
    return draw_last() - 1;
}

static void help_draw(struct app *app, void *state)
{
    struct help *h = state;
    (void)app;
    int columns, rows = visible_lines(&columns), step = draw_columns() / columns, width = step - 4;
    if (width != h->width)
        wrap(h, width);
    int most = h->line_count - rows * columns;
    if (h->top > most)
        h->top = most;
    if (h->top < 0)
        h->top = 0;
    int last = h->top + rows * columns < h->line_count ? h->top + rows * columns : h->line_count;
    for (int i = h->top; i < last; i++)
        draw_line(2 + (i - h->top) % rows, 2 + (i - h->top) / rows * step, width, &h->lines[i]);
    if (h->line_count > rows * columns)
        draw_status("lines %d to %d of %d", h->top + 1, last, h->line_count);
}

static enum outcome help_act(struct app *app, void *state, enum action action)
{
    struct help *h = state;
    int columns, rows = visible_lines(&columns);
    (void)app;
    switch (action) {
    case ACTION_DOWN:
        h->top++;
        break;
    case ACTION_UP:
        h->top--;
        break;
    case ACTION_PAGE_DOWN:
    case ACTION_ACCEPT: /* the space bar */
        h->top += rows * columns;
        break;
    case ACTION_PAGE_UP:
        h->top -= rows * columns;
        break;
    case ACTION_FIRST:
        h->top = 0;
        break;
    case ACTION_LAST:
        h->top = h->line_count;
        break;
    case ACTION_OPEN:
    case ACTION_HELP:
        app_pop(app);
        break;
    default:
        return OUTCOME_IGNORED;
    }
    return OUTCOME_REDRAW;
}

static const char *help_keys(struct app *app, void *state)
{
    (void)app;
    (void)state;
    return "jk scroll  PgDn page  q back";
}

const struct view_ops view_help = {
    .name = "help",
    .open = help_open,
    .close = help_close,
    .draw = help_draw,
    .act = help_act,
    .keys = help_keys,
};
