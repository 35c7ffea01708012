/* Models by name or path, and the predictions the workspace keeps of them. */
#include "ferlab/train/inference.h"

#include "predictor.h"

#include "ferlab/base/digest.h"
#include "ferlab/base/interrupt.h"
#include "ferlab/base/path.h"
#include "ferlab/store/embeddings.h"
#include "ferlab/store/runs.h"
#include "ferlab/train/shipped.h"

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

/* Checks the bytes by reading them as a model, and adds them. */
static bool add_file(struct workspace *ws, const char *path, struct model_new *m, int64_t *id, struct err *e)
{
    struct predictor *p = predictor_from_onnx(m->onnx, m->size, path, 1, e);
    if (p == NULL)
        return false;
    predictor_describe(p, m);
    m->valid_accuracy = NAN;
    bool fine = model_add(ws, m, id, e);
    predictor_free(p);
    return fine;
}

static bool asks_anything(const struct model_reading *r)
{
    return r != NULL && (r->scale || r->mean || r->deviation || r->classes || r->output);
}

/* A face of all brightnesses: a reading that the model contradicts shows before the model is taken in. */
static bool try_reading(struct predictor *p, struct err *e)
{
    uint8_t ramp[FACE_PIXELS];
    float probabilities[1][EMOTION_COUNT];
    for (int i = 0; i < FACE_PIXELS; i++)
        ramp[i] = (uint8_t)(i % FACE_SIZE * 255 / (FACE_SIZE - 1));
    return predictor_faces(p, ramp, 1, probabilities, e);
}

/* The same with what was asked or guessed of the reading noted in the bytes. */
static bool import_file(struct workspace *ws, const char *path, struct model_new *m,
                        const struct model_reading *reading, int64_t *id, char **told, struct err *e)
{
    struct predictor *p = predictor_reading(m->onnx, m->size, path, reading, 1, e);
    if (p == NULL)
        return false;
    void *noted = NULL;
    const char *guess = predictor_told(p);
    bool fine = try_reading(p, e);
    if (fine && guess != NULL && told != NULL)
        fine = (*told = strdup(guess)) != NULL || err_memory(e, "importing a model");
    if (fine && (guess != NULL || asks_anything(reading))) {
        fine = predictor_note(p, m->onnx, m->size, &noted, &m->size, e);
        m->onnx = noted;
    }
    predictor_describe(p, m);
    m->valid_accuracy = NAN;
    fine = fine && model_add(ws, m, id, e);
    predictor_free(p);
    free(noted);
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
        struct model_new m = {.name = name, .onnx = bytes, .size = size, .external = true};
        fine = name != NULL ? add_file(ws, path, &m, id, e) : err_memory(e, "naming a model");
    }
    free(bytes);
    return fine;
}

/* The model that ships comes in when it is named. */
static bool resolve_name(struct workspace *ws, const char *name, struct arena *arena, int64_t *id,
                         struct err *e)
{
    struct model m;
    if (model_by_name(ws, name, arena, &m, e)) {
        *id = m.id;
        return true;
    }
    return strcmp(name, SHIPPED_NAME) == 0 && shipped_import(ws, id, e);
}

bool model_resolve(struct workspace *ws, const char *word, int64_t *id, struct err *e)
{
    struct arena arena = {0};
    bool fine;
    if (word == NULL || word[0] == '\0') {
        *id = model_current(ws);
        fine =
            *id != 0 || err_set(e, ERR_INPUT,
                                "%s: there is no model yet; train one with 'ferlab train', or bring one in "
                                "with 'ferlab %s'",
                                workspace_path(ws), shipped_command());
    } else if (model_is_path(word)) {
        fine = resolve_path(ws, word, &arena, id, e);
    } else {
        fine = resolve_name(ws, word, &arena, id, e);
    }
    arena_free(&arena);
    return fine;
}

