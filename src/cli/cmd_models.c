/* ferlab models, ferlab model: the models a workspace knows; choosing, bringing in, taking out, removing one.
 */
#include "command.h"

#include "ferlab/base/interrupt.h"
#include "ferlab/base/json.h"
#include "ferlab/base/path.h"
#include "ferlab/base/str.h"
#include "ferlab/train/duplicates.h"
#include "ferlab/train/inference.h"
#include "ferlab/train/model_read.h"
#include "ferlab/train/shipped.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct asked {
    const char *name; /* --name */
    struct model_reading reading;
    bool unseen, fold, force, yes;
};

/* read: how, NULL where it has no file or that is damaged. */
static json_t *model_json(const struct model *m, const struct model_read *read)
{
    json_t *j = json_object();
    json_object_set_new(j, "id", json_integer(m->id));
    json_object_set_new(j, "name", json_text(m->name));
    json_object_set_new(j, "run", m->run != 0 ? json_integer(m->run) : json_null());
    json_object_set_new(j, "arch", json_text(m->arch));
    json_object_set_new(j, "parameters", json_integer(m->parameters));
    json_object_set_new(j, "input_size", json_integer(m->input_size));
    json_object_set_new(j, "size_bytes", json_integer(m->size_bytes));
    json_object_set_new(j, "valid_accuracy", json_number(m->valid_accuracy));
    json_object_set_new(j, "current", json_boolean(m->current));
    json_object_set_new(j, "created", json_text(m->created));
    json_object_set_new(j, "predictions", json_integer(m->predictions));
    json_object_set_new(j, "digest", m->folds > 0 ? json_null() : json_text(m->digest));
    json_object_set_new(j, "folds", json_integer(m->folds));
    json_object_set_new(j, "reading", read != NULL ? model_read_json(read) : json_null());
    return j;
}

static void print_model(const struct model *m, const char *read)
{
    char valid[16] = "-";
    if (!isnan(m->valid_accuracy))
        snprintf(valid, sizeof valid, "%.2f %%", 100 * m->valid_accuracy);
    printf("%c %4d  %-20s  %8s  %10lld  %11lld  %-20s  %s", m->current ? '*' : ' ', (int)m->id, m->name,
           valid, (long long)m->parameters, (long long)m->predictions, m->created, m->arch);
    if (m->folds > 0)
        printf(", %lld folds", (long long)m->folds);
    putchar('\n');
    if (read != NULL)
        printf("%8sread as %s\n", "", read);
}

static void print_model_array(struct workspace *ws, const struct model *models, size_t count)
{
    struct json_stream stream;
    struct arena arena = {0};
    json_stream_begin(&stream, stdout);
    for (size_t i = 0; i < count; i++) {
        struct model_read read;
        bool known = model_read(ws, &models[i], &arena, &read, NULL);
        json_stream_add(&stream, model_json(&models[i], known ? &read : NULL));
    }
    json_stream_end(&stream);
    arena_free(&arena);
}

/* A workspace keeps the model that shipped when it was brought in. */
static void remark_on_shipped(const struct cli *cli, const struct model *m)
{
    char program[CLI_PROGRAM], path[PATH_MAX];
    if (cli->quiet || m->run != 0 || strcmp(m->name, SHIPPED_NAME) != 0 || !shipped_is_other(m->digest) ||
        !shipped_find(path, NULL))
        return;
    fprintf(stderr,
            "ferlab: another " SHIPPED_NAME
            " ships with this ferlab; '%s model import %s --name NAME' brings "
            "it in beside this one\n",
            cli_program(cli, program), path);
}

static void print_models(const struct cli *cli, struct workspace *ws, const struct model *models,
                         size_t count)
{
    struct arena arena = {0};
    if (cli->json) {
        print_model_array(ws, models, count);
        return;
    }
    if (count == 0) {
        printf("no model yet; 'ferlab train' makes one, 'ferlab %s' brings one in\n", shipped_command());
        return;
    }
    printf("  %4s  %-20s  %8s  %10s  %11s  %-20s  %s\n", "id", "name", "valid", "parameters", "predictions",
           "created", "architecture");
    for (size_t i = 0; i < count; i++) {
        struct model_read read;
        bool known = model_read(ws, &models[i], &arena, &read, NULL);
        print_model(&models[i], known ? model_read_text(&read, &arena) : NULL);
        remark_on_shipped(cli, &models[i]);
    }
    arena_free(&arena);
}

static int open_for_models(const struct cli *cli, enum workspace_mode mode, struct workspace **ws)
{
    struct err e = {0};
    return workspace_open(ws, cli->workspace, mode, &e) ? EXIT_FINE : cli_fail(&e);
}

/* What a subcommand did, and the model it did it to. */
static void report(const struct cli *cli, struct workspace *ws, const struct model *m, const char *done)
{
    if (cli->json)
        print_model_array(ws, m, 1);
    else if (!cli->quiet)
        printf("%s %s\n", done, m->name);
}

