/* Reviewing: what a label, accept, flag, note or tag key does to the sample under the cursor or to the range,
 * and undo. */
#include "ask.h"
#include "parts.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ASK_ABOVE = 20 }; /* samples changed by one key without asking */

/* The rows that an action is for. */
struct selection {
    const uint32_t *rows;
    size_t count;
    bool is_range;
};

static struct selection select_rows(const struct app *app)
{
    size_t anchor = app->range_anchor >= 0 ? (size_t)app->range_anchor : app->cursor;
    size_t first = anchor < app->cursor ? anchor : app->cursor;
    size_t last = anchor < app->cursor ? app->cursor : anchor;
    return (struct selection){.rows = app->rows + first,
                              .count = app->row_count > 0 ? last - first + 1 : 0,
                              .is_range = app->range_anchor >= 0};
}

/* How one action turns a row into an event; false where the row needs none. */
struct intent {
    enum action action;
    enum event_kind kind;
    const char *value; /* NULL: the label as it stands */
};

static bool wants_event(const struct columns *c, size_t row, const struct intent *intent)
{
    if (intent->kind == EVENT_ACCEPT)
        return c->label[row] != CLASS_NONE;
    if (intent->kind == EVENT_NOTE)
        return strcmp(c->note[row] != NULL ? c->note[row] : "", intent->value) != 0;
    return columns_review_changes(c, row, intent->kind, intent->value);
}

/* What is said afterwards: about one sample by name, about many by number. */
static void report(struct app *app, const struct intent *intent, size_t row, int label_before, size_t count)
{
    char number[32];
    const struct columns *c = app->columns;
    const char *name = c->name[row];
    if (count > 1) {
        draw_count(number, (int64_t)count);
        switch (intent->kind) {
        case EVENT_RELABEL:
            app_message(app, "%s samples → %s", number, class_title(c->label[row]));
            return;
        case EVENT_TAG:
        case EVENT_UNTAG:
            app_message(app, "%s samples %s %s", number,
                        intent->kind == EVENT_TAG ? "tagged" : "no longer tagged", intent->value);
            return;
        default:
            app_message(app, "%s samples %s", number,
                        intent->kind == EVENT_ACCEPT   ? "accepted"
                        : intent->kind == EVENT_FLAG   ? "flagged"
                        : intent->kind == EVENT_UNFLAG ? "no longer flagged"
                        : intent->value[0] != '\0'     ? "noted"
                                                       : "no longer noted");
            return;
        }
    }
    switch (intent->kind) {
    case EVENT_RELABEL:
    case EVENT_VOTES:
        if (c->label[row] == label_before)
            app_message(app, "%s: %s, as it was", name, class_title(label_before));
        else
            app_message(app, "%s: %s → %s", name, class_title(label_before), class_title(c->label[row]));
        break;
    case EVENT_ACCEPT:
        app_message(app, "%s: %s accepted", name, class_title(c->label[row]));
        break;
    case EVENT_FLAG:
    case EVENT_UNFLAG:
        app_message(app, "%s: %s", name, intent->kind == EVENT_FLAG ? "flagged" : "no longer flagged");
        break;
    case EVENT_NOTE:
        app_message(app, "%s: %s", name, intent->value[0] != '\0' ? "noted" : "note removed");
        break;
    case EVENT_TAG:
    case EVENT_UNTAG:
        app_message(app, "%s: %s %s", name, intent->kind == EVENT_TAG ? "tagged" : "no longer tagged",
                    intent->value);
        break;
    default:
        break;
    }
}

bool app_unlock(struct app *app)
{
    struct arena arena = {0};
    struct event *events;
    struct err e;
    bool done =
        reviews_append(app->workspace, &(struct review){.kind = EVENT_UNLOCK}, 1, &arena, &events, &e);
    if (done)
        refresh_reviews(app);
    else
        app_complain(app, "%s", e.text);
    arena_free(&arena);
    return done;
}

