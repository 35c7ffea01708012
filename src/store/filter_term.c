/* The terms of filters: their fields, relations and values, and what is said of those that make no sense. */
#include "ferlab/base/spelling.h"
#include "ferlab/base/str.h"
#include "ferlab/face/flaws.h"
#include "ferlab/face/flip.h"
#include "filter_parser.h"
#include "review_values.h"

#include <ctype.h>
#include <limits.h>
#include <string.h>
#include <strings.h>

enum { WORD_MAX = 256 };

const struct filter_field_row filter_fields[FIELD_COUNT] = {
    [FIELD_SPLIT] = {"split", KIND_SPLIT, "split:valid", true},
    [FIELD_LABEL] = {"label", KIND_CLASS, "label:fear", true},
    [FIELD_CROWD] = {"crowd", KIND_CLASS, "crowd:fear", true},
    [FIELD_PRED] = {"pred", KIND_CLASS, "pred:fear or pred!=label", true},
    [FIELD_CONF] = {"conf", KIND_SCORE, "conf>0.8", true},
    [FIELD_DIV] = {"div", KIND_SCORE, "div>0.2", true},
    [FIELD_ENT] = {"ent", KIND_SCORE, "ent<1", true},
    [FIELD_SUSPECT] = {"suspect", KIND_SCORE, "suspect>0.5", true},
    [FIELD_SELF] = {"self", KIND_SCORE, "self<0.1", true},
    [FIELD_MARGIN] = {"margin", KIND_SCORE, "margin<0.2", true},
    [FIELD_KL] = {"kl", KIND_SCORE, "kl>2", true},
    [FIELD_MISTAKEN] = {"mistaken", KIND_SCORE, "mistaken>0.9", true},
    [FIELD_HARDNESS] = {"hardness", KIND_SCORE, "hardness>1.5", true},
    [FIELD_ISSUE] = {"issue", KIND_ISSUE, "issue:yes or issue:fear", false},
    [FIELD_DUP] = {"dup", KIND_COPIES, "dup:yes or dup:disagree", false},
    [FIELD_VOTES] = {"votes.", KIND_VOTES, "votes.happiness>=6", true},
    [FIELD_ID] = {"id", KIND_NUMBER, "id:17", true},
    [FIELD_FLAG] = {"flag", KIND_YES, "flag:yes", false},
    [FIELD_REVIEWED] = {"reviewed", KIND_YES, "reviewed:no", false},
    [FIELD_CONTESTED] = {"contested", KIND_YES, "contested:yes", false},
    [FIELD_NOTE] = {"note", KIND_YES, "note:yes", false},
    [FIELD_VOTED] = {"voted", KIND_YES, "voted:no", false},
    [FIELD_TAG] = {"tag", KIND_TAG, "tag:blurred", false},
    [FIELD_NAME] = {"name", KIND_NAME, "name:fer001*", true},
    [FIELD_REVIEWER] = {"reviewer", KIND_NAME, "reviewer:ana", false},
    [FIELD_SOURCE] = {"source", KIND_NAME, "source:*.jpg", false},
    [FIELD_FLAW] = {"flaw", KIND_FLAW, "flaw:small or flaw:no", false},
    [FIELD_IN] = {"in", KIND_IN, "in:train", false},
    [FIELD_BESIDE] = {"beside", KIND_CLASS, "beside:fear or beside!=pred", true},
    [FIELD_FORMER] = {"former", KIND_CLASS, "former:fear or former!=label", true},
    [FIELD_FLIP] = {"flip", KIND_FLIP, "flip:fixed", false},
    [FIELD_SIMILAR] = {"similar", KIND_SIMILAR, "similar:17", true},
    [FIELD_SORT] = {"sort", KIND_SORT, "sort:-suspect", false},
};

const enum sample_score filter_field_scores[FIELD_COUNT] = {
    [FIELD_CONF] = SAMPLE_CONFIDENCE,
    [FIELD_DIV] = SAMPLE_DIVERGENCE,
    [FIELD_ENT] = SAMPLE_ENTROPY,
    [FIELD_SUSPECT] = SAMPLE_SUSPECT,
    [FIELD_SELF] = SAMPLE_SELF_CONFIDENCE,
    [FIELD_MARGIN] = SAMPLE_MARGIN,
    [FIELD_KL] = SAMPLE_KL,
    [FIELD_MISTAKEN] = SAMPLE_MISTAKENNESS,
    [FIELD_HARDNESS] = SAMPLE_HARDNESS,
};

