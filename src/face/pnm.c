/* PGM and PPM, binary (P5, P6), 8 or 16 bits a sample, any maximum. */
#include "decoders.h"

#include <stdio.h>
#include <stdlib.h>

enum { MOST_NUMBER = 1000000 };

struct pnm {
    int width, height, most, channels;
    size_t start; /* of the samples */
};

static bool is_space(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* The next number of the header, after white space and comments; -1 where there is none. */
static int read_number(const uint8_t *bytes, size_t count, size_t *at)
{
    while (*at < count && (is_space(bytes[*at]) || bytes[*at] == '#')) {
        if (bytes[*at] == '#') {
            while (*at < count && bytes[*at] != '\n')
                ++*at;
        } else {
            ++*at;
        }
    }
    int number = -1;
    for (; *at < count && bytes[*at] >= '0' && bytes[*at] <= '9'; ++*at) {
        number = (number < 0 ? 0 : number) * 10 + bytes[*at] - '0';
        if (number > MOST_NUMBER)
            number = MOST_NUMBER; /* too large in any case, and must not overflow */
    }
    return number;
}

static bool read_header(const uint8_t *bytes, size_t count, struct pnm *p)
{
    if (count < 3 || bytes[0] != 'P' || (bytes[1] != '5' && bytes[1] != '6'))
        return false;
    size_t at = 2;
    p->channels = bytes[1] == '6' ? 3 : 1;
    p->width = read_number(bytes, count, &at);
    p->height = read_number(bytes, count, &at);
    p->most = read_number(bytes, count, &at);
    p->start = at + 1;
    return p->width >= 0 && p->height >= 0 && p->most > 0 && p->most < 65536 && at < count &&
           is_space(bytes[at]);
}

static bool pnm_header(const uint8_t *bytes, size_t count, int *width, int *height)
{
    struct pnm p;
    if (!read_header(bytes, count, &p))
        return false;
    *width = p.width;
    *height = p.height;
    return true;
}

/* Rec. 601 luma of one pixel, in thousandths. */
static uint32_t luma(const uint8_t *at, const struct pnm *p)
{
    static const uint32_t weights[2][3] = {{1000, 0, 0}, {299, 587, 114}};
    uint32_t sum = 0;
    for (int c = 0; c < p->channels; c++) {
        uint32_t value = p->most > 255 ? (uint32_t)at[2 * c] << 8 | at[2 * c + 1] : at[c];
        sum += weights[p->channels == 3][c] * value;
    }
    return sum;
}

static uint8_t *pnm_pixels(const uint8_t *bytes, size_t count, int width, int height,
                           char reason[DECODER_REASON])
{
    struct pnm p;
    size_t pixels = (size_t)width * (size_t)height;
    if (!read_header(bytes, count, &p))
        return NULL;
    size_t step = (size_t)p.channels * (p.most > 255 ? 2 : 1);
    if (pixels * step > count - p.start) {
        snprintf(reason, DECODER_REASON, "cut short");
        return NULL;
    }
    uint8_t *out = malloc(pixels);
    for (size_t i = 0; out && i < pixels; i++) {
        uint64_t scaled = (uint64_t)luma(bytes + p.start + i * step, &p) * 255,
                 most = (uint64_t)p.most * 1000;
        uint64_t value = (scaled + most / 2) / most;
        out[i] = (uint8_t)(value > 255 ? 255 : value);
    }
    return out;
}

const struct decoder decoder_pnm = {.header = pnm_header, .pixels = pnm_pixels};
