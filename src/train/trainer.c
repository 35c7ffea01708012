/* The training loop: epochs of steps, an evaluation after each, progress as it goes. */
#include "checkpoint.h"
#include "training.h"

#include "ferlab/base/clock.h"
#include "ferlab/base/interrupt.h"
#include "ferlab/base/str.h"

#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <string.h>

enum { VALID_FACES = 256 }; /* between two looks of the progress bar */
static const double progress_seconds = 0.5;
static const float rounding = 1e-5f; /* of shares that are equal */

/* Right: no emotion has a larger share of the target than the one predicted. The weights that emotions have
 * in the loss are taken off again, as they would make a rare second choice the first. */
static size_t count_right(const struct training *t, size_t count)
{
    size_t right = 0;
    for (size_t i = 0; i < count; i++) {
        const float *target = t->batch.targets + i * EMOTION_COUNT, *weight = t->batch.class_weights;
        float share[EMOTION_COUNT];
        for (int k = 0; k < EMOTION_COUNT; k++)
            share[k] = weight[k] > 0 ? target[k] / weight[k] : 0;
        int predicted = emotion_most_probable(t->probabilities + i * EMOTION_COUNT);
        right += share[predicted] >= share[emotion_most_probable(share)] * (1 - rounding);
    }
    return right;
}

/* Of one face's prediction: two passes, itself and its mirror image, where a step is three. */
static double prediction_seconds(const struct training *t)
{
    return t->step_seconds * (double)t->steps / (double)t->epoch_faces * 2 / 3;
}

/* Of the folds to come as much as of the one under way. */
static double folds_left(const struct training *t, double steps)
{
    const struct fold_faces *f = t->folds;
    double faces = 0;
    for (size_t i = 0; i < f->count; i++)
        faces += f->fold[i] == NO_FOLD ? f->folds - t->fold + 1 : f->fold[i] >= t->fold - 1;
    steps += (double)(f->folds - t->fold) * t->recipe.epochs * (double)t->steps;
    return t->step_seconds * steps + prediction_seconds(t) * faces;
}

/* The predictions for all samples at the end take as long as so many evaluations. */
static double seconds_left(const struct training *t, int epoch, int64_t step)
{
    double steps = (double)((t->recipe.epochs - epoch) * t->steps + t->steps - step);
    if (t->folds != NULL)
        return folds_left(t, steps);
    double each = prediction_seconds(t), faces = (double)t->columns->count;
    if (t->evaluation_seconds > 0 && t->valid.count > 0)
        each = t->evaluation_seconds / (double)t->valid.count;
    faces += (double)(t->recipe.epochs - epoch + 1) * (double)t->valid.count;
    return steps * t->step_seconds + faces * each;
}

/* The epochs of the folds before. */
static int64_t epochs_before(const struct training *t)
{
    return t->fold > 0 ? (int64_t)(t->fold - 1) * t->recipe.epochs : 0;
}

/* "epoch 3/8", "fold 2/5 epoch 3/8". */
enum { EPOCH_TEXT = 64 };
static const char *epoch_text(const struct training *t, const char *word, int epoch, char out[EPOCH_TEXT])
{
    int at = t->fold > 0 ? snprintf(out, EPOCH_TEXT, "fold %d/%d ", t->fold, t->recipe.folds) : 0;
    snprintf(out + at, EPOCH_TEXT - (size_t)at, "%s %d/%d", word, epoch, t->recipe.epochs);
    return out;
}

static double images_per_second(const struct training *t)
{
    return t->step_seconds > 0 ? (double)t->epoch_faces / (double)t->steps / t->step_seconds : 0;
}

/* Where the run is now, for whoever watches. A workspace that is busy just then hears of it the next time. */
static void report(struct training *t, int epoch, int64_t step)
{
    double now = clock_seconds();
    if (now - t->reported < progress_seconds)
        return;
    t->reported = now;
    run_progress(t->ws, t->run, epochs_before(t) + epoch, step, t->steps, images_per_second(t),
                 seconds_left(t, epoch, step), t->tally.loss / (double)t->tally.seen, NULL);
}

