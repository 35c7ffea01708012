/* The face, the two bar charts, the facts and the history of a face panel. */
#include "face_panel.h"

#include "caption.h"

#include "ferlab/base/path.h"
#include "ferlab/base/str.h"
#include "ferlab/face/flaws.h"
#include "ferlab/face/image.h"
#include "ferlab/store/beside.h"
#include "ferlab/store/reasons.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LARGEST = 9, LONGEST_BAR = 48, USUAL_VOTES = 10 };

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
static void lay_out_face(const struct app *app, struct face_layout *l, int width, int height)
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

void face_panel_lay_out(const struct app *app, struct face_panel *p, int history, struct strip_layout *strip)
{
    struct face_layout l = {0};
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
    *strip = l.scale > 0 ? strip_lay_out(app, beside ? face_end + 1 : panel_end + history, height)
                         : (struct strip_layout){0};
    l.history_end = strip->down > 0 ? strip->top - 2 : height;
    p->layout = l;
}

/* --- pictures --- */

static void draw_face_image(struct app *app, struct face_panel *p, int slot, size_t row, bool hidden)
{
    const struct face_layout *l = &p->layout;
    struct overlay over = {0};
    if (!hidden)
        over = why_overlay(app, row);
    bool same = p->drawn_row == (int64_t)row && p->drawn_smooth == app->smooth &&
                p->drawn_over.serial == over.serial && p->drawn_over.strength == over.strength &&
                memcmp(&p->drawn_layout, l, sizeof *l) == 0;
    if (!same) {
        if (!canvas_resize(&p->canvas, l->face_columns * l->unit_x, l->face_rows * l->unit_y))
            return;
        canvas_fill(&p->canvas, 0, 0, p->canvas.width, p->canvas.height, PALETTE_BACKGROUND);
        why_paint(app, &p->canvas, has_pixels(app) ? l->scale * FACE_SIZE : l->face_columns,
                  app_pixels(app, row), &over);
        p->drawn_row = (int64_t)row;
        p->drawn_smooth = app->smooth;
        p->drawn_over = over;
        p->drawn_layout = *l;
    }
    images_place(app->images, slot, 2, 1, l->face_rows, l->face_columns, &p->canvas);
}

/* --- bars --- */

/* The model's name where there is room, and whether it has seen this face in training. */
static void draw_model_head(const struct columns *c, const struct face_layout *l, size_t row, bool predicted)
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

/* What the second model says, where one is compared with: in the model's two rows that no emotion needs. */
static void draw_beside(const struct columns *c, const struct face_layout *l, size_t row)
{
    const struct beside *b = c->beside;
    int line = l->bars + 1 + EMOTION_COUNT, room = draw_columns() - l->model;
    char share[8];
    if (b == NULL || b->model == c->model)
        return;
    draw_text(line, l->model, room, STYLE_DIM, "beside %s%s", b->name,
              b->in_sample[row] ? " (in sample)" : "");
    if (b->prediction[row] == CLASS_NONE)
        draw_text(line + 1, l->model, room, STYLE_DIM, "no prediction");
    else
        draw_text(line + 1, l->model, room, STYLE_EMOTION + (enum style)b->prediction[row], "%s %s",
                  class_title(b->prediction[row]),
                  caption_share(share, (double)b->probabilities[row][b->prediction[row]]));
}

/* The classes with their keys; `label` is marked, CLASS_NONE marks none. */
static void draw_classes(const struct face_layout *l, int label)
{
    for (int k = 0; k < CLASS_COUNT; k++) {
        int line = l->bars + 1 + k;
        draw_text(line, l->names, 1, STYLE_BOLD, "%c", class_key(k));
        draw_text(line, l->names + 2, l->votes - l->names - 3, k == label ? STYLE_BOLD : STYLE_NORMAL, "%s",
                  class_title(k));
        if (k == label)
            draw_text(line, l->votes - 2, 1, STYLE_ACCENT, "◂");
    }
}

static void draw_editor(const struct face_layout *l, const struct votes_editor *v, enum rule rule)
{
    int total = votes_total(&v->counts), label = votes_label(&v->counts, rule);
    draw_classes(l, label);
    draw_text(l->bars, l->votes, 0, total == USUAL_VOTES ? STYLE_ACCENT : STYLE_BAD, "edit the votes: %d%s",
              total, total == USUAL_VOTES ? "" : ", not ten");
    for (int k = 0; k < CLASS_COUNT; k++) {
        int line = l->bars + 1 + k, count = v->counts.count[k];
        draw_bar(line, l->votes, l->bar_width, total > 0 ? (double)count / total : 0,
                 STYLE_EMOTION + (enum style)k);
        draw_text(line, l->votes + l->bar_width, 4, k == v->at ? STYLE_SELECTED : STYLE_NORMAL, "%3d ",
                  count);
    }
    int line = l->bars + 1 + CLASS_COUNT + 1;
    int column = l->panel + draw_text(line, l->panel, 0, STYLE_DIM, "label then ");
    draw_text(line, column, 0, label >= 0 ? STYLE_EMOTION + (enum style)label : STYLE_BOLD, "%s",
              label >= 0   ? class_title(label)
              : total == 0 ? "none: there is no vote"
                           : "none: no emotion has more than half");
}

