/* Loading a second model. */
#include "ferlab/store/beside.h"
#include "columns_own.h"
#include "ferlab/store/label_history.h"
#include "workspace_sql.h"

#include <stdlib.h>
#include <string.h>

static bool allocate(struct beside *b, size_t count, struct err *e)
{
    b->probabilities = malloc((count + 1) * sizeof *b->probabilities);
    b->prediction = malloc((count + 1) * sizeof *b->prediction);
    b->in_sample = malloc((count + 1) * sizeof *b->in_sample);
    b->former = malloc((count + 1) * sizeof *b->former);
    return (b->probabilities && b->prediction && b->in_sample && b->former) ||
           err_memory(e, "comparing two models");
}

void beside_free(struct beside *b)
{
    if (!b)
        return;
    free(b->name);
    free(b->probabilities);
    free(b->prediction);
    free(b->in_sample);
    free(b->former);
    free(b);
}

static bool read_model(struct beside *b, struct sql *db, int64_t model, struct err *e)
{
    struct sql_statement *s =
        sql_prepare(db, "SELECT name, folds, coalesce(run, 0) FROM model WHERE id = ?1", e);

    if (!s)
        return false;
    sql_bind_int(s, 1, model);
    enum sql_step step = sql_next(s, e);
    bool good = step == SQL_ROW;

    if (good) {
        b->model = model;
        b->folds = sql_int(s, 1);
        b->run = sql_int(s, 2);
        b->name = strdup(sql_text(s, 0));
        good = b->name || err_memory(e, "comparing two models");
    } else if (step == SQL_END) {
        err_set(e, ERR_INPUT, "%s: there is no model %lld; 'ferlab models' lists them", sql_path(db),
                (long long)model);
    }
    sql_done(s);
    return good;
}

static bool load(struct beside *b, const struct columns *c, struct workspace *ws, int64_t model,
                 struct err *e)
{
    const struct predictions predictions = {b->probabilities, b->prediction, b->in_sample};

    return read_model(b, workspace_sql(ws), model, e) &&
           columns_read_predictions(c, workspace_sql(ws), model, &predictions, e) &&
           labels_of_run(c, ws, b->run, b->former, &b->former_known, e);
}

bool beside_load(struct beside **out, const struct columns *c, struct workspace *ws, int64_t model,
                 struct err *e)
{
    struct beside *b = calloc(1, sizeof *b);
    struct sql_scope scope;

    *out = NULL;
    if (!b)
        return err_memory(e, "comparing two models");
    bool good = allocate(b, c->count, e) && sql_enter_reading(&scope, workspace_sql(ws), e);

    if (good)
        good = sql_leave(&scope, load(b, c, ws, model, e), e);
    if (!good) {
        beside_free(b);
        return false;
    }
    *out = b;
    return true;
}
