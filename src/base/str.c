/* Growing strings, escaping, strict numbers. */
#include "ferlab/base/str.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

static bool str_reserve(struct str *s, size_t more)
{
    if (s->failed)
        return false;
    if (more < s->capacity - s->length)
        return true;
    size_t capacity = s->capacity ? s->capacity : 64;
    while (capacity - s->length <= more) {
        if (capacity > SIZE_MAX / 2) {
            s->failed = true;
            return false;
        }
        capacity *= 2;
    }
    char *data = realloc(s->data, capacity);
    if (data == NULL) {
        s->failed = true;
        return false;
    }
    s->data = data;
    s->capacity = capacity;
    return true;
}

void str_append_bytes(struct str *s, const void *bytes, size_t count)
{
    if (!str_reserve(s, count))
        return;
    if (count > 0)
        memcpy(s->data + s->length, bytes, count);
    s->length += count;
    s->data[s->length] = '\0';
}

void str_append(struct str *s, const char *text)
{
    str_append_bytes(s, text, strlen(text));
}

void str_appendf(struct str *s, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    if (length >= 0 && str_reserve(s, (size_t)length)) {
        vsnprintf(s->data + s->length, (size_t)length + 1, format, again);
        s->length += (size_t)length;
    }
    va_end(again);
    va_end(arguments);
}

void str_append_base64(struct str *s, const void *bytes, size_t count)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const uint8_t *p = bytes;
    if (!str_reserve(s, (count + 2) / 3 * 4))
        return;
    for (; count > 0; p += 3) {
        size_t n = count < 3 ? count : 3;
        uint32_t group =
            (uint32_t)p[0] << 16 | (n > 1 ? (uint32_t)p[1] << 8 : 0) | (n > 2 ? (uint32_t)p[2] : 0);
        for (size_t i = 0; i < 4; i++)
            s->data[s->length++] = i <= n ? digits[group >> (18 - 6 * i) & 63] : '=';
        count -= n;
    }
    s->data[s->length] = '\0';
}

void str_append_shell(struct str *s, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-";
    if (word[0] != '\0' && word[strspn(word, plain)] == '\0') {
        str_append(s, word);
        return;
    }
    str_append(s, "'");
    for (const char *p = word; *p != '\0'; p++)
        str_append_bytes(s, *p == '\'' ? "'\\''" : p, *p == '\'' ? 4 : 1);
    str_append(s, "'");
}

void str_clear(struct str *s)
{
    s->length = 0;
    if (s->data != NULL)
        s->data[0] = '\0';
}

void str_free(struct str *s)
{
    free(s->data);
    *s = (struct str){0};
}

/* Length of the well-formed UTF-8 sequence at `in` (1-4), 0 where there is none (Unicode table 3-7). */
static size_t utf8_length(const unsigned char *in, uint32_t *code)
{
    if (in[0] < 0x80) {
        *code = in[0];
        return 1;
    }
    size_t length = in[0] >= 0xf0 ? 4 : in[0] >= 0xe0 ? 3 : 2;
    if (in[0] < 0xc2 || in[0] > 0xf4)
        return 0;
    uint32_t value = in[0] & (0x7fu >> length);
    for (size_t i = 1; i < length; i++) {
        if ((in[i] & 0xc0) != 0x80)
            return 0;
        value = value << 6 | (in[i] & 0x3f);
    }
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (value < least[length] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
        return 0;
    *code = value;
    return length;
}

/* Controls, and the bidirectional overrides that could reorder what a person reads. */
static bool is_unprintable(uint32_t code)
{
    return code < 0x20 || (code >= 0x7f && code < 0xa0) || (code >= 0x202a && code <= 0x202e) ||
           (code >= 0x2066 && code <= 0x2069) || code == 0x2028 || code == 0x2029;
}

char *str_escape(char *out, size_t size, const char *in)
{
    size_t used = 0;
    const unsigned char *p = (const unsigned char *)in;
    while (size > 0 && *p != '\0') {
        uint32_t code = 0;
        size_t length = utf8_length(p, &code);
        bool plain = length > 0 && !is_unprintable(code);
        size_t taken = length > 0 ? length : 1;
        size_t needed = plain ? taken : 4 * taken;
        if (used + needed >= size)
            break;
        for (size_t i = 0; i < taken; i++) {
            if (plain)
                out[used++] = (char)p[i];
            else
                used += (size_t)sprintf(out + used, "\\x%02x", p[i]);
        }
        p += taken;
    }
    if (size > 0)
        out[used] = '\0';
    return out;
}

int str_columns(const char *utf8)
{
    int columns = 0;
    mbstate_t state = {0};
    wchar_t wide;
    while (*utf8 != '\0') {
        size_t length = mbrtowc(&wide, utf8, MB_LEN_MAX, &state);
        if (length == (size_t)-1 || length == (size_t)-2) {
            state = (mbstate_t){0};
            length = 1;
            columns++;
        } else {
            int width = wcwidth(wide);
            columns += width > 0 ? width : 0;
        }
        utf8 += length;
    }
    return columns;
}

const char *str_plural(int64_t count)
{
    return count == 1 ? "" : "s";
}

bool str_to_int(const char *s, int64_t min, int64_t max, int64_t *out)
{
    if (*s != '-' && (*s < '0' || *s > '9'))
        return false;
    char *end;
    errno = 0;
    long long value = strtoll(s, &end, 10);
    if (errno != 0 || end == s || *end != '\0' || value < min || value > max)
        return false;
    *out = value;
    return true;
}

bool str_to_double(const char *s, double min, double max, double *out)
{
    if (strchr("-.0123456789", *s) == NULL || *s == '\0' || s[strspn(s, "-+.0123456789eE")] != '\0')
        return false;
    char *end;
    double value = strtod(s, &end);
    if (end == s || *end != '\0' || !isfinite(value) || value < min || value > max)
        return false;
    *out = value;
    return true;
}
