/* A camera of Video4Linux. libv4l2 converts what the camera gives (MJPEG, YUYV, …) to planar YUV 4:2:0, whose
 * first plane is the brightness. Frames lie in memory shared with the driver; only the newest is taken. */
#include "source.h"

#include "ferlab/base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <libv4l2.h>
#include <linux/videodev2.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { WIDTH = 640, HEIGHT = 480, RATE = 30, BUFFERS = 4, SILENT_SECONDS = 5 };

struct device {
    struct source source;
    char *path;
    int fd; /* -1: closed */
    struct v4l2_pix_format format;
    struct {
        void *start; /* MAP_FAILED: none */
        size_t length;
    } buffers[BUFFERS];
    bool streaming;
    double last_frame; /* clock_seconds */
    uint8_t *gray;
};

static const char gone[] = "connect the camera, or play files with --frames";

static int command(const struct device *d, unsigned long request, void *argument)
{
    int result;
    do
        result = v4l2_ioctl(d->fd, request, argument);
    while (result < 0 && errno == EINTR);
    return result;
}

static void close_device(struct source *s)
{
    struct device *d = (struct device *)s;
    int type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
    if (d->streaming)
        command(d, VIDIOC_STREAMOFF, &type);
    for (int i = 0; i < BUFFERS; i++)
        if (d->buffers[i].start != MAP_FAILED)
            v4l2_munmap(d->buffers[i].start, d->buffers[i].length);
    if (d->fd >= 0)
        v4l2_close(d->fd);
    free(d->gray);
    free(d->path);
    free(d);
}

/* What errno says of a camera. */
static bool refuse(const struct device *d, const char *verb, struct err *e)
{
    switch (errno) {
    case EBUSY:
        return err_set(e, ERR_BUSY, "%s: another program uses this camera; end that first", d->path);
    case EACCES:
    case EPERM:
        return err_set(e, ERR_IO, "%s: may not be opened; whoever is in the group 'video' may", d->path);
    case ENOENT:
    case ENODEV:
    case ENXIO:
        return err_set(e, ERR_IO, "%s: there is no camera; %s", d->path, gone);
    default:
        return err_errno(e, d->path, verb, gone);
    }
}

static bool ask_capabilities(struct device *d, struct err *e)
{
    struct v4l2_capability about = {0};
    if (command(d, VIDIOC_QUERYCAP, &about) < 0)
        return err_set(e, ERR_INPUT, "%s: is no camera (Video4Linux does not know it)", d->path);
    unsigned can = about.capabilities & V4L2_CAP_DEVICE_CAPS ? about.device_caps : about.capabilities;
    if (!(can & V4L2_CAP_VIDEO_CAPTURE) || !(can & V4L2_CAP_STREAMING))
        return err_set(e, ERR_INPUT,
                       "%s: this device does not give pictures; of a camera's devices the first does",
                       d->path);
    snprintf(d->source.name, sizeof d->source.name, "%s %.*s", d->path, (int)sizeof about.card,
             (const char *)about.card);
    return true;
}

static bool set_format(struct device *d, struct err *e)
{
    struct v4l2_format f = {.type = V4L2_BUF_TYPE_VIDEO_CAPTURE};
    f.fmt.pix = (struct v4l2_pix_format){
        .width = WIDTH, .height = HEIGHT, .pixelformat = V4L2_PIX_FMT_YUV420, .field = V4L2_FIELD_ANY};
    if (command(d, VIDIOC_S_FMT, &f) < 0)
        return refuse(d, "set its format", e);
    d->format = f.fmt.pix;
    unsigned kind = d->format.pixelformat;
    if (kind != V4L2_PIX_FMT_YUV420 && kind != V4L2_PIX_FMT_GREY)
        return err_set(e, ERR_INPUT,
                       "%s: the camera gives pictures of kind %c%c%c%c, which libv4l2 does not turn into "
                       "brightness",
                       d->path, kind & 0x7f, kind >> 8 & 0x7f, kind >> 16 & 0x7f, kind >> 24 & 0x7f);
    if (d->format.bytesperline < d->format.width)
        d->format.bytesperline = d->format.width;
    if (d->format.width < 1 || d->format.height < 1 || d->format.bytesperline > CAMERA_SIDE_MAX ||
        d->format.height > CAMERA_SIDE_MAX)
        return err_set(e, ERR_INPUT, "%s: the camera gives pictures of %ux%u, which cannot be shown", d->path,
                       d->format.width, d->format.height);
    struct v4l2_streamparm rate = {.type = V4L2_BUF_TYPE_VIDEO_CAPTURE};
    rate.parm.capture.timeperframe = (struct v4l2_fract){1, RATE};
    command(d, VIDIOC_S_PARM, &rate); /* a wish */
    return true;
}

