/* The plan of an import: what the readers of the formats found, before any pixel is read. Rows name where
 * their pixels come from; decoding and inserting them is import.c's. */
#ifndef FERLAB_EXCHANGE_IMPORT_PLAN_H
#define FERLAB_EXCHANGE_IMPORT_PLAN_H

#include "ferlab/exchange/import.h"
#include "ferlab/face/image.h"
#include "ferlab/face/votes.h"
#include "ferlab/store/workspace.h"

#include "csv_reader.h"

struct import_source;
struct import_row;

/* What a thread keeps between rows. */
struct import_scratch {
    uint8_t *bytes;
    size_t capacity;
    struct csv_splitter *splitter;
};

/* The pixels of one row; any thread may call it. *e says what is wrong with the row. */
typedef bool (*import_pixels_fn)(const struct import_source *source, const struct import_row *row,
                                 struct import_scratch *scratch, uint8_t pixels[FACE_PIXELS], struct err *e);

struct import_source {
    import_pixels_fn pixels;
    int fd;                          /* of the folder or file; closed with the plan */
    const char *place;               /* its path, beginning with the one given */
    int pixels_column, usage_column; /* of fer2013.csv, from 0 */
    size_t columns;
};

struct import_row {
    const char *name; /* the sample's */
    const char *file; /* the image's, within the source's folder */
    int64_t line;     /* of its CSV row, 0 where there is none */
    int64_t offset;   /* of its text in fer2013.csv */
    uint32_t length;
    uint32_t source; /* index */
    int32_t box[4];
    uint8_t split;
    struct votes votes;
};

struct import_plan {
    struct import_result *result; /* its arena owns all strings */
    struct import_source *sources;
    size_t source_count, source_capacity;
    struct import_row *rows;
    size_t row_count, row_capacity;
    size_t rejection_capacity;
    bool labels_used; /* the label file of the request was read */
};

void import_plan_free(struct import_plan *p);

bool import_plan_source(struct import_plan *p, const struct import_source *s, uint32_t *index, struct err *e);
bool import_plan_row(struct import_plan *p, const struct import_row *r, struct err *e);
bool import_plan_reject(struct import_plan *p, const char *file, int64_t line, struct err *e,
                        const char *format, ...) __attribute__((format(printf, 5, 6)));
const char *import_plan_text(struct import_plan *p, const char *text, struct err *e);

/* Readers of formats. *found: whether the path holds that format at all. */
bool import_read_ferplus(struct import_plan *p, const char *path, bool *found, struct err *e);
bool import_read_classes(struct import_plan *p, const char *path, bool *found, struct err *e);
bool import_read_fer2013(struct import_plan *p, const char *path, const char *labels, struct err *e);

/* The whole import of photographs, *result of the plan filled as far as it went. */
bool import_photographs(struct import_plan *p, const struct import_request *request, struct err *e);

/* The workspace of a request: a new one under a temporary name where there is none yet. */
bool import_open_target(struct workspace **ws, const char *path, bool *created, struct err *e);

/* Ten counts, which may only be all zero where nobody need have voted; on failure *why says what is wrong. */
bool import_parse_votes(const char *const fields[CLASS_COUNT], bool may_lack, struct votes *votes,
                        struct err *why);

/* Pixels from an image file in the source's folder. */
bool import_image_pixels(const struct import_source *source, const struct import_row *row,
                         struct import_scratch *scratch, uint8_t pixels[FACE_PIXELS], struct err *e);
bool import_scratch_reserve(struct import_scratch *s, size_t size, struct err *e);

#endif
