/* Preparing a training: the data, what to start from, names, buffers. */
#include "recipe_record.h"
#include "training.h"

#include "ferlab/base/path.h"

#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool load_data(struct training *t, struct err *e)
{
    if (!columns_load(&t->columns, t->ws, RULE_MAJORITY, -1, e) ||
        !training_set_load(&t->train, t->ws, t->columns, &t->recipe, e) ||
        !validation_set_load(&t->valid, t->ws, t->columns, &t->recipe, e))
        return false;
    columns_label_revision(t->columns, t->recipe.labels, t->label_revision);
    if (t->train.count == 0)
        return err_set(e, ERR_INPUT,
                       "%s: no face of the train split has a label to learn from under the rule %s; import "
                       "some, or label some",
                       workspace_path(t->ws), rule_name(t->recipe.rule));
    if (training_set_reviewed(&t->train) == 0 && lround(t->recipe.share * (double)t->train.count) == 0)
        return err_set(e, ERR_INPUT,
                       "%s: none of %zu faces is reviewed, and a share of %g takes none of them; raise it",
                       workspace_path(t->ws), t->train.count, t->recipe.share);
    return true;
}

/* The model `from`. */
static struct classifier *learner_from(struct training *t, struct err *e)
{
    int64_t id;
    void *bytes;
    size_t size;
    struct arena arena = {0};
    struct model *models;
    size_t count;
    if (!model_resolve(t->ws, t->recipe.from, &id, e) || !models_list(t->ws, &arena, &models, &count, e) ||
        !model_onnx(t->ws, id, &bytes, &size, e)) {
        arena_free(&arena);
        return NULL;
    }
    /* A file that is no model of the lists goes by the file's name. */
    snprintf(t->parent, sizeof t->parent, "%.63s", path_base(t->recipe.from));
    for (size_t i = 0; i < count; i++)
        if (models[i].id == id)
            snprintf(t->parent, sizeof t->parent, "%s", models[i].name);
    struct classifier *c = classifier_to_learn(bytes, size, t->parent, e);
    free(bytes);
    arena_free(&arena);
    return c;
}

static bool make_learner(struct training *t, struct err *e)
{
    struct recipe *r = &t->recipe;
    t->learner = r->from[0] != '\0' ? learner_from(t, e) : classifier_create(r->arch, 0, r->seed, e);
    if (t->learner == NULL)
        return false;
    snprintf(r->arch, sizeof r->arch, "%s", classifier_arch(t->learner));
    return training_copy_learner(t, e);
}

bool training_copy_learner(struct training *t, struct err *e)
{
    bool keeps = t->recipe.from[0] != '\0' && t->recipe.keep > 0;
    const struct {
        struct classifier **copy;
        bool wanted;
    } copies[] = {
        {&t->best, true}, {&t->average, t->recipe.ema > 0}, {&t->origin, keeps}, {&t->blend, keeps}};
    for (size_t i = 0; i < sizeof copies / sizeof *copies; i++)
        if (copies[i].wanted && (*copies[i].copy = classifier_copy(t->learner, e)) == NULL)
            return false;
    return true;
}

void training_plan(struct training *t)
{
    size_t batch = (size_t)t->recipe.batch;
    t->epoch_faces = training_set_epoch_faces(&t->train, &t->recipe);
    t->steps = (int64_t)((t->epoch_faces + batch - 1) / batch);
    training_set_balance(&t->train, &t->recipe, t->batch.class_weights);
}

bool training_make_buffers(struct training *t, struct err *e)
{
    struct recipe *r = &t->recipe;
    size_t batch = (size_t)r->batch;
    if (batch > t->train.count)
        batch = t->train.count;
    int size = t->learner->facts.size;
    t->learning = learning_create(t->learner, (int)batch, r->threads, e);
    if (t->learning == NULL || !sgd_init(&t->sgd, classifier_parameter_list(t->learner), (float)r->momentum,
                                         (float)r->weight_decay, e))
        return false;
    t->judge = predictor_over(training_judged(t), r->threads, e);
    if (t->judge == NULL)
        return false;
    t->batch = (struct batch){
        .images = malloc(batch * (size_t)size * (size_t)size * sizeof *t->batch.images),
        .targets = malloc(batch * EMOTION_COUNT * sizeof *t->batch.targets),
        .size = size,
        .threads = r->threads,
        .scale = t->learner->input.scale,
    };
    t->probabilities = malloc(batch * EMOTION_COUNT * sizeof *t->probabilities);
    t->order = malloc(t->train.count * sizeof *t->order);
    t->valid_probabilities = malloc((t->valid.count + 1) * sizeof *t->valid_probabilities);
    t->best_probabilities = malloc((t->valid.count + 1) * sizeof *t->best_probabilities);
    t->epochs = calloc((size_t)r->epochs, sizeof *t->epochs);
    if (t->batch.images == NULL || t->batch.targets == NULL || t->probabilities == NULL || t->order == NULL ||
        t->valid_probabilities == NULL || t->best_probabilities == NULL || t->epochs == NULL)
        return err_memory(e, "preparing the training");
    return true;
}

/* What its name begins with: what it is, where that is no model; else the preset, "net" where the
 * architecture is none, and of a graph of other makers the model it started from. */
static const char *base_name(const struct training *t)
{
    if (t->recipe.folds > 0)
        return "folds";
    if (t->learner->graph != NULL)
        return t->parent;
    return strchr(t->recipe.arch, ',') == NULL ? t->recipe.arch : "net";
}

