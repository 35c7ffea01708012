/* Prompts at the bottom: a line with cursor, history and completion, or a yes-or-no question. The loop goes
 * on meanwhile, so the screen stays alive behind them. */
#include "ask.h"

#include "parts.h"

#include "ferlab/base/str.h"

#include <curses.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

enum { HISTORY_LINES = 64, HISTORY_PROMPTS = 8, OFFERS = 64 };

struct ask_memory {
    struct {
        char prompt[32];
        char *lines[HISTORY_LINES]; /* oldest first */
        int count;
    } of[HISTORY_PROMPTS];
};

void ask_free(struct app *app)
{
    if (app->ask_memory == NULL)
        return;
    for (int i = 0; i < HISTORY_PROMPTS; i++)
        for (int j = 0; j < app->ask_memory->of[i].count; j++)
            free(app->ask_memory->of[i].lines[j]);
    free(app->ask_memory);
    app->ask_memory = NULL;
}

/* Which history belongs to a prompt; -1 when there is no room for one. */
static int history_of(struct app *app, const char *prompt)
{
    if (app->ask_memory == NULL && (app->ask_memory = calloc(1, sizeof *app->ask_memory)) == NULL)
        return -1;
    for (int i = 0; i < HISTORY_PROMPTS; i++) {
        char *known = app->ask_memory->of[i].prompt;
        if (known[0] == '\0')
            snprintf(known, sizeof app->ask_memory->of[i].prompt, "%s", prompt);
        if (strcmp(known, prompt) == 0)
            return i;
    }
    return -1;
}

static void remember(struct app *app, const struct ask *ask)
{
    int i = history_of(app, ask->prompt);
    if (i < 0 || ask->text[0] == '\0')
        return;
    char **lines = app->ask_memory->of[i].lines;
    int *count = &app->ask_memory->of[i].count;
    if (*count > 0 && strcmp(lines[*count - 1], ask->text) == 0)
        return;
    char *copy = strdup(ask->text);
    if (copy == NULL)
        return;
    if (*count == HISTORY_LINES) {
        free(lines[0]);
        memmove(lines, lines + 1, (HISTORY_LINES - 1) * sizeof *lines);
        --*count;
    }
    lines[(*count)++] = copy;
}

/* --- editing --- */

static size_t step_left(const char *text, size_t i)
{
    while (i > 0 && (text[--i] & 0xc0) == 0x80)
        ;
    return i;
}

static size_t step_right(const char *text, size_t i)
{
    if (text[i] != '\0')
        i++;
    while ((text[i] & 0xc0) == 0x80)
        i++;
    return i;
}

static void erase_between(struct ask *ask, size_t from, size_t to)
{
    memmove(ask->text + from, ask->text + to, strlen(ask->text + to) + 1);
    ask->cursor = from;
}

static void insert(struct ask *ask, const char *bytes, size_t count)
{
    size_t length = strlen(ask->text);
    if (length + count >= ASK_BYTES)
        return;
    memmove(ask->text + ask->cursor + count, ask->text + ask->cursor, length - ask->cursor + 1);
    memcpy(ask->text + ask->cursor, bytes, count);
    ask->cursor += count;
}

static void replace(struct ask *ask, const char *text)
{
    size_t length = strnlen(text, sizeof ask->text - 1);
    memmove(ask->text, text, length);
    ask->text[length] = '\0';
    ask->cursor = length;
}

static size_t word_left(const char *text, size_t i)
{
    while (i > 0 && text[i - 1] == ' ')
        i--;
    while (i > 0 && text[i - 1] != ' ')
        i--;
    return i;
}

static void walk_history(struct app *app, struct ask *ask, int step)
{
    int i = history_of(app, ask->prompt);
    int count = i >= 0 ? app->ask_memory->of[i].count : 0, at = ask->history_at + step;
    if (at < 0 || at > count)
        return;
    if (ask->history_at == 0)
        snprintf(ask->typed, sizeof ask->typed, "%s", ask->text);
    ask->history_at = at;
    replace(ask, at == 0 ? ask->typed : app->ask_memory->of[i].lines[count - at]);
}

