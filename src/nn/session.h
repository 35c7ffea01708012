/* Sessions: all buffers of a network planned at once (session.c), and the passes over them (session_train.c,
 * session_predict.c). */
#ifndef FERLAB_NN_SESSION_H
#define FERLAB_NN_SESSION_H

#include "stage.h"

enum { PREDICT_GROUP = 8 }; /* images that predictions keep in the cache together */

/* What belongs to one thread, or to one slice in training. */
struct lane {
    float *workspace;
    float *arena;   /* training: the slice's outputs and gradients, at the stages' places */
    float *flow[2]; /* prediction: two buffers that a pass goes to and fro between */
};

struct session {
    struct network *net;
    int batch, threads;
    int group; /* prediction: images that go through the network together, at most */
    bool training;
    struct stage *stages;
    size_t stage_count;
    struct lane *lanes;
    float *shared[2]; /* prediction: what all threads work on together */
    float *probabilities;
    double *losses;
    unsigned char *memory;
    size_t bytes;
    struct tensor *tensors; /* training: what the arenas hold, 2 x stage_count */
    struct stage_time *times;
};

/* In a team: everything that depends on the weights alone. */
void session_prepare(const struct session *s, bool training);

#endif
