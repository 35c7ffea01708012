/* Parsing filters: recursive descent over `or`, `and`, `not` and parentheses, straight into steps. */
#include "filter_parser.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { DEPTH_MAX = 64 };

const char filter_help[] =
    "split:train label:fear crowd:none pred:anger  train valid test none; an emotion, unknown, nf, none\n"
    "                                              (a prediction is an emotion or none)\n"
    "conf>0.8 div>=0.2 ent<1 suspect>0.5 id:17     numbers, with < <= > >= = !=\n"
    "self<0.1 margin<0.2 kl>2 mistaken>0.9         what the prediction says against the label\n"
    "hardness>1.5                                  how unsure the prediction is\n"
    "issue:yes issue:fear                          labels that confident learning takes for wrong; for that\n"
    "dup:yes dup:disagree dup:leak                 has near-duplicates; labelled otherwise; in other splits\n"
    "dup:17                                        the near-duplicates of id 17, and itself\n"
    "votes.happiness>=6 voted:no                   how many voted so; nobody has voted\n"
    "pred!=label pred=crowd label!=crowd           pred!=label: only where the label is an emotion\n"
    "flag:yes reviewed:no note:yes                 yes or no\n"
    "contested:yes                                 reviewers decided differently; the latest counts\n"
    "reviewer:ana                                  decided by that reviewer, whoever decided later\n"
    "source:*party.jpg flaw:small                  found in that picture; small dark blurred, yes no\n"
    "tag:NAME name:fer001* in:train                in:train: the model was trained on it\n"
    "flip:fixed beside:fear former!=label          beside a second model: fixed broken changed wrong right;\n"
    "                                              what it predicts; the label it learnt from\n"
    "in:map                                        selected on the map of the workbench\n"
    "similar:17                                    the 200 faces most alike to that of id 17, nearest first\n"
    "and or not ( )                                a space is `and`; values with spaces: name:\"a b*\"\n"
    "sort:-suspect                                 id name split label crowd pred similar votes.CLASS, or a "
    "number above\n";

static int column_of(const char *text, const char *place)
{
    int column = 1;

    for (; text < place; text++)
        column += ((unsigned char)*text & 0xc0) != 0x80;
    return column;
}

bool filter_fail(const struct filter_parser *p, const char *place, const char *format, ...)
{
    char sentence[512];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(sentence, sizeof sentence, format, arguments);
    va_end(arguments);
    return err_set(p->e, ERR_USAGE, "filter:%d: %s", column_of(p->text, place), sentence);
}

static bool field_compares(enum filter_field field)
{
    return field == FIELD_BESIDE || field == FIELD_FORMER || field == FIELD_FLIP;
}

void filter_note_comparing(struct filter_parser *p, const struct filter_step *step, const char *place)
{
    bool compares = field_compares(step->field) || (step->against_field && field_compares(step->other));

    if (compares && p->filter->compares_at == 0)
        p->filter->compares_at = column_of(p->text, place);
}

bool filter_check(const struct filter *f, const struct columns *c, struct err *e)
{
    return f->compares_at == 0 || c->beside ||
           err_set(e, ERR_USAGE,
                   "filter:%d: this compares with a second model, and none stands beside %s; press b in the "
                   "workbench, or say --beside MODEL",
                   f->compares_at, c->model ? c->model_name : "the samples");
}

void filter_skip_space(struct filter_parser *p)
{
    while (isspace((unsigned char)*p->at))
        p->at++;
}

bool filter_ends_word(char c)
{
    return c == '\0' || isspace((unsigned char)c) || c == '(' || c == ')';
}

bool filter_at_keyword(const char *at, const char *word)
{
    size_t length = strlen(word);

    return strncasecmp(at, word, length) == 0 && filter_ends_word(at[length]);
}

static bool take_keyword(struct filter_parser *p, const char *word)
{
    if (!filter_at_keyword(p->at, word))
        return false;
    p->at += strlen(word);
    filter_skip_space(p);
    return true;
}

struct filter_step *filter_add_step(struct filter_parser *p, enum filter_op op)
{
    struct filter *f = p->filter;

    if (f->count == f->capacity) {
        size_t capacity = f->capacity ? f->capacity * 2 : 8;
        struct filter_step *steps = realloc(f->steps, capacity * sizeof *steps);

        if (!steps) {
            err_memory(p->e, "parsing the filter");
            return NULL;
        }
        f->steps = steps;
        f->capacity = capacity;
    }
    struct filter_step *step = &f->steps[f->count++];

