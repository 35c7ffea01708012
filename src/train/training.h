/* One training as it stands in memory: shared by the loop (trainer.c), its preparation, afresh (prepare.c) or
 * from a checkpoint (resume.c), and what is kept of it, on the way (checkpoint.c) and in the end (keep.c). */
#ifndef FERLAB_TRAIN_TRAINING_H
#define FERLAB_TRAIN_TRAINING_H

#include "dataset.h"
#include "log.h"
#include "predictor.h"

#include "ferlab/nn/network.h"
#include "ferlab/train/trainer.h"

/* Sums over an epoch so far. */
struct tally {
    double loss, seconds; /* seconds: until the training was stopped, 0 where it never was */
    size_t right, seen;
};

struct training {
    struct workspace *ws;
    struct recipe recipe; /* name, architecture and threads settled */
    char parent[64];      /* the model it started from, or "" */
    char label_revision[13];
    int64_t run, model; /* model: the one kept, once it is */
    struct columns *columns;
    struct training_set train;
    struct validation_set valid;

    struct network *net, *average, *best; /* average: NULL where the recipe has none; best: of best_epoch */
    struct session *session;
    struct sgd sgd;
    struct predictor *judge; /* over the average, else net */
    uint32_t *order;         /* of the training faces, this epoch */
    struct batch batch;
    float *probabilities; /* of the batch, in training mode */
    float (*valid_probabilities)[EMOTION_COUNT], (*best_probabilities)[EMOTION_COUNT];

    size_t epoch_faces; /* that take part in an epoch */
    int64_t steps;      /* in an epoch */
    struct run_epoch *epochs;
    size_t epochs_done, epochs_written; /* written: in the workspace */
    int64_t step;                       /* done in the epoch under way, which `tally` is of */
    struct tally tally;
    int64_t best_epoch;   /* 0: none yet */
    double best_accuracy; /* NaN without validation faces */
    double step_seconds, evaluation_seconds,
        reported; /* smoothed; of the last evaluation; when progress was written */
    struct train_log log;
};

/* Everything before the first step: data, network, buffers. The name of a new run must be free, and is made
 * where there is none. training_free whatever it returns. */
bool training_prepare(struct training *t, struct workspace *ws, const struct recipe *recipe, bool new_run,
                      struct err *e);
void training_free(struct training *t);

/* The best network, and the average that the recipe asks for, as the network is. */
bool training_copy_network(struct training *t, struct err *e);

/* The part of it that needs only the network and how many faces there are. */
bool training_make_buffers(struct training *t, struct err *e);
/* What follows from the faces themselves, once they are there: how many make an epoch, in how many steps, and
 * what the emotions weigh. */
void training_plan(struct training *t);

/* What is judged and kept. */
static inline struct network *training_judged(const struct training *t)
{
    return t->average != NULL ? t->average : t->net;
}

/* The run's row and its log. */
bool training_start(struct training *t, bool quiet, struct err *e);

/* Both for a run that was interrupted, as it stood at its checkpoint; from the first epoch where it came to
 * none. threads 0: as many as before. t->run stays 0 until the run is this process's. */
bool training_resume(struct training *t, struct workspace *ws, const char *run, int threads, bool quiet,
                     struct err *e);

/* What the run's row says of itself; `record` is training_record's, malloc'ed. */
char *training_record(const struct training *t);
struct run_new training_row(const struct training *t, const char *record);

/* Copies all weights and running statistics between networks of one architecture. */
void network_copy_values(struct network *to, struct network *from);

/* Keeps the best network as a model with predictions for every sample, and ends the run in that state. */
bool training_keep(struct training *t, enum run_state state, const char *failure, struct err *e);

#endif
