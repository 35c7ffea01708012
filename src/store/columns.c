/* Columns: loading them in one snapshot, keeping them up with the log, changing model and rule. */
#include "ferlab/store/columns.h"
#include "columns_own.h"
#include "ferlab/base/digest.h"
#include "ferlab/store/beside.h"
#include "ferlab/store/duplicates.h"
#include "ferlab/store/models.h"
#include "ferlab/store/selection.h"
#include "list.h"
#include "workspace_sql.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The arrays of struct columns, one element a row. */
/* clang-format off */
#define ARRAYS(X)                                                                                      \
    X(id) X(split) X(name) X(source) X(box) X(flaws) X(votes) X(crowd)                                                           \
    X(label) X(reviewed) X(contested) X(flagged) X(selected) X(note) X(tags) X(edited)                              \
    X(probabilities) X(prediction) X(confidence) X(in_sample) X(divergence) X(entropy) X(suspect)      \
    X(issue) X(similarity)                                                                             \
    X(next_copy) X(disagreement) X(leaks) X(own->decided) X(own->opinions) X(own->group)
/* clang-format on */

static bool allocate(struct columns *c, size_t count, struct err *e)
{
    bool good = true;

#define ALLOCATE(array) good = (c->array = calloc(count + 1, sizeof *c->array)) && good;
    ARRAYS(ALLOCATE)
#undef ALLOCATE
    return good || err_memory(e, "loading the samples");
}

void columns_free(struct columns *c)
{
    if (!c)
        return;
    if (c->own) {
#define FREE(array) free(c->array);
        ARRAYS(FREE)
#undef FREE
        arena_free(&c->own->names);
        arena_free(&c->own->reviews);
        beside_free(c->beside);
        free(c->own->model_name);
        free(c->own);
    }
    free(c);
}

static bool read_number(struct sql *db, const char *text, int64_t *out, struct err *e)
{
    struct sql_statement *s = sql_prepare(db, text, e);
    bool good = s && sql_next(s, e) == SQL_ROW;

    if (good)
        *out = sql_int(s, 0);
    sql_done(s);
    return good;
}

static bool damaged_sample(struct sql *db, int64_t id, const char *what, struct err *e)
{
    return err_set(e, ERR_INPUT, "%s: sample %lld has %s; the workspace is damaged, restore it from a copy",
                   sql_path(db), (long long)id, what);
}

static bool take_sample(struct columns *c, size_t row, struct sql *db, struct sql_statement *s, struct err *e)
{
    enum split split;

    c->id[row] = sql_int(s, 0);
    if (!split_parse(sql_text(s, 1), &split))
        return damaged_sample(db, c->id[row], "no split", e);
    c->split[row] = (uint8_t)split;
    c->name[row] = arena_strdup(&c->own->names, sql_text(s, 2));
    const char *source = sql_text(s, 3 + CLASS_COUNT);
    if (source[0] != '\0')
        c->source[row] = arena_strdup(&c->own->names, source);
    c->flaws[row] = (uint8_t)sql_int(s, 4 + CLASS_COUNT);
    for (int i = 0; i < 4; i++)
        c->box[row][i] = (int32_t)sql_int(s, 5 + CLASS_COUNT + i);
    if (!c->name[row] || (source[0] != '\0' && !c->source[row]))
        return err_memory(e, "loading the samples");
    for (int k = 0; k < CLASS_COUNT; k++) {
        int64_t count = sql_int(s, 3 + k);

        if (count < 0 || count > UINT8_MAX)
            return damaged_sample(db, c->id[row], "votes out of range", e);
        c->votes[row].count[k] = (uint8_t)count;
    }
    return true;
}

static bool load_samples(struct columns *c, struct sql *db, struct err *e)
{
    int64_t count = 0;
    enum sql_step step = SQL_FAILED;

    if (!read_number(db, "SELECT count(*) FROM sample", &count, e) || !allocate(c, (size_t)count, e))
        return false;
    struct sql_statement *s = sql_prepare(
        db,
        "SELECT id, split, name, neutral, happiness, surprise, sadness, anger, "
        "disgust, fear, contempt, unknown, nf, source, flaws, x0, y0, x1, y1 FROM sample ORDER BY id",
        e);
    bool good = s != NULL;

    while (good && c->count < (size_t)count && (step = sql_next(s, e)) == SQL_ROW) {
        good = take_sample(c, c->count, db, s, e);
        c->count++;
    }
    sql_done(s);
    return good && (step != SQL_FAILED || count == 0);
}

