/* Pictures as half blocks: two pixels a cell, one above the other, in 256 colours or in true colour. Only
 * cells that differ are sent. Without UTF-8 a cell is one pixel, a coloured blank. */
#include "painter.h"

#include <langinfo.h>
#include <stdlib.h>
#include <string.h>

enum { NO_COLOR = -1 };

struct half_cells {
    struct extent extent;
    int32_t *colors; /* visible cells, upper and lower: 0xRRGGBB, an index of 256, or NO_COLOR */
    size_t capacity;
};

struct painter {
    bool true_color, utf8;
    struct half_cells now, next;
    uint8_t *pending; /* visible cells of `now` */
    size_t pending_count;
};

static struct painter *create(const struct caps *caps)
{
    struct painter *p = calloc(1, sizeof *p);
    if (!p)
        return NULL;
    p->true_color = caps->graphics == GRAPHICS_BLOCKS_TRUE;
    p->utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8");
    return p;
}

static void destroy(struct painter *p)
{
    if (!p)
        return;
    free(p->now.colors);
    free(p->next.colors);
    free(p->pending);
    free(p);
}

/* --- colours --- */

static int square(int x)
{
    return x * x;
}

/* The nearest of the 240 fixed colours: a ramp of 24 grays (8, 18, … 238), a cube of 6 x 6 x 6, whose corners
 * give black and white. */
static int nearest_256(int r, int g, int b)
{
    static const int level[6] = {0, 95, 135, 175, 215, 255};
    int cube[3], wish[3] = {r, g, b}, cube_distance = 0;
    for (int i = 0; i < 3; i++) {
        cube[i] = wish[i] < 48 ? 0 : wish[i] < 115 ? 1 : (wish[i] - 35) / 40;
        cube_distance += square(level[cube[i]] - wish[i]);
    }
    int step = ((r + g + b) / 3 - 3) / 10;
    step = step < 0 ? 0 : step > 23 ? 23 : step;
    int gray = 8 + 10 * step, gray_distance = square(gray - r) + square(gray - g) + square(gray - b);
    return gray_distance <= cube_distance ? 232 + step : 16 + 36 * cube[0] + 6 * cube[1] + cube[2];
}

/* The mean colour of an area of the canvas, NO_COLOR where most of it is background. */
static int32_t area_color(const struct painter *p, const struct canvas *c, int x0, int x1, int y0, int y1)
{
    int sum[3] = {0}, drawn = 0, all = (x1 - x0) * (y1 - y0);
    for (int y = y0; y < y1; y++) {
        const uint8_t *line = c->pixels + (size_t)y * (size_t)c->width;
        for (int x = x0; x < x1; x++) {
            const uint8_t *rgb = canvas_color(c, line[x]);
            if (line[x] == PALETTE_BACKGROUND || !rgb)
                continue;
            for (int i = 0; i < 3; i++)
                sum[i] += rgb[i];
            drawn++;
        }
    }
    if (drawn * 2 < all || drawn == 0)
        return NO_COLOR;
    for (int i = 0; i < 3; i++)
        sum[i] = (sum[i] + drawn / 2) / drawn;
    return p->true_color ? sum[0] << 16 | sum[1] << 8 | sum[2] : nearest_256(sum[0], sum[1], sum[2]);
}

/* Piece number `at` of `length` pixels cut into `count`: its first pixel and the one behind its last, at
 * least one apart. */
static void cut(int length, int count, int at, int *start, int *end)
{
    *start = (int)((int64_t)length * at / count);
    *end = (int)((int64_t)length * (at + 1) / count);
    if (*end <= *start)
        *end = *start + 1;
}

static bool wish(struct painter *p, struct extent e, const struct canvas *c)
{
    size_t count = (size_t)e.visible_rows * (size_t)e.visible_columns * 2;
    if (count > p->next.capacity) {
        int32_t *colors = realloc(p->next.colors, count * sizeof *colors);
        if (!colors)
            return false;
        p->next.colors = colors;
        p->next.capacity = count;
    }
    p->next.extent = e;
    int32_t *out = p->next.colors;
    for (int row = 0; row < e.visible_rows; row++) {
        for (int column = 0; column < e.visible_columns; column++) {
            int x0, x1, y0, y1;
            cut(c->width, e.columns, column, &x0, &x1);
            for (int half = 0; half < 2; half++) {
                if (p->utf8)
                    cut(c->height, e.rows * 2, row * 2 + half, &y0, &y1);
                else
                    cut(c->height, e.rows, row, &y0, &y1);
                *out++ = area_color(p, c, x0, x1, y0, y1);
            }
        }
    }
    return true;
}

/* --- cells --- */

static size_t cell_count(const struct half_cells *h)
{
    return (size_t)h->extent.visible_rows * (size_t)h->extent.visible_columns;
}

static bool cell_drawn(const struct half_cells *h, size_t cell)
{
    return h->colors[2 * cell] != NO_COLOR || h->colors[2 * cell + 1] != NO_COLOR;
}

static bool same_shape(const struct painter *p)
{
    return memcmp(&p->now.extent, &p->next.extent, sizeof p->now.extent) == 0;
}

static bool covers(const struct painter *p, int row, int column)
{
    size_t cell = (size_t)row * (size_t)p->now.extent.visible_columns + (size_t)column;
    return cell < cell_count(&p->now) && cell_drawn(&p->now, cell);
}

