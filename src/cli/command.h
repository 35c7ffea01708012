/* Subcommands: the table, what each is given, and option parsing from which --help comes.
 *
 * A command is one file cmd_NAME.c with one function; its options are a table on its stack. */
#ifndef FERLAB_CLI_COMMAND_H
#define FERLAB_CLI_COMMAND_H

#include "ferlab/base/err.h"
#include "ferlab/store/columns.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { EXIT_FINE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

struct cli {
    char workspace[PATH_MAX]; /* -w, $FERLAB_WORKSPACE, or faces.ferlab */
    bool workspace_named;     /* by -w */
    bool json, quiet;         /* set by cli_parse */
    const struct command *command;
};

struct command {
    const char *name, *arguments, *summary;
    int (*run)(struct cli *cli, int argc,
               char **argv); /* argv[0] is the command's name; returns the exit status */
};

/* Every subcommand, in the order help shows them: name, arguments, summary. cmd_NAME is its function. */
#define COMMANDS(X)                                                                                          \
    X(import, "PATH...", "read FER+ folders, fer2013.csv or class folders into the workspace")               \
    X(export, "OUT", "write samples as files that others read")                                              \
    X(list, "[FILTER]", "samples that a filter picks")                                                       \
    X(show, "ID", "one sample in full, drawn where the terminal can")                                        \
    X(label, "ID... CLASS", "relabel samples")                                                               \
    X(accept, "ID...", "accept the labels as they stand")                                                    \
    X(votes, "ID... COUNTS", "edit the ten votes of samples")                                                \
    X(flag, "ID...", "flag samples for another look")                                                        \
    X(unflag, "ID...", "take flags back")                                                                    \
    X(note, "ID TEXT", "write a note on a sample")                                                           \
    X(tag, "ID... NAME", "tag samples")                                                                      \
    X(untag, "ID... NAME", "remove a tag")                                                                   \
    X(undo, "", "undo your latest review")                                                                   \
    X(redo, "", "redo what you undid last")                                                                  \
    X(unlock, "[REASON]", "open the frozen test split for review")                                           \
    X(lock, "", "freeze the test split again")                                                               \
    X(log, "", "all reviews, oldest first")                                                                  \
    X(stats, "", "reviewers in numbers: pace, agreement with crowd, model and themselves")                   \
    X(train, "", "train a model on the labels as they stand")                                                \
    X(runs, "[show|stop ID|diff A B]", "trainings, running and past; stop one; compare two")                 \
    X(eval, "", "scores of a model with intervals, and the agreement of the crowd")                          \
    X(report, "OUT", "what a model is worth and what reviewers did, as one HTML page")                       \
    X(embed, "", "what a model makes of each face before it decides, by which faces are alike")              \
    X(predict, "IMAGE...", "the emotion in image files")                                                     \
    X(live, "", "watch a camera or a film: its faces and their emotions")                                    \
    X(models, "", "models of the workspace")                                                                 \
    X(model, "use|import|export|remove ...", "choose, bring in, take out or remove a model")                 \
    X(synth, "OUT", "write synthetic faces in FER+'s layout")                                                \
    X(demo, "", "synthetic faces, a small model, and the workbench on what looks wrong")                     \
    X(bench, "", "speed of the engine on this machine")                                                      \
    X(doctor, "", "terminal, processor, libraries, places and workspace")

#define X(name, arguments, summary) int cmd_##name(struct cli *cli, int argc, char **argv);
COMMANDS(X)
#undef X

extern const struct command commands[]; /* ends with name NULL */

enum option_kind {
    OPTION_FLAG,
    OPTION_TEXT,
    OPTION_INTEGER,
    OPTION_REAL,
    OPTION_NOTE, /* no option: `help` is a paragraph that --help shows below the options */
};

struct option_row {
    const char *name; /* without the dashes; NULL ends the table */
    enum option_kind kind;
    void *value; /* bool *, const char **, int64_t *, double *; untouched when the option is absent */
    const char *argument; /* "N"; NULL for flags */
    const char *help;
    double min, max; /* of numbers */
};

enum parsed { PARSED_GO, PARSED_HELP_SHOWN, PARSED_WRONG };

/* Takes the options out of argv (--name VALUE, --name=VALUE, anywhere; `--` ends them), leaving the operands
 * in argv[1..*argc-1]. Knows --help, --json, --quiet and -w FILE by itself. PARSED_WRONG: a usage sentence
 * was printed. */
enum parsed cli_parse(struct cli *cli, const struct option_row *options, int *argc, char **argv);

/* The same for what stands before the command: ends at the first operand, which moves to argv[1]. */
enum parsed cli_parse_leading(struct cli *cli, const struct option_row *options, int *argc, char **argv);

/* The exit status for a parse that is not PARSED_GO. */
int cli_parse_status(enum parsed p);

/* "ferlab: SENTENCE" on stderr; returns EXIT_USAGE for ERR_USAGE, else EXIT_FAILED. */
int cli_fail(const struct err *e);
/* A usage error of one's own: "ferlab: COMMAND: …; see 'ferlab COMMAND --help'". Returns EXIT_USAGE. */
int cli_usage(const struct cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Whether a file may be written: none is there, or --force was said. To ask before anything is computed. */
bool cli_may_write(const char *path, bool force, struct err *e);

/* "ferlab", with -w FILE where that was said: what a command that is suggested begins with. */
enum { CLI_PROGRAM = PATH_MAX + 16 };
const char *cli_program(const struct cli *cli, char out[CLI_PROGRAM]);

/* The operands argv[from..argc-1] as one text with a space between them, malloc'ed: a filter needs no quotes.
 * NULL when memory runs out; the sentence was then printed. */
char *cli_words(int argc, char **argv, int from);

/* One JSON array of events on standard output, as `log` has them. */
void cli_print_events(const struct event *events, size_t count);

/* What a command reads, in words; NULL: the default. */
struct cli_asked {
    const char *rule;
    const char
        *model; /* else the current one, which may be none; a run's id or name means the model it made */
    const char *beside; /* a second one, as columns have it; both are then predicted with what lacks */
    const char *where;  /* else all samples */
    bool predicted;     /* there must be a model, with predictions of what `where` picks; so always of a named
                           model. What lacks is computed. */
    bool write;
};

/* Opens the workspace and loads its columns. On failure the sentence is printed and false returned, with
 * *status set. */
struct cli_data {
    struct workspace *workspace;
    struct columns *columns;
};
bool cli_open(struct cli *cli, const struct cli_asked *asked, struct cli_data *out, int *status);
void cli_close(struct cli_data *d);

/* The model that a word means: a model's name, the id or name of the run that made it, the path of an ONNX
 * file. */
bool cli_find_model(struct workspace *ws, const char *word, int64_t *id, struct err *e);

/* The row that an operand means: a sample's id, or its name where that is unique. */
bool cli_find_sample(const struct cli_data *d, const char *word, size_t *row, struct err *e);

/* Says on stderr, but for --quiet, where the filter could pick more if all were predicted. */
void cli_remark_unpredicted(const struct cli *cli, const struct cli_data *d, const char *text);

/* Says on stderr, likewise, how many of these rows have predictions that repeat what the model learnt. */
void cli_remark_in_sample(const struct cli *cli, const struct cli_data *d, const uint32_t *rows,
                          size_t count);

/* Rows a filter picks, malloc'ed. */
bool cli_filter(const struct cli_data *d, const char *text, uint32_t **rows, size_t *count, int *status);

#endif
