/* Actions as data: the rows of action.h, and which key means which. */
#include "app.h"

#include "ferlab/tui/workbench.h"

#include <curses.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>

const struct action_row action_rows[ACTION_COUNT] = {[ACTION_NONE] = {"", "", "", ""},
#define X(id, name, keys, group, help) [ACTION_##id] = {name, keys, group, help},
                                                     ACTIONS(X)
#undef X
};

static const struct {
    const char *name;
    int key;
} key_names[] = {
    {"Tab", '\t'},       {"Del", KEY_DC},      {"Space", ' '},   {"Enter", '\n'},    {"Esc", 27},
    {"Left", KEY_LEFT},  {"Right", KEY_RIGHT}, {"Up", KEY_UP},   {"Down", KEY_DOWN}, {"PgDn", KEY_NPAGE},
    {"PgUp", KEY_PPAGE}, {"Home", KEY_HOME},   {"End", KEY_END},
};

static int key_of_name(const char *name, size_t length)
{
    if (length == 1)
        return (unsigned char)name[0];
    if (length == 6 && strncmp(name, "Ctrl-", 5) == 0)
        return name[5] & 31;
    for (size_t i = 0; i < sizeof key_names / sizeof *key_names; i++)
        if (strlen(key_names[i].name) == length && strncmp(key_names[i].name, name, length) == 0)
            return key_names[i].key;
    return -1;
}

static bool is_on_key(const struct action_row *row, int key)
{
    for (const char *p = row->keys; *p != '\0';) {
        size_t length = strcspn(p, " ");
        if (key_of_name(p, length) == key)
            return true;
        p += length + strspn(p + length, " ");
    }
    return false;
}

enum action action_of_key(int key, const char *group)
{
    enum action first = ACTION_NONE;
    if (key == ('C' & 31))
        key = 27; /* Ctrl-C leaves what one is in, as Esc does */
    for (int a = ACTION_NONE + 1; a < ACTION_COUNT; a++) {
        if (!is_on_key(&action_rows[a], key))
            continue;
        if (group != NULL && strcmp(action_rows[a].group, group) == 0)
            return (enum action)a;
        if (first == ACTION_NONE)
            first = (enum action)a;
    }
    return first;
}

void key_title(int key, char out[KEY_TITLE])
{
    snprintf(out, KEY_TITLE, "that key");
    for (size_t i = 0; i < sizeof key_names / sizeof *key_names; i++)
        if (key_names[i].key == key) {
            snprintf(out, KEY_TITLE, "%s", key_names[i].name);
            return;
        }
    if (key >= KEY_F(1) && key <= KEY_F(12))
        snprintf(out, KEY_TITLE, "F%d", key - KEY_F0);
    else if (key > 0 && key < ' ')
        snprintf(out, KEY_TITLE, "Ctrl-%c", key + '@');
    else if ((key > ' ' && key < 127) || (key >= 0xa0 && key < 0x100) || (key & KEY_WIDE))
        snprintf(out, KEY_TITLE, "'%lc'", (wint_t)(key & ~KEY_WIDE));
}

enum action action_of_name(const char *name)
{
    for (int a = ACTION_NONE + 1; a < ACTION_COUNT; a++)
        if (strcmp(action_rows[a].name, name) == 0)
            return (enum action)a;
    return ACTION_NONE;
}

void workbench_print_keys(FILE *out)
{
    for (int a = ACTION_NONE + 1; a < ACTION_COUNT; a++)
        fprintf(out, "%-10s %-16s %-18s %s\n", action_rows[a].group, action_rows[a].keys, action_rows[a].name,
                action_rows[a].help);
}
