/* HTML, element by element. */
#include "html.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

__attribute__((format(printf, 2, 0))) static void append_formatted(struct str *s, const char *format,
                                                                   va_list arguments)
{
    char small[512], *text = small;
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(small, sizeof small, format, arguments);
    if (length >= (int)sizeof small) {
        text = malloc((size_t)length + 1);
        if (text != NULL)
            vsnprintf(text, (size_t)length + 1, format, again);
    }
    va_end(again);
    if (length < 0 || text == NULL)
        s->failed = true;
    else
        str_append_bytes(s, text, (size_t)length);
    if (text != small)
        free(text);
}

/* A line begins before every element but those that stand in a line of text, where a break is a space. */
static bool stands_in_text(const char *tag)
{
    static const char *const tags[] = {"a", "b",    "code",   "data", "em",
                                       "s", "span", "strong", "time", "title"};
    for (size_t i = 0; i < sizeof tags / sizeof *tags; i++)
        if (strcmp(tags[i], tag) == 0)
            return true;
    return false;
}

__attribute__((format(printf, 3, 0))) static void begin_tag(struct html *h, const char *tag,
                                                            const char *attributes, va_list arguments)
{
    str_appendf(h->page, "%s<%s ", stands_in_text(tag) ? "" : "\n", tag);
    append_formatted(h->page, attributes, arguments);
    if (h->page->length > 0 && h->page->data[h->page->length - 1] == ' ')
        h->page->data[--h->page->length] = '\0';
}

static void push(struct html *h, const char *tag)
{
    if (h->depth == HTML_DEPTH)
        h->page->failed = true;
    else
        h->open[h->depth++] = tag;
}

void html_open(struct html *h, const char *tag)
{
    html_begin(h, tag, "%s", "");
}

void html_begin(struct html *h, const char *tag, const char *attributes, ...)
{
    va_list arguments;
    va_start(arguments, attributes);
    begin_tag(h, tag, attributes, arguments);
    va_end(arguments);
    str_append(h->page, ">");
    push(h, tag);
}

void html_close(struct html *h)
{
    if (h->depth > 0)
        str_appendf(h->page, "</%s>", h->open[--h->depth]);
}

void html_void(struct html *h, const char *tag, const char *attributes, ...)
{
    va_list arguments;
    va_start(arguments, attributes);
    begin_tag(h, tag, attributes, arguments);
    va_end(arguments);
    str_append(h->page, "/>");
}

/* --- text --- */

/* XML has no place for U+FFFE and U+FFFF, which are valid UTF-8. */
static bool is_noncharacter(const char *p)
{
    return strncmp(p, "\xef\xbf\xbe", 3) == 0 || strncmp(p, "\xef\xbf\xbf", 3) == 0;
}

static void append_escaped(struct str *s, const char *text)
{
    for (const char *p = text; *p != '\0'; p++) {
        switch (*p) {
        case '&':
            str_append(s, "&amp;");
            break;
        case '<':
            str_append(s, "&lt;");
            break;
        case '>':
            str_append(s, "&gt;");
            break;
        case '"':
            str_append(s, "&quot;");
            break;
        case '\'':
            str_append(s, "&#39;");
            break;
        default:
            if (is_noncharacter(p)) {
                str_append(s, "\ufffd");
                p += 2;
            } else {
                str_append_bytes(s, p, 1);
            }
        }
    }
}

/* Line by line, for str_escape would show their ends as \x0a. */
static void append_text(struct str *s, const char *text)
{
    size_t most = 4 * strlen(text) + 1;
    char *line = malloc(most), *clean = malloc(most);
    s->failed |= line == NULL || clean == NULL;
    for (const char *p = text; !s->failed && *p != '\0';) {
        size_t length = strcspn(p, "\n");
        snprintf(line, most, "%.*s", (int)length, p);
        append_escaped(s, str_escape(clean, most, line));
        p += length;
        if (*p == '\n')
            str_append_bytes(s, p++, 1);
    }
    free(line);
    free(clean);
}

__attribute__((format(printf, 2, 0))) static void append_text_formatted(struct str *s, const char *format,
                                                                        va_list arguments)
{
    struct str text = {0};
    append_formatted(&text, format, arguments);
    s->failed |= text.failed;
    if (text.data != NULL)
        append_text(s, text.data);
    str_free(&text);
}

void html_text(struct html *h, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    append_text_formatted(h->page, format, arguments);
    va_end(arguments);
}

void html_put(struct html *h, const char *tag, const char *attributes, const char *format, ...)
{
    va_list arguments;
    html_begin(h, tag, "%s", attributes);
    va_start(arguments, format);
    append_text_formatted(h->page, format, arguments);
    va_end(arguments);
    html_close(h);
}

void html_png(struct html *h, const void *png, size_t count, int side, const char *alternative)
{
    str_appendf(h->page, "<img width='%d' height='%d' alt='", side, side);
    append_text(h->page, alternative);
    str_append(h->page, "' src='data:image/png;base64,");
    str_append_base64(h->page, png, count);
    str_append(h->page, "'/>");
}
