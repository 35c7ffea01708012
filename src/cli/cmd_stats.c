/* ferlab stats: reviewers in numbers. */
#include "command.h"

#include "ferlab/base/clock.h"
#include "ferlab/base/json.h"
#include "ferlab/base/str.h"
#include "ferlab/tui/reviewer.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { SHOWN_MAX = 512 };

static json_t *ratings_document(const struct ratings *r)
{
    json_t *d = json_object();
    json_object_set_new(d, "faces", json_integer(r->faces));
    json_object_set_new(d, "agreement", json_number(ratings_agreement(r)));
    json_object_set_new(d, "kappa", json_number(ratings_kappa(r)));
    return d;
}

static json_t *colleagues_document(const struct colleague *others, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        json_t *d = ratings_document(&others[i].ratings);
        json_object_set_new(d, "reviewer", json_text(others[i].name));
        json_array_append_new(list, d);
    }
    return list;
}

static json_t *reviewer_document(const char *name, const struct reviewer *r, const struct columns *c)
{
    json_t *d = json_object(), *model = ratings_document(&r->model), *blind = json_object();
    json_object_set_new(d, "reviewer", json_text(name));
    json_object_set_new(d, "decisions", json_integer(r->decisions));
    json_object_set_new(d, "faces", json_integer(r->faces));
    json_object_set_new(d, "changed", json_integer(r->changed));
    json_object_set_new(d, "unvoted", json_integer(r->unvoted));
    json_object_set_new(d, "first", json_text(r->first));
    json_object_set_new(d, "last", json_text(r->last));
    json_object_set_new(d, "active_seconds", json_number(r->pace.seconds));
    json_object_set_new(d, "decisions_per_hour", json_number(pace_per_hour(&r->pace)));
    json_object_set_new(d, "rule", json_text(rule_name(c->rule)));
    json_object_set_new(d, "crowd", ratings_document(&r->crowd));
    json_object_set_new(model, "name", c->model != 0 ? json_text(c->model_name) : json_null());
    json_object_set_new(d, "model", model);
    json_object_set_new(blind, "crowd", ratings_document(&r->blind_crowd));
    json_object_set_new(blind, "model", ratings_document(&r->blind_model));
    json_object_set_new(d, "blind", blind);
    json_object_set_new(d, "self", ratings_document(&r->self));
    return d;
}

static void print_ratings(const char *name, const struct ratings *r)
{
    char shown[SHOWN_MAX], kappa[16] = "  -";
    if (r->faces == 0)
        return;
    if (!isnan(ratings_kappa(r)))
        snprintf(kappa, sizeof kappa, "%.2f", ratings_kappa(r));
    printf("  %-22s %5.1f %%  kappa %5s  of %lld\n", str_escape(shown, sizeof shown, name),
           100 * ratings_agreement(r), kappa, (long long)r->faces);
}

static void print_colleagues(const struct colleague *others, size_t count)
{
    char title[SHOWN_MAX];
    for (size_t i = 0; i < count; i++) {
        snprintf(title, sizeof title, "with %.500s", others[i].name);
        print_ratings(title, &others[i].ratings);
    }
}

static void print(const char *name, const struct reviewer *r, const struct columns *c)
{
    char shown[SHOWN_MAX], model[80], crowd[40], span[16];
    printf("%s: %lld decision%s on %lld face%s, %lld of them other than the crowd's",
           str_escape(shown, sizeof shown, name), (long long)r->decisions, str_plural(r->decisions),
           (long long)r->faces, str_plural(r->faces), (long long)r->changed);
    if (r->unvoted > 0)
        printf(", %lld of faces that no crowd has seen", (long long)r->unvoted);
    putchar('\n');
    if (!isnan(pace_per_hour(&r->pace)))
        printf("  %.0f an hour in %s of work\n", pace_per_hour(&r->pace), clock_span(span, r->pace.seconds));
    snprintf(model, sizeof model, "model %.60s", c->model_name);
    snprintf(crowd, sizeof crowd, "crowd, %s", rule_name(c->rule));
    print_ratings(crowd, &r->crowd);
    print_ratings(model, &r->model);
    print_ratings("blind, crowd", &r->blind_crowd);
    print_ratings("blind, model", &r->blind_model);
    print_ratings("self, put back", &r->self);
}