    *step = (struct filter_step){.op = op};
    return step;
}

static bool parse_or(struct filter_parser *p);

static bool deeper(struct filter_parser *p, const char *place)
{
    return ++p->depth <= DEPTH_MAX ||
           filter_fail(p, place, "this is nested more than %d deep; simplify the filter", DEPTH_MAX);
}

static bool parse_group(struct filter_parser *p)
{
    const char *open = p->at++;

    if (!deeper(p, open))
        return false;
    filter_skip_space(p);
    if (*p->at == ')')
        return filter_fail(p, open, "these parentheses are empty; put a term between them");
    if (*p->at == '\0')
        return filter_fail(p, open, "this '(' is never closed; add a ')'");
    if (!parse_or(p))
        return false;
    if (*p->at != ')')
        return filter_fail(p, open, "this '(' is never closed; add a ')'");
    p->at++;
    p->depth--;
    return true;
}

/* Something that gives a truth, or fails naming what it should have followed. */
static bool parse_operand(struct filter_parser *p, const char *after)
{
    if (*p->at == '\0' || *p->at == ')' || filter_at_keyword(p->at, "and") || filter_at_keyword(p->at, "or"))
        return filter_fail(p, p->at,
                           "a term is missing %s; terms look like split:valid, pred!=label, conf>0.8", after);
    if (*p->at == '(')
        return parse_group(p);
    const char *place = p->at;

    if (take_keyword(p, "not")) {
        if (!deeper(p, place) || !parse_operand(p, "after 'not'"))
            return false;
        p->depth--;
        return filter_add_step(p, OP_NOT) != NULL;
    }
    return filter_parse_term(p);
}

/* Operands joined by `and` or spaces. One that adds no step is sort:, which is no condition. */
static bool parse_and(struct filter_parser *p, const char *after)
{
    size_t start = p->filter->count, condition = start;

    for (;;) {
        size_t jump = p->filter->count;

        if (condition > start && !filter_add_step(p, OP_JUMP_IF_FALSE))
            return false;
        size_t before = p->filter->count;

        if (!parse_operand(p, after))
            return false;
        if (p->filter->count == before)
            p->filter->count = jump;
        condition = p->filter->count;
        filter_skip_space(p);
        if (take_keyword(p, "and"))
            after = "after 'and'";
        else if (*p->at == '\0' || *p->at == ')' || filter_at_keyword(p->at, "or"))
            break;
    }
    for (size_t i = start; i < condition; i++) {
        struct filter_step *step = &p->filter->steps[i];

        if (step->op == OP_JUMP_IF_FALSE && step->target == 0)
            step->target = (uint32_t)condition;
    }
    return true;
}

static bool parse_or(struct filter_parser *p)
{
    size_t start = p->filter->count;

    if (!parse_and(p, "here"))
        return false;
    while (take_keyword(p, "or")) {
        size_t jump = p->filter->count;

        if (jump > start && !filter_add_step(p, OP_JUMP_IF_TRUE))
            return false;
        size_t before = p->filter->count;

        if (!parse_and(p, "after 'or'"))
            return false;
        if (p->filter->count == before)
            p->filter->count = jump;
    }
    for (size_t i = start; i < p->filter->count; i++) {
        struct filter_step *step = &p->filter->steps[i];

        if (step->op == OP_JUMP_IF_TRUE && step->target == 0)
            step->target = (uint32_t)p->filter->count;
    }
    return true;
}

static bool parse_all(struct filter_parser *p)
{
    filter_skip_space(p);
    if (*p->at == '\0')
        return true;
    if (!parse_or(p))
        return false;
    return *p->at == '\0' || filter_fail(p, p->at, "this ')' closes nothing; remove it");
}

bool filter_parse(const char *text, struct filter **out, struct err *e)
{
    struct filter *f = calloc(1, sizeof *f);

    *out = NULL;
    if (!f)
        return err_memory(e, "parsing the filter");
    struct filter_parser parser = {.text = text, .at = text, .filter = f, .e = e};

    if (!parse_all(&parser)) {
        filter_free(f);
        return false;
    }
    if (f->similar && !f->sorted) {
        f->sorted = f->descending = true;
        f->sort = FIELD_SIMILAR;
    }
    *out = f;
    return true;
}

int64_t filter_similar(const struct filter *f)
{
    return f->similar;
}

void filter_free(struct filter *f)
{
    if (!f)
        return;
    free(f->steps);
    arena_free(&f->texts);
    free(f);
}
