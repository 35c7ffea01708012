/* A sixel terminal for tests. The stream from the program is cut into text for libvterm, queries that are
 * answered here, and sixel strings that are decoded and laid on a picture of the screen at the cursor of that
 * moment. Writing or erasing a cell blackens its pixels, about as xterm does. */
#include "screen.h"

#include "support.h"

#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sixel.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <vterm.h>

enum { SEQUENCE_MAX = 64, ROW_BYTES = 4096 };

enum state { STATE_TEXT, STATE_ESCAPE, STATE_CSI, STATE_STRING, STATE_STRING_ESCAPE };

struct bytes {
    char *data;
    size_t length, capacity;
};

struct screen {
    struct screen_options options;
    pid_t pid;
    int fd;
    int status; /* exit status, -1 while it runs */
    VTerm *terminal;
    VTermScreen *cells;

    enum state state;
    char sequence[SEQUENCE_MAX]; /* the control sequence being collected, from ESC on */
    size_t sequence_length;
    struct bytes text;   /* collected for libvterm */
    struct bytes string; /* the DCS or APC being collected, from its kind on */
    struct bytes log;    /* everything since the start */

    uint8_t *pixels;
    int width, height, images;
    char row[ROW_BYTES];
};

static double now_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void bytes_add(struct bytes *b, const char *data, size_t count)
{
    if (b->length + count > b->capacity) {
        b->capacity = (b->length + count) * 2 + 4096;
        b->data = realloc(b->data, b->capacity);
        if (!b->data)
            fail_msg("out of memory for the screen");
    }
    memcpy(b->data + b->length, data, count);
    b->length += count;
}

/* --- pixels --- */

static void make_picture(struct screen *s)
{
    free(s->pixels);
    s->width = s->options.columns * s->options.cell_width;
    s->height = s->options.rows * s->options.cell_height;
    s->pixels = calloc((size_t)s->width * (size_t)s->height, 3);
    if (!s->pixels)
        fail_msg("out of memory for the picture");
}

static int cells_damaged(VTermRect rect, void *user)
{
    struct screen *s = user;
    int cw = s->options.cell_width, ch = s->options.cell_height;
    for (int y = rect.start_row * ch; y < rect.end_row * ch && y < s->height; y++) {
        int left = rect.start_col * cw, right = rect.end_col * cw < s->width ? rect.end_col * cw : s->width;
        if (left < right)
            memset(s->pixels + ((size_t)y * (size_t)s->width + (size_t)left) * 3, 0,
                   (size_t)(right - left) * 3);
    }
    return 1;
}

/* Scrolling takes the pixels along. */
static int cells_moved(VTermRect to, VTermRect from, void *user)
{
    struct screen *s = user;
    int cw = s->options.cell_width, ch = s->options.cell_height;
    int count = (to.end_row - to.start_row) * ch;
    size_t length = (size_t)(to.end_col - to.start_col) * (size_t)cw * 3;
    bool up = to.start_row < from.start_row;
    for (int i = 0; i < count; i++) {
        int line = up ? i : count - 1 - i;
        memmove(
            s->pixels +
                ((size_t)(to.start_row * ch + line) * (size_t)s->width + (size_t)(to.start_col * cw)) * 3,
            s->pixels +
                ((size_t)(from.start_row * ch + line) * (size_t)s->width + (size_t)(from.start_col * cw)) * 3,
            length);
    }
    return 1;
}

static VTermPos cursor_of(struct screen *s)
{
    VTermPos at;
    vterm_state_get_cursorpos(vterm_obtain_state(s->terminal), &at);
    return at;
}

static void lay_image(struct screen *s, const uint8_t *indices, int width, int height, const uint8_t *palette,
                      int colors, bool transparent)
{
    VTermPos at = cursor_of(s);
    int left = at.col * s->options.cell_width, top = at.row * s->options.cell_height;
    for (int y = 0; y < height && top + y < s->height; y++) {
        for (int x = 0; x < width && left + x < s->width; x++) {
            int color = indices[(size_t)y * (size_t)width + (size_t)x];
            uint8_t *out = s->pixels + ((size_t)(top + y) * (size_t)s->width + (size_t)(left + x)) * 3;
            bool left_out = color == 0 && transparent;
            if (color < colors && !left_out)
                memcpy(out, palette + (size_t)color * 3, 3);
        }
    }
    /* Sixel scrolling: the cursor ends below the image, and the screen scrolls when that is under its last
     * row. */
    for (int lines = (height + s->options.cell_height - 1) / s->options.cell_height; lines > 0; lines--)
        vterm_input_write(s->terminal, "\n", 1);
}

