/* Asking the terminal, against scripted terminals on a pty. */
#include "support.h"

#include "ferlab/base/clock.h"
#include "ferlab/term/caps.h"

#include <poll.h>
#include <pthread.h>
#include <pty.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

/* A terminal that says its lines once it was asked for DA1. */
struct fake {
    int master, slave;
    const char *lines[8]; /* what it says, one write each */
    int pause_ms;         /* before each line */
    bool byte_by_byte;
    bool asked;
    pthread_t thread;
};

static const char full[] =
    "\033P>|XTerm(379)\033\\\033[6;19;9t\033[4;798;1260t\033[?1;0;1024S\033[?2;0;1000;798S"
    "\033[?2;0;1000;1000S\033[?2026;2$y\033[?63;1;2;4;6;22c";

static void say(struct fake *f, const char *line)
{
    usleep((useconds_t)f->pause_ms * 1000);
    size_t step = f->byte_by_byte ? 1 : strlen(line);
    for (size_t i = 0; i < strlen(line); i += step) {
        if (write(f->master, line + i, step) < 0)
            return;
        if (f->byte_by_byte)
            usleep(300);
    }
}

static void *live(void *argument)
{
    struct fake *f = argument;
    char heard[512] = "";
    size_t length = 0;
    double end = clock_seconds() + 1;
    while (clock_seconds() < end && !strstr(heard, "\033[c") && length < sizeof heard - 1) {
        struct pollfd watch = {.fd = f->master, .events = POLLIN};
        if (poll(&watch, 1, 20) <= 0)
            continue;
        ssize_t got = read(f->master, heard + length, sizeof heard - 1 - length);
        length += got > 0 ? (size_t)got : 0;
        heard[length] = '\0';
    }
    f->asked = length > 0;
    for (int i = 0; f->asked && f->lines[i]; i++)
        say(f, f->lines[i]);
    return NULL;
}

/* Runs caps_query against the fake and checks that the terminal's mode comes back. Returns the seconds it
 * took. */
static double query(struct fake *f, struct caps *c)
{
    struct winsize size = {.ws_row = 42, .ws_col = 140, .ws_xpixel = 1264, .ws_ypixel = 802};
    assert_int_equal(openpty(&f->master, &f->slave, NULL, NULL, &size), 0);
    struct termios before, after;
    tcgetattr(f->slave, &before);
    assert_int_equal(pthread_create(&f->thread, NULL, live, f), 0);
    double start = clock_seconds();
    caps_query(f->slave, c);
    double took = clock_seconds() - start;
    tcgetattr(f->slave, &after);
    assert_int_equal(before.c_lflag, after.c_lflag);
    assert_int_equal(before.c_iflag, after.c_iflag);
    assert_int_equal(before.c_oflag, after.c_oflag);
    assert_memory_equal(before.c_cc, after.c_cc, sizeof before.c_cc);
    return took;
}

static void hang_up(struct fake *f)
{
    pthread_join(f->thread, NULL);
    close(f->slave);
    close(f->master);
}

static int set_up(void **state)
{
    (void)state;
    setenv("TERM", "xterm-256color", 1);
    unsetenv("COLORTERM");
    unsetenv("FERLAB_GRAPHICS");
    unsetenv("FERLAB_CELL");
    return 0;
}

static void test_full_answers_are_understood(void **state)
{
    (void)state;
    struct fake f = {.lines = {full}};
    struct caps c;
    query(&f, &c);
    assert_true(c.answered && c.synchronized);
    assert_int_equal(c.graphics, GRAPHICS_SIXEL);
    assert_int_equal(c.cell_width, 9);
    assert_int_equal(c.cell_height, 19);
    assert_int_equal(c.max_width, 1000);
    assert_int_equal(c.max_height, 1000);
    assert_int_equal(c.registers, 1024);
    assert_string_equal(c.name, "XTerm(379)");
    assert_int_equal(c.typed_count, 0);
    hang_up(&f);
}

static void test_answers_may_come_in_pieces(void **state)
{
    (void)state;
    struct fake f = {.lines = {full}, .byte_by_byte = true};
    struct caps c;
    query(&f, &c);
    assert_true(c.answered);
    assert_int_equal(c.cell_height, 19);
    assert_string_equal(c.name, "XTerm(379)");
    hang_up(&f);
}

static void test_a_silent_terminal_costs_the_budget_only(void **state)
{
    (void)state;
    struct fake f = {0};
    struct caps c;
    double took = query(&f, &c);
    assert_true(took > 0.2);
    assert_false(c.answered);
    assert_int_equal(c.graphics, GRAPHICS_BLOCKS_256);
    assert_int_equal(c.cell_width, 9); /* from the window */
    hang_up(&f);
}

