/* Options: takes a command's options out of its arguments, and says what is wrong with them. */
#include "command.h"
#include "help.h"

#include "ferlab/base/spelling.h"
#include "ferlab/base/str.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int cli_parse_status(enum parsed p)
{
    return p == PARSED_WRONG ? EXIT_USAGE : EXIT_FINE;
}

int cli_fail(const struct err *e)
{
    fprintf(stderr, "ferlab: %s\n", e->text);
    return e->code == ERR_USAGE ? EXIT_USAGE : EXIT_FAILED;
}

bool cli_may_write(const char *path, bool force, struct err *e)
{
    struct stat st;
    return force || lstat(path, &st) != 0 ||
           err_set(e, ERR_INPUT,
                   "%s: is there already; remove it, choose another name, or replace it with --force", path);
}

int cli_usage(const struct cli *cli, const char *format, ...)
{
    char text[sizeof((struct err *)0)->text];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    struct err e;
    if (cli->command)
        err_set(&e, ERR_USAGE, "%s: %s; see 'ferlab %s --help'", cli->command->name, text,
                cli->command->name);
    else
        err_set(&e, ERR_USAGE, "%s; see 'ferlab --help'", text);
    return cli_fail(&e);
}

char *cli_words(int argc, char **argv, int from)
{
    struct str text = {0};
    str_append(&text, "");
    for (int i = from; i < argc; i++) {
        str_append(&text, i > from ? " " : "");
        str_append(&text, argv[i]);
    }
    if (text.failed || !text.data) {
        struct err e;
        err_memory(&e, "reading the command line");
        cli_fail(&e);
        str_free(&text);
        return NULL;
    }
    return text.data;
}

static bool set_workspace(struct cli *cli, const char *path)
{
    if (!*path) {
        cli_usage(cli, "-w needs the name of a workspace file");
        return false;
    }
    if (strlen(path) >= sizeof cli->workspace) {
        cli_usage(cli, "the workspace's path is too long");
        return false;
    }
    strcpy(cli->workspace, path);
    cli->workspace_named = true;
    return true;
}

static bool set_number(const struct cli *cli, const struct option_row *o, const char *text)
{
    bool good;
    if (o->kind == OPTION_INTEGER)
        good = str_to_int(text, (int64_t)o->min, (int64_t)o->max, o->value);
    else
        good = str_to_double(text, o->min, o->max, o->value);
    if (!good)
        cli_usage(cli, "--%s takes a %snumber from %.10g to %.10g, not '%s'", o->name,
                  o->kind == OPTION_INTEGER ? "whole " : "", o->min, o->max, text);
    return good;
}

static bool set_value(const struct cli *cli, const struct option_row *o, const char *text)
{
    if (o->kind != OPTION_TEXT)
        return set_number(cli, o, text);
    *(const char **)o->value = text;
    return true;
}

static void unknown_option(const struct cli *cli, const struct option_row *options, const char *argument,
                           const char *name)
{
    static const char *const common[] = {"workspace", "json", "quiet", "help"};
    struct spelling s;
    spelling_start(&s, name);
    for (const struct option_row *o = options; o->name; o++)
        if (o->kind != OPTION_NOTE)
            spelling_try(&s, o->name);
    for (size_t i = 0; i < sizeof common / sizeof *common; i++)
        spelling_try(&s, common[i]);
    if (s.best)
        cli_usage(cli, "there is no option '%s'; did you mean --%s", argument, s.best);
    else
        cli_usage(cli, "there is no option '%s'", argument);
}

static const struct option_row *find_option(const struct option_row *options, const char *name)
{
    for (const struct option_row *o = options; o->name; o++)
        if (o->kind != OPTION_NOTE && strcmp(o->name, name) == 0)
            return o;
    return NULL;
}

struct arguments {
    int argc, next;
    char **argv;
};

/* The value of the option just read: what stands behind '=', else the next argument; NULL when there is none.
 */
