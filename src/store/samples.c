/* Samples: writing them once, reading their pixels. */
#include "ferlab/store/samples.h"
#include "workspace_sql.h"

#include <stdlib.h>
#include <string.h>

static const char find_text[] =
    "SELECT s.id, s.neutral, s.happiness, s.surprise, s.sadness, s.anger, s.disgust, s.fear, "
    "s.contempt, s.unknown, s.nf, p.gray "
    "FROM sample s LEFT JOIN pixels p ON p.sample = s.id "
    "WHERE s.split = ?1 AND s.name = ?2";
static const char insert_text[] =
    "INSERT INTO sample (split, name, x0, y0, x1, y1, neutral, happiness, surprise, "
    "sadness, anger, disgust, fear, contempt, unknown, nf, source, flaws) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)";
static const char insert_pixels_text[] = "INSERT INTO pixels (sample, gray) VALUES (?1, ?2)";

struct sample_writer {
    struct sql *db;
    struct sql_statement *find, *insert, *insert_pixels;
    int64_t added;
};

struct sample_writer *sample_writer_new(struct workspace *ws, struct err *e)
{
    struct sample_writer *w = calloc(1, sizeof *w);

    if (!w) {
        err_memory(e, "writing samples");
        return NULL;
    }
    w->db = workspace_sql(ws);
    w->find = sql_prepare(w->db, find_text, e);
    w->insert = w->find ? sql_prepare(w->db, insert_text, e) : NULL;
    w->insert_pixels = w->insert ? sql_prepare(w->db, insert_pixels_text, e) : NULL;
    if (!w->insert_pixels) {
        sample_writer_free(w);
        return NULL;
    }
    return w;
}

void sample_writer_free(struct sample_writer *w)
{
    if (!w)
        return;
    sql_done(w->find);
    sql_done(w->insert);
    sql_done(w->insert_pixels);
    free(w);
}

/* How the row found compares with the sample at hand. */
static enum sample_added compare_found(struct sql_statement *found, const struct sample *s)
{
    size_t size = 0;

    for (int c = 0; c < CLASS_COUNT; c++) {
        if (sql_int(found, 1 + c) != s->votes.count[c])
            return SAMPLE_OTHER_VOTES;
    }
    const void *pixels = sql_blob(found, 1 + CLASS_COUNT, &size);

    return size == FACE_PIXELS && memcmp(pixels, s->pixels, size) == 0 ? SAMPLE_SAME : SAMPLE_OTHER_PIXELS;
}

static enum sample_added find_sample(struct sample_writer *w, const struct sample *s, struct err *e)
{
    sql_bind_text(w->find, 1, split_name(s->split));
    sql_bind_text(w->find, 2, s->name);
    enum sql_step step = sql_next(w->find, e);
    enum sample_added found = step == SQL_ROW   ? compare_found(w->find, s)
                              : step == SQL_END ? SAMPLE_NEW
                                                : SAMPLE_FAILED;

    sql_again(w->find);
    return found;
}

static bool insert_sample(struct sample_writer *w, const struct sample *s, struct err *e)
{
    sql_bind_text(w->insert, 1, split_name(s->split));
    sql_bind_text(w->insert, 2, s->name);
    for (int i = 0; i < 4; i++)
        sql_bind_int(w->insert, 3 + i, s->box[i]);
    for (int c = 0; c < CLASS_COUNT; c++)
        sql_bind_int(w->insert, 7 + c, s->votes.count[c]);
    sql_bind_text(w->insert, 17, s->source ? s->source : "");
    sql_bind_int(w->insert, 18, s->flaws);
    bool good = sql_next(w->insert, e) == SQL_END;

    sql_again(w->insert);
    if (!good)
        return false;
    w->added = sql_last_id(w->db);
    sql_bind_int(w->insert_pixels, 1, w->added);
    sql_bind_blob(w->insert_pixels, 2, s->pixels, FACE_PIXELS);
    good = sql_next(w->insert_pixels, e) == SQL_END;
    sql_again(w->insert_pixels);
    return good;
}

enum sample_added sample_add(struct sample_writer *w, const struct sample *s, struct err *e)
{
    enum sample_added found = find_sample(w, s, e);

    if (found != SAMPLE_NEW)
        return found;
    return insert_sample(w, s, e) ? SAMPLE_NEW : SAMPLE_FAILED;
}

int64_t sample_added_id(const struct sample_writer *w)
{
    return w->added;
}

bool samples_count(struct workspace *ws, int64_t *count, struct err *e)
{
    struct sql_statement *s = sql_prepare(workspace_sql(ws), "SELECT count(*) FROM sample", e);
    bool good = s && sql_next(s, e) == SQL_ROW;

    if (good)
        *count = sql_int(s, 0);
    sql_done(s);
    return good;
}

