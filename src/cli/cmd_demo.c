/* ferlab demo: synthetic faces, a small model trained on them, and the workbench on what looks wrong. */
#include "command.h"

#include "ferlab/base/clock.h"
#include "ferlab/base/interrupt.h"
#include "ferlab/base/path.h"
#include "ferlab/exchange/import.h"
#include "ferlab/store/models.h"
#include "ferlab/train/trainer.h"
#include "ferlab/tui/workbench.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "demo_report.h"
#include "demo_settings.h"
#include "synth_folder.h"

static const char opening_filter[] = "split:valid pred!=label sort:-suspect";

static const char notes[] = "DIR gets faces/ (synthetic, in FER+'s layout, with truth.csv) and demo.ferlab. "
                            "A demo that is there already is\n"
                            "opened again with all reviews made in it; --fresh removes it and starts over. "
                            "What is made, and the model's\n"
                            "recipe, stands in data/demo.ini. -w is refused: the workspace is always "
                            "DIR/demo.ferlab.";

struct demo {
    const struct cli *cli;
    struct demo_settings settings;
    char faces[PATH_MAX], truth[PATH_MAX], workspace[PATH_MAX];
    struct demo_seconds seconds;
};

static void say(const struct demo *d, const char *text)
{
    if (!d->cli->quiet)
        fprintf(stderr, "%s\n", text);
}

/* ---- starting over ---- */

/* Removes files that the demo makes; anything else stays, and with it the folder it is in. */
static int remove_ours(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status, (void)walk;
    const char *name = path_base(path), *end = strrchr(name, '.');
    bool ours = strcmp(name, "label.csv") == 0 || strcmp(name, "truth.csv") == 0 ||
                (strncmp(name, "syn", 3) == 0 && end && strcmp(end, ".png") == 0);
    if (type == FTW_DP)
        rmdir(path);
    else if (ours)
        unlink(path);
    return 0;
}

/* Of FILE.runs all: the workspace's own folder, which may be deleted by its description. */
static int remove_any(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status, (void)walk;
    if (type == FTW_DP)
        rmdir(path);
    else
        unlink(path);
    return 0;
}

static bool remove_old(const struct demo *d, struct err *e)
{
    static const char *const endings[] = {"", "-wal", "-shm", "-journal"};
    char path[PATH_MAX + 16];
    nftw(d->faces, remove_ours, 16, FTW_DEPTH | FTW_PHYS);
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        snprintf(path, sizeof path, "%s%s", d->workspace, endings[i]);
        if (unlink(path) != 0 && errno != ENOENT)
            return err_errno(e, path, "remove", "choose another --dir");
    }
    snprintf(path, sizeof path, "%s.runs", d->workspace);
    nftw(path, remove_any, 16, FTW_DEPTH | FTW_PHYS);
    return true;
}

/* ---- making what is missing ---- */

static bool make_faces(struct demo *d, struct err *e)
{
    uint32_t *planted, count;
    double start = clock_seconds();
    if (path_is_file(d->truth))
        return true; /* written last: the set is whole */
    struct synth_request request = {
        .out = d->faces,
        .count = d->settings.count,
        .seed = d->settings.seed,
        .planted = d->settings.planted,
        .quiet = d->cli->quiet,
    };
    say(d, "drawing synthetic faces");
    if (!synth_folder_write(&request, &planted, &count, e))
        return false;
    free(planted);
    d->seconds.synth = clock_seconds() - start;
    return true;
}

static bool make_workspace(struct demo *d, struct err *e)
{
    const char *paths[] = {d->faces};
    struct import_request request = {
        .workspace = d->workspace,
        .paths = paths,
        .path_count = 1,
        .strict = true,
        .quiet = d->cli->quiet,
    };
    struct import_result result = {0};
    if (path_is_file(d->workspace))
        return true;
    say(d, "importing them");
    bool fine = import_run(&request, &result, e);
    d->seconds.import = result.seconds;
    import_result_free(&result);
    return fine;
}

