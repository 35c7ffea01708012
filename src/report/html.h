/* HTML written element by element. Every element is closed by the writer, and every text from outside is
 * escaped by it, so that a page is well formed whatever a name or a note holds: also as XML, for readers that
 * take no other. */
#ifndef FERLAB_REPORT_HTML_H
#define FERLAB_REPORT_HTML_H

#include "ferlab/base/str.h"

enum { HTML_DEPTH = 32 };

struct html {
    struct str *page;
    const char *open[HTML_DEPTH]; /* the elements that are open, outermost first */
    int depth;
};

/* Attributes are a printf format, "class='n'", of the program's own words and of numbers only: they are not
 * escaped. Tags are static strings. */
void html_open(struct html *h, const char *tag);
void html_begin(struct html *h, const char *tag, const char *attributes, ...)
    __attribute__((format(printf, 3, 4)));
void html_close(struct html *h); /* the innermost */
void html_void(struct html *h, const char *tag, const char *attributes, ...)
    __attribute__((format(printf, 3, 4)));

/* Escaped text. Control characters and what is no UTF-8 become \xNN; line breaks stay. */
void html_text(struct html *h, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* An element with text in it. Its attributes are a plain string, "" for none. */
void html_put(struct html *h, const char *tag, const char *attributes, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* <img> of PNG bytes; `alternative` is escaped. */
void html_png(struct html *h, const void *png, size_t count, int side, const char *alternative);

#endif
