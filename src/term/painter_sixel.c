/* Pictures as sixel: pixel for pixel, in as few images as the terminal's largest size allows. An image is
 * encoded once and kept, so sending it again costs no more than the write. */
#include "painter.h"

#include "ferlab/term/sixel.h"

#include <stdlib.h>
#include <string.h>

enum { PIECES_MAX = 64 };

/* A page of faces goes out in bands, cut where a whole row of cells is blank: a change sends only its bands,
 * and enlarged pixels that begin where the image begins fill its sixels, which makes it a twelfth shorter.
 * Not in more than these, because xterm remembers 16 images. */
enum { BANDS_MAX = 12 };

/* A part of the picture that is one sixel image, in cells of the picture. */
struct piece {
    int row, column, rows, columns;
    bool encoded, pending;
    struct str bytes; /* empty: only background */
};

/* A run of cell rows between blank ones. */
struct band {
    int row, rows;
};

struct painter {
    const struct caps *caps;
    int cell_width, cell_height; /* of `now`, as the wish was made */
    struct extent now_extent, next_extent;
    struct canvas now, next;      /* cut to the visible cells */
    struct band bands[BANDS_MAX]; /* of `now` */
    int band_count;
    struct piece pieces[PIECES_MAX];
    int piece_count;
};

static struct painter *create(const struct caps *caps)
{
    struct painter *p = calloc(1, sizeof *p);
    if (p)
        p->caps = caps;
    return p;
}

static void destroy(struct painter *p)
{
    if (!p)
        return;
    for (int i = 0; i < PIECES_MAX; i++)
        str_free(&p->pieces[i].bytes);
    canvas_free(&p->now);
    canvas_free(&p->next);
    free(p);
}

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

static bool wish(struct painter *p, struct extent e, const struct canvas *c)
{
    int width = smaller(c->width, e.visible_columns * p->caps->cell_width);
    int height = smaller(c->height, e.visible_rows * p->caps->cell_height);
    if (!canvas_resize(&p->next, width, height))
        return false;
    for (int y = 0; y < height; y++)
        memcpy(p->next.pixels + (size_t)y * (size_t)width, c->pixels + (size_t)y * (size_t)c->width,
               (size_t)width);
    p->next.palette = c->palette;
    p->next_extent = e;
    return true;
}

/* --- cells --- */

static bool any_pixel(const struct canvas *c, int x, int y, int width, int height)
{
    width = smaller(width, c->width - x);
    height = smaller(height, c->height - y);
    unsigned any = 0;
    for (int row = 0; row < height; row++) {
        const uint8_t *line = c->pixels + (size_t)(y + row) * (size_t)c->width + x;
        for (int i = 0; i < width; i++)
            any |= line[i] ^ PALETTE_BACKGROUND;
        if (any)
            return true;
    }
    return false;
}

static bool covers(const struct painter *p, int row, int column)
{
    return any_pixel(&p->now, column * p->cell_width, row * p->cell_height, p->cell_width, p->cell_height);
}

/* Marks the cells of one pixel row in which a pixel goes back to the background. */
static void vacated_row(const struct painter *p, int y, uint8_t *cells)
{
    size_t start = (size_t)y * (size_t)p->now.width;
    const uint8_t *now = p->now.pixels + start, *next = p->next.pixels + start;
    uint8_t any = 0;
    for (int x = 0; x < p->now.width; x++)
        any |= (uint8_t)((now[x] != PALETTE_BACKGROUND) & (next[x] == PALETTE_BACKGROUND));
    if (!any)
        return;
    uint8_t *row = cells + (size_t)(y / p->cell_height) * (size_t)p->now_extent.visible_columns;
    for (int x = 0; x < p->now.width; x++) {
        if (now[x] != PALETTE_BACKGROUND && next[x] == PALETTE_BACKGROUND)
            row[x / p->cell_width] = 1;
    }
}

static bool same_shape(const struct painter *p)
{
    return p->now.width == p->next.width && p->now.height == p->next.height &&
           p->cell_width == p->caps->cell_width && p->cell_height == p->caps->cell_height;
}

static void vacated(const struct painter *p, uint8_t *cells)
{
    if (!same_shape(p)) {
        for (int row = 0; row < p->now_extent.visible_rows; row++) {
            for (int column = 0; column < p->now_extent.visible_columns; column++)
                *cells++ = covers(p, row, column);
        }
        return;
    }
    memset(cells, 0, (size_t)p->now_extent.visible_rows * (size_t)p->now_extent.visible_columns);
    for (int y = 0; y < p->now.height; y++)
        vacated_row(p, y, cells);
}

/* --- pieces --- */

/* How many cells of `total` one image may have when it has to be at most `most` pixels, with all images about
 * equal. */
static int piece_side(int total, int cell, int most)
{
    int cells = most / cell > 0 ? most / cell : 1;
    int count = (total + cells - 1) / cells;
    return count > 0 ? (total + count - 1) / count : 1;
}

/* Returns how many; the last one takes what would be too many. */
static int find_bands(const struct painter *p, struct band bands[BANDS_MAX])
{
    int rows = (p->now.height + p->cell_height - 1) / p->cell_height, count = 0;
    bool open = false;
    for (int row = 0; row < rows; row++) {
        bool filled = any_pixel(&p->now, 0, row * p->cell_height, p->now.width, p->cell_height);
        if (filled && !open && count < BANDS_MAX)
            bands[count++].row = row;
        if (filled)
            bands[count - 1].rows = row + 1 - bands[count - 1].row;
        open = filled;
    }
    return count;
}

