/* Curses on and off. What restores the terminal is prepared as plain bytes, because a handler of a fatal
 * signal may call little more than write. */
#include "terminal.h"

#include <curses.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>

static const int fatal[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGTERM, SIGHUP, SIGQUIT};
enum { FATAL = sizeof fatal / sizeof *fatal, CRASHES = 5 };

static SCREEN *screen;
static struct sigaction former[FATAL];
static struct termios original;
static char restore[256];
static size_t restore_length;
static char emergency_stack[16384];

/* Whether terminfo knows a terminal, and with that capability (NULL: any). */
static bool terminfo_has(const char *name, const char *capability)
{
    int status = 0;
    if (setupterm(name, STDOUT_FILENO, &status) == ERR)
        return false;
    const char *value = capability != NULL ? tigetstr(capability) : "";
    bool has = value != NULL && value != (char *)-1;
    del_curterm(set_curterm(NULL));
    return has;
}

bool terminal_usable(struct err *e)
{
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
        return err_set(e, ERR_USAGE,
                       "the workbench needs a terminal on its standard input and output; "
                       "'ferlab --help' lists commands that do not");
    const char *name = getenv("TERM");
    if (name == NULL || !terminfo_has(name, NULL))
        return err_set(e, ERR_USAGE,
                       "TERM=%s: a terminal of this kind is not known here; set TERM to what it is, such as "
                       "xterm-256color",
                       name == NULL ? "" : name);
    if (!terminfo_has(name, "cup"))
        return err_set(
            e, ERR_USAGE,
            "TERM=%s: the workbench needs a terminal that can move its cursor; use 'ferlab list' and "
            "'ferlab show' here, or set TERM to what the terminal is",
            name);
    return true;
}

static void restore_add(const char *bytes)
{
    if (bytes == NULL || bytes == (char *)-1)
        return;
    size_t length = strlen(bytes);
    if (restore_length + length < sizeof restore) {
        memcpy(restore + restore_length, bytes, length);
        restore_length += length;
    }
}

/* Bracketed paste: pasted text comes between marks, so that it is not taken for keys. */
static const char paste_bracketed[] = "\033[?2004h", paste_plain[] = "\033[?2004l";

static void set_paste(const char *mode)
{
    fputs(mode, stdout);
    fflush(stdout);
}

static void prepare_restore(void)
{
    restore_length = 0;
    restore_add("\033\\\033[?2026l");      /* ends an image and a synchronised frame cut short */
    restore_add("\033[?1006l\033[?1000l"); /* mouse off */
    restore_add(paste_plain);
    restore_add(tigetstr("sgr0"));
    restore_add(tigetstr("rmkx"));
    restore_add(tigetstr("cnorm"));
    restore_add(tigetstr("rmcup"));
}

static void on_fatal(int number)
{
    ssize_t written = write(STDOUT_FILENO, restore, restore_length);
    (void)written;
    tcsetattr(STDIN_FILENO, TCSANOW, &original);
    /* Crashes go on to who handled them before (a sanitizer, say); requests to end end the process. Either
     * happens when this handler returns. */
    for (int i = 0; i < FATAL; i++)
        if (fatal[i] == number && i < CRASHES)
            sigaction(number, &former[i], NULL);
        else if (fatal[i] == number)
            signal(number, SIG_DFL);
    raise(number);
}

static void install_fatal(void)
{
    stack_t stack = {.ss_sp = emergency_stack, .ss_size = sizeof emergency_stack};
    sigaltstack(&stack, NULL);
    struct sigaction action = {.sa_handler = on_fatal, .sa_flags = SA_ONSTACK};
    sigemptyset(&action.sa_mask);
    for (int i = 0; i < FATAL; i++)
        sigaction(fatal[i], &action, &former[i]);
}

/* With no locale chosen at all (bare containers, some ssh logins) UTF-8 is the better guess; a chosen C
 * locale is obeyed. */
static void choose_locale(void)
{
    static const char *const variables[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    bool chosen = false;
    for (size_t i = 0; i < 3; i++) {
        const char *value = getenv(variables[i]);
        chosen |= value != NULL && value[0] != '\0';
    }
    if (!chosen || setlocale(LC_CTYPE, "") == NULL)
        setlocale(LC_CTYPE, "C.UTF-8");
}

/* TERM=xterm promises eight colours, but a terminal that answers XTVERSION has 256 (it is younger than they
 * are). */
static const char *better_name(const char *answered)
{
    const char *name = getenv("TERM"), *better = "xterm-256color";
    bool modest = answered[0] != '\0' && name != NULL && strcmp(name, "xterm") == 0;
    return modest && terminfo_has(better, NULL) ? better : name;
}

void terminal_start(const char *answered)
{
    tcgetattr(STDIN_FILENO, &original);
    choose_locale();
    set_escdelay(25);
    screen = newterm(better_name(answered), stdout, stdin);
    prepare_restore();
    install_fatal();
    raw();
    noecho();
    nonl();
    curs_set(0);
    leaveok(stdscr, TRUE);
    keypad(stdscr, TRUE);
    mousemask(BUTTON1_PRESSED | BUTTON4_PRESSED | BUTTON5_PRESSED, NULL);
    mouseinterval(0);
    set_paste(paste_bracketed);
}

void terminal_stop(void)
{
    set_paste(paste_plain);
    curs_set(1);
    endwin();
    delscreen(screen);
    for (int i = 0; i < FATAL; i++)
        sigaction(fatal[i], &former[i], NULL);
}

void terminal_suspend(void)
{
    set_paste(paste_plain);
    curs_set(1);
    endwin();
    signal(SIGTSTP, SIG_DFL);
    raise(SIGTSTP);
    /* continued */
    set_paste(paste_bracketed);
    curs_set(0);
    clearok(curscr, TRUE);
    refresh();
}
