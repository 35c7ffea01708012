/* ferlab list: samples that a filter picks, as a table or as JSON. */
#include "command.h"

#include "ferlab/base/json.h"
#include "ferlab/base/str.h"
#include "ferlab/exchange/documents.h"
#include "ferlab/face/flip.h"
#include "ferlab/store/beside.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NAME_COLUMNS = 40, NAME_LEAST = 4, ESCAPED = 1100 };

struct table {
    const struct columns *columns;
    int name_width;
    bool colour;
};

static int padding(const char *text, int width)
{
    int columns = str_columns(text);
    return columns < width ? width - columns : 0;
}

static int name_width(const struct columns *c, const uint32_t *rows, size_t count)
{
    int width = NAME_LEAST;
    char name[ESCAPED];
    for (size_t i = 0; i < count && width < NAME_COLUMNS; i++) {
        int columns = str_columns(str_escape(name, sizeof name, c->name[rows[i]]));
        width = columns > width ? columns : width;
    }
    return width < NAME_COLUMNS ? width : NAME_COLUMNS;
}

static void print_number(double x, int width)
{
    if (isnan(x))
        printf(" %*s", width, "-");
    else
        printf(" %*.2f", width, x);
}

/* A prediction that differs from the label is marked by a sign, and by colour where there is colour. */
static void print_prediction(const struct table *t, size_t row)
{
    const struct columns *c = t->columns;
    int prediction = c->prediction[row], label = c->label[row];
    bool known = prediction != CLASS_NONE && class_is_emotion(label), right = prediction == label;
    const char *colour = !t->colour || !known ? "" : right ? "\033[32m" : "\033[31m";
    printf(" %s%s%-9s%s", colour,
           !known  ? "  "
           : right ? "= "
                   : "! ",
           prediction == CLASS_NONE ? "-" : class_name(prediction), *colour ? "\033[m" : "");
}

static void print_row(const struct table *t, size_t row)
{
    const struct columns *c = t->columns;
    int label = c->label[row];
    char name[ESCAPED];
    str_escape(name, sizeof name, c->name[row]);
    printf("%8lld %s%*s %-5s %-9s %-9s", (long long)c->id[row], name, padding(name, t->name_width), "",
           split_name((enum split)c->split[row]), class_name(c->crowd[row]), class_name(c->label[row]));
    print_prediction(t, row);
    print_number((double)c->confidence[row], 4);
    print_number((double)c->divergence[row], 4);
    print_number((double)c->suspect[row], 4);
    if (c->beside) {
        enum flip flip = flip_of(label, c->beside->prediction[row], label, c->prediction[row]);
        printf(" %-9s %-7s", class_name(c->beside->prediction[row]),
               flip != FLIP_NONE ? flip_name(flip) : "");
    }
    if (c->similar_to != 0)
        print_number((double)c->similarity[row], 4);
    printf("%s%s%s%s\n", c->reviewed[row] || c->flagged[row] ? " " : "", c->reviewed[row] ? " reviewed" : "",
           c->contested[row] ? " contested" : "", c->flagged[row] ? " flagged" : "");
}

static bool wants_colour(void)
{
    const char *term = getenv("TERM"), *refused = getenv("NO_COLOR");
    return isatty(STDOUT_FILENO) && term && strcmp(term, "dumb") != 0 && !(refused && *refused);
}

static void print_table(const struct cli *cli, const struct columns *c, const uint32_t *rows, size_t shown,
                        size_t count)
{
    struct table t = {.columns = c, .name_width = name_width(c, rows, shown), .colour = wants_colour()};
    if (shown > 0)
        printf("%8s %-*s %-5s %-9s %-9s   %-9s %4s %4s %4s%s\n", "id", t.name_width, "name", "split", "crowd",
               "label", "predicted", "conf", "div", "susp",
               c->beside            ? " beside    flip   "
               : c->similar_to != 0 ? "  sim"
                                    : "");
    for (size_t i = 0; i < shown && !ferror(stdout); i++)
        print_row(&t, rows[i]);
    if (cli->quiet)
        return;
    fflush(stdout);
    if (shown < count)
        fprintf(stderr, "%zu of %zu sample%s\n", shown, count, str_plural((int64_t)count));
    else
        fprintf(stderr, "%zu sample%s\n", count, str_plural((int64_t)count));
}

static void print_json(const struct columns *c, const uint32_t *rows, size_t shown)
{
    struct json_stream stream;
    json_stream_begin(&stream, stdout);
    for (size_t i = 0; i < shown && !ferror(stdout); i++)
        json_stream_add(&stream, sample_document(c, rows[i]));
    json_stream_end(&stream);
}

static int list(struct cli *cli, const struct cli_asked *asked, int64_t limit)
{
    struct cli_data data;
    uint32_t *rows = NULL;
    size_t count;
    int status;
    const char *filter = asked->where;
    if (!cli_open(cli, asked, &data, &status))
        return status;
    if (cli_filter(&data, filter, &rows, &count, &status)) {
        size_t shown = limit >= 0 && (size_t)limit < count ? (size_t)limit : count;
        if (cli->json)
            print_json(data.columns, rows, shown);
        else
            print_table(cli, data.columns, rows, shown, count);
        cli_remark_unpredicted(cli, &data, filter);
        cli_remark_in_sample(cli, &data, rows, shown);
    }
    free(rows);
    cli_close(&data);
    return status;
}

int cmd_list(struct cli *cli, int argc, char **argv)
{
    struct cli_asked asked = {0};
    int64_t limit = -1;
    const struct option_row options[] = {
        {"limit", OPTION_INTEGER, &limit, "N", "the first N", 0, 1e9},
        {"model", OPTION_TEXT, &asked.model, "M", "whose predictions, instead of the current model's", 0, 0},
        {"beside", OPTION_TEXT, &asked.beside, "M",
         "a second model, of which flip:, beside: and former: speak", 0, 0},
        {"rule", OPTION_TEXT, &asked.rule, "R", "majority (default), distribution, probability, multi-target",
         0, 0},
        {0},
    };
    enum parsed parsed = cli_parse(cli, options, &argc, argv);
    if (parsed != PARSED_GO)
        return cli_parse_status(parsed);
    char *filter = cli_words(argc, argv, 1);
    if (!filter)
        return EXIT_FAILED;
    asked.where = filter;
    int status = list(cli, &asked, limit);
    free(filter);
    return status;
}
