/* What the tests of importing share: a folder to fill, an import from it, and what is expected of that. */
#ifndef FERLAB_TESTS_IMPORT_CASE_H
#define FERLAB_TESTS_IMPORT_CASE_H

#include "support.h"

#include "ferlab/exchange/import.h"
#include "ferlab/face/image.h"
#include "ferlab/store/columns.h"
#include "ferlab/store/samples.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char dir[PATH_MAX], workspace[PATH_MAX + 16];

static inline int setup(void **state)
{
    (void)state;
    temp_dir_make(dir);
    snprintf(workspace, sizeof workspace, "%s/w.ferlab", dir);
    return 0;
}

static inline int teardown(void **state)
{
    (void)state;
    temp_dir_remove(dir);
    return 0;
}

/* Material */

static inline void make_pixels(int seed, uint8_t pixels[FACE_PIXELS])
{
    for (int i = 0; i < FACE_PIXELS; i++)
        pixels[i] = (uint8_t)(i * 7 + seed * 31);
}

static inline void write_face(const char *name, int seed)
{
    uint8_t pixels[FACE_PIXELS], *png;
    size_t size;
    make_pixels(seed, pixels);
    assert_true(image_png_bytes(pixels, FACE_SIZE, FACE_SIZE, &png, &size, NULL));
    write_file(dir, name, png, size);
    free(png);
}

static inline void write_text(const char *name, const char *text)
{
    write_file(dir, name, text, strlen(text));
}

/* Importing */

struct outcome {
    bool fine;
    struct import_result result;
    struct err e;
};

static inline struct outcome import_as(const char *path, const char *labels, bool strict)
{
    struct outcome o = {0};
    const char *const paths[] = {path};
    struct import_request request = {.workspace = workspace,
                                     .paths = paths,
                                     .path_count = 1,
                                     .labels = labels,
                                     .strict = strict,
                                     .quiet = true};
    o.fine = import_run(&request, &o.result, &o.e);
    return o;
}

static inline struct outcome import_dir(void)
{
    return import_as(dir, NULL, false);
}

static inline void expect_counts(struct outcome *o, int imported, int skipped, int rejected)
{
    if (!o->fine)
        fail_msg("import failed: %s", o->e.text);
    assert_int_equal(o->result.imported, imported);
    assert_int_equal(o->result.skipped, skipped);
    assert_int_equal(o->result.rejected, rejected);
    import_result_free(&o->result);
}

/* The one rejection, and nothing else of note. */
/* `file` lies below dir. */
static inline void expect_rejection(struct outcome *o, const char *file, int line, const char *part_of_reason)
{
    char path[PATH_MAX + 256];
    snprintf(path, sizeof path, "%s/%s", dir, file);
    assert_int_equal(o->result.rejection_count, 1);
    const struct import_rejection *r = o->result.rejections;
    if (!strstr(r->reason, part_of_reason))
        fail_msg("'%s' does not say '%s'", r->reason, part_of_reason);
    assert_string_equal(r->file, path);
    assert_int_equal(r->line, line);
    import_result_free(&o->result);
}

static inline void expect_failure(struct outcome *o, const char *part_of_sentence)
{
    assert_false(o->fine);
    if (!strstr(o->e.text, part_of_sentence))
        fail_msg("'%s' does not say '%s'", o->e.text, part_of_sentence);
    assert_int_equal(o->result.imported, 0);
    assert_int_equal(access(workspace, F_OK), -1);
    import_result_free(&o->result);
}

static inline struct columns *load_columns(struct workspace **ws)
{
    struct columns *c = NULL;
    struct err e;
    if (!workspace_open(ws, workspace, WORKSPACE_READ, &e) || !columns_load(&c, *ws, RULE_MAJORITY, -1, &e))
        fail_msg("%s", e.text);
    return c;
}

static inline void close_columns(struct columns *c, struct workspace *ws)
{
    columns_free(c);
    workspace_close(ws);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
