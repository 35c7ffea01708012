/* Folders named by class, [SPLIT/]CLASS/IMAGE: every image gets ten votes for its class, as if all ten
 * taggers of FER+ had agreed. The sample takes the file's name; where two classes of a split hold the same
 * file name, CLASS_FILE. */
#include "import_plan.h"
#include "sample_name.h"

#include "ferlab/base/path.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { FOLDER_VOTES = 10 };

/* What other collections call the splits. */
static const struct {
    const char *word;
    enum split meaning;
} split_words[] = {
    {"training", SPLIT_TRAIN},   {"val", SPLIT_VALID},        {"validation", SPLIT_VALID},
    {"PublicTest", SPLIT_VALID}, {"PrivateTest", SPLIT_TEST},
};

struct reading {
    struct import_plan *plan;
    enum split split;
    int class;
    uint32_t source;
};

static bool split_of_folder(const char *name, enum split *split)
{
    *split = SPLIT_NONE;
    if (split_parse(name, split))
        return true;
    for (size_t i = 0; i < sizeof split_words / sizeof *split_words; i++)
        if (strcasecmp(split_words[i].word, name) == 0) {
            *split = split_words[i].meaning;
            return true;
        }
    return false;
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static int is_image(const struct dirent *entry)
{
    return image_is_named(entry->d_name);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static bool take_image(struct reading *r, const char *name, struct err *e)
{
    struct import_plan *p = r->plan;
    struct err why;
    if (!sample_name_check(name, &why)) {
        const char *file = arena_printf(&p->result->arena, "%s/%s", p->sources[r->source].place, name);
        return file ? import_plan_reject(p, file, 0, e, "%s", why.text) : err_memory(e, "listing images");
    }
    struct import_row row = {
        .source = r->source, .split = (uint8_t)r->split, .box = {0, 0, FACE_SIZE, FACE_SIZE}};
    row.votes.count[r->class] = FOLDER_VOTES;
    row.name = row.file = import_plan_text(p, name, e);
    return row.name && import_plan_row(p, &row, e);
}

static bool read_class(struct reading *r, const char *path, struct err *e)
{
    struct import_source source = {.pixels = import_image_pixels};
    source.place = import_plan_text(r->plan, path, e);
    if (!source.place)
        return false;
    source.fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (source.fd < 0)
        return err_errno(e, path, "open", "see that the folder may be read");
    if (!import_plan_source(r->plan, &source, &r->source, e)) {
        close(source.fd);
        return false;
    }
    struct dirent **entries;
    int count = scandirat(source.fd, ".", &entries, is_image, by_name);
    if (count < 0)
        return err_errno(e, path, "list", "see that the folder may be read");
    bool fine = true;
    for (int i = 0; i < count; i++) {
        fine = fine && take_image(r, entries[i]->d_name, e);
        free(entries[i]);
    }
    free(entries);
    return fine;
}

/* The class folders in one folder, the `top` one with those of splits. Other folders beside them are most
 * likely misspelt: rejected, so that it shows. */
static bool read_split(struct import_plan *p, const char *path, bool top, enum split split, bool *found,
                       struct err *e)
{
    struct dirent **entries;
    int count = scandir(path, &entries, is_visible, by_name);
    bool fine = true, any = false;
    for (int i = 0; i < count; i++) {
        struct reading r = {.plan = p, .split = split};
        if (class_parse(entries[i]->d_name, &r.class))
            any = true;
    }
    for (int i = 0; i < count; i++) {
        struct reading r = {.plan = p, .split = split};
        const char *name = entries[i]->d_name;
        char folder[PATH_MAX];
        enum split other;
        if (fine && any && path_join(folder, path, name, NULL) && path_is_dir(folder)) {
            if (class_parse(name, &r.class))
                fine = read_class(&r, folder, e);
            else if (!top || !split_of_folder(name, &other)) {
                const char *file = import_plan_text(p, folder, e);
                fine = file && import_plan_reject(p, file, 0, e, "no class is called '%s'", name);
            }
        }
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
    *found |= any;
    return fine;
}

static int by_identity(const void *a, const void *b)
{
    const struct import_row *x = *(struct import_row *const *)a, *y = *(struct import_row *const *)b;
    if (x->split != y->split)
        return x->split < y->split ? -1 : 1;
    return strcmp(x->file, y->file);
}

/* CLASS_FILE for file names that two classes of a split share. */
static bool part_names(struct import_plan *p, size_t first, struct err *e)
{
    size_t count = p->row_count - first;
    struct import_row **rows = malloc((count + 1) * sizeof *rows);
    if (!rows)
        return err_memory(e, "listing images");
    for (size_t i = 0; i < count; i++)
        rows[i] = &p->rows[first + i];
    qsort(rows, count, sizeof *rows, by_identity);
    bool fine = true;
    for (size_t i = 0; i < count && fine; i++) {
        bool shared = (i > 0 && by_identity(&rows[i - 1], &rows[i]) == 0) ||
                      (i + 1 < count && by_identity(&rows[i], &rows[i + 1]) == 0);
        if (!shared)
            continue;
        const char *place = path_base(p->sources[rows[i]->source].place);
        rows[i]->name = arena_printf(&p->result->arena, "%s_%s", place, rows[i]->file);
        fine = rows[i]->name || err_memory(e, "listing images");
    }
    free(rows);
    return fine;
}

bool import_read_classes(struct import_plan *p, const char *path, bool *found, struct err *e)
{
    size_t first = p->row_count;
    *found = false;
    if (!read_split(p, path, true, SPLIT_NONE, found, e))
        return false;
    struct dirent **entries;
    int count = scandir(path, &entries, is_visible, by_name);
    bool fine = true;
    for (int i = 0; i < count; i++) {
        char folder[PATH_MAX];
        enum split split;
        if (fine && split_of_folder(entries[i]->d_name, &split) &&
            path_join(folder, path, entries[i]->d_name, NULL) && path_is_dir(folder))
            fine = read_split(p, folder, false, split, found, e);
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
    return fine && part_names(p, first, e);
}
