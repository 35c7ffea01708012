/* The review queue: one face at a time, large, the next ones small below it; one key decides and goes on. */
#include "caption.h"
#include "face_panel.h"
#include "lineup.h"
#include "parts.h"

#include "ferlab/base/clock.h"
#include "ferlab/base/str.h"
#include "ferlab/tui/reviewer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SLOT_FACE = 1, SLOT_STRIP = 2 };

struct queue_view {
    struct lineup lineup;
    struct reviewer reviewer;     /* of the decisions of this queue, for its end */
    struct arena arena;           /* of the colleagues */
    struct colleague *colleagues; /* on the faces decided here */
    size_t colleague_count;
    int64_t measured, measured_model;                     /* up to this event, beside this model; -1: never */
    char filter[sizeof((struct app *)NULL)->filter_text]; /* the app's, when the queue was lined up */
    bool own;                                             /* the change that is told comes from here */
    struct face_panel panel;
    struct strip strip;
};

/* --- drawing --- */

static bool hides(const void *of, size_t place)
{
    return lineup_hides(of, place);
}

static struct strip_faces line_of(const struct lineup *l)
{
    return (struct strip_faces){.rows = l->rows, .count = l->count, .at = l->at, .hides = hides, .of = l};
}

/* "7.2 faces a minute   12:40 left"; "" before there is a pace. */
static void describe_pace(const struct lineup *l, char *out, size_t size)
{
    char left[16];
    double faces = pace_per_hour(&l->pace) / 60;
    out[0] = '\0';
    if (!isnan(faces))
        snprintf(out, size, "   %.1f faces a minute   %s left", faces,
                 clock_span(left, lineup_seconds_left(l)));
}

static void draw_progress(const struct lineup *l)
{
    char decided[32], waiting[32], skipped[32], frozen[32], pace[80], out[80] = "";
    describe_pace(l, pace, sizeof pace);
    if (l->frozen > 0)
        snprintf(out, sizeof out, "   %s of test frozen", draw_count(frozen, (int64_t)l->frozen));
    draw_status("decided %s   skipped %s   left %s%s%s%s", draw_count(decided, (int64_t)l->decided),
                draw_count(skipped, (int64_t)l->skipped), draw_count(waiting, (int64_t)l->waiting), pace,
                l->blind ? "   blind" : "", out);
}

static void draw_title(const struct app *app, const struct lineup *l)
{
    static const char *const states[] = {"", "skipped   ", "decided   "};
    const struct turn *turn = &l->turns[l->at];
    char at[32], all[32], right[96];
    snprintf(right, sizeof right, "%s%s%s of %s", turn->again ? "once more   " : "", states[turn->state],
             draw_count(at, (int64_t)l->at + 1), draw_count(all, (int64_t)l->count));
    face_panel_title(app, l->rows[l->at], right);
}

static void draw_end_line(int *line, const char *name, const char *value, const char *then)
{
    draw_text(*line, 3, 19, STYLE_DIM, "%s", name);
    draw_text(*line, 23, 7, STYLE_BOLD, "%7s", value);
    draw_text((*line)++, 32, 0, STYLE_DIM, "%s", then);
}

static void draw_end_count(int *line, const char *name, size_t count, const char *then)
{
    char number[32];
    draw_end_line(line, name, draw_count(number, (int64_t)count), then);
}

static void draw_agreement(int *line, const char *name, const struct ratings *r)
{
    char share[16], then[64], faces[32], kappa[24] = "";
    if (r->faces == 0)
        return;
    if (!isnan(ratings_kappa(r)))
        snprintf(kappa, sizeof kappa, "kappa %.2f   ", ratings_kappa(r));
    snprintf(share, sizeof share, "%.1f %%", 100 * ratings_agreement(r));
    snprintf(then, sizeof then, "%sof %s", kappa, draw_count(faces, r->faces));
    draw_end_line(line, name, share, then);
}