/* A name that neither a run nor a model has: the one asked for, else "default-1", "default-2", … */
static bool settle_name(struct training *t, struct err *e)
{
    struct arena arena = {0};
    char *name = t->recipe.name;
    const char *base = base_name(t), *free_name;
    bool fine = true;
    if (name[0] != '\0') {
        free_name = model_free_name(t->ws, name, &arena);
        if (free_name == NULL)
            fine = err_memory(e, "naming the run");
        else if (strcmp(free_name, name) != 0)
            fine = err_set(e, ERR_USAGE, "train: there is a run or a model called '%s' already; '%s' is free",
                           name, free_name);
    }
    for (int i = 1; fine && name[0] == '\0'; i++) {
        char wish[sizeof t->recipe.name];
        snprintf(wish, sizeof wish, "%.50s-%d", base, i);
        free_name = model_free_name(t->ws, wish, &arena);
        if (free_name == NULL)
            fine = err_memory(e, "naming the run");
        else if (strcmp(free_name, wish) == 0)
            strcpy(name, wish);
    }
    arena_free(&arena);
    return fine;
}

/* The recipe as its record tells it, so that a run which begins again from that has the same bits. */
static bool settle_recipe(struct recipe *r, const struct recipe *wanted, struct err *e)
{
    if (!recipe_check(wanted, e))
        return false;
    char *record = recipe_json(wanted);
    bool fine = record != NULL ? recipe_parse(record, r, e) : err_memory(e, "recording the recipe");
    free(record);
    if (r->threads == 0)
        r->threads = omp_get_max_threads();
    return fine;
}

bool training_prepare(struct training *t, struct workspace *ws, const struct recipe *recipe, bool new_run,
                      struct err *e)
{
    *t = (struct training){.ws = ws, .best_accuracy = NAN};
    bool fine = settle_recipe(&t->recipe, recipe, e) && make_learner(t, e) && (!new_run || settle_name(t, e));
    if (fine && t->recipe.folds > 0)
        return training_prepare_folds(t, e);
    fine = fine && load_data(t, e) && training_make_buffers(t, e);
    if (fine)
        training_plan(t);
    return fine;
}

static void free_model(struct training *t)
{
    predictor_free(t->judge);
    learning_free(t->learning);
    sgd_free(&t->sgd);
    classifier_free(t->learner);
    classifier_free(t->average);
    classifier_free(t->origin);
    classifier_free(t->blend);
    classifier_free(t->best);
    training_set_free(&t->train);
    validation_set_free(&t->valid);
    free(t->batch.images);
    free(t->batch.targets);
    free(t->probabilities);
    free(t->order);
    free(t->valid_probabilities);
    free(t->best_probabilities);
    free(t->epochs);
}

void training_free_model(struct training *t)
{
    free_model(t);
    struct training rest = {.ws = t->ws,
                            .recipe = t->recipe,
                            .run = t->run,
                            .columns = t->columns,
                            .folds = t->folds,
                            .best_accuracy = NAN,
                            .step_seconds = t->step_seconds,
                            .reported = t->reported,
                            .log = t->log};
    memcpy(rest.parent, t->parent, sizeof rest.parent);
    memcpy(rest.label_revision, t->label_revision, sizeof rest.label_revision);
    *t = rest;
}

void training_free(struct training *t)
{
    train_log_close(&t->log);
    free_model(t);
    if (t->columns != NULL)
        columns_free(t->columns);
    if (t->folds != NULL)
        fold_faces_free(t->folds);
    free(t->folds);
}

/* The name of the workspace's current model, "" where it has none. */
static void record_model_in_use(const struct training *t, json_t *record)
{
    struct arena arena = {0};
    struct model *models;
    size_t count = 0;
    const char *name = "";
    struct err ignored;
    if (!models_list(t->ws, &arena, &models, &count, &ignored))
        count = 0;
    for (size_t i = 0; i < count; i++)
        if (models[i].current)
            name = models[i].name;
    json_object_set_new(record, "in_use", json_string(name));
    arena_free(&arena);
}

/* The recipe with what the workspace gave it. last_sample: the model's training faces have no larger id;
 * in_use: the model to compare the new one with. */
char *training_record(const struct training *t)
{
    json_t *record = recipe_record(&t->recipe);
    record_model_in_use(t, record);
    size_t faces = t->folds != NULL ? fold_faces_learnt(t->folds) : t->train.count;
    json_object_set_new(record, "training_faces", json_integer((json_int_t)faces));
    json_object_set_new(record, "validation_faces", json_integer((json_int_t)t->valid.count));
    json_object_set_new(record, "last_sample", json_integer(t->train.ids[t->train.count - 1]));
    return recipe_text(record);
}

struct run_new training_row(const struct training *t, const char *record)
{
    return (struct run_new){
        .name = t->recipe.name,
        .recipe = record,
        .label_revision = t->label_revision,
        .parent = t->parent,
        .seed = (int64_t)t->recipe.seed,
        .threads = t->recipe.threads,
        .epochs_planned = (int64_t)t->recipe.epochs * (t->recipe.folds > 0 ? t->recipe.folds : 1),
        .folds = t->recipe.folds,
    };
}

bool training_start(struct training *t, bool quiet, struct err *e)
{
    char *record = training_record(t);
    if (record == NULL)
        return err_memory(e, "recording the recipe");
    struct run_new row = training_row(t, record);
    bool fine = run_start(t->ws, &row, &t->run, e) && train_log_open(&t->log, t->ws, t->run, quiet, e) &&
                (t->folds == NULL || training_save_folds(t, e));
    free(record);
    return fine;
}
