/* Events from the terminal, from signals and from a timer. Signals only write a byte to a pipe; everything
 * else happens in the loop. Keys are read through a pad, because reading through the screen's window would
 * also draw it. */
#include "loop.h"

#include "app.h"

#include "ferlab/base/clock.h"

#include <curses.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { TICK_MS = 250, DOUBLE_CLICK_MS = 400 };

static const int watched[] = {SIGWINCH, SIGTSTP, SIGCHLD, SIGINT};
enum { WATCHED = sizeof watched / sizeof *watched };

enum { KEY_PASTE_BEGIN = KEY_F(60), KEY_PASTE_END = KEY_F(61) };

struct loop {
    int pipe[2];
    WINDOW *keys;
    struct sigaction former[WATCHED];
    double next_tick;
    bool resized, suspended, pasting;
    struct input last_click;
    double last_click_at;
};

static int signal_pipe = -1;

static void on_signal(int number)
{
    int saved = errno;
    unsigned char byte = (unsigned char)number;
    ssize_t written = write(signal_pipe, &byte, 1);
    (void)written; /* a full pipe holds enough wake-ups */
    errno = saved;
}

static void install(int number, struct sigaction *former)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(number, &action, former);
}

/* Cursor keys as terminals send them in either of their modes, whichever terminfo names. */
static void define_cursor_keys(void)
{
    static const struct {
        const char *bytes;
        int key;
    } keys[] = {
        {"\033[A", KEY_UP},    {"\033[B", KEY_DOWN},           {"\033[C", KEY_RIGHT},
        {"\033[D", KEY_LEFT},  {"\033[H", KEY_HOME},           {"\033[F", KEY_END},
        {"\033OA", KEY_UP},    {"\033OB", KEY_DOWN},           {"\033OC", KEY_RIGHT},
        {"\033OD", KEY_LEFT},  {"\033OH", KEY_HOME},           {"\033OF", KEY_END},
        {"\033[1~", KEY_HOME}, {"\033[4~", KEY_END},           {"\033[7~", KEY_HOME},
        {"\033[8~", KEY_END},  {"\033[200~", KEY_PASTE_BEGIN}, {"\033[201~", KEY_PASTE_END},
    };
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        define_key(keys[i].bytes, keys[i].key);
}

struct loop *loop_new(struct err *e)
{
    struct loop *loop = calloc(1, sizeof *loop);
    if (loop == NULL || pipe2(loop->pipe, O_NONBLOCK | O_CLOEXEC) != 0) {
        free(loop);
        err_memory(e, "starting the workbench");
        return NULL;
    }
    loop->keys = newpad(1, 1);
    if (loop->keys == NULL) {
        close(loop->pipe[0]);
        close(loop->pipe[1]);
        free(loop);
        err_memory(e, "starting the workbench");
        return NULL;
    }
    keypad(loop->keys, TRUE);
    define_cursor_keys();
    nodelay(loop->keys, TRUE);
    signal_pipe = loop->pipe[1];
    for (int i = 0; i < WATCHED; i++)
        install(watched[i], &loop->former[i]);
    loop->next_tick = clock_seconds() + TICK_MS / 1000.0;
    return loop;
}

void loop_free(struct loop *loop)
{
    if (loop == NULL)
        return;
    for (int i = 0; i < WATCHED; i++)
        sigaction(watched[i], &loop->former[i], NULL);
    signal_pipe = -1;
    close(loop->pipe[0]);
    close(loop->pipe[1]);
    delwin(loop->keys);
    free(loop);
}

void loop_type_ahead(struct loop *loop, const unsigned char *bytes, int count)
{
    (void)loop;
    while (count > 0)
        ungetch(bytes[--count]); /* the last one pushed back is read first */
}

void loop_resumed(struct loop *loop)
{
    for (int i = 0; i < WATCHED; i++)
        if (watched[i] == SIGTSTP)
            install(SIGTSTP, NULL);
    loop->resized = true; /* the window may have changed meanwhile */
}

/* What the signals of the pipe ask for. */
static void drain_signals(struct loop *loop)
{
    unsigned char bytes[64];
    ssize_t count;
    while ((count = read(loop->pipe[0], bytes, sizeof bytes)) > 0)
        for (ssize_t i = 0; i < count; i++) {
            loop->resized |= bytes[i] == SIGWINCH;
            loop->suspended |= bytes[i] == SIGTSTP;
            if (bytes[i] == SIGCHLD)
                loop->next_tick = 0; /* a job ended: look at once */
        }
}

