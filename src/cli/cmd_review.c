/* ferlab label, accept, votes, flag, unflag, note, tag, untag: what a reviewer decides about samples, by id,
 * name or filter. */
#include "command.h"

#include "ferlab/base/str.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { DESCRIBED = 256 };

/* What differs between the commands. */
struct act {
    enum event_kind kind;
    const char *value;    /* what the last operand is; NULL: there is none */
    const char *question; /* "QUESTION N samples…", then of_value and the value */
    const char *of_value, *done;
    const char *already; /* said of samples that it would not change; NULL: it always writes */
};

struct request {
    struct cli *cli;
    const struct act *act;
    const char *where, *model, *beside, *rule;
    bool yes;
    char **words; /* ids or names */
    size_t word_count;
    const char *value; /* NULL where the act has none, or each sample its own */
    char *text;        /* owns it */
};

struct batch {
    struct review *reviews;
    size_t count;
    size_t unlabelled; /* passed over by accept */
    size_t unchanged;  /* flagged or tagged so already */
};

/* Collecting what is meant */

static bool batch_reserve(struct batch *b, size_t count, int *status)
{
    struct err e;
    b->reviews = calloc(count + 1, sizeof *b->reviews);
    if (b->reviews)
        return true;
    err_memory(&e, "writing reviews");
    *status = cli_fail(&e);
    return false;
}

static void batch_add(struct batch *b, const struct request *q, int64_t sample, const char *value)
{
    b->reviews[b->count++] = (struct review){.sample = sample, .kind = q->act->kind, .value = value};
}

/* Accept takes each sample's label as it stands; where there is none there is nothing to accept. */
static void batch_add_row(struct batch *b, const struct request *q, const struct columns *c, size_t row)
{
    if (!columns_review_changes(c, row, q->act->kind, q->value))
        b->unchanged++;
    else if (q->act->kind != EVENT_ACCEPT)
        batch_add(b, q, c->id[row], q->value);
    else if (c->label[row] != CLASS_NONE)
        batch_add(b, q, c->id[row], class_name(c->label[row]));
    else
        b->unlabelled++;
}

static bool collect_filter(struct batch *b, const struct request *q, const struct cli_data *d, int *status)
{
    uint32_t *rows;
    size_t count;
    if (!cli_filter(d, q->where, &rows, &count, status))
        return false;
    bool fine = batch_reserve(b, count, status);
    for (size_t i = 0; fine && i < count; i++)
        batch_add_row(b, q, d->columns, rows[i]);
    free(rows);
    return fine;
}

static bool is_number(const char *word)
{
    int64_t id;
    return str_to_int(word, 1, INT64_MAX, &id);
}

/* Of several words behind the first sample all but the last mean samples; some mean them as tags. */
static int no_such_sample(const struct request *q, size_t at, const struct err *e)
{
    bool tags = q->act->kind == EVENT_TAG || q->act->kind == EVENT_UNTAG;
    const char *verb = q->cli->command->name, *word = q->words[at];
    if (!tags || at == 0 || is_number(word))
        return cli_fail(e);
    return cli_usage(q->cli,
                     "there is no sample '%s', and one tag is taken at a time: type 'ferlab %s %s %s'", word,
                     verb, q->words[0], word);
}

static bool batch_has(const struct batch *b, int64_t sample)
{
    for (size_t i = 0; i < b->count; i++)
        if (b->reviews[i].sample == sample)
            return true;
    return false;
}

static bool collect_words(struct batch *b, const struct request *q, const struct cli_data *d, int *status)
{
    struct err e = {0};
    if (!batch_reserve(b, q->word_count, status))
        return false;
    for (size_t i = 0; i < q->word_count; i++) {
        size_t row;
        if (!cli_find_sample(d, q->words[i], &row, &e)) {
            *status = no_such_sample(q, i, &e);
            return false;
        }
        if (q->act->already && batch_has(b, d->columns->id[row]))
            continue; /* said twice */
        batch_add_row(b, q, d->columns, row);
    }
    if (b->unlabelled == 0)
        return true;
    err_set(&e, ERR_INPUT, "%zu of the samples %s no label to accept; give one with 'ferlab label'",
            b->unlabelled, b->unlabelled == 1 ? "has" : "have");
    *status = cli_fail(&e);
    return false;
}

/* Plain ids need no columns. False where a word is something else. */
static bool collect_ids(struct batch *b, const struct request *q, int *status)
{
    if (!batch_reserve(b, q->word_count, status))
        return false;
    for (size_t i = 0; i < q->word_count; i++) {
        int64_t id;
        if (!str_to_int(q->words[i], 1, INT64_MAX, &id))
            return false;
        batch_add(b, q, id, q->value);
    }
    return true;
}

/* Asking */

static bool ask(const struct request *q, size_t count)
{
    char value[DESCRIBED];
    fprintf(stderr, "%s %zu sample%s%s%s? [y/N] ", q->act->question, count, str_plural((int64_t)count),
            q->value ? q->act->of_value : "", q->value ? str_escape(value, sizeof value, q->value) : "");
    fflush(stderr);
    char answer[16] = "";
    return fgets(answer, sizeof answer, stdin) && (answer[0] == 'y' || answer[0] == 'Y');
}

