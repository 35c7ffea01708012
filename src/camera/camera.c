/* Cameras: a source, and the pace at which files are played. */
#include "source.h"

#include "ferlab/base/clock.h"
#include "ferlab/base/path.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char devices[] = "/dev/";

struct camera {
    struct source *source;
    bool paced;
    double began;   /* clock_seconds when the first frame was asked for; 0: not yet */
    int64_t number; /* of the latest frame */
};

static struct camera *over(struct source *s, bool paced, struct err *e)
{
    struct camera *c = s != NULL ? calloc(1, sizeof *c) : NULL;
    if (c == NULL) {
        if (s != NULL) {
            s->ops->close(s);
            err_memory(e, "opening a camera");
        }
        return NULL;
    }
    c->source = s;
    c->paced = paced;
    return c;
}

struct camera *camera_open_device(const char *path, struct err *e)
{
    return over(device_open(path, e), false, e);
}

struct camera *camera_open_files(const char *path, bool paced, struct err *e)
{
    return over(path_is_dir(path) ? pictures_open(path, e) : y4m_open(path, e), paced, e);
}

struct camera *camera_open(const char *source, bool paced, struct err *e)
{
    if (source[0] == '\0')
        source = CAMERA_FIRST;
    return strncmp(source, devices, strlen(devices)) == 0 ? camera_open_device(source, e)
                                                          : camera_open_files(source, paced, e);
}

void camera_close(struct camera *c)
{
    if (c == NULL)
        return;
    c->source->ops->close(c->source);
    free(c);
}

const char *camera_name(const struct camera *c)
{
    return c->source->name;
}

/* Waits for the time of the next frame; false: that is further off than wait_ms. Frames whose time has passed
 * are dropped, but for the last one. */
static bool keep_pace(struct camera *c, int wait_ms)
{
    double now = clock_seconds();
    if (c->began == 0)
        c->began = now;
    double early = c->began + (double)c->number / c->source->rate - now;
    if (early > 0) {
        double wait = early < wait_ms / 1000.0 ? early : wait_ms / 1000.0;
        nanosleep(&(struct timespec){.tv_sec = (time_t)wait,
                                     .tv_nsec = (long)((wait - (double)(time_t)wait) * 1e9)},
                  NULL);
        return early <= wait;
    }
    int64_t due = (int64_t)(-early * c->source->rate);
    for (int64_t i = 0; i < due && c->source->ops->skip(c->source); i++)
        c->number++;
    return true;
}

void camera_go_on(struct camera *c)
{
    if (c->paced && c->began > 0)
        c->began = clock_seconds() - (double)c->number / c->source->rate;
}

enum camera_step camera_next(struct camera *c, int wait_ms, struct frame *out, struct err *e)
{
    if (c->paced && !keep_pace(c, wait_ms))
        return CAMERA_NONE;
    out->file = NULL;
    enum camera_step step = c->source->ops->next(c->source, wait_ms, out, e);
    if (step == CAMERA_FRAME || step == CAMERA_BAD)
        out->number = ++c->number;
    return step;
}
