/* ferlab runs: trainings, running and past; one in full; stopping one; comparing two. */
#include "command.h"
#include "reproduce.h"
#include "run_report.h"
#include "runs_diff.h"

#include "ferlab/base/clock.h"
#include "ferlab/base/json.h"
#include "ferlab/base/str.h"
#include "ferlab/train/job.h"
#include "ferlab/train/trainer.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void percent(double share, char out[16])
{
    if (isnan(share))
        strcpy(out, "-");
    else
        snprintf(out, 16, "%.2f %%", 100 * share);
}

static void print_row(struct workspace *ws, const struct run *r)
{
    char best[16], left[16], epochs[32];
    percent(r->best_valid_accuracy, best);
    snprintf(epochs, sizeof epochs, "%d/%d", (int)r->epochs_done, (int)r->epochs_planned);
    printf("%4d  %-20s  %-7s  %7s  %8s  %-12s  %-20s", (int)r->id, r->name, run_state_name(r->state), epochs,
           best, r->label_revision, r->started);
    if (r->folds > 0)
        printf("  %d folds", (int)r->folds);
    if (r->state == RUN_RUNNING && r->folds > 0 && r->epoch > 0)
        printf(", in fold %d", (int)run_fold(r, r->epoch));
    if (r->state == RUN_RUNNING && r->epochs_done >= r->epochs_planned)
        printf("  predicting the samples");
    else if (r->state == RUN_RUNNING)
        printf("  epoch %d, %.0f img/s, %s left", r->epoch > 0 ? (int)run_fold_epoch(r, r->epoch) : 0,
               r->images_per_second, clock_span(left, r->seconds_left));
    if (train_can_resume(ws, r))
        printf("  can be resumed");
    char failure[1024];
    if (r->state == RUN_FAILED && r->failure != NULL)
        printf("  %s", str_escape(failure, sizeof failure, r->failure));
    putchar('\n');
}

static bool list_runs(const struct cli *cli, struct workspace *ws, struct arena *arena, struct err *e)
{
    struct run *runs;
    size_t count;
    if (!runs_list(ws, arena, &runs, &count, e))
        return false;
    if (cli->json) {
        struct json_stream stream;
        json_stream_begin(&stream, stdout);
        for (size_t i = 0; i < count; i++)
            json_stream_add(&stream, run_json_short(ws, &runs[i]));
        json_stream_end(&stream);
        return true;
    }
    if (count == 0) {
        puts("no training yet; 'ferlab train' starts one");
        return true;
    }
    printf("%4s  %-20s  %-7s  %7s  %8s  %-12s  %-20s\n", "id", "name", "state", "epochs", "best", "labels",
           "started");
    for (size_t i = 0; i < count; i++)
        print_row(ws, &runs[i]);
    return true;
}

static void print_epochs(const struct run *r, const struct run_epoch *epochs, size_t count)
{
    printf("%s%5s  %8s  %9s  %9s  %8s\n", r->folds > 0 ? "fold  " : "", "epoch", "loss", "train",
           r->folds > 0 ? "kept out" : "valid", "time");
    for (size_t i = 0; i < count; i++) {
        char train[16], valid[16], seconds[16];
        percent(epochs[i].train_accuracy, train);
        percent(epochs[i].valid_accuracy, valid);
        if (r->folds > 0)
            printf("%4d  ", (int)run_fold(r, epochs[i].epoch));
        printf("%5d  %8.4f  %9s  %9s  %8s%s\n", (int)run_fold_epoch(r, epochs[i].epoch), epochs[i].loss,
               train, valid, clock_span(seconds, epochs[i].seconds),
               epochs[i].epoch == r->best_epoch ? "  best" : "");
    }
}

static bool show_run(const struct cli *cli, struct workspace *ws, const char *word, struct arena *arena,
                     struct err *e)
{
    struct run run;
    struct run_epoch *epochs;
    size_t count;
    if (!run_find(ws, word, arena, &run, e) || !run_epochs(ws, run.id, arena, &epochs, &count, e))
        return false;
    if (cli->json)
        return json_print(stdout, run_json(ws, &run, epochs, count));
    struct str command = {0};
    char parent[PATH_MAX];
    bool fine = reproduce_training(ws, &run, &command, parent, e);
    if (fine) {
        print_row(ws, &run);
        printf("%s\n", command.data);
        print_epochs(&run, epochs, count);
    }
    str_free(&command);
    return fine;
}

