/* Where pictures lie on the screen, and when they have to be sent. In each frame: find what the update of the
 * text will do, have curses blank the cells that pictures leave, let curses update, send the pictures that
 * are new or were erased, and have curses write again the text that stands over them. */
#include "ferlab/term/images.h"

#include "painter.h"
#include "text.h"

#include <curses.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct slot {
    int id;
    bool placed;     /* in this frame */
    bool shown;      /* the terminal shows the painter's picture, here: */
    int row, column; /* first cell */
    struct extent extent;
    int wish_row, wish_column;
    struct extent wish_extent;
    struct painter *painter;
};

struct images {
    const struct caps *caps;
    int fd;
    const struct painter_ops *ops; /* NULL: no graphics */
    struct slot *slots;
    size_t slot_count;
    struct text text;
    struct str out;
    uint8_t *marked, *free_cells; /* scratch: a byte a cell of a slot */
    size_t cells_capacity;
    size_t bytes;
};

struct images *images_new(const struct caps *caps, int fd)
{
    struct images *im = calloc(1, sizeof *im);
    if (!im)
        return NULL;
    im->caps = caps;
    im->fd = fd;
    if (caps->graphics == GRAPHICS_SIXEL)
        im->ops = &painter_sixel;
    else if (caps->graphics != GRAPHICS_NONE)
        im->ops = &painter_blocks;
    if (stdscr) {
        idcok(stdscr, FALSE); /* inserting and deleting characters would shift the line under a picture */
        typeahead(-1); /* an update that stops halfway because a key was typed would tear frames apart */
    }
    return im;
}

static void free_scratch(struct images *im)
{
    free(im->marked);
    free(im->free_cells);
}

void images_free(struct images *im)
{
    if (!im)
        return;
    for (size_t i = 0; i < im->slot_count; i++)
        im->ops->destroy(im->slots[i].painter);
    free(im->slots);
    text_free(&im->text);
    str_free(&im->out);
    free_scratch(im);
    free(im);
}

size_t images_bytes(const struct images *im)
{
    return im->bytes;
}

/* --- placing --- */

void images_begin(struct images *im)
{
    for (size_t i = 0; i < im->slot_count; i++)
        im->slots[i].placed = false;
}

static struct slot *slot_of(struct images *im, int id)
{
    for (size_t i = 0; i < im->slot_count; i++) {
        if (im->slots[i].id == id)
            return &im->slots[i];
    }
    struct slot *slots = realloc(im->slots, (im->slot_count + 1) * sizeof *slots);
    if (!slots)
        return NULL;
    im->slots = slots;
    struct painter *painter = im->ops->create(im->caps);
    if (!painter)
        return NULL;
    slots[im->slot_count] = (struct slot){.id = id, .painter = painter};
    return &slots[im->slot_count++];
}

/* A picture in the last row could scroll the screen; none is let there. */
void images_place(struct images *im, int id, int row, int column, int rows, int columns,
                  const struct canvas *c)
{
    struct extent e = {.rows = rows, .columns = columns, .visible_rows = rows, .visible_columns = columns};
    if (e.visible_rows > LINES - 1 - row)
        e.visible_rows = LINES - 1 - row;
    if (e.visible_columns > COLS - column)
        e.visible_columns = COLS - column;
    if (!im->ops || row < 0 || column < 0 || e.visible_rows <= 0 || e.visible_columns <= 0 || c->width <= 0 ||
        c->height <= 0)
        return;
    struct slot *slot = slot_of(im, id);
    if (!slot || !im->ops->wish(slot->painter, e, c))
        return;
    slot->placed = true;
    slot->wish_row = row;
    slot->wish_column = column;
    slot->wish_extent = e;
}

/* --- showing --- */

static bool same_place(const struct slot *s)
{
    return s->row == s->wish_row && s->column == s->wish_column &&
           memcmp(&s->extent, &s->wish_extent, sizeof s->extent) == 0;
}

static size_t extent_cells(const struct extent *e)
{
    return (size_t)e->visible_rows * (size_t)e->visible_columns;
}

