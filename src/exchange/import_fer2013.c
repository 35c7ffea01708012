/* Kaggle's fer2013.csv (emotion,pixels,Usage) with the votes of Microsoft's fer2013new.csv: the same rows in
 * the same order.
 *
 * fer2013.csv holds one row a line and 300 MB; its lines are found in one sweep and their pixels parsed
 * later, in parallel. */
#include "import_plan.h"
#include "sample_name.h"

#include "ferlab/base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { BLOCK = 1 << 20, LINE_MAX_BYTES = 64 << 10, LABEL_FIELDS = 2 + CLASS_COUNT };

static const struct usage {
    const char *word;
    enum split split;
} usages[] = {{"Training", SPLIT_TRAIN}, {"PublicTest", SPLIT_VALID}, {"PrivateTest", SPLIT_TEST}};

static bool parse_usage(const char *word, uint8_t *split)
{
    for (size_t i = 0; i < sizeof usages / sizeof *usages; i++)
        if (strcmp(usages[i].word, word) == 0) {
            *split = (uint8_t)usages[i].split;
            return true;
        }
    return false;
}

/* The label file */

enum label_state { LABEL_GOOD, LABEL_NAMELESS, LABEL_BAD };

struct label {
    struct import_row row;
    enum label_state state;
};

struct labels {
    struct import_plan *plan;
    const char *path, *file; /* file: as rejections call it */
    struct label *rows;
    size_t count, capacity;
    bool headed;
};

static bool check_label_header(const struct labels *l, const struct csv_row *row, struct err *e)
{
    bool right = row->count == LABEL_FIELDS && strcasecmp(row->field[0], "Usage") == 0 &&
                 strcasecmp(row->field[1], "Image name") == 0;
    for (int c = 0; right && c < CLASS_COUNT; c++)
        right = strcasecmp(row->field[2 + c], class_name(c)) == 0;
    return right ||
           err_set(e, ERR_INPUT,
                   "%s:%lld: not the header of fer2013new.csv (Usage,Image name,neutral,…,unknown,NF); "
                   "give Microsoft's label file with --labels",
                   l->path, (long long)row->line);
}

static bool check_label(const struct csv_row *row, struct import_row *out, struct err *why)
{
    if (row->count == 0)
        return err_set(why, ERR_INPUT, "the file ends inside quotes");
    if (row->count != LABEL_FIELDS)
        return err_set(why, ERR_INPUT, "%zu fields where Usage, a name and ten counts should be", row->count);
    if (!parse_usage(row->field[0], &out->split))
        return err_set(why, ERR_INPUT, "Usage '%.40s' is not Training, PublicTest or PrivateTest",
                       row->field[0]);
    return sample_name_check(row->field[1], why) &&
           import_parse_votes(row->field + 2, false, &out->votes, why);
}

static bool take_label(void *context, const struct csv_row *row, struct err *e)
{
    struct labels *l = context;
    if (!l->headed) {
        l->headed = true;
        return check_label_header(l, row, e);
    }
    if (l->count == l->capacity) {
        size_t capacity = l->capacity ? 2 * l->capacity : 1024;
        void *grown = reallocarray(l->rows, capacity, sizeof *l->rows);
        if (!grown)
            return err_memory(e, "reading labels");
        l->rows = grown;
        l->capacity = capacity;
    }
    struct label *out = &l->rows[l->count++];
    *out = (struct label){.row = {.box = {0, 0, FACE_SIZE, FACE_SIZE}, .line = row->line}};
    if (row->count == LABEL_FIELDS && !*row->field[1]) {
        out->state = LABEL_NAMELESS;
        l->plan->result->skipped++;
        return true;
    }
    struct err why;
    if (!check_label(row, &out->row, &why)) {
        out->state = LABEL_BAD;
        return import_plan_reject(l->plan, l->file, row->line, e, "%s", why.text);
    }
    out->row.name = out->row.file = import_plan_text(l->plan, row->field[1], e);
    return out->row.name != NULL;
}

static int by_name(const void *a, const void *b)
{
    const struct import_row *x = &(*(struct label *const *)a)->row, *y = &(*(struct label *const *)b)->row;
    int order = x->split != y->split ? x->split - y->split : strcmp(x->file, y->file);
    return order ? order : (x->line > y->line) - (x->line < y->line);
}