/* The decoder wants the whole string with its introducer and terminator. */
static void take_sixel(struct screen *s)
{
    struct bytes whole = {0};
    bytes_add(&whole, "\033", 1);
    bytes_add(&whole, s->string.data, s->string.length);
    bytes_add(&whole, "\033\\", 2);
    unsigned char *indices = NULL, *palette = NULL;
    int width = 0, height = 0, colors = 0;
    SIXELSTATUS status = sixel_decode_raw((unsigned char *)whole.data, (int)whole.length, &indices, &width,
                                          &height, &palette, &colors, NULL);
    free(whole.data);
    if (SIXEL_FAILED(status))
        fail_msg("a sixel image of %zu bytes does not decode", s->string.length);
    bool transparent = s->string.length > 3 && !strncmp(s->string.data, "P0;1", 4);
    lay_image(s, indices, width, height, palette, colors, transparent);
    free(indices);
    free(palette);
    s->images++;
}

/* --- queries --- */

static void send_bytes(struct screen *s, const char *data, size_t count)
{
    while (count > 0) {
        ssize_t sent = write(s->fd, data, count);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0)
            return; /* the program is gone */
        data += sent;
        count -= (size_t)sent;
    }
}

__attribute__((format(printf, 2, 3))) static void answer(struct screen *s, const char *format, ...)
{
    char text[128];
    va_list rest;
    va_start(rest, format);
    int length = vsnprintf(text, sizeof text, format, rest);
    va_end(rest);
    if (!s->options.mute)
        send_bytes(s, text, (size_t)length);
}

/* Answers a control sequence (without ESC [) that is a query; false when it is none. */
static bool answer_query(struct screen *s, const char *q)
{
    const struct screen_options *o = &s->options;
    VTermPos at = cursor_of(s);
    if (!strcmp(q, "16t"))
        answer(s, "\033[6;%d;%dt", o->cell_height, o->cell_width);
    else if (!strcmp(q, "14t"))
        answer(s, "\033[4;%d;%dt", s->height, s->width);
    else if (!strcmp(q, "18t"))
        answer(s, "\033[8;%d;%dt", o->rows, o->columns);
    else if (!strcmp(q, "?1;1;0S"))
        answer(s, "\033[?1;0;%dS", o->sixel ? 1024 : 0);
    else if (!strcmp(q, "?2;4;0S") || !strcmp(q, "?2;1;0S"))
        answer(s, o->sixel ? "\033[?2;0;1000;1000S" : "\033[?2;3;0S");
    else if (!strcmp(q, "?2026$p"))
        answer(s, "\033[?2026;%d$y", o->synchronized ? 2 : 0);
    else if (!strcmp(q, ">q") || !strcmp(q, ">0q"))
        answer(s, "\033P>|XTerm(379)\033\\");
    else if (!strcmp(q, "6n"))
        answer(s, "\033[%d;%dR", at.row + 1, at.col + 1);
    else if (!strcmp(q, "c") || !strcmp(q, "0c"))
        answer(s, o->sixel ? "\033[?62;4;22c" : "\033[?62;22c");
    else if (!strcmp(q, ">c") || !strcmp(q, ">0c"))
        answer(s, "\033[>41;379;0c");
    else
        return false;
    return true;
}

/* --- the stream --- */

static void flush_text(struct screen *s)
{
    if (s->text.length > 0)
        vterm_input_write(s->terminal, s->text.data, s->text.length);
    s->text.length = 0;
}

/* Sixel: P, parameters of digits and semicolons, q. */
static bool is_sixel(const struct bytes *string)
{
    size_t i = 1;
    while (i < string->length && strchr("0123456789;", string->data[i]))
        i++;
    return string->length > i && string->data[0] == 'P' && string->data[i] == 'q';
}

static void end_sequence(struct screen *s)
{
    s->sequence[s->sequence_length] = '\0';
    flush_text(s); /* so that the cursor is where the query means it */
    if (!answer_query(s, s->sequence + 2))
        bytes_add(&s->text, s->sequence, s->sequence_length);
}