bool samples_of_source(struct workspace *ws, const char *source, int64_t *count, struct err *e)
{
    struct sql_statement *s =
        sql_prepare(workspace_sql(ws), "SELECT count(*) FROM sample WHERE source = ?1 AND source != ''", e);

    if (!s)
        return false;
    sql_bind_text(s, 1, source);
    bool good = sql_next(s, e) == SQL_ROW;

    if (good)
        *count = sql_int(s, 0);
    sql_done(s);
    return good;
}

bool sample_find_same(struct workspace *ws, const struct sample *s, int64_t *id, struct err *e)
{
    struct sql_statement *q = sql_prepare(workspace_sql(ws),
                                          "SELECT s.id FROM sample s JOIN pixels p ON p.sample = s.id "
                                          "WHERE s.source = ?1 AND s.source != '' AND p.gray = ?2 LIMIT 1",
                                          e);

    if (!q)
        return false;
    sql_bind_text(q, 1, s->source);
    sql_bind_blob(q, 2, s->pixels, FACE_PIXELS);
    enum sql_step step = sql_next(q, e);

    *id = step == SQL_ROW ? sql_int(q, 0) : 0;
    sql_done(q);
    return step != SQL_FAILED;
}

static bool no_pixels(struct workspace *ws, int64_t id, struct err *e)
{
    return err_set(e, ERR_INPUT, "%s: there is no sample %lld", workspace_path(ws), (long long)id);
}

static bool read_pixels(struct workspace *ws, struct sql_statement *s, int64_t id, uint8_t *out,
                        struct err *e)
{
    size_t size = 0;

    sql_bind_int(s, 1, id);
    enum sql_step step = sql_next(s, e);

    if (step == SQL_FAILED)
        return false;
    const void *pixels = step == SQL_ROW ? sql_blob(s, 0, &size) : NULL;

    if (size != FACE_PIXELS)
        return no_pixels(ws, id, e);
    memcpy(out, pixels, FACE_PIXELS);
    return true;
}

static const char pixels_text[] = "SELECT gray FROM pixels WHERE sample = ?1";

bool sample_pixels(struct workspace *ws, int64_t id, uint8_t out[FACE_PIXELS], struct err *e)
{
    struct sql_statement *s = sql_prepare(workspace_sql(ws), pixels_text, e);
    bool good = s && read_pixels(ws, s, id, out, e);

    sql_done(s);
    return good;
}

/* One sweep over the range of ids, taking what is wanted. */
static bool sweep_pixels(struct workspace *ws, struct sql_statement *s, const int64_t *ids, size_t count,
                         uint8_t *out, struct err *e)
{
    size_t taken = 0;
    enum sql_step step;

    sql_bind_int(s, 1, ids[0]);
    sql_bind_int(s, 2, ids[count - 1]);
    while (taken < count && (step = sql_next(s, e)) != SQL_END) {
        if (step == SQL_FAILED)
            return false;
        int64_t id = sql_int(s, 0);
        size_t size = 0;

        if (id > ids[taken])
            break;
        if (id < ids[taken])
            continue;
        const void *pixels = sql_blob(s, 1, &size);

        if (size != FACE_PIXELS)
            break;
        memcpy(out + taken * FACE_PIXELS, pixels, FACE_PIXELS);
        taken++;
    }
    return taken == count || no_pixels(ws, ids[taken], e);
}

/* Whether the wanted ids lie so thin in their range that asking for each is less work than sweeping. */
static bool is_sparse(const int64_t *ids, size_t count)
{
    enum { SWEEP_WORTH = 8 };

    return (uint64_t)(ids[count - 1] - ids[0]) / SWEEP_WORTH > count;
}

bool sample_pixels_many(struct workspace *ws, const int64_t *ids, size_t count, uint8_t *out, struct err *e)
{
    if (count == 0)
        return true;
    bool sparse = is_sparse(ids, count);
    const char *text = sparse
                           ? pixels_text
                           : "SELECT sample, gray FROM pixels WHERE sample BETWEEN ?1 AND ?2 ORDER BY sample";
    struct sql_statement *s = sql_prepare(workspace_sql(ws), text, e);

    if (!s)
        return false;
    bool good = true;

    if (sparse) {
        for (size_t i = 0; good && i < count; i++) {
            good = read_pixels(ws, s, ids[i], out + i * FACE_PIXELS, e);
            sql_again(s);
        }
    } else {
        good = sweep_pixels(ws, s, ids, count, out, e);
    }
    sql_done(s);
    return good;
}