static enum ending train_step(struct training *t, int epoch, int64_t step, struct err *e)
{
    const struct recipe *r = &t->recipe;
    double before = clock_seconds(), loss;
    /* An epoch sees each of its faces once, in steps that differ by one face at most. */
    size_t first = (size_t)step * t->epoch_faces / (size_t)t->steps;
    size_t count = ((size_t)step + 1) * t->epoch_faces / (size_t)t->steps - first;
    int64_t global = (epoch - 1) * t->steps + step;
    batch_fill(&t->batch, &t->train, t->order + first, count, r, epoch);
    if (!learning_step(t->learning, t->batch.images, t->batch.targets, (int)count,
                       r->rule == RULE_MULTI_TARGET ? LOSS_MULTI_TARGET : LOSS_CROSS_ENTROPY, r->seed,
                       (uint64_t)global, t->probabilities, &loss, e))
        return ENDING_ERROR;
    if (!isfinite(loss))
        return ENDING_DIVERGED;
    struct parameter_list learnt = classifier_parameter_list(t->learner);
    sgd_step(&t->sgd, learnt, (float)recipe_learning_rate(r, global, r->epochs * t->steps));
    if (t->average != NULL)
        parameters_average(classifier_parameter_list(t->average), learnt, (float)recipe_ema(r, global),
                           r->threads);
    t->tally.loss += loss * (double)count;
    t->tally.right += count_right(t, count);
    t->tally.seen += count;
    double seconds = clock_seconds() - before;
    t->step_seconds += (t->step_seconds > 0 ? 0.1 : 1) * (seconds - t->step_seconds);
    return ENDING_GOES_ON;
}

static enum ending train_epoch(struct training *t, int epoch, struct err *e)
{
    char text[EPOCH_TEXT];
    training_set_order(&t->train, &t->recipe, epoch, t->order);
    train_log_bar(&t->log, t->epoch_faces, "%s", epoch_text(t, "epoch", epoch, text));
    for (; t->step < t->steps; t->step++) {
        if (interrupt_requested())
            return ENDING_STOPPED;
        enum ending ending = train_step(t, epoch, t->step, e);
        if (ending != ENDING_GOES_ON)
            return ending;
        progress_update(&t->log.bar, t->tally.seen);
        report(t, epoch, t->step + 1);
    }
    return ENDING_GOES_ON;
}

static bool predict_valid(struct training *t, int epoch, struct err *e)
{
    char text[EPOCH_TEXT];
    train_log_bar(&t->log, t->valid.count, "%s", epoch_text(t, "valid", epoch, text));
    predictor_refresh(t->judge);
    for (size_t first = 0; first < t->valid.count; first += VALID_FACES) {
        size_t left = t->valid.count - first, n = left < VALID_FACES ? left : VALID_FACES;
        if (!predictor_faces(t->judge, t->valid.pixels + first * FACE_PIXELS, n,
                             t->valid_probabilities + first, e))
            return false;
        progress_update(&t->log.bar, first + n);
    }
    return true;
}

/* Accuracy on the validation faces; NaN where there are none. */
static bool evaluate(struct training *t, int epoch, double *accuracy, struct err *e)
{
    double before = clock_seconds();
    *accuracy = NAN;
    if (t->valid.count == 0)
        return true;
    if (!predict_valid(t, epoch, e))
        return false;
    *accuracy = validation_set_accuracy(&t->valid, t->valid_probabilities);
    t->evaluation_seconds = clock_seconds() - before;
    return true;
}

/* Whether the weights are numbers: they may overflow in a step whose loss still was one. */
static bool is_sound(const struct training *t)
{
    struct parameter_list list = classifier_parameter_list(t->learner);
    for (size_t i = 0; i < list.count; i++) {
        const struct parameter *p = &list.items[i];
        for (size_t k = 0; k < p->count; k++)
            if (!isfinite(p->value[k]))
                return false;
    }
    return true;
}

static void remember_best(struct training *t, int64_t epoch, double accuracy)
{
    if (accuracy <= t->best_accuracy)
        return;
    t->best_accuracy = accuracy;
    t->best_epoch = epoch;
    classifier_copy_values(t->best, training_judged(t));
    memcpy(t->best_probabilities, t->valid_probabilities, t->valid.count * sizeof *t->best_probabilities);
}

bool training_write_epochs(struct training *t, struct err *e)
{
    while (t->epochs_written < t->epochs_done) {
        struct run_epoch row = t->epochs[t->epochs_written];
        row.epoch += epochs_before(t);
        if (!run_add_epoch(t->ws, t->run, &row, e))
            return false;
        t->epochs_written++;
    }
    return true;
}

