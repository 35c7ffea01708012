/* The line-up: building it from filter and turns, and what moves it on. */
#include "lineup.h"

#include "parts.h"

#include "ferlab/base/clock.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- building --- */

static bool reserve(struct lineup *l, size_t count, struct err *e)
{
    if (count <= l->capacity)
        return true;
    uint32_t *rows = realloc(l->rows, count * sizeof *rows);
    if (rows != NULL)
        l->rows = rows;
    struct turn *turns = rows != NULL ? realloc(l->turns, count * sizeof *turns) : NULL;
    if (turns == NULL)
        return err_memory(e, "lining up the queue");
    l->turns = turns;
    l->capacity = count;
    return true;
}

static void count_states(struct lineup *l)
{
    l->decided = l->skipped = l->waiting = 0;
    for (size_t i = 0; i < l->count; i++) {
        enum turn_state state = l->turns[i].state;
        *(state == TURN_DECIDED ? &l->decided : state == TURN_SKIPPED ? &l->skipped : &l->waiting) += 1;
    }
}

/* Put back and not met again yet: it stands at the end. */
static bool is_put_back(const struct turn *turn)
{
    return turn->again && turn->state == TURN_WAITING && turn->event == 0;
}

static void add(struct lineup *l, uint32_t row, const struct turn *turn)
{
    l->rows[l->count] = row;
    l->turns[l->count++] = *turn;
}

static void add_turns(struct lineup *l, const struct columns *c, const struct queue *q, bool put_back)
{
    for (size_t i = 0; i < q->count; i++) {
        int64_t row = columns_row(c, q->turns[i].sample);
        if (row >= 0 && is_put_back(&q->turns[i]) == put_back)
            add(l, (uint32_t)row, &q->turns[i]);
    }
}

/* What the filter picks and has had no turn. */
static void add_picked(struct lineup *l, const struct app *app, const uint32_t *rows, size_t count,
                       const bool *met)
{
    const struct columns *c = app->columns;
    for (size_t i = 0; i < count; i++) {
        if (met[rows[i]])
            continue;
        if (c->split[rows[i]] == SPLIT_TEST && !app->unlocked)
            l->frozen++;
        else
            add(l, rows[i], &(struct turn){.sample = c->id[rows[i]]});
    }
}

static bool fill(struct lineup *l, const struct app *app, const struct queue *q, const struct filter *filter,
                 struct err *e)
{
    const struct columns *c = app->columns;
    size_t all = c->count > 0 ? c->count : 1;
    uint32_t *rows = malloc(all * sizeof *rows);
    bool *met = calloc(all, sizeof *met);
    bool fine =
        rows != NULL && met != NULL ? reserve(l, all + q->count, e) : err_memory(e, "lining up the queue");
    if (fine) {
        l->count = l->frozen = 0;
        add_turns(l, c, q, false);
        for (size_t i = 0; i < l->count; i++)
            met[l->rows[i]] = true;
        add_picked(l, app, rows, filter_apply(filter, c, rows), met);
        add_turns(l, c, q, true);
        count_states(l);
    }
    free(met);
    free(rows);
    return fine;
}

static bool build(struct app *app, struct lineup *l, bool anew, struct err *e)
{
    struct filter *filter = NULL;
    struct arena arena = {0};
    struct queue q = {0};
    bool fine = filter_parse(l->filter, &filter, e) &&
                (anew || queue_find(app->workspace, l->filter, &arena, &q, e)) && fill(l, app, &q, filter, e);
    if (fine && !anew)
        l->queue = q.id;
    if (fine && q.id != 0)
        l->blind = q.blind;
    arena_free(&arena);
    filter_free(filter);
    return fine;
}

void lineup_free(struct lineup *l)
{
    free(l->rows);
    free(l->turns);
    *l = (struct lineup){0};
}

