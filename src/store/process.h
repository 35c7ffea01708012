/* Processes: whether the one that wrote itself down is still there. */
#ifndef FERLAB_STORE_PROCESS_H
#define FERLAB_STORE_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

enum { PROCESS_HOST = 256 };

/* When the process began, in the kernel's ticks since boot (field 22 of /proc/PID/stat); 0 when it is gone or
 * a zombie. Together with its number this names a process even after the number was given to another. */
int64_t process_start_time(int64_t pid);

void process_host(char out[PROCESS_HOST]);

/* Whether the process runs, as far as can be told from here: on another host it is taken to. */
bool process_is_alive(const char *host, int64_t pid, int64_t start_time);

#endif
