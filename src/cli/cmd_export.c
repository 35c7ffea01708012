/* ferlab export: samples as files that others read. */
#include "command.h"

#include "ferlab/base/interrupt.h"
#include "ferlab/base/json.h"
#include "ferlab/base/str.h"
#include "ferlab/exchange/export.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char notes[] =
    "Formats:\n"
    "  ferplus  Microsoft's layout: FER2013Train, FER2013Valid, FER2013Test with label.csv and PNGs\n"
    "  csv      one row a sample: votes, labels, prediction, probabilities, note, tags\n"
    "  jsonl    one JSON object a sample and line, with its reviews\n"
    "OUT must not be there yet and appears when it is whole; - is standard output, for csv and jsonl.\n"
    "csv and jsonl carry both labels, as crowd and label. With --labels reviewed, a relabelled sample of\n"
    "ferplus carries all its votes on its new class (or the edited counts), and OUT/reviews.csv tells old "
    "and\n"
    "new.";

static bool parse_labels(const char *word, enum label_source *labels)
{
    if (strcmp(word, "crowd") != 0 && strcmp(word, "reviewed") != 0)
        return false;
    *labels = strcmp(word, "crowd") == 0 ? LABELS_CROWD : LABELS_REVIEWED;
    return true;
}

static void report(const struct cli *cli, const struct export_format *format, const char *out,
                   int64_t written)
{
    if (cli->json) {
        json_t *d = json_object();
        json_object_set_new(d, "written", json_integer(written));
        json_object_set_new(d, "format", json_text(format->name));
        json_object_set_new(d, "out", json_text(out));
        json_print(stdout, d);
    } else if (!cli->quiet && strcmp(out, "-") != 0) {
        char name[PATH_MAX];
        printf("%s: %lld samples written as %s\n", str_escape(name, sizeof name, out), (long long)written,
               format->name);
    }
}

static int export_samples(struct cli *cli, const struct export_format *format, enum label_source labels,
                          const char *where, const char *model, const char *out)
{
    struct cli_data data;
    uint32_t *rows = NULL;
    size_t count;
    int status;
    struct cli_asked asked = {.model = model, .where = where};
    if (!cli_open(cli, &asked, &data, &status))
        return status;
    if (cli_filter(&data, where, &rows, &count, &status)) {
        if (count == 0 && !cli->quiet)
            fprintf(stderr, "ferlab: export: %s; what is written holds none\n",
                    where ? "the filter picks no sample" : "the workspace has no sample");
        struct export_request request = {
            .workspace = data.workspace,
            .columns = data.columns,
            .rows = rows,
            .row_count = count,
            .labels = labels,
            .out = out,
            .quiet = cli->quiet || cli->json,
        };
        int64_t written = 0;
        struct err e = {0};
        interrupt_install();
        if (format->write(&request, &written, &e))
            report(cli, format, out, written);
        else
            status = cli_fail(&e);
    }
    free(rows);
    cli_close(&data);
    return status;
}

int cmd_export(struct cli *cli, int argc, char **argv)
{
    const char *format_name = NULL, *where = NULL, *model = NULL, *labels_name = NULL;
    const struct option_row options[] = {
        {"format", OPTION_TEXT, &format_name, "F",
         "ferplus, csv or jsonl; else what OUT ends in, .csv or .jsonl", 0, 0},
        {"where", OPTION_TEXT, &where, "FILTER", "only samples that the filter picks", 0, 0},
        {"model", OPTION_TEXT, &model, "M", "whose predictions, instead of the current model's", 0, 0},
        {"labels", OPTION_TEXT, &labels_name, "L", "ferplus only: whose votes, crowd (default) or reviewed",
         0, 0},
        {"", OPTION_NOTE, NULL, NULL, notes, 0, 0},
        {0},
    };
    enum parsed parsed = cli_parse(cli, options, &argc, argv);
    if (parsed != PARSED_GO)
        return cli_parse_status(parsed);
    const struct export_format *format = format_name ? export_format_find(format_name)
                                         : argc == 2 ? export_format_of_path(argv[1])
                                                     : NULL;
    enum label_source labels;
    if (!format && !format_name)
        return cli_usage(cli,
                         "--format is missing; take ferplus, csv or jsonl, or let OUT end in .csv or .jsonl");
    if (!format)
        return cli_usage(cli, "there is no format '%s'; take ferplus, csv or jsonl", format_name);
    if (labels_name && !format->takes_labels)
        return cli_usage(cli, "--labels is for ferplus; %s carries both labels, as crowd and label",
                         format->name);
    if (!parse_labels(labels_name ? labels_name : "crowd", &labels))
        return cli_usage(cli, "--labels takes crowd or reviewed, not '%s'", labels_name);
    if (argc != 2)
        return cli_usage(cli, argc < 2 ? "where to write is missing" : "one OUT is enough");
    if (cli->json && strcmp(argv[1], "-") == 0)
        return cli_usage(cli, "--json and an export to standard output do not go together");
    return export_samples(cli, format, labels, where, model, argv[1]);
}
