/* Export in Microsoft's layout: FER2013Train/label.csv and its PNGs, and so on for each split that has
 * samples. Votes come back byte for byte; with reviewed labels, a sample whose label differs carries all its
 * votes on it, and reviews.csv tells. */
#include "ferlab/base/interrupt.h"
#include "ferlab/base/path.h"
#include "ferlab/base/progress.h"
#include "ferlab/store/samples.h"

#include "formats.h"
#include "history.h"
#include "output.h"
#include "sample_name.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHUNK = 128 };

static const char *const folder_names[SPLIT_COUNT] = {
    [SPLIT_TRAIN] = "FER2013Train",
    [SPLIT_VALID] = "FER2013Valid",
    [SPLIT_TEST] = "FER2013Test",
    [SPLIT_NONE] = "FER2013None",
};

struct layout {
    const struct export_request *request;
    struct history history;  /* with LABELS_REVIEWED */
    const char *root;        /* the folder being filled */
    int folder[SPLIT_COUNT]; /* -1: no sample in that split */
    struct progress progress;
    struct str line;
};

/* Folders */

static bool make_folder(struct layout *l, enum split split, struct err *e)
{
    char path[PATH_MAX];
    if (!path_join(path, l->root, folder_names[split], e))
        return false;
    if (mkdir(path, 0777) == 0)
        l->folder[split] = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return l->folder[split] >= 0 || err_errno(e, path, "be created", "see whether the disk is full");
}

static bool make_folders(struct layout *l, struct err *e)
{
    const struct export_request *q = l->request;
    for (size_t i = 0; i < q->row_count; i++) {
        enum split split = (enum split)q->columns->split[q->rows[i]];
        if (l->folder[split] < 0 && !make_folder(l, split, e))
            return false;
    }
    return true;
}

/* Labels */

static struct votes all_votes_on(int class, const struct votes *given)
{
    struct votes v = {0};
    v.count[class] = (uint8_t)votes_total(given);
    return v;
}

/* What a reviewer decided about a sample, as votes: edited counts as they are, another class with all votes
 * on it. */
static struct votes votes_of(const struct layout *l, size_t row)
{
    const struct columns *c = l->request->columns;
    if (l->request->labels == LABELS_CROWD || !c->reviewed[row])
        return c->votes[row];
    if (c->edited[row])
        return *c->edited[row];
    const struct event *decision = history_decision(&l->history, c->id[row]);
    bool accepted = decision && decision->kind == EVENT_ACCEPT && c->label[row] == c->crowd[row];
    return accepted ? c->votes[row] : all_votes_on(c->label[row], &c->votes[row]);
}

/* The box as its source gave it, or the whole image where the source's was larger than what is stored. */
static bool box_of(const struct layout *l, size_t row, int32_t box[4], struct err *e)
{
    if (!sample_box(l->request->workspace, l->request->columns->id[row], box, e))
        return false;
    bool inside = box[0] >= 0 && box[1] >= 0 && box[2] <= FACE_SIZE && box[3] <= FACE_SIZE;
    if (!inside)
        memcpy(box, (int32_t[]){0, 0, FACE_SIZE, FACE_SIZE}, 4 * sizeof *box);
    return true;
}

static bool label_line(const struct layout *l, size_t row, struct str *line, struct err *e)
{
    int32_t box[4];
    const char *name = l->request->columns->name[row];
    if (!sample_name_check(name, e) || !box_of(l, row, box, e))
        return false;
    struct votes votes = votes_of(l, row);
    output_csv_field(line, name);
    str_appendf(line, ",\"(%d, %d, %d, %d)\"", box[0], box[1], box[2], box[3]);
    for (int k = 0; k < CLASS_COUNT; k++)
        str_appendf(line, ",%d", votes.count[k]);
    str_append(line, "\n");
    return true;
}

/* Writes `text` as a file of the folder. */
static bool write_text(int folder, const char *name, const struct str *text, struct err *e)
{
    if (text->failed)
        return err_memory(e, "exporting labels");
    int fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0)
        return err_errno(e, name, "be created", "see whether the disk is full");
    size_t done = 0;
    while (done < text->length) {
        ssize_t n = write(fd, text->data + done, text->length - done);
        if (n < 0 && errno != EINTR)
            break;
        done += n > 0 ? (size_t)n : 0;
    }
    bool fine = done == text->length || err_errno(e, name, "be written", "see whether the disk is full");
    return (close(fd) == 0 || err_errno(e, name, "be written", "see whether the disk is full")) && fine;
}

static bool write_labels(struct layout *l, enum split split, struct err *e)
{
    const struct export_request *q = l->request;
    struct str text = {0};
    bool fine = true;
    for (size_t i = 0; fine && i < q->row_count; i++)
        if (q->columns->split[q->rows[i]] == split)
            fine = label_line(l, q->rows[i], &text, e);
    fine = fine && write_text(l->folder[split], "label.csv", &text, e);
    str_free(&text);
    return fine;
}

