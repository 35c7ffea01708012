/* Help: what --help prints, from the table of commands and the options that a command declares. */
#ifndef FERLAB_CLI_HELP_H
#define FERLAB_CLI_HELP_H

#include "command.h"

void help_program(const struct option_row *options);
void help_command(const struct command *command, const struct option_row *options);

#endif
