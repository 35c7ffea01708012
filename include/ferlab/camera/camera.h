/* Camera: gray frames as they come, from a device (Video4Linux, through libv4l2, which turns what a camera
 * gives into what is asked for) or from files played as if they came from one: a YUV4MPEG2 file or a folder
 * of pictures. Nothing is stored or sent anywhere; what is in a frame and what it shows is for others. */
#ifndef FERLAB_CAMERA_CAMERA_H
#define FERLAB_CAMERA_CAMERA_H

#include "ferlab/base/err.h"

#include <stdint.h>

struct camera;

struct frame {
    int width, height;
    const uint8_t *gray; /* 8-bit, row by row; valid until the next call */
    int64_t number;      /* of the source, from 1; more than one further where frames were dropped */
    const char *file;    /* the picture of a folder, its path; NULL: of a device or a film */
};

enum camera_step {
    CAMERA_FRAME,  /* *out is the newest frame */
    CAMERA_NONE,   /* none has come yet */
    CAMERA_END,    /* the files have no more */
    CAMERA_BAD,    /* a picture of a folder that cannot be read, see err; the next one may */
    CAMERA_FAILED, /* see err: a damaged file, a camera that is gone or gives nothing */
};

/* The device of a camera, "/dev/video0", asked for 640x480. Fails with a sentence where there is none, where
 * another program has it, and where it gives no pictures that can be read. */
struct camera *camera_open_device(const char *path, struct err *e);

/* FILE.y4m (8 bits, any chroma or none) or a folder of PNG, JPEG, BMP or PGM pictures in the order of their
 * names. paced: at the file's rate (25 a second for a folder), dropping what is late, as a device does; else
 * each frame as soon as it is asked for. */
struct camera *camera_open_files(const char *path, bool paced, struct err *e);

/* What people name: a path below /dev/ is a device, another is files; "" is the first device. */
#define CAMERA_FIRST "/dev/video0"
struct camera *camera_open(const char *source, bool paced, struct err *e);
void camera_close(struct camera *c); /* NULL is fine */

/* Files go on where they were, however long they were not looked at; a device shows what is before it. */
void camera_go_on(struct camera *c);

/* What it is and gives, for people: "/dev/video0 Integrated Camera"; "walk.y4m". */
const char *camera_name(const struct camera *c);

/* The newest frame, waiting for one at most wait_ms milliseconds. */
enum camera_step camera_next(struct camera *c, int wait_ms, struct frame *out, struct err *e);

#endif
