/* Jobs: this program started as a process of its own, which outlives the one that started it. */
#ifndef FERLAB_TRAIN_JOB_H
#define FERLAB_TRAIN_JOB_H

#include "ferlab/base/str.h"
#include "ferlab/train/recipe.h"

#include <sys/types.h>

/* Starts `ferlab -w WORKSPACE train …` with this recipe, in a session of its own, without terminal; what it
 * prints goes to WORKSPACE.runs/launch-PID.log until its run has a log. *log gets that path. */
bool job_start_training(const char *workspace, const struct recipe *recipe, pid_t *pid, char log[PATH_MAX],
                        struct err *e);

/* Appends that command as a person would type it, on lines of a readable length, with the workspace's name
 * alone and every setting told. */
bool job_training_command(const char *workspace, const struct recipe *recipe, struct str *out, struct err *e);

/* The same for `ferlab -w WORKSPACE train --resume RUN`. */
bool job_resume_training(const char *workspace, int64_t run, pid_t *pid, char log[PATH_MAX], struct err *e);

/* The last line of a log; "" where there is none. */
void job_last_line(const char *log, char *out, size_t size);

/* Starts `ferlab -w WORKSPACE model use MODEL` likewise: it computes the predictions that the model lacks,
 * and makes it the current one. Its log, WORKSPACE.runs/predict-MODEL.log, is locked while it runs: fails
 * when one runs for that model already. */
bool job_start_predictions(const char *workspace, const char *model, struct err *e);

/* Whether such a process runs, whoever started it; `line` gets what it printed last, "predict: 1024 of 32137
 * faces …" once there is something to say. */
bool job_predicts(const char *workspace, const char *model, char *line, size_t size);

/* The same for `ferlab -w WORKSPACE embed --model MODEL`, with WORKSPACE.runs/embed-MODEL.log. */
bool job_start_embeddings(const char *workspace, const char *model, struct err *e);
bool job_embeds(const char *workspace, const char *model, char *line, size_t size);

/* The same for `embed --map`, with WORKSPACE.runs/map-MODEL.log. */
bool job_start_map(const char *workspace, const char *model, struct err *e);
bool job_maps(const char *workspace, const char *model, char *line, size_t size);

/* Starts `ferlab -w WORKSPACE export …`, or `report …`, likewise. What it prints goes to a file without a
 * name: *log is a descriptor of it, which the caller closes. */
struct job_export {
    const char *format; /* NULL: a report */
    const char *out;
    const char *where;  /* "": all samples */
    const char *model;  /* "": the current one */
    const char *beside; /* a second one, of which the filter may speak; "": none */
    const char *rule;
    bool reviewed; /* --labels reviewed, for a report or a format that takes it */
};
bool job_start_export(const char *workspace, const struct job_export *x, int *log, struct err *e);

/* Whether it runs still; `line` gets what it printed last, as above. */
bool job_exports(int log, char *line, size_t size);

/* Asks the run's process to stop (SIGTERM) with its best model kept; true when the signal was sent. */
bool job_stop_run(struct workspace *ws, int64_t run, struct err *e);

#endif
