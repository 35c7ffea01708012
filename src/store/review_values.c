/* Checking what a reviewer wants to write, before it enters a log that never forgets. */
#include "review_values.h"
#include "ferlab/base/str.h"

#include <stdlib.h>
#include <string.h>

bool votes_from_text(const char *text, struct votes *out)
{
    char copy[VOTES_TEXT], *rest = copy;
    struct votes votes;

    if (strlen(text) >= sizeof copy)
        return false;
    strcpy(copy, text);
    for (int c = 0; c < CLASS_COUNT; c++) {
        const char *word = strsep(&rest, ",");
        int64_t count;

        if (!word || !str_to_int(word, 0, UINT8_MAX, &count))
            return false;
        votes.count[c] = (uint8_t)count;
    }
    if (rest)
        return false;
    *out = votes;
    return true;
}

bool review_tag_is_valid(const char *tag)
{
    size_t length = strlen(tag);

    return length >= 1 && length <= TAG_MAX &&
           strspn(tag, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") == length;
}

bool review_tag_of(const char *words, char out[TAG_SIZE])
{
    size_t length = 0;

    for (const char *p = words + strspn(words, " \t"); *p;) {
        size_t blanks = strspn(p, " \t");

        if (length == TAG_MAX)
            return false;
        if (!p[blanks])
            break;
        out[length++] = blanks > 0 ? '-' : *p;
        p += blanks > 0 ? blanks : 1;
    }
    out[length] = '\0';
    return review_tag_is_valid(out);
}

/* Length of the valid UTF-8 character at p, or 0 (RFC 3629: no overlong forms, no surrogates, none above
 * U+10FFFF). */
static int utf8_length(const unsigned char *p)
{
    if (p[0] < 0x80)
        return 1;
    int length = p[0] >= 0xc2 && p[0] <= 0xdf   ? 2
                 : (p[0] & 0xf0) == 0xe0        ? 3
                 : p[0] >= 0xf0 && p[0] <= 0xf4 ? 4
                                                : 0;

    for (int i = 1; i < length; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    }
    if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) || (p[0] == 0xf0 && p[1] < 0x90) ||
        (p[0] == 0xf4 && p[1] > 0x8f))
        return 0;
    return length;
}

static bool is_utf8(const char *text)
{
    for (const unsigned char *p = (const unsigned char *)text; *p;) {
        int length = utf8_length(p);

        if (length == 0)
            return false;
        p += length;
    }
    return true;
}

static bool has_control(const char *text)
{
    for (; *text; text++) {
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            return true;
    }
    return false;
}

static bool check_class(const struct review *r, const char *value, struct err *e)
{
    int class;

    return (class_parse(value, &class) && strcmp(value, class_name(class)) == 0) ||
           err_set(
               e, ERR_INPUT,
               "sample %lld: '%s' is no label; one of neutral happiness surprise sadness anger disgust fear "
               "contempt unknown nf",
               (long long)r->sample, value);
}

static bool check_accept(const struct review *r, const char *value, struct err *e)
{
    if (strcmp(value, class_name(CLASS_NONE)) == 0 || *value == '\0')
        return err_set(e, ERR_INPUT, "sample %lld: there is no label to accept; give it one",
                       (long long)r->sample);
    return check_class(r, value, e);
}

static bool check_votes(const struct review *r, const char *value, struct err *e)
{
    struct votes votes;

    if (votes_from_text(value, &votes) && votes_total(&votes) == 0)
        return err_set(e, ERR_INPUT, "sample %lld: ten counts of zero are no votes; give at least one",
                       (long long)r->sample);
    return votes_from_text(value, &votes) ||
           err_set(e, ERR_INPUT,
                   "sample %lld: '%s' are no votes; ten counts from 0 to 255 such as 4,0,0,1,3,2,0,0,0,0",
                   (long long)r->sample, value);
}

static bool check_text(const struct review *r, const char *value, struct err *e)
{
    if (strlen(value) > NOTE_MAX)
        return err_set(e, ERR_INPUT, "sample %lld: the text has %zu bytes; at most %d are kept",
                       (long long)r->sample, strlen(value), NOTE_MAX);
    return is_utf8(value) ||
           err_set(e, ERR_INPUT, "sample %lld: the text is not valid UTF-8; check the terminal's locale",
                   (long long)r->sample);
}

static bool check_line(const struct review *r, const char *value, struct err *e)
{
    if (has_control(value))
        return err_set(e, ERR_INPUT,
                       "the reason may hold no line breaks or control characters; give one line");
    return check_text(r, value, e);
}

static bool check_tag(const struct review *r, const char *value, struct err *e)
{
    char tag[TAG_SIZE];

    if (review_tag_is_valid(value))
        return true;
    if (review_tag_of(value, tag))
        return err_set(e, ERR_INPUT, "sample %lld: '%s' is no tag, for a tag is one word; write %s",
                       (long long)r->sample, value, tag);
    return err_set(e, ERR_INPUT,
                   "sample %lld: '%s' is no tag; up to %d letters, digits, dots, dashes and underscores",
                   (long long)r->sample, value, TAG_MAX);
}

static bool check_empty(const struct review *r, const char *value, struct err *e)
{
    return *value == '\0' || err_set(e, ERR_INPUT, "sample %lld: %s takes no value", (long long)r->sample,
                                     event_kind_name(r->kind));
}

static bool (*const checks[EVENT_KINDS])(const struct review *r, const char *value, struct err *e) = {
    [EVENT_RELABEL] = check_class, [EVENT_ACCEPT] = check_accept, [EVENT_VOTES] = check_votes,
    [EVENT_FLAG] = check_empty,    [EVENT_UNFLAG] = check_empty,  [EVENT_NOTE] = check_text,
    [EVENT_TAG] = check_tag,       [EVENT_UNTAG] = check_tag,     [EVENT_UNLOCK] = check_line,
};

bool review_check(const struct review *r, struct err *e)
{
    if ((unsigned)r->kind >= EVENT_KINDS || !checks[r->kind])
        return err_set(e, ERR_INPUT, "an event of this kind is not written by hand");
    return checks[r->kind](r, r->value ? r->value : "", e);
}

bool review_check_reviewer(const char *name, struct err *e)
{
    if (*name == '\0' || strlen(name) > REVIEWER_MAX || has_control(name) || !is_utf8(name))
        return err_set(e, ERR_INPUT,
                       "'%s' is no reviewer's name; set FERLAB_REVIEWER to one of 1 to %d bytes on one line",
                       name, REVIEWER_MAX);
    return true;
}
