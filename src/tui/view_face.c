/* One face: large, with the votes of ten people and the model's probabilities as parallel bars on one scale,
 * what follows from them, and what reviewers did. Below, the faces that come before and after in the filter.
 */
#include "caption.h"
#include "strip.h"
#include "why.h"

#include "ferlab/base/str.h"
#include "ferlab/face/image.h"

#include <curses.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SLOT_FACE = 1, SLOT_STRIP = 2, LARGEST = 9, LONGEST_BAR = 48 };

struct layout {
    int scale;                                    /* of the face */
    int unit_x, unit_y;                           /* canvas pixels of a cell */
    int face_columns, face_rows;                  /* cells */
    int panel;                                    /* first column of what is said of it */
    int names;                                    /* first column of the class names */
    int votes, model;                             /* first columns of the bars */
    int bar_width;                                /* of both: they share one scale, 0 to 1 */
    int bars;                                     /* row of the bars' heads */
    int history_row, history_column, history_end; /* history_end: the last row */
};

struct face {
    struct layout layout;
    struct canvas canvas;
    struct strip strip;
    int64_t drawn_row;
    bool drawn_smooth;
    struct overlay drawn_over;
    struct layout drawn_layout;

    /* what reviewers did to the sample, read again when the sample or the log changes */
    struct arena arena;
    struct event *events;
    bool *standing;
    size_t event_count;
    int64_t events_of, events_until;
};

static bool has_pixels(const struct app *app)
{
    return app->caps.graphics == GRAPHICS_SIXEL;
}

/* --- layout --- */

static int cells(int pixels, int unit)
{
    return (pixels + unit - 1) / unit;
}

/* The largest whole scale whose face leaves the panel room; half blocks show 48 pixels in 48 columns, or half
 * of them. */
static void lay_out_face(const struct app *app, struct layout *l, int width, int height)
{
    l->unit_x = has_pixels(app) ? app->caps.cell_width : 1;
    l->unit_y = has_pixels(app) ? app->caps.cell_height : 2;
    l->scale = 0;
    if (app->caps.graphics == GRAPHICS_NONE)
        return;
    if (!has_pixels(app)) {
        bool whole = width >= 48 + 54 && height >= 24 + 2;
        l->face_columns = whole ? 48 : 24;
        l->face_rows = whole ? 24 : 12;
        l->scale = 1;
        return;
    }
    int most_rows = height >= 34 ? height - 12 : height - 5;
    for (int scale = LARGEST; scale >= 1 && l->scale == 0; scale--)
        if (cells(scale * FACE_SIZE, l->unit_x) <= width * 45 / 100 - 2 &&
            cells(scale * FACE_SIZE, l->unit_y) <= most_rows &&
            width - cells(scale * FACE_SIZE, l->unit_x) >= 54)
            l->scale = scale;
    if (l->scale == 0)
        l->scale = 1;
    l->face_columns = cells(l->scale * FACE_SIZE, l->unit_x);
    l->face_rows = cells(l->scale * FACE_SIZE, l->unit_y);
}

static struct layout lay_out(const struct app *app, struct strip_layout *strip)
{
    struct layout l = {0};
    int width = draw_columns(), height = draw_last();
    lay_out_face(app, &l, width, height);
    l.panel = l.scale > 0 ? l.face_columns + 3 : 1;
    l.names = l.panel;
    int name_width = width >= 110 ? 13 : 11, number = 4;
    int room = width - l.names - 2 - name_width - 2 * number - 3;
    l.votes = l.names + 2 + name_width;
    l.bar_width = room / 2 < LONGEST_BAR ? room / 2 : LONGEST_BAR;
    l.model = l.votes + l.bar_width + number + 2;
    l.bars = 2;
    /* the history stands beside a tall face, else under it; the strip under both */
    int panel_end = l.bars + 1 + CLASS_COUNT + 5, face_end = 2 + l.face_rows;
    bool beside = face_end > panel_end;
    l.history_row = panel_end;
    l.history_column = beside ? l.panel : 1;
    *strip = l.scale > 0 ? strip_lay_out(app, (beside ? face_end : panel_end + 3) + 1, height)
                         : (struct strip_layout){0};
    l.history_end = strip->down > 0 ? strip->top - 2 : height;
    return l;
}

