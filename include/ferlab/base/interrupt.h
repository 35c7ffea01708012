/* Ctrl-C and SIGTERM as a flag that long work looks at, so that it ends in good order. */
#ifndef FERLAB_BASE_INTERRUPT_H
#define FERLAB_BASE_INTERRUPT_H

#include <stdbool.h>

/* From now on SIGINT and SIGTERM set the flag. A SIGINT more than a second after the first that is not heeded
 * yet ends the process. */
void interrupt_install(void);
bool interrupt_requested(void);
void interrupt_clear(void);

#endif
