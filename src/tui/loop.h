/* The loop: one poll over the terminal, a pipe that signal handlers write to, and a timer. Gives events one
 * at a time. */
#ifndef FERLAB_TUI_LOOP_H
#define FERLAB_TUI_LOOP_H

#include "ferlab/base/err.h"

enum event_type {
    INPUT_NONE, /* nothing pending */
    INPUT_KEY,
    INPUT_CLICK,
    INPUT_WHEEL,   /* key is +1 down, -1 up */
    INPUT_RESIZE,  /* the screen has its new size already */
    INPUT_SUSPEND, /* somebody asks the program to stop for a while */
    INPUT_TICK,    /* time to look at the workspace */
    INPUT_HANGUP,  /* the terminal is gone */
};

struct input {
    enum event_type type;
    int key;
    int row, column;
    bool doubled;
    bool pasted; /* a key that came as part of a paste (bracketed paste, mode 2004) */
};

struct loop;

struct loop *loop_new(struct err *e); /* after curses has started; installs the signal handlers */
void loop_free(struct loop *loop);    /* puts the former handlers back */

/* Waits for the next event; with wait false only takes what is there already. */
void loop_next(struct loop *loop, bool wait, struct input *out);

/* Bytes that were typed before the loop began. */
void loop_type_ahead(struct loop *loop, const unsigned char *bytes, int count);

/* After a suspension: the handler for stop requests again. */
void loop_resumed(struct loop *loop);

#endif
