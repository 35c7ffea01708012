/* Reviews: how many of what kind and by whom, which labels moved, the latest ones. */
#include "faces.h"

#include <stdio.h>
#include <string.h>

enum { MOVES_MOST = 16, LATEST_MOST = 12, REVIEWERS_MOST = 64, SMALL_SIDE = 40, CLASSES = CLASS_COUNT + 1 };

bool has_reviews(const struct report *r)
{
    return r->event_count > 0;
}

/* --- how many --- */

static void put_kinds(struct report *r)
{
    struct html *h = &r->html;
    open_table(r, "kinds", "Reviews of the whole workspace, by kind.");
    put_head(h, "kind|made|standing");
    html_open(h, "tbody");
    for (int kind = 0; kind < EVENT_KINDS; kind++) {
        int64_t made = 0, standing = 0;
        for (size_t i = 0; i < r->event_count; i++)
            if (r->events[i].kind == (enum event_kind)kind) {
                made++;
                standing += r->standing[i];
            }
        if (made == 0)
            continue;
        html_begin(h, "tr", "id='reviews-%s'", event_kind_name((enum event_kind)kind));
        html_put(h, "th", "scope='row'", "%s", event_kind_name((enum event_kind)kind));
        cell_count(h, made);
        if (kind == EVENT_UNDO || kind == EVENT_REDO)
            html_put(h, "td", "class='n'", "\u2013");
        else
            cell_count(h, standing);
        html_close(h);
    }
    html_close(h);
    close_table(r);
}

struct reviewer {
    const char *name, *last;
    int64_t made, relabels;
};

static size_t count_reviewers(const struct report *r, struct reviewer out[REVIEWERS_MOST])
{
    size_t count = 0;
    for (size_t i = 0; i < r->event_count; i++) {
        const struct event *event = &r->events[i];
        size_t who = 0;
        while (who < count && strcmp(out[who].name, event->reviewer) != 0)
            who++;
        if (who == REVIEWERS_MOST)
            continue;
        if (who == count)
            out[count++] = (struct reviewer){.name = event->reviewer};
        out[who].made++;
        out[who].relabels += event->kind == EVENT_RELABEL && r->standing[i];
        out[who].last = event->time;
    }
    return count;
}

static void put_reviewers(struct report *r)
{
    struct reviewer reviewers[REVIEWERS_MOST];
    size_t count = count_reviewers(r, reviewers);
    struct html *h = &r->html;
    open_table(r, "reviewers", "Reviewers.");
    put_head(h, "reviewer|reviews|standing relabels|latest");
    html_open(h, "tbody");
    for (size_t i = 0; i < count; i++) {
        html_open(h, "tr");
        html_put(h, "th", "scope='row'", "%s", reviewers[i].name);
        cell_count(h, reviewers[i].made);
        cell_count(h, reviewers[i].relabels);
        html_put(h, "td", "class='n'", "%.10s", reviewers[i].last);
        html_close(h);
    }
    html_close(h);
    close_table(r);
}

/* --- which labels moved --- */

struct move {
    int from, to;
    int64_t count;
};

/* Of the faces that a review decides. */
struct moves {
    int64_t count[CLASSES][CLASSES]; /* crowd's label to the one in force; CLASS_NONE comes last */
    int64_t kept;                    /* those that stayed */
    int64_t unvoted;                 /* of faces that no crowd has seen */
};

static void count_moves(const struct report *r, struct moves *m)
{
    const struct columns *c = r->columns;
    *m = (struct moves){0};
    for (size_t row = 0; row < c->count; row++) {
        int from = c->crowd[row] == CLASS_NONE ? CLASS_COUNT : c->crowd[row];
        int to = c->label[row] == CLASS_NONE ? CLASS_COUNT : c->label[row];
        if (!c->reviewed[row])
            continue;
        if (!columns_voted(c, row))
            m->unvoted++;
        else if (from == to)
            m->kept++;
        else
            m->count[from][to]++;
    }
}

static const struct move *largest_move(const int64_t moves[CLASSES][CLASSES], struct move *out)
{
    *out = (struct move){0};
    for (int from = 0; from < CLASSES; from++)
        for (int to = 0; to < CLASSES; to++)
            if (moves[from][to] > out->count)
                *out = (struct move){from, to, moves[from][to]};
    return out->count > 0 ? out : NULL;
}

static void put_class(struct html *h, int class_index)
{
    html_open(h, "td");
    put_swatch(h, class_index == CLASS_COUNT ? CLASS_NONE : class_index);
    html_text(h, "%s", class_index == CLASS_COUNT ? "none" : class_title(class_index));
    html_close(h);
}

static void put_moves(struct report *r)
{
    struct moves moves;
    struct move move;
    struct html *h = &r->html;
    count_moves(r, &moves);
    bool moved = largest_move(moves.count, &move) != NULL;
    html_open(h, "p");
    html_text(h, "Of the faces whose label a review decides, ");
    put_count(h, moves.kept);
    html_text(h, " keep the crowd\u2019s label");
    if (moves.unvoted > 0) {
        html_text(h, ", ");
        put_count(h, moves.unvoted);
        html_text(h, " were seen by no crowd");
    }
    html_text(h, moved ? "; the others moved so:" : ".");
    html_close(h);
    if (!moved)
        return;
    open_table(r, "moves", "Labels that reviews moved, the most frequent first.");
    put_head(h, "crowd\u2019s label|label in force|faces");
    html_open(h, "tbody");
    for (int i = 0; i < MOVES_MOST && largest_move(moves.count, &move) != NULL; i++) {
        moves.count[move.from][move.to] = 0;
        html_open(h, "tr");
        put_class(h, move.from);
        put_class(h, move.to);
        cell_count(h, move.count);
        html_close(h);
    }
    html_close(h);
    close_table(r);
}

/* --- the latest --- */

static void put_event(struct report *r, const struct event *event, bool standing)
{
    struct html *h = &r->html;
    int64_t row = columns_row(r->columns, event->sample);
    html_open(h, "tr");
    html_open(h, "td");
    if (row >= 0)
        faces_put_image(r, (size_t)row, SMALL_SIDE);
    html_close(h);
    html_put(h, "td", "", "%.10s %.5s", event->time, event->time + 11);
    html_put(h, "td", "", "%s", event->reviewer);
    html_put(h, "td", "class='word'", "%s", row >= 0 ? r->columns->name[row] : "\u2013");
    html_open(h, "td");
    bool undone = !standing && event->kind != EVENT_UNDO && event->kind != EVENT_REDO;
    html_put(h, undone ? "s" : "span", "", "%s", event_kind_name(event->kind));
    html_text(h, undone ? " undone" : "");
    html_close(h);
    html_put(h, "td", "class='word'", "%s", event->value);
    html_close(h);
}

static void put_latest(struct report *r)
{
    struct html *h = &r->html;
    open_table(r, "latest", "The latest reviews, the newest first; times are UTC.");
    put_head(h, "face|time|reviewer|name|kind|value");
    html_open(h, "tbody");
    for (size_t i = r->event_count; i > 0 && i + LATEST_MOST > r->event_count; i--)
        put_event(r, &r->events[i - 1], r->standing[i - 1]);
    html_close(h);
    close_table(r);
}

void section_reviews(struct report *r)
{
    html_begin(&r->html, "div", "class='pair'");
    put_kinds(r);
    put_reviewers(r);
    html_close(&r->html);
    put_moves(r);
    put_latest(r);
}
