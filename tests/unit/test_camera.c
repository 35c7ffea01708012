/* Frames from a camera and from files. The camera is made here: these v4l2_ functions stand in for those of
 * libv4l2, and misbehave as told. */
#include "support.h"

#include "ferlab/base/clock.h"
#include "ferlab/camera/camera.h"
#include "ferlab/face/image.h"

#include <errno.h>
#include <fcntl.h>
#include <libv4l2.h>
#include <linux/videodev2.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { WIDTH = 8, HEIGHT = 4, STRIDE = 16, SLOTS = 4 };

static struct {
    int open_errno, format_errno, start_errno;
    unsigned kind; /* of pixels; 0: YUV 4:2:0 */
    bool is_microphone, no_such_command;
    unsigned size;   /* claimed; 0: WIDTH x HEIGHT */
    int frames_left; /* then nothing more comes, or, with `unplugged`, the device is gone */
    bool unplugged, torn;
    /* what it did */
    int frames;
    bool started, open;
    uint8_t memory[SLOTS][STRIDE * HEIGHT * 2];
    bool queued[SLOTS];
} fake;

static int refuse(int number)
{
    errno = number;
    return -1;
}

int v4l2_open(const char *file, int flags, ...)
{
    (void)file;
    (void)flags;
    if (fake.open_errno != 0)
        return refuse(fake.open_errno);
    fake.open = true;
    return open("/dev/zero", O_RDWR); /* always ready to be read */
}

int v4l2_close(int fd)
{
    fake.open = false;
    return close(fd);
}

void *v4l2_mmap(void *start, size_t length, int protection, int flags, int fd, int64_t offset)
{
    (void)start, (void)length, (void)protection, (void)flags, (void)fd;
    return fake.memory[offset];
}

int v4l2_munmap(void *start, size_t length)
{
    (void)start, (void)length;
    return 0;
}

static int set_format(struct v4l2_pix_format *f)
{
    if (fake.format_errno != 0)
        return refuse(fake.format_errno);
    f->width = fake.size != 0 ? fake.size : WIDTH;
    f->height = fake.size != 0 ? fake.size : HEIGHT;
    f->bytesperline = fake.size != 0 ? fake.size : STRIDE;
    if (fake.kind != 0)
        f->pixelformat = fake.kind;
    return 0;
}

static int take_frame(struct v4l2_buffer *b)
{
    if (fake.frames_left == 0)
        return refuse(fake.unplugged ? ENODEV : EAGAIN);
    for (unsigned i = 0; i < SLOTS; i++)
        if (fake.queued[i]) {
            fake.queued[i] = false;
            fake.frames_left--;
            fake.frames++;
            for (int y = 0; y < HEIGHT; y++)
                memset(fake.memory[i] + y * STRIDE, 10 * fake.frames + y, WIDTH);
            b->index = i;
            b->bytesused = fake.torn ? STRIDE : sizeof fake.memory[i];
            return 0;
        }
    return refuse(EAGAIN);
}

int v4l2_ioctl(int fd, unsigned long request, ...)
{
    va_list arguments;
    va_start(arguments, request);
    void *argument = va_arg(arguments, void *);
    va_end(arguments);
    (void)fd;
    if (fake.no_such_command)
        return refuse(ENOTTY);
    if (request == VIDIOC_QUERYCAP) {
        struct v4l2_capability *about = argument;
        strcpy((char *)about->card, "Test Camera");
        about->capabilities = V4L2_CAP_DEVICE_CAPS | V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING;
        about->device_caps =
            fake.is_microphone ? V4L2_CAP_STREAMING : V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING;
    } else if (request == VIDIOC_S_FMT) {
        return set_format(&((struct v4l2_format *)argument)->fmt.pix);
    } else if (request == VIDIOC_QUERYBUF) {
        struct v4l2_buffer *b = argument;
        b->length = sizeof fake.memory[0];
        b->m.offset = b->index;
    } else if (request == VIDIOC_QBUF) {
        fake.queued[((struct v4l2_buffer *)argument)->index] = true;
    } else if (request == VIDIOC_STREAMON) {
        if (fake.start_errno != 0)
            return refuse(fake.start_errno);
        fake.started = true;
    } else if (request == VIDIOC_STREAMOFF) {
        fake.started = false;
    } else if (request == VIDIOC_DQBUF) {
        return take_frame(argument);
    }
    return 0;
}

