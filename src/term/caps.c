/* Asking the terminal what it can do. One write of all questions, DA1 last: every terminal answers that one,
 * so its answer says that no others will come. */
#include "ferlab/term/caps.h"

#include "ferlab/base/clock.h"
#include "ferlab/base/str.h"
#include "ferlab/term/canvas.h"
#include "reply.h"

#include <curses.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>

enum {
    BUDGET_MS = 250,
    CELL_WIDTH = 10,
    CELL_HEIGHT = 20,
    CELL_MIN = 2,
    CELL_MAX = 200,
    IMAGE_MAX = 1000,   /* what xterm allows unless it says more */
    IMAGE_LIMIT = 8192, /* no terminal gets more in one piece, whatever it says */
    REGISTERS = 256,
};

/* XTVERSION; background colour; cell and text area in pixels; colour registers; present and largest sixel
 * geometry; mode 2026; DA1. */
static const char questions[] =
    "\033[>q\033]11;?\033\\\033[16t\033[14t\033[?1;1;0S\033[?2;1;0S\033[?2;4;0S\033[?2026$p\033[c";

struct size {
    int width, height;
};

/* What came back. Zeros where nothing did. */
struct answers {
    bool done, sixel, synchronized, light;
    struct size cell, area, geometry[2]; /* present and largest, in the order they were asked for */
    int geometries, registers;
    char name[64];
};

static bool is_cell(struct size s)
{
    return s.width >= CELL_MIN && s.width <= CELL_MAX && s.height >= CELL_MIN && s.height <= CELL_MAX;
}

/* --- answers --- */

static void take_geometry(const struct reply *r, struct answers *a)
{
    bool given = r->number_count >= 3 && r->numbers[1] == 0;
    if (given && r->numbers[0] == 1)
        a->registers = r->numbers[2];
    if (given && r->numbers[0] == 2 && r->number_count >= 4 && a->geometries < 2)
        a->geometry[a->geometries++] = (struct size){r->numbers[2], r->numbers[3]};
}

static void take_attributes(const struct reply *r, struct answers *a)
{
    a->done = true;
    for (int i = 1; i < r->number_count; i++)
        a->sixel = a->sixel || r->numbers[i] == 4;
}

/* False for what is no answer, such as an arrow key. */
static bool take_sequence(const struct reply *r, struct answers *a)
{
    if (r->final == 't' && !r->prefix && r->number_count >= 3) {
        struct size size = {r->numbers[2], r->numbers[1]};
        if (r->numbers[0] == 6)
            a->cell = size;
        if (r->numbers[0] == 4)
            a->area = size;
    } else if (r->final == 'S' && r->prefix == '?') {
        take_geometry(r, a);
    } else if (r->final == 'y' && r->middle == '$' && r->number_count >= 2) {
        if (r->numbers[0] == 2026)
            a->synchronized = r->numbers[1] == 1 || r->numbers[1] == 2;
    } else if (r->final == 'c' && r->prefix == '?') {
        take_attributes(r, a);
    } else {
        return false;
    }
    return true;
}

static void keep_typed(struct caps *c, const struct reply *r)
{
    if (c->typed_count + r->length > sizeof c->typed)
        return;
    memcpy(c->typed + c->typed_count, r->bytes, r->length);
    c->typed_count += (int)r->length;
}

/* "]11;rgb:1010/1010/1414", with one to four hexadecimal digits a channel. */
static void take_background(const char *string, struct answers *a)
{
    const char *p = string + strlen("]11;rgb:");
    double channel[3] = {0};
    for (int i = 0; i < 3; i++) {
        char *end;
        unsigned long value = strtoul(p, &end, 16);
        if (end == p || end - p > 4)
            return;
        channel[i] = (double)value / ((1 << 4 * (end - p)) - 1);
        p = *end == '/' ? end + 1 : end;
    }
    a->light = 0.299 * channel[0] + 0.587 * channel[1] + 0.114 * channel[2] > 0.5;
}

static void take_reply(enum reply_kind kind, const struct reply *r, struct answers *a, struct caps *c)
{
    if (kind == REPLY_KEY || (kind == REPLY_SEQUENCE && !take_sequence(r, a)))
        keep_typed(c, r);
    if (kind == REPLY_STRING && !strncmp(r->bytes, "P>|", 3))
        str_escape(a->name, sizeof a->name, r->bytes + 3);
    if (kind == REPLY_STRING && !strncmp(r->bytes, "]11;rgb:", 8))
        take_background(r->bytes, a);
}