/* fer0006953.png as fer0006953-2.png */
static const char *numbered(struct arena *arena, const char *name, size_t number)
{
    const char *dot = strrchr(name, '.');
    int stem = dot && dot != name ? (int)(dot - name) : (int)strlen(name);
    return arena_printf(arena, "%.*s-%zu%s", stem, name, number, name + stem);
}

/* FER+ gives four names twice, to different rows of fer2013.csv. Each row is a sample: from the second on,
 * numbered. */
static bool part_names(struct labels *l, struct err *e)
{
    struct label **named = malloc((l->count + 1) * sizeof(struct label *));
    if (!named)
        return err_memory(e, "reading labels");
    size_t count = 0, number = 1;
    for (size_t i = 0; i < l->count; i++)
        if (l->rows[i].state == LABEL_GOOD)
            named[count++] = &l->rows[i];
    qsort(named, count, sizeof *named, by_name);
    bool fine = true;
    for (size_t i = 1; i < count && fine; i++) {
        const struct import_row *before = &named[i - 1]->row;
        struct import_row *row = &named[i]->row;
        number = row->split == before->split && strcmp(row->file, before->file) == 0 ? number + 1 : 1;
        if (number > 1)
            row->name = numbered(&l->plan->result->arena, row->file, number);
        fine = row->name || err_memory(e, "reading labels");
    }
    free(named);
    return fine;
}

/* The lines of fer2013.csv */

struct lines {
    struct import_plan *plan;
    const struct labels *labels;
    const char *path;
    struct import_source source;
    uint32_t index;
    size_t rows;         /* met so far, the header not counted */
    int64_t line, start; /* the line being read, and where it begins */
    struct csv_splitter *splitter;
};

static bool check_header(struct lines *l, size_t length, struct err *e)
{
    char text[256];
    struct csv_row row;
    ssize_t n = pread(l->source.fd, text, length < sizeof text ? length : sizeof text, l->start);
    size_t mark = n >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    l->source.pixels_column = l->source.usage_column = -1;
    if (n > 0 && csv_split(l->splitter, text + mark, (size_t)n - mark, &row))
        for (size_t i = 0; i < row.count && i < CSV_FIELDS; i++) {
            if (strcasecmp(row.field[i], "pixels") == 0)
                l->source.pixels_column = (int)i;
            else if (strcasecmp(row.field[i], "Usage") == 0)
                l->source.usage_column = (int)i;
        }
    if (l->source.pixels_column < 0 || l->source.usage_column < 0)
        return err_set(e, ERR_INPUT,
                       "%s:1: not the header of fer2013.csv (emotion,pixels,Usage); give Kaggle's file",
                       l->path);
    l->source.columns = row.count;
    return import_plan_source(l->plan, &l->source, &l->index, e);
}

/* One line, length bytes from l->start. The first is the header; blank ones do not count. */
static bool take_line(struct lines *l, size_t length, bool *headed, struct err *e)
{
    if (length == 0)
        return true;
    if (!*headed) {
        *headed = true;
        return check_header(l, length, e);
    }
    size_t i = l->rows++;
    if (i >= l->labels->count || l->labels->rows[i].state != LABEL_GOOD)
        return true;
    if (length > LINE_MAX_BYTES)
        return import_plan_reject(l->plan, l->source.place, l->line, e, "the line is longer than %d bytes",
                                  LINE_MAX_BYTES);
    struct import_row row = l->labels->rows[i].row;
    row.source = l->index;
    row.line = l->line;
    row.offset = l->start;
    row.length = (uint32_t)length;
    return import_plan_row(l->plan, &row, e);
}

static bool sweep(struct lines *l, char *block, bool *headed, struct err *e)
{
    int64_t at = 0; /* of the block in the file */
    char last = '\n';
    for (ssize_t n; (n = read(l->source.fd, block, BLOCK)) != 0; at += n) {
        if (n < 0)
            return err_errno(e, l->path, "read", "see that it is a readable file");
        const char *p = block, *end = block + n;
        for (const char *newline; (newline = memchr(p, '\n', (size_t)(end - p))); p = newline + 1) {
            int64_t stop = at + (newline - block);
            bool carriage = (newline > block ? newline[-1] : last) == '\r' && stop > l->start;
            if (!take_line(l, (size_t)(stop - l->start - carriage), headed, e))
                return false;
            l->start = stop + 1;
            l->line++;
        }
        last = end[-1];
    }
    return take_line(l, (size_t)(at - l->start), headed, e);
}

