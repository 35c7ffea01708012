/* Embeddings: computing what is missing, a piece at a time, and finding what is similar. */
#include "ferlab/train/embedding.h"

#include "predictor.h"

#include "ferlab/eval/neighbours.h"
#include "ferlab/train/shipped.h"

#include <stdlib.h>

static bool check_width(const struct predictor *p, const char *name, struct err *e)
{
    size_t width = predictor_embedding_values(p);
    if (predictor_embeds(p))
        return true;
    if (width == 0)
        return err_set(e, ERR_INPUT,
                       "%s: has no last layer of weights (Gemm or MatMul) whose input could tell what is "
                       "similar; choose another model",
                       name);
    return err_set(e, ERR_INPUT,
                   "%s: its last layer takes %zu values, and up to %d are kept to tell what is similar; "
                   "choose another model",
                   name, width, EMBEDDING_VALUES_MAX);
}

struct sweep {
    float (*probabilities)[EMOTION_COUNT];
    float *vectors;
};

/* Sweep by sweep, until all have theirs or somebody interrupts; *done says how many do. */
static bool embed_sweeps(struct predictor *p, struct workspace *ws, int64_t model, const int64_t *ids,
                         size_t count, const struct sweep *s, size_t *done, struct progress *bar,
                         struct err *e)
{
    size_t width = predictor_embedding_values(p);
    bool stopped = false, fine = true;
    while (fine && !stopped && *done < count) {
        size_t n = count - *done < PREDICTOR_SWEEP ? count - *done : PREDICTOR_SWEEP, got = 0;
        fine = predictor_samples(p, ws, ids + *done, n, s->probabilities, s->vectors, &got, NULL, e) &&
               embeddings_write(ws, model, ids + *done, s->vectors, width, got, e);
        stopped = got < n;
        *done += got;
        progress_update(bar, *done);
    }
    return fine;
}

static bool embed(struct predictor *p, struct workspace *ws, int64_t model, const char *name,
                  const int64_t *ids, size_t count, bool quiet, struct err *e)
{
    if (!check_width(p, name, e))
        return false;
    struct sweep s = {.probabilities = malloc(PREDICTOR_SWEEP * sizeof *s.probabilities),
                      .vectors = malloc(PREDICTOR_SWEEP * predictor_embedding_values(p) * sizeof *s.vectors)};
    size_t done = 0;
    struct progress bar;
    progress_start(&bar, "embed", "faces", count, quiet);
    bool fine = ((s.probabilities != NULL && s.vectors != NULL) || err_memory(e, "embedding")) &&
                embed_sweeps(p, ws, model, ids, count, &s, &done, &bar, e);
    progress_end(&bar);
    free(s.probabilities);
    free(s.vectors);
    return fine && (done == count ||
                    err_set(e, ERR_INTERRUPTED,
                            "%s: stopped with %zu of %zu embeddings; they are kept, the rest follows when "
                            "asked for again",
                            name, done, count));
}

static const char *name_of(struct workspace *ws, int64_t model, struct arena *arena)
{
    struct model *models;
    size_t count;
    if (models_list(ws, arena, &models, &count, NULL))
        for (size_t i = 0; i < count; i++)
            if (models[i].id == model)
                return models[i].name;
    return "the model";
}

bool embeddings_complete(struct workspace *ws, int64_t model, bool quiet, struct err *e)
{
    struct arena arena = {0};
    struct predictor *p = NULL;
    int64_t *ids;
    void *bytes = NULL;
    size_t count, size;
    bool fine = embeddings_lacking(ws, model, &arena, &ids, &count, e);
    if (fine && count > 0) {
        const char *name = name_of(ws, model, &arena);
        fine = model_onnx(ws, model, &bytes, &size, e) &&
               (p = predictor_from_onnx(bytes, size, name, 0, e)) != NULL &&
               embed(p, ws, model, name, ids, count, quiet, e);
    }
    predictor_free(p);
    free(bytes);
    arena_free(&arena);
    return fine;
}

bool embeddings_find_similar(struct columns *c, const struct embeddings *m, int64_t sample, struct err *e)
{
    struct neighbour near[SIMILAR_FACES];
    int64_t row = columns_row(c, sample);
    if (row < 0)
        return err_set(e, ERR_INPUT,
                       "similar:%lld: there is no sample with that id; 'ferlab list' shows them",
                       (long long)sample);
    if (!embeddings_has(m, (size_t)row))
        return err_set(e, ERR_INPUT, "similar:%lld: model %s has no embedding of it", (long long)sample,
                       c->model_name);
    columns_forget_similar(c);
    size_t found = neighbours_of(m->vectors, m->count, m->width, (size_t)row, SIMILAR_FACES, near);
    for (size_t i = 0; i < found; i++)
        c->similarity[near[i].row] = near[i].similarity;
    c->similar_to = sample;
    return found > 0 || err_memory(e, "looking for similar faces");
}

bool embeddings_for_filter(struct workspace *ws, struct columns *c, const struct filter *f, bool quiet,
                           struct err *e)
{
    struct embeddings *m = NULL;
    int64_t sample = filter_similar(f);
    if (sample == 0)
        return true;
    if (c->model == 0)
        return err_set(e, ERR_INPUT,
                       "similar:%lld: what is similar follows from a model, and there is none yet; train one "
                       "with 'ferlab train', or bring one in with 'ferlab %s'",
                       (long long)sample, shipped_command());
    bool fine = embeddings_complete(ws, c->model, quiet, e) && embeddings_load(&m, ws, c, e) &&
                embeddings_find_similar(c, m, sample, e);
    embeddings_free(m);
    return fine;
}
