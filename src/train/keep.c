/* Keeping what a training made: the model as ONNX, its predictions, the end of its run. */
#include "training.h"

#include "ferlab/base/interrupt.h"
#include "ferlab/base/path.h"
#include "ferlab/base/str.h"
#include "ferlab/eval/calibration.h"
#include "ferlab/store/beside.h"
#include "ferlab/train/duplicates.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    BUSY_TRIES = 30,         /* each waits as long as workspace_begin does */
    CALIBRATION_FACES = 100, /* fewer validation faces say little of confidence */
};

/* Scales the best weights' logits by the temperature that suits the validation labels, where there are
 * enough of them, and predicts those faces again. */
static bool calibrate(struct training *t, struct err *e)
{
    t->temperature = 1;
    if (!t->recipe.calibrate || t->valid.count < CALIBRATION_FACES)
        return true;
    double temperature = calibration_temperature(t->best_probabilities, t->valid.labels, t->valid.count);
    if (!classifier_scale_logits(t->best, (float)(1 / temperature))) {
        train_log_say(&t->log, "not calibrated: no last layer of this graph makes its confidence");
        return true;
    }
    t->temperature = temperature;
    classifier_copy_values(training_judged(t), t->best);
    predictor_refresh(t->judge);
    if (!predictor_faces(t->judge, t->valid.pixels, t->valid.count, t->best_probabilities, e))
        return false;
    t->best_accuracy = validation_set_accuracy(&t->valid, t->best_probabilities);
    train_log_say(&t->log, "calibrated on the validation faces: temperature %.3f, accuracy %.2f %%",
                  temperature, 100 * t->best_accuracy);
    return true;
}

bool training_begin_patiently(struct training *t, struct err *e)
{
    for (int i = 0; i < BUSY_TRIES; i++) {
        if (workspace_begin(t->ws, e))
            return true;
        if (e->code != ERR_BUSY || interrupt_requested())
            return false;
        train_log_say(&t->log, "waiting: %s", e->text);
    }
    return false;
}

static bool write_onnx(struct training *t, void **bytes, size_t *size, struct err *e)
{
    char accuracy[32] = "unknown", temperature[32];
    snprintf(temperature, sizeof temperature, "%.6f", t->temperature);
    if (!isnan(t->best_accuracy))
        snprintf(accuracy, sizeof accuracy, "%.6f", t->best_accuracy);
    char *recipe = recipe_json(&t->recipe);
    if (recipe == NULL)
        return err_memory(e, "recording the recipe");
    const struct onnx_note notes[] = {
        {"recipe", recipe},
        {"run", t->recipe.name},
        {"valid_accuracy", accuracy},
        {"label_revision", t->label_revision},
        {CALIBRATION_NOTE, temperature},
    };
    bool fine = classifier_write(t->best, notes, sizeof notes / sizeof *notes, bytes, size, e);
    free(recipe);
    return fine;
}

bool training_name_model(struct training *t, struct err *e)
{
    struct arena arena = {0};
    struct model other;
    const char *name = t->recipe.name;
    if (model_by_name(t->ws, name, &arena, &other, NULL))
        name = model_free_name(t->ws, name, &arena);
    if (name != NULL && name != t->recipe.name)
        snprintf(t->recipe.name, sizeof t->recipe.name, "%s", name);
    arena_free(&arena);
    return name != NULL || err_memory(e, "naming the model");
}

static bool add_model(struct training *t, const void *onnx, size_t size, int64_t *model, struct err *e)
{
    struct model_new m = {
        .name = t->recipe.name,
        .onnx = onnx,
        .size = size,
        .arch = t->recipe.arch,
        .run = t->run,
        .parameters = (int64_t)classifier_parameters(t->best),
        .input_size = t->best->facts.size,
        .valid_accuracy = t->best_accuracy,
    };
    return model_add(t->ws, &m, model, e);
}

