/* Models: ONNX files by name, and which of them is the current one. */
#include "ferlab/store/models.h"
#include "ferlab/base/clock.h"
#include "ferlab/base/digest.h"
#include "ferlab/base/str.h"
#include "list.h"
#include "names.h"
#include "workspace_sql.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char current_key[] = "current_model";

#define MODEL_COLUMNS                                                                                        \
    "SELECT id, coalesce(run, 0), name, digest, arch, created, parameters, size, input_size, "               \
    "valid_accuracy, external, unseen, folds, "                                                              \
    "(SELECT count(*) FROM prediction WHERE prediction.model = model.id) FROM model "

static bool take_model(struct workspace *ws, struct sql_statement *s, struct arena *arena, struct model *m,
                       struct err *e)
{
    *m = (struct model){
        .id = sql_int(s, 0),
        .run = sql_int(s, 1),
        .name = arena_strdup(arena, sql_text(s, 2)),
        .digest = arena_strdup(arena, sql_text(s, 3)),
        .arch = arena_strdup(arena, sql_text(s, 4)),
        .created = arena_strdup(arena, sql_text(s, 5)),
        .parameters = sql_int(s, 6),
        .size_bytes = sql_int(s, 7),
        .input_size = sql_int(s, 8),
        .valid_accuracy = sql_real(s, 9),
        .external = sql_int(s, 10) != 0,
        .unseen = sql_int(s, 11) != 0,
        .folds = sql_int(s, 12),
        .predictions = sql_int(s, 13),
    };
    m->current = m->id == model_current(ws);
    return (m->name && m->digest && m->arch && m->created) || err_memory(e, "listing the models");
}

static bool insert_model(struct workspace *ws, const struct model_new *m, int64_t *id, struct err *e)
{
    char digest[DIGEST_HEX] = "", created[CLOCK_STAMP];
    struct sql_statement *s = sql_prepare(
        workspace_sql(ws),
        "INSERT INTO model (name, digest, arch, created, run, parameters, input_size, valid_accuracy, "
        "external, unseen, size, onnx, folds) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
        e);

    if (!s)
        return false;
    if (m->folds == 0)
        digest_of(m->onnx, m->size, digest);
    clock_stamp(created);
    sql_bind_text(s, 1, m->name);
    sql_bind_text(s, 2, digest);
    sql_bind_text(s, 3, m->arch ? m->arch : "");
    sql_bind_text(s, 4, created);
    if (m->run)
        sql_bind_int(s, 5, m->run);
    sql_bind_int(s, 6, m->parameters);
    sql_bind_int(s, 7, m->input_size);
    sql_bind_real(s, 8, m->valid_accuracy);
    sql_bind_int(s, 9, m->external);
    sql_bind_int(s, 10, m->unseen);
    sql_bind_int(s, 11, m->folds > 0 ? 0 : (int64_t)m->size);
    sql_bind_blob(s, 12, m->folds > 0 ? "" : m->onnx, m->folds > 0 ? 0 : m->size);
    sql_bind_int(s, 13, m->folds);
    if (!sql_finish(s, e))
        return false;
    *id = sql_last_id(workspace_sql(ws));
    return true;
}

bool model_add(struct workspace *ws, const struct model_new *m, int64_t *id, struct err *e)
{
    struct sql_scope scope;
    struct sql *db = workspace_sql(ws);

    if (!sql_enter(&scope, db, e))
        return false;
    bool good = name_check_free(db, "model", m->name, e) && insert_model(ws, m, id, e);

    if (good && !m->external && model_current(ws) == 0)
        good = model_use(ws, *id, e);
    return sql_leave(&scope, good, e);
}