/* A model of the lists as it is now; its texts in the arena. */
static bool model_by_id(struct workspace *ws, int64_t id, struct arena *arena, struct model *out,
                        struct err *e)
{
    struct model *models;
    size_t count;
    if (!models_list(ws, arena, &models, &count, e))
        return false;
    for (size_t i = 0; i < count; i++)
        if (models[i].id == id) {
            *out = models[i];
            return true;
        }
    return err_set(e, ERR_INPUT, "%s: the model was removed meanwhile; do it again", workspace_path(ws));
}

static bool use_model(const struct cli *cli, struct workspace *ws, char **words, const struct asked *asked,
                      struct err *e)
{
    (void)asked;
    int64_t id;
    struct arena arena = {0};
    struct model m;
    bool fine = model_resolve(ws, words[0], &id, e) && predictions_complete(ws, id, NULL, cli->quiet, e) &&
                duplicates_complete(ws, 0, e) && model_use(ws, id, e) && model_by_id(ws, id, &arena, &m, e);
    if (fine)
        report(cli, ws, &m, "the current model is now");
    arena_free(&arena);
    return fine;
}

static void report_imported(const struct cli *cli, struct workspace *ws, const struct model *m,
                            const char *told)
{
    char program[CLI_PROGRAM];
    report(cli, ws, m, "imported");
    if (cli->json || cli->quiet)
        return;
    if (told != NULL)
        printf("read as: %s; other options say otherwise\n", told);
    printf("no predictions yet: '%s model use %s' computes them\n", cli_program(cli, program), m->name);
}

static bool import_model(const struct cli *cli, struct workspace *ws, char **words, const struct asked *asked,
                         struct err *e)
{
    struct arena arena = {0};
    struct model m;
    int64_t id;
    char *told = NULL;
    bool fine = model_import(ws, words[0], asked->name, asked->unseen, &asked->reading, &id, &told, e) &&
                model_by_id(ws, id, &arena, &m, e);
    if (fine)
        report_imported(cli, ws, &m, told);
    free(told);
    arena_free(&arena);
    return fine;
}

/* In place. */
static bool fold(void **bytes, size_t *size, const char *name, struct err *e)
{
    void *folded;
    size_t folded_size;
    if (!model_fold(*bytes, *size, name, &folded, &folded_size, e))
        return false;
    free(*bytes);
    *bytes = folded;
    *size = folded_size;
    return true;
}

static bool export_model(const struct cli *cli, struct workspace *ws, char **words, const struct asked *asked,
                         struct err *e)
{
    struct arena arena = {0};
    struct model m;
    void *bytes = NULL;
    size_t size;
    char path[PATH_MAX];
    bool fine = cli_may_write(words[1], asked->force, e) && model_by_name(ws, words[0], &arena, &m, e) &&
                model_onnx(ws, m.id, &bytes, &size, e) && (!asked->fold || fold(&bytes, &size, m.name, e)) &&
                file_write(words[1], bytes, size, e);
    if (fine && (cli->json || cli->quiet))
        report(cli, ws, &m, "exported");
    else if (fine)
        printf("exported %s to %s\n", m.name, str_escape(path, sizeof path, words[1]));
    free(bytes);
    arena_free(&arena);
    return fine;
}

/* On a terminal a question; elsewhere --yes has to say so. */
static bool confirm_removal(const struct model *m, const struct asked *asked, struct err *e)
{
    if (asked->yes)
        return true;
    if (!isatty(STDIN_FILENO))
        return err_set(e, ERR_USAGE,
                       "model remove: %s and its %lld prediction%s would be gone; say --yes to do it",
                       m->name, (long long)m->predictions, str_plural(m->predictions));
    fprintf(stderr, "Remove %s and its %lld prediction%s? [y/N] ", m->name, (long long)m->predictions,
            str_plural(m->predictions));
    char answer[16];
    if (fgets(answer, sizeof answer, stdin) != NULL && (answer[0] == 'y' || answer[0] == 'Y'))
        return true;
    return err_set(e, ERR_INTERRUPTED, "model remove: %s stays", m->name);
}

/* Which model takes the place of the current one that was removed. */
static bool report_successor(const struct cli *cli, struct workspace *ws, struct arena *arena, struct err *e)
{
    struct model m;
    int64_t current = model_current(ws);
    if (cli->json || cli->quiet)
        return true;
    if (current == 0)
        puts("there is no current model now");
    else if (!model_by_id(ws, current, arena, &m, e))
        return false;
    else
        report(cli, ws, &m, "the current model is now");
    return true;
}

static bool remove_model(const struct cli *cli, struct workspace *ws, char **words, const struct asked *asked,
                         struct err *e)
{
    struct arena arena = {0};
    struct model m;
    bool fine = model_by_name(ws, words[0], &arena, &m, e) && confirm_removal(&m, asked, e) &&
                model_remove(ws, m.id, e);
    if (fine)
        report(cli, ws, &m, "removed");
    fine = fine && (!m.current || report_successor(cli, ws, &arena, e));
    arena_free(&arena);
    return fine;
}