bool lineup_open(struct app *app, struct lineup *l, bool anew)
{
    struct err e;
    rows_queue_filter(app, l->filter, sizeof l->filter);
    l->queue = 0;
    if (!build(app, l, anew, &e)) {
        app_complain(app, "%s", e.text);
        return false;
    }
    l->at = l->count;
    lineup_next(l);
    return true;
}

bool lineup_reload(struct app *app, struct lineup *l)
{
    struct err e;
    bool ended = l->at >= l->count;
    struct turn shown = {0};
    if (!ended)
        shown = l->turns[l->at];
    if (!build(app, l, l->queue == 0, &e)) {
        app_complain(app, "%s", e.text);
        return false;
    }
    l->at = ended ? l->count : 0;
    while (l->at < l->count &&
           (l->turns[l->at].sample != shown.sample || l->turns[l->at].again != shown.again))
        l->at++;
    if (!ended && l->at == l->count)
        lineup_next(l);
    return true;
}

/* --- turns --- */

bool lineup_hides(const struct lineup *l, size_t place)
{
    return l->blind && place < l->count && l->turns[place].event == 0;
}

/* Keeps the turn at a place, and first of all the queue. */
static bool keep(struct app *app, struct lineup *l, size_t place)
{
    struct err e;
    if (app->read_only)
        return true;
    bool fine = (l->queue != 0 || queue_start(app->workspace, l->filter, l->blind, &l->queue, &e)) &&
                turn_write(app->workspace, l->queue, &l->turns[place], &e);
    if (!fine)
        app_complain(app, "%s", e.text);
    return fine;
}

/* A face that was put back is met again now: from the end of what is kept of the queue its turn comes after
 * all that were taken before. */
static bool take_up(struct app *app, struct lineup *l, size_t place)
{
    struct err e;
    struct turn *turn = &l->turns[place];
    if (!is_put_back(turn) || turn->id == 0)
        return true;
    if (!turn_remove(app->workspace, turn->id, &e)) {
        app_complain(app, "%s", e.text);
        return false;
    }
    turn->id = 0;
    return true;
}

void lineup_next(struct lineup *l)
{
    size_t from = l->at < l->count ? l->at : 0;
    for (size_t i = 0; i < l->count; i++) {
        size_t place = (from + i) % l->count;
        if (l->turns[place].state == TURN_WAITING) {
            l->at = place;
            return;
        }
    }
    l->at = l->count;
}

bool lineup_decide(struct app *app, struct lineup *l, int64_t event)
{
    struct turn *turn = &l->turns[l->at];
    bool blind = lineup_hides(l, l->at);
    if (!take_up(app, l, l->at))
        return false;
    turn->other_event = turn->state == TURN_DECIDED ? turn->event : 0;
    turn->other_blind = turn->blind;
    turn->state = TURN_DECIDED;
    turn->event = event;
    turn->blind = blind;
    pace_step(&l->pace, clock_seconds());
    bool fine = keep(app, l, l->at);
    count_states(l);
    lineup_next(l);
    return fine;
}

bool lineup_skip(struct app *app, struct lineup *l)
{
    struct turn *turn = &l->turns[l->at];
    bool fine = true;
    if (turn->state == TURN_WAITING) {
        fine = take_up(app, l, l->at);
        turn->state = TURN_SKIPPED;
        pace_step(&l->pace, clock_seconds());
        fine = fine && keep(app, l, l->at);
        count_states(l);
        lineup_next(l);
    } else if (l->at < l->count) {
        l->at++;
    }
    return fine;
}

static size_t place_of(const struct lineup *l, int64_t event)
{
    size_t place = 0;
    while (place < l->count && l->turns[place].event != event)
        place++;
    return place;
}

/* The other decision of a turn takes the place of the one that it names. */
static bool take_other(struct app *app, struct lineup *l, size_t place)
{
    struct turn *turn = &l->turns[place], was = *turn;
    turn->event = was.other_event;
    turn->blind = was.other_blind;
    turn->other_event = was.event;
    turn->other_blind = was.blind;
    return keep(app, l, place);
}

