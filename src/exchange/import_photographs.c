/* The faces of photographs as samples: whichever thread is free looks for the faces of the next one, and what
 * was found is written in the order of the photographs, every few seconds or at the end. */
#include "import_plan.h"
#include "photographs.h"
#include "sample_name.h"

#include "ferlab/base/clock.h"
#include "ferlab/base/interrupt.h"
#include "ferlab/base/progress.h"
#include "ferlab/base/str.h"
#include "ferlab/detect/detect.h"
#include "ferlab/face/flaws.h"
#include "ferlab/store/samples.h"

#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    THREADS_MOST = 64,
    BATCH_PER_THREAD = 4,
};

static const double write_every_s = 2;

/* A face that was found. */
struct found {
    int32_t box[4];
    unsigned flaws;
    uint8_t pixels[FACE_PIXELS];
};

/* A photograph that was looked at. */
struct shot {
    const struct photograph *photo;
    bool searched; /* else nobody came to it, or it is bad */
    struct err why;
    struct found *faces; /* from left to right */
    size_t count;
    int64_t too_small;
};

/* Faces that wait to be written. */
struct waiting {
    const struct photograph *photo;
    struct found *faces;
    size_t count;
};

struct hunt {
    const struct import_request *request;
    struct import_plan *plan;
    struct photographs list;
    struct workspace *ws;
    bool created; /* and not there under its name yet */
    int threads;
    struct detector *detectors[THREADS_MOST]; /* one a thread; NULL: each picture is one face */
    struct shot *batch;
    struct waiting *waiting;
    size_t waiting_count;
    double written_at;
    struct progress progress;
    size_t looked_at; /* for the progress */
    struct err *e;
};

/* --- one photograph, by any thread --- */

static int from_left(const void *a, const void *b)
{
    const struct box *left = a, *right = b;
    if (left->x != right->x)
        return left->x < right->x ? -1 : 1;
    return (left->y > right->y) - (left->y < right->y);
}

static bool take_face(struct shot *s, const struct gray *image, const struct box *box, double margin)
{
    struct found *face = &s->faces[s->count];
    if (!face_crop(image, box, margin, FACE_SIZE, face->pixels))
        return err_memory(&s->why, "cutting out faces");
    face->flaws = face_flaws(face->pixels, face_side(box, margin));
    const int32_t sides[4] = {box->x, box->y, box->x + box->width, box->y + box->height};
    memcpy(face->box, sides, sizeof sides);
    s->count++;
    return true;
}

static bool search_picture(const struct hunt *h, struct detector *d, const struct gray *image, struct shot *s)
{
    struct picture_faces found = {0};
    bool fine = picture_find_faces(d, image, 0, &found, &s->why);
    struct boxes *boxes = &found.boxes;
    if (fine && boxes->count > 0) {
        qsort(boxes->items, boxes->count, sizeof *boxes->items, from_left);
        s->faces = calloc(boxes->count, sizeof *s->faces);
        fine = s->faces != NULL || err_memory(&s->why, "cutting out faces");
    }
    for (size_t i = 0; i < boxes->count && fine; i++) {
        if (face_side(&boxes->items[i], found.margin) < h->request->least_side)
            s->too_small++;
        else
            fine = take_face(s, image, &boxes->items[i], found.margin);
    }
    boxes_free(boxes);
    return fine;
}

static void search(const struct hunt *h, struct detector *d, struct shot *s)
{
    struct gray image;
    if (!image_load(s->photo->source, &image, &s->why))
        return;
    s->searched =
        picture_is_large_enough(&image, s->photo->source, &s->why) && search_picture(h, d, &image, s);
    image_free(&image);
}

/* --- writing --- */

/* "IMG_1.jpg#2", "IMG_1.jpg~2#2" where another photograph has that name; a whole picture is not numbered. */
static void name_face(const struct hunt *h, const struct photograph *p, size_t face, int variant,
                      char out[SAMPLE_FILE])
{
    char other[16] = "", number[24] = "";
    if (variant > 1)
        snprintf(other, sizeof other, "~%d", variant);
    if (h->request->faces == IMPORT_DETECTED)
        snprintf(number, sizeof number, "#%zu", face + 1);
    snprintf(out, SAMPLE_FILE, "%.*s%s%s", SAMPLE_FILE - 32, p->name, other, number);
}