static bool take_signal(struct loop *loop, struct input *out)
{
    if (loop->resized) {
        loop->resized = false;
        struct winsize size;
        if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0)
            resizeterm(size.ws_row, size.ws_col);
        out->type = INPUT_RESIZE;
        return true;
    }
    if (loop->suspended) {
        loop->suspended = false;
        out->type = INPUT_SUSPEND;
        return true;
    }
    return false;
}

static bool take_mouse(struct loop *loop, struct input *out)
{
    MEVENT event;
    if (getmouse(&event) != OK)
        return false;
    out->row = event.y;
    out->column = event.x;
    if (event.bstate & (BUTTON4_PRESSED | BUTTON5_PRESSED)) {
        out->type = INPUT_WHEEL;
        out->key = event.bstate & BUTTON4_PRESSED ? -1 : 1;
        return true;
    }
    if (!(event.bstate & BUTTON1_PRESSED))
        return false;
    double now = clock_seconds();
    out->type = INPUT_CLICK;
    out->doubled = now - loop->last_click_at < DOUBLE_CLICK_MS / 1000.0 && loop->last_click.row == out->row &&
                   loop->last_click.column == out->column;
    loop->last_click = *out;
    loop->last_click_at = out->doubled ? 0 : now;
    return true;
}

static int key_of(int status, wint_t c)
{
    if (status == KEY_CODE_YES)
        return c == KEY_ENTER ? '\n' : c == KEY_BACKSPACE ? 127 : (int)c;
    switch (c) {
    case '\r':
        return '\n';
    case '\b':
        return 127;
    default:
        return c < 0x100 ? (int)c : (int)(KEY_WIDE | c);
    }
}

/* The next character that has already arrived, -1 where none has. */
static int next_arrived(void *context)
{
    const struct loop *loop = context;
    wint_t c;
    int status = wget_wch(loop->keys, &c);
    return status == OK && c <= 0xff ? (int)c : -1;
}

/* After an Esc that curses did not know the rest of: an answer of the terminal or a key without a name is
 * dropped, for its digits would relabel faces; a character typed with Alt, or right after Esc, comes after
 * it. False: dropped. */
static bool is_escape_typed(struct loop *loop)
{
    int rest = caps_swallow(next_arrived, loop);
    if (rest >= 0)
        unget_wch((wchar_t)rest);
    return rest != CAPS_SWALLOWED;
}

static bool take_key(struct loop *loop, struct input *out)
{
    for (;;) {
        wint_t c;
        int status = wget_wch(loop->keys, &c);
        if (status == ERR)
            return false;
        if (status == KEY_CODE_YES && c == KEY_RESIZE)
            continue; /* resizeterm's echo */
        if (status == KEY_CODE_YES && c == KEY_MOUSE) {
            if (take_mouse(loop, out))
                return true;
            continue;
        }
        if (status == OK && c == '\033' && !is_escape_typed(loop))
            continue;
        if (status == KEY_CODE_YES && (c == KEY_PASTE_BEGIN || c == KEY_PASTE_END)) {
            loop->pasting = c == KEY_PASTE_BEGIN;
            continue;
        }
        out->type = INPUT_KEY;
        out->pasted = loop->pasting;
        out->key = key_of(status, c);
        if (out->key == ('Z' & 31))
            out->type = INPUT_SUSPEND;
        return true;
    }
}

static bool take_tick(struct loop *loop, struct input *out)
{
    double now = clock_seconds();
    if (now < loop->next_tick)
        return false;
    loop->next_tick = now + TICK_MS / 1000.0;
    out->type = INPUT_TICK;
    return true;
}

void loop_next(struct loop *loop, bool wait, struct input *out)
{
    *out = (struct input){.type = INPUT_NONE};
    for (;;) {
        drain_signals(loop);
        if (take_signal(loop, out) || take_key(loop, out) || take_tick(loop, out) || !wait)
            return;
        double left = loop->next_tick - clock_seconds();
        struct pollfd fds[2] = {{.fd = STDIN_FILENO, .events = POLLIN},
                                {.fd = loop->pipe[0], .events = POLLIN}};
        poll(fds, 2, left > 0 ? (int)(left * 1000) + 1 : 0);
        if ((fds[0].revents & (POLLHUP | POLLERR | POLLNVAL)) && !(fds[0].revents & POLLIN)) {
            out->type = INPUT_HANGUP;
            return;
        }
    }
}
