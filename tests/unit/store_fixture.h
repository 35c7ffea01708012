/* What the tests of src/store share: a small workspace made through the store's own functions, and plain SQL
 * on it. */
#ifndef FERLAB_TESTS_STORE_FIXTURE_H
#define FERLAB_TESTS_STORE_FIXTURE_H

#include "ferlab/base/arena.h"
#include "ferlab/base/rng.h"
#include "ferlab/store/samples.h"
#include "support.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fixture {
    char dir[PATH_MAX], path[PATH_MAX];
    struct workspace *ws;
    struct arena arena;
    struct err e;
};

/* The call succeeds, or the test fails with the sentence it left. */
#define MUST(fixture, call)                                                                                  \
    do {                                                                                                     \
        if (!(call))                                                                                         \
            fail_msg("%s: %s", #call, (fixture)->e.text);                                                    \
    } while (0)

/* The call fails with a sentence that holds these words. */
#define REFUSED(fixture, call, words)                                                                        \
    do {                                                                                                     \
        (fixture)->e = (struct err){0};                                                                      \
        if (call)                                                                                            \
            fail_msg("%s was not refused", #call);                                                           \
        if (!strstr((fixture)->e.text, words))                                                               \
            fail_msg("%s: the sentence '%s' lacks '%s'", #call, (fixture)->e.text, words);                   \
    } while (0)

static inline void fixture_pixels(uint32_t seed, uint8_t out[FACE_PIXELS])
{
    for (int i = 0; i < FACE_PIXELS; i++)
        out[i] = (uint8_t)(i * 7 + (int)(seed * 13));
}

/* Sample number `index`: eight in ten train, one valid, one test; nine votes for emotion index % 8 and one
 * for another, every fifth one split five to five between two emotions. */
static inline void fixture_sample(uint32_t index, struct sample *s, char name[32],
                                  uint8_t pixels[FACE_PIXELS])
{
    int top = (int)(index % 8), other = (int)((index + 3) % 8);

    snprintf(name, 32, "face%05u.png", index);
    fixture_pixels(index, pixels);
    *s = (struct sample){.split = index % 10 < 8    ? SPLIT_TRAIN
                                  : index % 10 == 8 ? SPLIT_VALID
                                                    : SPLIT_TEST,
                         .name = name,
                         .box = {0, 0, 48, 48},
                         .pixels = pixels};
    s->votes.count[top] = index % 5 == 4 ? 5 : 9;
    s->votes.count[other] = (uint8_t)(10 - s->votes.count[top]);
}

static inline void fixture_add(struct fixture *f, struct workspace *ws, uint32_t first, uint32_t count)
{
    uint8_t pixels[FACE_PIXELS];
    char name[32];
    struct sample sample;
    struct sample_writer *w;

    MUST(f, workspace_begin(ws, &f->e));
    MUST(f, w = sample_writer_new(ws, &f->e));
    for (uint32_t i = first; i < first + count; i++) {
        fixture_sample(i, &sample, name, pixels);
        if (sample_add(w, &sample, &f->e) != SAMPLE_NEW)
            fail_msg("sample %u was not added: %s", i, f->e.text);
    }
    sample_writer_free(w);
    MUST(f, workspace_commit(ws, &f->e));
}

/* DIR/faces.ferlab with samples 1..count, open for writing. */
static inline void fixture_open(struct fixture *f, uint32_t count)
{
    *f = (struct fixture){0};
    temp_dir_make(f->dir);
    if (snprintf(f->path, sizeof f->path, "%s/faces.ferlab", f->dir) >= (int)sizeof f->path)
        fail_msg("the path is too long");
    setenv("FERLAB_REVIEWER", "ana", 1);
    MUST(f, workspace_create(&f->ws, f->path, &f->e));
    if (count)
        fixture_add(f, f->ws, 0, count);
    MUST(f, workspace_publish(f->ws, &f->e));
}

static inline void fixture_close(struct fixture *f)
{
    workspace_close(f->ws);
    arena_free(&f->arena);
    temp_dir_remove(f->dir);
}

static inline void fixture_reopen(struct fixture *f)
{
    workspace_close(f->ws);
    f->ws = NULL;
    MUST(f, workspace_open(&f->ws, f->path, WORKSPACE_WRITE, &f->e));
}

/* Plain SQL on a file, as anyone with sqlite3 could run. Returns SQLite's message, or NULL when it went well;
 * the caller frees it with sqlite3_free. */
static inline char *plain_sql(const char *path, const char *text)
{
    sqlite3 *db = NULL;
    char *message = NULL;

    if (sqlite3_open(path, &db) != SQLITE_OK)
        fail_msg("cannot open %s", path);
    sqlite3_busy_timeout(db, 5000);
    sqlite3_exec(db, text, NULL, NULL, &message);
    sqlite3_close(db);
    return message;
}

static inline void plain_sql_works(const char *path, const char *text)
{
    char *message = plain_sql(path, text);

    if (message)
        fail_msg("%s: %s", text, message);
}

static inline void plain_sql_is_refused(const char *path, const char *text, const char *words)
{
    char *message = plain_sql(path, text);

    if (!message || !strstr(message, words))
        fail_msg("%s: said '%s', which lacks '%s'", text, message ? message : "nothing", words);
    sqlite3_free(message);
}

/* Somebody, once, has opened the test split for review. */
static inline void fixture_unlock(struct fixture *f)
{
    plain_sql_works(f->path, "INSERT INTO event SELECT coalesce(max(id), 0) + 1, coalesce(max(id), 0) + 1, "
                             "'2026-01-01T00:00:00Z', 'lead', NULL, 'unlock', '', NULL FROM event");
}

/* The one number a query gives. */
static inline int64_t plain_number(const char *path, const char *text)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *s = NULL;

    if (sqlite3_open(path, &db) != SQLITE_OK || sqlite3_prepare_v2(db, text, -1, &s, NULL) != SQLITE_OK ||
        sqlite3_step(s) != SQLITE_ROW)
        fail_msg("%s: %s", text, sqlite3_errmsg(db));
    int64_t number = sqlite3_column_int64(s, 0);

    sqlite3_finalize(s);
    sqlite3_close(db);
    return number;
}

#endif
