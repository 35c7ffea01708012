/* What a training says: on stderr unless quiet, and always in its run's log.txt. */
#ifndef FERLAB_TRAIN_LOG_H
#define FERLAB_TRAIN_LOG_H

#include "ferlab/base/progress.h"
#include "ferlab/store/runs.h"

#include <stdio.h>

struct train_log {
    FILE *file;
    char dir[PATH_MAX]; /* the run's folder */
    char label[32];     /* of the bar */
    struct progress bar;
    bool quiet;
};

bool train_log_open(struct train_log *l, struct workspace *ws, int64_t run, bool quiet, struct err *e);
void train_log_close(struct train_log *l);

/* A bar for `total` faces until the next one. */
void train_log_bar(struct train_log *l, size_t total, const char *label, ...)
    __attribute__((format(printf, 3, 4)));

/* A line for the file alone. */
void train_log_write(struct train_log *l, const char *line);

/* A line that stays, on both. */
void train_log_say(struct train_log *l, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
