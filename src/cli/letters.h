/* Words in pictures: a small font of 5 x 7 dots, for the names of emotions and numbers. */
#ifndef FERLAB_CLI_LETTERS_H
#define FERLAB_CLI_LETTERS_H

#include "ferlab/term/canvas.h"

enum { LETTER_WIDTH = 6, LETTER_HEIGHT = 7 }; /* with the gap to the next one */

/* Draws a word from its upper left corner on, `scale` pixels a dot; letters that the font lacks stay blank.
 */
void letters_draw(struct canvas *c, int x, int y, int scale, const char *word, uint8_t color);

#endif
