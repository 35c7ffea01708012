/* Runs: what the trainer writes of itself, and what others read of it. */
#include "ferlab/store/runs.h"
#include "ferlab/base/clock.h"
#include "ferlab/base/path.h"
#include "ferlab/base/str.h"
#include "list.h"
#include "names.h"
#include "process.h"
#include "workspace_sql.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *const state_names[] = {
    [RUN_RUNNING] = "running", [RUN_DONE] = "done", [RUN_STOPPED] = "stopped", [RUN_FAILED] = "failed"};

enum { STATES = sizeof state_names / sizeof *state_names };

const char *run_state_name(enum run_state s)
{
    return (unsigned)s < STATES ? state_names[s] : "?";
}

static enum run_state state_of(const char *word)
{
    for (int s = 0; s < STATES; s++) {
        if (strcmp(state_names[s], word) == 0)
            return (enum run_state)s;
    }
    return RUN_FAILED;
}

static bool insert_run(struct workspace *ws, const struct run_new *r, struct err *e)
{
    char started[CLOCK_STAMP], host[PROCESS_HOST];
    struct sql_statement *s = sql_prepare(
        workspace_sql(ws),
        "INSERT INTO run (name, state, recipe, label_revision, parent, seed, threads, epochs_planned, "
        "started, pid, host, process_start, folds) "
        "VALUES (?1, 'running', ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        e);

    if (!s)
        return false;
    clock_stamp(started);
    process_host(host);
    sql_bind_text(s, 1, r->name);
    sql_bind_text(s, 2, r->recipe ? r->recipe : "{}");
    sql_bind_text(s, 3, r->label_revision ? r->label_revision : "");
    sql_bind_text(s, 4, r->parent ? r->parent : "");
    sql_bind_int(s, 5, r->seed);
    sql_bind_int(s, 6, r->threads);
    sql_bind_int(s, 7, r->epochs_planned);
    sql_bind_text(s, 8, started);
    sql_bind_int(s, 9, getpid());
    sql_bind_text(s, 10, host);
    sql_bind_int(s, 11, process_start_time(getpid()));
    sql_bind_int(s, 12, r->folds);
    return sql_finish(s, e);
}

bool run_start(struct workspace *ws, const struct run_new *r, int64_t *id, struct err *e)
{
    struct sql_scope scope;
    struct sql *db = workspace_sql(ws);

    if (!sql_enter(&scope, db, e))
        return false;
    bool good = name_check_free(db, "run", r->name, e) && insert_run(ws, r, e);

    if (good)
        *id = sql_last_id(db);
    return sql_leave(&scope, good, e);
}

static bool wake_run(struct workspace *ws, int64_t run, const struct run_new *r, struct err *e)
{
    char host[PROCESS_HOST];
    struct sql_statement *s =
        sql_prepare(workspace_sql(ws),
                    "UPDATE run SET state = 'running', recipe = ?2, label_revision = ?3, threads = ?4, "
                    "epoch = 0, step = 0, images_per_second = NULL, finished = '', failure = '', pid = ?5, "
                    "host = ?6, process_start = ?7 WHERE id = ?1 AND state IN ('stopped', 'failed')",
                    e);

    if (!s)
        return false;
    process_host(host);
    sql_bind_int(s, 1, run);
    sql_bind_text(s, 2, r->recipe);
    sql_bind_text(s, 3, r->label_revision);
    sql_bind_int(s, 4, r->threads);
    sql_bind_int(s, 5, getpid());
    sql_bind_text(s, 6, host);
    sql_bind_int(s, 7, process_start_time(getpid()));
    if (!sql_finish(s, e))
        return false;
    return sql_changes(workspace_sql(ws)) > 0 ||
           err_set(e, ERR_INPUT, "run %lld: it runs already, or is done; see 'ferlab runs'", (long long)run);
}

static bool forget_epochs(struct workspace *ws, int64_t run, int64_t kept, struct err *e)
{
    struct sql_statement *s =
        sql_prepare(workspace_sql(ws), "DELETE FROM run_epoch WHERE run = ?1 AND epoch > ?2", e);

    if (!s)
        return false;
    sql_bind_int(s, 1, run);
    sql_bind_int(s, 2, kept);
    return sql_finish(s, e);
}

bool run_resume(struct workspace *ws, int64_t run, const struct run_new *r, int64_t epochs_kept,
                struct err *e)
{
    struct sql_scope scope;

    if (!sql_enter(&scope, workspace_sql(ws), e))
        return false;
    return sql_leave(&scope, wake_run(ws, run, r, e) && forget_epochs(ws, run, epochs_kept, e), e);
}

/* Runs a statement that must touch the run. */
static bool finish_touching(struct workspace *ws, struct sql_statement *s, int64_t run, struct err *e)
{
    if (!sql_finish(s, e))
        return false;
    return sql_changes(workspace_sql(ws)) > 0 ||
           err_set(e, ERR_INPUT, "%s: there is no run %lld; 'ferlab runs' lists them", workspace_path(ws),
                   (long long)run);
}

bool run_progress(struct workspace *ws, int64_t run, int64_t epoch, int64_t step, int64_t steps,
                  double images_per_second, double seconds_left, double loss, struct err *e)
{
    struct sql_statement *s =
        sql_prepare(workspace_sql(ws),
                    "UPDATE run SET epoch = ?2, step = ?3, steps = ?4, images_per_second = ?5, "
                    "seconds_left = ?6, loss = ?7 WHERE id = ?1",
                    e);

    if (!s)
        return false;
    sql_bind_int(s, 1, run);
    sql_bind_int(s, 2, epoch);
    sql_bind_int(s, 3, step);
    sql_bind_int(s, 4, steps);
    sql_bind_real(s, 5, images_per_second);
    sql_bind_real(s, 6, seconds_left);
    sql_bind_real(s, 7, loss);
    return finish_touching(ws, s, run, e);
}

bool run_add_epoch(struct workspace *ws, int64_t run, const struct run_epoch *epoch, struct err *e)
{
    /* An epoch done again after a resumed run replaces what it was. */
    struct sql_statement *s = sql_prepare(
        workspace_sql(ws),
        "INSERT INTO run_epoch (run, epoch, loss, train_accuracy, valid_accuracy, seconds) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (run, epoch) DO UPDATE SET loss = excluded.loss, "
        "train_accuracy = excluded.train_accuracy, valid_accuracy = excluded.valid_accuracy, "
        "seconds = excluded.seconds",
        e);

    if (!s)
        return false;
    sql_bind_int(s, 1, run);
    sql_bind_int(s, 2, epoch->epoch);
    sql_bind_real(s, 3, epoch->loss);
    sql_bind_real(s, 4, epoch->train_accuracy);
    sql_bind_real(s, 5, epoch->valid_accuracy);
    sql_bind_real(s, 6, epoch->seconds);
    return sql_finish(s, e);
}

static bool end_run(struct workspace *ws, int64_t run, enum run_state state, const char *failure,
                    struct err *e)
{
    char finished[CLOCK_STAMP];
    struct sql_statement *s = sql_prepare(
        workspace_sql(ws), "UPDATE run SET state = ?2, finished = ?3, failure = ?4 WHERE id = ?1", e);

    if (!s)
        return false;
    clock_stamp(finished);
    sql_bind_int(s, 1, run);
    sql_bind_text(s, 2, run_state_name(state));
    sql_bind_text(s, 3, finished);
    sql_bind_text(s, 4, failure ? failure : "");
    return finish_touching(ws, s, run, e);
}

static bool give_model(struct workspace *ws, int64_t run, int64_t model, struct err *e)
{
    struct sql_statement *s = sql_prepare(workspace_sql(ws), "UPDATE model SET run = ?1 WHERE id = ?2", e);

    if (!s)
        return false;
    sql_bind_int(s, 1, run);
    sql_bind_int(s, 2, model);
    return sql_finish(s, e);
}

bool run_finish(struct workspace *ws, int64_t run, enum run_state state, int64_t model, const char *failure,
                struct err *e)
{
    struct sql_scope scope;

    if (!sql_enter(&scope, workspace_sql(ws), e))
        return false;
    bool good = end_run(ws, run, state, failure, e) && (model == 0 || give_model(ws, run, model, e));

    return sql_leave(&scope, good, e);
}

static char *death_sentence(struct workspace *ws, int64_t run, struct arena *arena)
{
    return arena_printf(
        arena,
        "the trainer was killed or crashed; 'ferlab train --resume %lld' goes on from its last saved epoch; "
        "its log is %s.runs/%lld/log.txt",
        (long long)run, workspace_path(ws), (long long)run);
}

/* Ids of runs that say running while their process is gone. */
static bool find_dead(struct workspace *ws, struct list *dead, struct err *e)
{
    enum sql_step step;
    struct sql_statement *s = sql_prepare(
        workspace_sql(ws), "SELECT id, host, pid, process_start FROM run WHERE state = 'running'", e);

    if (!s)
        return false;
    while ((step = sql_next(s, e)) == SQL_ROW) {
        if (process_is_alive(sql_text(s, 1), sql_int(s, 2), sql_int(s, 3)))
            continue;
        int64_t *id = list_add(dead);

        if (!id) {
            err_memory(e, "listing the runs");
            break;
        }
        *id = sql_int(s, 0);
    }
    sql_done(s);
    return step == SQL_END;
}

static bool mark_dead(struct workspace *ws, int64_t run, const char *failure, struct err *e)
{
    char finished[CLOCK_STAMP];
    struct sql_statement *s = sql_prepare(workspace_sql(ws),
                                          "UPDATE run SET state = 'failed', finished = ?2, failure = ?3 "
                                          "WHERE id = ?1 AND state = 'running'",
                                          e);

    if (!s)
        return false;
    clock_stamp(finished);
    sql_bind_int(s, 1, run);
    sql_bind_text(s, 2, finished);
    sql_bind_text(s, 3, failure);
    return sql_finish(s, e);
}

static bool take_run(struct sql_statement *s, struct arena *arena, struct run *r)
{
    *r = (struct run){
        .id = sql_int(s, 0),
        .model = sql_int(s, 1),
        .name = arena_strdup(arena, sql_text(s, 2)),
        .recipe = arena_strdup(arena, sql_text(s, 3)),
        .label_revision = arena_strdup(arena, sql_text(s, 4)),
        .started = arena_strdup(arena, sql_text(s, 5)),
        .finished = arena_strdup(arena, sql_text(s, 6)),
        .failure = arena_strdup(arena, sql_text(s, 7)),
        .model_name = arena_strdup(arena, sql_text(s, 8)),
        .parent = arena_strdup(arena, sql_text(s, 9)),
        .state = state_of(sql_text(s, 10)),
        .pid = sql_int(s, 11),
        .seed = sql_int(s, 12),
        .threads = sql_int(s, 13),
        .epochs_planned = sql_int(s, 14),
        .epochs_done = sql_int(s, 15),
        .epoch = sql_int(s, 16),
        .step = sql_int(s, 17),
        .steps = sql_int(s, 18),
        .images_per_second = sql_real(s, 19),
        .seconds_left = sql_real(s, 20),
        .loss = sql_real(s, 21),
        .best_valid_accuracy = sql_real(s, 22),
        .best_epoch = sql_int(s, 23),
        .folds = sql_int(s, 24),
    };
    return r->name && r->recipe && r->label_revision && r->started && r->finished && r->failure &&
           r->model_name && r->parent;
}

static bool read_runs(struct workspace *ws, struct arena *arena, struct list *runs, struct err *e)
{
    static const char text[] =
        "SELECT run.id, coalesce(model.id, 0), run.name, recipe, label_revision, started, finished, failure, "
        "coalesce(model.name, ''), parent, state, pid, seed, threads, epochs_planned, "
        "(SELECT count(*) FROM run_epoch WHERE run = run.id), run.epoch, step, steps, images_per_second, "
        "seconds_left, "
        "run.loss, CASE WHEN run.folds > 0 THEN model.valid_accuracy "
        "ELSE (SELECT max(valid_accuracy) FROM run_epoch WHERE run = run.id) END, "
        "(SELECT epoch FROM run_epoch WHERE run = run.id AND run.folds = 0 AND valid_accuracy IS NOT NULL "
        "ORDER BY valid_accuracy DESC, epoch LIMIT 1), run.folds "
        "FROM run LEFT JOIN model ON model.id = (SELECT max(id) FROM model WHERE model.run = run.id) ORDER "
        "BY run.id";
    enum sql_step step = SQL_FAILED;
    struct sql_statement *s = sql_prepare(workspace_sql(ws), text, e);
    bool good = s != NULL;

    while (good && (step = sql_next(s, e)) == SQL_ROW) {
        struct run *r = list_add(runs);

        good = (r && take_run(s, arena, r)) || err_memory(e, "listing the runs");
    }
    sql_done(s);
    return good && step == SQL_END;
}

static bool sweep_dead(struct workspace *ws, struct arena *arena, const struct list *dead, struct err *e)
{
    const int64_t *ids = dead->items;

    if (!sql_is_writable(workspace_sql(ws)))
        return true;
    for (size_t i = 0; i < dead->count; i++) {
        const char *failure = death_sentence(ws, ids[i], arena);

        if (!failure)
            return err_memory(e, "listing the runs");
        if (!mark_dead(ws, ids[i], failure, e))
            return false;
    }
    return true;
}

/* Where the workspace may not be written, a dead run is shown as failed all the same. Only one that still
 * says running after its process was found gone is dead: a trainer writes its end before it goes. */
static bool show_dead(struct workspace *ws, struct arena *arena, const struct list *runs,
                      const struct list *dead, struct err *e)
{
    struct run *run = runs->items;
    const int64_t *ids = dead->items;

    for (size_t d = 0; d < dead->count; d++) {
        for (size_t i = 0; i < runs->count; i++) {
            if (run[i].id != ids[d] || run[i].state != RUN_RUNNING)
                continue;
            run[i].state = RUN_FAILED;
            run[i].failure = death_sentence(ws, run[i].id, arena);
            if (!run[i].failure)
                return err_memory(e, "listing the runs");
        }
    }
    return true;
}

bool runs_list(struct workspace *ws, struct arena *arena, struct run **out, size_t *count, struct err *e)
{
    struct list dead = {.size = sizeof(int64_t)}, runs = {.size = sizeof(struct run)};

    *out = NULL;
    *count = 0;
    bool good = find_dead(ws, &dead, e) && sweep_dead(ws, arena, &dead, e) &&
                read_runs(ws, arena, &runs, e) && show_dead(ws, arena, &runs, &dead, e);

    list_free(&dead);
    if (!good) {
        list_free(&runs);
        return false;
    }
    *count = runs.count;
    *out = list_move(&runs, arena);
    return *out || err_memory(e, "listing the runs");
}

bool run_find(struct workspace *ws, const char *word, struct arena *arena, struct run *out, struct err *e)
{
    struct run *runs;
    size_t count;
    int64_t id = 0;

    str_to_int(word, 1, INT64_MAX, &id);
    if (!runs_list(ws, arena, &runs, &count, e))
        return false;
    for (int by_name = id == 0; by_name < 2; by_name++) {
        for (size_t i = 0; i < count; i++) {
            if (by_name ? strcmp(runs[i].name, word) == 0 : runs[i].id == id) {
                *out = runs[i];
                return true;
            }
        }
    }
    return err_set(e, ERR_INPUT, "%s: there is no run %.80s; see 'ferlab runs'", workspace_path(ws), word);
}

bool run_epochs(struct workspace *ws, int64_t run, struct arena *arena, struct run_epoch **out, size_t *count,
                struct err *e)
{
    struct list epochs = {.size = sizeof(struct run_epoch)};
    enum sql_step step;
    struct sql_statement *s =
        sql_prepare(workspace_sql(ws),
                    "SELECT epoch, loss, train_accuracy, valid_accuracy, seconds FROM run_epoch "
                    "WHERE run = ?1 ORDER BY epoch",
                    e);

    *out = NULL;
    *count = 0;
    if (!s)
        return false;
    sql_bind_int(s, 1, run);
    while ((step = sql_next(s, e)) == SQL_ROW) {
        struct run_epoch *epoch = list_add(&epochs);

        if (!epoch) {
            err_memory(e, "listing the epochs");
            break;
        }
        *epoch = (struct run_epoch){.epoch = sql_int(s, 0),
                                    .loss = sql_real(s, 1),
                                    .train_accuracy = sql_real(s, 2),
                                    .valid_accuracy = sql_real(s, 3),
                                    .seconds = sql_real(s, 4)};
    }
    sql_done(s);
    if (step != SQL_END) {
        list_free(&epochs);
        return false;
    }
    *count = epochs.count;
    *out = list_move(&epochs, arena);
    return *out || err_memory(e, "listing the epochs");
}

bool run_dir(struct workspace *ws, int64_t run, char out[PATH_MAX], struct err *e)
{
    int length = snprintf(out, PATH_MAX, "%s.runs/%lld", workspace_path(ws), (long long)run);

    if (length < 0 || length >= PATH_MAX)
        return err_set(e, ERR_INPUT, "%s: the path is too long", workspace_path(ws));
    return path_make_dirs(out, e);
}