/* Lower-cased into out[WORD_MAX]; false when too long. */
static bool copy_word(char out[WORD_MAX], const char *from, size_t length)
{
    if (length >= WORD_MAX)
        return false;
    for (size_t i = 0; i < length; i++)
        out[i] = (char)tolower((unsigned char)from[i]);
    out[length] = '\0';
    return true;
}

/* The field a lower-case word names; for votes.CLASS *class too. */
static bool field_parse(const char *word, enum filter_field *field, int *class)
{
    const char *votes = filter_fields[FIELD_VOTES].name;

    *class = CLASS_NONE;
    if (strncmp(word, votes, strlen(votes)) == 0) {
        *field = FIELD_VOTES;
        return class_parse(word + strlen(votes), class);
    }
    for (int i = 0; i < FIELD_COUNT; i++) {
        if (i != FIELD_VOTES && strcmp(filter_fields[i].name, word) == 0) {
            *field = (enum filter_field)i;
            return true;
        }
    }
    return false;
}

static bool is_compared(enum filter_kind kind)
{
    return kind == KIND_SCORE || kind == KIND_NUMBER || kind == KIND_VOTES;
}

/* The field that a long or misspelt word may have meant, for sort: or as a term; NULL where none is near. */
static const struct filter_field_row *nearest_field(const char *word, bool to_sort)
{
    static const struct {
        const char *word;
        enum filter_field field;
    } long_words[] = {{"entropy", FIELD_ENT},     {"divergence", FIELD_DIV},  {"js", FIELD_DIV},
                      {"confidence", FIELD_CONF}, {"prediction", FIELD_PRED}, {"predicted", FIELD_PRED}};
    const struct filter_field_row *near = NULL;
    struct spelling s;

    for (size_t i = 0; i < sizeof long_words / sizeof *long_words; i++) {
        if (strcmp(long_words[i].word, word) == 0)
            return &filter_fields[long_words[i].field];
    }
    spelling_start(&s, word);
    for (int i = 0; i < FIELD_COUNT; i++) {
        if (i == FIELD_VOTES || (to_sort && !filter_fields[i].sorts))
            continue;
        spelling_try(&s, filter_fields[i].name);
        if (s.best == filter_fields[i].name)
            near = &filter_fields[i];
    }
    return near;
}

/* How long the word at that place is if it stands alone; 0 where a relation follows in it. */
static int lone_word(const char *place)
{
    int length = 0;

    for (; !filter_ends_word(place[length]); length++) {
        if (strchr(":=<>!\"", place[length]))
            return 0;
    }
    return length;
}

/* A class alone was meant as a label, a number as an id, what looks like a file as a name. */
static bool unknown_word(struct filter_parser *p, const char *place, int length)
{
    char word[WORD_MAX];
    int class;
    size_t digits = strspn(place, "0123456789");
    bool named = strcspn(place, "0123456789*?_.") < (size_t)length;

    if (!copy_word(word, place, (size_t)length))
        return false;
    const char *label = class_parse(word, &class) ? word : named ? NULL : class_nearest(word);

    if (label)
        filter_fail(p, place, "'%s' is nothing to filter by; did you mean 'label:%s'?", word, label);
    else if (digits == (size_t)length)
        filter_fail(p, place, "a number alone is nothing to filter by; did you mean 'id:%.*s'?", length,
                    place);
    else if (named)
        filter_fail(p, place, "a name alone is nothing to filter by; did you mean 'name:%.*s%s'?", length,
                    place, strpbrk(word, "*?.") ? "" : "*");
    return label || named;
}

