/* What the terminal can do: asked once before curses starts, in raw mode, with one write of queries and DA1
 * last as the sentinel. Works through ssh; gives up after a quarter of a second. */
#ifndef FERLAB_TERM_CAPS_H
#define FERLAB_TERM_CAPS_H

#include <stdbool.h>

enum graphics { GRAPHICS_NONE, GRAPHICS_BLOCKS_256, GRAPHICS_BLOCKS_TRUE, GRAPHICS_SIXEL };

struct caps {
    enum graphics graphics;
    bool answered;               /* the terminal answered DA1 */
    bool synchronized;           /* mode 2026 (synchronised output) may be used */
    int cell_width, cell_height; /* pixels; 10x20 where nobody says */
    int max_width, max_height;   /* of one sixel image, pixels */
    int registers;               /* sixel colour registers */
    char name[64];               /* XTVERSION, "" when silent; control characters escaped */
    const char *cell_source;     /* where the cell size comes from, for doctor */
    bool light;                  /* its background is light (OSC 11); false where it does not say */
    bool window_agrees;          /* the window's size in pixels leads to the same cell size */
    unsigned char typed[64];     /* keys typed while the terminal was asked, for whoever reads keys next */
    int typed_count;
};

/* Asks the terminal on fd (both read and written); TERM=dumb is never asked. Overrides: $FERLAB_GRAPHICS =
 * sixel | blocks | none, $FERLAB_CELL = WxH. Leaves the terminal mode as it was. */
void caps_query(int fd, struct caps *c);

/* After a resize: the cell size again (another font?), from the window's size where that was right the first
 * time. True when it changed. */
bool caps_resized(int fd, struct caps *c);

/* Swallows what is no key: answers that came too late, sequences of keys curses does not know. They begin
 * with an ESC that curses hands out as a character; left alone, the digits behind it would act as keys of
 * their own. Called after such an ESC; next gives the characters that follow at once, -1 where none does.
 * Returns CAPS_ESCAPE: nothing followed, Esc was typed; CAPS_SWALLOWED; or else the key that was typed with
 * Alt. */
enum { CAPS_ESCAPE = -1, CAPS_SWALLOWED = -2 };
int caps_swallow(int (*next)(void *context), void *context);

const char *graphics_name(enum graphics g);

#endif