static void say_epoch(struct training *t, const struct run_epoch *row, int epoch)
{
    char valid[64] = "", seconds[16], left[16], text[EPOCH_TEXT];
    bool last = t->folds == NULL && epoch == t->recipe.epochs;
    if (!isnan(row->valid_accuracy))
        snprintf(valid, sizeof valid, "  valid %.2f %% (best %.2f %%, epoch %d)", 100 * row->valid_accuracy,
                 100 * t->best_accuracy, (int)t->best_epoch);
    train_log_say(&t->log, "%s  loss %.4f  train %.2f %%%s  %s  %.0f img/s  %s %s",
                  epoch_text(t, "epoch", epoch, text), row->loss, 100 * row->train_accuracy, valid,
                  clock_span(seconds, row->seconds), images_per_second(t),
                  clock_span(left, seconds_left(t, epoch, t->steps) - t->evaluation_seconds),
                  last ? "of predictions left" : "left");
}

/* A training does without the checkpoint that cannot be written; the one before stays. */
static bool save(struct training *t)
{
    struct err trouble = {0};
    if (checkpoint_write(t, &trouble))
        return true;
    train_log_say(&t->log, "no checkpoint now, the one before stays: %s", trouble.text);
    return false;
}

/* The step that was under way when the stop came is done. */
static void save_stopped(struct training *t, double started)
{
    t->tally.seconds = clock_seconds() - started;
    if (save(t))
        train_log_say(&t->log, "'ferlab train --resume %d' goes on from here", (int)t->run);
}

static void blend(struct training *t)
{
    if (t->blend == NULL)
        return;
    classifier_copy_values(t->blend, t->origin);
    parameters_average(classifier_parameter_list(t->blend), classifier_parameter_list(training_learnt(t)),
                       (float)t->recipe.keep, t->recipe.threads);
}

static enum ending judge_epoch(struct training *t, int epoch, double started, struct err *e)
{
    struct run_epoch *row = &t->epochs[t->epochs_done];
    *row = (struct run_epoch){
        .epoch = epoch,
        .loss = t->tally.loss / (double)t->tally.seen,
        .train_accuracy = (double)t->tally.right / (double)t->tally.seen,
    };
    if (!is_sound(t))
        return ENDING_DIVERGED;
    blend(t);
    if (!evaluate(t, epoch, &row->valid_accuracy, e))
        return ENDING_ERROR;
    remember_best(t, epoch, row->valid_accuracy);
    row->seconds = clock_seconds() - started;
    t->epochs_done++;
    t->step = 0;
    t->tally = (struct tally){0};
    return ENDING_GOES_ON;
}

/* The checkpoint comes before the epoch's row: a run with an epoch has one to go on from. */
static enum ending complete_epoch(struct training *t, int epoch, struct err *e)
{
    double started = clock_seconds() - t->tally.seconds;
    enum ending ending = train_epoch(t, epoch, e);
    if (ending == ENDING_STOPPED)
        save_stopped(t, started);
    if (ending == ENDING_GOES_ON)
        ending = judge_epoch(t, epoch, started, e);
    if (ending != ENDING_GOES_ON)
        return ending;
    say_epoch(t, &t->epochs[t->epochs_done - 1], epoch);
    save(t);
    struct err busy = {0};
    if (!training_write_epochs(t, &busy))
        train_log_say(&t->log, "the epoch is written with the next one: %s", busy.text);
    return ENDING_GOES_ON;
}

enum ending training_epochs(struct training *t, struct err *e)
{
    enum ending ending = ENDING_GOES_ON;
    while ((int)t->epochs_done < t->recipe.epochs && ending == ENDING_GOES_ON)
        ending = complete_epoch(t, (int)t->epochs_done + 1, e);
    return ending;
}

static void say_start(struct training *t)
{
    const struct recipe *r = &t->recipe;
    char reviewed[48] = "";
    if (training_set_reviewed(&t->train) > 0)
        snprintf(reviewed, sizeof reviewed, ", %zu of them reviewed", training_set_reviewed(&t->train));
    train_log_say(
        &t->log,
        "run %d %s: %s, %zu parameters%s%s; epochs: %d of %zu face%s%s, batch %d, rate %g, seed %llu, "
        "%d thread%s",
        (int)t->run, r->name, r->arch, classifier_parameters(t->learner), t->parent[0] ? ", from " : "",
        t->parent, r->epochs, t->epoch_faces, str_plural((int64_t)t->epoch_faces), reviewed, r->batch,
        r->learning_rate, (unsigned long long)r->seed, r->threads, str_plural(r->threads));
    if (t->valid.count > 0)
        train_log_say(
            &t->log,
            "targets: %s rule, %s labels (revision %s); accuracy: %zu face%s of valid, majority rule",
            rule_name(r->rule), r->labels == LABELS_CROWD ? "crowd" : "reviewed", t->label_revision,
            t->valid.count, str_plural((int64_t)t->valid.count));
    else
        train_log_say(
            &t->log,
            "targets: %s rule, %s labels (revision %s); the valid split has no labelled face, so the last "
            "epoch counts as the best",
            rule_name(r->rule), r->labels == LABELS_CROWD ? "crowd" : "reviewed", t->label_revision);
}