static void draw_hidden(const struct face_layout *l)
{
    draw_classes(l, CLASS_NONE);
    draw_text(l->bars, l->votes, 0, STYLE_ACCENT, "blind: decide first");
    draw_text(l->bars + 1 + CLASS_COUNT + 1, l->panel, 0, STYLE_DIM,
              "label, votes and model are hidden until you decide");
}

static void draw_bars(const struct app *app, const struct face_layout *l, size_t row)
{
    const struct columns *c = app->columns;
    const struct votes *votes = columns_votes(c, row);
    int total = votes_total(votes);
    bool predicted = c->prediction[row] != CLASS_NONE;
    char share[8];
    if (c->edited[row] != NULL)
        draw_text(l->bars, l->votes, l->bar_width + 5, STYLE_BOLD, "%d vote%s, edited", total,
                  str_plural(total));
    else if (total == USUAL_VOTES)
        draw_text(l->bars, l->votes, l->bar_width + 5, STYLE_BOLD, "votes of ten");
    else if (total == 0)
        draw_text(l->bars, l->votes, l->bar_width + 5, STYLE_DIM, "no votes");
    else
        draw_text(l->bars, l->votes, l->bar_width + 5, STYLE_BOLD, "votes of %d", total);
    draw_model_head(c, l, row, predicted);
    draw_beside(c, l, row);
    draw_classes(l, c->label[row]);
    for (int k = 0; k < CLASS_COUNT; k++) {
        int line = l->bars + 1 + k;
        enum style color = STYLE_EMOTION + (enum style)k;
        double fraction = total > 0 ? (double)votes->count[k] / total : 0;
        draw_bar(line, l->votes, l->bar_width, fraction, color);
        if (total > 0)
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

static const struct event *deciding_event(const struct face_panel *p)
{
    for (size_t i = p->event_count; i-- > 0;)
        if (p->standing[i] && (p->events[i].kind == EVENT_RELABEL || p->events[i].kind == EVENT_ACCEPT ||
                               p->events[i].kind == EVENT_VOTES))
            return &p->events[i];
    return NULL;
}

static int draw_fact(int line, int column, const char *name, const char *value, enum style style)
{
    int used = draw_text(line, column, 0, STYLE_DIM, "%s ", name);
    return used + draw_text(line, column + used, 0, style, "%s", value) + 3;
}

/* Why the label is suspected, broken at spaces, on so many lines at most. */
static void draw_reasons(const struct columns *c, size_t row, int line, int column, int lines)
{
    enum style style = c->disagreement[row] > 0 || c->issue[row] != CLASS_NONE ? STYLE_BAD : STYLE_NORMAL;
    char reasons[REASONS_SIZE], *rest = sample_reasons(c, row, reasons);
    if (rest[0] == '\0')
        return;
    column += draw_text(line, column, 0, STYLE_DIM, "why ");
    int room = draw_columns() - 1 - column;
    for (int i = 0; i < lines && rest != NULL; i++) {
        char *space = NULL;
        if ((int)strlen(rest) > room && i + 1 < lines) /* plain ASCII */
            space = memrchr(rest, ' ', (size_t)room + 1);
        if (space != NULL)
            *space = '\0';
        draw_text(line + i, column, 0, style, "%s", rest);
        rest = space != NULL ? space + 1 : NULL;
    }
}

/* Where a label comes from that nobody has reviewed, or why there is none. */
static const char *where_from(const struct columns *c, size_t row, char *out, size_t size)
{
    if (!columns_voted(c, row))
        return "no crowd has seen this face";
    snprintf(out, size, "crowd, %s%s", rule_name(c->rule),
             c->label[row] == CLASS_NONE ? ": no emotion has more than half" : "");
    return out;
}

static void draw_facts(const struct app *app, const struct face_panel *p, size_t row)
{
    const struct columns *c = app->columns;
    const struct face_layout *l = &p->layout;
    int line = l->bars + 1 + CLASS_COUNT, column = l->panel;
    char number[32], origin[64];
    const struct event *event = deciding_event(p);
    int label = c->label[row];
    column += draw_text(line, column, 0, STYLE_DIM, "label ");
    column += draw_text(line, column, 0, label >= 0 ? STYLE_EMOTION + (enum style)label : STYLE_BOLD, "%s",
                        label >= 0 ? class_title(label) : "none");
    if (event != NULL)
        draw_text(line, column, 0, STYLE_DIM, "   %s by %s, %.10s %.5s",
                  event->kind == EVENT_ACCEPT ? "accepted" : "reviewed", event->reviewer, event->time,
                  event->time + 11);
    else
        draw_text(line, column, 0, STYLE_DIM, "   %s", where_from(c, row, origin, sizeof origin));

    line++;
    column = l->panel;
    if (!isnan(c->entropy[row])) {
        snprintf(number, sizeof number, "%.2f", (double)c->entropy[row]);
        column += draw_fact(line, column, c->edited[row] != NULL ? "crowd's entropy" : "vote entropy", number,
                            STYLE_NORMAL);
    }
    if (!isnan(c->divergence[row])) {
        snprintf(number, sizeof number, "%.2f", (double)c->divergence[row]);
        column += draw_fact(line, column, "JS divergence", number, STYLE_NORMAL);
    }
    if (!isnan(c->suspect[row])) {
        snprintf(number, sizeof number, "%.2f", (double)c->suspect[row]);
        draw_fact(line, column, "suspect", number, c->suspect[row] > 0.5f ? STYLE_BAD : STYLE_NORMAL);
    }

    bool marked = c->flagged[row] || c->tags[row] != NULL || c->note[row] != NULL;
    int reasons = marked ? 2 : 3;
    if (c->contested[row]) {
        char contest[REASONS_SIZE];
        reasons--;
        column = l->panel + draw_text(++line, l->panel, 0, STYLE_DIM, "reviewers ");
        draw_text(line, column, 0, STYLE_BAD, "%s", sample_contest(c, row, contest));
    }
    draw_reasons(c, row, ++line, l->panel, reasons);

    line += c->contested[row] ? 1 : 2;
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
static void read_history(struct app *app, struct face_panel *p, size_t row)
{
    const struct columns *c = app->columns;
    if (p->events_of == c->id[row] && p->events_until == c->last_event)
        return;
    arena_free(&p->arena);
    p->events = NULL;
    p->event_count = 0;
    p->events_of = c->id[row];
    p->events_until = c->last_event;
    struct err e;
    size_t count = 0;
    if (!reviews_log(app->workspace, 0, c->id[row], 0, &p->arena, &p->events, &count, &e)) {
        app_complain(app, "%s", e.text);
        return;
    }
    p->standing = arena_alloc(&p->arena, count ? count : 1);
    if (p->standing != NULL && reviews_standing(p->events, count, p->standing, &e))
        p->event_count = count;
}

bool face_panel_has_history(struct app *app, struct face_panel *p, size_t row)
{
    read_history(app, p, row);
    return p->event_count > 0;
}

static void draw_history(const struct face_panel *p)
{
    const struct face_layout *l = &p->layout;
    int line = l->history_row, column = l->history_column, room = l->history_end - line + 1;
    if (p->event_count == 0 || room < 1)
        return;
    size_t first = p->event_count > (size_t)room ? p->event_count - (size_t)room : 0;
    draw_text(line, column, 0, STYLE_DIM, "history");
    for (size_t i = p->event_count; i-- > first; line++) {
        const struct event *event = &p->events[i];
        bool counts = p->standing[i] || event->kind == EVENT_UNDO || event->kind == EVENT_REDO;
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

void face_panel_title(const struct app *app, size_t row, const char *right)
{
    const struct columns *c = app->columns;
    int column = 1;
    column += draw_text(1, column, draw_columns() / 2, STYLE_BOLD, "%s", c->name[row]);
    column += draw_text(1, column, 0, STYLE_DIM, "   id %lld   split %s%s", (long long)c->id[row],
                        split_name((enum split)c->split[row]), c->reviewed[row] ? "   ✎ reviewed" : "");
    int end = draw_columns() - str_columns(right) - 1;
    for (int i = 0; face_flaw_name(i) != NULL; i++)
        if (c->flaws[row] & 1U << i && end - column > 12)
            column += draw_text(1, column, 0, STYLE_ACCENT, "   %s", face_flaw_name(i));
    if (c->source[row] != NULL && end - column > 12)
        draw_text(1, column, end - column - 3, STYLE_DIM, "   in %s", path_base(c->source[row]));
    draw_text(1, end, 0, STYLE_DIM, "%s", right);
}

void face_panel_draw(struct app *app, struct face_panel *p, int slot, size_t row, bool hidden)
{
    if (p->layout.scale > 0)
        draw_face_image(app, p, slot, row, hidden);
    if (p->editor.open) {
        draw_editor(&p->layout, &p->editor, app->columns->rule);
        return;
    }
    if (hidden) {
        draw_hidden(&p->layout);
        return;
    }
    read_history(app, p, row);
    draw_bars(app, &p->layout, row);
    draw_facts(app, p, row);
    draw_history(p);
}

void face_panel_init(struct face_panel *p)
{
    *p = (struct face_panel){.drawn_row = -1};
}

void face_panel_free(struct face_panel *p)
{
    canvas_free(&p->canvas);
    arena_free(&p->arena);
}
