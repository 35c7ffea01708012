/* Help: pages on standard output. */
#include "help.h"

#include "ferlab/store/filter.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { OPTION_COLUMN = 26 };

/* A group of commands begins with the command named here. */
static const struct group {
    const char *first, *title;
} groups[] = {
    {"import", "Samples"},
    {"label", "Reviews"},
    {"train", "Models"},
    {"synth", "Trying it out"},
};

static const struct option_row common[] = {
    {"workspace", OPTION_TEXT, NULL, "FILE", "-w FILE: the workspace", 0, 0},
    {"json", OPTION_FLAG, NULL, NULL, "one JSON document on standard output", 0, 0},
    {"quiet", OPTION_FLAG, NULL, NULL, "no progress, no remarks", 0, 0},
    {"help", OPTION_FLAG, NULL, NULL, "this page", 0, 0},
    {0},
};

static const char environment[] =
    "Environment:\n"
    "  FERLAB_WORKSPACE   the workspace where -w is not given; else faces.ferlab\n"
    "  FERLAB_REVIEWER    the name that reviews are signed with; else the login name\n"
    "  FERLAB_DATA        where models/ and data/ lie\n"
    "  FERLAB_GRAPHICS    sixel, blocks or none: instead of asking the terminal\n"
    "  FERLAB_CELL        WxH: the size of a character cell in pixels\n"
    "  SOURCE_DATE_EPOCH  seconds since 1970: the date of a report, else today\n";

/* Summaries stand in one column, on a line of their own where what comes before is too long. */
static void print_summary(int used, const char *summary)
{
    if (used >= OPTION_COLUMN) {
        putchar('\n');
        used = 0;
    }
    printf("%*s%s\n", OPTION_COLUMN - used, "", summary);
}

static void print_options(const struct option_row *options)
{
    for (const struct option_row *o = options; o->name; o++) {
        if (o->kind == OPTION_NOTE)
            continue;
        int n = printf("  --%s%s%s", o->name, o->argument ? " " : "", o->argument ? o->argument : "");
        print_summary(n, o->help);
    }
}

static void print_notes(const struct option_row *options)
{
    for (const struct option_row *o = options; o->name; o++)
        if (o->kind == OPTION_NOTE)
            printf("\n%s\n", o->help);
}

static void print_filter_help(void)
{
    puts("\nFilters:");
    for (const char *line = filter_help; *line;) {
        int length = (int)strcspn(line, "\n");
        printf("  %.*s\n", length, line);
        line += length + (line[length] == '\n');
    }
}

static bool takes_filter(const struct command *command, const struct option_row *options)
{
    if (strstr(command->arguments, "FILTER"))
        return true;
    for (const struct option_row *o = options; o->name; o++)
        if (o->argument && strcmp(o->argument, "FILTER") == 0)
            return true;
    return false;
}

void help_program(const struct option_row *options)
{
    puts("ferlab " FERLAB_VERSION ": a terminal workbench for facial expressions labelled by a crowd\n\n"
         "Usage: ferlab [OPTION]...                      the workbench on a workspace\n"
         "       ferlab [-w FILE] COMMAND [ARGUMENT]...  one command; see ferlab COMMAND --help");
    for (const struct command *c = commands; c->name; c++) {
        for (size_t g = 0; g < sizeof groups / sizeof *groups; g++)
            if (strcmp(groups[g].first, c->name) == 0)
                printf("\n%s:\n", groups[g].title);
        int n = printf("  %s %s", c->name, c->arguments);
        print_summary(n, c->summary);
    }
    puts("\nOptions:");
    print_options(options);
    print_options(common);
    printf("\n%s", environment);
    puts("\nExit status: 0 fine, 1 failed, 2 wrong usage.");
}

static bool has_option(const struct option_row *options, const char *name)
{
    for (const struct option_row *o = options; o->name; o++)
        if (strcmp(o->name, name) == 0)
            return true;
    return false;
}

/* Where ids may be given, and --where, each has its line. */
static void print_usage(const struct command *command, const struct option_row *options)
{
    const char *arguments = command->arguments;
    printf("Usage: ferlab [-w FILE] %s [OPTION]...%s%s\n", command->name, *arguments ? " " : "", arguments);
    if (strncmp(arguments, "ID", 2) == 0 && has_option(options, "where"))
        printf("       ferlab [-w FILE] %s [OPTION]... --where FILTER%s\n", command->name,
               arguments + strcspn(arguments, " "));
}

void help_command(const struct command *command, const struct option_row *options)
{
    print_usage(command, options);
    printf("\n%c%s\n\nOptions:\n", toupper((unsigned char)command->summary[0]), command->summary + 1);
    print_options(options);
    print_options(common);
    print_notes(options);
    if (takes_filter(command, options))
        print_filter_help();
}