/* What to tell of an ending that is not the planned one. */
static void explain(const struct training *t, enum ending ending, struct err *why)
{
    int epoch = (int)t->epochs_done + 1;
    if (ending == ENDING_STOPPED)
        err_set(why, ERR_INTERRUPTED,
                "run %d: stopped before its first epoch ended; there is no model to keep", (int)t->run);
    else if (ending == ENDING_DIVERGED)
        err_set(why, ERR_INPUT, "run %d: the loss of epoch %d is not a number any more; lower --lr%s%s",
                (int)t->run, epoch, t->epochs_done > 0 ? "; the best model before that is kept as " : "",
                t->epochs_done > 0 ? t->recipe.name : "");
}

static bool end_with_model(struct training *t, enum run_state state, const char *failure, struct err *e)
{
    struct err trouble = {0};
    if (state == RUN_STOPPED)
        train_log_say(
            &t->log,
            "stopped in epoch %d; keeping the model of epoch %d (Ctrl-C again leaves its predictions "
            "for later)",
            (int)t->epochs_done + 1, (int)t->best_epoch);
    if (!training_write_epochs(t, &trouble))
        train_log_say(&t->log, "%s", trouble.text);
    if (training_keep(t, state, failure, e))
        return true;
    if (state == RUN_DONE || t->model == 0) /* else its end is written */
        run_finish(t->ws, t->run, RUN_FAILED, t->model, e->text, NULL);
    return false;
}

/* Keeps what there is, in the state the ending asks for. */
static bool end_run(struct training *t, enum ending ending, struct err *e)
{
    static const enum run_state states[] = {
        [ENDING_GOES_ON] = RUN_DONE,
        [ENDING_STOPPED] = RUN_STOPPED,
        [ENDING_DIVERGED] = RUN_FAILED,
        [ENDING_ERROR] = RUN_FAILED,
    };
    enum run_state state = states[ending];
    struct err why = *e;
    explain(t, ending, &why);
    const char *failure = state == RUN_FAILED ? why.text : NULL;
    bool fine = true;
    if (t->epochs_done == 0)
        run_finish(t->ws, t->run, state, 0, failure, NULL);
    else
        fine = end_with_model(t, state, failure, e);
    if (fine && (failure != NULL || t->epochs_done == 0)) {
        *e = why;
        fine = false;
    }
    if (!fine)
        train_log_write(&t->log, e->text);
    /* What diverged would do so again. */
    if (ending == ENDING_DIVERGED || (fine && state == RUN_DONE))
        checkpoint_remove(t);
    return fine;
}

static bool carry_out(struct training *t, bool ready, struct err *e)
{
    int threads = omp_get_max_threads();
    bool fine = false;
    if (ready) {
        omp_set_num_threads(t->recipe.threads); /* libraries below the engine keep to it too */
        if (t->folds == NULL)
            say_start(t);
        fine = t->folds != NULL ? training_all_folds(t, e) : end_run(t, training_epochs(t, e), e);
        omp_set_num_threads(threads);
    } else if (t->run != 0) {
        train_log_write(&t->log, e->text);
        run_finish(t->ws, t->run, RUN_FAILED, 0, e->text, NULL);
    }
    training_free(t);
    return fine;
}

bool train_run(struct workspace *ws, const struct recipe *recipe, bool quiet, int64_t *run, struct err *e)
{
    struct training t;
    bool ready = training_prepare(&t, ws, recipe, true, e) && training_start(&t, quiet, e);
    *run = t.run;
    return carry_out(&t, ready, e);
}

bool train_resume(struct workspace *ws, const char *word, int threads, bool quiet, int64_t *run,
                  struct err *e)
{
    struct training t;
    bool ready = training_resume(&t, ws, word, threads, quiet, e);
    *run = t.run;
    return carry_out(&t, ready, e);
}
