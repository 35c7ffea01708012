/* Predictions: eight probabilities by one model for one sample. */
#include "ferlab/store/models.h"
#include "workspace_sql.h"

_Static_assert(sizeof(float) == 4 && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "stored probabilities are little-endian float32");

static bool check_probabilities(int64_t sample, const float *p, struct err *e)
{
    for (int k = 0; k < EMOTION_COUNT; k++) {
        if (!(p[k] >= 0 && p[k] <= 1))
            return err_set(e, ERR_INPUT,
                           "sample %lld: the model gives %g as a probability; its output must be a softmax",
                           (long long)sample, (double)p[k]);
    }
    return true;
}

static bool write_all(struct sql_statement *s, int64_t model, const int64_t *ids, const float *probabilities,
                      const bool *in_sample, size_t count, struct err *e)
{
    for (size_t i = 0; i < count; i++) {
        const float *p = probabilities + i * EMOTION_COUNT;

        if (!check_probabilities(ids[i], p, e))
            return false;
        sql_bind_int(s, 1, model);
        sql_bind_int(s, 2, ids[i]);
        sql_bind_blob(s, 3, p, EMOTION_COUNT * sizeof *p);
        sql_bind_int(s, 4, in_sample[i]);
        if (sql_next(s, e) != SQL_END)
            return false;
        sql_again(s);
    }
    return true;
}

bool predictions_write(struct workspace *ws, int64_t model, const int64_t *ids, const float *probabilities,
                       const bool *in_sample, size_t count, struct err *e)
{
    struct sql_scope scope;

    if (!sql_enter(&scope, workspace_sql(ws), e))
        return false;
    struct sql_statement *s = sql_prepare(
        workspace_sql(ws),
        "INSERT INTO prediction (model, sample, probabilities, in_sample) VALUES (?1, ?2, ?3, ?4) "
        "ON CONFLICT (model, sample) DO UPDATE SET probabilities = excluded.probabilities, "
        "in_sample = excluded.in_sample",
        e);
    bool good = s && write_all(s, model, ids, probabilities, in_sample, count, e);

    sql_done(s);
    return sql_leave(&scope, good, e);
}
