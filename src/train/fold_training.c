/* Trainings in folds: one model after the other, each from fresh weights, of the faces that the others keep
 * out; in the end their predictions of what they did not see, under one name. */
#include "checkpoint.h"
#include "training.h"

#include "ferlab/base/str.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* None: a fold is judged once, when it is done. */
static bool make_no_validation_set(struct validation_set *v, struct err *e)
{
    *v = (struct validation_set){.ids = malloc(sizeof *v->ids), .labels = malloc(1), .pixels = malloc(1)};
    return (v->ids != NULL && v->labels != NULL && v->pixels != NULL) || err_memory(e, "preparing a fold");
}

bool training_make_fold(struct training *t, struct err *e)
{
    training_free_model(t);
    t->fold = t->folds->done < t->folds->folds ? t->folds->done + 1 : t->folds->folds;
    t->learner = classifier_create(t->recipe.arch, 0, t->recipe.seed, e);
    bool fine = t->learner != NULL && training_copy_learner(t, e) && make_no_validation_set(&t->valid, e) &&
                fold_faces_training_set(t->folds, t->fold, t->ws, &t->recipe, &t->train, e) &&
                training_make_buffers(t, e);
    if (fine)
        training_plan(t);
    return fine;
}

bool training_prepare_folds(struct training *t, struct err *e)
{
    if (!columns_load(&t->columns, t->ws, RULE_MAJORITY, -1, e))
        return false;
    columns_label_revision(t->columns, t->recipe.labels, t->label_revision);
    t->folds = calloc(1, sizeof *t->folds);
    return (t->folds != NULL || err_memory(e, "preparing the folds")) &&
           fold_faces_load(t->folds, t->ws, t->columns, &t->recipe, e) && training_make_fold(t, e);
}

/* --- telling --- */

static void say_folds(struct training *t)
{
    const struct recipe *r = &t->recipe;
    train_log_say(
        &t->log,
        "run %d %s: %d folds of %s, %zu parameters; each: %d epochs of about %zu faces, batch %d, %lld "
        "steps, rate %g, seed %llu, %d thread%s",
        (int)t->run, r->name, r->folds, r->arch, classifier_parameters(t->learner), r->epochs, t->epoch_faces,
        r->batch, (long long)(r->epochs * t->steps), r->learning_rate, (unsigned long long)r->seed,
        r->threads, str_plural(r->threads));
    train_log_say(&t->log,
                  "targets: %s rule, %s labels (revision %s), near-duplicates in one fold; "
                  "accuracy: the faces kept out, majority rule",
                  rule_name(r->rule), r->labels == LABELS_CROWD ? "crowd" : "reviewed", t->label_revision);
}

static void percent(double share, char out[16])
{
    if (isnan(share))
        strcpy(out, "–");
    else
        snprintf(out, 16, "%.2f %%", 100 * share);
}

static void say_fold_done(struct training *t, double accuracy)
{
    char share[16];
    percent(accuracy, share);
    train_log_say(&t->log, "fold %d/%d is done: %s of the faces it did not see", t->fold, t->recipe.folds,
                  share);
}

/* --- one fold --- */

/* Stopped: the checkpoint of the last epoch goes on from here. */
static enum ending predict_fold(struct training *t, struct err *e)
{
    size_t room = t->folds->count + 1, done = 0;
    int64_t *ids = malloc(room * sizeof *ids);
    float(*probabilities)[EMOTION_COUNT] = malloc(room * sizeof *probabilities);
    bool fine = (ids != NULL && probabilities != NULL) || err_memory(e, "predicting");
    size_t count = fine ? fold_faces_asked(t->folds, t->fold, ids) : 0;
    if (fine) {
        classifier_copy_values(training_judged(t), t->best);
        predictor_refresh(t->judge);
        train_log_bar(&t->log, count, "fold %d/%d predict", t->fold, t->recipe.folds);
        fine = predictor_samples(t->judge, t->ws, ids, count, probabilities, NULL, &done, &t->log.bar, e);
    }
    if (fine && done == count)
        fold_faces_take(t->folds, t->fold, probabilities);
    free(ids);
    free(probabilities);
    return !fine ? ENDING_ERROR : done < count ? ENDING_STOPPED : ENDING_GOES_ON;
}

/* The rows of the fold's epochs, the last with the accuracy of what it did not see. */
static bool write_fold(struct training *t, double accuracy, struct err *e)
{
    t->epochs[t->epochs_done - 1].valid_accuracy = accuracy;
    t->epochs_written = 0;
    if (!training_begin_patiently(t, e))
        return false;
    bool fine = training_write_epochs(t, e) && workspace_commit(t->ws, e);
    if (!fine)
        workspace_rollback(t->ws);
    return fine;
}

bool training_save_folds(struct training *t, struct err *e)
{
    char path[PATH_MAX];
    return fold_faces_path(t->ws, t->run, path, e) && fold_faces_write(t->folds, &t->recipe, path, e);
}

