/* The plan of an import: growing it, the checks its readers share, pixels of image files. */
#include "import_plan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { VOTES_MAX = 255, IMAGE_BYTES = 64 << 20 };

/* `items`, moved where need be so that there is room for one more of `size` bytes behind `count` of them;
 * else NULL. */
static void *grow(void *items, size_t *capacity, size_t count, size_t size, struct err *e)
{
    if (count < *capacity)
        return items;
    size_t wanted = *capacity ? 2 * *capacity : 64;
    void *grown = reallocarray(items, wanted, size);
    if (grown)
        *capacity = wanted;
    else
        err_memory(e, "listing what to import");
    return grown;
}

void import_plan_free(struct import_plan *p)
{
    for (size_t i = 0; i < p->source_count; i++)
        close(p->sources[i].fd);
    free(p->sources);
    free(p->rows);
    *p = (struct import_plan){0};
}

bool import_plan_source(struct import_plan *p, const struct import_source *s, uint32_t *index, struct err *e)
{
    void *grown = grow(p->sources, &p->source_capacity, p->source_count, sizeof *p->sources, e);
    if (!grown)
        return false;
    p->sources = grown;
    *index = (uint32_t)p->source_count;
    p->sources[p->source_count++] = *s;
    return true;
}

bool import_plan_row(struct import_plan *p, const struct import_row *r, struct err *e)
{
    void *grown = grow(p->rows, &p->row_capacity, p->row_count, sizeof *p->rows, e);
    if (!grown)
        return false;
    p->rows = grown;
    p->rows[p->row_count++] = *r;
    return true;
}

bool import_plan_reject(struct import_plan *p, const char *file, int64_t line, struct err *e,
                        const char *format, ...)
{
    struct import_result *r = p->result;
    void *grown = grow(r->rejections, &p->rejection_capacity, r->rejection_count, sizeof *r->rejections, e);
    if (!grown)
        return false;
    r->rejections = grown;
    char text[sizeof e->text];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    struct err why;
    err_set(&why, ERR_INPUT, "%s", text);
    const char *reason = import_plan_text(p, why.text, e);
    if (!reason)
        return false;
    r->rejections[r->rejection_count++] =
        (struct import_rejection){.file = file, .line = line, .reason = reason};
    r->rejected++;
    return true;
}

const char *import_plan_text(struct import_plan *p, const char *text, struct err *e)
{
    const char *copy = arena_strdup(&p->result->arena, text);
    if (!copy)
        err_memory(e, "listing what to import");
    return copy;
}

bool import_parse_votes(const char *const fields[CLASS_COUNT], bool may_lack, struct votes *votes,
                        struct err *why)
{
    int64_t total = 0;
    for (int c = 0; c < CLASS_COUNT; c++) {
        int64_t count;
        if (!str_to_int(fields[c], 0, VOTES_MAX, &count))
            return err_set(why, ERR_INPUT, "the %s count '%.40s' is not a whole number from 0 to %d",
                           class_name(c), fields[c], VOTES_MAX);
        votes->count[c] = (uint8_t)count;
        total += count;
    }
    if (total == 0 && !may_lack)
        return err_set(why, ERR_INPUT, "there is no vote");
    if (total > VOTES_MAX)
        return err_set(why, ERR_INPUT, "%lld votes in all; at most %d can be taken", (long long)total,
                       VOTES_MAX);
    return true;
}

bool import_scratch_reserve(struct import_scratch *s, size_t size, struct err *e)
{
    if (size <= s->capacity)
        return true;
    free(s->bytes);
    s->bytes = malloc(size);
    s->capacity = s->bytes ? size : 0;
    return s->bytes || err_memory(e, "reading faces");
}

static bool read_image(int fd, const char *name, struct import_scratch *scratch, size_t *size, struct err *e)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return err_set(e, ERR_IO, "%s: %s", name, strerror(errno));
    if (!S_ISREG(st.st_mode))
        return err_set(e, ERR_INPUT, "%s is not a regular file", name);
    if (st.st_size > IMAGE_BYTES)
        return err_set(e, ERR_INPUT, "%s is larger than %d MiB", name, IMAGE_BYTES >> 20);
    if (!import_scratch_reserve(scratch, (size_t)st.st_size + 1, e))
        return false;
    ssize_t n = read(fd, scratch->bytes, (size_t)st.st_size + 1);
    if (n < 0)
        return err_set(e, ERR_IO, "%s: %s", name, strerror(errno));
    *size = (size_t)n;
    return true;
}

bool import_image_pixels(const struct import_source *source, const struct import_row *row,
                         struct import_scratch *scratch, uint8_t pixels[FACE_PIXELS], struct err *e)
{
    int fd = openat(source->fd, row->file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 && errno == ENOENT)
        return err_set(e, ERR_INPUT, "the image %s is missing", row->file);
    if (fd < 0)
        return err_set(e, ERR_IO, "the image %s cannot be opened: %s", row->file, strerror(errno));
    size_t size = 0;
    bool fine = read_image(fd, row->file, scratch, &size, e);
    close(fd);
    struct gray image;
    if (!fine || !image_decode(scratch->bytes, size, row->file, &image, e))
        return false;
    image_square(&image, FACE_SIZE, pixels);
    image_free(&image);
    return true;
}