bool app_lock(struct app *app)
{
    struct arena arena = {0};
    struct event *events;
    struct err e;
    size_t count = 1;
    bool done = true;
    while (done && count > 0)
        done = reviews_lock(app->workspace, &arena, &events, &count, &e);
    if (done)
        refresh_reviews(app);
    else
        app_complain(app, "%s", e.text);
    arena_free(&arena);
    return done;
}

/* Whether these may be written: asks before the first decision on the test split. */
static bool open_for(struct app *app, const struct review *reviews, size_t count)
{
    size_t frozen = 0;
    struct err e;
    char number[32];
    if (app->unlocked)
        return true;
    if (!reviews_frozen(app->workspace, reviews, count, &frozen, &e)) {
        app_complain(app, "%s", e.text);
        return false;
    }
    if (frozen == 0)
        return true;
    bool yes = count == 1
                   ? app_ask_yes(app, "The test split is frozen. Unlock it for review (recorded)?")
                   : app_ask_yes(app, "%s of these are of the frozen test split. Unlock it (recorded)?",
                                 draw_count(number, (int64_t)frozen));
    return yes && app_unlock(app);
}

/* Writes the events and takes them in. */
static bool apply(struct app *app, const struct selection *s, const struct intent *intent)
{
    const struct columns *c = app->columns;
    size_t count = 0, row = 0;
    struct review *reviews = malloc(s->count * sizeof *reviews);
    if (reviews == NULL) {
        app_complain(app, "out of memory");
        return false;
    }
    for (size_t i = 0; i < s->count; i++) {
        if (!wants_event(c, s->rows[i], intent))
            continue;
        row = s->rows[i];
        const char *value = intent->value != NULL ? intent->value : class_name(c->label[row]);
        reviews[count++] = (struct review){.sample = c->id[row], .kind = intent->kind, .value = value};
    }
    bool done = false;
    struct arena arena = {0};
    struct event *events;
    struct err e;
    if (count == 0) {
        app_message(app, intent->kind == EVENT_ACCEPT ? "no label to accept here; 1-8, 9 or 0 gives one"
                                                      : "nothing to change here");
    } else if (!open_for(app, reviews, count)) {
        /* it was said why */
    } else if (!reviews_append(app->workspace, reviews, count, &arena, &events, &e)) {
        app_complain(app, "%s", e.text);
    } else {
        int before = c->label[row];
        app->written = (struct written){events[0].kind, events[0].id, events[0].sample};
        refresh_reviews(app);
        report(app, intent, row, before, count);
        done = true;
    }
    arena_free(&arena);
    free(reviews);
    return done;
}

static bool agreed(struct app *app, const struct selection *s, const char *what)
{
    char number[32];
    return s->count <= ASK_ABOVE ||
           app_ask_yes(app, "%s %s samples?", what, draw_count(number, (int64_t)s->count));
}

static bool any_row(const struct app *app, const struct selection *s, const struct intent *intent)
{
    for (size_t i = 0; i < s->count; i++)
        if (wants_event(app->columns, s->rows[i], intent))
            return true;
    return false;
}

static void review_selection(struct app *app, const struct selection *s, const struct intent *intent,
                             const char *what)
{
    if (agreed(app, s, what))
        apply(app, s, intent);
}

static void review_label(struct app *app, const struct selection *s, int class_index)
{
    char what[64];
    snprintf(what, sizeof what, "Label as %s:", class_title(class_index));
    review_selection(app, s, &(struct intent){.kind = EVENT_RELABEL, .value = class_name(class_index)}, what);
}

static void review_flag(struct app *app, const struct selection *s)
{
    struct intent intent = {.kind = EVENT_FLAG, .value = ""};
    if (!any_row(app, s, &intent))
        intent.kind = EVENT_UNFLAG;
    review_selection(app, s, &intent, intent.kind == EVENT_FLAG ? "Flag" : "Take the flags back from");
}