/* Under the first name that is free or has this very face already. */
static bool write_face(struct hunt *h, struct sample_writer *writer, const struct waiting *w, size_t face,
                       int *variant, struct import_result *counts)
{
    char name[SAMPLE_FILE];
    struct sample s = {.split = SPLIT_NONE,
                       .name = name,
                       .pixels = w->faces[face].pixels,
                       .source = w->photo->source,
                       .flaws = w->faces[face].flaws};
    memcpy(s.box, w->faces[face].box, sizeof s.box);
    for (;; ++*variant) {
        name_face(h, w->photo, face, *variant, name);
        switch (sample_add(writer, &s, h->e)) {
        case SAMPLE_NEW:
            counts->imported++;
            return true;
        case SAMPLE_SAME:
            counts->skipped++;
            return true;
        case SAMPLE_FAILED:
            return false;
        case SAMPLE_OTHER_VOTES:
        case SAMPLE_OTHER_PIXELS:
            break;
        }
    }
}

static bool write_photographs(struct hunt *h, struct import_result *counts)
{
    struct sample_writer *writer = sample_writer_new(h->ws, h->e);
    bool fine = writer != NULL;
    for (size_t i = 0; i < h->waiting_count && fine; i++) {
        int variant = 1;
        for (size_t face = 0; face < h->waiting[i].count && fine; face++)
            fine = write_face(h, writer, &h->waiting[i], face, &variant, counts);
    }
    sample_writer_free(writer);
    return fine;
}

static void forget_waiting(struct hunt *h)
{
    for (size_t i = 0; i < h->waiting_count; i++)
        free(h->waiting[i].faces);
    h->waiting_count = 0;
}

/* All that waits, in one transaction; a new workspace appears with the first of them. */
static bool write_waiting(struct hunt *h)
{
    struct import_result counts = {0};
    h->written_at = clock_seconds();
    if (h->waiting_count == 0)
        return true;
    if (!workspace_begin(h->ws, h->e))
        return false;
    if (!write_photographs(h, &counts)) {
        workspace_rollback(h->ws);
        return false;
    }
    if (!workspace_commit(h->ws, h->e) || (h->created && !workspace_publish(h->ws, h->e)))
        return false;
    h->created = false;
    h->plan->result->imported += counts.imported;
    h->plan->result->skipped += counts.skipped;
    forget_waiting(h);
    return true;
}

/* --- all photographs --- */

/* Why a photograph is rejected, without its path, which stands before it. */
static const char *reason_of(const struct shot *s)
{
    size_t length = strlen(s->photo->source);
    bool named = strncmp(s->why.text, s->photo->source, length) == 0 && s->why.text[length] == ':';
    return named ? s->why.text + length + 2 : s->why.text;
}

static bool take_shot(struct hunt *h, struct shot *s)
{
    struct import_result *r = h->plan->result;
    if (!s->searched) {
        bool bad = s->why.code != ERR_NONE; /* else an interruption came first */
        free(s->faces);
        return !bad || import_plan_reject(h->plan, s->photo->place, 0, h->e, "%s", reason_of(s));
    }
    r->too_small += s->too_small;
    if (s->count == 0) {
        r->faceless++;
        free(s->faces);
        return true;
    }
    h->waiting[h->waiting_count++] =
        (struct waiting){.photo = s->photo, .faces = s->faces, .count = s->count};
    return true;
}

/* Photographs from *next on that are no source yet, at most `most` of them. */
static bool fill_batch(struct hunt *h, size_t *next, size_t most, size_t *count)
{
    struct import_result *r = h->plan->result;
    for (*count = 0; *next < h->list.count && *count < most; ++*next) {
        const struct photograph *photo = &h->list.items[*next];
        int64_t there = 0;
        if (!samples_of_source(h->ws, photo->source, &there, h->e))
            return false;
        if (there > 0) {
            r->known++;
            r->skipped += there;
            h->looked_at++;
        } else {
            h->batch[(*count)++] = (struct shot){.photo = photo};
        }
    }
    return true;
}

static void search_batch(struct hunt *h, size_t count)
{
#pragma omp parallel for schedule(dynamic, 1) num_threads(h->threads)
    for (size_t i = 0; i < count; i++) {
        size_t looked_at;
        if (interrupt_requested())
            continue;
        search(h, h->detectors[omp_get_thread_num()], &h->batch[i]);
#pragma omp atomic capture
        looked_at = ++h->looked_at;
        if (omp_get_thread_num() == 0)
            progress_update(&h->progress, looked_at);
    }
}

static bool hunt_batch(struct hunt *h, size_t *next)
{
    size_t count;
    if (!fill_batch(h, next, (size_t)h->threads * BATCH_PER_THREAD, &count))
        return false;
    search_batch(h, count);
    bool fine = true;
    for (size_t i = 0; i < count; i++) {
        if (fine)
            fine = take_shot(h, &h->batch[i]);
        else
            free(h->batch[i].faces);
    }
    progress_update(&h->progress, h->looked_at);
    bool due = !h->request->strict && clock_seconds() - h->written_at >= write_every_s;
    return fine && (!due || write_waiting(h));
}