static void add_piece(struct painter *p, struct piece at)
{
    if (p->piece_count == PIECES_MAX)
        return;
    struct piece *piece = &p->pieces[p->piece_count++];
    at.bytes = piece->bytes; /* its memory is used again */
    at.pending = true;
    *piece = at;
}

static void lay_pieces(struct painter *p)
{
    int columns = (p->now.width + p->cell_width - 1) / p->cell_width;
    int wide = piece_side(columns, p->cell_width, p->caps->max_width);
    p->piece_count = 0;
    for (int i = 0; i < p->band_count; i++) {
        int row = p->bands[i].row, end = row + p->bands[i].rows;
        int high = piece_side(p->bands[i].rows, p->cell_height, p->caps->max_height);
        for (; row < end; row += high) {
            for (int column = 0; column < columns; column += wide)
                add_piece(p, (struct piece){.row = row,
                                            .column = column,
                                            .rows = smaller(high, end - row),
                                            .columns = smaller(wide, columns - column)});
        }
    }
}

static bool piece_differs(const struct painter *p, const struct piece *piece)
{
    int x = piece->column * p->cell_width, y = piece->row * p->cell_height;
    size_t width = (size_t)smaller(piece->columns * p->cell_width, p->now.width - x);
    int end = smaller(y + piece->rows * p->cell_height, p->now.height);
    if (p->now.palette != p->next.palette)
        return true;
    for (; y < end; y++) {
        size_t start = (size_t)y * (size_t)p->now.width + (size_t)x;
        if (memcmp(p->now.pixels + start, p->next.pixels + start, width) != 0)
            return true;
    }
    return false;
}

/* Those that the wish, of the same shape, changes. */
static void mark_pieces(struct painter *p)
{
    for (int i = 0; i < p->piece_count; i++) {
        struct piece *piece = &p->pieces[i];
        if (piece_differs(p, piece)) {
            piece->encoded = false;
            piece->pending = true;
        }
    }
}

static void accept(struct painter *p)
{
    bool same = same_shape(p);
    struct band bands[BANDS_MAX];
    if (same)
        mark_pieces(p);
    struct canvas former = p->now;
    p->now = p->next;
    p->next = former; /* its memory is used again */
    p->now_extent = p->next_extent;
    p->cell_width = p->caps->cell_width;
    p->cell_height = p->caps->cell_height;
    int count = find_bands(p, bands);
    if (same && count == p->band_count && memcmp(bands, p->bands, (size_t)count * sizeof *bands) == 0)
        return;
    memcpy(p->bands, bands, (size_t)count * sizeof *bands);
    p->band_count = count;
    lay_pieces(p);
}

static void touch(struct painter *p, int row, int column)
{
    for (int i = 0; i < p->piece_count; i++) {
        struct piece *piece = &p->pieces[i];
        if (!piece->pending && row >= piece->row && row < piece->row + piece->rows &&
            column >= piece->column && column < piece->column + piece->columns && covers(p, row, column))
            piece->pending = true;
    }
}

static void touch_all(struct painter *p)
{
    for (int i = 0; i < p->piece_count; i++)
        p->pieces[i].pending = true;
}

static bool pending(const struct painter *p)
{
    for (int i = 0; i < p->piece_count; i++) {
        if (p->pieces[i].pending)
            return true;
    }
    return false;
}

static void encode(struct painter *p, struct piece *piece)
{
    int x = piece->column * p->cell_width, y = piece->row * p->cell_height;
    int width = piece->columns * p->cell_width, height = piece->rows * p->cell_height;
    str_clear(&piece->bytes);
    piece->encoded = true;
    if (any_pixel(&p->now, x, y, width, height) &&
        !sixel_append(&p->now, x, y, width, height, &piece->bytes)) {
        str_free(&piece->bytes);
        piece->encoded = false;
    }
}

static void emit(struct painter *p, int row, int column, const uint8_t *free_cells, uint8_t *painted,
                 struct str *out)
{
    for (int i = 0; i < p->piece_count; i++) {
        struct piece *piece = &p->pieces[i];
        if (!piece->pending)
            continue;
        if (!piece->encoded)
            encode(p, piece);
        piece->pending = false;
        if (piece->bytes.length == 0)
            continue;
        str_appendf(out, "\033[%d;%dH", row + piece->row + 1, column + piece->column + 1);
        str_append_bytes(out, piece->bytes.data, piece->bytes.length);
        /* Where the image has no pixels xterm leaves the text and mlterm does not. */
        for (int r = piece->row; r < piece->row + piece->rows; r++) {
            for (int c = piece->column; c < piece->column + piece->columns; c++) {
                size_t cell = (size_t)r * (size_t)p->now_extent.visible_columns + (size_t)c;
                painted[cell] |= !free_cells[cell];
            }
        }
    }
}

const struct painter_ops painter_sixel = {
    .create = create,
    .destroy = destroy,
    .wish = wish,
    .covers = covers,
    .vacated = vacated,
    .accept = accept,
    .touch = touch,
    .touch_all = touch_all,
    .pending = pending,
    .emit = emit,
};
