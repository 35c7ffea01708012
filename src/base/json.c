/* JSON output over jansson. */
#include "ferlab/base/json.h"

#include "ferlab/base/str.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Bytes that are not valid UTF-8 each become U+FFFD. jansson itself says what is valid. */
static json_t *text_repaired(const char *s)
{
    struct str repaired = {0};
    str_append(&repaired, "");
    while (*s != '\0') {
        size_t length = (unsigned char)*s < 0x80 ? 1 : 0;
        for (size_t n = 2; length == 0 && n <= 4 && strnlen(s, n) == n; n++) {
            json_t *probe = json_stringn(s, n);
            if (probe != NULL)
                length = n;
            json_decref(probe);
        }
        if (length > 0)
            str_append_bytes(&repaired, s, length);
        else
            str_append(&repaired, "\xef\xbf\xbd");
        s += length > 0 ? length : 1;
    }
    json_t *result = repaired.failed ? NULL : json_string(repaired.data);
    str_free(&repaired);
    return result;
}

json_t *json_text(const char *s)
{
    json_t *result = json_string(s);
    return result != NULL ? result : text_repaired(s);
}

json_t *json_number(double x)
{
    return isfinite(x) ? json_real(x) : json_null();
}

enum { FLAGS = JSON_COMPACT | JSON_REAL_PRECISION(7) | JSON_ENCODE_ANY };

bool json_print(FILE *out, json_t *document)
{
    bool fine = document != NULL && json_dumpf(document, out, JSON_INDENT(2) | JSON_REAL_PRECISION(9)) == 0;
    json_decref(document);
    return fputc('\n', out) != EOF && fflush(out) == 0 && fine;
}

void json_stream_begin(struct json_stream *s, FILE *out)
{
    *s = (struct json_stream){.out = out};
    fputc('[', out);
}

void json_stream_add(struct json_stream *s, json_t *element)
{
    fputs(s->any ? ",\n" : "\n", s->out);
    s->any = true;
    json_dumpf(element, s->out, FLAGS);
    json_decref(element);
}

bool json_stream_end(struct json_stream *s)
{
    fputs(s->any ? "\n]\n" : "]\n", s->out);
    return fflush(s->out) == 0 && !ferror(s->out);
}