static bool confirmed(const struct request *q, size_t count, int *status)
{
    if (!q->where || q->yes || count == 0)
        return true;
    if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO)) {
        *status = cli_usage(q->cli, "the filter picks %zu sample%s; add --yes to %s without being asked",
                            count, str_plural((int64_t)count), q->cli->command->name);
        return false;
    }
    if (ask(q, count))
        return true;
    struct err e;
    err_set(&e, ERR_INPUT, "nothing was changed");
    *status = cli_fail(&e);
    return false;
}

/* Writing and telling */

static void report_count(const struct request *q, size_t count, const char *done)
{
    char value[DESCRIBED];
    printf("%zu sample%s %s%s%s\n", count, str_plural((int64_t)count), done,
           q->value && count ? q->act->of_value : "",
           q->value && count ? str_escape(value, sizeof value, q->value) : "");
}

static void report(const struct request *q, const struct batch *b, const struct event *events)
{
    if (q->cli->json) {
        cli_print_events(events, b->count);
        return;
    }
    if (q->cli->quiet)
        return;
    if (b->count > 0 || b->unchanged == 0)
        report_count(q, b->count, q->act->done);
    if (b->unchanged > 0)
        report_count(q, b->unchanged, q->act->already);
    if (b->unlabelled)
        printf("%zu without a label passed over\n", b->unlabelled);
}

static int write_batch(const struct request *q, const struct batch *b, struct workspace *ws)
{
    struct arena arena = {0};
    struct event *events = NULL;
    struct err e = {0};
    bool fine = reviews_append(ws, b->reviews, b->count, &arena, &events, &e);
    if (fine)
        report(q, b, events);
    arena_free(&arena);
    return fine ? EXIT_FINE : cli_fail(&e);
}

/* Refused before it is asked about, if it would be refused afterwards. */
static bool is_open(const struct batch *b, struct workspace *ws, int *status)
{
    size_t frozen;
    struct err e = {0};
    if (!reviews_frozen(ws, b->reviews, b->count, &frozen, &e) ||
        (frozen > 0 && !reviews_refuse_frozen(ws, frozen, b->count, &e))) {
        *status = cli_fail(&e);
        return false;
    }
    return true;
}

static int run_with_columns(const struct request *q)
{
    struct cli_data data;
    struct batch batch = {0};
    int status;
    struct cli_asked asked = {
        .rule = q->rule, .model = q->model, .beside = q->beside, .where = q->where, .write = true};
    if (!cli_open(q->cli, &asked, &data, &status))
        return status;
    bool collected =
        q->where ? collect_filter(&batch, q, &data, &status) : collect_words(&batch, q, &data, &status);
    if (collected && is_open(&batch, data.workspace, &status) && confirmed(q, batch.count, &status))
        status = write_batch(q, &batch, data.workspace);
    free(batch.reviews);
    cli_close(&data);
    return status;
}

static int run_with_ids(const struct request *q, const struct batch *batch)
{
    struct workspace *ws;
    struct err e = {0};
    if (!workspace_open(&ws, q->cli->workspace, WORKSPACE_WRITE, &e))
        return cli_fail(&e);
    int status = write_batch(q, batch, ws);
    workspace_close(ws);
    return status;
}

static int run(const struct request *q)
{
    struct batch batch = {0};
    int status = EXIT_FINE;
    bool by_state = q->act->kind == EVENT_ACCEPT || q->act->already;
    if (q->where || by_state || !collect_ids(&batch, q, &status)) {
        free(batch.reviews);
        return status == EXIT_FINE ? run_with_columns(q) : status;
    }
    status = run_with_ids(q, &batch);
    free(batch.reviews);
    return status;
}

/* The command line: [ID...] [VALUE] */

static const char classes[] =
    "neutral, happiness, surprise, sadness, anger, disgust, fear, contempt, unknown or nf";

static int usage_class(const struct cli *cli, const char *word)
{
    const char *near = class_nearest(word);
    if (near)
        return cli_usage(cli, "there is no class '%s'; did you mean '%s'", word, near);
    return cli_usage(cli, "there is no class '%s'; take %s", word, classes);
}

/* Ids alone, where a class, a text or a tag should follow. */
static bool lacks_value(const struct request *q, int argc, char **argv)
{
    return q->act->value && !q->where && argc > 1 && is_number(argv[argc - 1]) &&
           (argc == 2 || q->act->kind == EVENT_RELABEL);
}

static int usage_value(const struct request *q, int argc, char **argv)
{
    char *ids = cli_words(argc, argv, 1);
    if (!ids)
        return EXIT_FAILED;
    const char *value = q->act->value;
    bool class = q->act->kind == EVENT_RELABEL;
    int status = cli_usage(q->cli, "%s is missing: type 'ferlab %s %s %s'%s%s", value, q->cli->command->name,
                           ids, value, class ? ", CLASS being " : "", class ? classes : "");
    free(ids);
    return status;
}

/* A note's text may come as several words behind one id; elsewhere the value is the last word, and ids come
 * before it. */
