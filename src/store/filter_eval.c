/* Running filters over columns, and ordering what they pick. */
#include "filter_code.h"

#include "ferlab/face/flip.h"
#include "ferlab/store/beside.h"

#include <fnmatch.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The number a field has for a row; NaN where it has none. */
static double number_of(const struct columns *c, size_t row, enum filter_field field, int class)
{
    switch (filter_fields[field].kind) {
    case KIND_SCORE:
        return (double)sample_score(c, row, filter_field_scores[field]);
    case KIND_NUMBER:
        return (double)c->id[row];
    case KIND_SIMILAR:
        return (double)c->similarity[row];
    case KIND_VOTES:
        return columns_voted(c, row) ? c->votes[row].count[class] : NAN;
    default:
        return NAN;
    }
}

static int class_of(const struct columns *c, size_t row, enum filter_field field)
{
    switch (field) {
    case FIELD_LABEL:
        return c->label[row];
    case FIELD_CROWD:
        return c->crowd[row];
    case FIELD_BESIDE:
        return c->beside ? c->beside->prediction[row] : CLASS_NONE;
    case FIELD_FORMER:
        return c->beside ? c->beside->former[row] : CLASS_NONE;
    default:
        return c->prediction[row];
    }
}

static bool is_prediction(enum filter_field field)
{
    return field == FIELD_PRED || field == FIELD_BESIDE;
}

static bool compare_numbers(double value, enum filter_relation relation, double other)
{
    switch (relation) {
    case IS_EQUAL:
        return value == other;
    case IS_NOT_EQUAL:
        return value < other || value > other;
    case IS_LESS:
        return value < other;
    case IS_AT_MOST:
        return value <= other;
    case IS_MORE:
        return value > other;
    case IS_AT_LEAST:
        return value >= other;
    }
    return false;
}

/* Two class fields. A prediction is compared with emotions only: where the other side is none, unknown or not
 * a face, neither pred= nor pred!= holds. Nor does crowd= or crowd!= where nobody has voted. */
static bool compare_fields(const struct columns *c, size_t row, const struct filter_step *s)
{
    int left = class_of(c, row, s->field), right = class_of(c, row, s->other);
    bool predicts = is_prediction(s->field) || is_prediction(s->other);

    if ((s->field == FIELD_CROWD || s->other == FIELD_CROWD) && !columns_voted(c, row))
        return false;
    if (predicts && (left < 0 || left >= EMOTION_COUNT || right < 0 || right >= EMOTION_COUNT))
        return false;
    return (left == right) == (s->relation == IS_EQUAL);
}

static bool compare_class(const struct columns *c, size_t row, const struct filter_step *s)
{
    if (s->against_field)
        return compare_fields(c, row, s);
    int class = class_of(c, row, s->field);

    if (is_prediction(s->field) && class == CLASS_NONE && s->class != CLASS_NONE)
        return false;
    return (class == s->class) == (s->relation == IS_EQUAL);
}

/* Neither issue:yes nor issue:no where no model that has not seen the sample speaks of its label. */
static bool compare_issue(const struct columns *c, size_t row, const struct filter_step *s)
{
    if (isnan(c->suspect[row]))
        return false;
    bool found = s->class == CLASS_NONE ? c->issue[row] != CLASS_NONE : c->issue[row] == s->class;

    return found == (s->relation == IS_EQUAL);
}

/* Flips are of the labels in force. */
static bool compare_flip(const struct columns *c, size_t row, const struct filter_step *s)
{
    int label = c->label[row];
    enum flip flip =
        c->beside ? flip_of(label, c->beside->prediction[row], label, c->prediction[row]) : FLIP_NONE;

    return flip != FLIP_NONE && ((int)flip == s->class) == (s->relation == IS_EQUAL);
}

/* Whether the row is of one group of near-duplicates with that sample. */
static bool is_copy_of(const struct columns *c, size_t row, double id)
{
    size_t copy = row;

    do {
        if ((double)c->id[copy] == id)
            return true;
        copy = c->next_copy[copy];
    } while (copy != row);
    return false;
}

/* While groups are not known of all samples, none is known to have no copy. */
static bool compare_copies(const struct columns *c, size_t row, const struct filter_step *s)
{
    bool has = c->next_copy[row] != row;
    bool found = s->class == COPIES_ANY        ? has
                 : s->class == COPIES_DISAGREE ? c->disagreement[row] > 0
                 : s->class == COPIES_LEAK     ? c->leaks[row]
                                               : has && is_copy_of(c, row, s->number);

    return (has || c->copies_known) && found == (s->relation == IS_EQUAL);
}

