/* The protocol of an evaluation: which faces, labels and predictions, as eval and report are told it, and the
 * evaluation itself. */
#ifndef FERLAB_CLI_PROTOCOL_H
#define FERLAB_CLI_PROTOCOL_H

#include "command.h"

#include "ferlab/eval/bootstrap.h"

struct protocol {
    const char *model, *beside, *split, *where, *rule, *labels; /* as said; NULL where not */
};

/* Rows of a table of options; BESIDE_HELP: what the command makes of a second model. */
#define PROTOCOL_OPTIONS(p, BESIDE_HELP)                                                                     \
    {"model", OPTION_TEXT, &(p).model, "M", "a model's name or an ONNX file; else the current model", 0, 0}, \
        {"beside", OPTION_TEXT, &(p).beside, "M", BESIDE_HELP, 0, 0},                                        \
        {"split", OPTION_TEXT, &(p).split, "S", "train, valid (the default), test or none", 0, 0},           \
        {"where", OPTION_TEXT, &(p).where, "FILTER", "what the filter picks, instead of a split", 0, 0},     \
        {"rule",                                                                                             \
         OPTION_TEXT,                                                                                        \
         &(p).rule,                                                                                          \
         "R",                                                                                                \
         "majority (the default), distribution, probability, multi-target",                                  \
         0,                                                                                                  \
         0},                                                                                                 \
    {                                                                                                        \
        "labels", OPTION_TEXT, &(p).labels, "L", "reviewed (the default) or crowd", 0, 0                     \
    }

/* Fills in what was not said: afterwards `labels` and one of `split` and `where` are set. False after a usage
 * sentence. */
bool protocol_check(const struct cli *cli, struct protocol *p, int *status);

struct judged {
    struct cli_data data;
    enum label_source labels;
    uint32_t *rows;
    size_t count; /* of rows */
    struct evaluation evaluation;
    struct bootstrap *bootstrap; /* all draws done */
    char revision[13];           /* of the labels */
};

/* Opens the workspace, predicts what lacks and evaluates; warns of faces that are in sample. False, with the
 * sentence printed, also where no face counts. */
bool protocol_open(struct cli *cli, const struct protocol *p, struct judged *out, int *status);
void protocol_close(struct judged *j);

#endif
