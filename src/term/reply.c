/* Cutting a terminal's answers out of its input. */
#include "reply.h"

#include <string.h>

enum { STATE_GROUND, STATE_ESCAPE, STATE_SEQUENCE, STATE_STRING, STATE_STRING_ESCAPE };

enum { ESC = 0x1b, BEL = 0x07, NUMBER_MAX = 1000000 };

static void keep(struct reply *r, unsigned char byte)
{
    if (r->length < REPLY_BYTES - 1)
        r->bytes[r->length++] = (char)byte;
    r->bytes[r->length] = '\0';
}

static void restart(struct reply *r, int state)
{
    *r = (struct reply){.state = state};
}

/* "CSI ? 1 ; 2 $ y" apart: what stands in bytes after "ESC [". */
static void take_apart(struct reply *r)
{
    const char *p = r->bytes + 2, *end = r->bytes + r->length - 1;
    r->final = *end;
    if (p < end && *p >= '<' && *p <= '?')
        r->prefix = *p++;
    int number = -1;
    for (; p < end; p++) {
        if (*p >= '0' && *p <= '9') {
            number = (number < 0 ? 0 : number) * 10 + (*p - '0');
            if (number > NUMBER_MAX)
                number = NUMBER_MAX;
        } else if ((*p == ';' || *p == ':') && r->number_count < REPLY_NUMBERS) {
            r->numbers[r->number_count++] = number;
            number = -1;
        } else {
            r->middle = *p;
        }
    }
    if (r->number_count < REPLY_NUMBERS)
        r->numbers[r->number_count++] = number;
}

static enum reply_kind take_ground(struct reply *r, unsigned char byte)
{
    restart(r, byte == ESC ? STATE_ESCAPE : STATE_GROUND);
    keep(r, byte);
    return byte == ESC ? REPLY_NONE : REPLY_KEY;
}

static enum reply_kind take_escape(struct reply *r, unsigned char byte)
{
    if (byte == ESC) { /* the first one was a key of its own */
        r->state = STATE_ESCAPE;
        return REPLY_KEY;
    }
    keep(r, byte);
    if (byte == '[') {
        r->state = STATE_SEQUENCE;
        return REPLY_NONE;
    }
    if (strchr("P]_^X", byte) && byte) {
        r->state = STATE_STRING;
        r->length = 0;
        keep(r, byte);
        return REPLY_NONE;
    }
    r->state = STATE_GROUND; /* Alt and a key, or SS3 */
    return REPLY_KEY;
}

static enum reply_kind take_sequence(struct reply *r, unsigned char byte)
{
    if (byte == ESC) { /* broken off */
        restart(r, STATE_ESCAPE);
        keep(r, byte);
        return REPLY_NONE;
    }
    keep(r, byte);
    if (byte < 0x20 || byte > 0x7e || r->length >= REPLY_BYTES - 1) {
        restart(r, STATE_GROUND);
        return REPLY_NONE;
    }
    if (byte < 0x40)
        return REPLY_NONE;
    r->state = STATE_GROUND;
    take_apart(r);
    return REPLY_SEQUENCE;
}

static enum reply_kind take_string(struct reply *r, unsigned char byte)
{
    bool escaped = r->state == STATE_STRING_ESCAPE;
    if (byte == BEL || (escaped && byte == '\\')) {
        r->state = STATE_GROUND;
        return REPLY_STRING;
    }
    if (escaped) { /* not a terminator: the string was broken off by another sequence */
        restart(r, STATE_ESCAPE);
        keep(r, ESC);
        return take_escape(r, byte);
    }
    if (byte == ESC)
        r->state = STATE_STRING_ESCAPE;
    else
        keep(r, byte);
    return REPLY_NONE;
}

enum reply_kind reply_take(struct reply *r, unsigned char byte)
{
    switch (r->state) {
    case STATE_ESCAPE:
        return take_escape(r, byte);
    case STATE_SEQUENCE:
        return take_sequence(r, byte);
    case STATE_STRING:
    case STATE_STRING_ESCAPE:
        return take_string(r, byte);
    default:
        return take_ground(r, byte);
    }
}

enum reply_kind reply_end(struct reply *r)
{
    bool lone = r->state == STATE_ESCAPE;
    r->state = STATE_GROUND;
    return lone ? REPLY_KEY : REPLY_NONE;
}