static bool test(const struct columns *c, size_t row, const struct filter_step *s)
{
    bool found;

    switch (s->field) {
    case FIELD_SPLIT:
        found = c->split[row] == s->class;
        break;
    case FIELD_FLAG:
        found = c->flagged[row];
        break;
    case FIELD_REVIEWED:
        found = c->reviewed[row];
        break;
    case FIELD_CONTESTED:
        found = c->contested[row];
        break;
    case FIELD_NOTE:
        found = c->note[row] != NULL;
        break;
    case FIELD_VOTED:
        found = columns_voted(c, row);
        break;
    case FIELD_TAG:
        found = columns_has_tag(c, row, s->text);
        break;
    case FIELD_REVIEWER:
        found = columns_decided_by(c, row, s->text, NULL);
        break;
    case FIELD_NAME:
        found = fnmatch(s->text, c->name[row], 0) == 0;
        break;
    case FIELD_SOURCE:
        found = c->source[row] && fnmatch(s->text, c->source[row], 0) == 0;
        break;
    case FIELD_FLAW:
        found = c->flaws[row] & s->class;
        break;
    case FIELD_IN:
        found = s->class == IN_MAP ? c->selected[row] : c->in_sample[row];
        break;
    case FIELD_DUP:
        return compare_copies(c, row, s);
    case FIELD_ISSUE:
        return compare_issue(c, row, s);
    case FIELD_FLIP:
        return compare_flip(c, row, s);
    case FIELD_SIMILAR:
        found = (double)c->similar_to == s->number && !isnan(c->similarity[row]);
        break;
    default:
        if (filter_fields[s->field].kind == KIND_CLASS)
            return compare_class(c, row, s);
        return compare_numbers(number_of(c, row, s->field, s->class), s->relation, s->number);
    }
    return found == (s->relation == IS_EQUAL);
}

bool filter_matches(const struct filter *f, const struct columns *c, size_t row)
{
    bool truth = true;

    for (size_t i = 0; i < f->count; i++) {
        const struct filter_step *s = &f->steps[i];

        switch (s->op) {
        case OP_TEST:
            truth = test(c, row, s);
            break;
        case OP_NOT:
            truth = !truth;
            break;
        case OP_JUMP_IF_FALSE:
            if (!truth)
                i = s->target - 1;
            break;
        case OP_JUMP_IF_TRUE:
            if (truth)
                i = s->target - 1;
            break;
        }
    }
    return truth;
}

bool filter_asks_copies(const struct filter *f)
{
    for (size_t i = 0; i < f->count; i++) {
        if (f->steps[i].op == OP_TEST && f->steps[i].field == FIELD_DUP)
            return true;
    }
    return false;
}

/* Or of a second model, which may not be at hand yet. */
static bool speaks_of_predictions(const struct filter_step *s)
{
    switch (s->field) {
    case FIELD_PRED:
    case FIELD_ISSUE:
    case FIELD_FLIP:
    case FIELD_BESIDE:
    case FIELD_FORMER:
    case FIELD_SIMILAR: /* the model's pass that predicts finds what is similar too */
        return true;
    case FIELD_IN:
        return s->class == IN_TRAIN;
    default:
        if (filter_fields[s->field].kind == KIND_SCORE)
            return s->field != FIELD_ENT;
        return s->against_field && (is_prediction(s->other) || s->other == FIELD_FORMER);
    }
}

bool filter_asks_predictions(const struct filter *f)
{
    for (size_t i = 0; i < f->count; i++)
        if (f->steps[i].op == OP_TEST && speaks_of_predictions(&f->steps[i]))
            return true;
    return false;
}

static bool names_samples(const struct filter_step *s)
{
    switch (s->field) {
    case FIELD_TAG:
    case FIELD_NAME:
    case FIELD_SOURCE:
    case FIELD_ID:
    case FIELD_SIMILAR:
        return true;
    case FIELD_DUP:
        return s->class == COPIES_OF;
    case FIELD_IN:
        return s->class == IN_MAP;
    case FIELD_SPLIT:
        return s->class != SPLIT_VALID;
    default:
        return false;
    }
}

bool filter_names_samples(const struct filter *f)
{
    bool named = false;

    for (size_t i = 0; i < f->count; i++) {
        const struct filter_step *s = &f->steps[i];

        if (s->op != OP_TEST)
            continue;
        named |= names_samples(s);
        if (speaks_of_predictions(s) && s->field != FIELD_SIMILAR)
            return false;
    }
    return named;
}

/* Which truths a row can arrive with at each step: jumps only lead forward, so one walk finds them. */
bool filter_possible(const struct filter *f, const struct columns *c, bool *possible, struct err *e)
{
    enum { NO = 1, YES = 2 };
    uint8_t *truths = malloc(f->count + 1);

    if (!truths)
        return err_memory(e, "filtering samples");
    for (size_t row = 0; row < c->count; row++) {
        memset(truths, 0, f->count + 1);
        truths[0] = YES;
        for (size_t i = 0; i < f->count; i++) {
            const struct filter_step *s = &f->steps[i];
            unsigned no = truths[i] & NO, yes = truths[i] & YES;

            switch (s->op) {
            case OP_TEST:
                if (no || yes)
                    truths[i + 1] |= speaks_of_predictions(s) ? NO | YES : test(c, row, s) ? YES : NO;
                break;
            case OP_NOT:
                truths[i + 1] |= (no ? YES : 0) | (yes ? NO : 0);
                break;
            case OP_JUMP_IF_FALSE:
                truths[s->target] |= no;
                truths[i + 1] |= yes;
                break;
            case OP_JUMP_IF_TRUE:
                truths[s->target] |= yes;
                truths[i + 1] |= no;
                break;
            }
        }
        possible[row] = truths[f->count] & YES;
    }
    free(truths);
    return true;
}