static void review_line(const struct layout *l, size_t row, struct str *text)
{
    const struct columns *c = l->request->columns;
    const struct event *decision = history_decision(&l->history, c->id[row]);
    if (!decision)
        return;
    const char *const fields[] = {
        c->name[row],
        split_name((enum split)c->split[row]),
        class_name(c->crowd[row]),
        class_name(c->label[row]),
        decision->reviewer,
        decision->time,
        event_kind_name(decision->kind),
        c->note[row] ? c->note[row] : "",
    };
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        str_append(text, i ? "," : "");
        output_csv_field(text, fields[i]);
    }
    str_append(text, "\n");
}

static bool write_reviews(struct layout *l, struct err *e)
{
    struct str text = {0};
    str_append(&text, "name,split,old label,new label,reviewer,time,kind,note\n");
    for (size_t i = 0; i < l->request->row_count; i++)
        review_line(l, l->request->rows[i], &text);
    int root = open(l->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool fine = root >= 0 ? write_text(root, "reviews.csv", &text, e)
                          : err_errno(e, l->root, "be opened", "see that it may be written");
    if (root >= 0)
        close(root);
    str_free(&text);
    return fine;
}

/* Images: threads take chunks of rows in turn; reading is one thread's at a time, the rest runs side by side.
 */

struct chunk {
    int64_t ids[CHUNK];
    size_t rows[CHUNK]; /* of the columns; those of greater id behind */
    size_t count;
    uint8_t pixels[CHUNK][FACE_PIXELS];
};

static bool read_chunk(struct layout *l, const uint32_t *rows, size_t first, struct chunk *c, struct err *e)
{
    const struct export_request *q = l->request;
    c->count = q->row_count - first < CHUNK ? q->row_count - first : CHUNK;
    for (size_t i = 0; i < c->count; i++) {
        c->rows[i] = rows[first + i];
        c->ids[i] = q->columns->id[c->rows[i]];
    }
    progress_update(&l->progress, first);
    if (interrupt_requested())
        return err_set(e, ERR_INTERRUPTED, "export stopped; nothing was written");
    return sample_pixels_many(q->workspace, c->ids, c->count, c->pixels[0], e);
}

static bool write_image(const struct layout *l, const struct chunk *c, size_t i, struct err *e)
{
    const struct columns *columns = l->request->columns;
    uint8_t *png;
    size_t size;
    if (!image_png_bytes(c->pixels[i], FACE_SIZE, FACE_SIZE, &png, &size, e))
        return false;
    struct str bytes = {.data = (char *)png, .length = size};
    bool fine = write_text(l->folder[columns->split[c->rows[i]]], columns->name[c->rows[i]], &bytes, e);
    free(png);
    return fine;
}

static int ascending(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

/* Rows ascend as their ids do. */
static bool write_images_of(struct layout *l, const uint32_t *rows, struct err *e)
{
    size_t count = l->request->row_count, chunks = (count + CHUNK - 1) / CHUNK;
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
            fine = fine && read_chunk(l, rows, k * CHUNK, c, &why);
            for (size_t i = 0; fine && i < c->count; i++)
                fine = write_image(l, c, i, &why);
            if (!fine && !atomic_exchange(&stopped, true))
                *e = why;
        }
        free(c);
    }
    return !stopped;
}

static bool write_images(struct layout *l, struct err *e)
{
    const struct export_request *q = l->request;
    uint32_t *rows = malloc((q->row_count + 1) * sizeof *rows);
    if (!rows)
        return err_memory(e, "exporting faces");
    memcpy(rows, q->rows, q->row_count * sizeof *rows);
    qsort(rows, q->row_count, sizeof *rows, ascending);
    progress_start(&l->progress, "export", "faces", q->row_count, q->quiet);
    bool fine = write_images_of(l, rows, e);
    progress_end(&l->progress);
    free(rows);
    return fine;
}

/* The whole */

static bool fill(struct layout *l, struct err *e)
{
    if (!make_folders(l, e))
        return false;
    for (int split = 0; split < SPLIT_COUNT; split++)
        if (l->folder[split] >= 0 && !write_labels(l, (enum split)split, e))
            return false;
    if (l->request->labels == LABELS_REVIEWED && !write_reviews(l, e))
        return false;
    return write_images(l, e);
}

static bool write_layout(struct layout *l, struct err *e)
{
    struct output o;
    if (!output_folder(&o, l->request->out, e))
        return false;
    l->root = o.temporary;
    bool fine = fill(l, e);
    for (int split = 0; split < SPLIT_COUNT; split++)
        if (l->folder[split] >= 0)
            close(l->folder[split]);
    if (!fine)
        output_abandon(&o);
    return fine && output_finish(&o, e);
}

bool export_ferplus(const struct export_request *request, int64_t *written, struct err *e)
{
    struct layout l = {.request = request, .folder = {-1, -1, -1, -1}};
    if (strcmp(request->out, "-") == 0)
        return err_set(e, ERR_USAGE, "the ferplus format is a folder; give its name instead of -");
    if (request->labels == LABELS_REVIEWED && !history_load(&l.history, request->workspace, e))
        return false;
    bool fine = write_layout(&l, e);
    history_free(&l.history);
    *written = fine ? (int64_t)request->row_count : 0;
    return fine;
}