/* The others on the faces decided here, each face once. */
static bool measure_colleagues(struct app *app, struct queue_view *q, struct err *e)
{
    const struct lineup *l = &q->lineup;
    uint32_t *rows = malloc((l->count + 1) * sizeof *rows);
    size_t count = 0;
    arena_free(&q->arena);
    q->colleague_count = 0;
    for (size_t i = 0; rows != NULL && i < l->count; i++)
        if (l->turns[i].state == TURN_DECIDED && !l->turns[i].again)
            rows[count++] = l->rows[i];
    bool fine = rows != NULL ? reviewer_colleagues(app->workspace, app->columns, reviews_reviewer(), rows,
                                                   count, &q->arena, &q->colleagues, &q->colleague_count, e)
                             : err_memory(e, "comparing reviewers");
    free(rows);
    return fine;
}

/* Reads the queue's decisions again when the log or the model is another. */
static void measure(struct app *app, struct queue_view *q)
{
    const struct columns *c = app->columns;
    struct err e;
    if (q->measured == c->last_event && q->measured_model == c->model)
        return;
    q->reviewer = (struct reviewer){0};
    if (!measure_colleagues(app, q, &e) ||
        (q->lineup.queue != 0 &&
         !reviewer_measure(app->workspace, c, reviews_reviewer(), q->lineup.queue, &q->reviewer, &e)))
        app_complain(app, "%s", e.text);
    q->measured = c->last_event;
    q->measured_model = c->model;
}

static void draw_end(struct app *app, struct queue_view *q)
{
    const struct lineup *l = &q->lineup;
    const struct reviewer *r = &q->reviewer;
    int line = 2;
    char number[32], then[128], span[16];
    measure(app, q);
    draw_text(line, 1, 0, STYLE_BOLD, l->waiting > 0 ? "the end of the queue" : "the queue is done");
    draw_text(line, 23, 0, STYLE_DIM, "%s", l->filter);
    line += 2;
    int used = snprintf(then, sizeof then, "%s other than the crowd's label", draw_count(number, r->changed));
    if (r->unvoted > 0)
        snprintf(then + used, sizeof then - (size_t)used, ", %s of faces that no crowd has seen",
                 draw_count(number, r->unvoted));
    draw_end_count(&line, "decided", l->decided, l->decided > 0 ? then : "");
    draw_end_count(&line, "skipped", l->skipped, l->skipped > 0 ? "a shows them once more" : "");
    draw_end_count(&line, "left", l->waiting, l->waiting > 0 ? "Enter goes to the first" : "");
    if (l->frozen > 0)
        draw_end_count(&line, "left out", l->frozen, "of the frozen test split; :unlock opens it");
    if (!isnan(pace_per_hour(&r->pace))) {
        snprintf(number, sizeof number, "%.0f", pace_per_hour(&r->pace));
        snprintf(then, sizeof then, "an hour, in %s of work (no gaps above %d min)",
                 clock_span(span, r->pace.seconds), PACE_PAUSE / 60);
        draw_end_line(&line, "pace", number, then);
    }
    line++;
    draw_agreement(&line, "with the crowd", &r->crowd);
    draw_agreement(&line, "with the model", &r->model);
    draw_agreement(&line, "  blind: crowd", &r->blind_crowd);
    draw_agreement(&line, "  blind: model", &r->blind_model);
    draw_agreement(&line, "with yourself", &r->self);
    for (size_t i = 0; i < q->colleague_count && line < draw_last() - 2; i++) {
        snprintf(then, sizeof then, "with %.100s", q->colleagues[i].name);
        draw_agreement(&line, then, &q->colleagues[i].ratings);
    }
    if (r->crowd.faces > 0)
        draw_text(line + 1, 3, 0, STYLE_DIM,
                  "the crowd by its majority; the model where it was not trained on the face");
}

static void queue_draw(struct app *app, void *state)
{
    struct queue_view *q = state;
    struct lineup *l = &q->lineup;
    if (l->at >= l->count) {
        draw_end(app, q);
        return;
    }
    face_panel_lay_out(app, &q->panel, 0, &q->strip.layout);
    draw_title(app, l);
    if (q->strip.layout.down > 0) {
        struct strip_faces faces = line_of(l);
        strip_draw(app, &q->strip, SLOT_STRIP, &faces);
    }
    face_panel_draw(app, &q->panel, SLOT_FACE, l->rows[l->at], lineup_hides(l, l->at));
    char why[512] = "";
    if (!lineup_hides(l, l->at))
        why_legend(app, l->rows[l->at], why, sizeof why);
    if (why[0] != '\0')
        draw_status("%s", why);
    else
        draw_progress(l);
}

