/* ferlab unlock, lock: opens the frozen test split for review, on record, and freezes it again. */
#include "command.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static bool asked(struct cli *cli, bool yes, int *status)
{
    if (yes)
        return true;
    if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO)) {
        *status = cli_usage(cli, "add --yes to open the test split without being asked");
        return false;
    }
    fprintf(stderr, "open the test split for review, on record? [y/N] ");
    fflush(stderr);
    char answer[16] = "";
    if (fgets(answer, sizeof answer, stdin) && (answer[0] == 'y' || answer[0] == 'Y'))
        return true;
    struct err e;
    err_set(&e, ERR_INPUT, "the test split stays frozen");
    *status = cli_fail(&e);
    return false;
}

static int report(struct cli *cli, const struct event *events, size_t count, const char *said)
{
    if (cli->json) {
        cli_print_events(events, count);
    } else if (!cli->quiet) {
        puts(said);
    }
    return EXIT_FINE;
}

static int unlock(struct cli *cli, struct workspace *ws, const char *reason, bool yes)
{
    struct arena arena = {0};
    struct event *events;
    struct err e = {0};
    bool unlocked = false;
    int status = EXIT_FAILED;
    if (!reviews_unlocked(ws, &unlocked, &e))
        return cli_fail(&e);
    if (unlocked) {
        err_set(&e, ERR_INPUT, "%s: the test split is unlocked already; 'ferlab lock' freezes it",
                workspace_path(ws));
        return cli_fail(&e);
    }
    if (!asked(cli, yes, &status))
        return status;
    struct review review = {.kind = EVENT_UNLOCK, .value = reason};
    if (reviews_append(ws, &review, 1, &arena, &events, &e))
        status = report(cli, events, 1, "the test split may be reviewed; 'ferlab lock' freezes it again");
    else
        status = cli_fail(&e);
    arena_free(&arena);
    return status;
}

int cmd_unlock(struct cli *cli, int argc, char **argv)
{
    bool yes = false;
    const struct option_row options[] = {
        {"yes", OPTION_FLAG, &yes, NULL, "do not ask", 0, 0},
        {"", OPTION_NOTE, NULL, NULL,
         "The labels of the test split are frozen, so that scores on it mean the same before and after a "
         "review:\n"
         "label, accept and edited votes are refused there until this command, which is an event of the "
         "log with\n"
         "its REASON. It holds for all reviewers until 'ferlab lock'. Flags, notes and tags are always free.",
         0, 0},
        {0},
    };
    enum parsed parsed = cli_parse(cli, options, &argc, argv);
    if (parsed != PARSED_GO)
        return cli_parse_status(parsed);
    struct workspace *ws;
    struct err e = {0};
    char *reason = cli_words(argc, argv, 1);
    if (!reason)
        return EXIT_FAILED;
    int status;
    if (workspace_open(&ws, cli->workspace, WORKSPACE_WRITE, &e)) {
        status = unlock(cli, ws, reason, yes);
        workspace_close(ws);
    } else {
        status = cli_fail(&e);
    }
    free(reason);
    return status;
}

int cmd_lock(struct cli *cli, int argc, char **argv)
{
    const struct option_row options[] = {{0}};
    enum parsed parsed = cli_parse(cli, options, &argc, argv);
    if (parsed != PARSED_GO)
        return cli_parse_status(parsed);
    if (argc > 1)
        return cli_usage(cli, "takes no argument such as '%s'", argv[1]);
    struct workspace *ws;
    struct err e = {0};
    if (!workspace_open(&ws, cli->workspace, WORKSPACE_WRITE, &e))
        return cli_fail(&e);
    struct arena arena = {0};
    struct event *events;
    size_t count = 0;
    bool fine = reviews_lock(ws, &arena, &events, &count, &e);
    if (fine && count == 0)
        fine = err_set(&e, ERR_INPUT, "%s: the test split is frozen already; 'ferlab unlock' opens it",
                       workspace_path(ws));
    int status = fine ? report(cli, events, count, "the test split is frozen") : cli_fail(&e);
    arena_free(&arena);
    workspace_close(ws);
    return status;
}
