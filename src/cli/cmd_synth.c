/* ferlab synth: a folder of synthetic faces in FER+'s layout. */
#include "command.h"

#include "ferlab/base/clock.h"
#include "ferlab/base/interrupt.h"
#include "ferlab/base/json.h"
#include "ferlab/base/str.h"

#include <stdio.h>
#include <stdlib.h>

#include "synth_folder.h"

static const char notes[] =
    "OUT must not exist yet, or be empty. It gets data/FER2013Train, data/FER2013Valid and data/FER2013Test "
    "(80,\n"
    "10 and 10 %) as Microsoft's FER+ has them, and truth.csv: which emotion each face was drawn with, and "
    "whether\n"
    "its votes were planted wrong. The same count, seed and share give the same files.";

static void print_json(const struct synth_request *request, const uint32_t *planted, uint32_t planted_count)
{
    char name[SYNTH_NAME];
    json_t *d = json_object(), *names = json_array();
    for (uint32_t i = 0; i < planted_count; i++)
        json_array_append_new(names, json_string(synth_name(planted[i], name)));
    json_object_set_new(d, "out", json_text(request->out));
    json_object_set_new(d, "written", json_integer(request->count));
    json_object_set_new(d, "seed", json_integer((json_int_t)request->seed));
    json_object_set_new(d, "planted", names);
    json_print(stdout, d);
}

static int write_set(const struct cli *cli, const struct synth_request *request)
{
    struct err e = {0};
    uint32_t *planted, planted_count;
    double start = clock_seconds();
    interrupt_install();
    if (!synth_folder_write(request, &planted, &planted_count, &e))
        return cli_fail(&e);
    if (cli->json) {
        print_json(request, planted, planted_count);
    } else if (!cli->quiet) {
        char out[PATH_MAX];
        printf("%s: %u face%s written, %u label%s planted wrong, in %.1f s\n",
               str_escape(out, sizeof out, request->out), request->count, str_plural(request->count),
               planted_count, str_plural(planted_count), clock_seconds() - start);
    }
    free(planted);
    return EXIT_FINE;
}

int cmd_synth(struct cli *cli, int argc, char **argv)
{
    int64_t count = 2000, seed = 1;
    double planted = 0;
    const struct option_row options[] = {
        {"count", OPTION_INTEGER, &count, "N", "how many faces (2000)", 10, SYNTH_MOST},
        {"seed", OPTION_INTEGER, &seed, "S", "of the random numbers (1)", 0, 1e15},
        {"planted", OPTION_REAL, &planted, "R", "share of labels planted wrong in every split (0)", 0, 0.9},
        {"", OPTION_NOTE, NULL, NULL, notes, 0, 0},
        {0},
    };
    enum parsed parsed = cli_parse(cli, options, &argc, argv);
    if (parsed != PARSED_GO)
        return cli_parse_status(parsed);
    if (argc != 2)
        return cli_usage(cli, argc < 2 ? "the folder to write is missing" : "one folder at a time");
    struct synth_request request = {
        .out = argv[1],
        .count = (uint32_t)count,
        .seed = (uint64_t)seed,
        .planted = planted,
        .quiet = cli->quiet || cli->json,
    };
    return write_set(cli, &request);
}