/* --- pictures --- */

static void draw_face_image(struct app *app, struct face *f, size_t row)
{
    const struct layout *l = &f->layout;
    struct overlay over = why_overlay(app, row);
    bool same = f->drawn_row == (int64_t)row && f->drawn_smooth == app->smooth &&
                f->drawn_over.serial == over.serial && f->drawn_over.strength == over.strength &&
                memcmp(&f->drawn_layout, l, sizeof *l) == 0;
    if (!same) {
        if (!canvas_resize(&f->canvas, l->face_columns * l->unit_x, l->face_rows * l->unit_y))
            return;
        canvas_fill(&f->canvas, 0, 0, f->canvas.width, f->canvas.height, PALETTE_BACKGROUND);
        why_paint(app, &f->canvas, has_pixels(app) ? l->scale * FACE_SIZE : l->face_columns,
                  app_pixels(app, row), &over);
        f->drawn_row = (int64_t)row;
        f->drawn_smooth = app->smooth;
        f->drawn_over = over;
        f->drawn_layout = *l;
    }
    images_place(app->images, SLOT_FACE, 2, 1, l->face_rows, l->face_columns, &f->canvas);
}

/* --- bars --- */

/* The model's name where there is room, and whether it has seen this face in training. */
static void draw_model_head(const struct columns *c, const struct layout *l, size_t row, bool predicted)
{
    const char *seen = c->in_sample[row] ? "in sample" : "out of sample";
    enum style style = c->in_sample[row] ? STYLE_BAD : STYLE_DIM;
    if (!predicted) {
        draw_text(l->bars, l->model, 0, STYLE_DIM, "%s",
                  c->model != 0 ? "no prediction by this model" : "no model");
        return;
    }
    int room = draw_columns() - l->model;
    bool named = (int)strlen(c->model_name) + (int)strlen(seen) + 9 <= room;
    int used = draw_text(l->bars, l->model, 0, STYLE_BOLD, "model%s%s", named ? " " : "",
                         named ? c->model_name : "");
    draw_text(l->bars, l->model + used, 0, style, named ? " (%s)" : ", %s", seen);
}

static void draw_bars(const struct app *app, const struct layout *l, size_t row)
{
    const struct columns *c = app->columns;
    const struct votes *votes = columns_votes(c, row);
    int total = votes_total(votes);
    bool predicted = c->prediction[row] != CLASS_NONE;
    char share[8];
    if (total == 10)
        draw_text(l->bars, l->votes, l->bar_width + 5, STYLE_BOLD, "votes of ten");
    else
        draw_text(l->bars, l->votes, l->bar_width + 5, STYLE_BOLD, "votes of %d", total);
    draw_model_head(c, l, row, predicted);
    for (int k = 0; k < CLASS_COUNT; k++) {
        int line = l->bars + 1 + k;
        enum style color = STYLE_EMOTION + (enum style)k;
        bool is_label = c->label[row] == k;
        draw_text(line, l->names, 1, STYLE_BOLD, "%c", class_key(k));
        draw_text(line, l->names + 2, l->votes - l->names - 3, is_label ? STYLE_BOLD : STYLE_NORMAL, "%s",
                  class_title(k));
        if (is_label)
            draw_text(line, l->votes - 2, 1, STYLE_ACCENT, "◂");
        double fraction = total > 0 ? (double)votes->count[k] / total : 0;
        draw_bar(line, l->votes, l->bar_width, fraction, color);
        draw_text(line, l->votes + l->bar_width, 4, votes->count[k] > 0 ? STYLE_NORMAL : STYLE_DIM,
                  votes->count[k] > 0 ? "%3d" : "  ·", votes->count[k]);
        if (!predicted || k >= EMOTION_COUNT)
            continue;
        double p = (double)c->probabilities[row][k];
        draw_bar(line, l->model, l->bar_width, p, color);
        draw_text(line, l->model + l->bar_width, 4, p >= 0.005 ? STYLE_NORMAL : STYLE_DIM, "%4s",
                  caption_share(share, p));
    }
}

/* --- facts and history --- */

