/* JSON output, over jansson: documents and arrays written row by row, so that a list of a million samples
 * needs memory for one. */
#ifndef FERLAB_BASE_JSON_H
#define FERLAB_BASE_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/* A JSON string of any bytes: what is not valid UTF-8 is replaced by U+FFFD. New reference. */
json_t *json_text(const char *s);

/* A number, or null where it is NaN or infinite (JSON has neither). New reference. */
json_t *json_number(double x);

/* One document and a newline on `out`; takes over the reference. False on a write error. */
bool json_print(FILE *out, json_t *document);

/* An array of which each element is printed, and released, as it comes. */
struct json_stream {
    FILE *out;
    bool any;
};
void json_stream_begin(struct json_stream *s, FILE *out);
void json_stream_add(struct json_stream *s, json_t *element); /* takes over the reference */
bool json_stream_end(struct json_stream *s);

#endif
