/* Live: what the live view keeps between frames. The view draws it (live_draw.c) and acts on it. */
#ifndef FERLAB_TUI_LIVE_H
#define FERLAB_TUI_LIVE_H

#include "app.h"

#include "ferlab/camera/camera.h"
#include "ferlab/detect/box.h"
#include "ferlab/detect/detect.h"
#include "ferlab/train/inference.h"

enum { LIVE_FACES = 32 };

/* A face of the latest frame. */
struct live_face {
    struct box box; /* in the frame */
    uint8_t crop[FACE_PIXELS];
    float shown[EMOTION_COUNT]; /* probabilities, smoothed over the frames in which the face was found */
};

struct live {
    struct detector *detector;
    struct predictor *predictor;
    struct camera *camera;
    uint8_t *gray; /* the latest frame, width x height; NULL before the first */
    int width, height;
    char file[PATH_MAX]; /* the picture of a folder that it is; "": of a film or a device */
    struct live_face faces[LIVE_FACES];
    int count, selected;
    bool paused, ended;
    int zoom;        /* of the picture: 0 as fits, -1 half of that, -2 a quarter */
    double frame_at; /* clock_seconds of the latest frame */
    double rate;     /* frames a second, smoothed; 0: not known yet */
    double spent;    /* seconds that finding and predicting took, smoothed */
    int64_t kept;
    struct canvas canvas;
};

/* Takes a frame in: finds its faces, predicts, smooths. */
bool live_take(struct live *l, const struct frame *f, struct err *e);

/* Everything between top and bottom line. */
void live_draw(struct app *app, struct live *l);

/* Keeps the selected face as a sample, unless it was kept *already from the same picture; its id, or 0 with a
 * complaint. */
int64_t live_keep(struct app *app, struct live *l, bool *already);

#endif