static void take_byte(struct screen *s, char c)
{
    switch (s->state) {
    case STATE_TEXT:
        if (c == '\033')
            s->state = STATE_ESCAPE;
        else
            bytes_add(&s->text, &c, 1);
        break;
    case STATE_ESCAPE:
        s->state = STATE_TEXT;
        if (c == '[') {
            memcpy(s->sequence, "\033[", 2);
            s->sequence_length = 2;
            s->state = STATE_CSI;
        } else if (c == 'P' || c == '_') {
            s->string.length = 0;
            bytes_add(&s->string, &c, 1);
            s->state = STATE_STRING;
        } else {
            bytes_add(&s->text, (char[]){'\033', c}, 2);
        }
        break;
    case STATE_CSI:
        s->sequence[s->sequence_length++] = c;
        if ((c >= '@' && c <= '~') || s->sequence_length == SEQUENCE_MAX - 1) {
            s->state = STATE_TEXT;
            end_sequence(s);
        }
        break;
    case STATE_STRING:
        if (c == '\033')
            s->state = STATE_STRING_ESCAPE;
        else
            bytes_add(&s->string, &c, 1);
        break;
    case STATE_STRING_ESCAPE:
        s->state = STATE_TEXT;
        if (c != '\\')
            fail_msg("a string was ended by ESC %c", c);
        flush_text(s);
        if (is_sixel(&s->string))
            take_sixel(s);
        break;
    }
}

/* Reads what is there; false when nothing came within the time or the program is gone. */
static bool pump(struct screen *s, int timeout_ms)
{
    if (s->fd < 0)
        return false;
    struct pollfd watch = {.fd = s->fd, .events = POLLIN};
    if (poll(&watch, 1, timeout_ms) <= 0)
        return false;
    char chunk[65536];
    ssize_t got = read(s->fd, chunk, sizeof chunk);
    if (got <= 0) {
        if (got < 0 && errno == EINTR)
            return true;
        close(s->fd);
        s->fd = -1;
        return false;
    }
    bytes_add(&s->log, chunk, (size_t)got);
    for (ssize_t i = 0; i < got; i++)
        take_byte(s, chunk[i]);
    flush_text(s);
    return true;
}

/* --- life --- */

static const VTermScreenCallbacks cell_callbacks = {.damage = cells_damaged, .moverect = cells_moved};

static struct screen *make_screen(const struct screen_options *o)
{
    struct screen *s = calloc(1, sizeof *s);
    if (!s)
        fail_msg("out of memory for the screen");
    s->options = *o;
    s->status = -1;
    make_picture(s);
    s->terminal = vterm_new(o->rows, o->columns);
    vterm_set_utf8(s->terminal, 1);
    s->cells = vterm_obtain_screen(s->terminal);
    vterm_screen_set_callbacks(s->cells, &cell_callbacks, s);
    vterm_screen_set_damage_merge(s->cells, VTERM_DAMAGE_CELL);
    vterm_screen_enable_altscreen(s->cells, 1);
    vterm_screen_reset(s->cells, 1);
    return s;
}

static struct winsize window_size(const struct screen_options *o)
{
    return (struct winsize){.ws_row = (unsigned short)o->rows,
                            .ws_col = (unsigned short)o->columns,
                            .ws_xpixel = (unsigned short)(o->columns * o->cell_width),
                            .ws_ypixel = (unsigned short)(o->rows * o->cell_height)};
}

/* Forks onto a new pty; 0 in the child, whose environment is a plain UTF-8 terminal's. */
static pid_t fork_on_pty(struct screen *s)
{
    struct winsize size = window_size(&s->options);
    fflush(NULL);
    s->pid = forkpty(&s->fd, NULL, NULL, &size);
    if (s->pid < 0)
        fail_msg("forkpty: %s", strerror(errno));
    if (s->pid == 0) {
        setenv("TERM", s->options.term ? s->options.term : "xterm-256color", 1);
        setenv("LC_ALL", "C.UTF-8", 1);
        unsetenv("LINES");
        unsetenv("COLUMNS");
        unsetenv("COLORTERM");
        if (s->options.colorterm)
            setenv("COLORTERM", s->options.colorterm, 1);
    }
    return s->pid;
}

