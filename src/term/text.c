/* Reading and marking curses' two pictures of the screen. What an update does to cells it need not change
 * (ncurses, tty_update.c: TransformLine, PutRange; lib_mvcur.c: relative_move): it clears to the end or the
 * beginning of a line of plain blanks, writes short unchanged stretches between changed cells again, and may
 * move right by writing what stands there already, provided that it has the attributes that are set. */
#include "text.h"

#include <curses.h>
#include <stdlib.h>
#include <string.h>

static const attr_t HELD = A_BOLD | A_DIM;

/* --- memory --- */

void text_free(struct text *t)
{
    free(t->free);
    free(t->erased);
    free(t->old);
    free(t->new);
    *t = (struct text){0};
}

static bool reserve_columns(struct text *t, int columns)
{
    if (columns < 1)
        return false;
    if (columns <= t->columns_capacity)
        return true;
    free(t->old);
    free(t->new);
    t->old = malloc((size_t)(columns + 1) * sizeof(cchar_t));
    t->new = malloc((size_t)(columns + 1) * sizeof(cchar_t));
    t->columns_capacity = t->old && t->new ? columns : 0;
    return t->columns_capacity > 0;
}

static bool reserve_cells(struct text *t, int rows, int columns)
{
    size_t cells = (size_t)rows * (size_t)columns;
    if (cells > t->capacity) {
        free(t->free);
        free(t->erased);
        t->free = malloc(cells);
        t->erased = malloc(cells);
        t->capacity = t->free && t->erased ? cells : 0;
    }
    t->rows = rows;
    t->columns = columns;
    return t->capacity >= cells;
}

/* --- cells --- */

static bool is_space(const cchar_t *c)
{
    enum { NO_BREAK_SPACE = 0xa0 };
    // NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult): curses has filled it
    return (c->chars[0] == L' ' || c->chars[0] == NO_BREAK_SPACE) && c->chars[1] == 0;
}

static int background_of(int pair)
{
    int foreground = -1, background = -1;
    extended_pair_content(pair, &foreground, &background);
    return background;
}

/* The attributes and whether the cell is a space on the terminal's own background. */
static bool is_free(const cchar_t *c, attr_t *attributes, int *known_pair, bool *known_plain)
{
    if (!is_space(c))
        return false;
    wchar_t text[CCHARW_MAX + 1];
    short unused;
    int pair = 0;
    if (getcchar(c, text, attributes, &unused, &pair) == ERR ||
        *attributes & (A_REVERSE | A_STANDOUT | A_UNDERLINE))
        return false;
    if (pair != *known_pair) {
        *known_pair = pair;
        *known_plain = pair == 0 || background_of(pair) == background_of(0);
    }
    return *known_plain;
}

static bool same_cell(const cchar_t *a, const cchar_t *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

/* --- holding --- */

void text_hold(struct text *t, int row, int column, int count, bool hold)
{
    int rows, columns;
    getmaxyx(newscr, rows, columns);
    if (row >= rows || column >= columns || !reserve_columns(t, columns))
        return;
    if (count > columns - column)
        count = columns - column;
    int y, x;
    getyx(newscr, y, x); /* means something to doupdate */
    cchar_t *cells = t->new, blank;
    setcchar(&blank, L" ", hold ? HELD : A_NORMAL, 0, NULL);
    mvwin_wchnstr(newscr, row, column, cells, count);
    int known_pair = -1;
    bool known_plain = false, changed = false;
    for (int i = 0; i < count; i++) {
        attr_t attributes = A_NORMAL;
        bool concerned = is_free(&cells[i], &attributes, &known_pair, &known_plain) &&
                         (hold || (attributes & HELD) == HELD);
        if (concerned && !same_cell(&cells[i], &blank)) {
            cells[i] = blank;
            changed = true;
        }
    }
    if (changed)
        mvwadd_wchnstr(newscr, row, column, cells, count);
    wmove(newscr, y, x);
}

/* --- rows --- */

/* Marks the free cells of [from, to). */
static void mark(uint8_t *erased, const uint8_t *free_cells, int from, int to)
{
    for (int i = from; i < to; i++)
        erased[i] |= free_cells[i];
}

static void mark_written(const cchar_t *old, const cchar_t *new, int columns, const uint8_t *free_cells,
                         uint8_t *erased)
{
    int behind = -1; /* the cell after the last changed one */
    for (int i = 0; i < columns; i++) {
        if (same_cell(&old[i], &new[i]))
            continue;
        if (behind >= 0 && i - behind <= TEXT_JUMP)
            mark(erased, free_cells, behind, i);
        mark(erased, free_cells, i, i + 1);
        behind = i + 1;
    }
}

static void read_row(struct text *t, int row, int columns)
{
    const cchar_t *old = t->old, *new = t->new;
    uint8_t *free_cells = t->free + (size_t)row * (size_t)columns;
    uint8_t *erased = t->erased + (size_t)row * (size_t)columns;
    int known_pair = -1;
    bool known_plain = false;
    mvwin_wchnstr(curscr, row, 0, t->old, columns);
    mvwin_wchnstr(newscr, row, 0, t->new, columns);
    attr_t unused;
    for (int i = 0; i < columns; i++)
        free_cells[i] = is_free(&new[i], &unused, &known_pair, &known_plain);
    memset(erased, 0, (size_t)columns);
    mark_written(old, new, columns, free_cells, erased);
}

bool text_read(struct text *t)
{
    int rows, columns;
    getmaxyx(curscr, rows, columns);
    if (rows <= 0 || columns <= 0 || getmaxy(newscr) != rows || getmaxx(newscr) != columns ||
        !reserve_columns(t, columns) || !reserve_cells(t, rows, columns))
        return false;
    int new_y, new_x, old_y, old_x;
    getyx(newscr, new_y, new_x);
    getyx(curscr, old_y, old_x);
    for (int row = 0; row < rows; row++)
        read_row(t, row, columns);
    wmove(newscr, new_y, new_x);
    wmove(curscr, old_y, old_x);
    return true;
}

void text_forget(int row, int column, int count)
{
    if (row >= getmaxy(curscr) || column + count > getmaxx(curscr))
        return;
    WINDOW *cells = newwin(1, count, row, column);
    if (!cells)
        return;
    wredrawln(cells, 0, 1);
    delwin(cells);
}

static bool row_differs(struct text *t, int row, int columns)
{
    mvwin_wchnstr(curscr, row, 0, t->old, columns);
    mvwin_wchnstr(newscr, row, 0, t->new, columns);
    return memcmp(t->old, t->new, (size_t)columns * sizeof(cchar_t)) != 0;
}

void text_update(struct text *t)
{
    int rows, columns, new_y, new_x, old_y, old_x;
    getmaxyx(newscr, rows, columns);
    if (text_will_clear() || getmaxy(curscr) != rows || !reserve_columns(t, columns)) {
        doupdate();
        doupdate(); /* curses compares lines with those of its update before, which must be the same ones */
        return;
    }
    wtouchln(newscr, 0, rows, 0);
    for (int row = 0; row < rows; row++) {
        getyx(newscr, new_y, new_x);
        getyx(curscr, old_y, old_x);
        bool differs = row_differs(t, row, columns);
        wmove(newscr, new_y, new_x);
        wmove(curscr, old_y, old_x);
        if (differs) {
            wtouchln(newscr, row, 1, 1);
            doupdate();
        }
    }
    doupdate(); /* the cursor to its place */
}

bool text_will_clear(void)
{
    return is_cleared(curscr) || is_cleared(newscr);
}