static bool queue_work(struct app *app, void *state)
{
    const struct lineup *l = &((struct queue_view *)state)->lineup;
    return l->at < l->count && !lineup_hides(l, l->at) && why_work(app, l->rows[l->at]);
}

/* --- acting --- */

/* The grid below shows the same face when one goes back to it. */
static void follow(struct app *app, const struct lineup *l)
{
    for (size_t i = 0; l->at < l->count && i < app->row_count; i++)
        if (app->rows[i] == l->rows[l->at]) {
            app_move_to(app, i);
            return;
        }
}

/* After a blind decision: what was hidden. */
static void report_blind(struct app *app, uint32_t row)
{
    const struct columns *c = app->columns;
    int label = c->label[row], crowd = c->crowd[row], model = c->prediction[row];
    char share[8], said[96] = "no prediction";
    if (model != CLASS_NONE)
        snprintf(said, sizeof said, "model %s %s %s", class_title(model),
                 caption_share(share, (double)c->confidence[row]), model == label ? "✓" : "✗");
    if (!columns_voted(c, row)) {
        app_message(app, "you %s   no votes   %s", class_title(label), said);
        return;
    }
    app_message(app, "you %s   crowd %s %s   %s", class_title(label),
                crowd != CLASS_NONE ? class_title(crowd) : "undecided",
                crowd == CLASS_NONE ? "·"
                : crowd == label    ? "✓"
                                    : "✗",
                said);
}

/* Where there is no label yet, accepting takes the prediction. */
static void decide(struct app *app, struct queue_view *q, enum action action)
{
    struct lineup *l = &q->lineup;
    const struct columns *c = app->columns;
    uint32_t row = l->rows[l->at];
    bool blind = lineup_hides(l, l->at);
    if (blind && action == ACTION_ACCEPT) {
        app_message(app, "blind: space would accept what you do not see; 1-8, 9 or 0 decides");
        return;
    }
    if (action == ACTION_ACCEPT && c->label[row] == CLASS_NONE && c->prediction[row] != CLASS_NONE)
        action = (enum action)(ACTION_LABEL_NEUTRAL + c->prediction[row]);
    q->own = true;
    bool written = app_review_row(app, action, row);
    q->own = false;
    if (written && lineup_decide(app, l, app->written.event) && blind)
        report_blind(app, row);
}

/* While the votes are edited, every key is for them. */
static enum outcome queue_key(struct app *app, void *state, int key)
{
    struct queue_view *q = state;
    struct lineup *l = &q->lineup;
    struct votes_editor *v = &q->panel.editor;
    if (!v->open)
        return OUTCOME_IGNORED;
    bool blind = lineup_hides(l, l->at);
    q->own = true;
    bool saved = votes_editor_key(app, v, key);
    q->own = false;
    if (saved && lineup_decide(app, l, app->written.event) && blind)
        report_blind(app, v->row);
    follow(app, l);
    return OUTCOME_REDRAW;
}

static void mark(struct app *app, struct queue_view *q, enum action action)
{
    struct lineup *l = &q->lineup;
    uint32_t row = l->rows[l->at];
    if (action == ACTION_NOTE && lineup_hides(l, l->at) && app->columns->note[row] != NULL) {
        app_message(app, "blind: this face has a note; it is shown when you have decided");
        return;
    }
    q->own = true;
    app_review_row(app, action, row);
    q->own = false;
}

static void undo(struct app *app, struct queue_view *q, bool redo)
{
    q->own = true;
    bool done = app_undo(app, redo);
    q->own = false;
    if (done && (redo ? !lineup_redone(app, &q->lineup, app->written.event)
                      : !lineup_undone(app, &q->lineup, app->written.event)))
        lineup_reload(app, &q->lineup);
}

