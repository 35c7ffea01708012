/* Strings: a growing buffer, escaping for terminals, strict number parsing. */
#ifndef FERLAB_BASE_STR_H
#define FERLAB_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A growing byte string, always NUL-terminated once something was appended; start from {0}.
 * When memory runs out the append is dropped and `failed` stays set. */
struct str {
    char *data;
    size_t length, capacity;
    bool failed;
};

void str_append(struct str *s, const char *text);
void str_append_bytes(struct str *s, const void *bytes, size_t count);
void str_appendf(struct str *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
void str_append_base64(struct str *s, const void *bytes, size_t count); /* RFC 4648, with padding */
void str_append_shell(struct str *s,
                      const char *word); /* as one word of a POSIX shell, quoted where it must be */
void str_clear(struct str *s);           /* empties it, keeps the memory */
void str_free(struct str *s);

/* Copies `in` to out[size] so that a terminal may be sent it: C0 and C1 controls, DEL and bytes that are not
 * valid UTF-8 become \xNN. Cuts at a whole character. Returns out. */
char *str_escape(char *out, size_t size, const char *in);

/* The number of terminal columns `utf8` takes (wcwidth; needs a UTF-8 locale for more than ASCII). */
int str_columns(const char *utf8);

/* What stands behind a noun that is counted: "" of one, else "s". */
const char *str_plural(int64_t count);

/* Whole-string decimal numbers within [min, max]; no leading space, no rest. False leaves *out alone. */
bool str_to_int(const char *s, int64_t min, int64_t max, int64_t *out);
bool str_to_double(const char *s, double min, double max, double *out);

#endif
