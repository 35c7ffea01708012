/* The map: every face of the filter as a point, near those that the model sees alike. What its files share:
 * view_map.c (where the points come from, acting), map_draw.c (the screen). */
#ifndef FERLAB_TUI_MAP_H
#define FERLAB_TUI_MAP_H

#include "app.h"

#include "ferlab/eval/pca.h"

enum map_colour { MAP_LABEL, MAP_PREDICTION, MAP_ERROR, MAP_COLOURS };

/* Where a cell of the map lies: the view shows a rectangle of the plane. */
struct map_window {
    double x, y;                   /* of the plane, at the middle of the screen's map */
    double scale;                  /* of the plane, a canvas pixel */
    bool fitted;                   /* to all points, until somebody moves it */
    int row, column;               /* the cursor, in cells of the map */
    int anchor_row, anchor_column; /* where a box was begun; anchor_row -1: no box */
};

struct map_layout {
    int top, left, rows, columns; /* of the map, in cells */
    int unit_x, unit_y;           /* canvas pixels of a cell */
    int panel;                    /* first column of what is said of the face under the cursor; 0: no room */
    int side;                     /* of that face, in canvas pixels; 0: not shown */
};

/* How the places of the points come about. */
enum map_state {
    MAP_WAITING, /* the model's embeddings are being computed, or there are none */
    MAP_ADDING,  /* principal components: sums over the vectors */
    MAP_PLACING, /* the vectors onto the plane */
    MAP_READY,
};

struct map_view {
    enum map_state state;
    struct pca pca;
    size_t done;               /* rows taken in by the present state */
    float (*places)[PCA_AXES]; /* [columns->count]; NaN where there is none */
    int64_t model;             /* whose they are */
    enum map_colour colour;
    struct map_window window;
    struct map_layout layout;
    struct canvas canvas, face;
    bool stale;       /* the canvas shows something else */
    int64_t under;    /* the row of columns under the cursor, or -1 */
    int64_t face_row; /* that the face's canvas shows, or -1 */
    bool refined;     /* the places are those that the workspace keeps, not the principal components */
    bool refining;
    char refining_line[128]; /* what the process that refines said last */
    size_t visible;          /* points of the filter that have a place */
    char keys[200];
};

void map_lay_out(const struct app *app, struct map_view *v);
/* The smallest window that holds all points of the filter. */
void map_fit(const struct app *app, struct map_view *v);
void map_draw(struct app *app, struct map_view *v);

/* Canvas pixels of a place, and the place of the middle of a cell. */
void map_pixel(const struct map_view *v, const float place[PCA_AXES], double *x, double *y);
void map_place(const struct map_view *v, int row, int column, double *x, double *y);

/* The point of the filter nearest to the cursor, within a few cells; -1 where there is none. */
int64_t map_find_under(const struct app *app, const struct map_view *v);

/* Whether the place lies in the box between its anchor and the cursor, their cells included. */
bool map_in_box(const struct map_view *v, const float place[PCA_AXES]);

#endif