/* The model that an earlier ending of this run kept makes room; *current: it was the current one. */
static bool remove_earlier(struct training *t, bool *current, struct err *e)
{
    struct arena arena = {0};
    struct model *models;
    size_t count;
    bool fine = models_list(t->ws, &arena, &models, &count, e);
    *current = false;
    for (size_t i = 0; fine && i < count; i++) {
        if (models[i].run != t->run)
            continue;
        *current |= models[i].current;
        fine = model_remove(t->ws, models[i].id, e);
    }
    arena_free(&arena);
    return fine;
}

/* The model first, with the predictions of its best epoch: from here on nothing that happens loses it. A run
 * that did not end done ends here. */
static bool secure_model(struct training *t, const void *onnx, size_t size, enum run_state state,
                         const char *failure, struct err *e)
{
    bool *unseen = calloc(t->valid.count + 1, sizeof *unseen);
    if (unseen == NULL)
        return err_memory(e, "keeping the model");
    int64_t model = 0;
    bool fine = training_begin_patiently(t, e), current;
    if (fine) {
        fine = remove_earlier(t, &current, e) && training_name_model(t, e) &&
               add_model(t, onnx, size, &model, e) && (!current || model_use(t->ws, model, e)) &&
               predictions_write(t->ws, model, t->valid.ids, &t->best_probabilities[0][0], unseen,
                                 t->valid.count, e) &&
               (state == RUN_DONE || run_finish(t->ws, t->run, state, model, failure, e)) &&
               workspace_commit(t->ws, e);
        if (!fine)
            workspace_rollback(t->ws);
    }
    t->model = fine ? model : 0;
    free(unseen);
    return fine;
}

/* Where the workspace would not take the model, a file beside it does. */
static bool rescue_model(struct training *t, const void *onnx, size_t size, struct err *e)
{
    char path[PATH_MAX];
    struct err cause = *e;
    if (path_join(path, t->log.dir, "model.onnx", e) && file_write(path, onnx, size, e))
        err_set(e, cause.code, "%.500s; the model is safe in %.400s, bring it in with 'ferlab model import'",
                cause.text, path);
    return false;
}

struct outcome {
    float (*probabilities)[EMOTION_COUNT];
    bool *in_sample;
    size_t done;    /* predictions computed */
    int64_t before; /* the model in use until then; 0: none */
};

/* What the model has seen: this training's faces, and those of the model it began with. Where that one is
 * gone or has no prediction, calling a face unseen that may have been seen would flatter. */
static bool mark_seen(struct training *t, struct outcome *o, struct err *e)
{
    const struct columns *c = t->columns;
    struct arena arena = {0};
    struct model parent = {0};
    struct beside *before = NULL;
    bool further = t->parent[0] != '\0', fine = true;
    if (further && model_by_name(t->ws, t->parent, &arena, &parent, NULL))
        fine = beside_load(&before, c, t->ws, parent.id, e);
    for (size_t i = 0; fine && i < c->count; i++) {
        bool seen = further && !parent.unseen && c->split[i] == SPLIT_TRAIN;
        if (before != NULL && before->prediction[i] != CLASS_NONE)
            seen = before->in_sample[i];
        o->in_sample[i] = seen || training_set_has(&t->train, c->id[i]);
    }
    beside_free(before);
    arena_free(&arena);
    return fine;
}

static bool predict_everything(struct training *t, struct outcome *o, struct err *e)
{
    const struct columns *c = t->columns;
    o->probabilities = malloc((c->count + 1) * sizeof *o->probabilities);
    o->in_sample = malloc((c->count + 1) * sizeof *o->in_sample);
    if (o->probabilities == NULL || o->in_sample == NULL)
        return err_memory(e, "predicting");
    if (!mark_seen(t, o, e))
        return false;
    classifier_copy_values(training_judged(t), t->best);
    predictor_refresh(t->judge);
    train_log_bar(&t->log, c->count, "predict");
    return predictor_samples(t->judge, t->ws, c->id, c->count, o->probabilities, NULL, &o->done, &t->log.bar,
                             e);
}

