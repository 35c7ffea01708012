/* What the log says of a row: label, flag, note, tags, edited votes. The latest standing relabel, accept or
 * vote edit decides the label; what each reviewer last decided tells whether they agree. */
#include "columns_own.h"
#include "review_values.h"

#include <stdlib.h>
#include <string.h>

void columns_forget_reviews(struct columns *c, size_t row)
{
    c->label[row] = c->crowd[row];
    c->reviewed[row] = c->flagged[row] = false;
    c->note[row] = c->tags[row] = NULL;
    c->edited[row] = NULL;
    c->own->decided[row] = DECIDED_BY_CROWD;
    c->own->opinions[row] = NULL;
    c->contested[row] = false;
}

/* Against the latest, which is the label in force. */
static void compare_opinions(struct columns *c, size_t row)
{
    c->contested[row] = false;
    for (const struct opinion *o = c->own->opinions[row]; o; o = o->next)
        c->contested[row] |= o->label != c->label[row];
}

/* One copy of a name for decisions that follow each other. */
static const char *keep_reviewer(struct columns *c, const char *reviewer)
{
    if (!c->own->last_reviewer || strcmp(c->own->last_reviewer, reviewer) != 0)
        c->own->last_reviewer = arena_strdup(&c->own->reviews, reviewer);
    return c->own->last_reviewer;
}

/* The decision that is in force as the reviewer's latest, at the end of the list. */
static bool note_opinion(struct columns *c, size_t row, const char *reviewer)
{
    struct opinion **at = &c->own->opinions[row], *mine = NULL;

    while (*at) {
        if (strcmp((*at)->reviewer, reviewer) == 0) {
            mine = *at;
            *at = mine->next;
        } else {
            at = &(*at)->next;
        }
    }
    if (!mine) {
        mine = arena_alloc(&c->own->reviews, sizeof *mine);
        if (!mine || !(mine->reviewer = keep_reviewer(c, reviewer)))
            return false;
    }
    mine->label = c->label[row];
    mine->votes = c->own->decided[row] == DECIDED_BY_VOTES ? c->edited[row] : NULL;
    mine->next = NULL;
    *at = mine;
    compare_opinions(c, row);
    return true;
}

bool columns_decided_by(const struct columns *c, size_t row, const char *reviewer, int *label)
{
    const struct opinion *o = c->own->opinions[row];

    while (o && strcmp(o->reviewer, reviewer) != 0)
        o = o->next;
    if (o && label)
        *label = o->label;
    return o != NULL;
}

static void decide(struct columns *c, size_t row, int label, enum decided_by by)
{
    c->label[row] = (int8_t)label;
    c->reviewed[row] = true;
    c->own->decided[row] = (uint8_t)by;
}

static bool apply_relabel(struct columns *c, size_t row, const char *value)
{
    int label;

    if (class_parse(value, &label)) {
        c->edited[row] = NULL;
        decide(c, row, label, DECIDED_BY_CLASS);
    }
    return true;
}

/* Edited votes stay in force under an accept: it takes the label as they gave it. */
static bool apply_accept(struct columns *c, size_t row, const char *value)
{
    int label;

    if (class_parse(value, &label))
        decide(c, row, label, DECIDED_BY_CLASS);
    return true;
}

static bool apply_votes(struct columns *c, size_t row, const char *value)
{
    struct votes votes;

    if (!votes_from_text(value, &votes))
        return true;
    c->edited[row] = arena_alloc(&c->own->reviews, sizeof votes);
    if (!c->edited[row])
        return false;
    *c->edited[row] = votes;
    decide(c, row, votes_label(&votes, c->rule), DECIDED_BY_VOTES);
    return true;
}

static bool apply_flag(struct columns *c, size_t row, const char *value)
{
    (void)value;
    c->flagged[row] = true;
    return true;
}

static bool apply_unflag(struct columns *c, size_t row, const char *value)
{
    (void)value;
    c->flagged[row] = false;
    return true;
}

static bool apply_note(struct columns *c, size_t row, const char *value)
{
    c->note[row] = *value ? arena_strdup(&c->own->reviews, value) : NULL;
    return !*value || c->note[row];
}