/* --- the conversation --- */

static bool write_all(int fd, const char *bytes, size_t count)
{
    while (count > 0) {
        ssize_t written = write(fd, bytes, count);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return false;
        bytes += written;
        count -= (size_t)written;
    }
    return true;
}

static void read_answers(int fd, struct answers *a, struct caps *c)
{
    struct reply r = {0};
    double end = clock_seconds() + BUDGET_MS * 1e-3;
    while (!a->done) {
        int left = (int)((end - clock_seconds()) * 1e3);
        struct pollfd watch = {.fd = fd, .events = POLLIN};
        int ready = left > 0 ? poll(&watch, 1, left) : 0;
        if (ready < 0 && errno == EINTR)
            continue;
        unsigned char bytes[256];
        ssize_t got = ready > 0 ? read(fd, bytes, sizeof bytes) : 0;
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        for (ssize_t i = 0; i < got; i++)
            take_reply(reply_take(&r, bytes[i]), &r, a, c);
    }
    take_reply(reply_end(&r), &r, a, c);
}

static void converse(int fd, struct answers *a, struct caps *c)
{
    struct termios before, raw;
    if (tcgetattr(fd, &before))
        return;
    raw = before;
    cfmakeraw(&raw);
    raw.c_cc[VMIN] = 0; /* a read never waits, whatever poll said */
    raw.c_cc[VTIME] = 0;
    if (tcsetattr(fd, TCSANOW, &raw))
        return;
    if (write_all(fd, questions, sizeof questions - 1))
        read_answers(fd, a, c);
    tcsetattr(fd, TCSANOW, &before);
}

/* --- conclusions --- */

static bool window_size(int fd, struct winsize *w)
{
    return ioctl(fd, TIOCGWINSZ, w) == 0 && w->ws_col > 0 && w->ws_row > 0;
}

/* Rounded down: what some terminals count beyond the cells is their border. */
static struct size cell_of(struct size area, const struct winsize *w)
{
    return (struct size){area.width / w->ws_col, area.height / w->ws_row};
}

static struct size window_cell(const struct winsize *w)
{
    return cell_of((struct size){w->ws_xpixel, w->ws_ypixel}, w);
}

/* The present sixel geometry is the text area, but for a side that the largest image cuts; there the window's
 * size must do. */
static struct size geometry_cell(const struct answers *a, const struct winsize *w)
{
    struct size cell = {0}, from_window = window_cell(w);
    if (a->geometries < 2)
        return cell;
    if (a->geometry[0].width < a->geometry[1].width)
        cell.width = a->geometry[0].width / w->ws_col;
    if (a->geometry[0].height < a->geometry[1].height)
        cell.height = a->geometry[0].height / w->ws_row;
    if (!cell.width && !cell.height)
        return cell;
    if (!cell.width)
        cell.width = from_window.width;
    if (!cell.height)
        cell.height = from_window.height;
    return cell;
}

static bool override_cell(struct size *cell)
{
    const char *text = getenv("FERLAB_CELL");
    int used = 0;
    struct size s = {0};
    if (!text || sscanf(text, "%4dx%4d%n", &s.width, &s.height, &used) != 2 || text[used] || !is_cell(s))
        return false;
    *cell = s;
    return true;
}

static void choose_cell(int fd, const struct answers *a, struct caps *c)
{
    struct winsize w;
    bool window = window_size(fd, &w);
    struct {
        const char *source;
        struct size cell;
    } candidates[] = {
        {"the terminal (CSI 16 t)", a->cell},
        {"the text area (CSI 14 t)", window ? cell_of(a->area, &w) : (struct size){0}},
        {"the sixel geometry (XTSMGRAPHICS)", window ? geometry_cell(a, &w) : (struct size){0}},
        {"the window size (TIOCGWINSZ)", window ? window_cell(&w) : (struct size){0}},
        {"a guess", {CELL_WIDTH, CELL_HEIGHT}},
    };
    struct size cell;
    size_t chosen = 0;
    while (!is_cell(candidates[chosen].cell))
        chosen++;
    cell = candidates[chosen].cell;
    c->cell_source = candidates[chosen].source;
    if (override_cell(&cell))
        c->cell_source = "FERLAB_CELL";
    c->cell_width = cell.width;
    c->cell_height = cell.height;
    struct size other = window ? window_cell(&w) : (struct size){0};
    c->window_agrees = other.width == cell.width && other.height == cell.height;
}

