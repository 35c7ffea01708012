/* Images: decoding and resizing against Pillow's and OpenCV's results, hostile files refused. */
#include "ferlab/base/clock.h"
#include "ferlab/base/path.h"
#include "ferlab/base/rng.h"
#include "ferlab/face/image.h"
#include "support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IMAGES FERLAB_GOLDEN "/images/"

static char *read_golden(const char *name, size_t *size)
{
    char path[PATH_MAX];
    struct err e;
    snprintf(path, sizeof path, IMAGES "%s", name);
    char *bytes = file_read(path, 1 << 20, size, &e);
    assert_non_null(bytes);
    return bytes;
}

static void assert_pixels_near(const uint8_t *pixels, const char *golden, size_t count, int tolerance)
{
    char name[128];
    size_t size;
    snprintf(name, sizeof name, "%s.gray", golden);
    uint8_t *expected = (uint8_t *)read_golden(name, &size);
    assert_int_equal(size, count);
    for (size_t i = 0; i < count; i++) {
        if (abs(pixels[i] - expected[i]) > tolerance)
            fail_msg("%s: pixel %zu is %d, expected %d", golden, i, pixels[i], expected[i]);
    }
    free(expected);
}

static void load_golden_gray(struct gray *image)
{
    struct err e = {0};
    if (!image_load(IMAGES "gray.png", image, &e))
        fail_msg("%s", e.text);
}

/* Calls `each` for the lines of list.txt of one kind. */
static int for_listed(const char *kind, void (*each)(const char *name, int width, int height))
{
    char word[16], name[64];
    int width, height, count = 0;
    FILE *in = fopen(IMAGES "list.txt", "r");
    assert_non_null(in);
    while (fscanf(in, "%15s %63s %d %d", word, name, &width, &height) == 4) {
        if (strcmp(word, kind) == 0) {
            each(name, width, height);
            count++;
        }
    }
    fclose(in);
    return count;
}

static void check_decode(const char *name, int width, int height)
{
    struct gray image;
    struct err e = {0};
    size_t size;
    char *bytes = read_golden(name, &size);
    if (!image_decode(bytes, size, name, &image, &e))
        fail_msg("%s: %s", name, e.text);
    assert_int_equal(image.width, width);
    assert_int_equal(image.height, height);
    /* luma and JPEG's inverse transform are rounded differently */
    assert_pixels_near(image.pixels, name, (size_t)width * (size_t)height, strstr(name, ".jpg") ? 3 : 1);
    image_free(&image);
    free(bytes);
}

static void test_every_format_decodes_as_pillow_does(void **state)
{
    (void)state;
    assert_int_equal(for_listed("decode", check_decode), 21);
}

static void check_resize(const char *name, int w, int h)
{
    struct gray image;
    load_golden_gray(&image);
    uint8_t *out = malloc((size_t)w * (size_t)h);
    assert_non_null(out);
    image_resize(image.pixels, image.width, image.height, out, w, h);
    assert_pixels_near(out, name, (size_t)w * (size_t)h, 1);
    free(out);
    image_free(&image);
}

static void test_resize_agrees_with_opencv(void **state)
{
    (void)state;
    assert_int_equal(for_listed("resize", check_resize), 7);
}

static void test_square_is_the_centre(void **state)
{
    (void)state;
    struct gray image;
    uint8_t face[FACE_PIXELS], again[FACE_PIXELS];
    load_golden_gray(&image);
    image_square(&image, FACE_SIZE, face);
    assert_pixels_near(face, "square", FACE_PIXELS, 1);
    struct gray same = {.width = FACE_SIZE, .height = FACE_SIZE, .pixels = face};
    image_square(&same, FACE_SIZE, again);
    assert_memory_equal(face, again, FACE_PIXELS);
    image_free(&image);
}

static void test_standardise_gives_zero_mean_and_unit_deviation(void **state)
{
    (void)state;
    const uint8_t two[4] = {100, 200, 100, 200}, flat[4] = {7, 7, 7, 7};
    float out[4];
    image_standardise(two, out, 4);
    for (int i = 0; i < 4; i++)
        assert_float_equal(out[i], (i % 2 ? 50 : -50) / (50 + 0.255), 1e-6);
    image_standardise(flat, out, 4);
    for (int i = 0; i < 4; i++)
        assert_float_equal(out[i], 0, 1e-6);
}

static void test_png_comes_back_as_written(void **state)
{
    (void)state;
    uint8_t pixels[31 * 17], *bytes;
    size_t count;
    struct err e = {0};
    struct gray back;
    struct rng r;
    rng_seed(&r, 1, 0);
    for (size_t i = 0; i < sizeof pixels; i++)
        pixels[i] = (uint8_t)rng_below(&r, 256);
    assert_true(image_png_bytes(pixels, 31, 17, &bytes, &count, &e));
    assert_true(image_decode(bytes, count, "own.png", &back, &e));
    assert_int_equal(back.width, 31);
    assert_int_equal(back.height, 17);
    assert_memory_equal(back.pixels, pixels, sizeof pixels);
    image_free(&back);
    free(bytes);
    assert_false(image_png_bytes(pixels, 0, 17, &bytes, &count, &e));
}

