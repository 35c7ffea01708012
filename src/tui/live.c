/* What happens to a frame of the live view: its faces are found, predicted, followed from the frame before,
 * and kept where that is asked for. */
#include "live.h"
#include "parts.h"

#include "ferlab/base/clock.h"
#include "ferlab/face/flaws.h"
#include "ferlab/store/samples.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const float newest_share = 0.35f; /* of what is shown; the rest is what was */
static const double same_overlap = 0.3;  /* boxes of one face in two frames overlap by at least this */

/* The face of the frame before that is nearest to this box, or NULL. */
static const struct live_face *find_former(const struct live_face *former, int count, const struct box *box)
{
    const struct live_face *nearest = NULL;
    double most = same_overlap;
    for (int i = 0; i < count; i++) {
        double overlap = box_overlap(&former[i].box, box);
        if (overlap >= most) {
            most = overlap;
            nearest = &former[i];
        }
    }
    return nearest;
}

/* Crops of the boxes' faces, predicted and smoothed with what was said of the same face before. */
static bool follow(struct live *l, const struct gray *picture, const struct boxes *found, struct err *e)
{
    struct live_face former[LIVE_FACES];
    uint8_t crops[LIVE_FACES][FACE_PIXELS];
    float now[LIVE_FACES][EMOTION_COUNT];
    int former_count = l->count, selected = l->selected;
    size_t count = found->count < LIVE_FACES ? found->count : LIVE_FACES;
    memcpy(former, l->faces, sizeof former);
    for (size_t i = 0; i < count; i++)
        if (!face_crop(picture, &found->items[i], detector_margin(l->detector), FACE_SIZE, crops[i]))
            return err_memory(e, "cutting out faces");
    if (count > 0 && !predictor_faces(l->predictor, crops[0], count, now, e))
        return false;
    l->selected = 0;
    for (size_t i = 0; i < count; i++) {
        struct live_face *face = &l->faces[i];
        const struct live_face *before = find_former(former, former_count, &found->items[i]);
        face->box = found->items[i];
        memcpy(face->crop, crops[i], sizeof face->crop);
        for (int k = 0; k < EMOTION_COUNT; k++)
            face->shown[k] =
                before != NULL ? before->shown[k] + newest_share * (now[i][k] - before->shown[k]) : now[i][k];
        if (before == &former[selected])
            l->selected = (int)i;
    }
    l->count = (int)count;
    return true;
}

static double smooth(double before, double now)
{
    return before > 0 ? before + 0.1 * (now - before) : now;
}

static bool copy_picture(struct live *l, const struct frame *f, struct err *e)
{
    size_t bytes = (size_t)f->width * (size_t)f->height;
    if (l->gray == NULL || f->width != l->width || f->height != l->height) {
        free(l->gray);
        l->gray = malloc(bytes);
        if (l->gray == NULL)
            return err_memory(e, "showing a camera's picture");
        l->width = f->width;
        l->height = f->height;
    }
    memcpy(l->gray, f->gray, bytes);
    snprintf(l->file, sizeof l->file, "%s", f->file != NULL ? f->file : "");
    return true;
}

bool live_take(struct live *l, const struct frame *f, struct err *e)
{
    struct boxes found = {0};
    double began = clock_seconds();
    if (!copy_picture(l, f, e))
        return false;
    const struct gray picture = {.width = l->width, .height = l->height, .pixels = l->gray};
    bool fine =
        detector_find_quick(l->detector, &picture, FILM_LONGEST, &found, e) && follow(l, &picture, &found, e);
    boxes_free(&found);
    l->spent = smooth(l->spent, clock_seconds() - began);
    if (l->frame_at > 0 && began > l->frame_at)
        l->rate = smooth(l->rate, 1 / (began - l->frame_at));
    l->frame_at = began;
    return fine;
}

/* --- keeping --- */

enum { LIVE_SOURCE = PATH_MAX + 8 };

/* Adds it under the first name of this second that nobody has taken: there may be other windows. Its id, or 0
 * with a sentence. */
static int64_t add_named(struct sample_writer *w, const struct sample *kept, int64_t number, struct err *e)
{
    char stamp[CLOCK_STAMP], name[64];
    struct sample s = *kept;
    enum sample_added added = SAMPLE_SAME;
    clock_stamp(stamp);
    s.name = name;
    for (; added != SAMPLE_NEW && added != SAMPLE_FAILED; number++) {
        snprintf(name, sizeof name, "live-%s-%lld.png", stamp, (long long)number);
        added = sample_add(w, &s, e);
    }
    return added == SAMPLE_NEW ? sample_added_id(w) : 0;
}

static int64_t add_sample(struct app *app, const struct sample *s, int64_t number, struct err *e)
{
    if (!workspace_begin(app->workspace, e))
        return 0;
    struct sample_writer *w = sample_writer_new(app->workspace, e);
    int64_t id = w != NULL ? add_named(w, s, number, e) : 0;
    sample_writer_free(w);
    if (id != 0 && workspace_commit(app->workspace, e))
        return id;
    workspace_rollback(app->workspace);
    return 0;
}

/* "live", or "live:/home/me/2.jpg" of a picture, which may still be imported with all its faces. */
static void name_source(const struct live *l, char out[LIVE_SOURCE])
{
    char real[PATH_MAX];
    if (l->file[0] == '\0')
        snprintf(out, LIVE_SOURCE, "live");
    else
        snprintf(out, LIVE_SOURCE, "live:%s", realpath(l->file, real) != NULL ? real : l->file);
}

int64_t live_keep(struct app *app, struct live *l, bool *already)
{
    struct err e = {0};
    char source[LIVE_SOURCE];
    if (l->count == 0) {
        app_message(app, "there is no face to keep");
        return 0;
    }
    if (app->read_only) {
        app_complain(app, "%s may only be read, so nothing can be kept", workspace_path(app->workspace));
        return 0;
    }
    const struct live_face *face = &l->faces[l->selected];
    name_source(l, source);
    struct sample s = {
        .split = SPLIT_NONE,
        .box = {face->box.x, face->box.y, face->box.x + face->box.width, face->box.y + face->box.height},
        .pixels = face->crop,
        .source = source,
        .flaws = face_flaws(face->crop, face_side(&face->box, detector_margin(l->detector)))};
    int64_t id = 0;
    bool fine = sample_find_same(app->workspace, &s, &id, &e);
    *already = id != 0;
    if (fine && !*already)
        id = add_sample(app, &s, l->kept + 1, &e);
    if (id == 0) {
        app_complain(app, "%s", e.text);
        return 0;
    }
    l->kept += !*already;
    refresh_reviews(app);
    return id;
}