static void plug_in(void)
{
    memset(&fake, 0, sizeof fake);
    fake.frames_left = 3;
}

static void expect_refusal(const char *sentence)
{
    struct err e = {0};
    struct camera *c = camera_open_device("/dev/video7", &e);
    assert_null(c);
    if (strstr(e.text, sentence) == NULL)
        fail_msg("'%s' does not say '%s'", e.text, sentence);
    assert_false(fake.open);
}

/* ---- a device ---- */

static void test_the_newest_frame_of_a_camera_is_shown(void **state)
{
    (void)state;
    struct err e = {0};
    struct frame f;
    plug_in();
    struct camera *c = camera_open_device("/dev/video7", &e);
    if (c == NULL)
        fail_msg("%s", e.text);
    assert_string_equal(camera_name(c), "/dev/video7 Test Camera");
    assert_int_equal(camera_next(c, 10, &f, &e), CAMERA_FRAME);
    assert_int_equal(f.width, WIDTH);
    assert_int_equal(f.height, HEIGHT);
    for (int i = 0; i < WIDTH * HEIGHT; i++) /* the third of three, without what pads its rows */
        assert_int_equal(f.gray[i], 30 + i / WIDTH);
    assert_int_equal(camera_next(c, 10, &f, &e), CAMERA_NONE);
    assert_true(fake.started);
    camera_close(c);
    assert_false(fake.started);
    assert_false(fake.open);
}

static void test_a_camera_that_cannot_be_had_is_a_sentence(void **state)
{
    (void)state;
    plug_in();
    fake.open_errno = ENOENT;
    expect_refusal("/dev/video7: there is no camera; connect the camera, or play files with --frames");
    plug_in();
    fake.open_errno = EACCES;
    expect_refusal("/dev/video7: may not be opened; whoever is in the group 'video' may");
    plug_in();
    fake.open_errno = EBUSY;
    expect_refusal("/dev/video7: another program uses this camera");
    plug_in();
    fake.format_errno = EBUSY;
    expect_refusal("another program uses this camera");
    plug_in();
    fake.start_errno = EBUSY;
    expect_refusal("another program uses this camera");
    plug_in();
    fake.no_such_command = true;
    expect_refusal("is no camera");
    plug_in();
    fake.is_microphone = true;
    expect_refusal("does not give pictures");
}

static void test_what_lies_below_dev_is_a_camera_and_nothing_the_first(void **state)
{
    (void)state;
    struct err e = {0};
    plug_in();
    struct camera *c = camera_open("/dev/video3", true, &e);
    assert_string_equal(camera_name(c), "/dev/video3 Test Camera");
    camera_close(c);
    c = camera_open("", true, &e);
    assert_string_equal(camera_name(c), CAMERA_FIRST " Test Camera");
    camera_close(c);
    assert_null(camera_open("/nowhere/dev/film.y4m", true, &e));
    assert_non_null(strstr(e.text, "/nowhere/dev/film.y4m: cannot open"));
}

static void test_odd_formats_are_sentences(void **state)
{
    (void)state;
    plug_in();
    fake.kind = V4L2_PIX_FMT_H264;
    expect_refusal("pictures of kind H264");
    plug_in();
    fake.size = 100000;
    expect_refusal("pictures of 100000x100000");
    plug_in();
    fake.kind = V4L2_PIX_FMT_GREY;
    struct err e = {0};
    struct frame f;
    struct camera *c = camera_open_device("/dev/video7", &e);
    assert_non_null(c);
    assert_int_equal(camera_next(c, 10, &f, &e), CAMERA_FRAME);
    camera_close(c);
}

static void test_a_camera_pulled_out_is_a_sentence(void **state)
{
    (void)state;
    struct err e = {0};
    struct frame f;
    plug_in();
    fake.frames_left = 6;
    struct camera *c = camera_open_device("/dev/video7", &e);
    assert_non_null(c);
    assert_int_equal(camera_next(c, 10, &f, &e), CAMERA_FRAME);
    fake.unplugged = true;
    assert_int_equal(camera_next(c, 10, &f, &e), CAMERA_FAILED);
    assert_non_null(strstr(e.text, "/dev/video7: the camera is gone (No such device)"));
    camera_close(c);
    assert_false(fake.open);
}