static bool make_model(struct demo *d, struct workspace *ws, struct err *e)
{
    struct arena arena = {0};
    struct recipe recipe = d->settings.recipe;
    double start = clock_seconds();
    int64_t run;
    if (model_current(ws) != 0)
        return true;
    /* an earlier attempt that was stopped may have taken the name */
    const char *name = model_free_name(ws, recipe.name, &arena);
    if (name)
        snprintf(recipe.name, sizeof recipe.name, "%s", name);
    arena_free(&arena);
    say(d, "training a small model on them");
    if (!train_run(ws, &recipe, d->cli->quiet, &run, e)) {
        if (e->code == ERR_INTERRUPTED)
            say(d, "stopped; 'ferlab demo' again goes on from here");
        return false;
    }
    d->seconds.training = clock_seconds() - start;
    return true;
}

/* ---- showing it ---- */

static int show(struct demo *d, bool report)
{
    struct err e = {0};
    struct workspace *ws;
    bool terminal = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
    if (interrupt_requested()) {
        err_set(&e, ERR_INTERRUPTED, "%s: stopped; what was made is kept, run the demo again to go on",
                d->workspace);
        return cli_fail(&e);
    }
    if (terminal && !report && !d->cli->json) {
        struct workbench_options options = {.workspace = d->workspace, .filter = opening_filter};
        return workbench_run(&options, &e) ? EXIT_FINE : cli_fail(&e);
    }
    if (!workspace_open(&ws, d->workspace, WORKSPACE_READ, &e))
        return cli_fail(&e);
    bool fine = demo_report(ws, d->truth, &d->seconds, d->cli->json, &e);
    workspace_close(ws);
    return fine ? EXIT_FINE : cli_fail(&e);
}

static bool make_all(struct demo *d, struct err *e)
{
    struct workspace *ws;
    if (!make_faces(d, e) || !make_workspace(d, e) || !workspace_open(&ws, d->workspace, WORKSPACE_WRITE, e))
        return false;
    bool fine = make_model(d, ws, e);
    workspace_close(ws);
    return fine;
}

int cmd_demo(struct cli *cli, int argc, char **argv)
{
    const char *dir = "ferlab-demo";
    bool fresh = false, report = false;
    const struct option_row options[] = {
        {"dir", OPTION_TEXT, &dir, "DIR", "where it is made (ferlab-demo)", 0, 0},
        {"fresh", OPTION_FLAG, &fresh, NULL, "remove what is there, reviews too, and start over", 0, 0},
        {"report", OPTION_FLAG, &report, NULL, "print the report on a terminal too, instead of the workbench",
         0, 0},
        {"", OPTION_NOTE, NULL, NULL, notes, 0, 0},
        {0},
    };
    enum parsed parsed = cli_parse(cli, options, &argc, argv);
    if (parsed != PARSED_GO)
        return cli_parse_status(parsed);
    if (argc > 1)
        return cli_usage(cli, "'%s' is one word too many; name the folder with --dir", argv[1]);
    if (cli->workspace_named)
        return cli_usage(cli,
                         "the demo makes its own workspace, %s/demo.ferlab; leave out -w, and choose the "
                         "folder with --dir",
                         dir);
    struct err e = {0};
    struct demo d = {.cli = cli, .seconds = {.synth = -1, .import = -1, .training = -1}};
    interrupt_install();
    if (!demo_settings_load(&d.settings, &e) || !path_join(d.faces, dir, "faces", &e) ||
        !path_join(d.truth, d.faces, "truth.csv", &e) || !path_join(d.workspace, dir, "demo.ferlab", &e) ||
        (fresh && !remove_old(&d, &e)) || !path_make_dirs(dir, &e) || !make_all(&d, &e))
        return cli_fail(&e);
    return show(&d, report);
}
