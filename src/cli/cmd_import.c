/* ferlab import: faces and votes of others into the workspace. */
#include "command.h"

#include "ferlab/base/interrupt.h"
#include "ferlab/base/json.h"
#include "ferlab/base/str.h"
#include "ferlab/exchange/import.h"
#include "ferlab/face/image.h"
#include "ferlab/store/models.h"
#include "ferlab/store/samples.h"
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
    "Everything is one transaction: after Ctrl-C or a failure nothing has changed.\n"
    "\n"
    "With --detect or --no-detect a PATH is a photograph or a folder of them, with the folders in it. Their "
    "faces\n"
    "become samples of split none without votes: FOLDER_PICTURE.jpg#2 is the second from the left, its "
    "source "
    "the\n"
    "picture's absolute path. A picture that is a source already is skipped. Faces are written as they are "
    "found,\n"
    "so that after Ctrl-C the same import goes on; with --strict at the end, all or none.";

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

static json_t *document(const struct import_request *request, const struct import_result *r)
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
    if (request->faces != IMPORT_LISTED) {
        json_object_set_new(d, "photographs", json_integer(r->photographs));
        json_object_set_new(d, "known", json_integer(r->known));
        json_object_set_new(d, "faceless", json_integer(r->faceless));
        json_object_set_new(d, "too_small", json_integer(r->too_small));
    }
    json_object_set_new(d, "rejections", rejections);
    return d;
}

static void print_photographs(const struct import_result *r)
{
    printf("%lld photograph%s, %lld without a face", (long long)r->photographs, str_plural(r->photographs),
           (long long)r->faceless);
    if (r->known > 0)
        printf(", %lld there already and not looked at again", (long long)r->known);
    if (r->too_small > 0)
        printf("; %lld face%s too small", (long long)r->too_small, r->too_small == 1 ? " was" : "s were");
    putchar('\n');
}

static void report(const struct cli *cli, const struct import_request *request, const struct import_result *r)
{
    if (cli->json) {
        json_print(stdout, document(request, r));
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
    if (request->faces != IMPORT_LISTED)
        print_photographs(r);
}

static const char *current_model(struct workspace *ws, struct arena *arena, int64_t *unpredicted)
{
    struct model *models;
    size_t count;
    int64_t samples;
    if (!models_list(ws, arena, &models, &count, NULL) || !samples_count(ws, &samples, NULL))
        return NULL;
    for (size_t i = 0; i < count; i++)
        if (models[i].current) {
            *unpredicted = models[i].folds > 0 ? 0 : samples - models[i].predictions;
            return models[i].name;
        }
    return NULL;
}

/* Without predictions nothing is found that looks wrong: from the current model, or else from the one that
 * ships, which is minutes away, not an hour. */
static void remark_model(const struct cli *cli, const struct import_result *r)
{
    struct workspace *ws;
    struct arena arena = {0};
    char path[PATH_MAX], program[CLI_PROGRAM];
    int64_t unpredicted = 0;
    if (cli->json || cli->quiet || !workspace_open(&ws, cli->workspace, WORKSPACE_READ, NULL))
        return;
    const char *name = current_model(ws, &arena, &unpredicted);
    cli_program(cli, program);
    if (name == NULL && shipped_find(path, NULL))
        fprintf(stderr,
                "no model yet: '%s model use " SHIPPED_NAME "' predicts every face with the one that ships\n",
                program);
    else if (name != NULL && r->imported > 0 && unpredicted > 0)
        fprintf(stderr, "%lld face%s without a prediction: '%s model use %s' computes what lacks\n",
                (long long)unpredicted, str_plural(unpredicted), program, name);
    workspace_close(ws);
    arena_free(&arena);
}

struct wish {
    struct import_request request;
    bool detect, whole;
};

/* What goes together; NULL, or what is wrong. */
static const char *find_clash(const struct wish *w)
{
    if (w->detect && w->whole)
        return "--detect finds faces and --no-detect takes each picture for one: say one of them";
    if (w->request.labels != NULL && (w->detect || w->whole))
        return "--labels goes with fer2013.csv; faces of photographs have no votes";
    if (w->request.cascade != NULL && !w->detect)
        return "--cascade goes with --detect";
    if (w->request.least_side > 0 && !w->detect && !w->whole)
        return "--min-size goes with --detect or --no-detect";
    return NULL;
}

static int import(const struct cli *cli, const struct import_request *request)
{
    struct import_result result;
    struct err e = {0};
    interrupt_install();
    bool fine = import_run(request, &result, &e);
    if (fine) {
        report(cli, request, &result);
        remark_model(cli, &result);
    } else {
        print_rejections(&result);
    }
    import_result_free(&result);
    return fine ? EXIT_FINE : cli_fail(&e);
}

int cmd_import(struct cli *cli, int argc, char **argv)
{
    struct wish w = {0};
    const struct option_row options[] = {
        {"labels", OPTION_TEXT, &w.request.labels, "NEW.csv",
         "the votes for fer2013.csv: Microsoft's fer2013new.csv", 0, 0},
        {"strict", OPTION_FLAG, &w.request.strict, NULL, "import nothing unless every row is good", 0, 0},
        {"detect", OPTION_FLAG, &w.detect, NULL, "the faces found in photographs, without votes", 0, 0},
        {"cascade", OPTION_TEXT, &w.request.cascade, "NAME",
         "find them by one of OpenCV's cascades, or such a file", 0, 0},
        {"no-detect", OPTION_FLAG, &w.whole, NULL, "pictures that are one face each, without votes", 0, 0},
        {"min-size", OPTION_INTEGER, &w.request.least_side, "N",
         "leave out faces of fewer pixels a side; 0: none", 0, IMAGE_MAX_SIDE},
        {"", OPTION_NOTE, NULL, NULL, notes, 0, 0},
        {0},
    };
    enum parsed parsed = cli_parse(cli, options, &argc, argv);
    if (parsed != PARSED_GO)
        return cli_parse_status(parsed);
    if (argc < 2)
        return cli_usage(cli,
                         "what to import is missing: a folder or a CSV file, or with --detect photographs");
    const char *clash = find_clash(&w);
    if (clash != NULL)
        return cli_usage(cli, "%s", clash);
    w.request.workspace = cli->workspace;
    w.request.paths = (const char *const *)argv + 1;
    w.request.path_count = (size_t)argc - 1;
    w.request.quiet = cli->quiet || cli->json;
    w.request.faces = w.detect ? IMPORT_DETECTED : w.whole ? IMPORT_WHOLE : IMPORT_LISTED;
    return import(cli, &w.request);
}