bool model_import(struct workspace *ws, const char *path, const char *name, bool unseen,
                  const struct model_reading *reading, int64_t *id, char **told, struct err *e)
{
    size_t size;
    if (told != NULL)
        *told = NULL;
    char *bytes = file_read(path, onnx_max_bytes, &size, e);
    if (bytes == NULL)
        return false;
    struct arena arena = {0};
    if (name == NULL) {
        const char *wish = name_of_file(path, &arena);
        name = wish ? model_free_name(ws, wish, &arena) : NULL;
    }
    struct model_new m = {.name = name, .onnx = bytes, .size = size, .unseen = unseen};
    bool fine =
        name != NULL ? import_file(ws, path, &m, reading, id, told, e) : err_memory(e, "naming a model");
    if (!fine && told != NULL) {
        free(*told);
        *told = NULL;
    }
    arena_free(&arena);
    free(bytes);
    return fine;
}

/* Where a model comes from, as far as it matters for what it has seen. */
struct origin {
    bool elsewhere;
    int64_t seen_up_to; /* train samples up to this id may have been trained on */
};

/* Exact marks come from the trainer; where it was cut off before it wrote them, and of models from elsewhere,
 * calling a face unseen that may have been seen would flatter. */
static bool find_origin(struct workspace *ws, int64_t model, struct arena *arena, struct origin *o,
                        struct err *e)
{
    *o = (struct origin){.elsewhere = true, .seen_up_to = INT64_MAX};
    struct model *models;
    struct run *runs;
    size_t model_count, run_count;
    if (!models_list(ws, arena, &models, &model_count, e))
        return false;
    int64_t run = 0;
    for (size_t i = 0; i < model_count; i++) {
        if (models[i].id != model)
            continue;
        run = models[i].run;
        if (models[i].unseen)
            o->seen_up_to = 0;
    }
    if (run == 0)
        return true;
    *o = (struct origin){0};
    if (!runs_list(ws, arena, &runs, &run_count, e))
        return false;
    for (size_t i = 0; i < run_count; i++) {
        if (runs[i].id != run)
            continue;
        json_t *recipe = json_loads(runs[i].recipe, 0, NULL);
        o->seen_up_to = json_integer_value(json_object_get(recipe, "last_sample"));
        json_decref(recipe);
    }
    return true;
}

static const enum split split_order[] = {SPLIT_VALID, SPLIT_TEST, SPLIT_TRAIN, SPLIT_NONE};
enum { PARTS = sizeof split_order / sizeof *split_order };

/* Samples that lack a prediction of the columns' model, split after split. */
struct lacking {
    int64_t *ids;
    bool *in_sample;
    float (*probabilities)[EMOTION_COUNT];
    float *embeddings; /* of one sweep; NULL where the model has none */
    size_t count, ends[PARTS];
};

static void lacking_free(struct lacking *l)
{
    free(l->ids);
    free(l->in_sample);
    free(l->probabilities);
    free(l->embeddings);
}

static void add_part(struct lacking *l, const struct columns *c, enum split split, const bool *possible)
{
    for (size_t i = 0; i < c->count; i++)
        if (c->split[i] == split && isnan(c->probabilities[i][0]) && (possible == NULL || possible[i]))
            l->ids[l->count++] = c->id[i];
}

static bool find_lacking(struct lacking *l, const struct columns *c, const struct filter *asked,
                         struct err *e)
{
    bool *possible = asked != NULL ? malloc(c->count + 1) : NULL;
    l->ids = malloc((c->count + 1) * sizeof *l->ids);
    bool fine = (l->ids != NULL && (asked == NULL || possible != NULL)) || err_memory(e, "predicting");
    fine = fine && (asked == NULL || filter_possible(asked, c, possible, e));
    for (size_t k = 0; fine && k < PARTS; k++) {
        add_part(l, c, split_order[k], possible);
        l->ends[k] = l->count;
    }
    free(possible);
    return fine;
}

static bool mark_seen(struct lacking *l, const struct origin *o, struct err *e)
{
    l->in_sample = calloc(l->count + 1, sizeof *l->in_sample);
    l->probabilities = malloc((l->count + 1) * sizeof *l->probabilities);
    if (l->in_sample == NULL || l->probabilities == NULL)
        return err_memory(e, "predicting");
    for (size_t k = 0, i = 0; k < PARTS; k++)
        for (; i < l->ends[k]; i++)
            l->in_sample[i] = split_order[k] == SPLIT_TRAIN && l->ids[i] <= o->seen_up_to;
    return true;
}

