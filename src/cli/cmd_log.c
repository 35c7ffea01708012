/* ferlab log: all reviews, oldest first. */
#include "command.h"

#include "ferlab/base/str.h"

#include <stdio.h>

enum { SHOWN_MAX = 1024 };

static void print_event(const struct event *event)
{
    char reviewer[SHOWN_MAX], value[SHOWN_MAX], sample[24] = "-";
    if (event->sample)
        snprintf(sample, sizeof sample, "%lld", (long long)event->sample);
    printf("%6lld  %s  %-12s %8s  %-7s", (long long)event->id, event->time,
           str_escape(reviewer, sizeof reviewer, event->reviewer), sample, event_kind_name(event->kind));
    if (event->undoes)
        printf("  of event %lld", (long long)event->undoes);
    else if (*event->value)
        printf("  %s", str_escape(value, sizeof value, event->value));
    putchar('\n');
}

int cmd_log(struct cli *cli, int argc, char **argv)
{
    int64_t limit = 0;
    const struct option_row options[] = {
        {"limit", OPTION_INTEGER, &limit, "N", "the newest N", 1, 1e9},
        {0},
    };
    enum parsed parsed = cli_parse(cli, options, &argc, argv);
    if (parsed != PARSED_GO)
        return cli_parse_status(parsed);
    if (argc > 1)
        return cli_usage(cli, "takes no argument such as '%s'", argv[1]);
    struct workspace *ws;
    struct err e = {0};
    if (!workspace_open(&ws, cli->workspace, WORKSPACE_READ, &e))
        return cli_fail(&e);
    struct arena arena = {0};
    struct event *events;
    size_t count;
    bool fine = reviews_log(ws, 0, 0, (size_t)limit, &arena, &events, &count, &e);
    if (fine && cli->json)
        cli_print_events(events, count);
    else if (fine)
        for (size_t i = 0; i < count && !ferror(stdout); i++)
            print_event(&events[i]);
    arena_free(&arena);
    workspace_close(ws);
    return fine ? EXIT_FINE : cli_fail(&e);
}
