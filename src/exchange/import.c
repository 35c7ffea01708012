/* Import: reads what the paths hold, decodes faces in parallel and inserts them in order, in one transaction.
 *
 * Faces go through in chunks. Whichever thread is free decodes the next chunk, or inserts the next one in
 * order where that is decoded and nobody inserts. Threads wait asleep: OpenMP's ordered loops wait by
 * spinning, which on a busy machine takes the processor from the thread that is waited for. */
#include "ferlab/exchange/import.h"

#include "ferlab/base/clock.h"
#include "ferlab/base/interrupt.h"
#include "ferlab/base/path.h"
#include "ferlab/base/progress.h"
#include "ferlab/store/samples.h"

#include "import_plan.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHUNK = 64, RING = 16 };

enum chunk_state { CHUNK_FREE, CHUNK_DECODED };

struct chunk {
    enum chunk_state state;
    size_t first, count; /* rows of the plan */
    uint8_t pixels[CHUNK][FACE_PIXELS];
    bool decoded[CHUNK];
    struct err why[CHUNK]; /* where not decoded */
};

struct load {
    struct import_plan *plan;
    struct sample_writer *writer;
    struct progress progress;
    int64_t same; /* rows that were there already */
    struct err *e;

    /* What threads share, under the lock: chunk k lies in ring[k % RING] */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct chunk *ring;
    size_t chunks, taken, inserted; /* taken: for decoding, by somebody */
    bool inserting, stopped;        /* stopped: with *e set */
};

/* Reading paths */

static bool beside(const char *csv, char labels[PATH_MAX])
{
    size_t folder = (size_t)(path_base(csv) - csv);
    if (folder + sizeof "fer2013new.csv" > PATH_MAX)
        return false;
    memcpy(labels, csv, folder);
    strcpy(labels + folder, "fer2013new.csv");
    return path_is_file(labels);
}

static bool read_csv(struct import_plan *p, const char *path, const char *labels, struct err *e)
{
    char found[PATH_MAX];
    if (image_is_named(path))
        return err_set(e, ERR_USAGE, "%s: the faces of a photograph come in with --detect", path);
    if (!labels && beside(path, found))
        labels = found;
    if (!labels)
        return err_set(e, ERR_USAGE,
                       "%s: a CSV file needs the crowd's votes; give Microsoft's label file with --labels "
                       "fer2013new.csv",
                       path);
    p->labels_used = true;
    return import_read_fer2013(p, path, labels, e);
}

static bool read_folder(struct import_plan *p, const char *path, const char *labels, struct err *e)
{
    bool found = false;
    char csv[PATH_MAX];
    if (!import_read_ferplus(p, path, &found, e) || found)
        return found;
    if (path_join(csv, path, "fer2013.csv", NULL) && path_is_file(csv))
        return read_csv(p, csv, labels, e);
    if (!import_read_classes(p, path, &found, e))
        return false;
    return found ||
           err_set(
               e, ERR_INPUT,
               "%s: holds no FER2013Train, FER2013Valid or FER2013Test folder with a label.csv, no "
               "fer2013.csv and no folder named by an emotion; faces of photographs come in with --detect, "
               "see 'ferlab import --help'",
               path);
}

static bool read_path(struct import_plan *p, const char *path, const char *labels, struct err *e)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return err_errno(e, path, "open", "see that the path is right");
    if (S_ISDIR(st.st_mode))
        return read_folder(p, path, labels, e);
    if (!S_ISREG(st.st_mode))
        return err_set(e, ERR_INPUT, "%s: neither a folder nor a file", path);
    return read_csv(p, path, labels, e);
}

/* Decoding and inserting */

static void decode(const struct import_plan *p, struct chunk *c, struct import_scratch *scratch)
{
    for (size_t i = 0; i < c->count; i++) {
        const struct import_row *row = &p->rows[c->first + i];
        const struct import_source *source = &p->sources[row->source];
        c->decoded[i] = source->pixels(source, row, scratch, c->pixels[i], &c->why[i]);
    }
}

static bool reject_row(struct import_plan *p, const struct import_row *row, const char *reason, struct err *e)
{
    const char *file = p->sources[row->source].place;
    if (row->line == 0) {
        size_t named = strlen(row->file);
        file = arena_printf(&p->result->arena, "%s/%s", file, row->file);
        if (strncmp(reason, row->file, named) == 0 && reason[named] == ':')
            reason += named + strlen(": ");
    }
    return file ? import_plan_reject(p, file, row->line, e, "%s", reason)
                : err_memory(e, "listing rejected rows");
}

static bool insert_row(struct load *l, const struct import_row *row, const uint8_t *pixels)
{
    struct err why;
    struct sample s = {
        .split = (enum split)row->split, .name = row->name, .votes = row->votes, .pixels = pixels};
    memcpy(s.box, row->box, sizeof s.box);
    enum sample_added added = sample_add(l->writer, &s, l->e);
    switch (added) {
    case SAMPLE_NEW:
        l->plan->result->imported++;
        return true;
    case SAMPLE_SAME:
        l->plan->result->skipped++;
        l->same++;
        return true;
    case SAMPLE_OTHER_VOTES:
    case SAMPLE_OTHER_PIXELS:
        err_set(&why, ERR_INPUT, "%s/%s is there already with other %s, which never change",
                split_name(s.split), s.name, added == SAMPLE_OTHER_VOTES ? "votes" : "pixels");
        return reject_row(l->plan, row, why.text, l->e);
    case SAMPLE_FAILED:
        break;
    }
    return false;
}