/* Room for a byte a cell of any slot. */
static bool reserve_cells(struct images *im)
{
    size_t most = 0;
    for (size_t i = 0; i < im->slot_count; i++) {
        const struct slot *s = &im->slots[i];
        if (s->shown && extent_cells(&s->extent) > most)
            most = extent_cells(&s->extent);
        if (s->placed && extent_cells(&s->wish_extent) > most)
            most = extent_cells(&s->wish_extent);
    }
    if (most <= im->cells_capacity)
        return true;
    free_scratch(im);
    im->marked = malloc(most);
    im->free_cells = malloc(most);
    im->cells_capacity = im->marked && im->free_cells ? most : 0;
    return im->cells_capacity > 0;
}

/* In curses' wish, the cells of pictures are held and those of former pictures are let go. */
static void hold_cells(struct images *im)
{
    for (size_t i = 0; i < im->slot_count; i++) {
        const struct slot *s = &im->slots[i];
        for (int row = 0; s->shown && row < s->extent.visible_rows; row++)
            text_hold(&im->text, s->row + row, s->column, s->extent.visible_columns, false);
    }
    for (size_t i = 0; i < im->slot_count; i++) {
        const struct slot *s = &im->slots[i];
        for (int row = 0; s->placed && row < s->wish_extent.visible_rows; row++)
            text_hold(&im->text, s->wish_row + row, s->wish_column, s->wish_extent.visible_columns, true);
    }
}

static void mark_vacated(struct images *im, const struct slot *s)
{
    if (s->placed && same_place(s)) {
        im->ops->vacated(s->painter, im->marked);
        return;
    }
    uint8_t *marked = im->marked;
    for (int row = 0; row < s->extent.visible_rows; row++) {
        for (int column = 0; column < s->extent.visible_columns; column++)
            *marked++ = im->ops->covers(s->painter, row, column);
    }
}

/* Has curses write the cells that the wishes for this frame leave of the pictures on the screen. */
static void leave_cells(struct images *im)
{
    for (size_t i = 0; i < im->slot_count; i++) {
        const struct slot *s = &im->slots[i];
        if (!s->shown)
            continue;
        mark_vacated(im, s);
        const uint8_t *marked = im->marked;
        for (int row = 0; row < s->extent.visible_rows; row++) {
            for (int column = 0; column < s->extent.visible_columns; column++) {
                int start = column;
                while (column < s->extent.visible_columns && marked[column])
                    column++;
                if (column > start)
                    text_forget(s->row + row, s->column + start, column - start);
            }
            marked += s->extent.visible_columns;
        }
    }
}

static void accept_wishes(struct images *im)
{
    for (size_t i = 0; i < im->slot_count; i++) {
        struct slot *s = &im->slots[i];
        if (!s->placed) {
            s->shown = false;
            continue;
        }
        bool stays = s->shown && same_place(s);
        im->ops->accept(s->painter);
        if (!stays)
            im->ops->touch_all(s->painter);
        s->row = s->wish_row;
        s->column = s->wish_column;
        s->extent = s->wish_extent;
        s->shown = true;
    }
}

/* Whether a picture has to be sent in this frame, after telling the painters which cells the text's update
 * erases. */
static bool find_erased(struct images *im)
{
    bool any = false;
    for (size_t i = 0; i < im->slot_count; i++) {
        struct slot *s = &im->slots[i];
        if (!s->shown)
            continue;
        for (int row = 0; row < s->extent.visible_rows; row++) {
            const uint8_t *erased =
                im->text.erased + (size_t)(s->row + row) * (size_t)im->text.columns + s->column;
            for (int column = 0; column < s->extent.visible_columns; column++) {
                if (erased[column])
                    im->ops->touch(s->painter, row, column);
            }
        }
        any = any || im->ops->pending(s->painter);
    }
    return any;
}

/* A terminal that does not take the bytes is gone; whoever reads keys will notice. */
static void write_out(struct images *im)
{
    const char *bytes = im->out.data;
    size_t left = im->out.length;
    im->bytes += left;
    while (left > 0) {
        ssize_t written = write(im->fd, bytes, left);
        if (written < 0 && errno == EAGAIN) {
            struct pollfd watch = {.fd = im->fd, .events = POLLOUT};
            poll(&watch, 1, 1000);
        } else if (written < 0 && errno != EINTR) {
            break;
        } else if (written > 0) {
            bytes += written;
            left -= (size_t)written;
        }
    }
    str_clear(&im->out);
}

