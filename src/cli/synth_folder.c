/* Writing a folder of synthetic faces: images in parallel, then the lists. */
#include "synth_folder.h"

#include "ferlab/base/interrupt.h"
#include "ferlab/base/path.h"
#include "ferlab/base/progress.h"
#include "ferlab/face/synth.h"

#include <dirent.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const split_folders[] = {
    [SPLIT_TRAIN] = "FER2013Train",
    [SPLIT_VALID] = "FER2013Valid",
    [SPLIT_TEST] = "FER2013Test",
};
enum { SPLITS = 3 };

struct record {
    struct votes votes;
    uint8_t split, truth;
    bool planted, written;
};

struct writer {
    const struct synth_request *request;
    struct synth_set *set;
    struct record *records; /* one a face */
    char data[PATH_MAX], folders[SPLITS][PATH_MAX];
    bool made_out; /* OUT was not there before */
    struct progress progress;
    atomic_uint done;
    atomic_bool failed;
};

const char *synth_name(uint32_t index, char out[SYNTH_NAME])
{
    snprintf(out, SYNTH_NAME, "syn%07u.png", index);
    return out;
}

static bool folder_is_empty(const char *path, struct err *e)
{
    DIR *dir = opendir(path);
    if (!dir)
        return err_errno(e, path, "read the folder", "name another one");
    int entries = 0;
    for (struct dirent *d; entries == 0 && (d = readdir(dir));)
        entries += strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0;
    closedir(dir);
    if (entries > 0)
        return err_set(e, ERR_INPUT, "%s: the folder is not empty; name a new one", path);
    return true;
}

static bool prepare_folders(struct writer *w, struct err *e)
{
    const char *out = w->request->out;
    if (access(out, F_OK) != 0)
        w->made_out = true;
    else if (!path_is_dir(out))
        return err_set(e, ERR_INPUT, "%s: there is a file of that name; name a new folder", out);
    else if (!folder_is_empty(out, e))
        return false;
    if (!path_join(w->data, out, "data", e))
        return false;
    for (int s = 0; s < SPLITS; s++) {
        if (!path_join(w->folders[s], w->data, split_folders[s], e) || !path_make_dirs(w->folders[s], e))
            return false;
    }
    return true;
}

/* A plain write: the set can be made again at any time, so syncing every face to disk would only cost time.
 */
static bool write_plain(const char *path, const void *bytes, size_t count, struct err *e)
{
    FILE *out = fopen(path, "wbx");
    if (!out)
        return err_errno(e, path, "create", "make room or name another folder");
    bool fine = fwrite(bytes, 1, count, out) == count;
    int error = errno;
    if (fclose(out) != 0 && fine) {
        fine = false;
        error = errno;
    }
    errno = error;
    return fine || err_errno(e, path, "write", "make room or name another folder");
}

static bool write_face(struct writer *w, uint32_t index, struct err *e)
{
    struct synth_face face;
    struct record *record = &w->records[index];
    char name[SYNTH_NAME], path[PATH_MAX];
    uint8_t *png;
    size_t size;
    synth_set_face(w->set, index, &face);
    *record = (struct record){.votes = face.votes,
                              .split = (uint8_t)face.split,
                              .truth = (uint8_t)face.truth,
                              .planted = face.planted};
    if (!path_join(path, w->folders[face.split], synth_name(index, name), e) ||
        !image_png_bytes(face.pixels, FACE_SIZE, FACE_SIZE, &png, &size, e))
        return false;
    bool fine = write_plain(path, png, size, e);
    record->written = true;
    free(png);
    return fine;
}

static bool write_faces(struct writer *w, struct err *e)
{
    progress_start(&w->progress, "synth", "faces", w->request->count, w->request->quiet);
#pragma omp parallel for schedule(dynamic, 16)
    for (uint32_t i = 0; i < w->request->count; i++) {
        struct err mine;
        if (atomic_load(&w->failed) || interrupt_requested())
            continue;
        if (!write_face(w, i, &mine) && !atomic_exchange(&w->failed, true))
            *e = mine;
        uint32_t done = atomic_fetch_add(&w->done, 1) + 1;
#pragma omp critical(synth_progress)
        progress_update(&w->progress, done);
    }
    progress_end(&w->progress);
    if (atomic_load(&w->failed))
        return false;
    if (interrupt_requested())
        return err_set(e, ERR_INTERRUPTED, "%s: stopped; nothing was kept", w->request->out);
    return true;
}

