/* ferlab report: a page to give away, of what a model's predictions are worth. */
#include "protocol.h"
#include "reproduce.h"

#include "ferlab/base/clock.h"
#include "ferlab/base/interrupt.h"
#include "ferlab/base/json.h"
#include "ferlab/base/path.h"
#include "ferlab/base/str.h"
#include "ferlab/report/report.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char notes[] =
    "OUT is one file that needs nothing beside it: open it in a browser, print it, send it. It must not be "
    "there\n"
    "yet, but for --force; - is standard output. The faces that it shows are in it: mind who may see them.";

struct asked {
    struct protocol protocol;
    const char *title, *out;
    char date[CLOCK_STAMP];
    int64_t faces;
    bool force;
};

static bool print_page(const struct str *page, struct err *e)
{
    if (fwrite(page->data, 1, page->length, stdout) == page->length && fflush(stdout) == 0)
        return true;
    return errno == EPIPE || err_errno(e, "standard output", "be written", "see whether the disk is full");
}

static bool deliver(const struct asked *a, const struct str *page, struct err *e)
{
    if (interrupt_requested())
        return err_set(e, ERR_INTERRUPTED, "report stopped; nothing was written");
    if (strcmp(a->out, "-") == 0)
        return print_page(page, e);
    return a->force ? file_write(a->out, page->data, page->length, e)
                    : file_create(a->out, page->data, page->length, e);
}

static void say(const struct cli *cli, const struct asked *a, const struct judged *j, size_t bytes)
{
    const struct evaluation *v = &j->evaluation;
    if (cli->json) {
        json_t *d = json_object();
        json_object_set_new(d, "out", json_text(a->out));
        json_object_set_new(d, "bytes", json_integer((json_int_t)bytes));
        json_object_set_new(d, "model", json_text(j->data.columns->model_name));
        json_object_set_new(d, "label_revision", json_string(j->revision));
        json_object_set_new(d, "count", json_integer(v->metrics.count));
        json_object_set_new(d, "in_sample", json_integer(v->in_sample));
        json_print(stdout, d);
    } else if (!cli->quiet && strcmp(a->out, "-") != 0) {
        char name[PATH_MAX];
        printf("%s: %lld sample%s written as a report\n", str_escape(name, sizeof name, a->out),
               (long long)v->metrics.count, str_plural(v->metrics.count));
    }
}

/* Today, or the time that builds which repeat say (reproducible-builds.org/specs/source-date-epoch). */
static bool take_date(const struct cli *cli, char date[CLOCK_STAMP])
{
    const int64_t last = 253402300799; /* of the year 9999 */
    const char *said = getenv("SOURCE_DATE_EPOCH");
    int64_t seconds = time(NULL);
    if (said != NULL && !str_to_int(said, 0, last, &seconds)) {
        cli_usage(cli, "SOURCE_DATE_EPOCH is '%s'; give seconds since 1970, or unset it", said);
        return false;
    }
    clock_stamp_of(seconds, date);
    return true;
}

static int write_report(struct cli *cli, const struct asked *a)
{
    struct judged j;
    int status;
    if (!protocol_open(cli, &a->protocol, &j, &status))
        return status;
    struct str page = {0}, again = {0};
    struct err e;
    bool fine = reproduce_commands(&j, &a->protocol, &again, &e);
    const struct report_request request = {
        .workspace = j.data.workspace,
        .columns = j.data.columns,
        .rows = j.rows,
        .row_count = j.count,
        .split = a->protocol.split,
        .where = a->protocol.where,
        .labels = j.labels,
        .evaluation = &j.evaluation,
        .bootstrap = j.bootstrap,
        .title = a->title,
        .faces = (int)a->faces,
        .date = a->date,
        .commands = again.data,
    };
    fine = fine && report_page(&request, &page, &e) && deliver(a, &page, &e);
    if (fine)
        say(cli, a, &j, page.length);
    else
        status = cli_fail(&e);
    str_free(&page);
    str_free(&again);
    protocol_close(&j);
    return status;
}

int cmd_report(struct cli *cli, int argc, char **argv)
{
    struct asked a = {.faces = REPORT_FACES};
    int status;
    const struct option_row options[] = {
        PROTOCOL_OPTIONS(a.protocol,
                         "the model to compare with; else the one that it began with or followed"),
        {"title", OPTION_TEXT, &a.title, "T", "of the page; else the model's name and the workspace's", 0, 0},
        {"faces", OPTION_INTEGER, &a.faces, "N", "at most so many of the worst errors of each emotion (12)",
         0, REPORT_FACES_MAX},
        {"force", OPTION_FLAG, &a.force, NULL, "replace OUT where it is there", 0, 0},
        {"", OPTION_NOTE, NULL, NULL, notes, 0, 0},
        {0},
    };
    enum parsed parsed = cli_parse(cli, options, &argc, argv);
    if (parsed != PARSED_GO)
        return cli_parse_status(parsed);
    if (!protocol_check(cli, &a.protocol, &status))
        return status;
    if (argc != 2)
        return cli_usage(cli, argc < 2 ? "where to write is missing" : "one OUT is enough");
    a.out = argv[1];
    if (cli->json && strcmp(a.out, "-") == 0)
        return cli_usage(cli, "--json and a report to standard output do not go together");
    if (!take_date(cli, a.date))
        return EXIT_USAGE;
    struct err e;
    if (strcmp(a.out, "-") != 0 && !cli_may_write(a.out, a.force, &e))
        return cli_fail(&e);
    interrupt_install();
    return write_report(cli, &a);
}
