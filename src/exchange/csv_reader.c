/* CSV rows over libcsv. */
#include "csv_reader.h"

#include <csv.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BLOCK = 64 << 10, GROWTH = 16 << 10 };

struct csv_splitter {
    struct csv_parser parser;
    struct str text; /* the fields of the row at hand, each with its NUL */
    size_t start[CSV_FIELDS];
    size_t count;
    int64_t line, row_line; /* the line being fed; where the row at hand began */
    struct csv_row last;    /* of csv_split */
    csv_row_fn fn;
    void *context;
    struct err *e;
    bool begun; /* the row at hand has text already */
    bool stopped;
};

static void on_field(void *bytes, size_t length, void *context)
{
    struct csv_splitter *s = context;
    if (s->count < CSV_FIELDS) {
        s->start[s->count] = s->text.length;
        str_append_bytes(&s->text, bytes, length);
        for (size_t i = s->start[s->count]; !s->text.failed && i < s->text.length; i++)
            if (s->text.data[i] == '\0')
                s->text.data[i] = '\x1a';
        str_append_bytes(&s->text, "", 1);
    }
    s->count++;
}

static void on_row(int terminator, void *context)
{
    struct csv_splitter *s = context;
    (void)terminator;
    struct csv_row row = {.line = s->row_line, .count = s->count};
    for (size_t i = 0; i < CSV_FIELDS && i < s->count && !s->text.failed; i++)
        row.field[i] = s->text.data + s->start[i];
    if (s->text.failed)
        s->stopped = true;
    else if (s->fn && !s->stopped)
        s->stopped = !s->fn(s->context, &row, s->e);
    s->last = row;
    s->count = 0;
    s->begun = false;
    if (s->fn)
        str_clear(&s->text);
}

static bool start_parser(struct csv_splitter *s)
{
    bool fine = csv_init(&s->parser, 0) == 0;
    csv_set_blk_size(&s->parser, GROWTH);
    return fine;
}

/* The last row. False when the text ends inside quotes: libcsv tells only with its strict rules on, which
 * would stop it at the first odd quote anywhere. */
static bool end_text(struct csv_splitter *s)
{
    csv_set_opts(&s->parser, CSV_STRICT | CSV_STRICT_FINI);
    bool fine = csv_fini(&s->parser, on_field, on_row, s) == 0;
    csv_free(&s->parser);
    return start_parser(s) && fine;
}

struct csv_splitter *csv_splitter_new(void)
{
    struct csv_splitter *s = calloc(1, sizeof *s);
    if (s && !start_parser(s)) {
        free(s);
        return NULL;
    }
    return s;
}

void csv_splitter_free(struct csv_splitter *s)
{
    if (!s)
        return;
    csv_free(&s->parser);
    str_free(&s->text);
    free(s);
}

static bool is_blank(const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!strchr(" \t\r\n", bytes[i]) || bytes[i] == '\0')
            return false;
    return true;
}

/* A row without quotes, line breaks and NULs is split at its commas, as libcsv would, but ten times as fast.
 */
static bool is_plain(const char *line, size_t length)
{
    return !memchr(line, '"', length) && !memchr(line, '\r', length) && !memchr(line, '\n', length) &&
           !memchr(line, '\0', length);
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t';
}

static bool split_plain(struct csv_splitter *s, const char *line, size_t length, struct csv_row *row)
{
    str_append_bytes(&s->text, line, length);
    *row = (struct csv_row){0};
    if (s->text.failed || is_blank(line, length))
        return false;
    for (char *p = s->text.data; p;) {
        char *comma = strchr(p, ','), *end = comma ? comma : s->text.data + length;
        while (is_space(*p))
            p++;
        while (end > p && is_space(end[-1]))
            end--;
        *end = '\0';
        if (row->count < CSV_FIELDS)
            row->field[row->count] = p;
        row->count++;
        p = comma ? comma + 1 : NULL;
    }
    return true;
}

bool csv_split(struct csv_splitter *s, const char *line, size_t length, struct csv_row *row)
{
    str_clear(&s->text);
    if (is_plain(line, length))
        return split_plain(s, line, length, row);
    s->count = 0;
    s->last = (struct csv_row){0};
    size_t taken = csv_parse(&s->parser, line, length, on_field, on_row, s);
    bool ended = end_text(s);
    *row = s->last;
    return taken == length && ended && !s->stopped && row->count > 0;
}

/* Feeds one line, or a piece of one. */
static bool feed(struct csv_splitter *s, const char *path, const char *bytes, size_t length)
{
    if (!s->begun) {
        s->row_line = s->line;
        s->begun = !is_blank(bytes, length);
    }
    if (csv_parse(&s->parser, bytes, length, on_field, on_row, s) != length)
        return err_set(s->e, ERR_INPUT, "%s:%lld: %s", path, (long long)s->line,
                       csv_strerror(csv_error(&s->parser)));
    if (s->text.failed)
        return err_memory(s->e, "reading CSV");
    if (csv_get_buffer_size(&s->parser) > CSV_FIELD_MAX)
        return err_set(s->e, ERR_INPUT,
                       "%s:%lld: a field longer than %d bytes; see whether a quote is missing", path,
                       (long long)s->row_line, CSV_FIELD_MAX);
    return !s->stopped;
}

static bool feed_block(struct csv_splitter *s, const char *path, const char *block, size_t length)
{
    const char *end = block + length;
    while (block < end) {
        const char *newline = memchr(block, '\n', (size_t)(end - block));
        const char *next = newline ? newline + 1 : end;
        if (!feed(s, path, block, (size_t)(next - block)))
            return false;
        s->line += newline != NULL;
        block = next;
    }
    return true;
}

static bool read_all(struct csv_splitter *s, const char *path, int fd)
{
    char *block = malloc(BLOCK);
    if (!block)
        return err_memory(s->e, "reading CSV");
    bool fine = true, first = true;
    for (ssize_t n; fine && (n = read(fd, block, BLOCK)) != 0; first = false) {
        if (n < 0) {
            fine = err_errno(s->e, path, "read", "see that it is a readable file");
            break;
        }
        size_t mark = first && n >= 3 && memcmp(block, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
        fine = feed_block(s, path, block + mark, (size_t)n - mark);
    }
    free(block);
    return fine;
}

bool csv_read(const char *path, csv_row_fn fn, void *context, struct err *e)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_errno(e, path, "open", "see that the path is right");
    struct csv_splitter *s = csv_splitter_new();
    if (!s) {
        close(fd);
        return err_memory(e, "reading CSV");
    }
    s->line = 1;
    s->fn = fn;
    s->context = context;
    s->e = e;
    bool fine = read_all(s, path, fd);
    if (fine && !end_text(s)) {
        struct csv_row unended = {.line = s->row_line};
        fine = fn(context, &unended, e);
    }
    fine = fine && !s->stopped;
    csv_splitter_free(s);
    close(fd);
    return fine;
}