static void test_late_answers_are_not_waited_for(void **state)
{
    (void)state;
    struct fake f = {.lines = {full}, .pause_ms = 700};
    struct caps c;
    query(&f, &c);
    assert_false(c.answered);
    assert_int_equal(c.graphics, GRAPHICS_BLOCKS_256);
    hang_up(&f);
}

static void test_da1_alone_is_enough(void **state)
{
    (void)state;
    struct fake f = {.lines = {"\033[?1;2c"}};
    struct caps c;
    query(&f, &c);
    assert_true(c.answered);
    assert_int_equal(c.graphics, GRAPHICS_BLOCKS_256);
    assert_string_equal(c.name, "");
    hang_up(&f);
}

static void test_geometry_tells_the_cell_where_no_window_report_comes(void **state)
{
    (void)state;
    struct fake f = {.lines = {"\033[?1;0;1024S\033[?2;0;1000;798S\033[?2;0;1000;1000S\033[?62;4c"}};
    struct caps c;
    query(&f, &c);
    assert_int_equal(c.cell_width, 9); /* the geometry's width is cut by the largest image: the window's */
    assert_int_equal(c.cell_height, 19);
    assert_non_null(strstr(c.cell_source, "XTSMGRAPHICS"));
    hang_up(&f);
}

static void test_refused_reports_are_ignored(void **state)
{
    (void)state;
    struct fake f = {
        .lines = {
            "\033[?1;3;0S\033[?1;3;0S\033[?2;3S\033[?2026;0$y\033[6;0;0t\033[4;99999;99999t\033[?62;4c"}};
    struct caps c;
    query(&f, &c);
    assert_int_equal(c.graphics, GRAPHICS_SIXEL);
    assert_false(c.synchronized);
    assert_int_equal(c.max_width, 1000);
    assert_int_equal(c.cell_width, 9);
    hang_up(&f);
}

static void test_keys_typed_meanwhile_are_kept(void **state)
{
    (void)state;
    struct fake f = {.lines = {"j\033[6;19;9t", "k\033[A\033[?62;4c"}, .pause_ms = 5};
    struct caps c;
    query(&f, &c);
    assert_true(c.answered);
    assert_int_equal(c.cell_width, 9);
    assert_int_equal(c.typed_count, 5);
    assert_memory_equal(c.typed, "jk\033[A", 5);
    hang_up(&f);
}

static void test_garbage_is_survived(void **state)
{
    (void)state;
    struct fake f = {.lines = {"\033P>|evil\033[6;19;9t\377\376\200\033[;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;x\033["
                               "99999999999999999999;1t",
                               "\033\033[?;;$y\033[?S\033[t\033]0;title\007\033P>|A\001\033\\\033[?62;4c"}};
    struct caps c;
    query(&f, &c);
    assert_true(c.answered);
    assert_int_equal(c.graphics, GRAPHICS_SIXEL);
    assert_int_equal(c.cell_width, 9); /* the sequence that broke the string off is taken */
    assert_string_equal(c.name, "A\\x01");
    hang_up(&f);
}

static void test_too_few_registers_mean_blocks(void **state)
{
    (void)state;
    struct fake f = {.lines = {"\033[?1;0;16S\033[?62;4c"}};
    struct caps c;
    query(&f, &c);
    assert_int_equal(c.graphics, GRAPHICS_BLOCKS_256);
    hang_up(&f);
}

static void test_a_modern_terminal_called_xterm_has_256_colours(void **state)
{
    (void)state;
    setenv("TERM", "xterm", 1);
    struct fake named = {.lines = {"\033P>|Alacritty\033\\\033[?6c"}}, nameless = {.lines = {"\033[?6c"}};
    struct caps c;
    query(&named, &c);
    assert_int_equal(c.graphics, GRAPHICS_BLOCKS_256);
    hang_up(&named);
    query(&nameless, &c);
    assert_int_equal(c.graphics, GRAPHICS_NONE);
    hang_up(&nameless);
}

static void test_overrides_win(void **state)
{
    (void)state;
    static const struct {
        const char *graphics, *cell, *depth;
        enum graphics expected;
        int width;
    } cases[] = {
        {"sixel", "12x24", NULL, GRAPHICS_SIXEL, 12},
        {"blocks", "12x24", "truecolor", GRAPHICS_BLOCKS_TRUE, 12},
        {"none", "8x", NULL, GRAPHICS_NONE, 9},
        {"blocks", "9x19x3", NULL, GRAPHICS_BLOCKS_256, 9},
        {NULL, "0x0", "24bit", GRAPHICS_BLOCKS_TRUE, 9},
        {NULL, "-4x9", "yes", GRAPHICS_BLOCKS_256, 9},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        set_up(NULL);
        if (cases[i].graphics)
            setenv("FERLAB_GRAPHICS", cases[i].graphics, 1);
        if (cases[i].depth)
            setenv("COLORTERM", cases[i].depth, 1);
        setenv("FERLAB_CELL", cases[i].cell, 1);
        struct fake f = {.lines = {"\033[?1;2c"}};
        struct caps c;
        query(&f, &c);
        assert_int_equal(c.graphics, cases[i].expected);
        assert_int_equal(c.cell_width, cases[i].width);
        hang_up(&f);
    }
}