static bool split_operands(struct request *q, int argc, char **argv)
{
    int operands = argc - 1, ids = operands - (q->act->value != NULL);
    if (q->act->kind == EVENT_NOTE)
        ids = q->where ? 0 : operands > 1 ? 1 : -1;
    q->words = argv + 1;
    q->word_count = ids > 0 ? (size_t)ids : 0;
    if (!q->act->value || operands <= 0 || ids < 0)
        return true;
    q->value = q->text = cli_words(argc, argv, 1 + (int)q->word_count);
    return q->value != NULL;
}

static bool take_operands(struct request *q, int argc, char **argv, int *status)
{
    int class = CLASS_NONE;
    if (lacks_value(q, argc, argv)) {
        *status = usage_value(q, argc, argv);
        return false;
    }
    *status = EXIT_FAILED;
    if (!split_operands(q, argc, argv))
        return false;
    *status = EXIT_USAGE;
    if (q->act->value && !q->value)
        cli_usage(q->cli, "too little is given: it takes %s", q->cli->command->arguments);
    else if (q->act->kind == EVENT_RELABEL && !class_parse(q->value, &class))
        usage_class(q->cli, q->value);
    else if (q->where && q->word_count > 0)
        cli_usage(q->cli, "either ids or --where, not both");
    else if (!q->where && q->word_count == 0)
        cli_usage(q->cli, "which samples: give ids, or --where FILTER");
    else
        *status = EXIT_FINE;
    if (*status == EXIT_FINE && q->act->kind == EVENT_RELABEL)
        q->value = class_name(class); /* in any case on the command line, in one in the log */
    return *status == EXIT_FINE;
}

static int review(struct cli *cli, const struct act *act, int argc, char **argv)
{
    struct request q = {.cli = cli, .act = act};
    const struct option_row options[] = {
        {"where", OPTION_TEXT, &q.where, "FILTER", "all samples that the filter picks, instead of ids", 0, 0},
        {"yes", OPTION_FLAG, &q.yes, NULL, "do not ask", 0, 0},
        {"model", OPTION_TEXT, &q.model, "M", "whose predictions the filter means", 0, 0},
        {"beside", OPTION_TEXT, &q.beside, "M", "a second model, of which flip:, beside: and former: speak",
         0, 0},
        {"rule", OPTION_TEXT, &q.rule, "R", "the rule behind the crowd's labels; majority", 0, 0},
        {"", OPTION_NOTE, NULL, NULL,
         "An ID is a sample's number, or its name where only one split has it. Reviews are signed with\n"
         "$FERLAB_REVIEWER, else the login name, and are on disk when the command ends. 'ferlab undo' takes "
         "back.\n"
         "COUNTS are ten numbers with commas: neutral, happiness, surprise, sadness, anger, disgust, fear, "
         "contempt,\n"
         "unknown, not a face; the label follows from them.\n"
         "A class may be typed by its first three letters (neu, hap, ...) or as happy, sad, angry, afraid.",
         0, 0},
        {0},
    };
    enum parsed parsed = cli_parse(cli, options, &argc, argv);
    if (parsed != PARSED_GO)
        return cli_parse_status(parsed);
    int status;
    if (take_operands(&q, argc, argv, &status))
        status = run(&q);
    free(q.text);
    return status;
}

int cmd_label(struct cli *cli, int argc, char **argv)
{
    static const struct act act = {EVENT_RELABEL, "CLASS", "relabel", " as ", "relabelled", NULL};
    return review(cli, &act, argc, argv);
}

int cmd_accept(struct cli *cli, int argc, char **argv)
{
    static const struct act act = {EVENT_ACCEPT, NULL, "accept the labels of", "", "accepted", NULL};
    return review(cli, &act, argc, argv);
}

int cmd_votes(struct cli *cli, int argc, char **argv)
{
    static const struct act act = {EVENT_VOTES, "COUNTS", "edit the votes of", " to ", "edited", NULL};
    return review(cli, &act, argc, argv);
}

int cmd_flag(struct cli *cli, int argc, char **argv)
{
    static const struct act act = {EVENT_FLAG, NULL, "flag", "", "flagged", "already flagged"};
    return review(cli, &act, argc, argv);
}

int cmd_unflag(struct cli *cli, int argc, char **argv)
{
    static const struct act act = {EVENT_UNFLAG, NULL, "take the flags off", "", "unflagged", "not flagged"};
    return review(cli, &act, argc, argv);
}

int cmd_note(struct cli *cli, int argc, char **argv)
{
    static const struct act act = {EVENT_NOTE, "TEXT", "put a note on", ": ", "noted", NULL};
    return review(cli, &act, argc, argv);
}

int cmd_tag(struct cli *cli, int argc, char **argv)
{
    static const struct act act = {EVENT_TAG, "NAME", "tag", " as ", "tagged", "already tagged"};
    return review(cli, &act, argc, argv);
}

int cmd_untag(struct cli *cli, int argc, char **argv)
{
    static const struct act act = {EVENT_UNTAG, "NAME", "take a tag off", ": ", "untagged", "not tagged"};
    return review(cli, &act, argc, argv);
}
