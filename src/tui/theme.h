/* Theme: what each style of app.h looks like on this terminal, as curses attributes and an extended colour
 * pair. */
#ifndef FERLAB_TUI_THEME_H
#define FERLAB_TUI_THEME_H

#include "app.h"

#include <curses.h>

struct look {
    attr_t attributes;
    int pair; /* extended: may be above 255 */
};

void theme_start(bool light); /* after initscr; light: the terminal's background is */
struct look theme_look(enum style style);

/* The pairs of the theme are 1 .. THEME_PAIRS - 1; half blocks take theirs from above. */
enum { THEME_PAIRS = STYLE_COUNT + 1 };

/* Whether the locale can show more than ASCII, and what stands for a character where it cannot. */
bool theme_is_utf8(void);
wchar_t theme_ascii(wchar_t c);

#endif