/* Sorting: each row becomes key << 32 | row with a key that ascends as the rows shall, UINT32_MAX where the
 * value is missing; a radix sort by the key then keeps equal rows in id order. */

static uint32_t directed(uint32_t key, bool descending)
{
    return descending ? UINT32_MAX - 1 - key : key;
}

/* Floats in an order that unsigned comparison keeps: the sign bit flipped, negative ones reversed. */
static uint32_t float_key(float value)
{
    uint32_t bits;

    value += 0.0F; /* -0 as 0 */
    memcpy(&bits, &value, sizeof bits);
    return bits & 0x80000000U ? ~bits : bits | 0x80000000U;
}

/* Samples without a suspect score, among themselves: those that the model is least sure of first. */
static uint32_t tail_key(const struct filter *f, const struct columns *c, uint32_t row)
{
    (void)f;
    return isnan(c->confidence[row]) ? UINT32_MAX : float_key(c->confidence[row]);
}

static uint32_t sort_key(const struct filter *f, const struct columns *c, uint32_t row)
{
    if (f->sort == FIELD_ID)
        return directed(row, f->descending);
    if (f->sort == FIELD_SPLIT)
        return directed(c->split[row], f->descending);
    if (filter_fields[f->sort].kind == KIND_CLASS) {
        int class = class_of(c, row, f->sort);

        return class == CLASS_NONE ? UINT32_MAX : directed((uint32_t) class, f->descending);
    }
    double value = number_of(c, row, f->sort, f->sort_class);

    return isnan(value) ? UINT32_MAX : directed(float_key((float)value), f->descending);
}

static void radix_sort(uint64_t *items, uint64_t *other, size_t count)
{
    enum { DIGIT_BITS = 11, DIGITS = 3, BUCKETS = 1 << DIGIT_BITS };

    for (int digit = 0; digit < DIGITS; digit++) {
        int shift = 32 + digit * DIGIT_BITS;
        size_t starts[BUCKETS] = {0}, start = 0;

        for (size_t i = 0; i < count; i++)
            starts[items[i] >> shift & (BUCKETS - 1)]++;
        for (int b = 0; b < BUCKETS; b++) {
            size_t size = starts[b];

            starts[b] = start;
            start += size;
        }
        for (size_t i = 0; i < count; i++)
            other[starts[items[i] >> shift & (BUCKETS - 1)]++] = items[i];
        uint64_t *swapped = items;

        items = other;
        other = swapped;
    }
}

typedef uint32_t sort_key_of(const struct filter *f, const struct columns *c, uint32_t row);

/* Returns how many rows have a key. */
static size_t sort_by(sort_key_of *key, const struct filter *f, const struct columns *c, uint32_t *rows,
                      size_t count)
{
    uint64_t *items = malloc(2 * count * sizeof *items);
    size_t keyed = 0;

    if (!items)
        return count; /* without memory the rows stay in id order */
    uint64_t *other = items + count;
    for (size_t i = 0; i < count; i++) {
        uint32_t k = key(f, c, rows[i]);

        keyed += k != UINT32_MAX;
        items[i] = (uint64_t)k << 32 | rows[i];
    }
    radix_sort(items, other, count);
    /* An odd number of passes ends in the other half. */
    for (size_t i = 0; i < count; i++)
        rows[i] = (uint32_t)other[i];
    free(items);
    return keyed;
}

static void sort_by_key(const struct filter *f, const struct columns *c, uint32_t *rows, size_t count)
{
    size_t keyed = sort_by(sort_key, f, c, rows, count);

    if (f->sort == FIELD_SUSPECT && count - keyed > 1)
        sort_by(tail_key, f, c, rows + keyed, count - keyed);
}

struct name_order {
    const char **names;
    bool descending;
};

static int compare_names(const void *a, const void *b, void *context)
{
    const struct name_order *order = context;
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    int by_name = strcmp(order->names[left], order->names[right]);

    if (by_name != 0)
        return order->descending ? -by_name : by_name;
    return (left > right) - (left < right);
}

size_t filter_apply(const struct filter *f, const struct columns *c, uint32_t *rows)
{
    size_t count = 0;

    for (size_t row = 0; row < c->count; row++) {
        if (filter_matches(f, c, row))
            rows[count++] = (uint32_t)row;
    }
    if (f->sorted && f->sort == FIELD_NAME)
        qsort_r(rows, count, sizeof *rows, compare_names,
                &(struct name_order){.names = c->name, .descending = f->descending});
    else if (f->sorted && count > 1)
        sort_by_key(f, c, rows, count);
    return count;
}