static bool stop_run(const struct cli *cli, struct workspace *ws, const char *word, struct arena *arena,
                     struct err *e)
{
    struct run run;
    if (!run_find(ws, word, arena, &run, e) || !job_stop_run(ws, run.id, e))
        return false;
    if (!cli->json) {
        if (!cli->quiet)
            printf("run %d stops after this step%s\n", (int)run.id,
                   run.folds > 0 ? "; 'ferlab train --resume' goes on with it" : " and keeps its best model");
        return true;
    }
    struct json_stream stream;
    if (!run_find(ws, word, arena, &run, e))
        return false;
    json_stream_begin(&stream, stdout);
    json_stream_add(&stream, run_json_short(ws, &run));
    return json_stream_end(&stream);
}

int cmd_runs(struct cli *cli, int argc, char **argv)
{
    struct runs_diff d = {0};
    const struct option_row options[] = {
        {"split", OPTION_TEXT, &d.split, "S", "of diff: train, valid (the default), test or none", 0, 0},
        {"where", OPTION_TEXT, &d.where, "FILTER", "of diff: what the filter picks, instead of a split", 0,
         0},
        {"rule", OPTION_TEXT, &d.rule, "R",
         "of diff: majority (the default), distribution, probability, multi-target", 0, 0},
        {"labels", OPTION_TEXT, &d.labels, "L",
         "of diff: reviewed (the default), crowd, or a run: the labels it began with", 0, 0},
        {"", OPTION_NOTE, NULL, NULL,
         "ferlab runs           every training\n"
         "ferlab runs show ID   one training: the command that repeats it, its epochs\n"
         "ferlab runs stop ID   ends it after the present step; its best model is kept\n"
         "ferlab runs diff A B  what changed from A to B: scores, flips, McNemar's test\n"
         "A and B are models or runs, each perhaps with labels of its own: ferplus@crowd ferplus@reviewed.\n"
         "An id may be the run's name. Those that can be resumed go on with 'ferlab train --resume ID'.",
         0, 0},
        {0},
    };
    enum parsed parsed = cli_parse(cli, options, &argc, argv);
    if (parsed != PARSED_GO)
        return cli_parse_status(parsed);
    bool diff = argc > 1 && strcmp(argv[1], "diff") == 0;
    if (diff && argc != 4)
        return cli_usage(cli,
                         "type 'ferlab runs diff A B' with two models or runs; 'ferlab models' lists them");
    if (!diff && (d.split != NULL || d.where != NULL || d.rule != NULL || d.labels != NULL))
        return cli_usage(cli, "--split, --where, --rule and --labels go with 'runs diff A B'");
    if (diff) {
        d.before = argv[2];
        d.after = argv[3];
        return runs_diff(cli, &d);
    }
    bool show = argc == 3 && strcmp(argv[1], "show") == 0, stop = argc == 3 && strcmp(argv[1], "stop") == 0;
    if (argc == 2 && (strcmp(argv[1], "show") == 0 || strcmp(argv[1], "stop") == 0))
        return cli_usage(cli, "the id is missing: type 'ferlab runs %s ID'; 'ferlab runs' lists the ids",
                         argv[1]);
    if (argc > 1 && !show && !stop)
        return cli_usage(cli, "'%s' is not understood; say nothing, show ID, stop ID or diff A B", argv[1]);

    struct err e = {0};
    struct workspace *ws;
    enum workspace_mode mode = access(cli->workspace, W_OK) == 0 ? WORKSPACE_WRITE : WORKSPACE_READ;
    if (!workspace_open(&ws, cli->workspace, mode, &e))
        return cli_fail(&e);
    struct arena arena = {0};
    bool fine = show   ? show_run(cli, ws, argv[2], &arena, &e)
                : stop ? stop_run(cli, ws, argv[2], &arena, &e)
                       : list_runs(cli, ws, &arena, &e);
    arena_free(&arena);
    workspace_close(ws);
    return fine ? EXIT_FINE : cli_fail(&e);
}
