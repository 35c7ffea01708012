/* Answers of a terminal, picked out of the bytes that come from it: control sequences and strings, whatever
 * stands between them (keys that were typed) kept apart. Works byte by byte, so reads may be split anywhere.
 */
#ifndef FERLAB_TERM_REPLY_H
#define FERLAB_TERM_REPLY_H

#include <stdbool.h>
#include <stddef.h>

enum { REPLY_BYTES = 128, REPLY_NUMBERS = 16 };

enum reply_kind {
    REPLY_NONE,     /* not complete yet */
    REPLY_KEY,      /* bytes[0..length) were typed */
    REPLY_SEQUENCE, /* CSI: prefix, numbers, middle and final are set */
    REPLY_STRING,   /* DCS, OSC, APC, PM, SOS: bytes hold its kind and content, cut at REPLY_BYTES */
};

struct reply {
    int state;
    char bytes[REPLY_BYTES];
    size_t length;                            /* of bytes */
    char prefix;                              /* one of <=>? or 0 */
    int numbers[REPLY_NUMBERS], number_count; /* -1: left out */
    char middle;                              /* intermediate byte such as $, or 0 */
    char final;
};

/* Takes one byte; start from {0}. A lone ESC is noticed when what follows it cannot follow. */
enum reply_kind reply_take(struct reply *r, unsigned char byte);

/* What is still open when no more will come, such as a lone ESC: as REPLY_KEY, else REPLY_NONE. */
enum reply_kind reply_end(struct reply *r);

#endif
