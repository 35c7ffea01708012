/* Maps: one row a model, its samples and their places as two arrays. */
#include "ferlab/store/places.h"
#include "workspace_sql.h"

#include <math.h>
#include <string.h>

_Static_assert(sizeof(float) == 4 && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "stored places are little-endian float32, their samples int64");

bool places_write(struct workspace *ws, int64_t model, const int64_t *ids, const float (*places)[2],
                  size_t count, struct err *e)
{
    struct sql_statement *s = sql_prepare(workspace_sql(ws),
                                          "INSERT INTO map (model, samples, places) VALUES (?1, ?2, ?3) "
                                          "ON CONFLICT (model) DO UPDATE SET samples = excluded.samples, "
                                          "places = excluded.places",
                                          e);

    if (!s)
        return false;
    sql_bind_int(s, 1, model);
    sql_bind_blob(s, 2, ids, count * sizeof *ids);
    sql_bind_blob(s, 3, places, count * sizeof *places);
    return sql_finish(s, e);
}

/* Blobs may lie anywhere, hence the copies. */
static size_t take(const struct columns *c, const char *ids, const char *stored, size_t count,
                   float (*places)[2])
{
    size_t found = 0;

    for (size_t i = 0; i < count; i++) {
        int64_t id;

        memcpy(&id, ids + i * sizeof id, sizeof id);
        int64_t row = columns_row(c, id);

        if (row < 0)
            continue;
        memcpy(places[row], stored + i * sizeof *places, sizeof *places);
        found += !isnan(places[row][0]) && !isnan(places[row][1]);
    }
    return found;
}

bool places_load(struct workspace *ws, const struct columns *c, float (*places)[2], size_t *found,
                 struct err *e)
{
    struct sql_statement *s =
        sql_prepare(workspace_sql(ws), "SELECT samples, places FROM map WHERE model = ?1", e);

    *found = 0;
    for (size_t row = 0; row < c->count; row++)
        places[row][0] = places[row][1] = NAN;
    if (!s)
        return false;
    sql_bind_int(s, 1, c->model);
    enum sql_step step = sql_next(s, e);

    if (step == SQL_ROW) {
        size_t id_bytes = 0, place_bytes = 0;
        const char *ids = sql_blob(s, 0, &id_bytes), *stored = sql_blob(s, 1, &place_bytes);
        size_t count = id_bytes / sizeof(int64_t);

        if (place_bytes / sizeof *places < count)
            count = place_bytes / sizeof *places;
        *found = take(c, ids, stored, count, places);
    }
    sql_done(s);
    return step != SQL_FAILED;
}
