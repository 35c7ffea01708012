/* ferlab embed: sees to it that every face has an embedding by a model. */
#include "command.h"

#include "ferlab/base/clock.h"
#include "ferlab/base/json.h"
#include "ferlab/train/embedding.h"
#include "ferlab/train/inference.h"

#include <stdio.h>

static void report(const struct cli *cli, const struct columns *c, const struct embeddings *m, double seconds)
{
    if (cli->json) {
        json_t *d =
            json_pack("{s:o, s:I, s:I, s:o}", "model", json_text(c->model_name), "embeddings",
                      (json_int_t)m->known, "values", (json_int_t)m->width, "seconds", json_number(seconds));
        json_print(stdout, d);
    } else if (!cli->quiet) {
        printf("model %s: embeddings of %zu faces, %zu values each\n", c->model_name, m->known, m->width);
    }
}

int cmd_embed(struct cli *cli, int argc, char **argv)
{
    const char *model = NULL;
    const struct option_row options[] = {
        {"model", OPTION_TEXT, &model, "M", "by another model than the current one", 0, 0},
        {"", OPTION_NOTE, NULL, NULL,
         "Embeddings are kept in the workspace; a model that predicts all samples leaves them too. The "
         "filter "
         "similar:ID and the workbench compute what lacks when they need it.",
         0, 0},
        {0},
    };
    enum parsed parsed = cli_parse(cli, options, &argc, argv);
    if (parsed != PARSED_GO)
        return cli_parse_status(parsed);
    if (argc > 1)
        return cli_usage(cli, "it takes no operands; --model names a model");
    struct err e = {0};
    struct workspace *ws = NULL;
    struct columns *c = NULL;
    struct embeddings *m = NULL;
    int64_t id;
    double started = clock_seconds();
    bool fine = workspace_open(&ws, cli->workspace, WORKSPACE_WRITE, &e) &&
                model_resolve(ws, model, &id, &e) &&
                embeddings_complete(ws, id, cli->quiet || cli->json, &e) &&
                columns_load(&c, ws, RULE_MAJORITY, id, &e) && embeddings_load(&m, ws, c, &e);
    if (fine)
        report(cli, c, m, clock_seconds() - started);
    embeddings_free(m);
    if (c)
        columns_free(c);
    workspace_close(ws);
    return fine ? EXIT_FINE : cli_fail(&e);
}