static void test_torn_frames_are_passed_over(void **state)
{
    (void)state;
    struct err e = {0};
    struct frame f;
    plug_in();
    fake.torn = true;
    struct camera *c = camera_open_device("/dev/video7", &e);
    assert_non_null(c);
    assert_int_equal(camera_next(c, 10, &f, &e), CAMERA_NONE);
    assert_int_equal(fake.frames, 3);
    camera_close(c);
}

/* ---- files ---- */

static void put(const char *path, const char *header, const char *frame_line, const uint8_t *planes,
                size_t size, int frames)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(header, f);
    for (int i = 0; i < frames; i++) {
        fputs(frame_line, f);
        fwrite(planes, 1, size, f);
    }
    fclose(f);
}

static void expect_film(const char *path, int frames, const uint8_t *gray, size_t pixels)
{
    struct err e = {0};
    struct frame f = {0};
    struct camera *c = camera_open_files(path, false, &e);
    if (c == NULL)
        fail_msg("%s", e.text);
    for (int i = 0; i < frames; i++) {
        if (camera_next(c, 0, &f, &e) != CAMERA_FRAME)
            fail_msg("frame %d: %s", i, e.text);
        assert_int_equal(f.number, i + 1);
        assert_memory_equal(f.gray, gray, pixels);
    }
    assert_int_equal(camera_next(c, 0, &f, &e), CAMERA_END);
    camera_close(c);
}

static void test_films_of_any_chroma_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *word;
        size_t bytes; /* of 3x3 pixels and their colours */
    } kinds[] = {{"", 17},      {" C420jpeg", 17}, {" C420mpeg2", 17}, {" Cmono", 9},
                 {" C422", 21}, {" C444", 27},     {" C411", 15}};
    const uint8_t planes[27] = {0, 16, 126, 235, 255, 17, 16, 16, 16},
                  narrow[9] = {0, 0, 128, 255, 255, 1, 0, 0, 0};
    char dir[PATH_MAX], path[PATH_MAX + 16], header[128];
    temp_dir_make(dir);
    snprintf(path, sizeof path, "%s/film.y4m", dir);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        snprintf(header, sizeof header, "YUV4MPEG2 W3 H3 F30:1 Ip A1:1%s\n", kinds[i].word);
        put(path, header, "FRAME\n", planes, kinds[i].bytes, 2);
        expect_film(path, 2, narrow, 9);
        snprintf(header, sizeof header, "YUV4MPEG2 W3 H3%s XCOLORRANGE=FULL\n", kinds[i].word);
        put(path, header, "FRAME Ip\n", planes, kinds[i].bytes, 3);
        expect_film(path, 3, planes, 9);
    }
    temp_dir_remove(dir);
}

static void expect_no_film(const char *dir, const char *header, size_t size, const char *sentence)
{
    struct err e = {0};
    char path[PATH_MAX + 16];
    struct frame f;
    uint8_t *planes = calloc(1, size + 1);
    snprintf(path, sizeof path, "%s/bad.y4m", dir);
    put(path, header, "FRAME\n", planes, size, 1);
    struct camera *c = camera_open_files(path, false, &e);
    if (c != NULL)
        assert_int_equal(camera_next(c, 0, &f, &e), CAMERA_FAILED);
    if (strstr(e.text, sentence) == NULL)
        fail_msg("'%s' does not say '%s'", e.text, sentence);
    camera_close(c);
    free(planes);
}

static void test_hostile_films_are_sentences(void **state)
{
    (void)state;
    struct err e = {0};
    char dir[PATH_MAX], endless[3000] = "YUV4MPEG2 ";
    temp_dir_make(dir);
    expect_no_film(dir, "RIFF\n", 4, "is no YUV4MPEG2 file");
    expect_no_film(dir, "", 0, "is no YUV4MPEG2 file");
    memset(endless + 10, 'X', 2980);
    expect_no_film(dir, endless, 4, "is no YUV4MPEG2 file");
    expect_no_film(dir, "YUV4MPEG2 W3\n", 17, "the width or height of its frames is not from 1 to 16384");
    expect_no_film(dir, "YUV4MPEG2 W99999999999 H1\n", 17, "is not from 1 to 16384");
    expect_no_film(dir, "YUV4MPEG2 W-5 H4\n", 17, "is not from 1 to 16384");
    expect_no_film(dir, "YUV4MPEG2 W3 H3 C420p10\n", 17, "pixels are of kind C420p10");
    expect_no_film(dir, "YUV4MPEG2 W3 H3\n", 16, "frame 1 is cut short or damaged");
    expect_no_film(dir, "YUV4MPEG2 W3 H3\nFRAUD\n", 17, "frame 1 is cut short or damaged");
    assert_null(camera_open_files("/nowhere/film.y4m", false, &e));
    assert_non_null(strstr(e.text, "/nowhere/film.y4m: cannot open"));
    assert_null(camera_open_files(dir, false, &e) /* it holds no picture */);
    assert_non_null(strstr(e.text, "there is no picture in this folder"));
    temp_dir_remove(dir);
}

