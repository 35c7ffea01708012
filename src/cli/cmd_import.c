/* ferlab import: faces and votes of others into the workspace. */
#include "command.h"

#include "ferlab/base/interrupt.h"
#include "ferlab/base/json.h"
#include "ferlab/base/str.h"
#include "ferlab/exchange/import.h"
#include "ferlab/store/models.h"
#include "ferlab/train/shipped.h"

#include <stdio.h>

enum { SHOWN = 10 };

static const char notes[] =
    "A PATH is one of\n"
    "  a folder with FER2013Train, FER2013Valid or FER2013Test in it or up to two levels below: Microsoft's "
    "layout\n"
    "  fer2013.csv: Kaggle's file; the votes come from --labels, else from fer2013new.csv beside it\n"
    "  a folder of [SPLIT/]CLASS/ folders with png, jpg, bmp or pgm images: ten votes for the class each\n"
    "Images of another size give their largest centred square, as 48x48. What is there already is skipped; "
    "the\n"
    "same name in the same split with other votes or pixels is rejected. Rows without an image name are "
    "skipped.\n"
    "Everything is one transaction: after Ctrl-C or a failure nothing has changed.";

static void print_rejections(const struct import_result *r)
{
    for (size_t i = 0; i < r->rejection_count && i < SHOWN; i++) {
        const struct import_rejection *x = &r->rejections[i];
        struct err line;
        if (x->line > 0)
            err_set(&line, ERR_INPUT, "%s:%lld: %s", x->file, (long long)x->line, x->reason);
        else
            err_set(&line, ERR_INPUT, "%s: %s", x->file, x->reason);
        cli_fail(&line);
    }
    if (r->rejection_count > SHOWN)
        fprintf(stderr, "ferlab: %zu more rejected; --json lists all\n", r->rejection_count - SHOWN);
}

static json_t *document(const struct import_result *r)
{
    json_t *rejections = json_array(), *d = json_object();
    for (size_t i = 0; i < r->rejection_count; i++) {
        const struct import_rejection *x = &r->rejections[i];
        json_t *row = json_object();
        json_object_set_new(row, "file", json_text(x->file));
        json_object_set_new(row, "line", json_integer(x->line));
        json_object_set_new(row, "reason", json_text(x->reason));
        json_array_append_new(rejections, row);
    }
    json_object_set_new(d, "imported", json_integer(r->imported));
    json_object_set_new(d, "skipped", json_integer(r->skipped));
    json_object_set_new(d, "rejected", json_integer(r->rejected));
    json_object_set_new(d, "seconds", json_number(r->seconds));
    json_object_set_new(d, "rejections", rejections);
    return d;
}

static void report(const struct cli *cli, const struct import_result *r)
{
    if (cli->json) {
        json_print(stdout, document(r));
        return;
    }
    print_rejections(r);
    if (cli->quiet)
        return;
    char name[PATH_MAX];
    fprintf(r->rejected > 0 ? stderr : stdout, "%s: %lld imported, %lld skipped, %lld rejected in %.1f s%s\n",
            str_escape(name, sizeof name, cli->workspace), (long long)r->imported, (long long)r->skipped,
            (long long)r->rejected, r->seconds,
            r->rejected > 0 ? "; why is said above, and --strict imports nothing then" : "");
}

/* Without a model nothing is found that looks wrong; the one that ships is minutes away, not an hour. */
static void remark_model(const struct cli *cli)
{
    struct workspace *ws;
    char path[PATH_MAX], program[CLI_PROGRAM];
    if (cli->json || cli->quiet || !shipped_find(path) ||
        !workspace_open(&ws, cli->workspace, WORKSPACE_READ, NULL))
        return;
    if (model_current(ws) == 0)
        fprintf(stderr,
                "no model yet: '%s model use " SHIPPED_NAME "' predicts every face with the one that ships\n",
                cli_program(cli, program));
    workspace_close(ws);
}

int cmd_import(struct cli *cli, int argc, char **argv)
{
    const char *labels = NULL;
    bool strict = false;
    const struct option_row options[] = {
        {"labels", OPTION_TEXT, &labels, "NEW.csv", "the votes for fer2013.csv: Microsoft's fer2013new.csv",
         0, 0},
        {"strict", OPTION_FLAG, &strict, NULL, "import nothing unless every row is good", 0, 0},
        {"", OPTION_NOTE, NULL, NULL, notes, 0, 0},
        {0},
    };
    enum parsed parsed = cli_parse(cli, options, &argc, argv);
    if (parsed != PARSED_GO)
        return cli_parse_status(parsed);
    if (argc < 2)
        return cli_usage(cli, "what to import is missing: a folder or a CSV file");
    struct import_request request = {
        .workspace = cli->workspace,
        .paths = (const char *const *)argv + 1,
        .path_count = (size_t)argc - 1,
        .labels = labels,
        .strict = strict,
        .quiet = cli->quiet || cli->json,
    };
    struct import_result result;
    struct err e = {0};
    interrupt_install();
    bool fine = import_run(&request, &result, &e);
    if (fine) {
        report(cli, &result);
        remark_model(cli);
    } else {
        print_rejections(&result);
    }
    import_result_free(&result);
    return fine ? EXIT_FINE : cli_fail(&e);
}
