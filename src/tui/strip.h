/* The strip: the faces around the one that is shown large, small and in their order, with their captions. One
 * image that turns page by page, so most moves send no pixels. */
#ifndef FERLAB_TUI_STRIP_H
#define FERLAB_TUI_STRIP_H

#include "app.h"

enum { STRIP_MOST = 256 };

struct strip_layout {
    int side;           /* of a face, in canvas pixels */
    int unit_x, unit_y; /* canvas pixels of a cell */
    int columns, rows;  /* of a face, in cells */
    int step;           /* columns from face to face */
    int across, down;   /* down 0: there is no room for a strip */
    int top;            /* first row of the screen */
};

struct strip {
    struct strip_layout layout, drawn;
    struct canvas canvas;
    uint32_t shown[STRIP_MOST];
    int shown_count; /* -1: the canvas shows nothing of use */
};

/* The faces in their order, of which `at` is shown large; SIZE_MAX: none of them. */
struct strip_faces {
    const uint32_t *rows; /* of columns */
    size_t count, at;
    /* Whether the caption of the face at that place is kept back; NULL: of none. */
    bool (*hides)(const void *of, size_t place);
    const void *of;
};

/* The largest faces that fit between these rows of the screen, the last one included. */
struct strip_layout strip_lay_out(const struct app *app, int first_row, int last_row);

void strip_draw(struct app *app, struct strip *s, int slot, const struct strip_faces *faces);

/* The place among them of what lies at this cell, or -1. */
int64_t strip_at(const struct strip *s, const struct strip_faces *faces, int row, int column);

#endif