/* Where ",tag," begins in ",a,tag,b,"; NULL when it is not there. */
static const char *find_tag(const char *tags, const char *tag)
{
    size_t length = strlen(tag);

    for (const char *p = tags; p && p[1]; p = strchr(p + 1, ',')) {
        if (strncmp(p + 1, tag, length) == 0 && p[1 + length] == ',')
            return p;
    }
    return NULL;
}

bool columns_has_tag(const struct columns *c, size_t row, const char *tag)
{
    return c->tags[row] && review_tag_is_valid(tag) && find_tag(c->tags[row], tag);
}

bool columns_review_changes(const struct columns *c, size_t row, enum event_kind kind, const char *value)
{
    switch (kind) {
    case EVENT_FLAG:
        return !c->flagged[row];
    case EVENT_UNFLAG:
        return c->flagged[row];
    case EVENT_TAG:
        return !columns_has_tag(c, row, value);
    case EVENT_UNTAG:
        return columns_has_tag(c, row, value);
    default:
        return true;
    }
}

static bool apply_tag(struct columns *c, size_t row, const char *value)
{
    const char *tags = c->tags[row];

    if (!review_tag_is_valid(value) || find_tag(tags, value))
        return true;
    c->tags[row] = arena_printf(&c->own->reviews, "%s%s,", tags ? tags : ",", value);
    return c->tags[row];
}

static bool apply_untag(struct columns *c, size_t row, const char *value)
{
    const char *tags = c->tags[row], *found = find_tag(tags, value);

    if (!found)
        return true;
    const char *rest = found + 1 + strlen(value);
    int before = (int)(found - tags);

    c->tags[row] =
        before == 0 && !rest[1] ? NULL : arena_printf(&c->own->reviews, "%.*s%s", before, tags, rest);
    return c->tags[row] || (before == 0 && !rest[1]);
}

static const struct {
    const char *kind;
    bool (*apply)(struct columns *c, size_t row, const char *value);
    bool decides;
} effects[] = {
    {"relabel", apply_relabel, true}, {"accept", apply_accept, true},  {"votes", apply_votes, true},
    {"flag", apply_flag, false},      {"unflag", apply_unflag, false}, {"note", apply_note, false},
    {"tag", apply_tag, false},        {"untag", apply_untag, false},
};

bool columns_apply(struct columns *c, size_t row, struct standing_review review)
{
    for (size_t i = 0; i < sizeof effects / sizeof *effects; i++) {
        if (strcmp(effects[i].kind, review.kind) == 0)
            return effects[i].apply(c, row, review.value) &&
                   (!effects[i].decides || note_opinion(c, row, review.reviewer));
    }
    return true;
}

void columns_derive_crowd(struct columns *c, size_t row)
{
    c->crowd[row] = (int8_t)votes_label(&c->votes[row], c->rule);
    if (c->own->decided[row] == DECIDED_BY_CROWD)
        c->label[row] = c->crowd[row];
    else if (c->own->decided[row] == DECIDED_BY_VOTES)
        c->label[row] = (int8_t)votes_label(c->edited[row], c->rule);
    for (struct opinion *o = c->own->opinions[row]; o; o = o->next) {
        if (o->votes)
            o->label = (int8_t)votes_label(o->votes, c->rule);
    }
    compare_opinions(c, row);
}

bool columns_replay(struct columns *c, struct sql *db, int64_t sample, struct err *e)
{
    struct sql_statement *s = sql_prepare(
        db,
        sample ? "SELECT sample, kind, value, reviewer FROM standing WHERE sample = ?1 ORDER BY id"
               : "SELECT sample, kind, value, reviewer FROM standing WHERE sample IS NOT NULL "
                 "ORDER BY id",
        e);
    enum sql_step step = SQL_FAILED;
    bool good = s != NULL;

    if (good && sample)
        sql_bind_int(s, 1, sample);
    while (good && (step = sql_next(s, e)) == SQL_ROW) {
        int64_t row = columns_row(c, sql_int(s, 0));
        const struct standing_review review = {
            .kind = sql_text(s, 1), .value = sql_text(s, 2), .reviewer = sql_text(s, 3)};

        if (row >= 0 && !columns_apply(c, (size_t)row, review))
            good = err_memory(e, "reading the reviews");
    }
    sql_done(s);
    return good && step == SQL_END;
}