static bool publish(struct training *t, struct outcome *o, enum run_state state, struct err *e)
{
    o->before = model_current(t->ws);
    bool current = t->recipe.use || o->before == 0;
    if (!training_begin_patiently(t, e))
        return false;
    bool fine = predictions_write(t->ws, t->model, t->columns->id, &o->probabilities[0][0], o->in_sample,
                                  o->done, e) &&
                (!current || model_use(t->ws, t->model, e)) &&
                (state != RUN_DONE || run_finish(t->ws, t->run, state, t->model, NULL, e)) &&
                workspace_commit(t->ws, e);
    if (!fine)
        workspace_rollback(t->ws);
    return fine;
}

/* Of the models of the workspace that did better on the validation faces, the best. */
static void say_better(struct training *t)
{
    struct arena arena = {0};
    struct model *models;
    size_t count, best = 0;
    if (models_list(t->ws, &arena, &models, &count, NULL) && count > 0) {
        for (size_t i = 1; i < count; i++)
            if (!(models[best].valid_accuracy >= models[i].valid_accuracy))
                best = i;
        if (models[best].valid_accuracy > t->best_accuracy)
            train_log_say(&t->log, "%s did better, %.2f %%: 'ferlab model use %s' puts it to use",
                          models[best].name, 100 * models[best].valid_accuracy, models[best].name);
    }
    arena_free(&arena);
}

/* Nobody knows what the model is worth that is in use now. */
static void say_unvalidated(struct training *t, int64_t before)
{
    struct arena arena = {0};
    struct model *models;
    size_t count;
    train_log_say(&t->log, "%s was not validated: no face of valid has a label; it learnt from %zu face%s",
                  t->recipe.name, t->train.count, str_plural((int64_t)t->train.count));
    if (models_list(t->ws, &arena, &models, &count, NULL))
        for (size_t i = 0; i < count; i++)
            if (models[i].id == before && before != t->model)
                train_log_say(&t->log, "%s was in use before: 'ferlab model use %s' takes it again",
                              models[i].name, models[i].name);
    arena_free(&arena);
}

static void say_kept(struct training *t, const struct outcome *o)
{
    char accuracy[64] = "no validation faces, so its last epoch";
    if (!isnan(t->best_accuracy))
        snprintf(accuracy, sizeof accuracy, "valid %.2f %%, epoch %d", 100 * t->best_accuracy,
                 (int)t->best_epoch);
    bool current = model_current(t->ws) == t->model;
    train_log_say(&t->log, "model %s: %s%s", t->recipe.name, accuracy,
                  current ? ", now the current model" : "");
    if (current && isnan(t->best_accuracy))
        say_unvalidated(t, o->before);
    else if (current)
        say_better(t);
    if (o->done < t->columns->count)
        train_log_say(&t->log, "predictions of %zu of %zu face%s; the rest follows when asked for", o->done,
                      t->columns->count, str_plural((int64_t)t->columns->count));
}

/* What is suspect says more where near-duplicates are known, so that they are looked for once, here too. */
static void find_duplicates(struct training *t, enum run_state state)
{
    struct err why;
    if (state == RUN_DONE && !duplicates_complete(t->ws, t->recipe.threads, &why))
        train_log_say(&t->log, "near-duplicates were not found: %s", why.text);
}

bool training_keep(struct training *t, enum run_state state, const char *failure, struct err *e)
{
    void *onnx;
    size_t size;
    struct outcome o = {0};
    if (!calibrate(t, e) || !write_onnx(t, &onnx, &size, e))
        return false;
    bool fine = secure_model(t, onnx, size, state, failure, e) || rescue_model(t, onnx, size, e);
    free(onnx);
    if (!fine)
        return false;
    if (state == RUN_STOPPED)
        interrupt_clear(); /* it was heeded; the next one leaves the predictions for later, as one does that
                              came when all epochs were trained */
    fine = predict_everything(t, &o, e) && publish(t, &o, state, e);
    if (fine) {
        say_kept(t, &o);
        find_duplicates(t, state);
    }
    free(o.probabilities);
    free(o.in_sample);
    return fine;
}