bool models_list(struct workspace *ws, struct arena *arena, struct model **out, size_t *count, struct err *e)
{
    struct list models = {.size = sizeof(struct model)};
    enum sql_step step = SQL_FAILED;
    struct sql_statement *s =
        sql_prepare(workspace_sql(ws), MODEL_COLUMNS "WHERE external = 0 ORDER BY id", e);
    bool good = s != NULL;

    *out = NULL;
    *count = 0;
    while (good && (step = sql_next(s, e)) == SQL_ROW) {
        struct model *m = list_add(&models);

        good = m ? take_model(ws, s, arena, m, e) : err_memory(e, "listing the models");
    }
    sql_done(s);
    if (!good || step != SQL_END) {
        list_free(&models);
        return false;
    }
    *count = models.count;
    *out = list_move(&models, arena);
    return *out || err_memory(e, "listing the models");
}

/* The one model that a text with ?1 picks. */
static bool find_model(struct workspace *ws, const char *text, const char *value, struct arena *arena,
                       struct model *out, bool *found, struct err *e)
{
    struct sql_statement *s = sql_prepare(workspace_sql(ws), text, e);

    *found = false;
    if (!s)
        return false;
    sql_bind_text(s, 1, value);
    enum sql_step step = sql_next(s, e);
    bool good = step != SQL_FAILED;

    if (step == SQL_ROW)
        good = *found = take_model(ws, s, arena, out, e);
    sql_done(s);
    return good;
}

bool model_by_name(struct workspace *ws, const char *name, struct arena *arena, struct model *out,
                   struct err *e)
{
    bool found;

    if (!find_model(ws, MODEL_COLUMNS "WHERE name = ?1", name, arena, out, &found, e))
        return false;
    return found || err_set(e, ERR_INPUT, "%s: there is no model named '%s'; 'ferlab models' lists them",
                            workspace_path(ws), name);
}

bool model_by_digest(struct workspace *ws, const char *digest, struct arena *arena, struct model *out,
                     bool *found, struct err *e)
{
    /* Of several the one that is in the lists. */
    return find_model(ws, MODEL_COLUMNS "WHERE digest = ?1 ORDER BY external, id LIMIT 1", digest, arena, out,
                      found, e);
}

static bool no_such_model(struct workspace *ws, int64_t model, struct err *e)
{
    return err_set(e, ERR_INPUT, "%s: there is no model %lld; 'ferlab models' lists them", workspace_path(ws),
                   (long long)model);
}

static bool no_file(const char *name, int64_t folds, struct err *e)
{
    return err_set(
        e, ERR_INPUT,
        "%s: it has no file, as it is what %lld models said, each of the faces that it did not see; "
        "take another model, or train one with 'ferlab train'",
        name, (long long)folds);
}

bool model_onnx(struct workspace *ws, int64_t model, void **bytes, size_t *size, struct err *e)
{
    struct sql_statement *s =
        sql_prepare(workspace_sql(ws), "SELECT onnx, name, folds FROM model WHERE id = ?1", e);

    *bytes = NULL;
    *size = 0;
    if (!s)
        return false;
    sql_bind_int(s, 1, model);
    enum sql_step step = sql_next(s, e);
    bool good = step == SQL_ROW;

    if (good && sql_int(s, 2) > 0) {
        good = no_file(sql_text(s, 1), sql_int(s, 2), e);
    } else if (good) {
        const void *onnx = sql_blob(s, 0, size);

        *bytes = malloc(*size + 1);
        good = *bytes || err_memory(e, "reading the model");
        if (good && *size)
            memcpy(*bytes, onnx, *size);
    } else if (step == SQL_END) {
        no_such_model(ws, model, e);
    }
    sql_done(s);
    return good;
}

bool model_set_accuracy(struct workspace *ws, int64_t model, double accuracy, struct err *e)
{
    struct sql_statement *s =
        sql_prepare(workspace_sql(ws), "UPDATE model SET valid_accuracy = ?2 WHERE id = ?1", e);

    if (!s)
        return false;
    sql_bind_int(s, 1, model);
    sql_bind_real(s, 2, accuracy);
    return sql_finish(s, e);
}