static const struct deed {
    const char *word, *operands;
    int count; /* of operands */
    bool writes;
    bool (*run)(const struct cli *cli, struct workspace *ws, char **words, const struct asked *asked,
                struct err *e);
} deeds[] = {
    {"use", "NAME", 1, true, use_model},
    {"import", "FILE", 1, true, import_model},
    {"export", "NAME FILE", 2, false, export_model},
    {"remove", "NAME", 1, true, remove_model},
};

static const struct deed *find_deed(const char *word)
{
    for (size_t i = 0; i < sizeof deeds / sizeof *deeds; i++)
        if (strcmp(deeds[i].word, word) == 0)
            return &deeds[i];
    return NULL;
}

/* "models use X", where "model use X" was meant. */
static int usage_model(const struct cli *cli, int argc, char **argv)
{
    const struct deed *deed = find_deed(argv[1]);
    char *operands = cli_words(argc, argv, 2);
    if (operands == NULL)
        return EXIT_FAILED;
    int status = cli_usage(cli, "the command is 'model': type 'ferlab model %s %s'", deed->word,
                           argc - 2 == deed->count ? operands : deed->operands);
    free(operands);
    return status;
}

int cmd_models(struct cli *cli, int argc, char **argv)
{
    const struct option_row options[] = {{0}};
    enum parsed parsed = cli_parse(cli, options, &argc, argv);
    if (parsed != PARSED_GO)
        return cli_parse_status(parsed);
    if (argc > 1 && find_deed(argv[1]) != NULL)
        return usage_model(cli, argc, argv);
    if (argc > 1)
        return cli_usage(cli,
                         "'%s' is one word too many; see 'ferlab model --help' for what can be done with one",
                         argv[1]);
    struct workspace *ws;
    int status = open_for_models(cli, WORKSPACE_READ, &ws);
    if (status != EXIT_FINE)
        return status;
    struct err e = {0};
    struct arena arena = {0};
    struct model *models;
    size_t count;
    if (models_list(ws, &arena, &models, &count, &e))
        print_models(cli, ws, models, count);
    else
        status = cli_fail(&e);
    arena_free(&arena);
    workspace_close(ws);
    return status;
}

int cmd_model(struct cli *cli, int argc, char **argv)
{
    struct asked asked = {0};
    const struct option_row options[] = {
        {"name", OPTION_TEXT, &asked.name, "NAME", "import: what to call it; else after the file", 0, 0},
        {"unseen", OPTION_FLAG, &asked.unseen, NULL, "import: it was trained on none of these samples", 0, 0},
        {"scale", OPTION_TEXT, &asked.reading.scale, "S",
         "import: its pixels, raw (0 to 255), unit (0 to 1) or standard (zero mean, unit deviation)", 0, 0},
        {"mean", OPTION_TEXT, &asked.reading.mean, "M", "import: then less this; a number, or three", 0, 0},
        {"std", OPTION_TEXT, &asked.reading.deviation, "S", "import: and divided by this", 0, 0},
        {"classes", OPTION_TEXT, &asked.reading.classes, "A,B,...", "import: what its outputs are, in order",
         0, 0},
        {"output", OPTION_TEXT, &asked.reading.output, "O", "import: its outputs, logits or probabilities", 0,
         0},
        {"fold-bn", OPTION_FLAG, &asked.fold, NULL,
         "export: batch normalisation as weights and biases of the convolutions", 0, 0},
        {"force", OPTION_FLAG, &asked.force, NULL, "export: replace a file that is there", 0, 0},
        {"yes", OPTION_FLAG, &asked.yes, NULL, "remove: without asking", 0, 0},
        {"", OPTION_NOTE, NULL, NULL,
         "ferlab model use NAME           predictions and scores speak of this model from now on,\n"
         "                                once it has predicted the samples it has not seen yet;\n"
         "                                " SHIPPED_NAME ", the one that ships, need not be imported first\n"
         "ferlab model import FILE        an ONNX file becomes a model of the workspace; its scores leave "
         "out\n"
         "                                split train, which it may have been trained on, but for --unseen\n"
         "ferlab model export NAME FILE   writes a model as an ONNX file\n"
         "ferlab model remove NAME        with its predictions",
         0, 0},
        {0},
    };
    enum parsed parsed = cli_parse(cli, options, &argc, argv);
    if (parsed != PARSED_GO)
        return cli_parse_status(parsed);
    const struct deed *deed = argc > 1 ? find_deed(argv[1]) : NULL;
    if (deed == NULL)
        return cli_usage(cli, "say use, import, export or remove");
    if (argc == 3 && deed->count == 2)
        return cli_usage(cli, "model %s: say the file too, as in 'ferlab model %s %s %s.onnx'", deed->word,
                         deed->word, argv[2], argv[2]);
    if (argc - 2 != deed->count)
        return cli_usage(cli, "model %s takes %s", deed->word, deed->operands);
    struct workspace *ws;
    int status = open_for_models(cli, deed->writes ? WORKSPACE_WRITE : WORKSPACE_READ, &ws);
    if (status != EXIT_FINE)
        return status;
    struct err e = {0};
    interrupt_install();
    if (!deed->run(cli, ws, argv + 2, &asked, &e))
        status = cli_fail(&e);
    workspace_close(ws);
    return status;
}