static void vacated(const struct painter *p, uint8_t *cells)
{
    bool same = same_shape(p);
    for (size_t i = 0; i < cell_count(&p->now); i++)
        cells[i] = cell_drawn(&p->now, i) && !(same && cell_drawn(&p->next, i));
}

static void accept(struct painter *p)
{
    size_t count = cell_count(&p->next);
    bool same = same_shape(p) && p->pending_count == count;
    if (!same) {
        uint8_t *flags = realloc(p->pending, count ? count : 1);
        if (!flags) {
            p->pending_count = 0;
            p->now.extent = (struct extent){0};
            return;
        }
        p->pending = flags;
        p->pending_count = count;
        memset(flags, 0, count);
    }
    for (size_t i = 0; i < count; i++)
        p->pending[i] |=
            !same || memcmp(p->now.colors + 2 * i, p->next.colors + 2 * i, 2 * sizeof(int32_t)) != 0;
    struct half_cells former = p->now;
    p->now = p->next;
    p->next = former; /* its memory is used again */
}

static void touch(struct painter *p, int row, int column)
{
    size_t cell = (size_t)row * (size_t)p->now.extent.visible_columns + (size_t)column;
    if (cell < p->pending_count)
        p->pending[cell] = 1;
}

static void touch_all(struct painter *p)
{
    memset(p->pending, 1, p->pending_count);
}

static bool pending(const struct painter *p)
{
    for (size_t i = 0; i < p->pending_count; i++) {
        if (p->pending[i] && cell_drawn(&p->now, i))
            return true;
    }
    return false;
}

/* --- bytes --- */

/* The pen: where the terminal's cursor is and which colours are set; unknown at first. */
struct pen {
    int row, column;
    int32_t ink[2]; /* foreground, background */
};

enum { UNKNOWN_COLOR = -2, INK_FOREGROUND = 0, INK_BACKGROUND = 1 };

static void set_ink(struct pen *pen, int which, int32_t color, bool true_color, struct str *out)
{
    if (pen->ink[which] == color)
        return;
    pen->ink[which] = color;
    int code = which == INK_FOREGROUND ? 38 : 48;
    if (color == NO_COLOR)
        str_appendf(out, "\033[%dm", code + 1);
    else if (true_color)
        str_appendf(out, "\033[%d;2;%d;%d;%dm", code, color >> 16, color >> 8 & 255, color & 255);
    else
        str_appendf(out, "\033[%d;5;%dm", code, color);
}

static void put_cell(const struct painter *p, struct pen *pen, const int32_t halves[2], struct str *out)
{
    if (halves[0] == halves[1]) {
        set_ink(pen, INK_BACKGROUND, halves[0], p->true_color, out);
        str_append(out, " ");
    } else if (halves[0] == NO_COLOR) {
        set_ink(pen, INK_BACKGROUND, NO_COLOR, p->true_color, out);
        set_ink(pen, INK_FOREGROUND, halves[1], p->true_color, out);
        str_append(out, "▄");
    } else {
        set_ink(pen, INK_BACKGROUND, halves[1], p->true_color, out);
        set_ink(pen, INK_FOREGROUND, halves[0], p->true_color, out);
        str_append(out, "▀");
    }
    pen->column++;
}

static void emit(struct painter *p, int row, int column, const uint8_t *free_cells, uint8_t *painted,
                 struct str *out)
{
    (void)painted; /* text is never painted over */
    struct pen pen = {.row = -1, .ink = {UNKNOWN_COLOR, UNKNOWN_COLOR}};
    int columns = p->now.extent.visible_columns;
    for (size_t i = 0; i < p->pending_count; i++) {
        bool wanted = p->pending[i] && free_cells[i] && cell_drawn(&p->now, i);
        p->pending[i] = 0;
        if (!wanted)
            continue;
        int r = (int)i / columns, c = (int)i % columns;
        if (pen.row != r || pen.column != c) {
            str_appendf(out, "\033[%d;%dH", row + r + 1, column + c + 1);
            pen.row = r;
            pen.column = c;
        }
        put_cell(p, &pen, p->now.colors + 2 * i, out);
    }
    if (pen.row >= 0)
        str_append(out, "\033[0m");
}

bool blocks_append_lines(const struct caps *caps, const struct canvas *c, int rows, int columns,
                         struct str *out)
{
    struct painter *p = create(caps);
    struct extent e = {.rows = rows, .columns = columns, .visible_rows = rows, .visible_columns = columns};
    bool made = p && wish(p, e, c);
    for (int row = 0; made && row < rows; row++) {
        struct pen pen = {.ink = {UNKNOWN_COLOR, UNKNOWN_COLOR}};
        for (int column = 0; column < columns; column++)
            put_cell(p, &pen, p->next.colors + 2 * ((size_t)row * (size_t)columns + (size_t)column), out);
        str_append(out, "\033[0m\n");
    }
    destroy(p);
    return made;
}

const struct painter_ops painter_blocks = {
    .create = create,
    .destroy = destroy,
    .wish = wish,
    .covers = covers,
    .vacated = vacated,
    .accept = accept,
    .touch = touch,
    .touch_all = touch_all,
    .pending = pending,
    .emit = emit,
};
