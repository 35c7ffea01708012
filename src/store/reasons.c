/* Why a label is suspected, and who decided otherwise, in words. */
#include "ferlab/store/reasons.h"
#include "columns_own.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct sentence {
    char *text;
    size_t used;
};

/* What does not fit is cut. */
static void say(struct sentence *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(struct sentence *s, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(s->text + s->used, REASONS_SIZE - s->used, format, arguments);
    va_end(arguments);
    s->used += strlen(s->text + s->used);
}

/* What stands before a part: nothing before the first. */
static const char *between(const struct sentence *s)
{
    return s->used > 0 ? "; " : "";
}

static void say_model(struct sentence *out, const struct columns *c, size_t row)
{
    int prediction = c->prediction[row];

    if (prediction == CLASS_NONE)
        return;
    say(out, "model %.2f %s %s sample", (double)c->confidence[row], class_title(prediction),
        c->in_sample[row] ? "in" : "out of");
    if (c->issue[row] != CLASS_NONE)
        say(out, ", label issue: %s", class_title(c->issue[row]));
}

/* The most frequent first, the first of equals. */
static void say_votes(struct sentence *out, const struct votes *votes)
{
    enum { MOST = 3 };
    int said = 0;

    for (int n = UINT8_MAX; n > 0 && said < MOST; n--) {
        for (int k = 0; k < CLASS_COUNT && said < MOST; k++) {
            if (votes->count[k] == n) {
                say(out, "%s%s%d %s", said > 0 ? " " : between(out), said > 0 ? "" : "votes ", n,
                    class_title(k));
                said++;
            }
        }
    }
}

/* How many of the copies have which label. */
static void say_copies(struct sentence *out, const struct columns *c, size_t row)
{
    int labelled[CLASS_COUNT + 1] = {0}; /* the last: none */

    for (size_t copy = c->next_copy[row]; copy != row; copy = c->next_copy[copy])
        labelled[c->label[copy] == CLASS_NONE ? CLASS_COUNT : c->label[copy]]++;
    for (int k = 0; k <= CLASS_COUNT; k++) {
        if (labelled[k] > 0)
            say(out, "%s%d near-duplicate%s labelled %s", between(out), labelled[k],
                labelled[k] > 1 ? "s" : "", class_title(k < CLASS_COUNT ? k : CLASS_NONE));
    }
    if (c->leaks[row])
        say(out, ", not all in one split");
}

char *sample_reasons(const struct columns *c, size_t row, char out[REASONS_SIZE])
{
    struct sentence sentence = {.text = out};

    out[0] = '\0';
    say_model(&sentence, c, row);
    say_votes(&sentence, columns_votes(c, row));
    say_copies(&sentence, c, row);
    return out;
}

char *sample_contest(const struct columns *c, size_t row, char out[REASONS_SIZE])
{
    struct sentence sentence = {.text = out};

    out[0] = '\0';
    if (!c->contested[row])
        return out;
    for (const struct opinion *o = c->own->opinions[row]; o; o = o->next)
        say(&sentence, "%s%s: %s", sentence.used > 0 ? ", " : "", o->reviewer, class_title(o->label));
    say(&sentence, "; the latest counts");
    return out;
}
