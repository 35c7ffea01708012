/* ferlab embed: sees to it that every face has an embedding by a model, and lays out the map of them. */
#include "command.h"

#include "ferlab/base/clock.h"
#include "ferlab/base/json.h"
#include "ferlab/base/str.h"
#include "ferlab/train/embedding.h"
#include "ferlab/train/inference.h"
#include "ferlab/train/mapping.h"

#include <stdio.h>

static void report(const struct cli *cli, const struct columns *c, const struct embeddings *m, double seconds)
{
    if (cli->json) {
        json_t *d =
            json_pack("{s:o, s:I, s:I, s:o}", "model", json_text(c->model_name), "embeddings",
                      (json_int_t)m->known, "values", (json_int_t)m->width, "seconds", json_number(seconds));
        json_print(stdout, d);
    } else if (!cli->quiet) {
        printf("model %s: embeddings of %zu face%s, %zu values each\n", c->model_name, m->known,
               str_plural((int64_t)m->known), m->width);
    }
}

static void report_map(const struct cli *cli, const struct map_report *r, double seconds)
{
    if (cli->json) {
        json_t *d = json_pack("{s:I, s:i, s:o, s:o, s:o}", "faces", (json_int_t)r->faces, "neighbours",
                              MAP_JUDGED, "kept_by_components", json_number(r->kept_before), "kept",
                              json_number(r->kept), "seconds", json_number(seconds));
        json_print(stdout, d);
    } else if (!cli->quiet) {
        printf("map of %zu face%s: of the %d most alike to a face %.1f %% are among its nearest on it, %.1f "
               "%% in "
               "the plane of the principal components\n",
               r->faces, str_plural((int64_t)r->faces), MAP_JUDGED, 100 * r->kept, 100 * r->kept_before);
    }
}

static bool embed_all(const struct cli *cli, struct workspace *ws, int64_t model, struct err *e)
{
    struct columns *c = NULL;
    struct embeddings *m = NULL;
    double started = clock_seconds();
    bool fine = embeddings_complete(ws, model, cli->quiet || cli->json, e) &&
                columns_load(&c, ws, RULE_MAJORITY, model, e) && embeddings_load(&m, ws, c, e);
    if (fine)
        report(cli, c, m, clock_seconds() - started);
    embeddings_free(m);
    if (c)
        columns_free(c);
    return fine;
}

static bool draw_map(const struct cli *cli, struct workspace *ws, int64_t model, struct err *e)
{
    struct map_report r;
    double started = clock_seconds();
    if (!map_refine(ws, model, cli->quiet || cli->json, &r, e))
        return false;
    report_map(cli, &r, clock_seconds() - started);
    return true;
}

static int embed(const struct cli *cli, const char *model, bool map)
{
    struct err e = {0};
    struct workspace *ws = NULL;
    int64_t id;
    bool fine = workspace_open(&ws, cli->workspace, WORKSPACE_WRITE, &e) &&
                model_resolve(ws, model, &id, &e) && (map ? draw_map : embed_all)(cli, ws, id, &e);
    workspace_close(ws);
    return fine ? EXIT_FINE : cli_fail(&e);
}

int cmd_embed(struct cli *cli, int argc, char **argv)
{
    const char *model = NULL;
    bool map = false;
    const struct option_row options[] = {
        {"model", OPTION_TEXT, &model, "M", "by another model than the current one", 0, 0},
        {"map", OPTION_FLAG, &map, NULL, "then lay out the map of the workbench by them", 0, 0},
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
    return embed(cli, model, map);
}
