/* Microsoft's FER+ layout: folders FER2013Train, FER2013Valid, FER2013Test, each with label.csv beside its
 * images. */
#include "import_plan.h"
#include "sample_name.h"

#include "ferlab/base/path.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ROW_FIELDS = 2 + CLASS_COUNT, LEVELS = 2, FOLDERS = 4 };

static const struct folder {
    const char *name;
    enum split split;
} folders[FOLDERS] = {
    {"FER2013Train", SPLIT_TRAIN},
    {"FER2013Valid", SPLIT_VALID},
    {"FER2013Test", SPLIT_TEST},
    {"FER2013None", SPLIT_NONE},
};

struct reading {
    struct import_plan *plan;
    const char *file; /* label.csv, as rejections call it */
    uint32_t source;
    enum split split;
};

/* "(x0, y0, x1, y1)" */
static bool parse_box(const char *text, int32_t box[4])
{
    const char *p = text;
    for (int i = 0; i < 4; i++) {
        while (*p == ' ')
            p++;
        if (*p++ != (i ? ',' : '('))
            return false;
        char *end;
        long value = strtol(p, &end, 10);
        if (end == p || value < 0 || value > IMAGE_MAX_SIDE)
            return false;
        box[i] = (int32_t)value;
        p = end;
    }
    while (*p == ' ')
        p++;
    return strcmp(p, ")") == 0 && box[0] < box[2] && box[1] < box[3];
}

static bool check_row(const struct csv_row *row, struct import_row *out, struct err *why)
{
    if (row->count == 0)
        return err_set(why, ERR_INPUT, "the file ends inside quotes");
    if (row->count != ROW_FIELDS)
        return err_set(why, ERR_INPUT, "%zu fields where a name, a box and ten counts should be", row->count);
    if (!parse_box(row->field[1], out->box))
        return err_set(why, ERR_INPUT, "'%.60s' is no face box such as (0, 0, 48, 48)", row->field[1]);
    bool may_lack_votes = out->split == SPLIT_NONE; /* faces that were found in pictures and exported */
    return sample_name_check(row->field[0], why) &&
           import_parse_votes(row->field + 2, may_lack_votes, &out->votes, why);
}

static bool take_row(void *context, const struct csv_row *row, struct err *e)
{
    struct reading *r = context;
    struct import_row out = {.source = r->source, .split = (uint8_t)r->split, .line = row->line};
    struct err why;
    if (row->count == ROW_FIELDS && !*row->field[0]) {
        r->plan->result->skipped++;
        return true;
    }
    if (!check_row(row, &out, &why))
        return import_plan_reject(r->plan, r->file, row->line, e, "%s", why.text);
    out.name = out.file = import_plan_text(r->plan, row->field[0], e);
    return out.name && import_plan_row(r->plan, &out, e);
}

static bool read_folder(struct import_plan *p, const char *path, enum split split, struct err *e)
{
    char csv[PATH_MAX];
    if (!path_join(csv, path, "label.csv", e))
        return false;
    const char *file = import_plan_text(p, csv, e);
    int fd = file ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (fd < 0)
        return file ? err_errno(e, path, "open", "see that the folder may be read") : false;
    struct import_source source = {.pixels = import_image_pixels, .fd = fd, .place = file};
    struct reading r = {.plan = p, .file = file, .split = split};
    if (!import_plan_source(p, &source, &r.source, e)) {
        close(fd);
        return false;
    }
    return csv_read(csv, take_row, &r, e);
}

static bool has_labels(const char *path)
{
    char csv[PATH_MAX];
    return path_join(csv, path, "label.csv", NULL) && path_is_file(csv);
}

/* The folders of one set, directly in `path`. */
static bool read_set(struct import_plan *p, const char *path, bool *found, struct err *e)
{
    for (size_t i = 0; i < FOLDERS; i++) {
        char folder[PATH_MAX];
        if (!path_join(folder, path, folders[i].name, e))
            return false;
        if (!has_labels(folder))
            continue;
        *found = true;
        if (!read_folder(p, folder, folders[i].split, e))
            return false;
    }
    return true;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.' &&
           (entry->d_type == DT_DIR || entry->d_type == DT_LNK || entry->d_type == DT_UNKNOWN);
}

/* The sets that lie exactly `depth` levels below `path`. */
static bool search(struct import_plan *p, const char *path, int depth, bool *found, struct err *e)
{
    if (depth == 0)
        return read_set(p, path, found, e);
    struct dirent **entries;
    int count = scandir(path, &entries, is_visible, by_name);
    bool fine = true;
    for (int i = 0; i < count; i++) {
        char folder[PATH_MAX];
        if (fine && path_join(folder, path, entries[i]->d_name, NULL) && path_is_dir(folder))
            fine = search(p, folder, depth - 1, found, e);
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
    return fine;
}

bool import_read_ferplus(struct import_plan *p, const char *path, bool *found, struct err *e)
{
    *found = false;
    char real[PATH_MAX];
    const char *name = realpath(path, real) ? path_base(real) : path_base(path);
    for (size_t i = 0; i < FOLDERS; i++)
        if (strcmp(name, folders[i].name) == 0 && has_labels(path)) {
            *found = true;
            return read_folder(p, path, folders[i].split, e);
        }
    for (int depth = 0; depth <= LEVELS && !*found; depth++)
        if (!search(p, path, depth, found, e))
            return false;
    return true;
}