/* What Enter would tag with, or why it would not. */
static void look_tag(struct app *app, struct ask *ask)
{
    char tag[TAG_SIZE];
    (void)app;
    if (ask->text[strspn(ask->text, " ")] == '\0') {
        snprintf(ask->hint, sizeof ask->hint, "one word, such as blurred; the same tag again takes it off");
    } else if (!review_tag_of(ask->text, tag)) {
        ask->place = (int)strspn(ask->text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                            "0123456789._- ");
        snprintf(ask->hint, sizeof ask->hint,
                 "a tag has up to %d letters a-z, digits, dots, dashes, underscores", TAG_MAX);
    } else if (strcmp(tag, ask->text) != 0) {
        snprintf(ask->hint, sizeof ask->hint, "a tag is one word: Enter tags with %s", tag);
    }
}

static void review_tag(struct app *app, const struct selection *s)
{
    char tag[TAG_SIZE];
    struct ask ask = {.prompt = "tag ", .look = look_tag};
    if (!ask_run(app, &ask) || !review_tag_of(ask.text, tag))
        return;
    struct intent intent = {.kind = EVENT_TAG, .value = tag};
    if (!any_row(app, s, &intent))
        intent.kind = EVENT_UNTAG;
    review_selection(app, s, &intent, intent.kind == EVENT_TAG ? "Tag" : "Untag");
}

/* A range gets one note, which takes the place of what its samples had. */
static void review_note(struct app *app, const struct selection *s)
{
    char note[400];
    const char *present = s->is_range ? NULL : app->columns->note[s->rows[0]];
    if (app_ask_line(app, s->is_range ? "note for the range " : "note ", present != NULL ? present : "", note,
                     sizeof note))
        review_selection(app, s, &(struct intent){.kind = EVENT_NOTE, .value = note}, "Note");
}

/* The review that an undo or redo is about; NULL where the log does not tell. */
static const struct event *subject_of(struct app *app, const struct event *event, struct arena *arena)
{
    struct event *log;
    size_t count;
    struct err e;
    if (!reviews_log(app->workspace, 0, event->sample, 0, arena, &log, &count, &e))
        return NULL;
    int64_t wanted = event->undoes;
    for (size_t i = count; i-- > 0;) {
        if (log[i].id != wanted)
            continue;
        if (log[i].undoes == 0)
            return &log[i];
        wanted = log[i].undoes; /* a redo is of an undo, which came before it */
    }
    return NULL;
}

/* "undone: tag blurry of fer0017715.png", "redone: relabel fear of 12 samples"; of one sample whose label is
 * another now, what it was and is. */
static void report_undo(struct app *app, const char *verb, const struct event *subject, int64_t row,
                        int label_before, size_t count)
{
    const struct columns *c = app->columns;
    char what[96], number[32];
    bool valued =
        subject->kind == EVENT_RELABEL || subject->kind == EVENT_TAG || subject->kind == EVENT_UNTAG;
    snprintf(what, sizeof what, "%s%s%.64s", event_kind_name(subject->kind), valued ? " " : "",
             valued ? subject->value : "");
    if (count > 1)
        app_message(app, "%s: %s of %s samples", verb, what, draw_count(number, (int64_t)count));
    else if (row < 0)
        app_message(app, "%s: %s", verb, what);
    else if (c->label[row] != label_before)
        app_message(app, "%s: %s: %s → %s", verb, c->name[row], class_title(label_before),
                    class_title(c->label[row]));
    else
        app_message(app, "%s: %s of %s", verb, what, c->name[row]);
}