static bool report_one(const struct cli *cli, const struct cli_data *d, const char *name,
                       struct json_stream *stream, struct err *e)
{
    struct arena arena = {0};
    struct reviewer r;
    struct colleague *others;
    size_t count;
    bool fine = reviewer_measure(d->workspace, d->columns, name, 0, &r, e) &&
                reviewer_colleagues(d->workspace, d->columns, name, NULL, 0, &arena, &others, &count, e);
    if (fine && cli->json) {
        json_t *document = reviewer_document(name, &r, d->columns);
        json_object_set_new(document, "reviewers", colleagues_document(others, count));
        json_stream_add(stream, document);
    } else if (fine && !cli->quiet) {
        print(name, &r, d->columns);
        print_colleagues(others, count);
    }
    arena_free(&arena);
    return fine;
}

static bool refuse_stranger(const char *name, const char **names, size_t count, struct err *e)
{
    struct str list = {0};
    bool known = false;
    for (size_t i = 0; i < count; i++) {
        known = known || strcmp(names[i], name) == 0;
        str_appendf(&list, "%s%s", i > 0 ? ", " : "", names[i]);
    }
    if (!known)
        err_set(e, ERR_INPUT, "'%.200s' has decided nothing that stands; %s%.400s", name,
                count > 0 ? "those who have are " : "nobody has", list.data != NULL ? list.data : "");
    str_free(&list);
    return known;
}

static bool report(const struct cli *cli, const struct cli_data *d, const char *only, struct err *e)
{
    struct arena arena = {0};
    struct json_stream stream;
    const char **names;
    size_t count;
    bool fine = decisions_reviewers(d->workspace, &arena, &names, &count, e) &&
                (only == NULL || refuse_stranger(only, names, count, e));
    if (cli->json)
        json_stream_begin(&stream, stdout);
    for (size_t i = 0; fine && i < count; i++)
        if (only == NULL || strcmp(only, names[i]) == 0)
            fine = report_one(cli, d, names[i], &stream, e);
    if (cli->json)
        json_stream_end(&stream);
    else if (fine && count == 0 && !cli->quiet)
        puts("nobody has decided anything yet");
    arena_free(&arena);
    return fine;
}

int cmd_stats(struct cli *cli, int argc, char **argv)
{
    struct cli_asked asked = {0};
    const char *reviewer = NULL;
    const struct option_row options[] = {
        {"reviewer", OPTION_TEXT, &reviewer, "NAME", "this one; all", 0, 0},
        {"model", OPTION_TEXT, &asked.model, "M", "whom to compare with; the current model", 0, 0},
        {"rule", OPTION_TEXT, &asked.rule, "R", "the rule behind the crowd's labels; majority", 0, 0},
        {"", OPTION_NOTE, NULL, NULL,
         "Decisions are labels, accepts and edited votes that stand. Of each face the latest counts, against "
         "the crowd's\n"
         "label under the rule and where it is an emotion against the model, if that was not trained on the\n"
         "face, with Cohen's kappa; self: faces put back in a queue, the decision before against the one "
         "after;\n"
         "with NAME: another reviewer, on the faces that both decided. An hour is one of work: gaps above\n"
         "two minutes do not count, and one command for many samples is one decision.",
         0, 0},
        {0},
    };
    enum parsed parsed = cli_parse(cli, options, &argc, argv);
    if (parsed != PARSED_GO)
        return cli_parse_status(parsed);
    if (argc > 1)
        return cli_usage(cli, "takes no argument such as '%s'", argv[1]);
    struct cli_data data;
    struct err e = {0};
    int status;
    if (!cli_open(cli, &asked, &data, &status))
        return status;
    bool fine = report(cli, &data, reviewer, &e);
    cli_close(&data);
    return fine ? EXIT_FINE : cli_fail(&e);
}
