/* Grad-CAM in the workbench: one model kept open, its last maps kept, a few milliseconds of work at a time.
 * Opening a model takes longer than a frame, so a thread does that, with what it is given alone. */
#include "why.h"

#include "ferlab/base/clock.h"
#include "ferlab/term/heat.h"
#include "ferlab/train/saliency.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MAPS_KEPT = 64, SLICE_MS = 5 };

/* Which class: of the prediction, of the label, or an emotion. */
enum { WHY_PREDICTED, WHY_LABEL, WHY_EMOTION, WHY_CHOICES = WHY_EMOTION + EMOTION_COUNT };

struct map {
    int64_t sample; /* 0: none */
    int emotion;
    uint64_t serial;
    bool cold; /* nothing speaks for the class */
    float heat[FACE_PIXELS];
};

/* A model being opened. The thread's until it has set `done`. */
struct opening {
    pthread_t thread;
    void *bytes;
    size_t size;
    char name[64];
    struct saliency *saliency; /* NULL: failed, with err */
    struct err err;
    atomic_bool done;
};

struct why {
    bool shown;
    int choice, strength;
    int64_t model;             /* that the rest is of; 0: none yet */
    struct saliency *saliency; /* NULL: not open, or not to be had */
    struct opening *opening;   /* NULL: none */
    struct err err;
    bool failed;
    int64_t sample; /* being worked on; 0: none */
    int emotion;
    struct map maps[MAPS_KEPT]; /* the oldest makes room */
    uint64_t serial;            /* of the latest */
};

/* Waits for the thread, takes what it opened. */
static void finish_opening(struct why *w)
{
    struct opening *o = w->opening;
    if (o == NULL)
        return;
    pthread_join(o->thread, NULL);
    w->saliency = o->saliency;
    w->err = o->err;
    w->opening = NULL;
    free(o->bytes);
    free(o);
}

static void close_model(struct why *w)
{
    finish_opening(w);
    saliency_free(w->saliency);
    w->saliency = NULL;
}

void why_free(struct why *w)
{
    if (w != NULL)
        close_model(w);
    free(w);
}

/* CLASS_NONE where the choice is no emotion for this row. */
static int emotion_of(const struct app *app, size_t row)
{
    const struct columns *c = app->columns;
    int class = app->why->choice == WHY_PREDICTED ? c->prediction[row]
                : app->why->choice == WHY_LABEL   ? c->label[row]
                                                  : app->why->choice - WHY_EMOTION;
    return class < EMOTION_COUNT ? class : CLASS_NONE;
}

static struct map *find_map(struct why *w, int64_t sample, int emotion)
{
    for (int i = 0; i < MAPS_KEPT; i++)
        if (w->maps[i].sample == sample && w->maps[i].emotion == emotion)
            return &w->maps[i];
    return NULL;
}

/* Another model than before: what was known is of no use. */
static void follow_model(struct app *app)
{
    struct why *w = app->why;
    if (w->model == app->columns->model)
        return;
    close_model(w);
    w->failed = false;
    w->sample = 0;
    for (int i = 0; i < MAPS_KEPT; i++)
        w->maps[i].sample = 0;
    w->model = app->columns->model;
}

/* Whether there is something to look for in this row: a model and an emotion. */
static bool is_asked(struct app *app, size_t row, int *emotion)
{
    if (app->why == NULL || !app->why->shown)
        return false;
    follow_model(app);
    *emotion = emotion_of(app, row);
    return app->why->model != 0 && *emotion >= 0;
}

struct overlay why_overlay(struct app *app, size_t row)
{
    int emotion;
    struct map *m = is_asked(app, row, &emotion) ? find_map(app->why, app->columns->id[row], emotion) : NULL;
    if (m == NULL || m->cold)
        return (struct overlay){0};
    return (struct overlay){.heat = m->heat, .strength = app->why->strength, .serial = m->serial};
}

void why_paint(const struct app *app, struct canvas *c, int side, const uint8_t *pixels,
               const struct overlay *over)
{
    uint8_t small[FACE_PIXELS];
    float small_heat[FACE_PIXELS];
    const float *heat = over->heat;
    int from = FACE_SIZE;
    if (side < FACE_SIZE) {
        from = side;
        image_resize(pixels, FACE_SIZE, FACE_SIZE, small, side, side);
        pixels = small;
        for (int i = 0; heat != NULL && i < side * side; i++)
            small_heat[i] = heat[i / side * FACE_SIZE / side * FACE_SIZE + i % side * FACE_SIZE / side];
        heat = heat != NULL ? small_heat : NULL;
    }
    if (heat != NULL)
        canvas_heat(c, 0, 0, side, side, pixels, heat, from, over->strength, app->smooth);
    else
        canvas_gray(c, 0, 0, side, side, pixels, from, from, app->smooth);
}

/* --- words --- */

