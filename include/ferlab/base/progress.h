/* Progress of long work on stderr: a bar with rate and remaining time on a terminal, a plain line every few
 * seconds elsewhere, nothing when quiet. */
#ifndef FERLAB_BASE_PROGRESS_H
#define FERLAB_BASE_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>

struct progress {
    const char *label, *unit; /* "import", "faces" */
    size_t total, done;       /* total 0 = unknown */
    bool quiet, terminal, shown;
    double started, drawn;
};

void progress_start(struct progress *p, const char *label, const char *unit, size_t total, bool quiet);
void progress_update(struct progress *p, size_t done);          /* cheap: draws ten times a second at most */
void progress_line(struct progress *p, const char *format, ...) /* a line of text that stays, above the bar */
    __attribute__((format(printf, 2, 3)));
void progress_end(struct progress *p); /* wipes the bar */

#endif
