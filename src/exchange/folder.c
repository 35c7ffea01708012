/* Folder: faces as PNG files. Threads take chunks of rows in turn; reading is one thread's at a time, the
 * rest runs side by side. */
#include "folder.h"

#include "ferlab/base/interrupt.h"
#include "ferlab/base/path.h"
#include "ferlab/base/progress.h"
#include "ferlab/store/samples.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CHUNK = 128, CHECK_EVERY = 256 };

const char *const folder_split_names[SPLIT_COUNT] = {
    [SPLIT_TRAIN] = "train",
    [SPLIT_VALID] = "validation",
    [SPLIT_TEST] = "test",
    [SPLIT_NONE] = "none",
};

static bool stopped_by_user(struct err *e)
{
    return interrupt_requested() && !err_set(e, ERR_INTERRUPTED, "export stopped; nothing was written");
}

/* Folders */

static int open_folder(const char *path, struct err *e)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        err_errno(e, path, "be opened", "see that it may be written");
    return fd;
}

static bool make_split(struct folder *f, enum split split, const char *name, struct err *e)
{
    char path[PATH_MAX];
    if (!path_join(path, f->output.temporary, name, e) || !path_make_dirs(path, e))
        return false;
    f->split[split] = open_folder(path, e);
    return f->split[split] >= 0;
}

static bool make_splits(struct folder *f, const char *const splits[SPLIT_COUNT], struct err *e)
{
    const struct export_request *q = f->request;
    for (size_t i = 0; i < q->row_count; i++) {
        enum split split = (enum split)q->columns->split[q->rows[i]];
        if (f->split[split] < 0 && !make_split(f, split, splits[split], e))
            return false;
    }
    return true;
}

bool folder_begin(struct folder *f, const struct export_request *request,
                  const char *const splits[SPLIT_COUNT], struct err *e)
{
    *f = (struct folder){.request = request, .root = -1, .split = {-1, -1, -1, -1}};
    if (strcmp(request->out, "-") == 0)
        return err_set(e, ERR_USAGE, "this format is a folder; give its name instead of -");
    if (!output_folder(&f->output, request->out, e))
        return false;
    f->root = open_folder(f->output.temporary, e);
    bool fine = f->root >= 0 && (!splits || make_splits(f, splits, e));
    return fine || folder_end(f, false, e);
}

/* What went wrong with a file of the folder is told of that file alone: which export it is of comes before.
 */
static void name_export(const struct folder *f, struct err *e)
{
    char text[sizeof e->text];
    snprintf(text, sizeof text, "%s", e->text);
    bool of_system = e->code == ERR_IO || e->code == ERR_SPACE;
    if (of_system && strncmp(text, f->output.path, strlen(f->output.path)) != 0)
        err_set(e, e->code, "%s: %s; nothing was written", f->output.path, text);
}

bool folder_end(struct folder *f, bool fine, struct err *e)
{
    if (!fine)
        name_export(f, e);
    for (int split = 0; split < SPLIT_COUNT; split++)
        if (f->split[split] >= 0)
            close(f->split[split]);
    if (f->root >= 0)
        close(f->root);
    if (!fine)
        output_abandon(&f->output);
    return fine && output_finish(&f->output, e);
}

/* Rows */

bool folder_rows(struct folder *f, bool (*put)(void *context, size_t row, struct err *e), void *context,
                 struct err *e)
{
    const struct export_request *q = f->request;
    struct progress progress;
    progress_start(&progress, "export", "samples", q->row_count, q->quiet);
    bool fine = true;
    for (size_t i = 0; fine && i < q->row_count; i++) {
        if (i % CHECK_EVERY == 0) {
            progress_update(&progress, i);
            fine = !stopped_by_user(e);
        }
        fine = fine && put(context, q->rows[i], e);
    }
    progress_end(&progress);
    return fine;
}

/* Faces */

struct chunk {
    int64_t ids[CHUNK];
    size_t rows[CHUNK]; /* of the columns; those of greater id behind */
    size_t count;
    uint8_t pixels[CHUNK][FACE_PIXELS];
};

static bool read_chunk(const struct folder *f, const uint32_t *rows, size_t first, struct progress *progress,
                       struct chunk *c, struct err *e)
{
    const struct export_request *q = f->request;
    c->count = q->row_count - first < CHUNK ? q->row_count - first : CHUNK;
    for (size_t i = 0; i < c->count; i++) {
        c->rows[i] = rows[first + i];
        c->ids[i] = q->columns->id[c->rows[i]];
    }
    progress_update(progress, first);
    return !stopped_by_user(e) && sample_pixels_many(q->workspace, c->ids, c->count, c->pixels[0], e);
}

static bool write_face(const struct folder *f, const struct chunk *c, size_t i, struct err *e)
{
    const struct columns *columns = f->request->columns;
    char name[SAMPLE_FILE];
    uint8_t *png;
    size_t size;
    if (!sample_png_name(columns->name[c->rows[i]], name, e) ||
        !image_png_bytes(c->pixels[i], FACE_SIZE, FACE_SIZE, &png, &size, e))
        return false;
    bool fine = output_entry_bytes(f->split[columns->split[c->rows[i]]], name, png, size, e);
    free(png);
    return fine;
}

static int ascending(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

/* Rows ascend as their ids do. */
static bool write_faces(const struct folder *f, const uint32_t *rows, struct progress *progress,
                        struct err *e)
{
    size_t count = f->request->row_count, chunks = (count + CHUNK - 1) / CHUNK;
    atomic_bool stopped = false;
#pragma omp parallel
    {
        struct chunk *c = malloc(sizeof *c);
        struct err why;
#pragma omp for schedule(dynamic, 1)
        for (size_t k = 0; k < chunks; k++) {
            bool fine = c != NULL;
            if (!fine)
                err_memory(&why, "exporting faces");
            if (stopped)
                continue;
#pragma omp critical(read_pixels)
            fine = fine && read_chunk(f, rows, k * CHUNK, progress, c, &why);
            for (size_t i = 0; fine && i < c->count; i++)
                fine = write_face(f, c, i, &why);
            if (!fine && !atomic_exchange(&stopped, true))
                *e = why;
        }
        free(c);
    }
    return !stopped;
}

bool folder_faces(struct folder *f, struct err *e)
{
    const struct export_request *q = f->request;
    uint32_t *rows = malloc((q->row_count + 1) * sizeof *rows);
    struct progress progress;
    if (!rows)
        return err_memory(e, "exporting faces");
    memcpy(rows, q->rows, q->row_count * sizeof *rows);
    qsort(rows, q->row_count, sizeof *rows, ascending);
    progress_start(&progress, "export", "faces", q->row_count, q->quiet);
    bool fine = write_faces(f, rows, &progress, e);
    progress_end(&progress);
    free(rows);
    return fine;
}
