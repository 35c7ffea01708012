/* Gray images: decoding, resizing, normalising, PNG writing. */
#include "ferlab/face/image.h"

#include "ferlab/base/path.h"

#include "decoders.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* An image of so many pixels takes up to half a gigabyte while it is decoded. */
enum { MOST_PIXELS = 100 * 1000 * 1000, MOST_BYTES = 256 * 1024 * 1024 };

static const struct decoder *const decoders[] = {&decoder_png_gray, &decoder_stb, &decoder_jpeg, &decoder_pnm,
                                                 NULL};

static const struct decoder *find_decoder(const void *bytes, size_t count, int *width, int *height)
{
    const struct decoder *const *d = decoders;
    while (*d && !(*d)->header(bytes, count, width, height))
        d++;
    return *d;
}

static bool check_size(int width, int height, const char *name, struct err *e)
{
    if (width < 1 || height < 1)
        return err_set(e, ERR_INPUT, "%s: the image has no pixels; remove it", name);
    if (width > IMAGE_MAX_SIDE || height > IMAGE_MAX_SIDE || (int64_t)width * height > MOST_PIXELS)
        return err_set(
            e, ERR_INPUT,
            "%s: the image claims %d x %d pixels, more than %d a side or %d million in all; shrink it", name,
            width, height, IMAGE_MAX_SIDE, MOST_PIXELS / 1000000);
    return true;
}

static bool ends_in(const char *name, const char *const *endings)
{
    const char *dot = strrchr(name, '.');
    if (!dot || dot == name)
        return false;
    while (*endings && strcasecmp(dot, *endings) != 0)
        endings++;
    return *endings;
}

bool image_is_named(const char *name)
{
    static const char *const endings[] = {".png", ".jpg", ".jpeg", ".bmp", ".pgm", NULL};
    return ends_in(name, endings);
}

bool image_is_foreign(const char *name)
{
    static const char *const endings[] = {".heic", ".heif", ".avif", ".webp", ".gif", ".tif", ".tiff",
                                          ".dng",  ".raw",  ".cr2",  ".cr3",  ".nef", ".arw", NULL};
    return ends_in(name, endings);
}

bool image_decode(const void *bytes, size_t count, const char *name, struct gray *out, struct err *e)
{
    int width = 0, height = 0;
    *out = (struct gray){0};
    if (count > MOST_BYTES)
        return err_set(e, ERR_INPUT, "%s: the image file has more than %d MiB; shrink it", name,
                       MOST_BYTES >> 20);
    const struct decoder *decoder = find_decoder(bytes, count, &width, &height);
    if (!decoder)
        return err_set(e, ERR_INPUT, "%s: not a readable PNG, JPEG, BMP or PGM image; convert it to PNG",
                       name);
    if (!check_size(width, height, name, e))
        return false;
    char reason[DECODER_REASON] = "no memory for it";
    uint8_t *pixels = decoder->pixels(bytes, count, width, height, reason);
    if (!pixels)
        return err_set(e, ERR_INPUT, "%s: the image is damaged (%s); get it again", name, reason);
    *out = (struct gray){.width = width, .height = height, .pixels = pixels};
    return true;
}

bool image_load(const char *path, struct gray *out, struct err *e)
{
    *out = (struct gray){0};
    size_t size;
    char *bytes = file_read(path, MOST_BYTES, &size, e);
    if (!bytes)
        return false;
    bool ok = image_decode(bytes, size, path, out, e);
    free(bytes);
    return ok;
}

void image_free(struct gray *image)
{
    free(image->pixels);
    *image = (struct gray){0};
}

/* The input pixels that make up one output pixel along one axis: `count` from `first` on, the outermost two
 * with their own weights, those between with `inner`. */
struct taps {
    int first, count;
    float head, inner, tail;
};

static struct taps area_taps(int i, int in, int out)
{
    double scale = (double)in / out, low = i * scale, high = (i + 1) * scale;
    int first = (int)low, last = (int)ceil(high - 1e-9) - 1;
    if (last >= in)
        last = in - 1;
    if (first >= last)
        return (struct taps){.first = last, .count = 1, .head = 1};
    return (struct taps){
        .first = first,
        .count = last - first + 1,
        .head = (float)((first + 1 - low) / scale),
        .inner = (float)(1 / scale),
        .tail = (float)((high - last) / scale),
    };
}

