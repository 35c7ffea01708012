/* The text of the screen as curses knows it: what stands there and what will after the next update.
 *
 * Cells in which a picture shows are "held": for curses they are blanks with attributes that nothing else has
 * and that make a blank look no different. So curses never clears them with the rest of a line nor moves its
 * cursor by writing over them, and it does write a plain blank where a picture has gone. */
#ifndef FERLAB_TERM_TEXT_H
#define FERLAB_TERM_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    TEXT_JUMP = 6 /* curses writes over unchanged cells rather than jump when there are fewer than this */
};

struct text {
    int rows, columns;
    uint8_t
        *free; /* rows * columns: nothing will stand there but the terminal's background, so pictures show */
    uint8_t *erased; /* rows * columns: free, and the next update may write a blank there */
    void *old, *new; /* scratch: a row of curses cells each */
    size_t capacity;
    int columns_capacity;
};

/* Compares curses' wish (newscr) with its idea of the terminal (curscr). False: out of memory. */
bool text_read(struct text *t);
void text_free(struct text *t);

/* Holds the free cells of a row from column on, or lets go of those that are held, in curses' wish. */
void text_hold(struct text *t, int row, int column, int count, bool hold);

/* Makes curses forget what stands in the cells, so that the next update writes them. */
void text_forget(int row, int column, int count);

/* doupdate, one line at a time. Given several changed lines at once, curses may find that one looks as
 * another did and scroll a part of the screen, whatever idlok says, and pictures with it; a single line has
 * no such counterpart. */
void text_update(struct text *t);

/* Whether the next update begins by clearing the whole screen. */
bool text_will_clear(void);

#endif
