/* Editing the ten counts of a face, in place of the bars of its panel. */
#ifndef FERLAB_TUI_VOTES_EDITOR_H
#define FERLAB_TUI_VOTES_EDITOR_H

#include "app.h"

struct votes_editor {
    bool open;
    uint32_t row; /* of columns */
    struct votes counts;
    int at;      /* the class being edited */
    bool typing; /* the next digit is added to the count rather than begins one */
};

/* On the votes in force; `blank`: on ten zeros, where those are hidden. */
void votes_editor_open(struct app *app, struct votes_editor *v, uint32_t row, bool blank);

/* A key while it is open: arrows and digits edit, Enter saves, Esc gives up; no key goes elsewhere. Whether
 * the votes were saved: app->written. */
bool votes_editor_key(struct app *app, struct votes_editor *v, int key);

const char *votes_editor_keys(void); /* the bottom line */

#endif