static bool unknown_field(struct filter_parser *p, const char *word, const char *place)
{
    const struct filter_field_row *near = nearest_field(word, false);
    int length = lone_word(place);

    if (length > 0 && unknown_word(p, place, length))
        return false;
    if (near)
        return filter_fail(p, place, "'%s' is nothing to filter by; did you mean '%s%s'?", word, near->name,
                           is_compared(near->kind) ? "" : ":");
    return filter_fail(
        p, place,
        "'%s' is nothing to filter by; there are split label crowd pred conf div ent suspect self margin kl "
        "mistaken hardness issue dup votes.CLASS id flag reviewed contested note voted tag name reviewer "
        "source flaw in beside former flip similar, and sort",
        word);
}

static bool unknown_votes(struct filter_parser *p, const char *word, const char *place)
{
    const char *votes = filter_fields[FIELD_VOTES].name, *near = NULL;

    if (strncmp(word, votes, strlen(votes)) == 0)
        near = class_nearest(word + strlen(votes));
    if (near)
        return filter_fail(p, place, "'%s' is no column of votes; did you mean '%s%s'?", word, votes, near);
    return filter_fail(
        p, place, "'%s' is no column of votes; write votes.happiness>=6, or another emotion, unknown, nf",
        word);
}

/* Where a text ends if blanks were meant to be in it: before the next term or keyword. */
static const char *text_with_blanks(const char *text)
{
    const char *end, *next = text;

    do {
        for (end = next; !filter_ends_word(*end); end++)
            ;
        for (next = end; isspace((unsigned char)*next); next++)
            ;
    } while (lone_word(next) > 0 && !filter_at_keyword(next, "and") && !filter_at_keyword(next, "or") &&
             !filter_at_keyword(next, "not"));
    return end;
}

/* A word alone that follows a text without quotes was meant to be of it, unless it is a field or a class. */
static bool lacks_quotes(struct filter_parser *p)
{
    const char *end = p->bare ? text_with_blanks(p->bare) : p->at;
    char word[WORD_MAX];
    enum filter_field field;
    int class, length = lone_word(p->at);

    if (end <= p->at || !copy_word(word, p->at, (size_t)length) || field_parse(word, &field, &class) ||
        class_parse(word, &class))
        return false;
    filter_fail(p, p->bare, "a value with blanks needs quotes: %.*s\"%.*s\"", (int)(p->bare - p->bare_term),
                p->bare_term, (int)(end - p->bare), p->bare);
    return true;
}

static bool take_field(struct filter_parser *p, enum filter_field *field, int *class)
{
    const char *start = p->at;
    char word[WORD_MAX];

    if (lacks_quotes(p))
        return false;
    while (isalpha((unsigned char)*p->at) || *p->at == '.')
        p->at++;
    if (p->at == start && isdigit((unsigned char)*start) && lone_word(start) > 0 &&
        unknown_word(p, start, lone_word(start)))
        return false;
    if (p->at == start)
        return filter_fail(p, start,
                           "a term cannot begin here; terms look like split:valid, pred!=label, conf>0.8");
    if (!copy_word(word, start, (size_t)(p->at - start)))
        return filter_fail(p, start,
                           "this word is too long; terms look like split:valid, pred!=label, conf>0.8");
    if (field_parse(word, field, class))
        return true;
    return strncmp(word, "votes", 5) == 0 ? unknown_votes(p, word, start) : unknown_field(p, word, start);
}

/* `:` and the relations. Those, but not `:`, may have spaces around them. */
static bool take_relation(struct filter_parser *p, enum filter_field field, const char *start,
                          enum filter_relation *relation, bool *colon)
{
    static const struct {
        const char *sign;
        enum filter_relation relation;
    } signs[] = {{"!=", IS_NOT_EQUAL}, {"<=", IS_AT_MOST}, {">=", IS_AT_LEAST},
                 {"<", IS_LESS},       {">", IS_MORE},     {"=", IS_EQUAL}};
    const char *end = p->at;

    *colon = *p->at == ':';
    if (*colon) {
        *relation = IS_EQUAL;
        p->at++;
        return true;
    }
    filter_skip_space(p);
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        size_t length = strlen(signs[i].sign);