static void offer(struct app *app, struct ask *ask, int step)
{
    if (ask->complete == NULL)
        return;
    if (ask->offered == 0)
        snprintf(ask->stem, sizeof ask->stem, "%.*s", (int)ask->cursor, ask->text);
    struct ask stem = {.prompt = ask->prompt};
    replace(&stem, ask->stem);
    static char offers[OFFERS][ASK_BYTES];
    size_t count = ask->complete(app, &stem, offers, OFFERS);
    if (count == 0)
        return;
    ask->offered =
        ask->offered == 0 ? (step > 0 ? 1 : count) : 1 + (ask->offered - 1 + count + (size_t)step) % count;
    replace(ask, offers[ask->offered - 1]);
}

static void type_character(struct ask *ask, int key)
{
    wchar_t c = (wchar_t)(key & ~KEY_WIDE);
    char bytes[MB_LEN_MAX];
    mbstate_t state = {0};
    size_t count = wcrtomb(bytes, c, &state);
    if (count == (size_t)-1)
        return;
    if (ask->fresh)
        replace(ask, "");
    insert(ask, bytes, count);
}

/* False for keys that mean nothing here. */
static bool edit(struct app *app, struct ask *ask, int key)
{
    size_t end = strlen(ask->text);
    switch (key) {
    case KEY_LEFT:
    case 'B' & 31:
        ask->cursor = step_left(ask->text, ask->cursor);
        return true;
    case KEY_RIGHT:
    case 'F' & 31:
        ask->cursor = step_right(ask->text, ask->cursor);
        return true;
    case KEY_HOME:
    case 'A' & 31:
        ask->cursor = 0;
        return true;
    case KEY_END:
    case 'E' & 31:
        ask->cursor = end;
        return true;
    case 127:
        if (ask->fresh)
            replace(ask, "");
        else if (ask->cursor > 0)
            erase_between(ask, step_left(ask->text, ask->cursor), ask->cursor);
        return true;
    case KEY_DC:
        if (ask->fresh)
            replace(ask, "");
        else
            erase_between(ask, ask->cursor, step_right(ask->text, ask->cursor));
        return true;
    case 'U' & 31:
        erase_between(ask, 0, ask->cursor);
        return true;
    case 'K' & 31:
        ask->text[ask->cursor] = '\0';
        return true;
    case 'W' & 31:
        erase_between(ask, word_left(ask->text, ask->cursor), ask->cursor);
        return true;
    case KEY_UP:
    case 'P' & 31:
        walk_history(app, ask, 1);
        return true;
    case KEY_DOWN:
    case 'N' & 31:
        walk_history(app, ask, -1);
        return true;
    default:
        break;
    }
    bool is_character = (key >= ' ' && key < 127) || (key >= 0xa0 && key < 0x100) || (key & KEY_WIDE);
    if (is_character)
        type_character(ask, key);
    return is_character;
}

static void look(struct app *app, struct ask *ask)
{
    ask->hint[0] = '\0';
    ask->place = -1;
    if (ask->look != NULL)
        ask->look(app, ask);
}

void ask_key(struct app *app, int key)
{
    struct ask *ask = app->ask;
    app->redraw = true;
    if (ask->yes_no) { /* whatever is not yes is no, so that a stray text cannot confirm later */
        ask->done = true;
        ask->accepted = key == 'y' || key == 'Y';
    } else if (key == 27 || key == ('C' & 31)) {
        ask->done = true;
    } else if (key == '\n') {
        ask->wrong = ask->place >= 0;
        ask->done = ask->accepted = !ask->wrong;
    } else if (key == '\t' || key == KEY_BTAB) {
        offer(app, ask, key == '\t' ? 1 : -1);
        ask->fresh = ask->wrong = false;
        look(app, ask);
    } else if (edit(app, ask, key)) {
        ask->fresh = ask->wrong = false;
        ask->offered = 0;
        look(app, ask);
    }
}

