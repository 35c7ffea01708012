/* The live view: the picture of a camera, or of files played as one, with a box round each face, what the
 * model sees in it as bars, and keys that keep a face as a sample. */
#include "live.h"
#include "parts.h"

#include "ferlab/store/models.h"

#include <stdlib.h>
#include <string.h>

enum { WAIT_MS = 15 }; /* for a frame; a key waits as long */

static struct predictor *open_model(struct app *app, struct err *e)
{
    void *bytes;
    size_t size;
    if (app->columns->model == 0) {
        err_set(e, ERR_INPUT,
                "there is no model yet to see with; p brings in the one that ships, t trains one");
        return NULL;
    }
    if (!model_onnx(app->workspace, app->columns->model, &bytes, &size, e))
        return NULL;
    struct predictor *p = predictor_from_onnx(bytes, size, app->columns->model_name, 0, e);
    free(bytes);
    return p;
}

static void live_close(struct app *app, void *state)
{
    struct live *l = state;
    (void)app;
    camera_close(l->camera);
    detector_close(l->detector);
    predictor_free(l->predictor);
    canvas_free(&l->canvas);
    free(l->gray);
    free(l);
}

static bool live_open(struct app *app, void **state)
{
    struct err e = {0};
    struct live *l = calloc(1, sizeof *l);
    if (l == NULL) {
        app_complain(app, "out of memory");
        return false;
    }
    l->camera = camera_open(app->live_source, true, &e);
    l->detector = l->camera != NULL ? detector_open(NULL, 0, &e) : NULL;
    l->predictor = l->detector != NULL ? open_model(app, &e) : NULL;
    if (l->predictor == NULL) {
        app_complain(app, "%s", e.text);
        live_close(app, l);
        return false;
    }
    *state = l;
    return true;
}

static void live_view_draw(struct app *app, void *state)
{
    live_draw(app, state);
}

/* The next frame, where there is one by now; false: there will be none. */
static bool look(struct app *app, struct live *l)
{
    struct frame frame;
    struct err e = {0};
    enum camera_step step = camera_next(l->camera, WAIT_MS, &frame, &e);
    if (step == CAMERA_NONE)
        return true;
    app->redraw = true;
    if (step == CAMERA_BAD) {
        app_complain(app, "%s", e.text);
        return true;
    }
    l->ended = step != CAMERA_FRAME || !live_take(l, &frame, &e);
    if (l->ended && step != CAMERA_END)
        app_complain(app, "%s", e.text);
    return !l->ended;
}

static bool live_work(struct app *app, void *state)
{
    struct live *l = state;
    return !l->paused && !l->ended && look(app, l);
}

/* From where it stands; a film that has ended, from its beginning. */
static bool go_on(struct app *app, struct live *l)
{
    struct err e = {0};
    struct camera *again = l->ended ? camera_open(app->live_source, true, &e) : NULL;
    if (l->ended && again == NULL) {
        app_complain(app, "%s", e.text);
        return false;
    }
    if (l->ended) {
        camera_close(l->camera);
        l->camera = again;
        l->ended = false;
    }
    camera_go_on(l->camera);
    return true;
}

/* One frame further, and no more. */
static void step(struct app *app, struct live *l)
{
    l->paused = true;
    if (go_on(app, l))
        look(app, l);
}

static void pause_or_go_on(struct app *app, struct live *l)
{
    if (l->paused || l->ended)
        l->paused = !go_on(app, l);
    else
        l->paused = true;
}

/* A digit keeps the face with that label. */
static void keep(struct app *app, struct live *l, enum action action)
{
    bool already = false;
    int64_t id = live_keep(app, l, &already);
    if (id == 0)
        return;
    int64_t row = columns_row(app->columns, id);
    if (action_class(action) >= 0 && row >= 0 && app_review_row(app, action, (uint32_t)row))
        app_message(app, already ? "already kept as sample %lld, now %s" : "kept as sample %lld, %s",
                    (long long)id, class_title(action_class(action)));
    else if (already)
        app_message(app, "already kept as sample %lld", (long long)id);
    else
        app_message(app, "kept as sample %lld, without a label", (long long)id);
}

static enum outcome live_act(struct app *app, void *state, enum action action)
{
    struct live *l = state;
    if (action == ACTION_KEEP || action_class(action) >= 0)
        keep(app, l, action);
    else if (action == ACTION_PAUSE)
        pause_or_go_on(app, l);
    else if (action == ACTION_STEP)
        step(app, l);
    else if (action == ACTION_SWITCH)
        l->selected = l->count > 0 ? (l->selected + 1) % l->count : 0;
    else if (action == ACTION_LARGER || action == ACTION_SMALLER)
        l->zoom += action == ACTION_LARGER ? l->zoom < 0 : -(l->zoom > -2);
    else
        return OUTCOME_IGNORED;
    return OUTCOME_REDRAW;
}

/* Another model sees otherwise. */
static void live_changed(struct app *app, void *state, unsigned changes)
{
    struct live *l = state;
    struct err e = {0};
    if (!(changes & CHANGE_MODEL))
        return;
    struct predictor *other = open_model(app, &e);
    if (other == NULL) {
        app_complain(app, "%s", e.text);
        return;
    }
    predictor_free(l->predictor);
    l->predictor = other;
}

static const char *live_keys(struct app *app, void *state)
{
    (void)app;
    (void)state;
    return "Space keep the face  1-8 keep with that label  Tab other face  P pause  l step  +- size  q back  "
           "? help";
}

const struct view_ops view_live = {
    .name = "live",
    .group = "live",
    .open = live_open,
    .close = live_close,
    .draw = live_view_draw,
    .act = live_act,
    .changed = live_changed,
    .keys = live_keys,
    .work = live_work,
};
