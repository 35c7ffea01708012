/* Interrupted trainings, brought back to where they stood. */
#include "checkpoint.h"
#include "recipe_record.h"

#include "ferlab/base/path.h"
#include "ferlab/base/str.h"
#include "ferlab/store/samples.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool refuse(const struct run *run, struct err *e)
{
    int id = (int)run->id;
    if (run->state == RUN_RUNNING)
        return err_set(e, ERR_INPUT,
                       "run %d: it is running, as process %d; stop it with 'ferlab runs stop %d'", id,
                       (int)run->pid, id);
    if (run->state == RUN_DONE)
        return run->folds > 0
                   ? err_set(e, ERR_INPUT, "run %d: it is done", id)
                   : err_set(e, ERR_INPUT,
                             "run %d: it is done; 'ferlab train --from %s' trains its model further", id,
                             run->model_name[0] != '\0' ? run->model_name : "MODEL");
    return true;
}

static bool load_pixels(struct workspace *ws, const int64_t *ids, size_t count, uint8_t **pixels,
                        struct err *e)
{
    *pixels = malloc((count + 1) * FACE_PIXELS);
    return *pixels != NULL ? sample_pixels_many(ws, ids, count, *pixels, e) : err_memory(e, "loading faces");
}

/* As it stood, with the labels it began with: what was labelled since waits for the next training. */
static bool restore(struct training *t, struct checkpoint *c, const struct run *run, int threads,
                    struct err *e)
{
    if (!checkpoint_read(c, e))
        return false;
    t->recipe = c->recipe;
    t->recipe.threads = threads > 0 ? threads : (int)run->threads;
    snprintf(t->label_revision, sizeof t->label_revision, "%s", run->label_revision);
    return columns_load(&t->columns, t->ws, RULE_MAJORITY, -1, e) && checkpoint_restore(c, t, e) &&
           load_pixels(t->ws, t->train.ids, t->train.count, &t->train.pixels, e) &&
           load_pixels(t->ws, t->valid.ids, t->valid.count, &t->valid.pixels, e);
}

static bool restore_from(struct training *t, const char *path, const struct run *run, int threads,
                         struct err *e)
{
    struct checkpoint c = {0};
    snprintf(c.path, sizeof c.path, "%s", path);
    bool fine = restore(t, &c, run, threads, e);
    checkpoint_free(&c);
    return fine;
}

/* The fold under way as it stood at the checkpoint `c`, where that is of it, else from its beginning. */
static bool restore_fold(struct training *t, struct checkpoint *c, struct err *e)
{
    if (!path_is_file(c->path) || t->folds->done == t->folds->folds)
        return training_make_fold(t, e);
    if (!checkpoint_read(c, e))
        return false;
    if (c->fold != t->folds->done + 1)
        return training_make_fold(t, e);
    t->fold = (int)c->fold;
    return checkpoint_restore(c, t, e) &&
           load_pixels(t->ws, t->train.ids, t->train.count, &t->train.pixels, e) &&
           load_pixels(t->ws, t->valid.ids, t->valid.count, &t->valid.pixels, e);
}

static bool restore_folds(struct training *t, const char *path, const char *checkpoint, const struct run *run,
                          int threads, struct err *e)
{
    struct checkpoint c = {0};
    snprintf(c.path, sizeof c.path, "%s", checkpoint);
    snprintf(t->label_revision, sizeof t->label_revision, "%s", run->label_revision);
    t->folds = calloc(1, sizeof *t->folds);
    if (t->folds == NULL)
        return err_memory(e, "resuming the folds");
    if (!columns_load(&t->columns, t->ws, RULE_MAJORITY, -1, e) ||
        !fold_faces_read(t->folds, &t->recipe, path, e))
        return false;
    t->recipe.threads = threads > 0 ? threads : (int)run->threads;
    bool fine = restore_fold(t, &c, e);
    checkpoint_free(&c);
    return fine;
}