static void test_a_dumb_terminal_is_never_asked(void **state)
{
    (void)state;
    setenv("TERM", "dumb", 1);
    struct fake f = {.lines = {full}};
    struct caps c;
    assert_true(query(&f, &c) < 0.1);
    assert_int_equal(c.graphics, GRAPHICS_NONE);
    hang_up(&f);
    assert_false(f.asked);
}

static void test_no_terminal_is_no_trouble(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    struct caps c;
    caps_query(ends[0], &c);
    assert_int_equal(c.graphics, GRAPHICS_NONE);
    assert_int_equal(c.cell_width, 10);
    assert_int_equal(c.cell_height, 20);
    close(ends[0]);
    close(ends[1]);
}

static void test_another_font_is_noticed_on_resize(void **state)
{
    (void)state;
    struct fake f = {.lines = {full}};
    struct caps c;
    query(&f, &c);
    assert_false(caps_resized(f.slave, &c));
    struct winsize larger = {.ws_row = 24, .ws_col = 80, .ws_xpixel = 80 * 12 + 4, .ws_ypixel = 24 * 25 + 4};
    ioctl(f.master, TIOCSWINSZ, &larger);
    assert_true(caps_resized(f.slave, &c));
    assert_int_equal(c.cell_width, 12);
    assert_int_equal(c.cell_height, 25);
    struct winsize none = {.ws_row = 24, .ws_col = 80};
    ioctl(f.master, TIOCSWINSZ, &none);
    assert_false(caps_resized(f.slave, &c));
    assert_int_equal(c.cell_width, 12);
    hang_up(&f);
}

static int next_of_text(void *context)
{
    const char **text = context;
    return **text ? (unsigned char)*(*text)++ : -1;
}

static void test_late_answers_and_unknown_keys_are_swallowed(void **state)
{
    (void)state;
    static const struct {
        const char *behind_escape;
        int expected;
        const char *rest;
    } cases[] = {
        {"", CAPS_ESCAPE, ""},
        {"x", 'x', ""},
        {"[?62;4;22c1", CAPS_SWALLOWED, "1"},
        {"[24;5~2", CAPS_SWALLOWED, "2"},
        {"P>|XTerm(379)\033\\8", CAPS_SWALLOWED, "8"},
        {"]11;rgb:1010/1010/1414\0078", CAPS_SWALLOWED, "8"},
        {"[6;19", CAPS_SWALLOWED, ""},
        {"Oq1", CAPS_SWALLOWED, "1"},
        {"O", 'O', ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *text = cases[i].behind_escape;
        assert_int_equal(caps_swallow(next_of_text, &text), cases[i].expected);
        assert_string_equal(text, cases[i].rest);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_full_answers_are_understood, set_up),
        cmocka_unit_test_setup(test_answers_may_come_in_pieces, set_up),
        cmocka_unit_test_setup(test_a_silent_terminal_costs_the_budget_only, set_up),
        cmocka_unit_test_setup(test_late_answers_are_not_waited_for, set_up),
        cmocka_unit_test_setup(test_da1_alone_is_enough, set_up),
        cmocka_unit_test_setup(test_geometry_tells_the_cell_where_no_window_report_comes, set_up),
        cmocka_unit_test_setup(test_refused_reports_are_ignored, set_up),
        cmocka_unit_test_setup(test_keys_typed_meanwhile_are_kept, set_up),
        cmocka_unit_test_setup(test_garbage_is_survived, set_up),
        cmocka_unit_test_setup(test_too_few_registers_mean_blocks, set_up),
        cmocka_unit_test_setup(test_a_modern_terminal_called_xterm_has_256_colours, set_up),
        cmocka_unit_test_setup(test_overrides_win, set_up),
        cmocka_unit_test_setup(test_a_dumb_terminal_is_never_asked, set_up),
        cmocka_unit_test_setup(test_no_terminal_is_no_trouble, set_up),
        cmocka_unit_test_setup(test_another_font_is_noticed_on_resize, set_up),
        cmocka_unit_test(test_late_answers_and_unknown_keys_are_swallowed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
