/* Embeddings: writing them as half-precision vectors of length 1, and loading them row by row. */
#include "ferlab/store/embeddings.h"
#include "ferlab/base/half.h"
#include "list.h"
#include "workspace_sql.h"

#include <math.h>
#include <stdlib.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "stored vectors are little-endian");

/* out[width]: all zeros where there is no direction. */
static void normalise(const float *vector, size_t width, uint16_t *out)
{
    double square = 0;

    for (size_t k = 0; k < width; k++)
        square += (double)vector[k] * (double)vector[k];
    bool points = square > 0 && isfinite(square);
    float factor = points ? (float)(1 / sqrt(square)) : 0;

    for (size_t k = 0; k < width; k++)
        out[k] = points ? half_of_float(vector[k] * factor) : 0;
}

static bool write_all(struct sql_statement *s, int64_t model, const int64_t *ids, const float *vectors,
                      size_t width, size_t count, struct err *e)
{
    uint16_t stored[EMBEDDING_VALUES_MAX];

    for (size_t i = 0; i < count; i++) {
        normalise(vectors + i * width, width, stored);
        sql_bind_int(s, 1, model);
        sql_bind_int(s, 2, ids[i]);
        sql_bind_blob(s, 3, stored, width * sizeof *stored);
        if (sql_next(s, e) != SQL_END)
            return false;
        sql_again(s);
    }
    return true;
}

bool embeddings_write(struct workspace *ws, int64_t model, const int64_t *ids, const float *vectors,
                      size_t width, size_t count, struct err *e)
{
    struct sql_scope scope;

    if (width < 1 || width > EMBEDDING_VALUES_MAX)
        return err_set(e, ERR_INPUT, "vectors of %zu values cannot be kept; 1 to %d can", width,
                       EMBEDDING_VALUES_MAX);
    if (!sql_enter(&scope, workspace_sql(ws), e))
        return false;
    struct sql_statement *s =
        sql_prepare(workspace_sql(ws),
                    "INSERT INTO embedding (model, sample, vector) VALUES (?1, ?2, ?3) "
                    "ON CONFLICT (model, sample) DO UPDATE SET vector = excluded.vector",
                    e);
    bool good = s && write_all(s, model, ids, vectors, width, count, e);

    sql_done(s);
    return sql_leave(&scope, good, e);
}

static bool allocate(struct embeddings *m, size_t bytes)
{
    m->width = bytes / sizeof *m->vectors;
    m->vectors = calloc(m->count * m->width + 1, sizeof *m->vectors);
    return m->vectors != NULL;
}

/* Rows and vectors both ascend by sample. The first vector tells how long they are. */
static bool take_all(struct embeddings *m, const struct columns *c, struct sql_statement *s, struct err *e)
{
    enum sql_step step;
    size_t row = 0, size;

    while ((step = sql_next(s, e)) == SQL_ROW) {
        int64_t sample = sql_int(s, 0);
        const void *bytes = sql_blob(s, 1, &size);

        while (row < c->count && c->id[row] < sample)
            row++;
        if (row == c->count)
            return true;
        if (!m->vectors && !allocate(m, size))
            return err_memory(e, "loading embeddings");
        if (size != m->width * sizeof *m->vectors)
            return err_set(e, ERR_INPUT,
                           "the embeddings of model %s differ in length; the workspace is damaged, restore "
                           "it from a copy",
                           c->model_name);
        if (c->id[row] == sample && size) {
            memcpy(m->vectors + row * m->width, bytes, size);
            m->known++;
        }
    }
    return step == SQL_END;
}

bool embeddings_load(struct embeddings **out, struct workspace *ws, const struct columns *c, struct err *e)
{
    struct embeddings *m = calloc(1, sizeof *m);

    *out = NULL;
    if (!m)
        return err_memory(e, "loading embeddings");
    m->model = c->model;
    m->count = c->count;
    struct sql_statement *s = sql_prepare(
        workspace_sql(ws), "SELECT sample, vector FROM embedding WHERE model = ?1 ORDER BY sample", e);
    bool good = s != NULL;

    if (good) {
        sql_bind_int(s, 1, c->model);
        good = take_all(m, c, s, e);
    }
    sql_done(s);
    if (!good) {
        embeddings_free(m);
        return false;
    }
    *out = m;
    return true;
}

void embeddings_free(struct embeddings *m)
{
    if (!m)
        return;
    free(m->vectors);
    free(m);
}

bool embeddings_has(const struct embeddings *m, size_t row)
{
    if (!m->vectors)
        return false;
    for (size_t k = 0; k < m->width; k++) {
        if (m->vectors[row * m->width + k])
            return true;
    }
    return false;
}

bool embeddings_lacking(struct workspace *ws, int64_t model, struct arena *arena, int64_t **ids,
                        size_t *count, struct err *e)
{
    struct list found = {.size = sizeof(int64_t)};
    enum sql_step step = SQL_FAILED;
    struct sql_statement *s =
        sql_prepare(workspace_sql(ws),
                    "SELECT id FROM sample WHERE NOT EXISTS (SELECT 1 FROM embedding "
                    "WHERE embedding.model = ?1 AND embedding.sample = sample.id) ORDER BY id",
                    e);
    bool good = s != NULL;

    if (s)
        sql_bind_int(s, 1, model);
    while (good && (step = sql_next(s, e)) == SQL_ROW) {
        int64_t *id = list_add(&found);

        good = id || err_memory(e, "listing samples");
        if (id)
            *id = sql_int(s, 0);
    }
    sql_done(s);
    *count = found.count;
    *ids = list_move(&found, arena);
    return good && step == SQL_END && (*ids || err_memory(e, "listing samples"));
}