/* With an answer that makes no sense the safe figure stands. */
static int image_side(int said)
{
    if (said < CELL_MAX)
        return IMAGE_MAX;
    return said < IMAGE_LIMIT ? said : IMAGE_LIMIT;
}

/* Leaves the terminal that curses may already use as it was. */
static int terminfo_colors(void)
{
    TERMINAL *present = cur_term;
    int status = 0;
    if (setupterm(NULL, STDOUT_FILENO, &status) == ERR)
        return 0;
    int colors = tigetnum("colors");
    if (cur_term != present)
        del_curterm(set_curterm(present));
    return colors;
}

/* TERM=xterm promises eight colours for the sake of terminals of the last century; none of those can say its
 * name. */
static bool has_256_colors(const struct answers *a)
{
    const char *term = getenv("TERM");
    return (*a->name && term && !strcmp(term, "xterm")) || terminfo_colors() == 256;
}

static enum graphics choose_blocks(const struct answers *a)
{
    const char *depth = getenv("COLORTERM");
    if (depth && (!strcmp(depth, "truecolor") || !strcmp(depth, "24bit")))
        return GRAPHICS_BLOCKS_TRUE;
    if (terminfo_colors() > 256)
        return GRAPHICS_BLOCKS_TRUE;
    return has_256_colors(a) ? GRAPHICS_BLOCKS_256 : GRAPHICS_NONE;
}

static enum graphics choose_graphics(const struct answers *a)
{
    const char *wish = getenv("FERLAB_GRAPHICS");
    if (wish && !strcmp(wish, "none"))
        return GRAPHICS_NONE;
    if (wish && !strcmp(wish, "sixel"))
        return GRAPHICS_SIXEL;
    if (wish && !strcmp(wish, "blocks")) {
        enum graphics blocks = choose_blocks(a);
        return blocks == GRAPHICS_NONE ? GRAPHICS_BLOCKS_256 : blocks;
    }
    bool enough = a->registers == 0 || a->registers > PALETTE_MOST;
    return a->sixel && enough ? GRAPHICS_SIXEL : choose_blocks(a);
}

void caps_query(int fd, struct caps *c)
{
    *c = (struct caps){0};
    struct answers a = {0};
    const char *term = getenv("TERM");
    bool dumb = !term || !*term || !strcmp(term, "dumb");
    if (isatty(fd) && !dumb)
        converse(fd, &a, c);
    c->answered = a.done;
    c->synchronized = a.synchronized;
    c->light = a.light;
    c->registers = a.registers > 0 ? a.registers : REGISTERS;
    memcpy(c->name, a.name, sizeof c->name);
    struct size largest = a.geometries > 0 ? a.geometry[a.geometries - 1] : (struct size){0};
    c->max_width = image_side(largest.width);
    c->max_height = image_side(largest.height);
    choose_cell(fd, &a, c);
    c->graphics = isatty(fd) && !dumb ? choose_graphics(&a) : GRAPHICS_NONE;
}

bool caps_resized(int fd, struct caps *c)
{
    struct winsize w;
    if (!c->window_agrees || !window_size(fd, &w))
        return false;
    struct size cell = window_cell(&w);
    if (!is_cell(cell) || (cell.width == c->cell_width && cell.height == c->cell_height))
        return false;
    c->cell_width = cell.width;
    c->cell_height = cell.height;
    return true;
}

int caps_swallow(int (*next)(void *context), void *context)
{
    struct reply r = {0};
    reply_take(&r, '\033');
    int key = next(context);
    if (key < 0)
        return CAPS_ESCAPE;
    if (key > 0x7f)
        return key;
    if (key == 'O') /* SS3: one more character */
        return next(context) < 0 ? key : CAPS_SWALLOWED;
    enum reply_kind kind = reply_take(&r, (unsigned char)key);
    if (kind == REPLY_KEY)
        return key;
    while (kind == REPLY_NONE && (key = next(context)) >= 0)
        kind = reply_take(&r, key > 0xff ? 0xff : (unsigned char)key);
    return CAPS_SWALLOWED;
}

const char *graphics_name(enum graphics g)
{
    static const char *const names[] = {
        [GRAPHICS_NONE] = "none",
        [GRAPHICS_BLOCKS_256] = "half blocks, 256 colours",
        [GRAPHICS_BLOCKS_TRUE] = "half blocks, true colour",
        [GRAPHICS_SIXEL] = "sixel",
    };
    return names[g];
}
