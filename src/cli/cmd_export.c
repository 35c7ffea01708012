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
    "OUT must not be there yet and appears when it is whole; - is standard output, for csv and jsonl. All "
    "but\n"
    "these two are folders. Every format but ferplus carries the crowd's votes and label, the label in "
    "force,\n"
    "the prediction and the reviews, each apart. With --labels reviewed, a relabelled sample of ferplus "
    "carries\n"
    "all its votes on its new class (or the edited counts), and OUT/reviews.csv tells old and new.\n"
    "'man ferlab' says how each is loaded.";

/* The table of formats, and the notes. */
static void describe(struct str *text)
{
    str_append(text, "Formats:\n");
    for (const struct export_format *f = export_formats; f->name; f++)
        str_appendf(text, "  %-11s  %s\n", f->name, f->help);
    str_append(text, notes);
}

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
        printf("%s: %lld sample%s written as %s\n", str_escape(name, sizeof name, out), (long long)written,
               str_plural(written), format->name);
    }
}

struct asked {
    const char *format, *where, *model, *beside, *labels, *rule;
};

static int export_samples(struct cli *cli, const struct asked *a, const struct export_format *format,
                          enum label_source labels, const char *out)
{
    struct cli_data data;
    uint32_t *rows = NULL;
    size_t count;
    int status;
    struct cli_asked asked = {.model = a->model, .beside = a->beside, .where = a->where, .rule = a->rule};
    if (!cli_open(cli, &asked, &data, &status))
        return status;
    if (cli_filter(&data, a->where, &rows, &count, &status)) {
        if (count == 0 && !cli->quiet)
            fprintf(stderr, "ferlab: export: %s; what is written holds none\n",
                    a->where ? "the filter picks no sample" : "the workspace has no sample");
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
        if (format->write(&request, &written, &e)) {
            report(cli, format, out, written);
            if (!format->takes_labels) /* that one holds no predictions */
                cli_remark_in_sample(cli, &data, rows, count);
        } else {
            status = cli_fail(&e);
        }
    }
    free(rows);
    cli_close(&data);
    return status;
}

static enum parsed parse(struct cli *cli, struct asked *a, int *argc, char **argv)
{
    struct str text = {0};
    describe(&text);
    const struct option_row options[] = {
        {"format", OPTION_TEXT, &a->format, "F", "one of those below; else what OUT ends in, .csv or .jsonl",
         0, 0},
        {"where", OPTION_TEXT, &a->where, "FILTER", "only samples that the filter picks", 0, 0},
        {"model", OPTION_TEXT, &a->model, "M", "whose predictions, instead of the current model's", 0, 0},
        {"beside", OPTION_TEXT, &a->beside, "M", "a second model, of which flip:, beside: and former: speak",
         0, 0},
        {"labels", OPTION_TEXT, &a->labels, "L", "ferplus only: whose votes, crowd (default) or reviewed", 0,
         0},
        {"rule", OPTION_TEXT, &a->rule, "R", "the rule behind the crowd's labels; majority", 0, 0},
        {"", OPTION_NOTE, NULL, NULL, text.failed ? notes : text.data, 0, 0},
        {0},
    };
    enum parsed parsed = cli_parse(cli, options, argc, argv);
    str_free(&text);
    return parsed;
}

int cmd_export(struct cli *cli, int argc, char **argv)
{
    struct asked a = {0};
    enum parsed parsed = parse(cli, &a, &argc, argv);
    if (parsed != PARSED_GO)
        return cli_parse_status(parsed);
    const struct export_format *format = a.format    ? export_format_find(a.format)
                                         : argc == 2 ? export_format_of_path(argv[1])
                                                     : NULL;
    enum label_source labels;
    char names[EXPORT_NAMES];
    export_format_names(names);
    if (!format && !a.format)
        return cli_usage(cli, "--format is missing; take %s, or let OUT end in .csv or .jsonl", names);
    if (!format)
        return cli_usage(cli, "there is no format '%s'; take %s", a.format, names);
    if (a.labels && !format->takes_labels)
        return cli_usage(cli, "--labels is for ferplus; %s carries both labels, as crowd and label",
                         format->name);
    if (!parse_labels(a.labels ? a.labels : "crowd", &labels))
        return cli_usage(cli, "--labels takes crowd or reviewed, not '%s'", a.labels);
    if (argc != 2)
        return cli_usage(cli, argc < 2 ? "where to write is missing" : "one OUT is enough");
    if (cli->json && strcmp(argv[1], "-") == 0)
        return cli_usage(cli, "--json and an export to standard output do not go together");
    return export_samples(cli, &a, format, labels, argv[1]);
}
