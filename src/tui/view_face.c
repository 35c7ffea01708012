/* One face: large, with the votes of ten people and the model's probabilities as parallel bars on one scale,
 * what follows from them, and what reviewers did. Below, the faces that come before and after in the filter.
 */
#include "alike_strip.h"
#include "face_panel.h"
#include "parts.h"

#include <stdio.h>
#include <stdlib.h>

enum { SLOT_FACE = 1, SLOT_STRIP = 2, SLOT_ALIKE = 3 };

struct face {
    struct face_panel panel;
    struct strip strip;
    struct alike_strip alike;
};

static struct strip_faces neighbours(const struct app *app)
{
    return (struct strip_faces){.rows = app->rows, .count = app->row_count, .at = app->cursor};
}

static void draw_why(struct app *app, size_t row)
{
    char text[512];
    why_legend(app, row, text, sizeof text);
    if (text[0] != '\0')
        draw_status("%s", text);
}

static void face_draw(struct app *app, void *state)
{
    struct face *f = state;
    int64_t row = app_row(app);
    if (row < 0) {
        draw_text(draw_rows() / 2, 2, 0, STYLE_DIM, "no sample passes this filter; / changes it");
        return;
    }
    /* where there is no room for both, the history takes the place of the faces before and after */
    bool tall = draw_rows() >= 30;
    int history = tall || face_panel_has_history(app, &f->panel, (size_t)row) ? 4 : 0;
    face_panel_lay_out(app, &f->panel, history, &f->strip.layout);
    alike_strip_lay_out(app, &f->alike, &f->strip.layout);
    char at[32], all[32], place[80];
    snprintf(place, sizeof place, "%s of %s", draw_count(at, (int64_t)app->cursor + 1),
             draw_count(all, (int64_t)app->row_count));
    face_panel_title(app, (size_t)row, place);
    if (f->strip.layout.down > 0) {
        struct strip_faces faces = neighbours(app);
        strip_draw(app, &f->strip, SLOT_STRIP, &faces);
    }
    alike_strip_draw(app, &f->alike, SLOT_ALIKE, (size_t)row);
    face_panel_draw(app, &f->panel, SLOT_FACE, (size_t)row, false);
    draw_why(app, (size_t)row);
}

static bool face_work(struct app *app, void *state)
{
    int64_t row = app_row(app);
    (void)state;
    return row >= 0 && why_work(app, (size_t)row);
}

/* --- acting --- */

static void step(struct app *app, int64_t distance)
{
    int64_t to = (int64_t)app->cursor + distance;
    app_move_to(app, to > 0 ? (size_t)to : 0);
}

/* While the votes are edited, every key is for them. */
static enum outcome face_key(struct app *app, void *state, int key)
{
    struct face *f = state;
    if (!f->panel.editor.open)
        return OUTCOME_IGNORED;
    votes_editor_key(app, &f->panel.editor, key);
    return OUTCOME_REDRAW;
}

static enum outcome face_act(struct app *app, void *state, enum action action)
{
    struct face *f = state;
    if (f->panel.editor.open)
        return OUTCOME_DONE; /* the wheel */
    if (action == ACTION_RANGE)
        return OUTCOME_DONE; /* one face at a time here */
    if (action_reviews(action))
        return app_review(app, action);
    if (why_act(app, action))
        return OUTCOME_REDRAW;
    switch (action) {
    case ACTION_DOWN:
    case ACTION_RIGHT:
    case ACTION_PAGE_DOWN:
        step(app, 1);
        break;
    case ACTION_UP:
    case ACTION_LEFT:
    case ACTION_PAGE_UP:
        step(app, -1);
        break;
    case ACTION_FIRST:
        app_move_to(app, 0);
        break;
    case ACTION_LAST:
        app_move_to(app, app->row_count);
        break;
    case ACTION_EDIT:
        if (app->row_count > 0)
            votes_editor_open(app, &f->panel.editor, app->rows[app->cursor], false);
        break;
    case ACTION_OPEN:
        app_pop(app);
        break;
    case ACTION_COPIES:
        return alike_open_copies(app);
    default:
        return OUTCOME_IGNORED;
    }
    return OUTCOME_REDRAW;
}

static enum outcome face_mouse(struct app *app, void *state, int row, int column, bool doubled)
{
    const struct face *f = state;
    struct strip_faces faces = neighbours(app);
    int64_t place = strip_at(&f->strip, &faces, row, column);
    (void)doubled;
    if (place < 0 || f->panel.editor.open)
        return OUTCOME_DONE;
    app_move_to(app, (size_t)place);
    return OUTCOME_REDRAW;
}

static void face_changed(struct app *app, void *state, unsigned changes)
{
    struct face *f = state;
    (void)app;
    if (changes & CHANGE_ROWS) {
        f->panel.drawn_row = -1;
        f->panel.editor.open = false;
        f->strip.shown_count = f->alike.strip.shown_count = -1;
    }
}

static const char *face_keys(struct app *app, void *state)
{
    const struct face *f = state;
    (void)app;
    if (f->panel.editor.open)
        return votes_editor_keys();
    return "1-0 label  space accept  jk next, previous  u undo  q back  s skip  f flag  n note  e votes  T "
           "tag  U "
           "redo  "
           "S similar  d near-duplicates  w why  i smooth  / filter  c confusion  ? help";
}

static bool face_open(struct app *app, void **state)
{
    struct face *f = calloc(1, sizeof *f);
    if (f == NULL) {
        app_complain(app, "out of memory");
        return false;
    }
    face_panel_init(&f->panel);
    f->strip.shown_count = -1;
    alike_strip_start(&f->alike);
    app->range_anchor = -1;
    *state = f;
    return true;
}

static void face_close(struct app *app, void *state)
{
    struct face *f = state;
    (void)app;
    face_panel_free(&f->panel);
    canvas_free(&f->strip.canvas);
    alike_strip_free(&f->alike);
    free(f);
}

const struct view_ops view_face = {
    .name = "face",
    .group = "face",
    .open = face_open,
    .close = face_close,
    .draw = face_draw,
    .act = face_act,
    .mouse = face_mouse,
    .changed = face_changed,
    .keys = face_keys,
    .work = face_work,
    .key = face_key,
};