static bool run_with_id(struct workspace *ws, const char *text, int64_t id, struct err *e)
{
    struct sql_statement *s = sql_prepare(workspace_sql(ws), text, e);

    if (!s)
        return false;
    sql_bind_int(s, 1, id);
    return sql_finish(s, e);
}

static bool model_exists(struct workspace *ws, int64_t model, struct err *e)
{
    struct sql_statement *s = sql_prepare(workspace_sql(ws), "SELECT 1 FROM model WHERE id = ?1", e);

    if (!s)
        return false;
    sql_bind_int(s, 1, model);
    enum sql_step step = sql_next(s, e);

    sql_done(s);
    return step == SQL_ROW || (step == SQL_END && no_such_model(ws, model, e));
}

/* The newest model of the lists, or none. */
static bool use_newest(struct workspace *ws, struct err *e)
{
    int64_t newest = 0;
    struct sql_statement *s =
        sql_prepare(workspace_sql(ws), "SELECT coalesce(max(id), 0) FROM model WHERE external = 0", e);
    bool good = s && sql_next(s, e) == SQL_ROW;

    if (good)
        newest = sql_int(s, 0);
    sql_done(s);
    if (!good)
        return false;
    if (newest)
        return model_use(ws, newest, e);
    s = sql_prepare(workspace_sql(ws), "DELETE FROM setting WHERE key = ?1", e);
    if (!s)
        return false;
    sql_bind_text(s, 1, current_key);
    return sql_finish(s, e);
}

bool model_remove(struct workspace *ws, int64_t model, struct err *e)
{
    struct sql_scope scope;

    if (!sql_enter(&scope, workspace_sql(ws), e))
        return false;
    bool was_current = model_current(ws) == model;
    bool good = model_exists(ws, model, e) &&
                run_with_id(ws, "DELETE FROM prediction WHERE model = ?1", model, e) &&
                run_with_id(ws, "DELETE FROM embedding WHERE model = ?1", model, e) &&
                run_with_id(ws, "DELETE FROM map WHERE model = ?1", model, e) &&
                run_with_id(ws, "DELETE FROM model WHERE id = ?1", model, e);

    if (good && was_current)
        good = use_newest(ws, e);
    return sql_leave(&scope, good, e);
}

static bool name_is_free(struct workspace *ws, const char *name)
{
    return name_check_free(workspace_sql(ws), "model", name, NULL) &&
           name_check_free(workspace_sql(ws), "run", name, NULL);
}

const char *model_free_name(struct workspace *ws, const char *wish, struct arena *arena)
{
    const char *name = arena_strdup(arena, wish);

    if (!name_check("model", wish, NULL))
        return name; /* whoever uses it is told what is wrong with it */
    for (int number = 2; name && !name_is_free(ws, name) && number < 10000; number++)
        name = arena_printf(arena, "%s-%d", wish, number);
    return name;
}

int64_t model_current(struct workspace *ws)
{
    int64_t model = 0;
    struct sql_statement *s =
        sql_prepare(workspace_sql(ws),
                    "SELECT model.id FROM setting JOIN model ON model.id = CAST(value AS INTEGER) "
                    "WHERE key = ?1",
                    NULL);

    if (!s)
        return 0;
    sql_bind_text(s, 1, current_key);
    if (sql_next(s, NULL) == SQL_ROW)
        model = sql_int(s, 0);
    sql_done(s);
    return model;
}

bool model_use(struct workspace *ws, int64_t model, struct err *e)
{
    char number[24];
    struct sql_scope scope;

    snprintf(number, sizeof number, "%lld", (long long)model);
    if (!sql_enter(&scope, workspace_sql(ws), e))
        return false;
    bool good = model_exists(ws, model, e) &&
                run_with_id(ws, "UPDATE model SET external = 0 WHERE id = ?1 AND external = 1", model, e) &&
                workspace_set_setting(ws, current_key, number, e);
    return sql_leave(&scope, good, e);
}