static const struct event *deciding_event(const struct face *f)
{
    for (size_t i = f->event_count; i-- > 0;)
        if (f->standing[i] && (f->events[i].kind == EVENT_RELABEL || f->events[i].kind == EVENT_ACCEPT ||
                               f->events[i].kind == EVENT_VOTES))
            return &f->events[i];
    return NULL;
}

static int draw_fact(int line, int column, const char *name, const char *value, enum style style)
{
    int used = draw_text(line, column, 0, STYLE_DIM, "%s ", name);
    return used + draw_text(line, column + used, 0, style, "%s", value) + 3;
}

static void draw_facts(const struct app *app, const struct face *f, size_t row)
{
    const struct columns *c = app->columns;
    const struct layout *l = &f->layout;
    int line = l->bars + 1 + CLASS_COUNT + 1, column = l->panel;
    char number[32];
    const struct event *event = deciding_event(f);
    int label = c->label[row];
    column += draw_text(line, column, 0, STYLE_DIM, "label ");
    column += draw_text(line, column, 0, label >= 0 ? STYLE_EMOTION + (enum style)label : STYLE_BOLD, "%s",
                        label >= 0 ? class_title(label) : "none");
    if (event != NULL)
        draw_text(line, column, 0, STYLE_DIM, "   %s by %s, %.10s %.5s",
                  event->kind == EVENT_ACCEPT ? "accepted" : "reviewed", event->reviewer, event->time,
                  event->time + 11);
    else
        draw_text(line, column, 0, STYLE_DIM, "   crowd, %s%s", rule_name(c->rule),
                  label == CLASS_NONE ? ": no emotion has more than half" : "");

    line++;
    column = l->panel;
    snprintf(number, sizeof number, "%.2f", (double)c->entropy[row]);
    column += draw_fact(line, column, "vote entropy", number, STYLE_NORMAL);
    if (!isnan(c->divergence[row])) {
        snprintf(number, sizeof number, "%.2f", (double)c->divergence[row]);
        column += draw_fact(line, column, "JS divergence", number, STYLE_NORMAL);
    }
    if (!isnan(c->suspect[row])) {
        snprintf(number, sizeof number, "%.2f", (double)c->suspect[row]);
        draw_fact(line, column, "suspect", number, c->suspect[row] > 0.5f ? STYLE_BAD : STYLE_NORMAL);
    }

    line++;
    column = l->panel;
    if (c->flagged[row])
        column += draw_text(line, column, 0, STYLE_ACCENT, "⚑ flagged   ");
    if (c->tags[row] != NULL && c->tags[row][0] != '\0') {
        char tags[256];
        size_t length = strlen(c->tags[row]);
        snprintf(tags, sizeof tags, "%.*s", length > 2 ? (int)length - 2 : 0, c->tags[row] + 1);
        column += draw_fact(line, column, "tags", tags, STYLE_ACCENT);
    }
    if (c->note[row] != NULL)
        draw_fact(line, column, "note", c->note[row], STYLE_ACCENT);
}

/* Reads the log of the sample, once per change of it. */
static void read_history(struct app *app, struct face *f, size_t row)
{
    const struct columns *c = app->columns;
    if (f->events_of == c->id[row] && f->events_until == c->last_event)
        return;
    arena_free(&f->arena);
    f->events = NULL;
    f->event_count = 0;
    f->events_of = c->id[row];
    f->events_until = c->last_event;
    struct err e;
    size_t count = 0;
    if (!reviews_log(app->workspace, 0, c->id[row], 0, &f->arena, &f->events, &count, &e)) {
        app_complain(app, "%s", e.text);
        return;
    }
    f->standing = arena_alloc(&f->arena, count ? count : 1);
    if (f->standing != NULL && reviews_standing(f->events, count, f->standing, &e))
        f->event_count = count;
}