        if (strncmp(p->at, signs[i].sign, length) == 0) {
            *relation = signs[i].relation;
            p->at += length;
            filter_skip_space(p);
            return true;
        }
    }
    if (*p->at == '!')
        return filter_fail(p, p->at, "'!' stands alone; 'differs from' is written !=, as in pred!=label");
    if (!filter_ends_word(*end))
        return filter_fail(p, end, "this cannot follow '%.*s'; write %s", (int)(end - start), start,
                           filter_fields[field].example);
    return filter_fail(p, start, "'%.*s' needs a %s such as %s", (int)(end - start), start,
                       is_compared(filter_fields[field].kind) ? "comparison" : "value",
                       filter_fields[field].example);
}

/* The value as it stands, without its quotes, into the filter's arena; \" is a quote within quotes. */
static bool take_value(struct filter_parser *p, enum filter_field field, const char **value)
{
    const char *start = p->at;
    bool quoted = *start == '"';
    size_t length = 0;

    if (quoted)
        p->at++;
    char *out = arena_alloc(&p->filter->texts, strlen(p->at) + 1);

    if (!out)
        return err_memory(p->e, "parsing the filter");
    while (*p->at && (quoted ? *p->at != '"' : !filter_ends_word(*p->at))) {
        if (quoted && p->at[0] == '\\' && p->at[1] == '"')
            p->at++;
        out[length++] = *p->at++;
    }
    if (quoted && *p->at != '"')
        return filter_fail(p, start, "this quote is never closed; add one at the end of the value");
    p->at += quoted;
    if (length == 0)
        return filter_fail(p, start, "a value is missing; write %s", filter_fields[field].example);
    *value = out;
    return true;
}

static bool wrong_relation(struct filter_parser *p, enum filter_field field, const char *place)
{
    return filter_fail(p, place, "'%s' cannot be compared so; write %s", filter_fields[field].name,
                       filter_fields[field].example);
}

static bool read_split(struct filter_parser *p, struct filter_step *step, const char *value,
                       const char *place)
{
    char word[WORD_MAX];
    enum split split;

    if (!copy_word(word, value, strlen(value)) || !split_parse(word, &split))
        return filter_fail(p, place, "'%s' is no split; there are train valid test none", value);
    step->class = (int)split;
    return true;
}

static bool unknown_class(struct filter_parser *p, const char *value, const char *place)
{
    const char *near = class_nearest(value);

    if (near)
        return filter_fail(p, place, "'%s' is no label; did you mean '%s'?", value, near);
    return filter_fail(
        p, place,
        "'%s' is no label; there are neutral happiness surprise sadness anger disgust fear contempt "
        "unknown nf none",
        value);
}

static bool read_class(struct filter_parser *p, struct filter_step *step, const char *value,
                       const char *place)
{
    char word[WORD_MAX] = "";
    bool short_enough = copy_word(word, value, strlen(value));
    int unused;

    if (short_enough && field_parse(word, &step->other, &unused) &&
        filter_fields[step->other].kind == KIND_CLASS) {
        step->against_field = true;
        return true;
    }
    step->class = CLASS_NONE;
    if (!short_enough || (strcmp(word, class_name(CLASS_NONE)) != 0 && !class_parse(word, &step->class)))
        return unknown_class(p, value, place);
    if ((step->field == FIELD_PRED || step->field == FIELD_BESIDE) && step->class >= EMOTION_COUNT)
        return filter_fail(p, place,
                           "a prediction is one of the eight emotions, never '%s'; write label:%s, or "
                           "%s:none where nothing is predicted",
                           word, word, filter_fields[step->field].name);
    return true;
}

static bool read_number(struct filter_parser *p, struct filter_step *step, const char *value,
                        const char *place)
{
    if (!str_to_double(value, -1e18, 1e18, &step->number))
        return filter_fail(p, place, "'%s' is no number; write %s", value,
                           filter_fields[step->field].example);
    /* Stored numbers are float32, so that 0.8 means the float32 next to it. */
    if (step->field != FIELD_ID)
        step->number = (double)(float)step->number;
    return true;
}

static bool read_yes(struct filter_parser *p, struct filter_step *step, const char *value, const char *place)
{
    if (strcasecmp(value, "yes") != 0 && strcasecmp(value, "no") != 0)
        return filter_fail(p, place, "'%s' takes yes or no; write %s", filter_fields[step->field].name,
                           filter_fields[step->field].example);
    if (strcasecmp(value, "no") == 0)
        step->relation = step->relation == IS_EQUAL ? IS_NOT_EQUAL : IS_EQUAL;
    return true;
}