static bool hunt_all(struct hunt *h)
{
    size_t next = 0;
    bool fine = true;
    h->written_at = clock_seconds();
    progress_start(&h->progress, "import", "photographs", h->list.count, h->request->quiet);
    while (fine && next < h->list.count && !interrupt_requested())
        fine = hunt_batch(h, &next);
    progress_end(&h->progress);
    return fine;
}

static bool find_nothing(const struct hunt *h)
{
    const struct import_result *r = h->plan->result;
    const char *path = h->request->paths[0];
    if (r->rejected > 0)
        return err_set(h->e, ERR_INPUT, "%s: nothing was imported; %s (%lld)", path,
                       r->faceless > 0 ? "no face was found, and some pictures were rejected"
                                       : "what was found was rejected",
                       (long long)r->rejected);
    if (r->photographs == 0)
        return err_set(h->e, ERR_INPUT,
                       "%s: there is no picture in this folder or those in it (.png, .jpg, .jpeg, .bmp or "
                       ".pgm)",
                       path);
    if (r->too_small > 0)
        return err_set(h->e, ERR_INPUT, "%s: no face is as large as --min-size %lld, and %lld are smaller",
                       path, (long long)h->request->least_side, (long long)r->too_small);
    return err_set(h->e, ERR_INPUT,
                   "%s: no face was found%s; --no-detect takes each picture for one face, and --cascade NAME "
                   "looks in another way",
                   path, r->photographs == 1 ? " in this photograph" : " in these photographs");
}

/* What was searched before an interruption is kept, but for --strict. */
static bool finish(struct hunt *h)
{
    const struct import_result *r = h->plan->result;
    bool strict = h->request->strict;
    if (interrupt_requested()) {
        if (!strict && !write_waiting(h))
            return false;
        return r->imported > 0
                   ? err_set(h->e, ERR_INTERRUPTED,
                             "import stopped; %lld face%s kept, and the same import goes on from there",
                             (long long)r->imported, str_plural(r->imported))
                   : err_set(h->e, ERR_INTERRUPTED, "import stopped; nothing was changed");
    }
    if (strict && r->rejected > 0)
        return err_set(h->e, ERR_INPUT,
                       "%s: nothing was imported, since --strict allows no rejection and there are %lld",
                       h->request->paths[0], (long long)r->rejected);
    if (!write_waiting(h))
        return false;
    return r->imported + r->skipped > 0 || find_nothing(h);
}

/* A failure after something was written says so. */
static void tell_what_stands(const struct hunt *h)
{
    struct err why = *h->e;
    int64_t kept = h->plan->result->imported;
    if (kept > 0 && why.code != ERR_INTERRUPTED)
        err_set(h->e, why.code, "%.900s (%lld face%s kept, and the same import goes on from there)", why.text,
                (long long)kept, str_plural(kept));
}

static bool open_detectors(struct hunt *h)
{
    size_t most = (size_t)omp_get_max_threads() < THREADS_MOST ? (size_t)omp_get_max_threads() : THREADS_MOST;
    h->threads = (int)(h->list.count < most ? h->list.count : most);
    for (int i = 0; i < h->threads && h->request->faces == IMPORT_DETECTED; i++) {
        h->detectors[i] = detector_open(h->request->cascade, 1, h->e);
        if (h->detectors[i] == NULL)
            return false;
    }
    return true;
}

static bool hunt(struct hunt *h)
{
    const struct import_request *request = h->request;
    for (size_t i = 0; i < request->path_count; i++)
        if (!photographs_add(&h->list, h->plan, request->paths[i], h->e))
            return false;
    photographs_sort(&h->list);
    h->plan->result->photographs = (int64_t)h->list.count;
    if (h->list.count == 0)
        return find_nothing(h);
    if (!open_detectors(h) || !import_open_target(&h->ws, request->workspace, &h->created, h->e))
        return false;
    h->batch = calloc((size_t)h->threads * BATCH_PER_THREAD, sizeof *h->batch);
    h->waiting = calloc(h->list.count, sizeof *h->waiting);
    if (h->batch == NULL || h->waiting == NULL)
        return err_memory(h->e, "importing photographs");
    if (hunt_all(h) && finish(h))
        return true;
    tell_what_stands(h);
    return false;
}

bool import_photographs(struct import_plan *p, const struct import_request *request, struct err *e)
{
    struct hunt h = {.request = request, .plan = p, .e = e};
    bool fine = hunt(&h);
    forget_waiting(&h);
    free(h.waiting);
    free(h.batch);
    for (int i = 0; i < h.threads; i++)
        detector_close(h.detectors[i]);
    workspace_close(h.ws);
    photographs_free(&h.list);
    return fine;
}