static bool load_reviews(struct columns *c, struct sql *db, struct err *e)
{
    for (size_t row = 0; row < c->count; row++)
        columns_forget_reviews(c, row);
    arena_free(&c->own->reviews);
    c->own->last_reviewer = NULL;
    return columns_replay(c, db, 0, e) &&
           read_number(db, "SELECT coalesce(max(id), 0) FROM event", &c->last_event, e) &&
           read_number(db, "SELECT count(*) FROM event", &c->event_count, e);
}

static void forget_prediction(const struct predictions *p, size_t row)
{
    for (int k = 0; k < EMOTION_COUNT; k++)
        p->probabilities[row][k] = NAN;
    p->prediction[row] = CLASS_NONE;
    p->in_sample[row] = false;
}

static bool take_prediction(const struct predictions *out, size_t row, struct sql_statement *s)
{
    size_t size = 0;
    const void *bytes = sql_blob(s, 1, &size);
    float p[EMOTION_COUNT];

    if (size != sizeof p)
        return false;
    memcpy(p, bytes, sizeof p);
    for (int k = 0; k < EMOTION_COUNT; k++) {
        if (!(p[k] >= 0 && p[k] <= 1))
            return false;
    }
    memcpy(out->probabilities[row], p, sizeof p);
    out->prediction[row] = (int8_t)emotion_most_probable(p);
    out->in_sample[row] = sql_int(s, 2) != 0;
    return true;
}

/* Both the rows and the predictions ascend by sample, so one walk joins them. */
bool columns_read_predictions(const struct columns *c, struct sql *db, int64_t model,
                              const struct predictions *out, struct err *e)
{
    enum sql_step step;
    size_t row = 0;
    struct sql_statement *s = sql_prepare(
        db, "SELECT sample, probabilities, in_sample FROM prediction WHERE model = ?1 ORDER BY sample", e);

    if (!s)
        return false;
    for (size_t i = 0; i < c->count; i++)
        forget_prediction(out, i);
    sql_bind_int(s, 1, model);
    while ((step = sql_next(s, e)) == SQL_ROW) {
        int64_t sample = sql_int(s, 0);

        while (row < c->count && c->id[row] < sample)
            row++;
        if (row == c->count)
            break;
        if (c->id[row] == sample && !take_prediction(out, row, s)) {
            sql_done(s);
            return damaged_sample(db, sample, "probabilities out of range", e);
        }
    }
    sql_done(s);
    return step != SQL_FAILED;
}

static void derive_confidence(struct columns *c, size_t row)
{
    int prediction = c->prediction[row];

    c->confidence[row] = prediction == CLASS_NONE ? NAN : c->probabilities[row][prediction];
}

static bool read_model(struct sql *db, int64_t model, char **name, int64_t *folds, struct err *e)
{
    struct sql_statement *s = sql_prepare(db, "SELECT name, folds FROM model WHERE id = ?1", e);

    if (!s)
        return false;
    sql_bind_int(s, 1, model);
    enum sql_step step = sql_next(s, e);
    bool good = step == SQL_ROW;

    if (good) {
        *folds = sql_int(s, 1);
        *name = strdup(sql_text(s, 0));
        good = *name || err_memory(e, "loading the model's name");
    } else if (step == SQL_END) {
        err_set(e, ERR_INPUT, "%s: there is no model %lld; 'ferlab models' lists them", sql_path(db),
                (long long)model);
    }
    sql_done(s);
    return good;
}

static bool load_model(struct columns *c, struct workspace *ws, int64_t model, struct err *e)
{
    struct sql *db = workspace_sql(ws);
    char *name = NULL;
    int64_t folds = 0;

    if (model == 0)
        model = model_current(ws);
    if (model < 0)
        model = 0;
    if (model && !read_model(db, model, &name, &folds, e))
        return false;
    free(c->own->model_name);
    c->own->model_name = name;
    c->model = model;
    c->model_name = name ? name : "";
    c->model_folds = folds;
    columns_forget_similar(c);
    const struct predictions predictions = {c->probabilities, c->prediction, c->in_sample};
    if (!columns_read_predictions(c, db, model, &predictions, e))
        return false;
    for (size_t row = 0; row < c->count; row++)
        derive_confidence(c, row);
    return columns_derive_scores(c, e);
}