static struct v4l2_buffer buffer_of(unsigned index)
{
    return (struct v4l2_buffer){
        .index = index, .type = V4L2_BUF_TYPE_VIDEO_CAPTURE, .memory = V4L2_MEMORY_MMAP};
}

static bool map_buffers(struct device *d, struct err *e)
{
    struct v4l2_requestbuffers asked = {
        .count = BUFFERS, .type = V4L2_BUF_TYPE_VIDEO_CAPTURE, .memory = V4L2_MEMORY_MMAP};
    if (command(d, VIDIOC_REQBUFS, &asked) < 0)
        return refuse(d, "give room for frames", e);
    for (unsigned i = 0; i < asked.count && i < BUFFERS; i++) {
        struct v4l2_buffer b = buffer_of(i);
        if (command(d, VIDIOC_QUERYBUF, &b) < 0)
            return refuse(d, "give room for frames", e);
        d->buffers[i].length = b.length;
        d->buffers[i].start =
            v4l2_mmap(NULL, b.length, PROT_READ | PROT_WRITE, MAP_SHARED, d->fd, (int64_t)b.m.offset);
        if (d->buffers[i].start == MAP_FAILED || command(d, VIDIOC_QBUF, &b) < 0)
            return refuse(d, "give room for frames", e);
    }
    return true;
}

static bool start(struct device *d, struct err *e)
{
    int type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
    if (command(d, VIDIOC_STREAMON, &type) < 0)
        return refuse(d, "start", e);
    d->streaming = true;
    d->last_frame = clock_seconds();
    d->gray = malloc((size_t)d->format.width * d->format.height);
    return d->gray != NULL || err_memory(e, "opening a camera");
}

/* Copies the brightness of a whole frame; false: it is not whole. */
static bool take(struct device *d, const struct v4l2_buffer *b)
{
    size_t stride = d->format.bytesperline, height = d->format.height;
    if (b->index >= BUFFERS || d->buffers[b->index].start == MAP_FAILED || (b->flags & V4L2_BUF_FLAG_ERROR) ||
        b->bytesused < stride * height || d->buffers[b->index].length < stride * height)
        return false;
    const uint8_t *from = d->buffers[b->index].start;
    for (size_t y = 0; y < height; y++)
        memcpy(d->gray + y * d->format.width, from + y * stride, d->format.width);
    return true;
}

/* All frames that have come; the last one stays. */
static bool take_newest(struct device *d, bool *taken)
{
    *taken = false;
    for (int i = 0; i < 2 * BUFFERS; i++) {
        struct v4l2_buffer b = buffer_of(0);
        if (command(d, VIDIOC_DQBUF, &b) < 0)
            return errno == EAGAIN;
        *taken |= take(d, &b);
        if (command(d, VIDIOC_QBUF, &b) < 0)
            return false;
    }
    return true;
}

static enum camera_step next_frame(struct source *s, int wait_ms, struct frame *out, struct err *e)
{
    struct device *d = (struct device *)s;
    struct pollfd fd = {.fd = d->fd, .events = POLLIN};
    bool taken;
    poll(&fd, 1, wait_ms);
    if (!take_newest(d, &taken)) {
        err_set(e, ERR_IO, "%s: the camera is gone (%s); %s", d->path, strerror(errno), gone);
        return CAMERA_FAILED;
    }
    if (!taken && clock_seconds() - d->last_frame > SILENT_SECONDS) {
        err_set(e, ERR_IO, "%s: the camera has given no whole picture for %d seconds; connect it anew",
                d->path, SILENT_SECONDS);
        return CAMERA_FAILED;
    }
    if (!taken)
        return CAMERA_NONE;
    d->last_frame = clock_seconds();
    out->width = (int)d->format.width;
    out->height = (int)d->format.height;
    out->gray = d->gray;
    return CAMERA_FRAME;
}

struct source *device_open(const char *path, struct err *e)
{
    static const struct source_ops ops = {.next = next_frame, .close = close_device};
    struct device *d = calloc(1, sizeof *d);
    if (d == NULL || (d->path = strdup(path)) == NULL) {
        err_memory(e, "opening a camera");
        free(d);
        return NULL;
    }
    d->source.ops = &ops;
    for (int i = 0; i < BUFFERS; i++)
        d->buffers[i].start = MAP_FAILED;
    d->fd = v4l2_open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (d->fd < 0)
        refuse(d, "open", e);
    else if (ask_capabilities(d, e) && set_format(d, e) && map_buffers(d, e) && start(d, e))
        return &d->source;
    close_device(&d->source);
    return NULL;
}
