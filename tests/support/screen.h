/* A sixel terminal for tests: the program on a real pty of a given size in cells and pixels; its queries
 * answered as xterm would, its text kept by libvterm, its sixels cut out, decoded and laid on the pixels of
 * the screen. */
#ifndef FERLAB_TESTS_SCREEN_H
#define FERLAB_TESTS_SCREEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct screen;

struct screen_options {
    int columns, rows, cell_width, cell_height; /* 140 42 9 19 */
    bool sixel;                                 /* DA1 says sixel */
    bool mute;                                  /* answers nothing, as a terminal that knows no queries */
    bool synchronized;                          /* DECRQM says mode 2026 is there */
    const char *term;                           /* TERM; NULL: xterm-256color */
    const char *colorterm;                      /* COLORTERM; NULL: unset */
};

/* Starts FERLAB_PROGRAM with arguments (ending with NULL). */
struct screen *screen_start(const struct screen_options *o, const char *const *arguments);
/* The same for a function of the test itself, run in a forked child on the pty; its result is the exit
 * status. */
struct screen *screen_start_child(const struct screen_options *o, int (*child)(void *), void *argument);
void screen_end(struct screen *s); /* kills what still runs */

void screen_keys(struct screen *s, const char *bytes); /* as typed */
void screen_settle(struct screen *s,
                   int quiet_ms); /* until nothing came for so long and the program waits (10 s at most) */
bool screen_wait_text(struct screen *s, const char *text, int timeout_ms);
bool screen_has(struct screen *s, const char *text); /* on any one row */
const char *screen_row(struct screen *s, int row);   /* UTF-8, trailing blanks cut */
void screen_dump(struct screen *s);                  /* to stderr */
void screen_resize(struct screen *s, int columns, int rows);
int screen_wait_exit(struct screen *s, int timeout_ms); /* exit status, 128 + signal, or -1 */
void screen_signal(struct screen *s, int signal);
int screen_pid(struct screen *s);

/* The pixel picture: RGB of the screen as sixels drew it since the start, text cells that overwrote it black.
 * Pixels that an image leaves out (P2 = 1) stay as they were, provided that it does not use register 0. */
const uint8_t *screen_pixels(struct screen *s, int *width, int *height); /* 3 bytes a pixel */
int screen_images(struct screen *s);                                     /* sixel images received so far */
size_t screen_bytes(struct screen *s);                                   /* bytes received so far */
bool screen_sent(struct screen *s, const char *sequence); /* whether these bytes were in the stream */

#endif