static bool load_all(struct columns *c, struct workspace *ws, int64_t model, struct err *e)
{
    if (!load_samples(c, workspace_sql(ws), e))
        return false;
    for (size_t row = 0; row < c->count; row++) {
        columns_derive_crowd(c, row);
        c->entropy[row] = (float)votes_entropy(&c->votes[row]);
    }
    selection_load(c, ws);
    return load_reviews(c, workspace_sql(ws), e) && columns_load_copies(c, ws, e) &&
           load_model(c, ws, model, e);
}

bool columns_load(struct columns **out, struct workspace *ws, enum rule rule, int64_t model, struct err *e)
{
    struct sql_scope scope;
    struct columns *c = calloc(1, sizeof *c);

    *out = NULL;
    if (!c || !(c->own = calloc(1, sizeof *c->own))) {
        free(c);
        return err_memory(e, "loading the samples");
    }
    c->rule = rule;
    bool good = sql_enter_reading(&scope, workspace_sql(ws), e);

    if (good)
        good = sql_leave(&scope, load_all(c, ws, model, e), e);
    if (!good) {
        columns_free(c);
        return false;
    }
    *out = c;
    return true;
}

/* Everything anew, in place, because samples were added. A model removed meanwhile gives way to the current
 * one, and one beside it to none. */
static bool reload(struct columns *c, struct workspace *ws, struct err *e)
{
    struct columns *fresh;
    int64_t model = c->model ? c->model : -1, beside = c->beside ? c->beside->model : 0;

    if (!columns_load(&fresh, ws, c->rule, model, NULL) && !columns_load(&fresh, ws, c->rule, 0, e))
        return false;
    columns_use_beside(fresh, ws, beside, NULL);
    struct columns old = *c;

    *c = *fresh;
    *fresh = old;
    columns_free(fresh);
    return true;
}

static bool note_row(struct list *rows, size_t row)
{
    size_t *noted = list_add(rows);

    if (noted)
        *noted = row;
    return noted != NULL;
}

static struct standing_review take_review(struct sql_statement *s)
{
    return (struct standing_review){
        .kind = sql_text(s, 2), .value = sql_text(s, 3), .reviewer = sql_text(s, 5)};
}

/* New events: decisions go on top of what the row has; undo and redo ask for the row's history. */
static bool take_new_events(struct columns *c, struct sql *db, struct list *replays, int64_t *last,
                            int64_t *taken, struct err *e)
{
    enum sql_step step;
    struct sql_statement *s = sql_prepare(
        db,
        "SELECT id, coalesce(sample, 0), kind, value, undoes, reviewer FROM event WHERE id > ?1 ORDER BY id",
        e);

    if (!s)
        return false;
    sql_bind_int(s, 1, c->last_event);
    while ((step = sql_next(s, e)) == SQL_ROW) {
        int64_t row = columns_row(c, sql_int(s, 1));

        *last = sql_int(s, 0);
        (*taken)++;
        if (row < 0)
            continue;
        bool good = sql_is_null(s, 4) ? columns_apply(c, (size_t)row, take_review(s))
                                      : note_row(replays, (size_t)row);

        if (!good) {
            sql_done(s);
            return err_memory(e, "reading the reviews");
        }
    }
    sql_done(s);
    return step == SQL_END;
}

static bool replay_rows(struct columns *c, struct sql *db, const struct list *rows, struct err *e)
{
    const size_t *row = rows->items;

    for (size_t i = 0; i < rows->count; i++) {
        columns_forget_reviews(c, row[i]);
        if (!columns_replay(c, db, c->id[row[i]], e))
            return false;
    }
    return true;
}