static const char *take_value(struct arguments *a, const char *behind)
{
    if (behind)
        return behind;
    return a->next < a->argc ? a->argv[a->next++] : NULL;
}

static enum parsed parse_workspace(struct cli *cli, struct arguments *a, const char *behind)
{
    const char *path = take_value(a, behind);
    return set_workspace(cli, path ? path : "") ? PARSED_GO : PARSED_WRONG;
}

static enum parsed parse_long(struct cli *cli, const struct option_row *options, struct arguments *a,
                              const char *argument)
{
    char name[64];
    const char *equals = strchr(argument, '=');
    size_t length = equals ? (size_t)(equals - argument - 2) : strlen(argument + 2);
    length = length < sizeof name ? length : sizeof name - 1;
    memcpy(name, argument + 2, length);
    name[length] = '\0';
    const char *behind = equals ? equals + 1 : NULL;

    if (strcmp(name, "workspace") == 0)
        return parse_workspace(cli, a, behind);
    bool json = strcmp(name, "json") == 0, quiet = strcmp(name, "quiet") == 0,
         help = strcmp(name, "help") == 0;
    const struct option_row *o = find_option(options, name);
    if (!o && !json && !quiet && !help) {
        unknown_option(cli, options, argument, name);
        return PARSED_WRONG;
    }
    if (!o || o->kind == OPTION_FLAG) {
        if (behind) {
            cli_usage(cli, "--%s takes no value", name);
            return PARSED_WRONG;
        }
        if (o)
            *(bool *)o->value = true;
        cli->json |= json;
        cli->quiet |= quiet;
        return help ? PARSED_HELP_SHOWN : PARSED_GO;
    }
    const char *value = take_value(a, behind);
    if (!value) {
        cli_usage(cli, "--%s needs a value: %s", name, o->argument);
        return PARSED_WRONG;
    }
    return set_value(cli, o, value) ? PARSED_GO : PARSED_WRONG;
}

static enum parsed parse_short(struct cli *cli, const struct option_row *options, struct arguments *a,
                               const char *argument)
{
    if (argument[1] == 'w')
        return parse_workspace(cli, a, argument[2] ? argument + 2 : NULL);
    if (strcmp(argument, "-h") == 0)
        return PARSED_HELP_SHOWN;
    if (strcmp(argument, "-q") == 0) {
        cli->quiet = true;
        return PARSED_GO;
    }
    unknown_option(cli, options, argument, argument + 1);
    return PARSED_WRONG;
}

static enum parsed parse(struct cli *cli, const struct option_row *options, int *argc, char **argv,
                         bool leading)
{
    struct arguments a = {.argc = *argc, .next = 1, .argv = argv};
    int operands = 1;
    bool ended = false;
    while (a.next < a.argc && !(leading && operands > 1)) {
        char *argument = a.argv[a.next++];
        if (ended || argument[0] != '-' || !argument[1]) {
            argv[operands++] = argument;
            ended |= leading;
        } else if (strcmp(argument, "--") == 0) {
            ended = true;
        } else {
            enum parsed p = argument[1] == '-' ? parse_long(cli, options, &a, argument)
                                               : parse_short(cli, options, &a, argument);
            if (p == PARSED_HELP_SHOWN && cli->command)
                help_command(cli->command, options);
            else if (p == PARSED_HELP_SHOWN)
                help_program(options);
            if (p != PARSED_GO)
                return p;
        }
    }
    while (a.next < a.argc)
        argv[operands++] = a.argv[a.next++];
    argv[operands] = NULL;
    *argc = operands;
    return PARSED_GO;
}

enum parsed cli_parse(struct cli *cli, const struct option_row *options, int *argc, char **argv)
{
    return parse(cli, options, argc, argv, false);
}

enum parsed cli_parse_leading(struct cli *cli, const struct option_row *options, int *argc, char **argv)
{
    return parse(cli, options, argc, argv, true);
}
