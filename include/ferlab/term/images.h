/* Images on the screen: the one place that writes raw bytes to the terminal. Views place canvases over cells
 * in each frame; after doupdate this layer works out which of them the terminal no longer shows and sends
 * those, and no others.
 *
 * A placement is known by its slot (a small number that the view chooses). Placing the same pixels at the
 * same cells again costs nothing but a comparison. Sixel shows the canvas pixel for pixel from the
 * placement's first cell; half blocks (GRAPHICS_BLOCKS_*) scale the whole canvas to the placement's cells;
 * with GRAPHICS_NONE nothing is drawn.
 *
 * Pixels of PALETTE_BACKGROUND are not drawn: the terminal's background shows there. Text wins over pictures,
 * whatever order they are drawn in: where a cell holds anything but a blank on the default background (a
 * frame between the faces of one canvas, a label under them, a popup with a colour of its own), that is what
 * shows. The terminal's last row never gets a picture. Placements must not overlap. */
#ifndef FERLAB_TERM_IMAGES_H
#define FERLAB_TERM_IMAGES_H

#include "ferlab/term/canvas.h"
#include "ferlab/term/caps.h"

#include <stddef.h>

struct images;

struct images *images_new(const struct caps *caps, int fd); /* after initscr; keeps the pointer to caps */
void images_free(struct images *im);

/* A frame: begin, any number of place calls (the canvas is copied), then images_show instead of doupdate: it
 * runs wnoutrefresh-ed updates through doupdate and then sends images. Slots not placed in this frame are
 * removed (their cells are repainted by curses). */
void images_begin(struct images *im);
void images_place(struct images *im, int slot, int row, int column, int rows, int columns,
                  const struct canvas *c);
void images_show(struct images *im);

/* Rows of text that changed between frames erase images in some terminals: images_show finds them itself by
 * comparing curses' screens, and it sees clearok and resizes. After anything it cannot see (resume, a redraw
 * request) everything is sent again: */
void images_invalidate(struct images *im);

/* Bytes of pictures sent by the latest images_show, for benchmarks and the debug line. */
size_t images_bytes(const struct images *im);

/* One image to a plain stream, outside curses (ferlab show). Ends with a newline. False: the write failed. */
bool images_print(int fd, const struct caps *caps, const struct canvas *c);

#endif