/* yes, no, or what the label should be, which is an emotion. */
static bool read_issue(struct filter_parser *p, struct filter_step *step, const char *value,
                       const char *place)
{
    char word[WORD_MAX];

    step->class = CLASS_NONE;
    if (strcasecmp(value, "yes") == 0 || strcasecmp(value, "no") == 0)
        return read_yes(p, step, value, place);
    if (copy_word(word, value, strlen(value)) && class_parse(word, &step->class) &&
        class_is_emotion(step->class))
        return true;
    return filter_fail(p, place,
                       "'%s' is no emotion; write issue:yes, issue:no, or issue:fear for labels "
                       "that should be that",
                       value);
}

static bool read_copies(struct filter_parser *p, struct filter_step *step, const char *value,
                        const char *place)
{
    int64_t id;

    step->class = strcasecmp(value, "disagree") == 0 ? COPIES_DISAGREE
                  : strcasecmp(value, "leak") == 0   ? COPIES_LEAK
                                                     : COPIES_ANY;
    if (str_to_int(value, 1, INT64_C(1) << 53, &id)) {
        step->class = COPIES_OF;
        step->number = (double)id;
        return true;
    }
    if (step->class != COPIES_ANY || strcasecmp(value, "yes") == 0 || strcasecmp(value, "no") == 0)
        return step->class != COPIES_ANY || read_yes(p, step, value, place);
    return filter_fail(p, place,
                       "'%s' is nothing to ask of near-duplicates; write dup:yes, dup:no, dup:disagree, "
                       "dup:leak, or dup:17 for those of the sample with that id",
                       value);
}

/* yes, no, or one of them. */
static bool read_flaw(struct filter_parser *p, struct filter_step *step, const char *value, const char *place)
{
    unsigned flaws = ~0U;

    if (!face_flaw_parse(value, &flaws) && strcasecmp(value, "yes") != 0 && strcasecmp(value, "no") != 0)
        return filter_fail(p, place,
                           "'%s' is no flaw of a face; write flaw:small, flaw:dark, flaw:blurred, flaw:yes "
                           "or flaw:no",
                           value);
    step->class = (int)(flaws & INT_MAX);
    return flaws != ~0U || read_yes(p, step, value, place);
}

static bool read_text(struct filter_parser *p, struct filter_step *step, const char *value, const char *place)
{
    (void)p;
    (void)place;
    step->text = value;
    return true;
}

static bool read_tag(struct filter_parser *p, struct filter_step *step, const char *value, const char *place)
{
    char tag[TAG_SIZE];

    step->text = value;
    if (review_tag_is_valid(value))
        return true;
    if (review_tag_of(value, tag))
        return filter_fail(p, place, "a tag is one word; did you mean tag:%s?", tag);
    return filter_fail(p, place,
                       "'%s' is no tag; tags are up to %d letters, digits, dots, dashes, underscores", value,
                       TAG_MAX);
}

static bool read_in(struct filter_parser *p, struct filter_step *step, const char *value, const char *place)
{
    step->class = strcasecmp(value, "map") == 0 ? IN_MAP : IN_TRAIN;
    return step->class == IN_MAP || strcasecmp(value, "train") == 0 ||
           filter_fail(p, place,
                       "only in:train is known, the model was trained on it, and in:map, it was selected on "
                       "the map; for splits write split:%s",
                       value);
}

static bool read_flip(struct filter_parser *p, struct filter_step *step, const char *value, const char *place)
{
    enum flip flip;

    if (!flip_parse(value, &flip))
        return filter_fail(
            p, place,
            "'%s' is no flip; between two models a prediction is fixed, broken, changed (wrong "
            "otherwise), wrong (as before) or right (as before)",
            value);
    step->class = (int)flip;
    return true;
}

static bool read_similar(struct filter_parser *p, struct filter_step *step, const char *value,
                         const char *place)
{
    int64_t id;

    if (!str_to_int(value, 1, INT64_C(1) << 53, &id))
        return filter_fail(p, place, "'%s' is no sample's id; write similar:17", value);
    if (p->filter->similar && p->filter->similar != id)
        return filter_fail(p, place, "there is a similar:%lld already; keep one",
                           (long long)p->filter->similar);
    p->filter->similar = id;
    step->number = (double)id;
    return true;
}