static void say_what(const struct app *app, int emotion, const struct map *m, char *out, size_t size)
{
    static const char *const which[] = {[WHY_PREDICTED] = " (predicted)", [WHY_LABEL] = " (label)"};
    const struct columns *c = app->columns;
    const struct why *w = app->why;
    char what[64];
    snprintf(what, sizeof what, "%s%s", class_title(emotion),
             w->choice < WHY_EMOTION ? which[w->choice] : "");
    if (m == NULL)
        snprintf(out, size, "why %s: looking with Grad-CAM …", what);
    else if (m->cold)
        snprintf(out, size, "why %s: to %s nothing in this face speaks for it   W class  w off", what,
                 c->model_name);
    else
        snprintf(out, size, "why %s: Grad-CAM of %s, heat %.1f   W class  A heat  w off", what, c->model_name,
                 (double)heat_strengths[w->strength]);
}

void why_legend(struct app *app, size_t row, char *out, size_t size)
{
    int emotion;
    out[0] = '\0';
    if (app->why == NULL || !app->why->shown)
        return;
    if (is_asked(app, row, &emotion)) {
        if (app->why->failed)
            snprintf(out, size, "%s", app->why->err.text);
        else
            say_what(app, emotion, find_map(app->why, app->columns->id[row], emotion), out, size);
    } else if (app->why->model == 0) {
        snprintf(out, size, "why: there is no model to ask   w off");
    } else {
        snprintf(out, size, "why: %s   W another class  w off",
                 app->why->choice == WHY_LABEL ? "the label is no emotion" : "no prediction by this model");
    }
}

/* --- work --- */

static void *open_in_thread(void *opening)
{
    struct opening *o = opening;
    o->saliency = saliency_from_onnx(o->bytes, o->size, o->name, &o->err);
    atomic_store(&o->done, true);
    return NULL;
}

static bool begin_opening(struct app *app, struct why *w)
{
    struct opening *o = calloc(1, sizeof *o);
    if (o == NULL)
        return err_memory(&w->err, "explaining a model");
    snprintf(o->name, sizeof o->name, "%s", app->columns->model_name);
    if (!model_onnx(app->workspace, w->model, &o->bytes, &o->size, &w->err)) {
        free(o);
        return false;
    }
    if (pthread_create(&o->thread, NULL, open_in_thread, o) != 0) {
        free(o->bytes);
        free(o);
        return err_set(&w->err, ERR_IO, "no thread could be started to open %s", app->columns->model_name);
    }
    w->opening = o;
    return true;
}

/* Whether the model is open; false also while that goes on. */
static bool is_open(struct app *app, struct why *w)
{
    static const struct timespec slice = {.tv_nsec = SLICE_MS * 1000000L};
    if (w->saliency == NULL && w->opening == NULL && !begin_opening(app, w))
        return false;
    if (w->opening != NULL && !atomic_load(&w->opening->done))
        nanosleep(&slice, NULL);
    if (w->opening != NULL && atomic_load(&w->opening->done))
        finish_opening(w);
    return w->saliency != NULL;
}

static bool fail(struct app *app)
{
    app->why->failed = true;
    app->redraw = true;
    return false;
}

static void keep_map(struct why *w, const float *heat)
{
    struct map *oldest = &w->maps[0];
    for (int i = 1; i < MAPS_KEPT; i++)
        if (w->maps[i].serial < oldest->serial)
            oldest = &w->maps[i];
    oldest->sample = w->sample;
    oldest->emotion = w->emotion;
    oldest->serial = ++w->serial;
    oldest->cold = true;
    memcpy(oldest->heat, heat, sizeof oldest->heat);
    for (int i = 0; i < FACE_PIXELS; i++)
        oldest->cold &= heat[i] <= 0;
    w->sample = 0;
}

bool why_work(struct app *app, size_t row)
{
    int emotion;
    float heat[FACE_PIXELS];
    bool done = false;
    double end = clock_seconds() + SLICE_MS / 1000.0;
    if (!is_asked(app, row, &emotion) || app->why->failed)
        return false;
    struct why *w = app->why;
    int64_t sample = app->columns->id[row];
    if (find_map(w, sample, emotion) != NULL)
        return false;
    if (!is_open(app, w))
        return w->opening != NULL || fail(app);
    if (w->sample != sample || w->emotion != emotion) {
        saliency_begin(w->saliency, app_pixels(app, row), emotion);
        w->sample = sample;
        w->emotion = emotion;
    }
    while (!done && clock_seconds() < end)
        if (!saliency_work(w->saliency, &done, heat, &w->err))
            return fail(app);
    if (done) {
        keep_map(w, heat);
        app->redraw = true;
    }
    return !done;
}

/* --- acting --- */

bool why_act(struct app *app, enum action action)
{
    if (action != ACTION_WHY && action != ACTION_WHY_CLASS && action != ACTION_WHY_HEAT)
        return false;
    if (app->why == NULL) {
        app->why = calloc(1, sizeof *app->why);
        if (app->why == NULL) {
            app_complain(app, "out of memory");
            return true;
        }
        app->why->strength = HEAT_STRENGTHS / 2;
    }
    struct why *w = app->why;
    if (action == ACTION_WHY || !w->shown)
        w->shown = !w->shown;
    else if (action == ACTION_WHY_CLASS)
        w->choice = (w->choice + 1) % WHY_CHOICES;
    else
        w->strength = (w->strength + 1) % HEAT_STRENGTHS;
    return true;
}
