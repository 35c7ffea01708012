/* Models by name or path, and the predictions the workspace keeps of them. */
#include "ferlab/train/inference.h"

#include "predictor.h"

#include "ferlab/base/digest.h"
#include "ferlab/base/interrupt.h"
#include "ferlab/base/path.h"
#include "ferlab/store/runs.h"

#include <ctype.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const size_t onnx_max_bytes = (size_t)1 << 30;

bool model_is_path(const char *word)
{
    size_t length = strlen(word);
    return strchr(word, '/') != NULL || (length > 5 && strcmp(word + length - 5, ".onnx") == 0) ||
           path_is_file(word);
}

/* A model's name from a file's: what stands before ".onnx", with other characters than names may have as '-'.
 */
static const char *name_of_file(const char *path, struct arena *arena)
{
    char *name = arena_strdup(arena, path_base(path));
    if (name == NULL)
        return NULL;
    size_t length = strlen(name);
    if (length > 5 && strcmp(name + length - 5, ".onnx") == 0)
        name[length - 5] = '\0';
    for (char *c = name; *c != '\0'; c++)
        if (!isascii((unsigned char)*c) || !(isalnum((unsigned char)*c) || strchr("._-", *c) != NULL))
            *c = '-';
    if (strlen(name) > 60)
        name[60] = '\0';
    return name[0] == '\0' ? "model" : name;
}

/* Checks the bytes by reading them as a network and adds them as a model called `name`. */
static bool add_file(struct workspace *ws, const char *path, const void *bytes, size_t size, const char *name,
                     bool external, int64_t *id, struct err *e)
{
    struct predictor *p = predictor_from_onnx(bytes, size, path, 1, e);
    if (p == NULL)
        return false;
    struct network *net = predictor_network(p);
    struct model_new m = {
        .name = name,
        .onnx = bytes,
        .size = size,
        .arch = network_arch(net),
        .parameters = (int64_t)network_parameters(net),
        .input_size = network_input_size(net),
        .valid_accuracy = NAN,
        .external = external,
    };
    bool fine = model_add(ws, &m, id, e);
    predictor_free(p);
    return fine;
}

static bool resolve_path(struct workspace *ws, const char *path, struct arena *arena, int64_t *id,
                         struct err *e)
{
    size_t size;
    char *bytes = file_read(path, onnx_max_bytes, &size, e);
    if (bytes == NULL)
        return false;
    char digest[DIGEST_HEX];
    digest_of(bytes, size, digest);
    struct model known;
    bool found = false, fine = model_by_digest(ws, digest, arena, &known, &found, e);
    if (fine && found) {
        *id = known.id;
    } else if (fine) {
        const char *wish = name_of_file(path, arena), *name = wish ? model_free_name(ws, wish, arena) : NULL;
        fine = name != NULL ? add_file(ws, path, bytes, size, name, true, id, e)
                            : err_memory(e, "naming a model");
    }
    free(bytes);
    return fine;
}

bool model_resolve(struct workspace *ws, const char *word, int64_t *id, struct err *e)
{
    struct arena arena = {0};
    struct model m;
    bool fine;
    if (word == NULL || word[0] == '\0') {
        *id = model_current(ws);
        fine =
            *id != 0 || err_set(e, ERR_INPUT,
                                "%s: there is no model yet; train one with 'ferlab train', or bring one in "
                                "with 'ferlab model import FILE'",
                                workspace_path(ws));
    } else if (model_is_path(word)) {
        fine = resolve_path(ws, word, &arena, id, e);
    } else {
        fine = model_by_name(ws, word, &arena, &m, e);
        *id = fine ? m.id : 0;
    }
    arena_free(&arena);
    return fine;
}

bool model_import(struct workspace *ws, const char *path, const char *name, int64_t *id, struct err *e)
{
    size_t size;
    char *bytes = file_read(path, onnx_max_bytes, &size, e);
    if (bytes == NULL)
        return false;
    struct arena arena = {0};
    if (name == NULL) {
        const char *wish = name_of_file(path, &arena);
        name = wish ? model_free_name(ws, wish, &arena) : NULL;
    }
    bool fine =
        name != NULL ? add_file(ws, path, bytes, size, name, false, id, e) : err_memory(e, "naming a model");
    arena_free(&arena);
    free(bytes);
    return fine;
}

