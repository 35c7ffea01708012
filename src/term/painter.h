/* Painters: how one placed picture goes to the terminal, by protocol. A painter holds the picture that is (or
 * is about to be) on the screen and the one wished for, both of them cut into cells. Cells without any pixel
 * that differs from PALETTE_BACKGROUND are not part of a picture. */
#ifndef FERLAB_TERM_PAINTER_H
#define FERLAB_TERM_PAINTER_H

#include "ferlab/base/str.h"
#include "ferlab/term/canvas.h"
#include "ferlab/term/caps.h"

#include <stdbool.h>
#include <stdint.h>

struct painter;

/* The cells a picture is meant for, and how many of them are on the screen (the first ones). */
struct extent {
    int rows, columns, visible_rows, visible_columns;
};

struct painter_ops {
    struct painter *(*create)(const struct caps *caps); /* NULL: out of memory */
    void (*destroy)(struct painter *p);                 /* NULL is fine */

    /* Keeps a copy as the picture wished for. False: out of memory, the former wish stands. */
    bool (*wish)(struct painter *p, struct extent e, const struct canvas *c);

    /* Whether the picture on the screen has pixels in a visible cell. */
    bool (*covers)(const struct painter *p, int row, int column);
    /* One byte a visible cell, row-major: whether the picture has pixels there and the wish, of the same
     * extent, has none where it has some, so that the cell must be blanked first. */
    void (*vacated)(const struct painter *p, uint8_t *cells);

    void (*accept)(struct painter *p); /* the wish becomes the picture; what differs is to be sent */
    void (*touch)(struct painter *p, int row,
                  int column); /* a cell was erased: what covers it is to be sent */
    void (*touch_all)(struct painter *p);
    bool (*pending)(const struct painter *p); /* anything to be sent */

    /* Appends what is to be sent, for the picture's first cell at this place of the screen. free[row *
     * columns + column] of the visible cells: no text stands there. Sets painted[…] where text was painted
     * over; the caller writes it again. */
    void (*emit)(struct painter *p, int row, int column, const uint8_t *free, uint8_t *painted,
                 struct str *out);
};

extern const struct painter_ops painter_sixel, painter_blocks;

/* The canvas as lines of half blocks, without cursor addressing. */
bool blocks_append_lines(const struct caps *caps, const struct canvas *c, int rows, int columns,
                         struct str *out);

#endif