/* On a face that waits: the one decided last. */
static void put_back(struct app *app, struct lineup *l)
{
    size_t place = l->at;
    bool waits, here = place < l->count && l->turns[place].state == TURN_DECIDED;
    if (place < l->count && l->turns[place].state != TURN_DECIDED)
        place = lineup_latest(l);
    if (l->at == l->count && l->skipped > 0) {
        lineup_put_skipped_back(app, l);
        return;
    }
    if (place >= l->count) {
        app_message(app, "a has a decided face come once more, at the end: first decide one");
        return;
    }
    const char *name = app->columns->name[l->rows[place]];
    if (lineup_put_back(app, l, place, &waits))
        app_message(app, waits ? "%s%s comes once more, at the end" : "%s%s does not come once more", name,
                    here ? "" : ", decided last,");
}

static void start_over(struct app *app, struct queue_view *q)
{
    struct lineup *l = &q->lineup;
    if (l->at < l->count)
        app_message(app, "the queue is under way; G goes to its end, where r starts over");
    else if (lineup_open(app, l, true))
        q->measured = -1;
}

/* Faces alike would give away what is hidden of this one. */
static enum outcome open_alike(struct app *app, const struct lineup *l, enum action action)
{
    if (l->at < l->count && !lineup_hides(l, l->at))
        return action == ACTION_COPIES ? alike_open_copies(app) : OUTCOME_IGNORED;
    app_message(app, l->at < l->count ? "blind: faces alike are shown when you have decided"
                                      : "no face is selected");
    return OUTCOME_REDRAW;
}

static enum outcome act_on_face(struct app *app, struct queue_view *q, enum action action)
{
    struct lineup *l = &q->lineup;
    if (action == ACTION_SKIP)
        lineup_skip(app, l);
    else if (action == ACTION_ACCEPT || action_class(action) >= 0)
        decide(app, q, action);
    else if (action != ACTION_RANGE)
        mark(app, q, action);
    return OUTCOME_REDRAW;
}

static enum outcome act_on_line(struct app *app, struct queue_view *q, enum action action)
{
    struct lineup *l = &q->lineup;
    switch (action) {
    case ACTION_UNDO:
    case ACTION_REDO:
        undo(app, q, action == ACTION_REDO);
        break;
    case ACTION_LEFT:
    case ACTION_UP:
    case ACTION_PAGE_UP:
        l->at -= l->at > 0;
        break;
    case ACTION_RIGHT:
    case ACTION_DOWN:
    case ACTION_PAGE_DOWN:
        l->at += l->at < l->count;
        break;
    case ACTION_FIRST:
        l->at = 0;
        break;
    case ACTION_LAST:
        l->at = l->count;
        break;
    case ACTION_OPEN:
        if (l->at == l->count)
            lineup_next(l);
        break;
    case ACTION_EDIT:
        if (l->at < l->count)
            votes_editor_open(app, &q->panel.editor, l->rows[l->at], lineup_hides(l, l->at));
        break;
    case ACTION_AGAIN:
        put_back(app, l);
        break;
    case ACTION_BLIND:
        lineup_set_blind(app, l, !l->blind);
        app_message(app, l->blind ? "blind: label, votes and prediction are hidden until you decide"
                                  : "no longer blind");
        break;
    case ACTION_QUEUE:
        start_over(app, q);
        break;
    case ACTION_COPIES:
    case ACTION_SIMILAR:
        return open_alike(app, l, action);
    default:
        return OUTCOME_IGNORED;
    }
    return OUTCOME_REDRAW;
}

static enum outcome queue_act(struct app *app, void *state, enum action action)
{
    struct queue_view *q = state;
    if (q->panel.editor.open)
        return OUTCOME_DONE; /* the wheel */
    enum outcome outcome = act_on_line(app, q, action);
    if (outcome == OUTCOME_IGNORED && action_reviews(action) && q->lineup.at < q->lineup.count)
        outcome = act_on_face(app, q, action);
    if (outcome == OUTCOME_IGNORED && !lineup_hides(&q->lineup, q->lineup.at) && why_act(app, action))
        outcome = OUTCOME_REDRAW;
    follow(app, &q->lineup);
    return outcome;
}

static enum outcome queue_mouse(struct app *app, void *state, int row, int column, bool doubled)
{
    struct queue_view *q = state;
    struct strip_faces faces = line_of(&q->lineup);
    int64_t place = faces.at < faces.count ? strip_at(&q->strip, &faces, row, column) : -1;
    (void)doubled;
    if (place < 0 || q->panel.editor.open)
        return OUTCOME_DONE;
    q->lineup.at = (size_t)place;
    follow(app, &q->lineup);
    return OUTCOME_REDRAW;
}

