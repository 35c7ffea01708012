/* What the tests of the workbench share: a workspace of synthetic faces, with or without a model's
 * predictions, the program on it, the log it wrote, and the pixels it drew. */
#ifndef FERLAB_TESTS_WORKBENCH_FIXTURE_H
#define FERLAB_TESTS_WORKBENCH_FIXTURE_H

#include "screen.h"
#include "support.h"

#include "ferlab/face/image.h"
#include "ferlab/store/columns.h"
#include "ferlab/store/models.h"
#include "ferlab/store/samples.h"
#include "ferlab/term/canvas.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    FIXTURE_FACES = 300,
    WAIT_MS = 60000 /* a busy machine with sanitizers; waiting ends as soon as the text is there */
};

static const struct screen_options full_screen = {
    .columns = 140, .rows = 42, .cell_width = 9, .cell_height = 19, .sixel = true};

struct fixture {
    char dir[PATH_MAX], workspace[PATH_MAX];
    struct screen *screen;
};

/* Predictions that follow the votes, but say the next emotion, surely, for every fifth sample. */
static inline void fixture_add_model(const char *path)
{
    struct workspace *ws;
    struct columns *c = NULL;
    struct err e;
    int64_t model = 0;
    const struct model_new m = {.name = "fixture",
                                .onnx = "none",
                                .size = 4,
                                .arch = "8",
                                .parameters = 1,
                                .input_size = 48,
                                .valid_accuracy = 0.8};
    if (!workspace_open(&ws, path, WORKSPACE_WRITE, &e) || !columns_load(&c, ws, RULE_MAJORITY, -1, &e) ||
        !model_add(ws, &m, &model, &e))
        fail_msg("%s", e.text);
    float(*p)[EMOTION_COUNT] = calloc(c->count, sizeof *p);
    bool *in_sample = calloc(c->count, sizeof *in_sample);
    assert_non_null(p);
    assert_non_null(in_sample);
    for (size_t i = 0; i < c->count; i++) {
        int label = c->crowd[i] >= 0 && c->crowd[i] < EMOTION_COUNT ? c->crowd[i] : 0;
        bool wrong = c->id[i] % 5 == 0;
        for (int k = 0; k < EMOTION_COUNT; k++)
            p[i][k] = 0.02f;
        p[i][wrong ? (label + 1) % EMOTION_COUNT : label] = 0.86f;
        in_sample[i] = c->split[i] == SPLIT_TRAIN;
    }
    if (!predictions_write(ws, model, c->id, &p[0][0], in_sample, c->count, &e) || !model_use(ws, model, &e))
        fail_msg("%s", e.text);
    free(p);
    free(in_sample);
    columns_free(c);
    workspace_close(ws);
}

static inline void fixture_make(struct fixture *f, bool model)
{
    f->screen = NULL;
    temp_dir_make(f->dir);
    make_workspace(f->dir, FIXTURE_FACES, f->workspace);
    if (model)
        fixture_add_model(f->workspace);
}

static inline void fixture_remove(struct fixture *f)
{
    if (f->screen != NULL)
        screen_end(f->screen);
    temp_dir_remove(f->dir);
}

static inline void expect_text(struct screen *s, const char *text)
{
    if (!screen_wait_text(s, text, WAIT_MS)) {
        screen_dump(s);
        fail_msg("the screen lacks '%s'", text);
    }
}

/* Waits for it to go. */
static inline void expect_no_text(struct screen *s, const char *text)
{
    for (int i = 0; i < WAIT_MS / 20 && screen_has(s, text); i++)
        screen_settle(s, 20);
    if (screen_has(s, text)) {
        screen_dump(s);
        fail_msg("the screen should not have '%s'", text);
    }
}

/* The workbench on this filter, with its first frame drawn. */
static inline struct screen *fixture_start(struct fixture *f, const struct screen_options *o,
                                           const char *filter)
{
    if (f->screen != NULL)
        screen_end(f->screen);
    f->screen = screen_start(o, (const char *[]){"-w", f->workspace, "--filter", filter, NULL});
    expect_text(f->screen, "row 1 of");
    screen_settle(f->screen, 100);
    return f->screen;
}

/* Types and waits for the frame. */
static inline void type_keys(struct screen *s, const char *keys)
{
    screen_keys(s, keys);
    screen_settle(s, 100);
}

/* All events; the caller decrefs. */
static inline json_t *fixture_log(const struct fixture *f)
{
    return run_ferlab_json("log", "-w", f->workspace, "--json", NULL);
}

static inline void expect_events(const struct fixture *f, size_t count, const char *last_kind,
                                 const char *last_value)
{
    json_t *log = fixture_log(f);
    assert_int_equal(json_array_size(log), count);
    if (count > 0) {
        const json_t *last = json_array_get(log, count - 1);
        assert_string_equal(json_string_value(json_object_get(last, "kind")), last_kind);
        if (last_value != NULL)
            assert_string_equal(json_string_value(json_object_get(last, "value")), last_value);
    }
    json_decref(log);
}

/* Pixels of sample `id` as they were imported. */
static inline void fixture_pixels(const struct fixture *f, int64_t id, uint8_t out[FACE_PIXELS])
{
    struct workspace *ws;
    struct err e;
    if (!workspace_open(&ws, f->workspace, WORKSPACE_READ, &e) || !sample_pixels(ws, id, out, &e))
        fail_msg("%s", e.text);
    workspace_close(ws);
}

/* A face on the screen: where, how large and how many of its rows show; and its place in the canvas that
 * carried it, on which the dithering of smooth faces depends. */
struct shown_face {
    int x, y, side, rows, canvas_x, canvas_y;
    bool smooth;
};

/* How many of its pixels differ from the face as scaled by the canvas; sixel colours are given in percent, so
 * a level may be two off. */
static inline int pixels_off(struct screen *s, const uint8_t *face, struct shown_face at)
{
    int width, height, off = 0;
    const uint8_t *rgb = screen_pixels(s, &width, &height);
    struct canvas c = {0};
    assert_true(canvas_resize(&c, at.canvas_x + at.side, at.canvas_y + at.side));
    canvas_gray(&c, at.canvas_x, at.canvas_y, at.side, at.side, face, FACE_SIZE, FACE_SIZE, at.smooth);
    for (int row = 0; row < at.rows; row++)
        for (int column = 0; column < at.side; column++) {
            const uint8_t *seen = rgb + ((size_t)(at.y + row) * (size_t)width + (size_t)(at.x + column)) * 3;
            const uint8_t *wanted = palette_rgb[c.pixels[(size_t)(at.canvas_y + row) * (size_t)c.width +
                                                         (size_t)(at.canvas_x + column)]];
            off +=
                abs(seen[0] - wanted[0]) > 2 || abs(seen[1] - wanted[1]) > 2 || abs(seen[2] - wanted[2]) > 2;
        }
    canvas_free(&c);
    return off;
}

#endif
