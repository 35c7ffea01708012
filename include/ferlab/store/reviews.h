/* Reviews: the append-only log of what reviewers decided. Writing events, undo and redo. What follows from
 * the log for each sample (label, flag, notes, tags) is in columns.h.
 *
 * One call of reviews_append is one action: all its events are written in one transaction, share a batch, and
 * are undone together. Undo and redo concern the reviewer's own actions, without limit and across restarts; a
 * new action ends what could be redone. An undo event's `undoes` is the event it undoes; a redo event's
 * `undoes` is the undo event it takes back. */
#ifndef FERLAB_STORE_REVIEWS_H
#define FERLAB_STORE_REVIEWS_H

#include "ferlab/base/arena.h"
#include "ferlab/base/clock.h"
#include "ferlab/store/workspace.h"

#include <stddef.h>

enum event_kind {
    EVENT_RELABEL, /* value: class name */
    EVENT_ACCEPT,  /* value: the label accepted, as it stood */
    EVENT_VOTES,   /* value: ten counts, "4,0,0,1,3,2,0,0,0,0" */
    EVENT_FLAG,
    EVENT_UNFLAG,
    EVENT_NOTE, /* value: text; the latest stands, "" removes it */
    EVENT_TAG,  /* value: tag name without spaces or quotes */
    EVENT_UNTAG,
    EVENT_UNLOCK, /* value: why the test split was opened for review */
    EVENT_UNDO,
    EVENT_REDO,
    EVENT_KINDS
};

struct event {
    int64_t id, sample, batch; /* batch: id of the action's first event */
    int64_t undoes;            /* 0 unless undo or redo */
    enum event_kind kind;
    char time[CLOCK_STAMP];
    const char *reviewer, *value; /* value "" where the kind has none; in the arena given to the reader */
};

struct review {     /* to be written */
    int64_t sample; /* 0 for unlock, which concerns them all */
    enum event_kind kind;
    const char *value; /* NULL as "" */
};

const char *event_kind_name(enum event_kind k);
bool event_decides(enum event_kind k); /* relabel, accept, votes: the label follows from it */

enum { TAG_MAX = 64, TAG_SIZE = TAG_MAX + 1 };

bool review_tag_is_valid(const char *tag); /* [A-Za-z0-9._-]{1,64} */
/* The one word that several make as a tag: "two words" as two-words. False where that is no tag either. */
bool review_tag_of(const char *words, char out[TAG_SIZE]);

/* $FERLAB_REVIEWER, else the login name. Writing wants one of 1 to 64 bytes on one line. */
const char *reviews_reviewer(void);

/* Appends one action durably; when it returns true, the events are on disk. New events, in order, go to *out
 * (count of them; strings in the arena). Fails as a whole: unknown sample, a class that does not exist, a
 * value with line breaks where none may be, a decision on the frozen test split. */
bool reviews_append(struct workspace *ws, const struct review *reviews, size_t count, struct arena *arena,
                    struct event **out, struct err *e);

/* Undoes or redoes this reviewer's latest action. *count 0 and true when there is nothing to undo or redo. */
bool reviews_undo(struct workspace *ws, struct arena *arena, struct event **out, size_t *count,
                  struct err *e);
bool reviews_redo(struct workspace *ws, struct arena *arena, struct event **out, size_t *count,
                  struct err *e);

/* The test split is frozen: what decides a label there, and undoing or redoing that, is refused unless an
 * unlock stands. It is written like any review, holds for everybody, and is undone by its reviewer's undo or
 * by reviews_lock, whoever calls it. Flags, notes and tags change no label and are free. */
bool reviews_unlocked(struct workspace *ws, bool *unlocked, struct err *e);
/* How many of these reviews would be refused for that. */
bool reviews_frozen(struct workspace *ws, const struct review *reviews, size_t count, size_t *frozen,
                    struct err *e);
/* The sentence that refuses them, as reviews_append says it; returns false. */
bool reviews_refuse_frozen(const struct workspace *ws, size_t frozen, size_t count, struct err *e);
/* Undoes the latest unlock that stands; *count 0 and true when none does. */
bool reviews_lock(struct workspace *ws, struct arena *arena, struct event **out, size_t *count,
                  struct err *e);

/* Events with id > after, oldest first, at most `limit` of the newest ones when limit > 0; sample 0 means of
 * all. */
bool reviews_log(struct workspace *ws, int64_t after, int64_t sample, size_t limit, struct arena *arena,
                 struct event **out, size_t *count, struct err *e);

/* Which of `events` (oldest first, all events of the samples concerned) stand: not undone, or redone. Undo
 * and redo events themselves never stand. standing[i] for events[i]. */
bool reviews_standing(const struct event *events, size_t count, bool *standing, struct err *e);

#endif