/* NaN where the validation split has no label to compare with, or not all predictions. */
static double measure_valid(const struct columns *c)
{
    size_t count = 0, right = 0;
    for (size_t i = 0; i < c->count; i++) {
        if (c->split[i] != SPLIT_VALID || c->label[i] < 0 || c->label[i] >= EMOTION_COUNT)
            continue;
        if (c->prediction[i] == CLASS_NONE)
            return NAN;
        count++;
        right += c->prediction[i] == c->label[i];
    }
    return count > 0 ? (double)right / (double)count : NAN;
}

static bool keep_accuracy(struct workspace *ws, struct columns *c, struct err *e)
{
    if (!columns_use_model(c, ws, c->model, e))
        return false;
    double accuracy = measure_valid(c);
    return isnan(accuracy) || model_set_accuracy(ws, c->model, accuracy, e);
}

/* Up to l->ends[k], or until interrupted. Embeddings come out of the same pass, and are kept sweep by sweep.
 */
static bool predict_part(struct lacking *l, size_t k, struct predictor *p, struct workspace *ws,
                         const struct columns *c, size_t *done, struct progress *bar, struct err *e)
{
    bool fine = true, stopped = false;
    while (fine && !stopped && *done < l->ends[k]) {
        size_t left = l->ends[k] - *done, n = left < PREDICTOR_SWEEP ? left : PREDICTOR_SWEEP, got = 0;
        const int64_t *ids = l->ids + *done;
        fine = predictor_samples(p, ws, ids, n, l->probabilities + *done, l->embeddings, &got, NULL, e) &&
               (l->embeddings == NULL ||
                embeddings_write(ws, c->model, ids, l->embeddings, predictor_embedding_values(p), got, e));
        stopped = got < n;
        *done += fine ? got : 0;
        progress_update(bar, *done);
    }
    return fine;
}

/* One split after the other, each kept before the next begins. */
static bool predict_parts(struct lacking *l, struct predictor *p, struct workspace *ws, struct columns *c,
                          const struct origin *o, struct progress *bar, struct err *e)
{
    size_t done = 0;
    for (size_t k = 0; k < PARTS; k++) {
        size_t first = done;
        if (first == l->ends[k])
            continue;
        if (!predict_part(l, k, p, ws, c, &done, bar, e) ||
            !predictions_write(ws, c->model, l->ids + first, l->probabilities[first], l->in_sample + first,
                               done - first, e))
            return false;
        if (done < l->ends[k])
            return err_set(e, ERR_INTERRUPTED,
                           "%s: stopped with %zu of %zu predictions; they are kept, the rest follows when "
                           "asked for again",
                           c->model_name, done, l->count);
        if (split_order[k] == SPLIT_VALID && o->elsewhere && !keep_accuracy(ws, c, e))
            return false;
    }
    return true;
}

static bool predict_lacking(struct lacking *l, struct workspace *ws, struct columns *c,
                            const struct origin *o, bool quiet, struct err *e)
{
    void *bytes;
    size_t size;
    if (!model_onnx(ws, c->model, &bytes, &size, e))
        return false;
    struct predictor *p = predictor_from_onnx(bytes, size, c->model_name, 0, e);
    free(bytes);
    if (p == NULL)
        return false;
    if (predictor_embeds(p) && (l->embeddings = malloc(PREDICTOR_SWEEP * predictor_embedding_values(p) *
                                                       sizeof *l->embeddings)) == NULL) {
        predictor_free(p);
        return err_memory(e, "predicting");
    }
    struct progress bar;
    progress_start(&bar, "predict", "faces", l->count, quiet);
    bool fine = predict_parts(l, p, ws, c, o, &bar, e);
    progress_end(&bar);
    predictor_free(p);
    return fine;
}

bool predictions_complete(struct workspace *ws, int64_t model, const struct filter *asked, bool quiet,
                          struct err *e)
{
    struct columns *c = NULL;
    struct lacking l = {0};
    struct arena arena = {0};
    struct origin o;
    bool fine = columns_load(&c, ws, RULE_MAJORITY, model, e) && find_lacking(&l, c, asked, e);
    if (fine && l.count > 0 && c->model_folds == 0)
        fine = find_origin(ws, model, &arena, &o, e) && mark_seen(&l, &o, e) &&
               predict_lacking(&l, ws, c, &o, quiet, e);
    lacking_free(&l);
    arena_free(&arena);
    if (c != NULL)
        columns_free(c);
    return fine;
}
