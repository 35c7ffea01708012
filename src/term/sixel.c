/* Sixel: bands of six pixel rows. In each band every colour has its own line of run-length coded columns; a
 * colour that is absent from the band costs nothing. (DEC STD 070, chapter 9.)
 *
 * All lines of a band are built in one pass over its columns: each colour has a buffer, the column where its
 * last run ended and that run's sixel, so a column costs as many steps as it has colours. */
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

struct line {
    char *end;     /* of what is written to the colour's buffer */
    int column;    /* the first column that is not yet written or part of the run */
    int run;       /* length of the open run, 0: none */
    uint8_t sixel; /* its bits */
};

struct band {
    struct line lines[PALETTE_COUNT];
    uint8_t used[PALETTE_COUNT]; /* colours in the order they appeared */
    int used_count;
    char *buffers; /* PALETTE_COUNT of `stride` bytes */
    size_t stride;
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

/* Column x of this colour has these bits. */
static inline void line_add(struct line *l, int x, uint8_t bits)
{
    if (l->run > 0) {
        if (x == l->column && bits == l->sixel) {
            l->run++;
            l->column++;
            return;
        }
        l->end = put_run(l->end, l->run, l->sixel);
    }
    if (x > l->column)
        l->end = put_run(l->end, x - l->column, 0);
    l->column = x + 1;
    l->run = 1;
    l->sixel = bits;
}

static void band_start(struct band *b)
{
    for (int i = 0; i < b->used_count; i++)
        b->lines[b->used[i]] = (struct line){0};
    b->used_count = 0;
}

static inline struct line *band_line(struct band *b, uint8_t color)
{
    struct line *l = &b->lines[color];
    if (!l->end) {
        l->end = b->buffers + (size_t)color * b->stride;
        b->used[b->used_count++] = color;
    }
    return l;
}

/* The column as one word, top pixel in the lowest byte; bytes below the last row are background. */
static void load_columns(uint64_t *columns, const uint8_t *pixels, size_t pitch, int width, int rows)
{
    for (int x = 0; x < width; x++) {
        uint64_t column = EVERY_BYTE * PALETTE_BACKGROUND;
        for (int r = 0; r < BAND; r++) {
            uint64_t pixel = r < rows ? pixels[(size_t)r * pitch + (size_t)x] : PALETTE_BACKGROUND;
            column ^= (pixel ^ PALETTE_BACKGROUND) << (8 * r);
        }
        columns[x] = column;
    }
}

/* One bit for each byte of `column` that equals `color`. */
static inline uint8_t bytes_equal(uint64_t column, uint8_t color)
{
    const uint64_t low7 = EVERY_BYTE * 0x7f;
    uint64_t differs = column ^ (EVERY_BYTE * color);
    uint64_t equal = ~(((differs & low7) + low7) | differs | low7); /* 0x80 where the bytes agree */
    return (uint8_t)(((equal >> 7) * UINT64_C(0x0102040810204080)) >> 56);
}

/* Groups each column's pixels by colour. A column like the one before, frequent in enlarged pixels, only
 * makes runs longer. */
static void band_scan(struct band *b, const uint64_t *columns, int width)
{
    struct line *previous[BAND];
    int previous_count = 0;
    for (int x = 0; x < width; x++) {
        uint64_t column = columns[x];
        if (x > 0 && column == columns[x - 1]) {
            for (int i = 0; i < previous_count; i++) {
                previous[i]->run++;
                previous[i]->column++;
            }
            continue;
        }
        previous_count = 0;
        uint8_t left = ROWS_MASK & (uint8_t)~bytes_equal(column, PALETTE_BACKGROUND);
        while (left) {
            uint8_t color = (uint8_t)(column >> (8 * __builtin_ctz(left)));
            uint8_t bits = bytes_equal(column, color) & ROWS_MASK;
            left &= (uint8_t)~bits;
            if (color >= PALETTE_COUNT)
                continue;
            struct line *l = band_line(b, color);
            line_add(l, x, bits);
            previous[previous_count++] = l;
        }
    }
}

static void band_write(struct band *b, bool last, struct str *out)
{
    for (int i = 0; i < b->used_count; i++) {
        int color = b->used[i];
        struct line *l = &b->lines[color];
        l->end = put_run(l->end, l->run, l->sixel);
        char select[8] = "#", *end = put_number(select + 1, color + 1);
        str_append_bytes(out, select, (size_t)(end - select));
        char *start = b->buffers + (size_t)color * b->stride;
        str_append_bytes(out, start, (size_t)(l->end - start));
        if (i + 1 < b->used_count)
            str_append_bytes(out, "$", 1);
    }
    if (!last)
        str_append_bytes(out, "-", 1);
}

/* Registers are one above the palette's index, so that 0, which stands for "nothing drawn" in decoders, stays
 * unused. */
static void define_colors(const uint8_t *pixels, size_t pitch, int width, int height, struct str *out)
{
    bool used[256] = {false};
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++)
            used[pixels[(size_t)y * pitch + (size_t)x]] = true;
    }
    for (int i = 0; i < PALETTE_COUNT; i++) {
        const uint8_t *rgb = palette_rgb[i];
        if (used[i] && i != PALETTE_BACKGROUND)
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
    struct band b = {.stride = (size_t)width * COLUMN_BYTES + COLUMN_BYTES};
    b.buffers = malloc(PALETTE_COUNT * b.stride);
    uint64_t *columns = malloc((size_t)width * sizeof *columns);
    if (!b.buffers || !columns) {
        free(b.buffers);
        free(columns);
        return false;
    }
    size_t pitch = (size_t)c->width;
    const uint8_t *pixels = c->pixels + (size_t)y * pitch + (size_t)x;
    str_appendf(out, "\033P0;1q\"1;1;%d;%d", width, height);
    define_colors(pixels, pitch, width, height, out);
    for (int top = 0; top < height; top += BAND) {
        int rows = height - top < BAND ? height - top : BAND;
        band_start(&b);
        load_columns(columns, pixels + (size_t)top * pitch, pitch, width, rows);
        band_scan(&b, columns, width);
        band_write(&b, top + BAND >= height, out);
    }
    str_append(out, "\033\\");
    free(columns);
    free(b.buffers);
    return !out->failed;
}