/* What a kind allows between field and value, and how its value is read. */
static const struct {
    bool ordered, colon;
    bool (*read)(struct filter_parser *p, struct filter_step *step, const char *value, const char *place);
} kinds[] = {
    [KIND_SPLIT] = {false, true, read_split},     [KIND_CLASS] = {false, true, read_class},
    [KIND_SCORE] = {true, false, read_number},    [KIND_ISSUE] = {false, true, read_issue},
    [KIND_NUMBER] = {true, false, read_number},   [KIND_VOTES] = {true, false, read_number},
    [KIND_YES] = {false, true, read_yes},         [KIND_TAG] = {false, true, read_tag},
    [KIND_NAME] = {false, true, read_text},       [KIND_IN] = {false, true, read_in},
    [KIND_FLIP] = {false, true, read_flip},       [KIND_COPIES] = {false, true, read_copies},
    [KIND_SIMILAR] = {false, true, read_similar}, [KIND_FLAW] = {false, true, read_flaw},
};

static bool parse_sort(struct filter_parser *p, const char *start, const char *relation_place, bool colon)
{
    const char *place = p->at, *value;
    char word[WORD_MAX];
    struct filter *f = p->filter;

    if (!colon)
        return wrong_relation(p, FIELD_SORT, relation_place);
    if (p->depth > 0)
        return filter_fail(p, start, "sort: orders the whole list; move it out of 'not' and parentheses");
    if (f->sorted)
        return filter_fail(p, start, "there is a sort: already; keep one");
    if (!take_value(p, FIELD_SORT, &value))
        return false;
    f->sorted = true;
    // NOLINTNEXTLINE(clang-analyzer-core.NullDereference): take_value has set it
    f->descending = *value == '-';
    if (!copy_word(word, value + f->descending, strlen(value + f->descending)))
        word[0] = '\0';
    if (!field_parse(word, &f->sort, &f->sort_class) || !filter_fields[f->sort].sorts) {
        const struct filter_field_row *near = nearest_field(word, true);

        if (near)
            return filter_fail(p, place, "'%s' is nothing to sort by; did you mean 'sort:%s%s'?", value,
                               f->descending ? "-" : "", near->name);
        return filter_fail(
            p, place,
            "'%s' is nothing to sort by; there are id name split label crowd pred conf div ent suspect self "
            "margin kl mistaken hardness similar votes.CLASS beside former",
            value);
    }
    filter_note_comparing(p, &(struct filter_step){.field = f->sort}, start);
    return true;
}

bool filter_parse_term(struct filter_parser *p)
{
    const char *start = p->at, *relation_place, *value_place, *value;
    struct filter_step step = {.op = OP_TEST};
    bool colon;

    if (!take_field(p, &step.field, &step.class))
        return false;
    relation_place = p->at;
    if (!take_relation(p, step.field, start, &step.relation, &colon))
        return false;
    enum filter_kind kind = filter_fields[step.field].kind;

    if (kind == KIND_SORT)
        return parse_sort(p, start, relation_place, colon);
    bool equality = step.relation == IS_EQUAL || step.relation == IS_NOT_EQUAL;

    if ((!kinds[kind].ordered && !equality) || (colon && !kinds[kind].colon && step.field != FIELD_ID))
        return kinds[kind].ordered
                   ? filter_fail(p, start, "'%.*s' needs a comparison such as %s",
                                 (int)(relation_place - start), start, filter_fields[step.field].example)
                   : wrong_relation(p, step.field, relation_place);
    value_place = p->at;
    // NOLINTNEXTLINE(clang-analyzer-core.CallAndMessage): take_value has set it
    if (!take_value(p, step.field, &value) || !kinds[kind].read(p, &step, value, value_place))
        return false;
    filter_note_comparing(p, &step, start);
    p->bare = kind == KIND_NAME && *value_place != '"' ? value_place : NULL;
    p->bare_term = start;
    struct filter_step *added = filter_add_step(p, OP_TEST);

    if (added)
        *added = step;
    return added != NULL;
}