/* --- opening, and what happens meanwhile --- */

static bool line_up(struct app *app, struct queue_view *q)
{
    struct lineup *l = &q->lineup;
    char count[32], done[32];
    if (!lineup_open(app, l, false))
        return false;
    snprintf(q->filter, sizeof q->filter, "%s", app->filter_text);
    q->measured = -1;
    if (l->count == 0 && l->frozen > 0)
        app_message(app, "all of these are of the test split, which is frozen; :unlock opens it for review");
    else if (l->count == 0)
        app_message(app, "no sample passes this filter; / changes it");
    else if (l->queue != 0)
        app_message(app, "where you left it: %s done, %s left",
                    draw_count(done, (int64_t)(l->decided + l->skipped)),
                    draw_count(count, (int64_t)l->waiting));
    else
        app_message(app, "%s face%s to decide", draw_count(count, (int64_t)l->waiting),
                    str_plural((int64_t)l->waiting));
    return l->count > 0;
}

static void queue_changed(struct app *app, void *state, unsigned changes)
{
    struct queue_view *q = state;
    if (changes & CHANGE_ROWS) { /* rows may mean other faces, or the queue is asked for another filter */
        q->panel.drawn_row = -1;
        q->panel.editor.open = false;
        q->strip.shown_count = -1;
        bool asked = app->stack[app->depth - 1].state == state && !app->aside;
        if (asked && strcmp(q->filter, app->filter_text) != 0) {
            line_up(app, q);
            return;
        }
    }
    if (changes & (CHANGE_ROWS | CHANGE_MODEL) || (changes & CHANGE_LABELS && !q->own))
        lineup_reload(app, &q->lineup);
}

static const char *queue_keys(struct app *app, void *state)
{
    const struct queue_view *q = state;
    const struct lineup *l = &q->lineup;
    if (q->panel.editor.open)
        return votes_editor_keys();
    if (l->at == l->count)
        return l->waiting > 0
                   ? "⏎ on  h back  a skipped again  r start over  q leave  u undo  t train  ? help"
                   : "h back  a skipped again  r start over  q leave  u undo  t train  ? help";
    if (lineup_hides(l, l->at))
        return "1-0 decide  s skip  h back  u undo  a again  B see  e votes  q leave  U redo  "
               "f flag  n note  T tag  i smooth  ? help";
#define OTHER_KEYS                                                                                           \
    "s skip  h back  u undo  a again  q leave  B blind  e votes  U redo  f flag  n note  T tag  i smooth  "  \
    "? help"
    const struct columns *c = app->columns;
    uint32_t row = l->rows[l->at];
    return c->label[row] != CLASS_NONE        ? "1-0 decide  space accept  " OTHER_KEYS
           : c->prediction[row] != CLASS_NONE ? "1-0 decide  space accept the prediction  " OTHER_KEYS
                                              : "1-0 decide  " OTHER_KEYS;
#undef OTHER_KEYS
}

static void queue_close(struct app *app, void *state)
{
    struct queue_view *q = state;
    (void)app;
    lineup_free(&q->lineup);
    arena_free(&q->arena);
    face_panel_free(&q->panel);
    canvas_free(&q->strip.canvas);
    free(q);
}

static bool queue_open(struct app *app, void **state)
{
    struct queue_view *q = calloc(1, sizeof *q);
    if (q == NULL) {
        app_complain(app, "out of memory");
        return false;
    }
    q->measured = -1;
    face_panel_init(&q->panel);
    q->strip.shown_count = -1;
    if (!line_up(app, q)) {
        queue_close(app, q);
        return false;
    }
    app->range_anchor = -1;
    follow(app, &q->lineup);
    *state = q;
    return true;
}

const struct view_ops view_queue = {
    .name = "queue",
    .group = "queue",
    .open = queue_open,
    .close = queue_close,
    .draw = queue_draw,
    .act = queue_act,
    .mouse = queue_mouse,
    .changed = queue_changed,
    .keys = queue_keys,
    .key = queue_key,
    .work = queue_work,
};