static void review_undo(struct app *app, bool redo)
{
    struct arena arena = {0};
    struct event *events = NULL;
    size_t count = 0;
    struct err e;
    bool written = redo ? reviews_redo(app->workspace, &arena, &events, &count, &e)
                        : reviews_undo(app->workspace, &arena, &events, &count, &e);
    if (!written) {
        app_complain(app, "%s", e.text);
    } else if (count == 0) {
        app_message(app, redo ? "nothing to redo" : "nothing of yours to undo");
    } else {
        int64_t row = columns_row(app->columns, events[0].sample);
        int before = row >= 0 ? app->columns->label[row] : CLASS_NONE;
        refresh_reviews(app);
        int64_t place = row >= 0 ? rows_find(app, (size_t)row) : -1;
        if (place >= 0)
            app_move_to(app, (size_t)place);
        const struct event *subject = subject_of(app, &events[0], &arena);
        if (subject != NULL) {
            app->written = (struct written){events[0].kind, subject->id, subject->sample};
            report_undo(app, redo ? "redone" : "undone", subject, row, before, count);
        }
    }
    arena_free(&arena);
}

static void review_range(struct app *app)
{
    if (app->range_anchor >= 0 || app->row_count == 0) {
        app->range_anchor = -1;
    } else {
        app->range_anchor = (int64_t)app->cursor;
        app_message(app, "a range from here: move to its other end, then a label, space, f, n or T is for "
                         "all of it; Esc leaves");
    }
}

/* Whether something may be written about these; says why not. */
static bool may_review(struct app *app, const struct selection *s)
{
    if (app->read_only)
        app_complain(app, "%s may only be read; copy it to where you may write, and review the copy",
                     workspace_path(app->workspace));
    else if (s->count == 0)
        app_message(app, "no sample is selected");
    return !app->read_only && s->count > 0;
}

static void review(struct app *app, const struct selection *s, enum action action)
{
    app->written = (struct written){0};
    if (!may_review(app, s))
        return;
    switch (action) {
    case ACTION_ACCEPT:
        review_selection(app, s, &(struct intent){.kind = EVENT_ACCEPT}, "Accept the labels of");
        break;
    case ACTION_FLAG:
        review_flag(app, s);
        break;
    case ACTION_TAG:
        review_tag(app, s);
        break;
    case ACTION_NOTE:
        review_note(app, s);
        break;
    default:
        review_label(app, s, action_class(action));
        break;
    }
}

bool app_review_row(struct app *app, enum action action, uint32_t row)
{
    review(app, &(struct selection){.rows = &row, .count = 1}, action);
    return app->written.event != 0;
}

bool app_review_votes(struct app *app, uint32_t row, const struct votes *votes)
{
    struct selection s = {.rows = &row, .count = 1};
    char text[4 * CLASS_COUNT];
    int used = 0;
    for (int k = 0; k < CLASS_COUNT; k++)
        used += snprintf(text + used, sizeof text - (size_t)used, "%s%d", k > 0 ? "," : "", votes->count[k]);
    app->written = (struct written){0};
    if (may_review(app, &s))
        apply(app, &s, &(struct intent){.kind = EVENT_VOTES, .value = text});
    return app->written.event != 0;
}

bool app_undo(struct app *app, bool redo)
{
    app->written = (struct written){0};
    if (may_review(app, &(struct selection){.count = 1}))
        review_undo(app, redo);
    return app->written.event != 0;
}

enum outcome app_review(struct app *app, enum action action)
{
    struct selection s = select_rows(app);
    if (action == ACTION_RANGE) {
        review_range(app);
    } else if (action == ACTION_SKIP) {
        app->range_anchor = -1;
        app_move_to(app, app->cursor + 1);
    } else if (action == ACTION_UNDO || action == ACTION_REDO) {
        app_undo(app, action == ACTION_REDO);
    } else {
        size_t next = (size_t)(s.rows - app->rows) + s.count;
        review(app, &s, action);
        if (app->written.event != 0) { /* the range is done with; what decided moves on */
            app->range_anchor = -1;
            if (action == ACTION_ACCEPT || action_class(action) >= 0)
                app_move_to(app, next);
        }
    }
    return OUTCOME_REDRAW;
}
