/* CSV rows over libcsv, with the number of the line each row begins on. CRLF, a byte order mark and quoted
 * line breaks are taken as they come. */
#ifndef FERLAB_EXCHANGE_CSV_READER_H
#define FERLAB_EXCHANGE_CSV_READER_H

#include "ferlab/base/err.h"
#include "ferlab/base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CSV_FIELDS = 16,         /* of a row, those kept; `count` counts all */
    CSV_FIELD_MAX = 4 << 20, /* bytes; a longer field means a missing quote */
};

struct csv_row {
    int64_t line; /* where it begins, from 1 */
    size_t count; /* 0: the file ended inside quotes */
    const char
        *field[CSV_FIELDS]; /* NUL-terminated; a NUL in the file became \x1a, which no field may hold */
};

/* Called for each row; blank lines are none. False stops the reading with *e set. */
typedef bool (*csv_row_fn)(void *context, const struct csv_row *row, struct err *e);

bool csv_read(const char *path, csv_row_fn fn, void *context, struct err *e);

/* One row from memory, for files read line by line in parallel. The fields live in the splitter until its
 * next use. */
struct csv_splitter;
struct csv_splitter *csv_splitter_new(void);
void csv_splitter_free(struct csv_splitter *s);
bool csv_split(struct csv_splitter *s, const char *line, size_t length, struct csv_row *row);

#endif