/* A run that came to no checkpoint. */
static bool begin_again(struct training *t, const char *path, const struct run *run, int threads,
                        struct err *e)
{
    struct recipe recipe;
    if (run->epochs_done > 0)
        return err_set(e, ERR_INPUT, "%s: the checkpoint of run %d is gone; start a new training%s%s", path,
                       (int)run->id, run->model_name[0] != '\0' ? ", from its model with --from " : "",
                       run->model_name);
    if (!recipe_parse(run->recipe, &recipe, e))
        return false;
    recipe.threads = threads > 0 ? threads : (int)run->threads;
    return training_prepare(t, t->ws, &recipe, false, e);
}

static void say_resumed(struct training *t, const struct run *run)
{
    char now[sizeof t->label_revision];
    if (t->folds != NULL)
        train_log_say(&t->log, "run %d goes on: %d of %d folds are done, and %zu of %d epochs of the next",
                      (int)t->run, t->folds->done, t->folds->folds, t->epochs_done, t->recipe.epochs);
    else if (t->epochs_done > 0 || t->step > 0)
        train_log_say(&t->log, "run %d goes on: %zu of %d epochs are done%s", (int)t->run, t->epochs_done,
                      t->recipe.epochs, t->step > 0 ? ", and a part of the next" : "");
    else
        train_log_say(&t->log, "run %d came to no checkpoint; it begins again", (int)t->run);
    if (t->recipe.threads != run->threads)
        train_log_say(&t->log, "with %d thread%s, before with %d: the weights will differ in their last bits",
                      t->recipe.threads, str_plural(t->recipe.threads), (int)run->threads);
    columns_label_revision(t->columns, t->recipe.labels, now);
    if (strcmp(now, t->label_revision) != 0)
        train_log_say(&t->log,
                      "labels were changed since it began (revision %s, now %s); it goes on with those "
                      "it began with",
                      t->label_revision, now);
}

/* The record as it is now, except for the model that was in use when the run began. */
static char *record_again(const struct training *t, const struct run *run)
{
    char *text = training_record(t);
    json_t *record = text == NULL ? NULL : json_loads(text, 0, NULL),
           *before = json_loads(run->recipe, 0, NULL);
    free(text);
    if (json_object_get(before, "in_use") != NULL)
        json_object_set(record, "in_use", json_object_get(before, "in_use"));
    json_decref(before);
    return recipe_text(record);
}

/* From here on the run is this process's. */
static bool take_over(struct training *t, const struct run *run, bool quiet, struct err *e)
{
    char *record = record_again(t, run);
    if (record == NULL)
        return err_memory(e, "recording the recipe");
    struct run_new row = training_row(t, record);
    int64_t before = t->folds != NULL ? (int64_t)t->folds->done * t->recipe.epochs : 0;
    bool fine = run_resume(t->ws, run->id, &row, before + (int64_t)t->epochs_done, e);
    free(record);
    if (!fine)
        return false;
    t->run = run->id;
    if (!train_log_open(&t->log, t->ws, t->run, quiet, e))
        return false;
    checkpoint_sweep(t->log.dir);
    if (t->folds != NULL && !training_save_folds(t, e)) /* one that begins again has none yet */
        return false;
    say_resumed(t, run);
    return true;
}

static bool bring_back(struct training *t, const struct run *run, int threads, struct err *e)
{
    char path[PATH_MAX], folds[PATH_MAX];
    if (!checkpoint_path(t->ws, run->id, path, e) || !fold_faces_path(t->ws, run->id, folds, e))
        return false;
    if (run->folds > 0)
        return path_is_file(folds) ? restore_folds(t, folds, path, run, threads, e)
                                   : begin_again(t, folds, run, threads, e);
    return path_is_file(path) ? restore_from(t, path, run, threads, e)
                              : begin_again(t, path, run, threads, e);
}

bool training_resume(struct training *t, struct workspace *ws, const char *word, int threads, bool quiet,
                     struct err *e)
{
    struct arena arena = {0};
    struct run run;
    *t = (struct training){.ws = ws, .best_accuracy = NAN};
    bool fine = run_find(ws, word, &arena, &run, e) && refuse(&run, e) && bring_back(t, &run, threads, e);
    if (fine) {
        snprintf(t->parent, sizeof t->parent, "%s", run.parent);
        fine = take_over(t, &run, quiet, e);
    }
    arena_free(&arena);
    return fine;
}