static bool insert(struct load *l, const struct chunk *c)
{
    if (interrupt_requested())
        return err_set(l->e, ERR_INTERRUPTED, "import stopped; nothing was changed");
    for (size_t i = 0; i < c->count; i++) {
        const struct import_row *row = &l->plan->rows[c->first + i];
        if (!(c->decoded[i] ? insert_row(l, row, c->pixels[i])
                            : reject_row(l->plan, row, c->why[i].text, l->e)))
            return false;
    }
    progress_update(&l->progress, c->first + c->count);
    return true;
}

/* One piece of work, if there is one: inserting the next chunk in order where it is decoded and nobody
 * inserts, else decoding another. Called, and returns, with the lock held. */
static bool work(struct load *l, struct import_scratch *scratch)
{
    struct chunk *next = &l->ring[l->inserted % RING];
    if (!l->inserting && l->inserted < l->chunks && next->state == CHUNK_DECODED) {
        l->inserting = true;
        pthread_mutex_unlock(&l->lock);
        bool fine = insert(l, next);
        pthread_mutex_lock(&l->lock);
        l->inserting = false;
        l->stopped |= !fine;
        next->state = CHUNK_FREE;
        l->inserted++;
        return true;
    }
    if (l->taken >= l->chunks || l->taken >= l->inserted + RING)
        return false;
    struct chunk *c = &l->ring[l->taken % RING];
    c->first = l->taken++ * CHUNK;
    c->count = l->plan->row_count - c->first < CHUNK ? l->plan->row_count - c->first : CHUNK;
    pthread_mutex_unlock(&l->lock);
    decode(l->plan, c, scratch);
    pthread_mutex_lock(&l->lock);
    c->state = CHUNK_DECODED;
    return true;
}

static void work_until_done(struct load *l)
{
    struct import_scratch scratch = {0};
    pthread_mutex_lock(&l->lock);
    while (!l->stopped && l->inserted < l->chunks) {
        if (work(l, &scratch))
            pthread_cond_broadcast(&l->changed);
        else
            pthread_cond_wait(&l->changed, &l->lock);
    }
    pthread_mutex_unlock(&l->lock);
    csv_splitter_free(scratch.splitter);
    free(scratch.bytes);
}

static bool load_rows(struct load *l)
{
    l->chunks = (l->plan->row_count + CHUNK - 1) / CHUNK;
    l->ring = calloc(RING, sizeof *l->ring);
    if (!l->ring)
        return err_memory(l->e, "importing");
#pragma omp parallel
    work_until_done(l);
    free(l->ring);
    return !l->stopped;
}

/* The whole */

bool import_open_target(struct workspace **ws, const char *path, bool *created, struct err *e)
{
    struct stat st;
    *created = stat(path, &st) != 0 && errno == ENOENT;
    return *created ? workspace_create(ws, path, e) : workspace_open(ws, path, WORKSPACE_WRITE, e);
}

/* Whether what was found may stay. */
static bool judge(const struct load *l, const struct import_request *request, struct err *e)
{
    const struct import_result *r = l->plan->result;
    const char *path = request->paths[0];
    if (request->strict && r->rejected > 0)
        return err_set(e, ERR_INPUT,
                       "%s: nothing was imported, since --strict allows no rejection and there are %lld",
                       path, (long long)r->rejected);
    if (r->imported + l->same > 0)
        return true;
    if (r->rejected > 0)
        return err_set(e, ERR_INPUT, "%s: nothing was imported; what was found was rejected (%lld)", path,
                       (long long)r->rejected);
    return err_set(e, ERR_INPUT, "%s: there is nothing to import", path);
}

static bool write_rows(struct load *l, const struct import_request *request, struct workspace *ws)
{
    if (!workspace_begin(ws, l->e))
        return false;
    l->writer = sample_writer_new(ws, l->e);
    bool fine = l->writer != NULL;
    if (fine) {
        progress_start(&l->progress, "import", "faces", l->plan->row_count, request->quiet);
        fine = load_rows(l) && judge(l, request, l->e);
        progress_end(&l->progress);
        sample_writer_free(l->writer);
    }
    if (!fine)
        workspace_rollback(ws);
    return fine && workspace_commit(ws, l->e);
}

static bool import(struct import_plan *p, const struct import_request *request, struct err *e)
{
    for (size_t i = 0; i < request->path_count; i++)
        if (!read_path(p, request->paths[i], request->labels, e))
            return false;
    if (request->labels && !p->labels_used)
        return err_set(e, ERR_USAGE, "%s: --labels goes with fer2013.csv; folders bring their own label.csv",
                       request->labels);
    struct load l = {
        .plan = p, .e = e, .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    if (p->row_count == 0 || (request->strict && p->result->rejected > 0))
        return judge(&l, request, e);
    struct workspace *ws;
    bool created;
    if (!import_open_target(&ws, request->workspace, &created, e))
        return false;
    bool fine = write_rows(&l, request, ws) && (!created || workspace_publish(ws, e));
    workspace_close(ws);
    return fine;
}

bool import_run(const struct import_request *request, struct import_result *result, struct err *e)
{
    *result = (struct import_result){0};
    struct import_plan plan = {.result = result};
    double start = clock_seconds();
    bool fine =
        request->faces == IMPORT_LISTED ? import(&plan, request, e) : import_photographs(&plan, request, e);
    if (!fine && request->faces == IMPORT_LISTED)
        result->imported = result->skipped = 0;
    result->seconds = clock_seconds() - start;
    import_plan_free(&plan);
    return fine;
}

void import_result_free(struct import_result *r)
{
    free(r->rejections);
    arena_free(&r->arena);
    *r = (struct import_result){0};
}
