/* Drawing: the words of app.h over curses. Text from anywhere is escaped, decoded and clipped here, so no
 * view can send a control character to the terminal or write past an edge. */
#include "theme.h"

#include "ferlab/base/str.h"

#include <curses.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>

enum { TEXT_BYTES = 4096, TEXT_CELLS = 1024, ELLIPSIS_FROM = 7 }; /* narrower texts are cut without a mark */

int draw_rows(void)
{
    return LINES;
}

int draw_columns(void)
{
    return COLS;
}

int draw_last(void)
{
    return LINES - 3;
}

char *draw_count(char out[32], int64_t n)
{
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%lld", (long long)(n < 0 ? -n : n));
    char *p = out;
    if (n < 0)
        *p++ = '-';
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            *p++ = ',';
        *p++ = digits[i];
    }
    *p = '\0';
    return out;
}

/* One character of UTF-8 that str_escape left in: always well-formed. */
static size_t decode(const char *s, wchar_t *c)
{
    const unsigned char *p = (const unsigned char *)s;
    if (p[0] < 0x80) {
        *c = p[0];
        return 1;
    }
    size_t length = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
    uint32_t code = p[0] & (0x7fu >> length);
    for (size_t i = 1; i < length; i++)
        code = code << 6 | (p[i] & 0x3fu);
    *c = (wchar_t)code;
    return length;
}

static void put_cells(int row, int column, const cchar_t *cells, int count)
{
    if (count > 0)
        mvadd_wchnstr(row, column, cells, count);
}

/* Cells of `text` within `width` columns; a wide character takes two columns of which curses fills the
 * second. */
static int text_cells(const char *text, int width, struct look look, cchar_t *cells, int *used)
{
    int count = 0, columns = 0;
    wchar_t wide;
    for (const char *p = text; *p != '\0' && count < TEXT_CELLS;) {
        p += decode(p, &wide);
        if (!theme_is_utf8() && wide >= 0x80)
            wide = theme_ascii(wide);
        int w = wide < 0x80 ? 1 : wcwidth(wide);
        if (w == 0)
            continue; /* combining marks would need the cell before; a base letter alone still reads */
        if (w < 0) {
            wide = L'?';
            w = 1;
        }
        if (columns + w > width)
            break;
        setcchar(&cells[count++], (wchar_t[2]){wide, 0}, look.attributes, 0, &look.pair);
        columns += w;
    }
    *used = columns;
    return count;
}

int draw_text(int row, int column, int width, enum style style, const char *format, ...)
{
    int room = COLS - column;
    if (width == 0 || width > room)
        width = room;
    if (row < 0 || row >= LINES || column < 0 || width <= 0)
        return 0;
    char text[TEXT_BYTES], safe[TEXT_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    str_escape(safe, sizeof safe, text);
    cchar_t cells[TEXT_CELLS];
    int used = 0;
    int count = text_cells(safe, width, theme_look(style), cells, &used);
    if (used == width && count == used && width > ELLIPSIS_FROM && str_columns(safe) > width) {
        int mark;
        text_cells("…", 1, theme_look(style), &cells[count - 1], &mark);
    }
    put_cells(row, column, cells, count);
    return used;
}

static void draw_run(int row, int column, int columns, wchar_t c, struct look look)
{
    if (column < 0) {
        columns += column;
        column = 0;
    }
    if (columns > COLS - column)
        columns = COLS - column;
    if (row < 0 || row >= LINES || columns <= 0)
        return;
    if (!theme_is_utf8() && c >= 0x80)
        c = theme_ascii(c);
    cchar_t cell;
    setcchar(&cell, (wchar_t[2]){c, 0}, look.attributes, 0, &look.pair);
    mvhline_set(row, column, &cell, columns);
}

void draw_fill(int row, int column, int rows, int columns, enum style style)
{
    for (int r = 0; r < rows; r++)
        draw_run(row + r, column, columns, L' ', theme_look(style));
}

void draw_frame(int row, int column, int rows, int columns, enum style style, bool heavy)
{
    struct look look = theme_look(style);
    const wchar_t *parts = heavy ? L"━┃┏┓┗┛" : L"─│┌┐└┘";
    int bottom = row + rows - 1, right = column + columns - 1;
    draw_run(row, column + 1, columns - 2, parts[0], look);
    draw_run(bottom, column + 1, columns - 2, parts[0], look);
    for (int r = row + 1; r < bottom; r++) {
        draw_run(r, column, 1, parts[1], look);
        draw_run(r, right, 1, parts[1], look);
    }
    draw_run(row, column, 1, parts[2], look);
    draw_run(row, right, 1, parts[3], look);
    draw_run(bottom, column, 1, parts[4], look);
    draw_run(bottom, right, 1, parts[5], look);
}

void draw_guard(int row, int column, int rows)
{
    for (int r = row; r < row + rows; r++)
        draw_run(r, column, 1, 0xa0, theme_look(STYLE_NORMAL));
}

enum style draw_heat(double value, double most)
{
    enum { HEATS = 16 };
    if (value <= 0 || most <= 0)
        return STYLE_NORMAL;
    int heat = (int)(sqrt(value / most) * HEATS);
    return (enum style)(STYLE_HEAT + (heat < HEATS ? heat : HEATS - 1));
}

void draw_bar(int row, int column, int columns, double share, enum style style)
{
    if (!(share > 0) || columns <= 0)
        return;
    int eighths = (int)((share < 1 ? share : 1) * columns * 8 + 0.5);
    struct look look = theme_look(style);
    draw_run(row, column, eighths / 8, L'█', look);
    if (eighths % 8 > 0)
        draw_run(row, column + eighths / 8, 1, L"▏▎▍▌▋▊▉"[eighths % 8 - 1], look);
}

void draw_clauses(int row, int column, enum style style, const char *sentence)
{
    char text[TEXT_BYTES], *end;
    snprintf(text, sizeof text, "%s", sentence);
    while (column + str_columns(text) >= COLS && (end = strrchr(text, ';')) != NULL)
        *end = '\0';
    draw_text(row, column, COLS - column - 1, style, "%s", text);
}

void draw_status(const char *format, ...)
{
    char text[TEXT_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    draw_text(LINES - 2, 1, COLS - 2, STYLE_DIM, "%s", text);
}
