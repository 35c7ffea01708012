/* What the trainer's tests share: a small workspace, a small recipe, a look at runs. */
#ifndef FERLAB_TESTS_TRAINING_FIXTURE_H
#define FERLAB_TESTS_TRAINING_FIXTURE_H

#include "support.h"

#include "ferlab/base/path.h"
#include "ferlab/train/trainer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FACES = 120 };

struct place {
    char dir[PATH_MAX], path[PATH_MAX];
    struct workspace *ws;
};

static inline struct workspace *open_workspace(const char *path)
{
    struct err e = {0};
    struct workspace *ws = NULL;
    if (!workspace_open(&ws, path, WORKSPACE_WRITE, &e))
        fail_msg("%s", e.text);
    return ws;
}

/* The faces are made once; each test works on a copy. */
static char origin_dir[PATH_MAX], origin[PATH_MAX];

static inline int make_origin(void **state)
{
    (void)state;
    temp_dir_make(origin_dir);
    make_workspace(origin_dir, FACES, origin);
    return 0;
}

static inline int remove_origin(void **state)
{
    (void)state;
    temp_dir_remove(origin_dir);
    return 0;
}

static inline int set_up(void **state)
{
    struct place *p = calloc(1, sizeof *p);
    struct err e = {0};
    size_t size;
    temp_dir_make(p->dir);
    char *bytes = file_read(origin, SIZE_MAX, &size, &e);
    if (bytes == NULL)
        fail_msg("%s", e.text);
    write_file(p->dir, "faces.ferlab", bytes, size);
    free(bytes);
    snprintf(p->path, sizeof p->path, "%.4000s/faces.ferlab", p->dir);
    p->ws = open_workspace(p->path);
    *state = p;
    return 0;
}

static inline int tear_down(void **state)
{
    struct place *p = *state;
    workspace_close(p->ws);
    temp_dir_remove(p->dir);
    free(p);
    return 0;
}

static inline struct recipe small_recipe(const char *name)
{
    struct recipe r = recipe_default;
    strcpy(r.arch, "4,P,8,P,8");
    strcpy(r.name, name);
    r.epochs = 2;
    r.batch = 32;
    r.threads = 1;
    return r;
}

static inline int64_t train(struct place *p, const struct recipe *r)
{
    struct err e = {0};
    int64_t run = 0;
    if (!train_run(p->ws, r, true, &run, &e))
        fail_msg("%s", e.text);
    return run;
}

static inline struct run find_run(struct workspace *ws, int64_t id, struct arena *arena)
{
    struct err e = {0};
    struct run *runs;
    size_t count;
    if (!runs_list(ws, arena, &runs, &count, &e))
        fail_msg("%s", e.text);
    for (size_t i = 0; i < count; i++)
        if (runs[i].id == id)
            return runs[i];
    fail_msg("no run %d", (int)id);
    return (struct run){0};
}

static inline struct columns *load(struct place *p, int64_t model)
{
    struct err e = {0};
    struct columns *c;
    if (!columns_load(&c, p->ws, RULE_MAJORITY, model, &e))
        fail_msg("%s", e.text);
    return c;
}

#define WITH_WORKSPACE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

#endif