/* Whether the picture shows pixels in the cells [from, to) of a row. */
static bool shows_between(const struct images *im, const struct slot *s, int row, int from, int to)
{
    const uint8_t *free_cells = im->free_cells + (size_t)row * (size_t)s->extent.visible_columns;
    for (int column = from; column < to; column++) {
        if (free_cells[column] && im->ops->covers(s->painter, row, column))
            return true;
    }
    return false;
}

/* Has curses forget the marked cells of a row and unmarks them, but for those that it would reach by writing
 * over pixels of the picture; true when such are left. */
static bool forget_row(const struct images *im, const struct slot *s, int row)
{
    bool left = false;
    int columns = s->extent.visible_columns, behind = -1;
    uint8_t *marked = im->marked + (size_t)row * (size_t)columns;
    for (int column = 0; column < columns; column++) {
        int start = column;
        while (column < columns && marked[column])
            column++;
        if (column == start)
            continue;
        if (behind >= 0 && start - behind <= TEXT_JUMP && shows_between(im, s, row, behind, start)) {
            left = true;
            continue;
        }
        text_forget(s->row + row, s->column + start, column - start);
        memset(marked + start, 0, (size_t)(column - start));
        behind = column;
    }
    return left;
}

/* Writes the text again that im->marked says was painted over. */
static void restore_text(const struct images *im, const struct slot *s)
{
    for (bool left = memchr(im->marked, 1, extent_cells(&s->extent)) != NULL; left;) {
        left = false;
        for (int row = 0; row < s->extent.visible_rows; row++)
            left |= forget_row(im, s, row);
        doupdate();
    }
}

static void send_slot(struct images *im, const struct slot *s)
{
    uint8_t *free_cells = im->free_cells;
    for (int row = 0; row < s->extent.visible_rows; row++) {
        memcpy(free_cells, im->text.free + (size_t)(s->row + row) * (size_t)im->text.columns + s->column,
               (size_t)s->extent.visible_columns);
        free_cells += s->extent.visible_columns;
    }
    memset(im->marked, 0, extent_cells(&s->extent));
    im->ops->emit(s->painter, s->row, s->column, im->free_cells, im->marked, &im->out);
    int row, column;
    getyx(curscr, row, column);
    str_appendf(&im->out, "\033[%d;%dH", row + 1, column + 1); /* where curses believes the cursor to be */
    write_out(im);
    restore_text(im, s);
}

static void send_pictures(struct images *im)
{
    for (size_t i = 0; i < im->slot_count; i++) {
        if (im->slots[i].shown && im->ops->pending(im->slots[i].painter))
            send_slot(im, &im->slots[i]);
    }
}

/* A hidden cursor that is left standing on a picture erases it in some terminals. */
static void park_cursor(void)
{
    if (is_leaveok(newscr)) {
        leaveok(newscr, FALSE);
        wmove(newscr, LINES - 1, 0);
    }
}

static void show_pictures(struct images *im)
{
    if (text_will_clear()) {
        for (size_t i = 0; i < im->slot_count; i++)
            im->slots[i].shown = false;
    }
    hold_cells(im);
    leave_cells(im);
    accept_wishes(im);
    if (!text_read(&im->text)) {
        doupdate();
        images_invalidate(im);
        return;
    }
    bool send = find_erased(im), wrap = send && im->caps->synchronized;
    if (wrap) {
        str_append(&im->out, "\033[?2026h");
        write_out(im);
    }
    text_update(&im->text);
    if (send)
        send_pictures(im);
    if (wrap) {
        str_append(&im->out, "\033[?2026l");
        write_out(im);
    }
}

void images_show(struct images *im)
{
    im->bytes = 0;
    park_cursor();
    if (im->ops && reserve_cells(im))
        show_pictures(im);
    else
        doupdate();
}

void images_invalidate(struct images *im)
{
    for (size_t i = 0; i < im->slot_count; i++) {
        if (im->slots[i].shown)
            im->ops->touch_all(im->slots[i].painter);
    }
}
