/* The state of parsing a filter, shared by filter_parse.c (the expression) and filter_term.c (single terms).
 */
#ifndef FERLAB_STORE_FILTER_PARSER_H
#define FERLAB_STORE_FILTER_PARSER_H

#include "filter_code.h"

struct filter_parser {
    const char *text, *at; /* the whole filter, and what is not parsed yet */
    struct filter *filter;
    struct err *e;
    int depth;             /* of `not` and parentheses */
    const char *bare;      /* the text without quotes that is the latest term's value, else NULL */
    const char *bare_term; /* where that term begins */
};

/* "filter:COLUMN: …", the column of `place` counted in characters from 1. Returns false. */
bool filter_fail(const struct filter_parser *p, const char *place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

void filter_skip_space(struct filter_parser *p);
bool filter_ends_word(char c);
/* The keyword, in any case, as a whole word. */
bool filter_at_keyword(const char *at, const char *word);

struct filter_step *filter_add_step(struct filter_parser *p, enum filter_op op);

/* Remembers the first term, which begins at `place`, that speaks of a second model. */
void filter_note_comparing(struct filter_parser *p, const struct filter_step *step, const char *place);

/* One FIELD RELATION VALUE, appended as a test; sort:, which appends nothing, sets the order. */
bool filter_parse_term(struct filter_parser *p);

#endif
