/* ferlab undo, redo: takes back the reviewer's latest action, and brings it back. */
#include "command.h"

#include "ferlab/base/str.h"

#include <stdio.h>

enum { DESCRIBED = 8, VALUE = 1024 };

struct step {
    const char *done, *nothing;
    bool (*take)(struct workspace *ws, struct arena *arena, struct event **out, size_t *count, struct err *e);
};

static const struct event *find_event(const struct event *events, size_t count, int64_t id)
{
    for (size_t i = 0; i < count; i++)
        if (events[i].id == id)
            return &events[i];
    return NULL;
}

/* The decision behind an undo or redo event: a redo takes back an undo, which undid it. */
static const struct event *decision_behind(const struct event *event, const struct event *events,
                                           size_t count)
{
    while (event && event->undoes)
        event = find_event(events, count, event->undoes);
    return event;
}

static bool describe(struct workspace *ws, const struct event *event, struct arena *arena, struct err *e)
{
    struct event *events;
    size_t count;
    char value[VALUE];
    if (!reviews_log(ws, 0, event->sample, 0, arena, &events, &count, e))
        return false;
    const struct event *decision = decision_behind(event, events, count);
    if (decision && event->sample)
        printf("  sample %lld: %s%s%s\n", (long long)event->sample, event_kind_name(decision->kind),
               *decision->value ? " " : "", str_escape(value, sizeof value, decision->value));
    return true;
}

static bool report(struct cli *cli, const struct step *step, struct workspace *ws, const struct event *events,
                   size_t count, struct arena *arena, struct err *e)
{
    if (cli->json) {
        cli_print_events(events, count);
        return true;
    }
    if (cli->quiet)
        return true;
    printf("%s %zu review%s\n", step->done, count, str_plural((int64_t)count));
    bool fine = true;
    for (size_t i = 0; fine && i < count && i < DESCRIBED; i++)
        fine = describe(ws, &events[i], arena, e);
    if (count > DESCRIBED)
        printf("  and %zu more\n", count - DESCRIBED);
    return fine;
}

static int take_step(struct cli *cli, const struct step *step, int argc, char **argv)
{
    const struct option_row options[] = {
        {"", OPTION_NOTE, NULL, NULL,
         "One call takes the reviewer's latest action, which may be many reviews at once. There is no limit, "
         "and a\n"
         "restart changes nothing; a new review ends what could be redone.",
         0, 0},
        {0},
    };
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
    struct event *events = NULL;
    size_t count = 0;
    bool fine = step->take(ws, &arena, &events, &count, &e);
    if (fine && count == 0)
        fine = err_set(&e, ERR_INPUT, "%s by %s", step->nothing, reviews_reviewer());
    fine = fine && report(cli, step, ws, events, count, &arena, &e);
    arena_free(&arena);
    workspace_close(ws);
    return fine ? EXIT_FINE : cli_fail(&e);
}

int cmd_undo(struct cli *cli, int argc, char **argv)
{
    static const struct step step = {"undid", "there is nothing to undo", reviews_undo};
    return take_step(cli, &step, argc, argv);
}

int cmd_redo(struct cli *cli, int argc, char **argv)
{
    static const struct step step = {"redid", "there is nothing to redo", reviews_redo};
    return take_step(cli, &step, argc, argv);
}
