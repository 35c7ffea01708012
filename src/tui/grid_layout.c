/* The layout of the grid: how large faces are, and where. */
#include "grid.h"

enum {
    GAP = 2,      /* columns for the frames of a tile */
    CAPTION = 11, /* of a caption with the confidence and a column free: "neu→sad.87 " */
};

/* Sides of a face: pixels of a sixel image, and half blocks (one column, or half a row) where there are no
 * pixels. */
static const struct size {
    int pixels, blocks;
} sizes[] = {{48, 12}, {72, 16}, {96, 24}, {120, 32}, {144, 48}, {192, 48}, {240, 48}, {288, 48}, {432, 48}};
enum { SIZES = sizeof sizes / sizeof *sizes };

static bool has_pixels(const struct app *app)
{
    return app->caps.graphics == GRAPHICS_SIXEL;
}

static int legend_rows(const struct app *app)
{
    return app->legend ? 1 : 0;
}

/* A face may lose two rows of pixels at its lower edge if that saves a row of cells. */
static int cells_high(int side, int unit)
{
    return side % unit <= 2 && side > unit ? side / unit : (side + unit - 1) / unit;
}

/* Room for its caption's confidence too, where a column or two more give that. */
static int tile_columns(const struct grid_layout *l)
{
    int columns = l->columns + GAP;
    return columns < CAPTION && columns >= CAPTION - 2 ? CAPTION : columns;
}

static struct grid_layout layout_at(const struct app *app, int size)
{
    struct grid_layout l = {.left = 0, .top = 1, .smooth = app->smooth};
    int height = draw_last() - legend_rows(app), width = draw_columns();
    if (app->caps.graphics == GRAPHICS_NONE) {
        l.across = l.step_y = 1;
        l.down = height;
        l.step_x = width;
        return l;
    }
    l.side = has_pixels(app) ? sizes[size].pixels : sizes[size].blocks;
    l.unit_x = has_pixels(app) ? app->caps.cell_width : 1;
    l.unit_y = has_pixels(app) ? app->caps.cell_height : 2;
    l.columns = (l.side + l.unit_x - 1) / l.unit_x;
    l.rows = cells_high(l.side, l.unit_y);
    l.across = width / tile_columns(&l);
    l.down = height / (l.rows + 2);
    if (l.across < 1 || l.down < 1)
        return l;
    l.step_x = width / l.across < l.columns + 6 ? width / l.across : l.columns + 6;
    l.step_y = l.rows + 2;
    l.top += (height - l.down * l.step_y) / 2;
    l.left = (width - l.across * l.step_x + (l.step_x - l.columns)) / 2;
    return l;
}

/* The largest faces of which a good number fits; what counts as good shrinks with the screen. */
static int fitting_size(const struct app *app)
{
    int best = 0;
    for (int i = 0; i < SIZES && sizes[i].pixels <= 144; i++) {
        struct grid_layout l = layout_at(app, i);
        int wanted = has_pixels(app) ? 40 : 10;
        bool enough = l.across * l.down >= wanted ||
                      (sizes[i].pixels <= 72 && l.across >= 6 && l.down >= 3) ||
                      (!has_pixels(app) && sizes[i].blocks <= 16);
        if (enough)
            best = i;
    }
    return best;
}

static int present_size(const struct app *app)
{
    for (int i = 0; app->face_scale > 0 && i < SIZES; i++)
        if (sizes[i].pixels >= app->face_scale * 24)
            return i;
    return fitting_size(app);
}

static void lay_out(const struct app *app, struct grid *g)
{
    int size = present_size(app);
    g->layout = layout_at(app, size);
    while ((g->layout.across < 1 || g->layout.down < 1) && size > 0)
        g->layout = layout_at(app, --size);
    if (g->layout.across < 1)
        g->layout.across = 1;
    if (g->layout.down < 1)
        g->layout.down = 1;
    while (g->layout.across * g->layout.down > GRID_MOST_TILES)
        g->layout.down--;
}

/* Scrolls as little as brings the cursor onto the screen. */
static void follow_cursor(const struct app *app, struct grid *g)
{
    size_t across = (size_t)g->layout.across, down = (size_t)g->layout.down;
    size_t rows = (app->row_count + across - 1) / across, at = app->cursor / across;
    if (g->top_row > at)
        g->top_row = at;
    if (at >= g->top_row + down)
        g->top_row = at - down + 1;
    if (g->top_row + down > rows)
        g->top_row = rows > down ? rows - down : 0;
}

void grid_lay_out(const struct app *app, struct grid *g)
{
    lay_out(app, g);
    follow_cursor(app, g);
}

void grid_tile_place(const struct grid_layout *l, size_t i, int *row, int *column)
{
    *row = l->top + (int)(i / (size_t)l->across) * l->step_y + 1;
    *column = l->left + (int)(i % (size_t)l->across) * l->step_x;
}

int64_t grid_tile_at(const struct app *app, const struct grid_layout *l, int row, int column)
{
    int x = column - l->left + 1, y = row - l->top;
    if (app->caps.graphics == GRAPHICS_NONE)
        x = 0;
    if (x < 0 || y < 0 || x / l->step_x >= l->across || y / l->step_y >= l->down)
        return -1;
    return (int64_t)(y / l->step_y) * l->across + x / l->step_x;
}

void grid_resize(struct app *app, int step)
{
    int size = present_size(app) + step;
    if (size < 0 || size >= SIZES)
        return;
    struct grid_layout l = layout_at(app, size);
    if (l.across >= 1 && l.down >= 1)
        app->face_scale = sizes[size].pixels / 24;
}