static struct taps linear_taps(int i, int in, int out)
{
    double at = fmin(fmax((i + 0.5) * in / out - 0.5, 0), in - 1);
    int first = (int)at;
    if (first == at)
        return (struct taps){.first = first, .count = 1, .head = 1};
    return (struct taps){
        .first = first, .count = 2, .head = (float)(first + 1 - at), .tail = (float)(at - first)};
}

static struct taps axis_taps(int i, int in, int out)
{
    return in > out ? area_taps(i, in, out) : linear_taps(i, in, out);
}

static float tap_weight(const struct taps *t, int k)
{
    return k == 0 ? t->head : k == t->count - 1 ? t->tail : t->inner;
}

static float row_sum(const uint8_t *row, const struct taps *t)
{
    if (t->count == 1)
        return row[t->first];
    uint32_t between = 0;
    for (int k = 1; k < t->count - 1; k++)
        between += row[t->first + k];
    return t->head * row[t->first] + t->inner * (float)between + t->tail * row[t->first + t->count - 1];
}

/* A window of the input, `stride` bytes a row. */
static void resize_window(const uint8_t *in, int stride, int width, int height, uint8_t *out, int w, int h)
{
    for (int y = 0; y < h; y++) {
        struct taps down = axis_taps(y, height, h);
        for (int x = 0; x < w; x++) {
            struct taps across = axis_taps(x, width, w);
            float sum = 0;
            for (int k = 0; k < down.count; k++)
                sum +=
                    tap_weight(&down, k) * row_sum(in + (size_t)(down.first + k) * (size_t)stride, &across);
            out[(size_t)y * (size_t)w + (size_t)x] = (uint8_t)fminf(sum + 0.5F, 255);
        }
    }
}

void image_resize(const uint8_t *in, int width, int height, uint8_t *out, int w, int h)
{
    resize_window(in, width, width, height, out, w, h);
}

void image_square(const struct gray *in, int size, uint8_t *out)
{
    if (in->width == size && in->height == size) {
        memcpy(out, in->pixels, (size_t)size * (size_t)size);
        return;
    }
    int side = in->width < in->height ? in->width : in->height;
    size_t left = (size_t)(in->width - side) / 2, top = (size_t)(in->height - side) / 2;
    resize_window(in->pixels + top * (size_t)in->width + left, in->width, side, side, out, size, size);
}

void image_standardise(const uint8_t *in, float *out, size_t count)
{
    uint64_t sum = 0, squares = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t x = in[i];
        sum += x;
        squares += x * x;
    }
    double mean = count ? (double)sum / (double)count : 0;
    double variance = count ? (double)squares / (double)count - mean * mean : 0;
    float middle = (float)mean, scale = (float)(1 / (sqrt(fmax(variance, 0)) + 1e-3 * 255));
    for (size_t i = 0; i < count; i++)
        out[i] = ((float)in[i] - middle) * scale;
}

static bool encode_png(const uint8_t *pixels, int width, int height, int channels, uint8_t **out,
                       size_t *count, struct err *e)
{
    *out = NULL;
    *count = 0;
    if (width < 1 || height < 1 || width > IMAGE_MAX_SIDE || height > IMAGE_MAX_SIDE)
        return err_set(e, ERR_INPUT, "a PNG of %d x %d pixels cannot be written; choose 1 to %d a side",
                       width, height, IMAGE_MAX_SIDE);
    *out = channels == 1 && png_is_storable(width, height)
               ? png_store(pixels, width, height, count)
               : png_encode(pixels, width, height, channels, count);
    return *out || err_memory(e, "writing a PNG");
}

static bool write_png(const char *path, const uint8_t *pixels, int width, int height, int channels,
                      struct err *e)
{
    uint8_t *bytes;
    size_t count;
    if (!encode_png(pixels, width, height, channels, &bytes, &count, e))
        return false;
    bool ok = file_write(path, bytes, count, e);
    free(bytes);
    return ok;
}

bool image_png_bytes(const uint8_t *pixels, int width, int height, uint8_t **out, size_t *count,
                     struct err *e)
{
    return encode_png(pixels, width, height, 1, out, count, e);
}

bool image_png_write(const char *path, const uint8_t *pixels, int width, int height, struct err *e)
{
    return write_png(path, pixels, width, height, 1, e);
}

bool image_png_write_rgb(const char *path, const uint8_t *pixels, int width, int height, struct err *e)
{
    return write_png(path, pixels, width, height, 3, e);
}