/* The training does without a file that cannot be written; resumed, it would do the fold again. */
static void save_folds(struct training *t)
{
    struct err trouble = {0};
    if (training_save_folds(t, &trouble))
        checkpoint_remove(t);
    else
        train_log_say(&t->log, "the folds are not saved now, as they were before stays: %s", trouble.text);
}

static enum ending one_fold(struct training *t, struct err *e)
{
    enum ending ending = training_epochs(t, e);
    if (ending == ENDING_GOES_ON)
        ending = predict_fold(t, e);
    if (ending != ENDING_GOES_ON)
        return ending;
    double accuracy = fold_faces_accuracy(t->folds, t->fold);
    if (!write_fold(t, accuracy, e))
        return e->code == ERR_BUSY ? ENDING_STOPPED : ENDING_ERROR;
    save_folds(t);
    say_fold_done(t, accuracy);
    return ENDING_GOES_ON;
}

static enum ending folds_left(struct training *t, struct err *e)
{
    enum ending ending = ENDING_GOES_ON;
    while (ending == ENDING_GOES_ON && t->folds->done < t->folds->folds) {
        ending = one_fold(t, e);
        if (ending == ENDING_GOES_ON && t->folds->done < t->folds->folds && !training_make_fold(t, e))
            ending = ENDING_ERROR;
    }
    return ending;
}

/* --- the end --- */

/* On the valid split, as other models have it. */
static double valid_accuracy(const struct training *t)
{
    const struct fold_faces *f = t->folds;
    size_t count = 0, right = 0;
    for (size_t i = 0; i < f->count; i++) {
        int64_t row = columns_row(t->columns, f->ids[i]);
        if (row < 0 || t->columns->split[row] != SPLIT_VALID || f->labels[i] < 0 ||
            f->labels[i] >= EMOTION_COUNT)
            continue;
        count++;
        right += emotion_most_probable(f->probabilities[i]) == f->labels[i];
    }
    return count > 0 ? (double)right / (double)count : NAN;
}

static bool add_set(struct training *t, struct err *e)
{
    const struct model_new m = {.name = t->recipe.name,
                                .arch = t->recipe.arch,
                                .run = t->run,
                                .parameters = (int64_t)classifier_parameters(t->learner),
                                .input_size = t->learner->facts.size,
                                .valid_accuracy = valid_accuracy(t),
                                .folds = t->recipe.folds};
    bool *in_sample = calloc(t->folds->count + 1, sizeof *in_sample); /* none is */
    bool current = t->recipe.use || model_current(t->ws) == 0;
    bool fine = (in_sample != NULL || err_memory(e, "keeping the predictions")) &&
                model_add(t->ws, &m, &t->model, e) &&
                predictions_write(t->ws, t->model, t->folds->ids, t->folds->probabilities[0], in_sample,
                                  t->folds->count, e) &&
                (!current || model_use(t->ws, t->model, e)) &&
                run_finish(t->ws, t->run, RUN_DONE, t->model, NULL, e);
    free(in_sample);
    return fine;
}

static void forget_files(struct training *t)
{
    char path[PATH_MAX];
    checkpoint_remove(t);
    if (fold_faces_path(t->ws, t->run, path, NULL))
        unlink(path);
}

static void say_kept(struct training *t)
{
    char all[16], valid[16];
    percent(fold_faces_accuracy(t->folds, 0), all);
    percent(valid_accuracy(t), valid);
    train_log_say(
        &t->log,
        "%s: each face as a model saw it that had not learnt from it; %s of all right, of valid %s%s",
        t->recipe.name, all, valid, model_current(t->ws) == t->model ? "; now the current model" : "");
}

static bool keep(struct training *t, struct err *e)
{
    if (!training_begin_patiently(t, e))
        return false;
    bool fine = training_name_model(t, e) && add_set(t, e) && workspace_commit(t->ws, e);
    if (!fine) {
        workspace_rollback(t->ws);
        return false;
    }
    forget_files(t);
    say_kept(t);
    return true;
}

/* Until all folds are done there is nothing to show, but nothing is lost either. */
static bool explain(const struct training *t, enum ending ending, struct err *e)
{
    int run = (int)t->run, folds = t->recipe.folds;
    if (ending == ENDING_STOPPED)
        return err_set(e, ERR_INTERRUPTED,
                       "run %d: stopped in fold %d of %d; 'ferlab train --resume %d' goes on", run, t->fold,
                       folds, run);
    if (ending == ENDING_DIVERGED)
        return err_set(e, ERR_INPUT,
                       "run %d: the loss of fold %d, epoch %d is not a number any more; lower --lr", run,
                       t->fold, (int)t->epochs_done + 1);
    return false;
}

bool training_all_folds(struct training *t, struct err *e)
{
    say_folds(t);
    enum ending ending = folds_left(t, e);
    if (ending == ENDING_GOES_ON && keep(t, e))
        return true;
    explain(t, ending, e);
    run_finish(t->ws, t->run, ending == ENDING_STOPPED ? RUN_STOPPED : RUN_FAILED, 0,
               ending == ENDING_STOPPED ? NULL : e->text, NULL);
    train_log_write(&t->log, e->text);
    if (ending == ENDING_DIVERGED) /* it would do so again */
        forget_files(t);
    return false;
}
