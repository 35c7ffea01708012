/* Editing the ten counts. */
#include "votes_editor.h"

#include <curses.h>
#include <stdint.h>

void votes_editor_open(struct app *app, struct votes_editor *v, uint32_t row, bool blank)
{
    if (app->read_only) {
        app_complain(app, "%s may only be read; copy it to where you may write, and review the copy",
                     workspace_path(app->workspace));
        return;
    }
    *v = (struct votes_editor){.open = true, .row = row};
    if (!blank)
        v->counts = *columns_votes(app->columns, row);
}

static void go(struct votes_editor *v, int distance)
{
    v->at = (v->at + distance + CLASS_COUNT) % CLASS_COUNT;
    v->typing = false;
}

static void change(struct votes_editor *v, int by)
{
    int count = v->counts.count[v->at] + by;
    if (count >= 0 && count <= UINT8_MAX)
        v->counts.count[v->at] = (uint8_t)count;
    v->typing = false;
}

/* "1" and then "0" is ten; what would be too much begins a count anew. */
static void type_digit(struct votes_editor *v, int digit)
{
    int count = v->typing ? 10 * v->counts.count[v->at] + digit : digit;
    v->counts.count[v->at] = (uint8_t)(count <= UINT8_MAX ? count : digit);
    v->typing = true;
}

static bool save(struct app *app, struct votes_editor *v)
{
    if (votes_total(&v->counts) == 0) {
        app_complain(app, "no votes at all: give some, or Esc leaves them as they were");
        return false;
    }
    v->open = false;
    return app_review_votes(app, v->row, &v->counts);
}

bool votes_editor_key(struct app *app, struct votes_editor *v, int key)
{
    switch (key) {
    case KEY_UP:
    case 'k':
        go(v, -1);
        break;
    case KEY_DOWN:
    case 'j':
    case '\t':
        go(v, 1);
        break;
    case KEY_LEFT:
    case 'h':
    case '-':
        change(v, -1);
        break;
    case KEY_RIGHT:
    case 'l':
    case '+':
        change(v, 1);
        break;
    case KEY_BACKSPACE:
    case 127:
        v->counts.count[v->at] /= 10;
        break;
    case KEY_DC:
        v->counts.count[v->at] = 0;
        break;
    case '\n':
        return save(app, v);
    case 27:
    case 'q':
    case 'C' & 31:
        v->open = false;
        app_message(app, "the votes stay as they were");
        break;
    default:
        if (key >= '0' && key <= '9')
            type_digit(v, key - '0');
        break;
    }
    return false;
}

const char *votes_editor_keys(void)
{
    return "jk class  0-9 count  h one less  l one more  ⏎ save  Esc give up";
}