/* The training faces of the run that made the model are train samples up to this id; 0 where no run made it.
 * Exact marks come from the trainer; where it was cut off before it wrote them, calling a face it may have
 * seen unseen would flatter. */
static bool seen_up_to(struct workspace *ws, int64_t model, struct arena *arena, int64_t *id, struct err *e)
{
    *id = 0;
    struct model *models;
    struct run *runs;
    size_t model_count, run_count;
    if (!models_list(ws, arena, &models, &model_count, e))
        return false;
    int64_t run = 0;
    for (size_t i = 0; i < model_count; i++)
        if (models[i].id == model)
            run = models[i].run;
    if (run == 0)
        return true;
    if (!runs_list(ws, arena, &runs, &run_count, e))
        return false;
    for (size_t i = 0; i < run_count; i++) {
        if (runs[i].id != run)
            continue;
        json_t *recipe = json_loads(runs[i].recipe, 0, NULL);
        *id = json_integer_value(json_object_get(recipe, "last_sample"));
        json_decref(recipe);
    }
    return true;
}

/* Samples that lack a prediction of the columns' model. */
struct lacking {
    int64_t *ids;
    bool *in_sample;
    float (*probabilities)[EMOTION_COUNT];
    size_t count;
};

static void lacking_free(struct lacking *l)
{
    free(l->ids);
    free(l->in_sample);
    free(l->probabilities);
}

static bool find_lacking(struct lacking *l, const struct columns *c, struct err *e)
{
    for (size_t i = 0; i < c->count; i++)
        l->count += isnan(c->probabilities[i][0]) != 0;
    l->ids = malloc((l->count + 1) * sizeof *l->ids);
    l->in_sample = calloc(l->count + 1, sizeof *l->in_sample);
    l->probabilities = malloc((l->count + 1) * sizeof *l->probabilities);
    if (l->ids == NULL || l->in_sample == NULL || l->probabilities == NULL)
        return err_memory(e, "predicting");
    size_t n = 0;
    for (size_t i = 0; i < c->count; i++) {
        if (!isnan(c->probabilities[i][0]))
            continue;
        l->in_sample[n] = c->split[i] == SPLIT_TRAIN;
        l->ids[n++] = c->id[i];
    }
    return true;
}

static bool predict_lacking(struct lacking *l, struct workspace *ws, int64_t model, const char *name,
                            bool quiet, struct err *e)
{
    void *bytes;
    size_t size, done = 0;
    if (!model_onnx(ws, model, &bytes, &size, e))
        return false;
    struct predictor *p = predictor_from_onnx(bytes, size, name, 0, e);
    free(bytes);
    if (p == NULL)
        return false;
    struct progress bar;
    progress_start(&bar, "predict", "faces", l->count, quiet);
    bool fine = predictor_samples(p, ws, l->ids, l->count, l->probabilities, &done, &bar, e);
    progress_end(&bar);
    predictor_free(p);
    fine = fine && predictions_write(ws, model, l->ids, &l->probabilities[0][0], l->in_sample, done, e);
    if (fine && done < l->count)
        return err_set(e, ERR_INTERRUPTED,
                       "%s: stopped with %zu of %zu predictions; they are kept, the rest follows when asked "
                       "for again",
                       name, done, l->count);
    return fine;
}

bool predictions_complete(struct workspace *ws, int64_t model, bool quiet, struct err *e)
{
    struct columns *c = NULL;
    struct lacking l = {0};
    struct arena arena = {0};
    int64_t seen = 0;
    bool fine = columns_load(&c, ws, RULE_MAJORITY, model, e) && find_lacking(&l, c, e);
    if (fine && l.count > 0) {
        fine = seen_up_to(ws, model, &arena, &seen, e);
        for (size_t i = 0; i < l.count; i++)
            l.in_sample[i] = l.in_sample[i] && l.ids[i] <= seen;
        fine = fine && predict_lacking(&l, ws, model, c->model_name, quiet, e);
    }
    lacking_free(&l);
    arena_free(&arena);
    if (c != NULL)
        columns_free(c);
    return fine;
}
