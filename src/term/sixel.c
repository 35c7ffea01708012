/* Sixel: bands of six pixel rows. In each band every colour has its own line of run-length coded columns; a
 * colour that is absent from the band costs nothing. (DEC STD 070, chapter 9.)
 *
 * A later line paints over an earlier one, so the frequent colours come first and may spill over pixels that
 * are still to be painted: their runs grow long, and a page of faces a fifth shorter. */
#include "ferlab/term/sixel.h"

#include <stdlib.h>
#include <string.h>

enum {
    BAND = 6,
    ROWS_MASK = (1 << BAND) - 1,
    REPEAT_MIN = 4,    /* "!4?" is as long as "???" */
    COLUMN_BYTES = 12, /* at most, for the gap before a run and the run: "!1234?" twice */
};

#define EVERY_BYTE UINT64_C(0x0101010101010101)

/* Equal columns side by side, frequent in enlarged pixels. */
struct span {
    uint64_t column; /* top pixel in the lowest byte */
    int length;
    uint8_t later; /* pixels that are still to be painted */
};

struct band {
    struct span *spans;
    int span_count;
    uint8_t colors[PALETTE_MOST]; /* those in it, the most frequent first */
    int color_count;
};

static char *put_number(char *out, int n)
{
    char digits[12];
    int count = 0;
    do
        digits[count++] = (char)('0' + n % 10);
    while ((n /= 10) > 0);
    while (count > 0)
        *out++ = digits[--count];
    return out;
}

static inline char *put_run(char *out, int length, uint8_t bits)
{
    char sixel = (char)('?' + bits);
    if (length < REPEAT_MIN) {
        out[0] = out[1] = out[2] = sixel; /* writing three is cheaper than asking how many */
        return out + length;
    }
    *out++ = '!';
    out = put_number(out, length);
    *out++ = sixel;
    return out;
}

/* One bit for each byte of `column` that equals `color`. */
static inline uint8_t bytes_equal(uint64_t column, uint8_t color)
{
    const uint64_t low7 = EVERY_BYTE * 0x7f;
    uint64_t differs = column ^ (EVERY_BYTE * color);
    uint64_t equal = ~(((differs & low7) + low7) | differs | low7); /* 0x80 where the bytes agree */
    return (uint8_t)(((equal >> 7) * UINT64_C(0x0102040810204080)) >> 56);
}

/* The columns as spans; bytes below the last row are background. */
static void find_spans(struct band *b, const uint8_t *pixels, size_t pitch, int width, int rows)
{
    b->span_count = 0;
    for (int x = 0; x < width; x++) {
        uint64_t column = EVERY_BYTE * PALETTE_BACKGROUND;
        for (int r = 0; r < rows; r++) {
            uint64_t pixel = pixels[(size_t)r * pitch + (size_t)x];
            column ^= (pixel ^ PALETTE_BACKGROUND) << (8 * r);
        }
        struct span *last = b->span_count ? &b->spans[b->span_count - 1] : NULL;
        if (last && last->column == column)
            last->length++;
        else
            b->spans[b->span_count++] =
                (struct span){column, 1, ROWS_MASK & (uint8_t)~bytes_equal(column, PALETTE_BACKGROUND)};
    }
}

static void find_colors(struct band *b)
{
    int counts[256] = {0};
    for (int i = 0; i < b->span_count; i++) {
        for (int r = 0; r < BAND; r++)
            counts[(uint8_t)(b->spans[i].column >> (8 * r))] += b->spans[i].length;
    }
    b->color_count = 0;
    for (int color = 0; color < PALETTE_MOST; color++) {
        if (color == PALETTE_BACKGROUND || counts[color] == 0)
            continue;
        int at = b->color_count++;
        for (; at > 0 && counts[b->colors[at - 1]] < counts[color]; at--)
            b->colors[at] = b->colors[at - 1];
        b->colors[at] = (uint8_t)color;
    }
}

