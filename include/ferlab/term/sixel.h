/* Sixel encoding of palette-indexed pixels with the program's own palette.
 *
 * Pixels of PALETTE_BACKGROUND are left out (P2 = 1): the terminal's own background shows there, whatever its
 * colour. The encoder is the program's own because the screen's speed hangs on it: a page of 8x5 faces at 96
 * px takes it 3 ms where libsixel 1.10 takes 20 (same machine, same palette). Tests decode
 * its output with libsixel. */
#ifndef FERLAB_TERM_SIXEL_H
#define FERLAB_TERM_SIXEL_H

#include "ferlab/base/str.h"
#include "ferlab/term/canvas.h"

/* Appends DCS … ST for width x height pixels starting at (x, y) of the canvas, clipped to it. No trailing
 * newline graphics. False: nothing left after clipping, or out of memory. Not called sixel_encode, which is
 * libsixel's. */
bool sixel_append(const struct canvas *c, int x, int y, int width, int height, struct str *out);

#endif