bool lineup_undone(struct app *app, struct lineup *l, int64_t event)
{
    size_t place = place_of(l, event);
    if (place == l->count)
        return false;
    struct turn *turn = &l->turns[place];
    bool older_stands = turn->other_event != 0 && turn->other_event < event;
    if (older_stands)
        take_other(app, l, place);
    else
        turn->state = TURN_WAITING;
    l->at = place;
    count_states(l);
    return true;
}

bool lineup_redone(struct app *app, struct lineup *l, int64_t event)
{
    size_t place = 0;
    while (place < l->count && l->turns[place].event != event && l->turns[place].other_event != event)
        place++;
    if (place == l->count)
        return false;
    if (l->turns[place].event != event)
        take_other(app, l, place);
    l->turns[place].state = TURN_DECIDED;
    l->at = place;
    count_states(l);
    lineup_next(l);
    return true;
}

static void take_out(struct lineup *l, size_t place)
{
    l->count--;
    memmove(l->rows + place, l->rows + place + 1, (l->count - place) * sizeof *l->rows);
    memmove(l->turns + place, l->turns + place + 1, (l->count - place) * sizeof *l->turns);
    l->at -= l->at > place;
}

static size_t find_put_back(const struct lineup *l, int64_t sample)
{
    size_t place = 0;
    while (place < l->count && (l->turns[place].sample != sample || !is_put_back(&l->turns[place])))
        place++;
    return place;
}

bool lineup_put_back(struct app *app, struct lineup *l, size_t place, bool *waits)
{
    struct err e;
    struct turn turn = l->turns[place];
    size_t copy = find_put_back(l, turn.sample);
    *waits = copy == l->count;
    if (!*waits) {
        if (!take_up(app, l, copy))
            return false;
        take_out(l, copy);
    } else if (!reserve(l, l->count + 1, &e)) {
        app_complain(app, "%s", e.text);
        return false;
    } else {
        add(l, l->rows[place], &(struct turn){.sample = turn.sample, .again = true});
        if (!keep(app, l, l->count - 1))
            return false;
    }
    count_states(l);
    return true;
}

bool lineup_put_skipped_back(struct app *app, struct lineup *l)
{
    struct err e;
    bool fine = app->read_only || workspace_begin(app->workspace, &e);
    for (size_t i = 0; fine && i < l->count; i++) {
        struct turn *turn = &l->turns[i];
        if (turn->state != TURN_SKIPPED)
            continue;
        turn->state = TURN_WAITING;
        if (turn->id != 0 && turn->again) {
            fine = turn_write(app->workspace, l->queue, turn, &e);
        } else if (turn->id != 0) {
            fine = turn_remove(app->workspace, turn->id, &e);
            turn->id = 0;
        }
    }
    if (fine && !app->read_only)
        fine = workspace_commit(app->workspace, &e);
    if (!fine) {
        workspace_rollback(app->workspace);
        app_complain(app, "%s", e.text);
    }
    count_states(l);
    lineup_next(l);
    return fine;
}

size_t lineup_latest(const struct lineup *l)
{
    size_t latest = l->count;
    for (size_t i = 0; i < l->count; i++)
        if (l->turns[i].state == TURN_DECIDED &&
            (latest == l->count || l->turns[i].event > l->turns[latest].event))
            latest = i;
    return latest;
}

bool lineup_set_blind(struct app *app, struct lineup *l, bool blind)
{
    struct err e;
    l->blind = blind;
    if (l->queue == 0 || app->read_only || queue_set_blind(app->workspace, l->queue, blind, &e))
        return true;
    app_complain(app, "%s", e.text);
    return false;
}

double lineup_seconds_left(const struct lineup *l)
{
    return (double)l->waiting * 3600 / pace_per_hour(&l->pace);
}
