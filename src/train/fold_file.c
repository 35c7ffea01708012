/* The file of a training in folds. */
#include "fold_faces.h"

#include "checkpoint.h"

#include "ferlab/base/digest.h"
#include "ferlab/base/path.h"
#include "ferlab/base/str.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char file_name[] = "folds.safetensors", format[] = "ferlab folds", version[] = "1";
static const size_t bytes_max = (size_t)1 << 33;

enum { TENSORS = 7 };

bool fold_faces_path(struct workspace *ws, int64_t run, char out[PATH_MAX], struct err *e)
{
    int length = snprintf(out, PATH_MAX, "%s.runs/%lld/%s", workspace_path(ws), (long long)run, file_name);
    return length < PATH_MAX || err_set(e, ERR_INPUT, "%s: the path is too long", workspace_path(ws));
}

/* What it holds, in both directions. */
static void list_tensors(const struct fold_faces *f, struct safetensor out[TENSORS])
{
    const struct safetensor all[TENSORS] = {
        {.name = "ids", .type = SAFETENSOR_I64, .dims = {f->count}, .rank = 1, .data = f->ids},
        {.name = "targets",
         .type = SAFETENSOR_F32,
         .dims = {f->count, EMOTION_COUNT},
         .rank = 2,
         .data = f->targets},
        {.name = "probabilities",
         .type = SAFETENSOR_F32,
         .dims = {f->count, EMOTION_COUNT},
         .rank = 2,
         .data = f->probabilities},
        {.name = "fold", .type = SAFETENSOR_U8, .dims = {f->count}, .rank = 1, .data = f->fold},
        {.name = "learnt", .type = SAFETENSOR_U8, .dims = {f->count}, .rank = 1, .data = f->learnt},
        {.name = "reviewed", .type = SAFETENSOR_U8, .dims = {f->count}, .rank = 1, .data = f->reviewed},
        {.name = "labels", .type = SAFETENSOR_U8, .dims = {f->count}, .rank = 1, .data = f->labels},
    };
    memcpy(out, all, sizeof all);
}

bool fold_faces_write(const struct fold_faces *f, const struct recipe *recipe, const char *path,
                      struct err *e)
{
    struct safetensor tensors[TENSORS];
    char done[12], digest[DIGEST_HEX] = "", *record = recipe_json(recipe);
    void *bytes = NULL;
    size_t size;
    list_tensors(f, tensors);
    snprintf(done, sizeof done, "%d", f->done);
    const struct safetensor_note notes[] = {{"format", format},
                                            {"version", version},
                                            {"recipe", record != NULL ? record : ""},
                                            {"done", done},
                                            {"digest", digest}};
    const struct safetensors file = {.tensors = tensors,
                                     .tensor_count = TENSORS,
                                     .notes = notes,
                                     .note_count = sizeof notes / sizeof *notes};
    bool fine =
        ((record != NULL && checkpoint_digest(&file, digest)) || err_memory(e, "keeping the folds")) &&
        safetensors_write(&file, &bytes, &size, e) && file_write(path, bytes, size, e);
    free(bytes);
    free(record);
    return fine;
}

static bool damaged(const char *path, const char *what, struct err *e)
{
    return err_set(e, ERR_INPUT, "%s: the file of the folds is damaged (%s); start a new training", path,
                   what);
}

static bool read_notes(struct fold_faces *f, struct recipe *recipe, const struct safetensors *file,
                       const char *path, struct err *e)
{
    const char *kind = safetensors_note(file, "format"), *made = safetensors_note(file, "version"),
               *record = safetensors_note(file, "recipe"), *done = safetensors_note(file, "done"),
               *digest = safetensors_note(file, "digest");
    char hex[DIGEST_HEX];
    int64_t number;
    if (kind == NULL || strcmp(kind, format) != 0 || made == NULL || strcmp(made, version) != 0)
        return err_set(
            e, ERR_INPUT,
            "%s: this ferlab does not read that file of folds; resume with the ferlab that wrote it, "
            "or start a new training",
            path);
    if (!checkpoint_digest(file, hex))
        return err_memory(e, "reading the folds");
    if (digest == NULL || strcmp(digest, hex) != 0)
        return damaged(path, "its digest does not match", e);
    if (record == NULL || done == NULL)
        return damaged(path, "its notes are incomplete", e);
    if (!recipe_parse(record, recipe, e))
        return false;
    if (recipe->folds == 0 || !str_to_int(done, 0, recipe->folds, &number))
        return damaged(path, "done", e);
    f->folds = recipe->folds;
    f->done = (int)number;
    return true;
}

static bool read_tensors(struct fold_faces *f, const struct safetensors *file, const char *path,
                         struct err *e)
{
    struct safetensor tensors[TENSORS];
    list_tensors(f, tensors);
    for (int i = 0; i < TENSORS; i++) {
        const struct safetensor *wanted = &tensors[i], *found = safetensors_find(file, wanted->name);
        if (found == NULL || found->type != wanted->type || found->rank != wanted->rank ||
            memcmp(found->dims, wanted->dims, (size_t)wanted->rank * sizeof *wanted->dims) != 0)
            return damaged(path, wanted->name, e);
        if (safetensor_bytes(wanted) > 0)
            memcpy((void *)(uintptr_t)wanted->data, found->data, safetensor_bytes(wanted));
    }
    return true;
}

static bool check_faces(const struct fold_faces *f, const char *path, struct err *e)
{
    for (size_t i = 0; i < f->count; i++) {
        bool sound = (f->fold[i] < f->folds || f->fold[i] == NO_FOLD) && f->learnt[i] <= 1 &&
                     f->reviewed[i] <= 1 && f->labels[i] >= CLASS_NONE && f->labels[i] < CLASS_COUNT &&
                     (i == 0 || f->ids[i] > f->ids[i - 1]) && !(f->learnt[i] && f->fold[i] == NO_FOLD);
        for (int k = 0; k < EMOTION_COUNT; k++)
            sound = sound && f->targets[i * EMOTION_COUNT + (size_t)k] >= 0 &&
                    f->targets[i * EMOTION_COUNT + (size_t)k] <= 1 && f->probabilities[i][k] >= 0 &&
                    f->probabilities[i][k] <= 1;
        if (!sound)
            return damaged(path, "its faces", e);
    }
    return true;
}

static bool read_file(struct fold_faces *f, struct recipe *recipe, const struct safetensors *file,
                      const char *path, struct err *e)
{
    const struct safetensor *ids = safetensors_find(file, "ids");
    if (ids == NULL || ids->rank != 1 || ids->dims[0] > INT32_MAX)
        return damaged(path, "ids", e);
    return fold_faces_make(f, ids->dims[0], e) && read_notes(f, recipe, file, path, e) &&
           read_tensors(f, file, path, e) && check_faces(f, path, e);
}

bool fold_faces_read(struct fold_faces *f, struct recipe *recipe, const char *path, struct err *e)
{
    size_t size;
    struct arena arena = {0};
    struct safetensors file;
    struct err why = {0};
    *f = (struct fold_faces){0};
    char *bytes = file_read(path, bytes_max, &size, e);
    if (bytes == NULL)
        return false;
    bool fine = safetensors_read(&file, bytes, size, path_base(path), &arena, &why);
    if (!fine && why.code == ERR_MEMORY)
        err_memory(e, "reading the folds");
    else if (!fine)
        damaged(path, why.text, e);
    fine = fine && read_file(f, recipe, &file, path, e);
    free(bytes);
    arena_free(&arena);
    return fine;
}