struct screen *screen_start(const struct screen_options *o, const char *const *arguments)
{
    struct screen *s = make_screen(o);
    if (fork_on_pty(s) == 0) {
        char *argv[64] = {"ferlab"};
        for (int i = 0; arguments[i] && i < 62; i++)
            argv[i + 1] = (char *)arguments[i];
        execv(FERLAB_PROGRAM, argv);
        _exit(127);
    }
    return s;
}

struct screen *screen_start_child(const struct screen_options *o, int (*child)(void *), void *argument)
{
    struct screen *s = make_screen(o);
    if (fork_on_pty(s) == 0)
        _exit(child(argument));
    return s;
}

void screen_end(struct screen *s)
{
    if (s->status < 0) {
        kill(s->pid, SIGKILL);
        waitpid(s->pid, NULL, 0);
    }
    if (s->fd >= 0)
        close(s->fd);
    vterm_free(s->terminal);
    free(s->pixels);
    free(s->text.data);
    free(s->string.data);
    free(s->log.data);
    free(s);
}

void screen_keys(struct screen *s, const char *bytes)
{
    send_bytes(s, bytes, strlen(bytes));
}

/* Whether the program runs, or waits for a disk: on a busy machine silence alone does not mean that it is
 * done. */
static bool is_working(const struct screen *s)
{
    char path[64], state = 'S';
    snprintf(path, sizeof path, "/proc/%d/stat", (int)s->pid);
    FILE *stat = fopen(path, "r");
    if (stat == NULL)
        return false;
    if (fscanf(stat, "%*d (%*[^)]) %c", &state) != 1)
        state = 'S';
    fclose(stat);
    return state == 'R' || state == 'D';
}

void screen_settle(struct screen *s, int quiet_ms)
{
    double end = now_seconds() + 10;
    while ((pump(s, quiet_ms) || is_working(s)) && now_seconds() < end)
        continue;
}

bool screen_wait_text(struct screen *s, const char *text, int timeout_ms)
{
    double end = now_seconds() + timeout_ms * 1e-3;
    for (;;) {
        if (screen_has(s, text))
            return true;
        double left = end - now_seconds();
        if (left <= 0 || (!pump(s, (int)(left * 1e3) + 1) && s->fd < 0))
            return screen_has(s, text);
    }
}

bool screen_has(struct screen *s, const char *text)
{
    for (int row = 0; row < s->options.rows; row++) {
        if (strstr(screen_row(s, row), text))
            return true;
    }
    return false;
}

const char *screen_row(struct screen *s, int row)
{
    VTermRect line = {.start_row = row, .end_row = row + 1, .start_col = 0, .end_col = s->options.columns};
    size_t length = vterm_screen_get_text(s->cells, s->row, sizeof s->row - 1, line);
    while (length > 0 && (s->row[length - 1] == ' ' || s->row[length - 1] == '\n'))
        length--;
    s->row[length] = '\0';
    return s->row;
}

void screen_dump(struct screen *s)
{
    for (int row = 0; row < s->options.rows; row++)
        fprintf(stderr, "%3d|%s\n", row, screen_row(s, row));
}

void screen_resize(struct screen *s, int columns, int rows)
{
    s->options.columns = columns;
    s->options.rows = rows;
    vterm_set_size(s->terminal, rows, columns);
    make_picture(s);
    struct winsize size = window_size(&s->options);
    ioctl(s->fd, TIOCSWINSZ, &size); /* the kernel sends SIGWINCH */
}

int screen_wait_exit(struct screen *s, int timeout_ms)
{
    double end = now_seconds() + timeout_ms * 1e-3;
    while (s->status < 0 && now_seconds() < end) {
        if (!pump(s, 20) && s->fd < 0)
            usleep(2000);
        int status;
        if (waitpid(s->pid, &status, WNOHANG) == s->pid)
            s->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
    while (pump(s, 0))
        continue;
    return s->status;
}

void screen_signal(struct screen *s, int signal)
{
    kill(s->pid, signal);
}

int screen_pid(struct screen *s)
{
    return (int)s->pid;
}

const uint8_t *screen_pixels(struct screen *s, int *width, int *height)
{
    *width = s->width;
    *height = s->height;
    return s->pixels;
}

int screen_images(struct screen *s)
{
    return s->images;
}

size_t screen_bytes(struct screen *s)
{
    return s->log.length;
}

bool screen_sent(struct screen *s, const char *sequence)
{
    return s->log.length > 0 && memmem(s->log.data, s->log.length, sequence, strlen(sequence)) != NULL;
}