static bool take_news(struct columns *c, struct sql *db, bool *changed, struct err *e)
{
    /* From here on one pass over the whole log is less work than one query a row. */
    enum { REPLAY_ROWS_AT_MOST = 500 };
    struct list replays = {.size = sizeof(size_t)}; /* rows whose history an undo or redo changed */
    int64_t last = c->last_event, taken = 0;
    bool good = take_new_events(c, db, &replays, &last, &taken, e);

    if (good)
        good = replays.count > REPLAY_ROWS_AT_MOST ? load_reviews(c, db, e) : replay_rows(c, db, &replays, e);
    list_free(&replays);
    if (!good || (taken > 0 && !columns_derive_suspects(c, e)))
        return false;
    *changed = taken > 0;
    if (last > c->last_event) {
        c->last_event = last;
        c->event_count += taken;
    }
    return true;
}

static bool refresh_in_snapshot(struct columns *c, struct workspace *ws, bool *changed, struct err *e)
{
    int64_t newest = 0, known = c->count ? c->id[c->count - 1] : 0;

    if (!read_number(workspace_sql(ws), "SELECT coalesce(max(id), 0) FROM sample", &newest, e))
        return false;
    if (newest > known) {
        *changed = true;
        return reload(c, ws, e);
    }
    if (duplicates_until(ws) == c->own->duplicates_until)
        return take_news(c, workspace_sql(ws), changed, e);
    if (!columns_load_copies(c, ws, e) || !take_news(c, workspace_sql(ws), changed, e))
        return false;
    *changed = true;
    return columns_derive_suspects(c, e);
}

bool columns_refresh(struct columns *c, struct workspace *ws, bool *changed, struct err *e)
{
    struct sql_scope scope;

    *changed = false;
    if (!sql_enter_reading(&scope, workspace_sql(ws), e))
        return false;
    return sql_leave(&scope, refresh_in_snapshot(c, ws, changed, e), e);
}

bool columns_use_beside(struct columns *c, struct workspace *ws, int64_t model, struct err *e)
{
    struct beside *fresh = NULL;

    if (model && !beside_load(&fresh, c, ws, model, e)) {
        beside_free(c->beside);
        c->beside = NULL;
        return false;
    }
    beside_free(c->beside);
    c->beside = fresh;
    return true;
}

bool columns_use_model(struct columns *c, struct workspace *ws, int64_t model, struct err *e)
{
    struct sql_scope scope;

    if (!sql_enter_reading(&scope, workspace_sql(ws), e))
        return false;
    return sql_leave(&scope, load_model(c, ws, model, e), e);
}

bool columns_use_rule(struct columns *c, enum rule rule, struct err *e)
{
    c->rule = rule;
    for (size_t row = 0; row < c->count; row++)
        columns_derive_crowd(c, row);
    return columns_derive_suspects(c, e);
}

void columns_forget_similar(struct columns *c)
{
    c->similar_to = 0;
    for (size_t row = 0; row < c->count; row++)
        c->similarity[row] = NAN;
}

int64_t columns_row(const struct columns *c, int64_t id)
{
    size_t low = 0, high = c->count;

    /* Ids of one import have no gaps, so the first guess is nearly always right. */
    if (id >= 1 && (uint64_t)id <= c->count && c->id[id - 1] == id)
        return id - 1;
    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (c->id[middle] == id)
            return (int64_t)middle;
        if (c->id[middle] < id)
            low = middle + 1;
        else
            high = middle;
    }
    return -1;
}

bool columns_voted(const struct columns *c, size_t row)
{
    return votes_total(&c->votes[row]) > 0;
}

const struct votes *columns_votes(const struct columns *c, size_t row)
{
    return c->edited[row] ? c->edited[row] : &c->votes[row];
}

void columns_digest_labels(const struct columns *c, const int8_t *label, char out[13])
{
    struct digest *d = digest_new();
    char hex[DIGEST_HEX] = "";

    for (size_t row = 0; d && row < c->count; row++) {
        const char *const words[] = {split_name(c->split[row]), c->name[row], class_name(label[row])};

        for (size_t i = 0; i < sizeof words / sizeof *words; i++)
            digest_add(d, words[i], strlen(words[i]) + 1);
    }
    if (d)
        digest_end(d, hex);
    memcpy(out, hex, 12);
    out[12] = '\0';
}

void columns_label_revision(const struct columns *c, enum label_source labels, char out[13])
{
    columns_digest_labels(c, labels == LABELS_CROWD ? c->crowd : c->label, out);
}
