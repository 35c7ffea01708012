/* Source: what a kind of camera does. A source knows nothing of pace. */
#ifndef FERLAB_CAMERA_SOURCE_H
#define FERLAB_CAMERA_SOURCE_H

#include "ferlab/camera/camera.h"

enum { CAMERA_SIDE_MAX = 16384 };

struct source {
    const struct source_ops *ops;
    char name[256];
    double rate; /* frames a second; 0: they come when they come */
};

struct source_ops {
    /* The next frame into out->width, height and gray, or CAMERA_END, CAMERA_BAD or CAMERA_FAILED; only a
     * device waits, at most wait_ms, or gives CAMERA_NONE. */
    enum camera_step (*next)(struct source *s, int wait_ms, struct frame *out, struct err *e);
    /* Passes over one frame without decoding it; false: no more, or damaged, as `next` will say. NULL for a
     * device. */
    bool (*skip)(struct source *s);
    void (*close)(struct source *s);
};

/* NULL with a sentence where they cannot be opened. */
struct source *device_open(const char *path, struct err *e);
struct source *y4m_open(const char *path, struct err *e);
struct source *pictures_open(const char *folder, struct err *e);

#endif
