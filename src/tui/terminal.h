/* The terminal as a whole: taking it over, giving it back, also when the program dies, and stepping aside for
 * Ctrl-Z. */
#ifndef FERLAB_TUI_TERMINAL_H
#define FERLAB_TUI_TERMINAL_H

#include "ferlab/base/err.h"

/* Whether the workbench can run here: stdin and stdout are a terminal that can address its cursor. */
bool terminal_usable(struct err *e);

/* Curses on; from now on fatal signals restore the terminal first. `answered`: the name the terminal gave
 * itself, or "". */
void terminal_start(const char *answered);
void terminal_stop(void);

/* Gives the terminal back and stops the process until it is continued. */
void terminal_suspend(void);

#endif
