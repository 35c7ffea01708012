/* A filter as parsed: a list of steps over one truth value, which filter_parse.c writes and filter_eval.c
 * runs.
 *
 * A test sets the truth; `and`, `or` are jumps over the right side when the left has decided; `not` turns the
 * truth round. So evaluation needs neither a stack nor recursion, however the expression is nested. */
#ifndef FERLAB_STORE_FILTER_CODE_H
#define FERLAB_STORE_FILTER_CODE_H

#include "ferlab/base/arena.h"
#include "ferlab/store/filter.h"
#include "ferlab/store/scores.h"

enum filter_kind {
    KIND_SPLIT,
    KIND_CLASS,  /* label, crowd, pred, beside, former */
    KIND_SCORE,  /* conf, div, ent, suspect and more of scores.h */
    KIND_NUMBER, /* id */
    KIND_VOTES,  /* votes.CLASS: a number too */
    KIND_YES,    /* flag, reviewed, contested, note, voted */
    KIND_ISSUE,
    KIND_COPIES, /* dup */
    KIND_FLAW,
    KIND_TAG,
    KIND_NAME, /* name, source, reviewer */
    KIND_IN,
    KIND_FLIP,
    KIND_SIMILAR,
    KIND_SORT,
};

enum filter_field {
    FIELD_SPLIT,
    FIELD_LABEL,
    FIELD_CROWD,
    FIELD_PRED,
    FIELD_CONF,
    FIELD_DIV,
    FIELD_ENT,
    FIELD_SUSPECT,
    FIELD_SELF,
    FIELD_MARGIN,
    FIELD_KL,
    FIELD_MISTAKEN,
    FIELD_HARDNESS,
    FIELD_ISSUE,
    FIELD_DUP,
    FIELD_VOTES,
    FIELD_ID,
    FIELD_FLAG,
    FIELD_REVIEWED,
    FIELD_CONTESTED,
    FIELD_NOTE,
    FIELD_VOTED,
    FIELD_TAG,
    FIELD_REVIEWER,
    FIELD_NAME,
    FIELD_SOURCE,
    FIELD_FLAW,
    FIELD_IN,
    FIELD_BESIDE,
    FIELD_FORMER,
    FIELD_FLIP,
    FIELD_SIMILAR,
    FIELD_SORT,
    FIELD_COUNT
};

struct filter_field_row {
    const char *name;
    enum filter_kind kind;
    const char *example; /* "conf>0.8" */
    bool sorts;
};

extern const struct filter_field_row filter_fields[FIELD_COUNT];
extern const enum sample_score filter_field_scores[FIELD_COUNT]; /* of those that are a KIND_SCORE */

enum filter_relation { IS_EQUAL, IS_NOT_EQUAL, IS_LESS, IS_AT_MOST, IS_MORE, IS_AT_LEAST };

enum filter_in { IN_TRAIN, IN_MAP };

enum filter_op { OP_TEST, OP_NOT, OP_JUMP_IF_FALSE, OP_JUMP_IF_TRUE };

/* What dup: asks for. */
enum filter_copies { COPIES_ANY, COPIES_DISAGREE, COPIES_LEAK, COPIES_OF };

struct filter_step {
    enum filter_op op;
    uint32_t target; /* of jumps: the step to go on with */
    enum filter_field field;
    enum filter_relation relation;
    bool against_field; /* compare with the class field `other` */
    enum filter_field other;
    int class; /* emotion, vote column, split, flip, flaws, enum filter_copies, enum filter_in, or CLASS_NONE
                */
    double number;
    const char *text;
};

struct filter {
    struct filter_step *steps;
    size_t count, capacity;
    bool sorted, descending;
    enum filter_field sort;
    int sort_class;  /* of votes.CLASS */
    int compares_at; /* the column, from 1, of the first term that needs a model beside; 0: none does */
    int64_t similar; /* the sample of similar:ID; 0: there is no such term */
    struct arena texts;
};

#endif