static bool read_lines(struct lines *l, struct err *e)
{
    bool headed = false;
    char *block = malloc(BLOCK);
    l->splitter = csv_splitter_new();
    bool fine = block && l->splitter ? sweep(l, block, &headed, e) : err_memory(e, "reading fer2013.csv");
    csv_splitter_free(l->splitter);
    free(block);
    if (fine && !headed)
        return err_set(e, ERR_INPUT, "%s: the file is empty; give Kaggle's fer2013.csv", l->path);
    if (fine && l->rows != l->labels->count)
        return err_set(e, ERR_INPUT,
                       "%s: %zu rows, but %zu in %s; the two files must be of one release, row for row",
                       l->path, l->rows, l->labels->count, l->labels->path);
    return fine;
}

/* Pixels of a row */

static bool parse_pixels(const char *text, uint8_t pixels[FACE_PIXELS], struct err *e)
{
    const char *p = text;
    size_t count = 0;
    for (;;) {
        while (*p == ' ')
            p++;
        if (!*p)
            break;
        unsigned value = 0;
        const char *start = p;
        while (*p >= '0' && *p <= '9' && p - start < 4)
            value = value * 10 + (unsigned)(*p++ - '0');
        if (p == start || value > 255 || (*p && *p != ' '))
            return err_set(e, ERR_INPUT, "pixel %zu, '%.12s', is not a number from 0 to 255", count + 1,
                           start);
        if (count < FACE_PIXELS)
            pixels[count] = (uint8_t)value;
        count++;
    }
    if (count != FACE_PIXELS)
        return err_set(e, ERR_INPUT, "%zu pixels where %d should be", count, FACE_PIXELS);
    return true;
}

static bool csv_pixels(const struct import_source *source, const struct import_row *row,
                       struct import_scratch *scratch, uint8_t pixels[FACE_PIXELS], struct err *e)
{
    if (!scratch->splitter)
        scratch->splitter = csv_splitter_new();
    if (!scratch->splitter)
        return err_memory(e, "reading fer2013.csv");
    if (!import_scratch_reserve(scratch, LINE_MAX_BYTES, e))
        return false;
    ssize_t n = pread(source->fd, scratch->bytes, row->length, row->offset);
    if (n != (ssize_t)row->length)
        return err_set(e, ERR_IO, "the row cannot be read: %s",
                       n < 0 ? strerror(errno) : "the file became shorter");
    struct csv_row fields;
    if (!csv_split(scratch->splitter, (const char *)scratch->bytes, row->length, &fields))
        return err_set(e, ERR_INPUT, "the row is not valid CSV");
    if (fields.count != source->columns)
        return err_set(e, ERR_INPUT, "%zu fields where the header has %zu", fields.count, source->columns);
    uint8_t split;
    const char *usage = fields.field[source->usage_column];
    if (!parse_usage(usage, &split) || split != row->split)
        return err_set(e, ERR_INPUT, "Usage '%.40s' does not agree with the label file", usage);
    return parse_pixels(fields.field[source->pixels_column], pixels, e);
}

static bool read_both(struct lines *l, struct labels *labels, struct err *e)
{
    if (!csv_read(labels->path, take_label, labels, e))
        return false;
    if (!labels->headed)
        return err_set(e, ERR_INPUT, "%s: the file is empty; give Microsoft's fer2013new.csv", labels->path);
    if (!part_names(labels, e))
        return false;
    int fd = open(l->path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_errno(e, l->path, "open", "see that the path is right");
    l->source = (struct import_source){
        .pixels = csv_pixels, .fd = fd, .place = import_plan_text(l->plan, l->path, e)};
    bool fine = l->source.place && read_lines(l, e);
    if (l->plan->source_count == 0 || l->plan->sources[l->plan->source_count - 1].fd != fd)
        close(fd); /* the plan has not taken it over */
    return fine;
}

bool import_read_fer2013(struct import_plan *p, const char *path, const char *labels, struct err *e)
{
    struct labels table = {.plan = p, .path = labels, .file = import_plan_text(p, labels, e)};
    struct lines lines = {.plan = p, .labels = &table, .path = path, .line = 1};
    bool fine = table.file && read_both(&lines, &table, e);
    free(table.rows);
    return fine;
}
