/* One picture to a plain stream, below whatever was printed before. */
#include "ferlab/term/images.h"

#include "ferlab/term/sixel.h"
#include "painter.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool write_all(int fd, const struct str *out)
{
    const char *bytes = out->data;
    size_t left = out->failed ? 0 : out->length;
    while (left > 0) {
        ssize_t written = write(fd, bytes, left);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return false;
        bytes += written;
        left -= (size_t)written;
    }
    return !out->failed;
}

/* Bands of whole text rows, each not above the largest image. */
static bool print_sixel(const struct caps *caps, const struct canvas *c, struct str *out)
{
    int band = caps->max_height / caps->cell_height * caps->cell_height;
    if (band <= 0)
        band = caps->cell_height;
    for (int y = 0; y < c->height; y += band) {
        if (!sixel_append(c, 0, y, c->width < caps->max_width ? c->width : caps->max_width, band, out))
            return false;
        str_append(out, "\n");
    }
    return true;
}

/* Half blocks painted at the cursor, line by line: the painter's own cursor addressing would need to know
 * where that is. */
static bool print_blocks(const struct caps *caps, const struct canvas *c, struct str *out)
{
    int columns = (c->width + caps->cell_width - 1) / caps->cell_width;
    int rows = (c->height + caps->cell_height - 1) / caps->cell_height;
    return blocks_append_lines(caps, c, rows, columns, out);
}

bool images_print(int fd, const struct caps *caps, const struct canvas *c)
{
    if (caps->graphics == GRAPHICS_NONE || c->width <= 0 || c->height <= 0)
        return true;
    struct str out = {0};
    bool made = caps->graphics == GRAPHICS_SIXEL ? print_sixel(caps, c, &out) : print_blocks(caps, c, &out);
    bool written = made && write_all(fd, &out);
    str_free(&out);
    return written;
}
