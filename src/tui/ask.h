/* Prompts: the line being answered at the bottom of the screen, its editing, history and completion. */
#ifndef FERLAB_TUI_ASK_H
#define FERLAB_TUI_ASK_H

#include "app.h"

enum { ASK_BYTES = 512 };

struct ask {
    const char *prompt;   /* also names the history */
    char text[ASK_BYTES]; /* UTF-8 */
    size_t cursor;        /* byte index */
    bool fresh;           /* the initial text stands selected: typing replaces it, moving keeps it */
    bool yes_no;          /* y is yes, any other key no; the text is the question */
    bool done, accepted;
    char hint[ASK_BYTES]; /* the line below: what the text would do, or what is wrong with it */
    int place;            /* column of the text, from 0, that the hint points at; -1 none */
    bool wrong;           /* Enter was pressed on a mistake */
    int history_at;       /* steps back from the newest; 0: the line being typed */
    char typed[ASK_BYTES];

    /* After every change: fills hint and place. May be NULL. */
    void (*look)(struct app *app, struct ask *ask);
    /* Lines that Tab offers for the text up to the cursor, as whole texts; returns how many. May be NULL. */
    size_t (*complete)(struct app *app, const struct ask *ask, char (*out)[ASK_BYTES], size_t max);
    size_t offered;       /* which completion stands, from 1; 0: none */
    char stem[ASK_BYTES]; /* what was completed */
};

/* Runs the prompt to its end; true when it was answered (ask->text). */
bool ask_run(struct app *app, struct ask *ask);

#endif
