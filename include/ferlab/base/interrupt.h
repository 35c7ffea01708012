/* Ctrl-C and SIGTERM as a flag that long work looks at, so that it ends in good order. */
#ifndef FERLAB_BASE_INTERRUPT_H
#define FERLAB_BASE_INTERRUPT_H

#include <stdbool.h>

void interrupt_install(void); /* from now on SIGINT and SIGTERM set the flag; a second SIGINT kills */
bool interrupt_requested(void);
void interrupt_clear(void);

#endif