static void draw_history(const struct face *f)
{
    const struct layout *l = &f->layout;
    int line = l->history_row, column = l->history_column, room = l->history_end - line + 1;
    if (f->event_count == 0 || room < 1)
        return;
    size_t first = f->event_count > (size_t)room ? f->event_count - (size_t)room : 0;
    draw_text(line, column, 0, STYLE_DIM, "history");
    for (size_t i = f->event_count; i-- > first; line++) {
        const struct event *event = &f->events[i];
        bool counts = f->standing[i] || event->kind == EVENT_UNDO || event->kind == EVENT_REDO;
        int at = column + 9;
        at += draw_text(line, at, 0, STYLE_DIM, "%.10s %.5s  ", event->time, event->time + 11);
        at += draw_text(line, at, 16, STYLE_DIM, "%s", event->reviewer) + 2;
        draw_text(line, at, 0, counts ? STYLE_NORMAL : STYLE_DIM, "%s %s%s", event_kind_name(event->kind),
                  event->value, counts ? "" : "  (undone)");
    }
    if (first > 0) { /* at the end of the last line there is room for */
        char more[48];
        snprintf(more, sizeof more, " … %zu more", first);
        draw_text(line - 1, draw_columns() - str_columns(more) - 1, 0, STYLE_ACCENT, "%s", more);
    }
}

static void draw_title(const struct app *app, size_t row)
{
    const struct columns *c = app->columns;
    char at[32], all[32], right[80];
    snprintf(right, sizeof right, "%s of %s", draw_count(at, (int64_t)app->cursor + 1),
             draw_count(all, (int64_t)app->row_count));
    int column = 1;
    column += draw_text(1, column, draw_columns() / 2, STYLE_BOLD, "%s", c->name[row]);
    draw_text(1, column, 0, STYLE_DIM, "   id %lld   split %s%s", (long long)c->id[row],
              split_name((enum split)c->split[row]), c->reviewed[row] ? "   ✎ reviewed" : "");
    draw_text(1, draw_columns() - str_columns(right) - 1, 0, STYLE_DIM, "%s", right);
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
    f->layout = lay_out(app, &f->strip.layout);
    read_history(app, f, (size_t)row);
    draw_title(app, (size_t)row);
    if (f->strip.layout.down > 0)
        strip_draw(app, &f->strip, SLOT_STRIP);
    if (f->layout.scale > 0)
        draw_face_image(app, f, (size_t)row);
    draw_bars(app, &f->layout, (size_t)row);
    draw_facts(app, f, (size_t)row);
    draw_history(f);
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

static enum outcome face_act(struct app *app, void *state, enum action action)
{
    (void)state;
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
    case ACTION_OPEN:
        app_pop(app);
        break;
    default:
        return OUTCOME_IGNORED;
    }
    return OUTCOME_REDRAW;
}

static enum outcome face_mouse(struct app *app, void *state, int row, int column, bool doubled)
{
    const struct face *f = state;
    int64_t place = strip_at(app, &f->strip, row, column);
    (void)doubled;
    if (place < 0)
        return OUTCOME_DONE;
    app_move_to(app, (size_t)place);
    return OUTCOME_REDRAW;
}

static void face_changed(struct app *app, void *state, unsigned changes)
{
    struct face *f = state;
    (void)app;
    if (changes & CHANGE_ROWS) {
        f->drawn_row = -1;
        f->strip.shown_count = -1;
    }
}

static const char *face_keys(struct app *app, void *state)
{
    (void)app;
    (void)state;
    return "1-0 label  space accept  jk next, previous  u undo  q back  s skip  f flag  n note  T tag  U "
           "redo  "
           "w why  i smooth  / filter  c confusion  ? help";
}

static bool face_open(struct app *app, void **state)
{
    struct face *f = calloc(1, sizeof *f);
    if (f == NULL) {
        app_complain(app, "out of memory");
        return false;
    }
    f->drawn_row = -1;
    f->strip.shown_count = -1;
    app->range_anchor = -1;
    *state = f;
    return true;
}

static void face_close(struct app *app, void *state)
{
    struct face *f = state;
    (void)app;
    canvas_free(&f->canvas);
    canvas_free(&f->strip.canvas);
    arena_free(&f->arena);
    free(f);
}

const struct view_ops view_face = {
    .name = "face",
    .open = face_open,
    .close = face_close,
    .draw = face_draw,
    .act = face_act,
    .mouse = face_mouse,
    .changed = face_changed,
    .keys = face_keys,
    .work = face_work,
};