/* A run being made: columns from its first to the last that needs the colour, then those it could go on
 * over. */
struct run {
    int length, needed;
    uint8_t bits, allowed; /* of all its columns */
};

/* The line of one colour; its pixels are painted after that. Returns the end of what it wrote. */
static char *put_line(struct band *b, uint8_t color, char *out)
{
    struct run run = {0};
    int gap = 0;
    for (int i = 0; i < b->span_count; i++) {
        struct span *s = &b->spans[i];
        uint8_t need = bytes_equal(s->column, color) & ROWS_MASK;
        s->later &= (uint8_t)~need;
        uint8_t allowed = need | s->later, bits = run.bits | need;
        if (run.length && !(bits & ~(run.allowed & allowed))) {
            run.bits = bits;
            run.allowed &= allowed;
            run.length += s->length;
            if (need)
                run.needed = run.length;
            continue;
        }
        if (run.length) {
            out = put_run(out, run.needed, run.bits);
            gap = run.length - run.needed;
            run = (struct run){0};
        }
        if (!need) {
            gap += s->length;
            continue;
        }
        if (gap)
            out = put_run(out, gap, 0);
        gap = 0;
        run = (struct run){s->length, s->length, need, allowed};
    }
    return run.length ? put_run(out, run.needed, run.bits) : out;
}

/* buffer: room for one line. */
static void band_write(struct band *b, bool last, char *buffer, struct str *out)
{
    find_colors(b);
    for (int i = 0; i < b->color_count; i++) {
        *buffer = '#';
        char *end = put_line(b, b->colors[i], put_number(buffer + 1, b->colors[i] + 1));
        str_append_bytes(out, buffer, (size_t)(end - buffer));
        if (i + 1 < b->color_count)
            str_append_bytes(out, "$", 1);
    }
    if (!last)
        str_append_bytes(out, "-", 1);
}

/* Registers are one above the palette's index, so that 0, which stands for "nothing drawn" in decoders, stays
 * unused. */
static void define_colors(const struct canvas *c, const uint8_t *pixels, int width, int height,
                          struct str *out)
{
    bool used[256] = {false};
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++)
            used[pixels[(size_t)y * (size_t)c->width + (size_t)x]] = true;
    }
    for (int i = 0; i < PALETTE_MOST; i++) {
        const uint8_t *rgb = canvas_color(c, i);
        if (used[i] && rgb && i != PALETTE_BACKGROUND)
            str_appendf(out, "#%d;2;%d;%d;%d", i + 1, (rgb[0] * 100 + 127) / 255, (rgb[1] * 100 + 127) / 255,
                        (rgb[2] * 100 + 127) / 255);
    }
}

bool sixel_append(const struct canvas *c, int x, int y, int width, int height, struct str *out)
{
    if (x < 0 || y < 0 || x >= c->width || y >= c->height || width <= 0 || height <= 0)
        return false;
    if (width > c->width - x)
        width = c->width - x;
    if (height > c->height - y)
        height = c->height - y;
    struct band b = {.spans = malloc((size_t)width * sizeof *b.spans)};
    char *line = malloc((size_t)width * COLUMN_BYTES + 2 * COLUMN_BYTES);
    if (!b.spans || !line) {
        free(b.spans);
        free(line);
        return false;
    }
    size_t pitch = (size_t)c->width;
    const uint8_t *pixels = c->pixels + (size_t)y * pitch + (size_t)x;
    str_appendf(out, "\033P0;1q\"1;1;%d;%d", width, height);
    define_colors(c, pixels, width, height, out);
    for (int top = 0; top < height; top += BAND) {
        int rows = height - top < BAND ? height - top : BAND;
        find_spans(&b, pixels + (size_t)top * pitch, pitch, width, rows);
        band_write(&b, top + BAND >= height, line, out);
    }
    str_append(out, "\033\\");
    free(b.spans);
    free(line);
    return !out->failed;
}