/* The CRC-32 of a chunk, bit by bit, to make headers that lie but check out. */
static void seal_chunk(uint8_t *chunk, size_t length)
{
    uint32_t crc = 0xffffffff;
    for (size_t i = 4; i < 8 + length; i++) {
        crc ^= chunk[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
    }
    crc = ~crc;
    for (size_t i = 0; i < 4; i++)
        chunk[8 + length + i] = (uint8_t)(crc >> (24 - 8 * i));
}

static void refuse_quickly(const void *bytes, size_t size, const char *because)
{
    struct gray image;
    struct err e = {0};
    double start = clock_seconds();
    assert_false(image_decode(bytes, size, "huge", &image, &e));
    assert_null(image.pixels);
    assert_int_equal(e.code, ERR_INPUT);
    assert_non_null(strstr(e.text, "huge: "));
    if (!strstr(e.text, because))
        fail_msg("\"%s\" does not say \"%s\"", e.text, because);
    assert_true(clock_seconds() - start < 0.2);
}

static void test_huge_declared_sizes_are_refused_quickly(void **state)
{
    (void)state;
    static const struct {
        uint32_t width, height;
        const char *because;
    } sizes[] = {
        {16384, 16384, "the image claims 16384 x 16384"},
        {60000, 60000, "the image claims 60000 x 60000"},
        {20000, 1, "the image claims 20000 x 1"},
        {0x7fffffff, 0x7fffffff, "the image claims"},
    };
    size_t size;
    uint8_t *png = (uint8_t *)read_golden("gray.png", &size);
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        for (size_t i = 0; i < 8; i++)
            png[16 + i] = (uint8_t)((i < 4 ? sizes[k].width : sizes[k].height) >> (24 - 8 * (i % 4)));
        seal_chunk(png + 8, 13);
        refuse_quickly(png, size, sizes[k].because);
    }
    free(png);
    static const char pgm[] = "P5 99999 99999 255\n0", bmp_like[] = "BM nothing else";
    refuse_quickly(pgm, sizeof pgm, "the image claims 99999 x 99999");
    refuse_quickly(bmp_like, sizeof bmp_like, "not a readable PNG, JPEG, BMP or PGM");
}

static void test_a_flipped_bit_in_a_png_is_noticed(void **state)
{
    (void)state;
    size_t size;
    struct gray image;
    struct err e;
    char *png = read_golden("gray.png", &size);
    for (size_t i = 8; i < size; i += 3) {
        png[i] ^= 4;
        assert_false(image_decode(png, size, "bit.png", &image, &e));
        png[i] ^= 4;
    }
    assert_true(image_decode(png, size, "bit.png", &image, &e));
    image_free(&image);
    free(png);
}

static void try_decode(const void *bytes, size_t size)
{
    struct gray image;
    struct err e = {0};
    /* a copy of exactly this size, so that a sanitizer sees a read beyond it */
    void *copy = malloc(size ? size : 1);
    assert_non_null(copy);
    memcpy(copy, bytes, size);
    if (image_decode(copy, size, "try", &image, &e))
        assert_true(image.pixels && image.width > 0 && image.height > 0);
    else
        assert_true(!image.pixels && e.text[0]);
    image_free(&image);
    free(copy);
}

static void check_damaged(const char *name, int width, int height)
{
    (void)width, (void)height;
    size_t size;
    struct rng r;
    char *bytes = read_golden(name, &size);
    rng_seed(&r, size, 0);
    for (size_t cut = 0; cut < size; cut += 1 + cut / 16)
        try_decode(bytes, cut);
    for (int round = 0; round < 150; round++) {
        char *copy = malloc(size);
        assert_non_null(copy);
        memcpy(copy, bytes, size);
        for (int k = 0; k < 4; k++)
            copy[rng_below(&r, (uint32_t)size)] = (char)rng_below(&r, 256);
        try_decode(copy, size);
        free(copy);
    }
    free(bytes);
}

static void test_damaged_files_never_crash(void **state)
{
    (void)state;
    assert_int_equal(for_listed("decode", check_damaged), 21);
    struct rng r;
    rng_seed(&r, 5, 0);
    for (int round = 0; round < 500; round++) {
        char bytes[300];
        for (size_t i = 0; i < sizeof bytes; i++)
            bytes[i] = (char)rng_below(&r, 256);
        try_decode(bytes, rng_below(&r, sizeof bytes));
    }
}

static void test_missing_file_and_folder_are_told(void **state)
{
    (void)state;
    struct gray image;
    struct err e = {0};
    assert_false(image_load("/nonexistent/face.png", &image, &e));
    assert_non_null(strstr(e.text, "/nonexistent/face.png"));
    assert_false(image_load(FERLAB_GOLDEN, &image, &e));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_format_decodes_as_pillow_does),
        cmocka_unit_test(test_resize_agrees_with_opencv),
        cmocka_unit_test(test_square_is_the_centre),
        cmocka_unit_test(test_standardise_gives_zero_mean_and_unit_deviation),
        cmocka_unit_test(test_png_comes_back_as_written),
        cmocka_unit_test(test_huge_declared_sizes_are_refused_quickly),
        cmocka_unit_test(test_a_flipped_bit_in_a_png_is_noticed),
        cmocka_unit_test(test_damaged_files_never_crash),
        cmocka_unit_test(test_missing_file_and_folder_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
