/* ferlab: picks the command, or opens the workbench. */
#include "command.h"
#include "help.h"

#include "ferlab/base/path.h"
#include "ferlab/base/spelling.h"
#include "ferlab/store/filter.h"
#include "ferlab/tui/workbench.h"

#include <errno.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define X(name, arguments, summary) {#name, arguments, summary, cmd_##name},
const struct command commands[] = {COMMANDS(X){0}};
#undef X

static const struct command *find_command(const char *name)
{
    for (const struct command *c = commands; c->name; c++)
        if (strcmp(c->name, name) == 0)
            return c;
    return NULL;
}

static int unknown_command(const struct cli *cli, const char *name)
{
    struct spelling s;
    spelling_start(&s, name);
    for (const struct command *c = commands; c->name; c++)
        spelling_try(&s, c->name);
    if (s.best)
        return cli_usage(cli, "there is no command '%s'; did you mean '%s'", name, s.best);
    return cli_usage(cli, "there is no command '%s'", name);
}

/* The words "COMMAND --help" for "help COMMAND". */
static int run_help(struct cli *cli, const struct option_row *options, const char *name)
{
    if (!name) {
        help_program(options);
        return EXIT_FINE;
    }
    cli->command = find_command(name);
    if (!cli->command)
        return unknown_command(cli, name);
    char help[] = "--help", *arguments[] = {(char *)name, help, NULL};
    return cli->command->run(cli, 2, arguments);
}

static bool filter_is_fine(const char *filter, struct err *e)
{
    struct filter *parsed;
    bool fine = filter_parse(filter, &parsed, e);
    if (fine)
        filter_free(parsed);
    return fine;
}

static int run_workbench(const struct cli *cli, const char *filter, const char *model)
{
    struct err e = {0};
    if (cli->json)
        return cli_usage(cli, "--json goes with a command");
    if (filter && !filter_is_fine(filter, &e))
        return cli_fail(&e);
    if (access(cli->workspace, F_OK) != 0 && errno == ENOENT) {
        err_set(&e, ERR_INPUT,
                "%s: there is no workspace here; make one with 'ferlab import PATH', name one with -w, or "
                "try 'ferlab demo'",
                cli->workspace);
        return cli_fail(&e);
    }
    struct workbench_options w = {.workspace = cli->workspace, .filter = filter, .model = model};
    return workbench_run(&w, &e) ? EXIT_FINE : cli_fail(&e);
}

static int run(int argc, char **argv)
{
    struct cli cli = {0};
    const char *filter = NULL, *model = NULL;
    bool version = false, keys = false;
    const struct option_row options[] = {
        {"version", OPTION_FLAG, &version, NULL, "the program's version", 0, 0},
        {"keys", OPTION_FLAG, &keys, NULL, "the workbench's keys", 0, 0},
        {"filter", OPTION_TEXT, &filter, "FILTER", "what the workbench opens with", 0, 0},
        {"model", OPTION_TEXT, &model, "NAME", "the model it speaks of, instead of the current one", 0, 0},
        {0},
    };
    const char *workspace = getenv("FERLAB_WORKSPACE");
    snprintf(cli.workspace, sizeof cli.workspace, "%s", workspace && *workspace ? workspace : "faces.ferlab");

    enum parsed parsed = cli_parse_leading(&cli, options, &argc, argv);
    if (parsed != PARSED_GO)
        return cli_parse_status(parsed);
    if (version) {
        puts("ferlab " FERLAB_VERSION);
        return EXIT_FINE;
    }
    if (keys) {
        workbench_print_keys(stdout);
        return EXIT_FINE;
    }
    if (argc < 2)
        return run_workbench(&cli, filter, model);
    if (filter || model)
        return cli_usage(
            &cli, "--filter and --model before a command are the workbench's; put them behind '%s'", argv[1]);
    if (strcmp(argv[1], "help") == 0)
        return run_help(&cli, options, argv[2]);
    cli.command = find_command(argv[1]);
    return cli.command ? cli.command->run(&cli, argc - 1, argv + 1) : unknown_command(&cli, argv[1]);
}

/* A reader that has had enough (`ferlab list | head`) is no failure; a full disk is. */
static int finish_output(int status)
{
    int failed = fflush(stdout) != 0 ? errno : 0;
    if (status != EXIT_FINE || (!failed && !ferror(stdout)))
        return status;
    struct pollfd p = {.fd = STDOUT_FILENO, .events = POLLOUT};
    if (failed == EPIPE || (poll(&p, 1, 0) == 1 && (p.revents & POLLERR)))
        return status;
    struct err e;
    err_set(&e, ERR_IO, "standard output: cannot be written; see whether the disk is full");
    return cli_fail(&e);
}

/* Threads of the engine that wait for each other must not spin: beside other work on the same cores that
 * costs most of the speed of both. libgomp reads its policy before main, so a command that computes starts
 * itself once more with it set. Where that fails the work is only slower. */
static void compute_without_spinning(char **argv)
{
    static const char *const computing[] = {"train", "demo",  "bench",  "eval", "predict",
                                            "model", "embed", "report", "live"};
    if (getenv("OMP_WAIT_POLICY") || getenv("GOMP_SPINCOUNT")) {
        prctl(PR_SET_NAME, "ferlab"); /* for top; started as below it is called "exe" */
        return;
    }
    for (char **word = argv + 1; *word; word++)
        for (size_t i = 0; i < sizeof computing / sizeof *computing; i++)
            if (strcmp(*word, computing[i]) == 0 && setenv("OMP_WAIT_POLICY", "passive", 1) == 0) {
                execv("/proc/self/exe", argv);
                return;
            }
}

int main(int argc, char **argv)
{
    if (argc > 1)
        compute_without_spinning(argv);
    setlocale(LC_ALL, "");
    setlocale(LC_NUMERIC, "C");
    signal(SIGPIPE, SIG_IGN);
    return finish_output(run(argc, argv));
}