static bool finish_list(FILE *list, const char *path, struct err *e)
{
    bool fine = ferror(list) == 0;
    fine = fclose(list) == 0 && fine;
    return fine || err_errno(e, path, "write", "make room or name another folder");
}

static void print_label(FILE *list, uint32_t index, const struct record *r)
{
    char name[SYNTH_NAME];
    fprintf(list, "%s,\"(0, 0, %d, %d)\"", synth_name(index, name), FACE_SIZE, FACE_SIZE);
    for (int c = 0; c < CLASS_COUNT; c++)
        fprintf(list, ",%d", r->votes.count[c]);
    fputc('\n', list);
}

static bool write_labels(const struct writer *w, int split, struct err *e)
{
    char path[PATH_MAX];
    if (!path_join(path, w->folders[split], "label.csv", e))
        return false;
    FILE *list = fopen(path, "wx");
    if (!list)
        return err_errno(e, path, "create", "make room or name another folder");
    for (uint32_t i = 0; i < w->request->count; i++) {
        if (w->records[i].split == split)
            print_label(list, i, &w->records[i]);
    }
    return finish_list(list, path, e);
}

static bool write_truth(const struct writer *w, struct err *e)
{
    char path[PATH_MAX], name[SYNTH_NAME];
    if (!path_join(path, w->request->out, "truth.csv", e))
        return false;
    FILE *list = fopen(path, "wx");
    if (!list)
        return err_errno(e, path, "create", "make room or name another folder");
    fputs("name,split,truth,planted\n", list);
    for (uint32_t i = 0; i < w->request->count; i++) {
        const struct record *r = &w->records[i];
        fprintf(list, "%s,%s,%s,%d\n", synth_name(i, name), split_name((enum split)r->split),
                class_name(r->truth), r->planted);
    }
    return finish_list(list, path, e);
}

static void remove_in(const char *folder, const char *name)
{
    char path[PATH_MAX];
    if (path_join(path, folder, name, NULL))
        unlink(path);
}

/* Takes back only what was made here; a folder in which others have put something stays. */
static void remove_all(const struct writer *w)
{
    char name[SYNTH_NAME];
    for (uint32_t i = 0; w->records && i < w->request->count; i++) {
        if (w->records[i].written)
            remove_in(w->folders[w->records[i].split], synth_name(i, name));
    }
    for (int s = 0; s < SPLITS; s++) {
        remove_in(w->folders[s], "label.csv");
        rmdir(w->folders[s]);
    }
    remove_in(w->request->out, "truth.csv");
    rmdir(w->data);
    if (w->made_out)
        rmdir(w->request->out);
}

static bool list_planted(const struct writer *w, uint32_t **planted, uint32_t *count, struct err *e)
{
    *count = 0;
    for (uint32_t i = 0; i < w->request->count; i++)
        *count += w->records[i].planted;
    *planted = malloc((*count ? *count : 1) * sizeof **planted);
    if (!*planted)
        return err_memory(e, "listing the planted labels");
    uint32_t *next = *planted;
    for (uint32_t i = 0; i < w->request->count; i++) {
        if (w->records[i].planted)
            *next++ = i;
    }
    return true;
}

bool synth_folder_write(const struct synth_request *request, uint32_t **planted, uint32_t *planted_count,
                        struct err *e)
{
    struct writer w = {.request = request};
    bool fine = false;
    *planted = NULL;
    *planted_count = 0;
    w.set = synth_set_new(request->seed, request->count, request->planted);
    w.records = calloc(request->count, sizeof *w.records);
    if (!w.set || !w.records) {
        err_memory(e, "laying out the synthetic faces");
    } else if (prepare_folders(&w, e)) {
        fine = write_faces(&w, e) && write_labels(&w, SPLIT_TRAIN, e) && write_labels(&w, SPLIT_VALID, e) &&
               write_labels(&w, SPLIT_TEST, e) && write_truth(&w, e) &&
               list_planted(&w, planted, planted_count, e);
        if (!fine)
            remove_all(&w);
    }
    synth_set_free(w.set);
    free(w.records);
    return fine;
}