static void test_pictures_of_a_folder_come_in_the_order_of_their_numbers(void **state)
{
    (void)state;
    struct err e = {0};
    struct frame f;
    char dir[PATH_MAX], path[PATH_MAX + 16];
    temp_dir_make(dir);
    static const int numbers[] = {10, 2, 1};
    for (size_t i = 0; i < 3; i++) {
        uint8_t pixels[6];
        memset(pixels, numbers[i], sizeof pixels);
        snprintf(path, sizeof path, "%s/frame%d.png", dir, numbers[i]);
        assert_true(image_png_write(path, pixels, 3, 2, &e));
    }
    struct camera *c = camera_open(dir, false, &e);
    assert_non_null(c);
    static const int order[] = {1, 2, 10};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(camera_next(c, 0, &f, &e), CAMERA_FRAME);
        assert_int_equal(f.gray[0], order[i]);
        snprintf(path, sizeof path, "%s/frame%d.png", dir, order[i]);
        assert_string_equal(f.file, path);
    }
    assert_int_equal(camera_next(c, 0, &f, &e), CAMERA_END);
    camera_close(c);
    temp_dir_remove(dir);
}

static void test_a_film_keeps_its_pace_and_drops_what_is_late(void **state)
{
    (void)state;
    struct err e = {0};
    struct frame f;
    char dir[PATH_MAX], path[PATH_MAX + 16];
    const uint8_t planes[1] = {200};
    temp_dir_make(dir);
    snprintf(path, sizeof path, "%s/film.y4m", dir);
    put(path, "YUV4MPEG2 W1 H1 F50:1 Cmono\n", "FRAME\n", planes, 1, 1000);
    struct camera *c = camera_open_files(path, true, &e);
    assert_non_null(c);
    double began = clock_seconds();
    assert_int_equal(camera_next(c, 1000, &f, &e), CAMERA_FRAME);
    for (int i = 0; i < 5; i++)
        assert_int_equal(camera_next(c, 1000, &f, &e), CAMERA_FRAME);
    assert_true(clock_seconds() - began >= 0.099); /* five fiftieths */
    assert_true(f.number >= 6);
    int64_t before = f.number;
    usleep(200 * 1000);
    assert_int_equal(camera_next(c, 1000, &f, &e), CAMERA_FRAME);
    assert_true(f.number >= before + 9);
    before = f.number;
    usleep(200 * 1000);
    camera_go_on(c); /* as after a pause */
    assert_int_equal(camera_next(c, 1000, &f, &e), CAMERA_FRAME);
    assert_int_equal(f.number, before + 1);
    assert_null(f.file);
    camera_close(c);
    c = camera_open_files(path, true, &e);
    assert_int_equal(camera_next(c, 0, &f, &e), CAMERA_FRAME);
    assert_int_equal(camera_next(c, 0, &f, &e), CAMERA_NONE); /* the next one is a fiftieth off */
    camera_close(c);
    temp_dir_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_newest_frame_of_a_camera_is_shown),
        cmocka_unit_test(test_a_camera_that_cannot_be_had_is_a_sentence),
        cmocka_unit_test(test_what_lies_below_dev_is_a_camera_and_nothing_the_first),
        cmocka_unit_test(test_odd_formats_are_sentences),
        cmocka_unit_test(test_a_camera_pulled_out_is_a_sentence),
        cmocka_unit_test(test_torn_frames_are_passed_over),
        cmocka_unit_test(test_films_of_any_chroma_are_read),
        cmocka_unit_test(test_hostile_films_are_sentences),
        cmocka_unit_test(test_pictures_of_a_folder_come_in_the_order_of_their_numbers),
        cmocka_unit_test(test_a_film_keeps_its_pace_and_drops_what_is_late),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
