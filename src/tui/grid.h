/* The grid's parts: where its faces lie, and how they are drawn. */
#ifndef FERLAB_TUI_GRID_H
#define FERLAB_TUI_GRID_H

#include "app.h"

enum { GRID_MOST_TILES = 1024 };

struct grid_layout {
    int side;           /* of a face, in canvas pixels */
    int unit_x, unit_y; /* canvas pixels of a cell */
    int columns, rows;  /* of a face, in cells */
    int across, down;   /* tiles */
    int step_x, step_y; /* from tile to tile, in cells */
    int left, top;      /* of the first tile */
    bool smooth;
};

struct grid {
    struct grid_layout layout;
    size_t top_row; /* the first row of tiles on the screen */
    struct canvas canvas;
    struct grid_layout drawn; /* what the canvas shows */
    uint32_t shown[GRID_MOST_TILES];
    size_t shown_count;
    bool stale; /* rows may mean other faces than when the canvas was drawn */
};

/* Lays tiles of the size in force out over the screen, and scrolls as little as brings the cursor onto it. */
void grid_lay_out(const struct app *app, struct grid *g);
/* Where tile i is: the first row and column of its face. */
void grid_tile_place(const struct grid_layout *l, size_t i, int *row, int *column);
/* The tile at a place of the screen, frames and captions included; -1: none. */
int64_t grid_tile_at(const struct app *app, const struct grid_layout *l, int row, int column);
/* Larger or smaller faces, where any of that size fit. */
void grid_resize(struct app *app, int step);

/* All of it, laid out already. */
void grid_draw_all(struct app *app, struct grid *g);

#endif