bool ask_run(struct app *app, struct ask *ask)
{
    if (app->ask != NULL)
        return false; /* one question at a time */
    app->ask = ask;
    ask->cursor = strlen(ask->text);
    ask->fresh = ask->cursor > 0 && !ask->yes_no;
    app->message[0] = '\0';
    app->redraw = true;
    look(app, ask);
    while (!ask->done && !app->quit)
        app_turn(app);
    app->ask = NULL;
    app->redraw = true;
    if (ask->accepted && !ask->yes_no)
        remember(app, ask);
    return ask->accepted && !app->quit;
}

/* --- drawing --- */

void ask_draw(struct app *app)
{
    const struct ask *ask = app->ask;
    int row = draw_rows() - 2, column = 1;
    draw_fill(row, 0, 2, draw_columns(), STYLE_NORMAL);
    column += draw_text(row, column, 0, STYLE_ACCENT, "%s", ask->prompt);
    if (ask->yes_no) {
        column += draw_text(row, column, 0, STYLE_BOLD, "%s ", ask->text);
        draw_text(row, column, 0, STYLE_ACCENT, "y yes   n no");
        return;
    }
    /* a text longer than the line is shown from where its cursor can be seen */
    char head[ASK_BYTES], tail[ASK_BYTES];
    int room = draw_columns() - column - 2;
    size_t from = 0;
    do {
        snprintf(head, sizeof head, "%.*s", (int)(ask->cursor - from), ask->text + from);
        if (str_columns(head) < room)
            break;
        from = step_right(ask->text, from);
    } while (from < ask->cursor);
    size_t next = step_right(ask->text, ask->cursor);
    snprintf(tail, sizeof tail, "%.*s", (int)(next - ask->cursor), ask->text + ask->cursor);
    int start = column;
    column += draw_text(row, column, 0, ask->fresh ? STYLE_SELECTED : STYLE_NORMAL, "%s", head);
    draw_text(row, column, 0, STYLE_SELECTED, "%s", tail[0] != '\0' ? tail : " ");
    column += tail[0] != '\0' ? str_columns(tail) : 1;
    draw_text(row, column, 0, STYLE_NORMAL, "%s", ask->text + next);

    enum style style = ask->wrong ? STYLE_BAD : STYLE_DIM;
    int hint = 1, caret = 0;
    if (ask->place >= 0) {
        snprintf(head, sizeof head, "%.*s", ask->place, ask->text);
        hint = start + str_columns(head) - (int)from;
        hint = hint < start ? start : hint >= draw_columns() ? draw_columns() - 1 : hint;
        /* the sentence stands beside its caret, on the side where there is more room if it does not fit to
         * the right */
        int length = str_columns(ask->hint), left = hint - length - 1;
        caret = hint;
        draw_text(row + 1, caret, 0, STYLE_BAD, "^");
        hint = hint + 2 + length < draw_columns() || hint < draw_columns() / 2 ? hint + 2
               : left > 1                                                      ? left
                                                                               : 1;
    }
    draw_text(row + 1, hint, ask->place >= 0 && hint == 1 ? caret - 2 : 0, style, "%s", ask->hint);
}

/* --- for views --- */

bool app_ask_line(struct app *app, const char *prompt, const char *initial, char *out, size_t size)
{
    struct ask ask = {.prompt = prompt, .place = -1};
    snprintf(ask.text, sizeof ask.text, "%s", initial != NULL ? initial : "");
    snprintf(ask.hint, sizeof ask.hint, "%s", "");
    if (!ask_run(app, &ask))
        return false;
    snprintf(out, size, "%s", ask.text);
    return true;
}

bool app_ask_yes(struct app *app, const char *format, ...)
{
    struct ask ask = {.prompt = "", .yes_no = true, .place = -1};
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(ask.text, sizeof ask.text, format, arguments);
    va_end(arguments);
    bool yes = ask_run(app, &ask);
    if (!yes)
        app_message(app, "not done");
    return yes;
}
